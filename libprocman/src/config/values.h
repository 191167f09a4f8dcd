/* From a value in the tree to a member of a spec. */
#ifndef PROCMAN_CONFIG_VALUES_H
#define PROCMAN_CONFIG_VALUES_H

#include "config/keys.h"
#include "config/tree.h"

/* Who is being read: where strings go, where errors go, and what sentences call it. */
struct pm_reading {
    struct pm_arena *arena;
    struct pm_report *report;
    const char *subject;     /* "process 'cam'"; NULL: sentences name only the key */
};

/* Read the value of that key into the spec; what is wrong with it goes to the report. A list
 * replaces what was there, variables are merged into what was there. */
void pm_value_read(struct pm_reading *reading, const struct pm_key *key,
                   const struct pm_node *node, struct pm_spec *spec);

/* Read the keys of a map, and of maps in it. prefix: "", or "restart." inside `restart`. */
void pm_value_read_keys(struct pm_reading *reading, const struct pm_node *map, const char *prefix,
                        unsigned where, struct pm_spec *spec);

/* Put the key back to what it is when nobody says. */
void pm_value_fall_back(const struct pm_key *key, struct pm_spec *spec);

/* Is a value of that kind a scalar, a list or a map? What may be a word or a map is a map. */
enum pm_node_kind pm_value_shape(enum pm_value value) PM_MUST_USE;

/* Report "unknown key …" with what was probably meant. prefix as above. */
void pm_value_unknown(struct pm_reading *reading, const struct pm_node *node, const char *prefix,
                      unsigned where);

#endif
