/* What a configuration file says before anyone asks what it means: a tree of values, each with
 * its place. YAML and JSON end here; whoever reads the tree does not know which it was. */
#ifndef PROCMAN_CONFIG_TREE_H
#define PROCMAN_CONFIG_TREE_H

#include "config/report.h"

#include <procman/codec.h>

enum pm_node_kind { PM_NODE_SCALAR, PM_NODE_LIST, PM_NODE_MAP };

struct pm_node {
    enum pm_node_kind kind;
    bool plain;              /* scalar without quotes: may be a number, a boolean or null */
    size_t place;            /* byte offset in the file */
    const char *text;        /* scalar: UTF-8 without NUL, at most PM_LIMIT_STRING */
    const char *key;         /* in a map: what it is called there, and where that stands */
    size_t key_place;
    struct pm_node *first, *last, *next; /* its children; its sibling */
    size_t n;                /* number of children */
};

struct pm_tree {
    struct pm_arena *arena;   /* takes nodes and their text */
    struct pm_report *report; /* and the text to read */
    struct pm_node *root;
    size_t nodes;
};

/* Read report->text. False: it is no YAML, no JSON, or over a limit; the report says what. */
bool pm_tree_read_yaml(struct pm_tree *tree) PM_MUST_USE;
bool pm_tree_read_json(struct pm_tree *tree) PM_MUST_USE;

/* ---- for the two readers ---- */

/* NULL: over a limit, which is reported. */
struct pm_node *pm_tree_node(struct pm_tree *tree, enum pm_node_kind kind, size_t place)
    PM_MUST_USE;
/* A scalar's text or a key, n bytes. NULL: too long or with NUL, reported. */
const char *pm_tree_str(struct pm_tree *tree, size_t place, const char *text, size_t n)
    PM_MUST_USE;
/* May something be nested this deep? False: no, reported. The root's depth is 1. */
bool pm_tree_deep(struct pm_tree *tree, size_t place, unsigned depth) PM_MUST_USE;
void pm_tree_append(struct pm_node *parent, struct pm_node *child);
/* The map is complete: reports keys that are there twice. */
void pm_tree_end_map(struct pm_tree *tree, struct pm_node *map);

/* ---- for who reads a tree ---- */

/* YAML's and JSON's nothing: plain null, ~ or empty. */
bool pm_node_null(const struct pm_node *node) PM_MUST_USE;
/* The child of a map, or NULL. */
const struct pm_node *pm_node_get(const struct pm_node *map, const char *key) PM_MUST_USE;
/* "a list", "a map", "text" … for sentences. */
const char *pm_node_word(const struct pm_node *node) PM_MUST_USE;

#endif
