/* A control group for the processes of each slot, where the kernel has cgroup v2 and lets us. */
#ifndef KEEPER_CGROUP_H
#define KEEPER_CGROUP_H

#include <procman/error.h>
#include <procman/limits.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum pm_cgroup {
    PM_CGROUP_NONE,
    PM_CGROUP_CLEAN,
    PM_CGROUP_USED,                /* it was killed, or may have been: no other life may enter it */
    PM_CGROUP_LIMITED,             /* nor this: it has limits that are one life's */
};

struct pm_cgroups {
    int root;                      /* directory of this deputy's groups; -1: there are none */
    char *path;                    /* its path */
    bool kills;                    /* a group can be killed at one stroke */
    uint8_t at[PM_LIMIT_SLOTS];    /* what each slot has: enum pm_cgroup */
};

/* Below our own group, or beside it when that is called `keeper` (limits.c). dir is the deputy's
 * own directory, which names it. Groups of a keeper before us are found again: whoever is in one is
 * of that slot. */
void pm_cgroups_open(const char *dir, struct pm_cgroups *out);
/* Removes what is empty: all of it, when nothing was left running. */
void pm_cgroups_close(struct pm_cgroups *groups);

/* A descriptor of the slot's group, made when it is not there, for the next child to be born into.
 * -1: it cannot be had */
int pm_cgroups_enter(struct pm_cgroups *groups, uint64_t slot);

/* False: none that we know of. Who was born into one before an upgrade may be in another place. */
bool pm_cgroups_has(const struct pm_cgroups *groups, uint64_t slot);
/* OK nobody is in the slot's group, or it has none | BUSY | IO it cannot be told, errno is why */
enum pm_err pm_cgroups_look(const struct pm_cgroups *groups, uint64_t slot) PM_MUST_USE;

/* Kills who is in it. OK nobody is, or was | BUSY to be asked again; *out_rest is one who is still
 * there | IO it cannot be told, errno is why */
enum pm_err pm_cgroups_end(struct pm_cgroups *groups, uint64_t slot, pid_t *out_rest) PM_MUST_USE;

/* The slot is free: away with its group. One that someone is left in stays, and is not entered. */
void pm_cgroups_remove(struct pm_cgroups *groups, uint64_t slot);

#endif
