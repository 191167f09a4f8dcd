/* Who looks whether one process is ready and well; and the commands run for that. */
#ifndef BRAIN_VIGIL_H
#define BRAIN_VIGIL_H

#include "brain/deadlines.h"
#include "brain/notify.h"
#include "brain/probe.h"

#include <procman/codec.h>

#define VIGIL_TEXT 160

struct brain;
struct proc;

struct vigil {
    struct proc *proc;
    uint64_t run, rules;       /* the life, and what is wanted of it */
    struct probe probe;
    struct deadline deadline;
    uint64_t look;             /* number of the look under way; 0 = none */
    bool seeks;                /* the mover seeks a line for it */
    char word[PROBE_WORD_BYTES]; /* of its probe, as the sheriff was told */
    char status[NOTIFY_STATUS]; /* what it said last of itself; or empty */
};

/* vigil.c */
void vigil_follow(struct brain *brain, struct proc *proc, struct pm_mono now); /* after a step */
void vigil_reconsider(struct brain *brain, struct proc *proc, struct pm_mono now); /* new spec */
void vigil_drop(struct brain *brain, struct proc *proc);
void vigil_due(struct brain *brain, struct pm_mono now);
struct pm_mono vigil_next(const struct brain *brain); /* ms 0: never */
/* What it waits for, or says of itself; or empty. Returns text, which has VIGIL_TEXT bytes. */
const char *vigil_says(const struct proc *proc, char *text, size_t size);
void vigil_fini(struct brain *brain);

/* errand.c: commands that look, each a life in a slot of its own that is no process */
struct errand {
    uint64_t look;             /* 0: nobody waits for it any more; it is being ended */
    uint64_t slot, run;
    const void *of;            /* the process it looks at; only to compare, it may be no more */
};

struct errands { struct errand *at; size_t n, cap; uint64_t runs; };

/* NULL: it is on its way, and brain_on_look() is called; else why not, a sentence. */
const char *errand_begin(struct brain *brain, struct proc *proc, uint64_t look,
                         const char *command, char *text, size_t size);
/* Also one that is being ended. Then no other is to be begun. */
bool errand_is_under_way(const struct brain *brain, const struct proc *proc);
void errand_let_go(struct brain *brain, uint64_t look);
/* false: the slot holds no errand. */
bool errand_on_held(struct brain *brain, const struct pm_held *held);
bool errand_on_spawned(struct brain *brain, const struct pm_spawned *spawned, struct pm_mono now);
void errand_on_ended(struct brain *brain, const struct pm_ended *ended, struct pm_mono now);

#endif
