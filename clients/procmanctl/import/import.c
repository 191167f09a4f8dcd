/* What readers build: processes, what is left, the first fault. */
#include "import.h"
#include "words.h"

#include <procman/config.h>
#include <procman/limits.h>
#include <procman/spec.h>
#include <procman/utf8.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void import_init(struct import *im, const struct import_files *files)
{
    *im = (struct import){ .files = files };
    im->scripts_end = &im->scripts;
    pm_arena_init(&im->arena, PM_LIMIT_CONFIG_MEMORY);
}

void import_fini(struct import *im)
{
    for (size_t i = 0; i < im->left_n; i++)
        free(im->left[i].text);
    free(im->left);
    free(im->processes);
    free(im->fault);
    pm_arena_fini(&im->arena);
    *im = (struct import){ 0 };
}

/* ---- memory and faults ---- */

/* A sentence is one line, whatever of a file is in it. */
static void join_lines(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ')
            *text = ' ';
}

static bool keep_fault(struct import *im, char *text)
{
    join_lines(text);
    if (im->fault == NULL)
        im->fault = text;
    else
        free(text);
    return false;
}

static void no_room(struct import *im)
{
    keep_fault(im, pm_strdup("the files say too much: there is no memory for it"));
}

void *import_get(struct import *im, size_t bytes)
{
    void *memory = pm_arena_get(&im->arena, bytes);

    if (memory == NULL)
        no_room(im);
    return memory;
}

const char *import_str(struct import *im, const char *text, size_t n)
{
    const char *kept = pm_arena_str(&im->arena, text, n);

    if (kept == NULL)
        no_room(im);
    return kept != NULL ? kept : "";
}

const char *import_print(struct import *im, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    int n = vasprintf(&text, format, arguments);
    va_end(arguments);
    pm_assert(n >= 0);
    const char *kept = import_str(im, text, (size_t)n);
    free(text);
    return kept;
}

bool import_fail(struct import *im, const struct source *source, size_t line, const char *format,
                 ...)
{
    char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    int n = vasprintf(&text, format, arguments);
    va_end(arguments);
    pm_assert(n >= 0);
    char *placed = line > 0 ? pm_printf("%s:%zu: error: %s", source->name, line, text)
                            : pm_printf("%s: error: %s", source->name, text);
    free(text);
    return keep_fault(im, placed);
}

/* ---- files ---- */

size_t source_line(struct source *source, size_t place)
{
    if (source->line == 0)
        source->line = 1;
    for (; source->line_place < place && source->line_place < source->n; source->line_place++)
        source->line += source->text[source->line_place] == '\n';
    for (; source->line_place > place; source->line_place--)
        source->line -= source->text[source->line_place - 1] == '\n';
    return source->line;
}

const char *source_path(struct import *im, const struct source *source, const char *path)
{
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    if (*path == '/' || *path == VARIABLE_LOOSE || *path == VARIABLE_TIGHT)
        return path;
    if (*path == '\0' || strcmp(path, ".") == 0)
        return source->directory;
    return import_print(im, "%s%s%s", source->directory,
                        strcmp(source->directory, "/") == 0 ? "" : "/", path);
}

/* What no reader shall meet. Control characters are the import's own: see words.h. */
static bool is_text(struct import *im, struct source *source)
{
    const uint8_t *text = (const uint8_t *)source->text;

    for (size_t i = 0, step; i < source->n; i += step) {
        bool control = text[i] < ' ' && strchr("\n\t\r\f", text[i]) == NULL;
        step = pm_utf8_next(text + i, source->n - i);
        if (step == 0 || control || text[i] == '\0')
            return import_fail(im, source, source_line(source, i),
                               "this is not text: here is the byte 0x%02x", text[i]);
    }
    return true;
}

