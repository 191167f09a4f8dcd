/* The tree of values and its bounds.
 *
 * Neither format stops a small file from asking for much: four megabytes of "[]," are a million
 * lists. So nodes are counted, nesting is cut early (libyaml takes O(n²) on it), strings are
 * limited, and all of it lives in one arena that has a limit of its own.
 */
#include "config/tree.h"
#include "core/sink.h"

#include <procman/limits.h>

#include <stdlib.h>
#include <string.h>

void pm_tree_fault(struct pm_tree *tree, size_t place, const char *format, ...)
{
    struct pm_sink sentence = { 0 };
    va_list arguments;

    va_start(arguments, format);
    pm_sink_vprint(&sentence, format, arguments);
    va_end(arguments);
    if (place > tree->source.n)
        place = tree->source.n;
    pm_report_add(tree->report, tree->source.base + place, "%s", sentence.at);
    free(sentence.at);
}

void pm_tree_key(struct pm_tree *tree, struct pm_node *node, const char *key, size_t place)
{
    node->key = key;
    node->key_place = tree->source.base + place;
}

struct pm_node *pm_tree_node(struct pm_tree *tree, enum pm_node_kind kind, size_t place)
{
    struct pm_node *node = NULL;

    if (*tree->nodes < PM_LIMIT_CONFIG_NODES)
        node = pm_arena_get(tree->arena, sizeof(*node));
    if (node == NULL) {
        pm_tree_fault(tree, place, "the file says too much: more than %zu values are "
                      "not read", *tree->nodes);
        return NULL;
    }
    ++*tree->nodes;
    node->kind = kind;
    node->place = tree->source.base + place;
    node->text = "";
    return node;
}

const char *pm_tree_str(struct pm_tree *tree, size_t place, const char *text, size_t n)
{
    const char *copy = NULL;

    if (n > PM_LIMIT_STRING)
        pm_tree_fault(tree, place, "this text has %zu bytes; the limit is %d", n,
                      PM_LIMIT_STRING);
    else if (memchr(text, '\0', n) != NULL)
        pm_tree_fault(tree, place, "a text cannot hold the character NUL");
    else if ((copy = pm_arena_str(tree->arena, text, n)) == NULL)
        pm_tree_fault(tree, place, "the file says too much: there is no memory for it");
    return copy;
}

bool pm_tree_deep(struct pm_tree *tree, size_t place, unsigned depth)
{
    if (depth <= PM_LIMIT_CONFIG_DEPTH)
        return true;
    pm_tree_fault(tree, place, "nested deeper than %d levels", PM_LIMIT_CONFIG_DEPTH);
    return false;
}

bool pm_tree_append(struct pm_tree *tree, struct pm_node *parent, struct pm_node *child)
{
    if (parent->kind == PM_NODE_MAP && parent->n == PM_LIMIT_LIST) {
        pm_report_add(tree->report, child->key_place, "this is one key too many for a map; the "
                      "limit is %d", PM_LIMIT_LIST);
        return false;
    }
    if (parent->last == NULL)
        parent->first = child;
    else
        parent->last->next = child;
    parent->last = child;
    parent->n++;
    return true;
}

static int by_key(const void *left, const void *right)
{
    const struct pm_node *a = *(struct pm_node *const *)left;
    const struct pm_node *b = *(struct pm_node *const *)right;
    int order = strcmp(a->key, b->key);

    if (order != 0)
        return order;
    return (a->key_place > b->key_place) - (a->key_place < b->key_place);
}

void pm_tree_end_map(struct pm_tree *tree, struct pm_node *map)
{
    struct pm_node **sorted = pm_alloc((map->n + 1) * sizeof(struct pm_node *));
    size_t n = 0, first = 0;

    for (struct pm_node *child = map->first; child != NULL; child = child->next)
        sorted[n++] = child;
    qsort(sorted, n, sizeof(*sorted), by_key);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(sorted[first]->key, sorted[i]->key) != 0)
            first = i;
        else
            pm_report_twice(tree->report, sorted[i]->key_place, sorted[first]->key_place, "key",
                            sorted[i]->key);
    }
    free(sorted);
}

bool pm_node_null(const struct pm_node *node)
{
    static const char *const words[] = { "", "~", "null", "Null", "NULL" };

    for (size_t i = 0; node->kind == PM_NODE_SCALAR && node->plain && i < PM_COUNT(words); i++)
        if (strcmp(node->text, words[i]) == 0)
            return true;
    return false;
}

const struct pm_node *pm_node_get(const struct pm_node *map, const char *key)
{
    for (const struct pm_node *child = map->first; child != NULL; child = child->next)
        if (strcmp(child->key, key) == 0)
            return child;
    return NULL;
}

const char *pm_node_word(const struct pm_node *node)
{
    if (node->kind == PM_NODE_LIST)
        return "a list";
    if (node->kind == PM_NODE_MAP)
        return "a map";
    return pm_node_null(node) ? "nothing" : node->plain ? "a plain value" : "text in quotes";
}
