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
    uint64_t begun;        /* walks complete by then */
    uint64_t clean_after;  /* looks, or walks, that may have missed one or have met one */
    pid_t rest;            /* one that was met */
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
    size_t used;                   /* slots below this number may be ending */
    struct pm_tree at[PM_LIMIT_SLOTS];
};

/* deputy, dir: borrowed. with_groups: use control groups where they are to be had */
void pm_trees_open(struct pm_trees *trees, const char *deputy, const char *dir, bool with_groups);
void pm_trees_close(struct pm_trees *trees);

/* The leader of this life is dead, and its process group was killed: end the rest of it. */
void pm_trees_end(struct pm_trees *trees, uint64_t slot, const struct pm_tree *tree);

/* Nothing lives in this slot: whoever is in its control group is of a life nobody remembers. */
void pm_trees_clear(struct pm_trees *trees, uint64_t slot);

/* Waits until all endings are over. */
void pm_trees_finish(struct pm_trees *trees);

bool pm_trees_is_ending(const struct pm_trees *trees, uint64_t slot);

/* True, once: nothing is left of it, or time enough was given. To be asked again and again. */
bool pm_trees_is_over(struct pm_trees *trees, uint64_t slot, struct pm_mono now);

/* A portion of the search; and in how many ms the next one is due, -1: nothing is ending. */
void pm_trees_work(struct pm_trees *trees, struct pm_mono now);
int pm_trees_wait_ms(const struct pm_trees *trees);

#endif