static struct source *add_source(struct import *im, const char *path, const char *text, size_t n,
                                 const char *directory)
{
    struct source *source = import_get(im, sizeof(*source));

    if (source == NULL)
        return NULL;
    *source = (struct source){ .name = import_str(im, path, strlen(path)),
                               .text = import_str(im, text, n), .n = n, .nth = im->sources_n,
                               .directory = import_str(im, directory, strlen(directory)) };
    if (im->fault != NULL)
        return NULL;
    im->sources[im->sources_n++] = source;
    return source;
}

static bool may_open(struct import *im, const char *path, const struct setting *from)
{
    struct source unknown = { .name = path };

    if (im->files == NULL || im->files->read == NULL)
        return import_fail(im, &unknown, 0, "files are not opened here");
    if (im->sources_n == IMPORT_FILES)
        return import_fail(im, &unknown, 0, "more than %d files", IMPORT_FILES);
    if (from != NULL && from->source->depth == IMPORT_DEPTH)
        return import_fail(im, from->source, from->line, "%s is included here, %d files deep: do "
                           "they include one another?", path, IMPORT_DEPTH);
    return true;
}

struct source *import_open(struct import *im, const char *path, const struct setting *from)
{
    struct source unknown = { .name = path }, *source = NULL;
    char *directory = NULL, *why = NULL, *text = NULL;
    size_t n = 0;

    if (!may_open(im, path, from))
        return NULL;
    text = im->files->read(path, &n, &directory, &why);
    if (text == NULL && from != NULL)
        import_fail(im, from->source, from->line, "%s cannot be read: %s", path, why);
    else if (text == NULL)
        import_fail(im, &unknown, 0, "it cannot be read: %s", why);
    else if (n > PM_LIMIT_CONFIG_FILE)
        import_fail(im, &unknown, 0, "the file has more than %d bytes", PM_LIMIT_CONFIG_FILE);
    else
        source = add_source(im, path, text, n, directory);
    free(text);
    free(directory);
    free(why);
    if (source == NULL || !is_text(im, source))
        return NULL;
    source->depth = from != NULL ? from->source->depth + 1 : 0;
    return source;
}

/* ---- what is left ---- */

/* A value fit for a sentence: not too long; pieces of UTF-8 stay whole. */
static char *shown(const char *marked)
{
    char *value = words_unmark(marked);
    struct text text = { 0 };
    size_t n = strlen(value);

    if (n > IMPORT_SHOWN) {
        n = IMPORT_SHOWN;
        while (n > 0 && ((unsigned char)value[n] & 0xc0) == 0x80)
            n--;
    }
    text_add(&text, value, n);
    if (value[n] != '\0')
        text_str(&text, "…");
    free(value);
    return text.at != NULL ? text.at : pm_strdup("");
}

void import_left(struct import *im, const struct setting *at, const char *format, ...)
{
    struct text text = { 0 };
    char *advice = NULL;
    va_list arguments;

    va_start(arguments, format);
    int n = vasprintf(&advice, format, arguments);
    va_end(arguments);
    pm_assert(n >= 0);
    text_print(&text, "%s:%zu: ", at->source->name, at->line);
    if (at->subject != NULL)
        text_print(&text, "%s: ", at->subject);
    char *value = at->value != NULL ? shown(at->value) : NULL;
    if (value != NULL && *value != '\0')
        text_print(&text, "%s = %s", at->name, value);
    else
        text_str(&text, at->name);
    text_print(&text, " is not carried over: %s", advice);
    free(value);
    free(advice);
    join_lines(text.at);
    if (im->left_n == im->left_cap) {
        im->left_cap = im->left_cap > 0 ? im->left_cap * 2 : 16;
        im->left = pm_resize(im->left, im->left_cap, sizeof(*im->left));
    }
    im->left[im->left_n] = (struct left){ .at = *at, .text = text.at, .nth = im->left_n };
    im->left_n++;
}

/* ---- processes ---- */

