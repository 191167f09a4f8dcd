#include "nodes.h"

#include <stdlib.h>
#include <string.h>

/* The report without its last line, which counts: the first error is the sentence. */
static bool fail(struct import *im, const struct source *source, char *errors)
{
    size_t n = strlen(source->name);
    size_t line = 0;

    errors[strcspn(errors, "\n")] = '\0';
    const char *sentence = strstr(errors, "error: ");
    if (strncmp(errors, source->name, n) == 0 && errors[n] == ':')
        line = strtoul(errors + n + 1, NULL, 10);
    return import_fail(im, source, line, "%s", sentence != NULL ? sentence + strlen("error: ")
                                                                : errors);
}

const struct pm_node *nodes_open(struct import *im, struct source *source)
{
    const struct pm_node *root = NULL;
    char *errors = NULL;

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
