/* Includes, variables and sections of environment of circus.ini. */
#include "circus.h"
#include "words.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CIRCUS_ENV "circus.env."
#define PLAIN_ENV  "env."
#define ENV        "env:"

struct variables { size_t file, head; struct variables *next; };

const struct ini_line *circus_line(const struct watcher *watcher, const char *name)
{
    const struct ini_line *found = NULL;

    for (size_t i = watcher->head + 1; i < watcher->end; i++)
        if (strcasecmp(watcher->ini->at[i].name, name) == 0)
            found = &watcher->ini->at[i];
    return found;
}

/* ---- includes ---- */

static bool include(struct import *im, struct circus *circus, const struct setting *at,
                    const char *pattern)
{
    char *found = im->files != NULL && im->files->match != NULL ? im->files->match(pattern) : NULL;
    bool good = true;

    if (found == NULL || *found == '\0')
        import_left(im, at, "%s matches no file", pattern);
    for (char *line = found; good && line != NULL && *line != '\0';) {
        size_t n = strcspn(line, "\n");
        struct source *source = import_open(im, import_str(im, line, n), at);
        good = source != NULL && circus_open(im, circus, source);
        line += n + (line[n] == '\n');
    }
    free(found);
    return good;
}

static bool include_all(struct import *im, struct circus *circus, const struct setting *at,
                        const char *each)
{
    struct words words = { 0 };
    bool good = true;

    if (words_split(im, at->value, QUOTING_SHELL, &words) != NULL)
        import_left(im, at, "a quote is not closed");
    for (size_t i = 0; good && i < words.n; i++)
        good = include(im, circus, at, source_path(im, at->source,
                                                   import_print(im, "%s%s", words.at[i], each)));
    free(words.at);
    return good;
}

/* A section [env] or [env:a,b*] is remembered: every watcher will ask. */
static void note_variables(struct import *im, struct circus *circus, size_t file, size_t head)
{
    const char *section = circus->files[file].ini.at[head].section;
    struct variables *variables = NULL;

    if (strcmp(section, "env") == 0 || strncmp(section, ENV, strlen(ENV)) == 0)
        variables = import_get(im, sizeof(*variables));
    if (variables == NULL)
        return;
    *variables = (struct variables){ .file = file, .head = head };
    *circus->variables_end = variables;
    circus->variables_end = &variables->next;
}

bool circus_open(struct import *im, struct circus *circus, struct source *source)
{
    size_t nth = circus->files_n++; /* import_open has counted it against IMPORT_FILES */
    struct ini *ini = &circus->files[nth].ini;
    bool good;

    circus->files[nth].source = source;
    good = ini_read(im, source, INI_CIRCUS, ini);
    for (size_t i = 0; good && i < ini->n; i++) {
        struct setting at = ini_setting(source, &ini->at[i], "circus");
        if (ini->at[i].name == NULL)
            note_variables(im, circus, nth, i);
        if (ini->at[i].name == NULL || strcmp(ini->at[i].section, "circus") != 0)
            continue;
        if (strcasecmp(at.name, "include") == 0)
            good = include_all(im, circus, &at, "");
        else if (strcasecmp(at.name, "include_dir") == 0)
            good = include_all(im, circus, &at, "/*.ini");
    }
    return good;
}

/* ---- $(circus.wid), $(circus.env.X) ---- */

