/* When all files are read: pieces are put together, and all of it is written.
 *
 * A key that is a map or a list comes in pieces from several lines of a file. It is set as a whole;
 * where the language refuses the whole, each piece is tried alone, so that one that is wrong does
 * not take its neighbours with it. What is written is read again before anybody sees it.
 */
#include "order.h"
#include "text.h"

#include <procman/config.h>
#include <procman/limits.h>
#include <procman/spec.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct part { struct setting at; const char *key, *text; bool done, wrong; struct part *next; };

/* ---- pieces ---- */

void import_part(struct import *im, struct process *process, const struct setting *at,
                 const char *key, const char *format, ...)
{
    struct part *part = import_get(im, sizeof(*part));
    char *text = NULL;
    va_list arguments;

    if (part == NULL)
        return;
    va_start(arguments, format);
    int n = vasprintf(&text, format, arguments);
    va_end(arguments);
    pm_assert(n >= 0);
    *part = (struct part){ .at = *at, .key = key, .text = import_str(im, text, (size_t)n) };
    free(text);
    *process->parts_end = part;
    process->parts_end = &part->next;
}

static bool is_list(const char *key)
{
    return strcmp(key, "depends_on") == 0;
}

/* All good pieces of that key from `first` on. NULL: there is none. */
static char *joined(const struct part *first)
{
    struct text text = { 0 };

    for (const struct part *part = first; part != NULL; part = part->next) {
        if (part->wrong || strcmp(part->key, first->key) != 0)
            continue;
        text_str(&text, text.n > 0 ? ", " : is_list(first->key) ? "[" : "{");
        text_str(&text, part->text);
    }
    if (text.n > 0)
        text_char(&text, is_list(first->key) ? ']' : '}');
    return text.at;
}

static bool is_refused(struct import *im, const struct part *part, char **why)
{
    char *value = pm_printf(is_list(part->key) ? "[%s]" : "{%s}", part->text);
    struct pm_spec bare;

    pm_spec_init(&bare);
    bool refused = pm_config_set(&bare, part->key, value, &im->arena, why) != PM_OK;
    free(value);
    return refused;
}

/* Which of the pieces are the wrong ones? Those that a process of no other keys refuses too. Pieces
 * of one setting are listed once. */
static bool find_wrong(struct import *im, struct part *first)
{
    const struct part *listed = NULL;

    for (struct part *part = first; part != NULL; part = part->next) {
        char *why = NULL;
        if (strcmp(part->key, first->key) != 0)
            continue;
        part->wrong = is_refused(im, part, &why);
        bool again = part->wrong && listed != NULL && listed->at.line == part->at.line &&
                     listed->at.source == part->at.source;
        if (part->wrong && !again)
            import_left(im, &part->at, "%s", why);
        if (part->wrong)
            listed = part;
        free(why);
    }
    return listed != NULL;
}

static void set_parts(struct import *im, struct process *process, struct part *first)
{
    char *value = joined(first), *why = NULL;
    enum pm_err err = pm_config_set(&process->spec, first->key, value, &im->arena, &why);

    if (err != PM_OK && find_wrong(im, first)) {
        free(value);
        free(why);
        why = NULL;
        value = joined(first);
        err = value == NULL ? PM_OK
                            : pm_config_set(&process->spec, first->key, value, &im->arena, &why);
    }
    if (err != PM_OK)
        import_left(im, &first->at, "%s", why);
    free(value);
    free(why);
    for (struct part *part = first; part != NULL; part = part->next)
        part->done = part->done || strcmp(part->key, first->key) == 0;
}

/* ---- processes that cannot be ---- */

static int by_identity(const void *left, const void *right)
{
    const struct process *a = *(struct process *const *)left;
    const struct process *b = *(struct process *const *)right;
    int order = pm_spec_order(&a->spec, &b->spec);

    if (order == 0 && a->at.source->nth != b->at.source->nth)
        return a->at.source->nth < b->at.source->nth ? -1 : 1;
    return order != 0 ? order : (a->at.line > b->at.line) - (a->at.line < b->at.line);
}