/* The nearest name ProcMan can have: no '/', no '@', not too long, no blank at its ends. */
static const char *good_name(struct import *im, const char *name, bool path)
{
    struct text text = { 0 };
    size_t most = path ? PM_LIMIT_GROUP : PM_LIMIT_NAME;

    for (; *name != '\0' && text.n < most; name++) {
        unsigned char letter = (unsigned char)*name;
        bool bad = letter <= ' ' || letter >= 0x7f || letter == '@' || (letter == '/' && !path);
        text_char(&text, bad ? '-' : *name);
    }
    const char *kept = import_str(im, text_get(&text), text.n);
    free(text.at);
    return *kept != '\0' ? kept : "unnamed";
}

static void add_process(struct import *im, struct process *process)
{
    if (im->processes_n == im->processes_cap) {
        im->processes_cap = im->processes_cap > 0 ? im->processes_cap * 2 : 16;
        im->processes = pm_resize(im->processes, im->processes_cap, sizeof(*im->processes));
    }
    im->processes[im->processes_n++] = process;
}

struct process *import_process(struct import *im, const struct setting *at, const char *name)
{
    struct process *process = NULL;

    if (im->processes_n == PM_LIMIT_PROCESSES)
        import_fail(im, at->source, at->line, "more than %d processes", PM_LIMIT_PROCESSES);
    else
        process = import_get(im, sizeof(*process));
    if (process == NULL)
        return NULL;
    process->at = *at;
    process->alias = import_str(im, name, strlen(name));
    process->parts_end = &process->parts;
    process->waits_end = &process->waits;
    pm_spec_init(&process->spec);
    process->spec.name = process->alias;
    if (pm_name_fault(name) != NULL) {
        process->spec.name = good_name(im, name, false);
        struct setting given = *at;
        given.name = "its name";
        given.value = process->alias;
        import_left(im, &given, "%s; it is called %s here", pm_name_fault(name),
                    process->spec.name);
    }
    add_process(im, process);
    return process;
}

void import_group(struct import *im, struct process *process, const struct setting *at,
                  const char *group)
{
    const char *fault = pm_group_fault(group);

    process->spec.group = import_str(im, group, strlen(group));
    if (fault == NULL)
        return;
    process->spec.group = good_name(im, group, true);
    if (pm_group_fault(process->spec.group) != NULL)
        process->spec.group = good_name(im, group, false);
    import_left(im, at, "%s; it is called %s here", fault, process->spec.group);
}

/* Is the value of that key a text in which the deputy fills in variables? */
static bool is_filled(const char *key)
{
    return strncmp(key, "env.", strlen("env.")) == 0 || strcmp(key, "working_dir") == 0 ||
           strcmp(key, "env_file") == 0;
}

/* What is filled in here, and was not where the text comes from. */
static void note_placeholders(struct import *im, const struct setting *at, const char *value)
{
    static const char *const names[] = { "{name}", "{group}", "{host}", "{index}" };

    for (size_t i = 0; i < PM_COUNT(names); i++) {
        const char *found = strstr(value, names[i]);
        if (found != NULL && (found == value || strchr("{$", found[-1]) == NULL))
            import_left(im, at, "%s in it is filled in by ProcMan; see procman.yaml(5)", names[i]);
    }
}

void import_set(struct import *im, struct process *process, const struct setting *at,
                const char *key, const char *value)
{
    char *filled = is_filled(key) ? words_fill(value) : pm_strdup(value), *why = NULL;

    if (is_filled(key) || strcmp(key, "exec") == 0 || strcmp(key, "command") == 0)
        note_placeholders(im, at, value);
    if (words_have_variable(filled))
        import_left(im, at, "a variable cannot stand here; write its value");
    else if (pm_config_set(&process->spec, key, filled, &im->arena, &why) != PM_OK)
        import_left(im, at, "%s", why);
    free(filled);
    free(why);
}

void import_variable(struct import *im, struct process *process, const struct setting *at,
                     const char *name, const char *value)
{
    struct text key = { 0 };

    text_print(&key, "env.%s", name);
    import_set(im, process, at, key.at, value);
    free(key.at);
}
