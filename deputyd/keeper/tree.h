/* Ending all that a life has begun: what is left when its leader is dead. */
#ifndef KEEPER_TREE_H
#define KEEPER_TREE_H

#include "keeper/cgroup.h"

#include <procman/marks.h>
#include <procman/time.h>

enum pm_tree_way {         /* how what is left of a life is found */
    PM_TREE_GROUP,         /* it is in its slot's control group */
    PM_TREE_CHILDREN,      /* it becomes our child when its parent dies */
    PM_TREE_SWEEP,         /* it is anybody's child, but bears the mark of the life */
    PM_TREE_WAYS
};

struct pm_tree {           /* of a life whose leader is dead */
    uint64_t run;
    pid_t leader;          /* its number was that of the process group and session, too */
    uint64_t pipes[2];     /* inodes of its outputs */
    enum pm_tree_way way;
    struct pm_mono since;  /* ms 0: nothing is ending in this slot */
    struct pm_mono again;  /* not worth asking the kernel before */
    uint64_t begun;        /* looks, or walks, complete by then */
    uint64_t clean_after;  /* those that may have missed one or have met one */
    pid_t rest;            /* one that was met */
    uint16_t place;        /* in the list of those that are ending */
};

struct pm_trees {
    const char *deputy, *dir;
    bool (*is_known)(const void *self, pid_t pid); /* a child that we began ourselves */
    const void *self;
    struct pm_cgroups groups;
    struct pm_marks *marks, *walk;
    size_t ending[PM_TREE_WAYS];   /* how many, by way */
    uint64_t looks, walks;         /* complete ones */
    bool walking, met;             /* a walk is under way; this look has met someone */
    int64_t look_us;               /* not before this monotonic time, nor the next walk */
    struct pm_mono walk_at;
    int shortage;                  /* errno: why we cannot look just now; 0: we can */
    struct pm_mono blind, told;    /* since when; and when that was last said */
    size_t n;
    uint16_t list[PM_LIMIT_SLOTS]; /* the slots that are ending, in any order */
    struct pm_tree at[PM_LIMIT_SLOTS];
};

/* deputy, dir: borrowed. with_groups: use control groups where they are to be had */
void pm_trees_open(struct pm_trees *trees, const char *deputy, const char *dir, bool with_groups);
void pm_trees_close(struct pm_trees *trees);

/* The leader of this life is dead, and its process group was killed: end the rest of it. */
void pm_trees_end(struct pm_trees *trees, uint64_t slot, const struct pm_tree *tree);

/* Nothing lives in this slot: whoever is in its control group is of a life nobody remembers, and is
 * killed. OK | IO it cannot be told, errno is why */
enum pm_err pm_trees_clear(struct pm_trees *trees, uint64_t slot) PM_MUST_USE;

/* Waits until all endings are over. OK | IO we cannot look, errno is why; nothing is known */
enum pm_err pm_trees_finish(struct pm_trees *trees) PM_MUST_USE;

bool pm_trees_is_ending(const struct pm_trees *trees, uint64_t slot);

/* True, once: nothing is left of it, or time enough was given. To be asked again and again. */
bool pm_trees_is_over(struct pm_trees *trees, uint64_t slot, struct pm_mono now);

/* The same of all, one after the other, beginning with *at 0; false: no more are over now. */
bool pm_trees_next_over(struct pm_trees *trees, size_t *at, struct pm_mono now,
                        uint64_t *out_slot);

/* A portion of the search; and in how many ms the next one is due, -1: nothing is ending. */
void pm_trees_work(struct pm_trees *trees, struct pm_mono now);
int pm_trees_wait_ms(const struct pm_trees *trees);

#endif