/* Of processes that are there twice the first stays; `visit` marks those that go. */
static void mark_doubles(struct import *im)
{
    size_t n = im->processes_n, first = 0;
    struct process **sorted = pm_resize(NULL, n + 1, sizeof(struct process *));

    for (size_t i = 0; i < n; i++)
        sorted[i] = im->processes[i];
    if (n > 0)
        qsort(sorted, n, sizeof(struct process *), by_identity);
    for (size_t i = 1; i < n; i++) {
        const struct setting *at = &sorted[first]->at;
        if (pm_spec_order(&sorted[first]->spec, &sorted[i]->spec) != 0) {
            first = i;
            continue;
        }
        sorted[i]->visit = true;
        import_left(im, &sorted[i]->at, "there is one of that name already, from %s:%zu; rename "
                    "one of them", at->source->name, at->line);
    }
    free(sorted);
}

/* What is wrong with the process as a whole? Who is many is numbered where the file is read. */
static const char *fault_of(const struct pm_spec *spec)
{
    struct pm_spec alone = *spec;

    alone.instances = 0;
    if (spec->instances > 1 && strlen(spec->name) + strlen(":9999") > PM_LIMIT_NAME)
        return "its name is too long for instances, who have a number behind it";
    return pm_spec_fault(&alone);
}

static void drop_impossible(struct import *im)
{
    size_t kept = 0;

    mark_doubles(im);
    for (size_t i = 0; i < im->processes_n; i++) {
        struct process *process = im->processes[i];
        const char *fault = process->visit ? NULL : fault_of(&process->spec);
        if (fault != NULL)
            import_left(im, &process->at, "%s", fault);
        if (fault == NULL && !process->visit)
            im->processes[kept++] = process;
    }
    im->processes_n = kept;
}

/* How long to pause and when to give up is of no consequence to who never comes back. */
static void forget_restarts(struct pm_spec *spec)
{
    struct pm_spec plain;

    pm_spec_init(&plain);
    if (spec->auto_restart != PM_AUTO_RESTART_NO)
        return;
    spec->restart_delay_ms = plain.restart_delay_ms;
    spec->restart_max_delay_ms = plain.restart_max_delay_ms;
    spec->restart_factor = plain.restart_factor;
    spec->restart_settle_ms = plain.restart_settle_ms;
    spec->restart_max_failures = plain.restart_max_failures;
}

/* Pieces that are right by themselves may still contradict the rest: then the rest stays. */
static void put_together(struct import *im, struct process *process)
{
    forget_restarts(&process->spec);
    struct pm_spec before = process->spec;
    for (struct part *part = process->parts; part != NULL; part = part->next)
        if (!part->done)
            set_parts(im, process, part);
    const char *fault = fault_of(&process->spec);
    for (struct part *part = process->parts; fault != NULL && part != NULL; part = part->next)
        if (!part->wrong)
            import_left(im, &part->at, "%s", fault);
    if (fault != NULL)
        process->spec = before;
}

void import_finish(struct import *im)
{
    drop_impossible(im);
    order_finish(im);
    for (size_t i = 0; i < im->processes_n; i++)
        put_together(im, im->processes[i]);
}

/* ---- writing ---- */

static void write_step(struct text *text, const struct step *step, bool json)
{
    const char *quote = json ? "\"" : "";

    text_print(text, json ? "{\"%s\": " : "\n    - {%s: ", step->verb);
    if (!json && strcmp(step->verb, "sleep") == 0)
        text_str(text, step->what);
    else
        text_quoted(text, step->what);
    if (step->wait != NULL)
        text_print(text, ", %swait%s: %s%s%s", quote, quote, quote, step->wait, quote);
    text_char(text, '}');
}

static void write_scripts(const struct import *im, struct text *text, bool json)
{
    text_str(text, json ? ",\n \"scripts\": {" : "scripts:");
    for (const struct script *script = im->scripts; script != NULL; script = script->next) {
        text_str(text, !json ? "\n  " : script == im->scripts ? "\n    " : ",\n    ");
        text_quoted(text, script->name);
        text_str(text, json ? ": [" : ":");
        for (const struct step *step = script->steps; step != NULL; step = step->next) {
            text_str(text, json && step != script->steps ? ", " : "");
            write_step(text, step, json);
        }
        text_str(text, json ? "]" : script->steps == NULL ? " []" : "");
    }
    text_str(text, json ? "}" : "");
}

/* The processes as `export` writes them, and the scripts, which it has no words for. */
static char *compose(const struct import *im, const struct pm_spec *specs, bool json, bool scripts)
{
    struct text text = { 0 };
    char *processes = NULL;

    enum pm_err err = pm_config_write(specs, im->processes_n, json, &processes);
    pm_assert(err == PM_OK);
    size_t n = strlen(processes);
    text_add(&text, processes, json && scripts ? n - strlen("}\n") : n);
    free(processes);
    if (scripts) {
        write_scripts(im, &text, json);
        text_str(&text, json ? "}\n" : "\n");
    }
    return text.at;
}

