/* What the processes of one life may use together: limits of their control group. */
#ifndef KEEPER_LIMITS_H
#define KEEPER_LIMITS_H

#include "keeper/cgroup.h"

#include <procman/codec.h>

/* Does it ask for any? */
bool pm_limits_asked(const struct pm_spawn *what);

/* Sets them for the slot's group, which was just entered; the group is for this life alone then.
 * NULL: done; else which could not be set, "memory", "cpu" or "pids", and errno is why:
 * ENOTSUP no control groups, ENOENT no such controller for us, EBUSY processes are in the way */
const char *pm_limits_set(struct pm_cgroups *groups, const struct pm_spawn *what);

/* Has the kernel killed somebody in it because its limit of memory was reached? To be asked of a
 * life that was born into it. */
bool pm_limits_oom(const struct pm_cgroups *groups, uint64_t slot);

#endif
