/* Which program's file is it? What it says decides; a name helps where that could be two. */
#include "kinds.h"
#include "nodes.h"
#include "text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct kind kinds[] = {
    { "bot2-procman", bot2_read, NULL },
    { "supervisord", supervisord_read, NULL },
    { "circus", circus_read, NULL },
    { "procfile", procfile_read, NULL },
    { "pm2", pm2_read, NULL },
    { "process-compose", compose_read, NULL },
    { "systemd", systemd_read, systemd_finish },
};
const size_t kinds_n = PM_COUNT(kinds);

const struct kind *kind_find(const char *name)
{
    for (size_t i = 0; i < kinds_n; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

char *kind_names(void)
{
    struct text text = { 0 };

    for (size_t i = 0; i < kinds_n; i++)
        text_print(&text, "%s%s", i == 0 ? "" : i + 1 < kinds_n ? ", " : " or ", kinds[i].name);
    return text.at;
}

static bool begins(const char *text, const char *word)
{
    return strncasecmp(text, word, strlen(word)) == 0;
}

static bool ends(const char *text, const char *ending)
{
    size_t n = strlen(text), end = strlen(ending);

    return n >= end && strcasecmp(text + n - end, ending) == 0;
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

/* A line that a file of that kind has, and no other. */
static const struct { const char *begin; const char *kind; } marks[] = {
    { "[program:", "supervisord" }, { "[supervisord]", "supervisord" },
    { "[watcher:", "circus" }, { "[circus]", "circus" }, { "[Service]", "systemd" },
    { "[Unit]", "systemd" }, { "cmd \"", "bot2-procman" }, { "group \"", "bot2-procman" },
    { "script \"", "bot2-procman" }, { "[include]", "supervisord" }, { "[group:", "supervisord" },
};

static const char *next_line(const char *line)
{
    line += strcspn(line, "\n");
    return line + (*line == '\n');
}

static const char *by_lines(const struct source *source)
{
    for (const char *line = source->text; *line != '\0'; line = next_line(line)) {
        const char *at = line + strspn(line, " \t");
        for (size_t i = 0; i < PM_COUNT(marks); i++)
            if (begins(at, marks[i].begin))
                return marks[i].kind;
    }
    return NULL;
}

/* Are all lines NAME: COMMAND? */
static bool is_procfile(const struct source *source)
{
    size_t lines = 0;

    for (const char *line = source->text; *line != '\0'; line = next_line(line)) {
        size_t n = 0;
        if (*line == '#' || line[strspn(line, " \t\r")] == '\n' ||
            line[strspn(line, " \t\r")] == '\0')
            continue;
        while (isalnum((unsigned char)line[n]) || line[n] == '_' || line[n] == '-')
            n++;
        const char *command = line + n + 1;
        if (n == 0 || line[n] != ':' || command[strspn(command, " \t\r")] == '\n' ||
            command[strspn(command, " \t\r")] == '\0')
            return false;
        lines++;
    }
    return lines > 0;
}

static bool is_javascript(const char *name)
{
    return ends(name, ".js") || ends(name, ".cjs") || ends(name, ".mjs") || ends(name, ".ts");
}

/* By the keys of a tree. "": it is ours already. */
static const char *by_keys(const struct pm_node *root)
{
    const struct pm_node *processes;

    if (root->kind == PM_NODE_LIST)
        return root->first != NULL && root->first->kind == PM_NODE_MAP &&
               pm_node_get(root->first, "script") != NULL ? "pm2" : NULL;
    if (root->kind != PM_NODE_MAP)
        return NULL;
    if (pm_node_get(root, "apps") != NULL || pm_node_get(root, "script") != NULL)
        return "pm2";
    processes = pm_node_get(root, "processes");
    if (processes == NULL)
        return NULL;
    return processes->kind == PM_NODE_LIST ? "" : "process-compose";
}

static const char *by_tree(struct import *im, struct source *source)
{
    const struct pm_node *root = nodes_open(im, source);
    const char *name = root != NULL ? by_keys(root) : NULL;

    if (name == NULL || *name != '\0')
        return name;
    import_fail(im, source, 0, "this is a file of ProcMan's own, and needs no import: "
                "procmanctl apply %s", source->name);
    return NULL;
}

const struct kind *kind_of(struct import *im, struct source *source)
{
    const char *base = base_of(source->name), *name = NULL;
    bool tree = ends(base, ".json") || ends(base, ".yaml") || ends(base, ".yml");

    if (begins(base, "Procfile"))
        name = "procfile";
    else if (is_javascript(base))
        name = "pm2";
    else if (tree)
        name = by_tree(im, source);
    else if ((name = by_lines(source)) == NULL && is_procfile(source))
        name = "procfile";
    if (name != NULL)
        return kind_find(name);
    if (im->fault == NULL) {
        char *names = kind_names();
        import_fail(im, source, 0, "one cannot see whose file this is; say --from and %s", names);
        free(names);
    }
    return NULL;
}
