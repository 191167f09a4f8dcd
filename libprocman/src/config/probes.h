/* Probes as a whole: what several keys say together. */
#ifndef PROCMAN_CONFIG_PROBES_H
#define PROCMAN_CONFIG_PROBES_H

#include "config/values.h"

/* Report what a map of keys, in a process or in defaults, says about its probes that does not go
 * together. spec: with these keys and all that was inherited. */
void pm_probes_check(struct pm_reading *reading, const struct pm_node *map, unsigned where,
                     const struct pm_spec *spec);

/* All keys are read: what nobody said gets its default, what means nothing for this kind of
 * probe is left out. One way to say a thing: one spec, one hash. */
void pm_probes_settle(struct pm_spec *spec);

#endif
