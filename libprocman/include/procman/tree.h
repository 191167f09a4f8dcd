/* YAML or JSON as a tree of values, each with its place: for who reads files that are not ours.
 *
 * It is the reader of procman.yaml(5) with all of its bounds: size, depth, number of values,
 * doubled keys. Anchors, aliases and tags of YAML are refused. Nothing is typed: whether `no` is
 * a word or a boolean is for the reader of the tree to say. */
#ifndef PROCMAN_TREE_H
#define PROCMAN_TREE_H

#include <procman/codec.h>

PM_BEGIN

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

/* Read n bytes of text. name: what errors call it; .json at its end makes it JSON, else it is
 * YAML. Nodes live in the arena; an empty text has the root NULL. Places count from `text`.
 * OK *errors NULL | BAD_CONFIG *errors is the report as in config.h, heap */
PM_API enum pm_err pm_tree_parse(const char *name, const char *text, size_t n,
                                 struct pm_arena *arena, const struct pm_node **root,
                                 char **errors) PM_MUST_USE;

/* YAML's and JSON's nothing: plain null, ~ or empty. */
PM_API bool pm_node_null(const struct pm_node *node) PM_MUST_USE;
/* The child of a map, or NULL. */
PM_API const struct pm_node *pm_node_get(const struct pm_node *map, const char *key) PM_MUST_USE;
/* "a list", "a map", "text" … for sentences. */
PM_API const char *pm_node_word(const struct pm_node *node) PM_MUST_USE;

PM_END
#endif
