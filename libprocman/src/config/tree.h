/* What a configuration file says before anyone asks what it means: a tree of values, each with
 * its place. YAML and JSON end here; whoever reads the tree does not know which it was. */
#ifndef PROCMAN_CONFIG_TREE_H
#define PROCMAN_CONFIG_TREE_H

#include "config/report.h"

#include <procman/tree.h>

struct pm_tree {
    struct pm_arena *arena;   /* takes nodes and their text */
    struct pm_report *report;
    struct pm_source source;  /* of the report, to be read */
    struct pm_node *root;
    size_t *nodes;            /* in all trees of one configuration */
};

/* Read the source, as JSON where its name ends so. False: it is no YAML, no JSON or over a
 * limit; the report says what. It also says which keys a map has twice. */
bool pm_tree_read(struct pm_tree *tree) PM_MUST_USE;
/* How many bytes of a mark, which some editors put before UTF-8, the text begins with. */
size_t pm_tree_mark(const char *text, size_t n) PM_MUST_USE;

/* The readers of each. False: it is no YAML, no JSON, or over a limit; the report says what. */
bool pm_tree_read_yaml(struct pm_tree *tree) PM_MUST_USE;
bool pm_tree_read_json(struct pm_tree *tree) PM_MUST_USE;

/* ---- for the two readers: to them a place is an offset in their text ---- */

void pm_tree_fault(struct pm_tree *tree, size_t place, const char *format, ...) PM_PRINTF(3, 4);
void pm_tree_key(struct pm_tree *tree, struct pm_node *node, const char *key, size_t place);
/* NULL: over a limit, which is reported. */
struct pm_node *pm_tree_node(struct pm_tree *tree, enum pm_node_kind kind, size_t place)
    PM_MUST_USE;
/* A scalar's text or a key, n bytes. NULL: too long or with NUL, reported. */
const char *pm_tree_str(struct pm_tree *tree, size_t place, const char *text, size_t n)
    PM_MUST_USE;
/* May something be nested this deep? False: no, reported. The root's depth is 1. */
bool pm_tree_deep(struct pm_tree *tree, size_t place, unsigned depth) PM_MUST_USE;
/* False: that is one key too many, reported. */
bool pm_tree_append(struct pm_tree *tree, struct pm_node *parent, struct pm_node *child)
    PM_MUST_USE;
/* The map is complete: reports keys that are there twice. */
void pm_tree_end_map(struct pm_tree *tree, struct pm_node *map);

#endif