/* NULL: it loads; else the first error's sentence, heap, and the line it is about. */
static char *fault_in(const char *text, bool json, size_t *line)
{
    static const char name[] = "import.json", mark[] = "error: ";
    struct pm_config config;
    char *errors = NULL, *fault = NULL;

    if (pm_config_parse(json ? name : "import.yaml", text, strlen(text), &config,
                        &errors) == PM_OK) {
        pm_config_fini(&config);
        return NULL;
    }
    const char *begin = strstr(errors, mark);
    begin = begin != NULL ? begin + strlen(mark) : errors;
    fault = pm_printf("%.*s", (int)strcspn(begin, "\n"), begin);
    *line = strlen(errors) > strlen(name) ? strtoul(errors + strlen(name) + 1, NULL, 10) : 0;
    free(errors);
    return fault;
}

static size_t lines_of(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

/* The script in whose lines that line is, counted from behind "scripts:"; NULL: in none. */
static struct script **script_at(struct import *im, size_t line)
{
    size_t end = 0;

    for (struct script **at = &im->scripts; *at != NULL && line > 0; at = &(*at)->next) {
        end++;
        for (const struct step *step = (*at)->steps; step != NULL; step = step->next)
            end++;
        if (line <= end)
            return at;
    }
    return NULL;
}

#define MOST_BAD_SCRIPTS 64 /* each costs another look at the whole */

/* A script that the language refuses, because it starts what is not there, is left; those that
 * are good stay. Where the fault is no single script's, all are left. */
static void drop_scripts(struct import *im, const struct pm_spec *specs)
{
    char *processes = compose(im, specs, false, false), *fault = pm_strdup("");
    size_t head = lines_of(processes) + 1, line = 0;

    free(processes);
    for (unsigned tries = 0; im->scripts != NULL && fault != NULL; tries++) {
        char *text = compose(im, specs, false, true);
        free(fault);
        fault = fault_in(text, false, &line);
        free(text);
        struct script **wrong = script_at(im, line > head ? line - head : 0);
        if (fault != NULL && wrong != NULL && tries < MOST_BAD_SCRIPTS) {
            import_left(im, &(*wrong)->at, "%s", fault);
            *wrong = (*wrong)->next;
        } else if (fault != NULL) {
            for (; im->scripts != NULL; im->scripts = im->scripts->next)
                import_left(im, &im->scripts->at, "%s", fault);
        }
    }
    free(fault);
}

static int by_place(const void *left, const void *right)
{
    const struct left *a = left, *b = right;

    if (a->at.source->nth != b->at.source->nth)
        return a->at.source->nth < b->at.source->nth ? -1 : 1;
    if (a->at.line != b->at.line)
        return a->at.line < b->at.line ? -1 : 1;
    return (a->nth > b->nth) - (a->nth < b->nth);
}

#define SAME_LINE 32 /* so many may one line leave */

/* Copies of one program leave the same things, which are said once. */
static void sort_left(struct import *im)
{
    size_t kept = 0;

    if (im->left_n > 0)
        qsort(im->left, im->left_n, sizeof(*im->left), by_place);
    for (size_t i = 0; i < im->left_n; i++) {
        bool again = false;
        for (size_t j = kept; !again && j > 0 && kept - j < SAME_LINE; j--)
            again = strcmp(im->left[j - 1].text, im->left[i].text) == 0;
        if (again)
            free(im->left[i].text);
        else
            im->left[kept++] = im->left[i];
    }
    im->left_n = kept;
}

static char *write_checked(struct import *im, const struct pm_spec *specs, bool json)
{
    size_t line = 0;

    drop_scripts(im, specs);
    char *text = compose(im, specs, json, im->scripts != NULL);
    char *fault = fault_in(text, json, &line);
    if (fault == NULL)
        return text;
    import_fail(im, im->sources[0], 0, "what comes of it is no good configuration: %s", fault);
    free(fault);
    free(text);
    return NULL;
}

char *import_write(struct import *im, bool json)
{
    struct pm_spec *specs = pm_resize(NULL, im->processes_n + 1, sizeof(*specs));
    char *text = NULL;

    for (size_t i = 0; i < im->processes_n; i++)
        specs[i] = im->processes[i]->spec;
    if (im->fault == NULL)
        text = write_checked(im, specs, json);
    free(specs);
    sort_left(im);
    return text;
}
