/* Settings of files that are trees: YAML and JSON. */
#ifndef PROCMANCTL_IMPORT_NODES_H
#define PROCMANCTL_IMPORT_NODES_H

#include "import.h"

/* The whole file as a tree, as its name says: .json or not. NULL: failed. */
const struct pm_node *nodes_open(struct import *im, struct source *source) PM_MUST_USE;

/* The setting a member of a map is. Its value is "" where it is a map or a list. */
struct setting nodes_setting(struct source *source, const struct pm_node *node,
                             const char *subject) PM_MUST_USE;
/* The text of a scalar that is there and not null; else NULL. */
const char *nodes_text(const struct pm_node *map, const char *key) PM_MUST_USE;

#endif