static bool put_known(struct import *im, const struct watcher *watcher, const struct setting *at,
                      const char *name, size_t n, long copy, struct text *out)
{
    const char *variable = NULL;

    if (n == strlen("circus.wid") && strncasecmp(name, "circus.wid", n) == 0) {
        text_print(out, "%ld", copy);
        return true;
    }
    if (strncasecmp(name, CIRCUS_ENV, strlen(CIRCUS_ENV)) == 0)
        variable = name + strlen(CIRCUS_ENV);
    else if (strncasecmp(name, PLAIN_ENV, strlen(PLAIN_ENV)) == 0)
        variable = name + strlen(PLAIN_ENV);
    if (variable != NULL && words_name(variable) == (size_t)(name + n - variable)) {
        words_put_variable(out, variable, words_name(variable), true);
        return true;
    }
    if (strncasecmp(name, "circus.sockets.", strlen("circus.sockets.")) == 0) {
        import_left(im, at, "sockets are not handed to processes; let the program open its own");
        return false;
    }
    /* The other options of the watcher itself: $(circus.working_dir). */
    if (strncasecmp(name, "circus.", strlen("circus.")) == 0) {
        const char *option = import_str(im, name + strlen("circus."), n - strlen("circus."));
        const struct ini_line *line = circus_line(watcher, option);
        if (line != NULL && strchr(line->value, '$') == NULL) {
            text_str(out, line->value);
            return true;
        }
    }
    import_left(im, at, "$(%.*s) is not known here; write what it stands for",
                n < IMPORT_SHOWN ? (int)n : IMPORT_SHOWN, name);
    return false;
}

const char *circus_expand(struct import *im, const struct watcher *watcher,
                          const struct setting *at, const char *text, long copy)
{
    struct text out = { 0 };
    bool good = true;

    while (good && *text != '\0') {
        bool dollar = strncmp(text, "$(", 2) == 0, old = strncmp(text, "((", 2) == 0;
        const char *close = dollar ? strchr(text, ')') : old ? strstr(text, "))") : NULL;
        if (close == NULL) {
            text_char(&out, *text++);
            continue;
        }
        good = put_known(im, watcher, at, text + 2, (size_t)(close - text) - 2, copy, &out);
        text = close + (old ? 2 : 1);
    }
    const char *kept = good ? import_str(im, text_get(&out), out.n) : NULL;
    free(out.at);
    return kept;
}

/* ---- variables ---- */

static void add_variable(struct import *im, struct process *process, const struct setting *at,
                         const char *name, const char *value)
{
    const char *marked = words_mark(im, value, false);

    if (marked == NULL)
        import_left(im, at, "it refers to a variable in a way that is not known here");
    else
        import_variable(im, process, at, name, marked);
}

void circus_environment(struct import *im, struct process *process, const struct setting *at)
{
    const char *text = at->value;

    while (*(text += strspn(text, ", \t\n")) != '\0') {
        size_t n = strcspn(text, ",\n"), name = strcspn(text, "=,\n");
        if (text[name] != '=') {
            import_left(im, at, "it is not written NAME=value,NAME2=value2");
            return;
        }
        add_variable(im, process, at, import_str(im, text, name),
                     import_str(im, text + name + 1, n - name - 1));
        text += n;
    }
}

/* Is [env:a,b*] for that watcher? */
static bool is_for(const char *list, const char *watcher)
{
    while (*list != '\0') {
        char pattern[256];
        size_t n = strcspn(list, ","), blanks = strspn(list, " \t");
        size_t length = n > blanks ? n - blanks : 0;
        if (length < sizeof(pattern)) {
            memcpy(pattern, list + blanks, length);
            pattern[length] = '\0';
            if (fnmatch(pattern, watcher, 0) == 0)
                return true;
        }
        list += n + (list[n] == ',');
    }
    return false;
}

void circus_section_environment(struct import *im, const struct circus *circus,
                                const struct watcher *watcher, struct process *process)
{
    for (const struct variables *here = circus->variables; here != NULL; here = here->next) {
        const struct ini *ini = &circus->files[here->file].ini;
        const char *section = ini->at[here->head].section;
        if (strcmp(section, "env") != 0 && !is_for(section + strlen(ENV), watcher->name))
            continue;
        for (size_t i = here->head + 1; i < ini->n && ini->at[i].name != NULL; i++) {
            struct setting at = ini_setting(circus->files[here->file].source, &ini->at[i],
                                            process->at.subject);
            add_variable(im, process, &at, at.name, at.value);
        }
    }
}
