/* Single values: from a word in the file to a member of a spec. */
#ifndef PROCMAN_CONFIG_SCALAR_H
#define PROCMAN_CONFIG_SCALAR_H

#include "config/keys.h"
#include "config/tree.h"

/* Put a scalar into the member that a key of that kind has; text is borrowed from the node.
 * NULL, or why it does not fit; static. */
const char *pm_scalar_read(enum pm_value value, const struct pm_node *node, void *member)
    PM_MUST_USE;

/* The same for what a probe looks at; host names go to the arena. */
const char *pm_target_read(enum pm_value value, struct pm_arena *arena,
                           const struct pm_node *node, struct pm_probe *probe) PM_MUST_USE;

#endif
