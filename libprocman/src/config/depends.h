/* `depends_on`: from what is written to the very processes that are meant. */
#ifndef PROCMAN_CONFIG_DEPENDS_H
#define PROCMAN_CONFIG_DEPENDS_H

#include "config/values.h"

/* As written: `process` holds the reference, group and host are empty until it is resolved. As
 * many dependencies, in the same order, as the list has items. */
void pm_depends_read(struct pm_reading *reading, const struct pm_node *list,
                     struct pm_dependency_list *out);

/* Resolve what was read where no other process is known: what is not said is its own.
 * False: no memory. */
bool pm_depends_alone(struct pm_arena *arena, struct pm_spec *spec) PM_MUST_USE;

#endif
