#include "nodes.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NO_ANCHORS "anchors and aliases of YAML are not read; write out what they stand for, as " \
    "\"yq 'explode(.)'\" does"

/* The report without its last line, which counts: the first error is the sentence. */
static bool fail(struct import *im, const struct source *source, char *errors)
{
    size_t n = strlen(source->name);
    size_t line = 0;

    errors[strcspn(errors, "\n")] = '\0';
    const char *sentence = strstr(errors, "error: ");
    if (strncmp(errors, source->name, n) == 0 && errors[n] == ':')
        line = strtoul(errors + n + 1, NULL, 10);
    if (strstr(errors, "error: anchors (") != NULL || strstr(errors, "error: aliases (") != NULL)
        return import_fail(im, source, line, NO_ANCHORS);
    return import_fail(im, source, line, "%s", sentence != NULL ? sentence + strlen("error: ")
                                                                : errors);
}

/* From its quote to its other one, or to the end of the line. */
static size_t string_length(const char *at)
{
    size_t n = 1;

    while (at[n] != '\0' && at[n] != '\n' && at[n] != '"')
        n += at[n] == '\\' && at[n + 1] != '\0' && at[n + 1] != '\n' ? 2 : 1;
    return n + (at[n] == '"');
}

/* Where JavaScript reads JSON people write comments into it. They become blanks, so that every
 * place in the file stays the same. */
static void blank_comments(struct import *im, struct source *source)
{
    const char *last = source->text + source->n; /* behind the last comment that is closed */
    struct text text = { 0 };

    while (last > source->text && (last[-1] != '/' || last - 1 == source->text || last[-2] != '*'))
        last--;
    for (const char *at = source->text; *at != '\0';) {
        size_t n = 1;
        bool line = strncmp(at, "//", 2) == 0;
        bool blank = line || (strncmp(at, "/*", 2) == 0 && at + 4 <= last);
        if (*at == '"')
            n = string_length(at);
        else if (blank)
            n = line ? strcspn(at, "\n") : (size_t)(strstr(at + 2, "*/") - at) + 2;
        for (size_t i = 0; i < n; i++)
            text_char(&text, blank && at[i] != '\n' ? ' ' : at[i]);
        at += n;
    }
    source->text = import_str(im, text_get(&text), text.n);
    free(text.at);
}

const struct pm_node *nodes_open(struct import *im, struct source *source)
{
    const char *dot = strrchr(source->name, '.');
    const struct pm_node *root = NULL;
    char *errors = NULL;

    if (dot != NULL && strcasecmp(dot, ".json") == 0)
        blank_comments(im, source);
    if (pm_tree_parse(source->name, source->text, source->n, &im->arena, &root, &errors) != PM_OK)
        fail(im, source, errors);
    else if (root == NULL)
        import_fail(im, source, 1, "the file is empty");
    free(errors);
    return im->fault == NULL ? root : NULL;
}

struct setting nodes_setting(struct source *source, const struct pm_node *node,
                             const char *subject)
{
    size_t place = node->key != NULL ? node->key_place : node->place;

    return (struct setting){ .source = source, .line = source_line(source, place),
                             .subject = subject, .node = node,
                             .name = node->key != NULL ? node->key : "an item",
                             .value = node->kind == PM_NODE_SCALAR ? node->text : "" };
}

const char *nodes_text(const struct pm_node *map, const char *key)
{
    const struct pm_node *node = pm_node_get(map, key);

    return node != NULL && node->kind == PM_NODE_SCALAR && !pm_node_null(node) ? node->text : NULL;
}
