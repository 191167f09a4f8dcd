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
    bool early;              /* keys that nothing heeds yet are read too: for their own tests */
};

/* Read the value of that key into the struct it is a member of; what is wrong with it goes to
 * the report. A list replaces what was there, variables are merged into what was there. */
void pm_value_read(struct pm_reading *reading, const struct pm_key *key,
                   const struct pm_node *node, void *to);

/* Read the keys of a map, and of maps in it, into a struct pm_spec, or what `where` says.
 * prefix: "", or "restart." inside `restart`. */
void pm_value_read_keys(struct pm_reading *reading, const struct pm_node *map, const char *prefix,
                        unsigned where, void *to);

/* Put the key back to what it is when nobody says. */
void pm_value_fall_back(const struct pm_key *key, void *to);

/* Does anything heed this key in this version? False: reported. */
bool pm_value_served(struct pm_reading *reading, const struct pm_key *key,
                     const struct pm_node *node) PM_MUST_USE;

/* Report "stop.timeout of process 'cam' is 'soon': FAULT". */
void pm_value_fault(struct pm_reading *reading, const char *what, const struct pm_node *node,
                    const char *fault);
/* Has it the shape that is needed, and a value at all? False: reported. */
bool pm_value_shaped(struct pm_reading *reading, const char *what, const struct pm_node *node,
                     enum pm_node_kind shape, const char *example) PM_MUST_USE;

/* Is a value of that kind a scalar, a list or a map? What may be a word or a map is a map. */
enum pm_node_kind pm_value_shape(enum pm_value value) PM_MUST_USE;

/* Report "unknown key …" with what was probably meant. prefix as above. */
void pm_value_unknown(struct pm_reading *reading, const struct pm_node *node, const char *prefix,
                      unsigned where);

#endif
