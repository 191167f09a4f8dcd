/* Lists and maps: from a value in the tree to a member of a spec. */
#ifndef PROCMAN_CONFIG_LISTS_H
#define PROCMAN_CONFIG_LISTS_H

#include "config/values.h"

/* The node has the shape that the key needs. What is wrong in it goes to the report. */
void pm_list_read(struct pm_reading *reading, const struct pm_key *key,
                  const struct pm_node *node, void *member);

void pm_list_clear(const struct pm_key *key, void *member);

#endif
