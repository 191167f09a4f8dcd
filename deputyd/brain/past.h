/* Ends of lives, from the keeper's word until the sheriff has noted them. */
#ifndef BRAIN_PAST_H
#define BRAIN_PAST_H

#include "brain/tokens.h"

#include <procman/process.h>

struct brain;
struct proc;
struct past_row;

struct past {
    struct past_row **room;    /* for `cap` of them, of which the first so many were dropped */
    size_t cap, dropped;
    struct past_row **at;      /* behind those, in the order they ended */
    size_t n;
    struct tokens loaded;      /* of ends from a former life of ours */
    size_t records;            /* in the file */
    uint64_t lost;             /* ends that found no room */
    struct pm_mono turn_at;    /* when something is to be sent or forgotten; 0 = never */
    struct pm_mono paced;      /* and not before this */
};

void past_fini(struct past *past);
uint64_t past_token(struct brain *brain, const struct proc *proc, struct pm_mono now);
/* The life of that process, as it was `before` the end that `in` tells, is over. */
void past_end(struct brain *brain, struct proc *proc, const struct pm_process *before,
              const struct pm_input *in);
void past_begin(struct brain *brain, struct pm_mono now);   /* the keeper has said all */
void past_welcome(struct brain *brain, struct pm_mono now); /* a new session: nothing was said */
void past_on_noted(struct brain *brain, const struct pm_noted *noted, struct pm_mono now);
void past_turn(struct brain *brain, struct pm_mono now);
void past_bye(struct brain *brain, struct pm_mono now);     /* say what can be said */
struct pm_mono past_next(const struct brain *brain);        /* 0 = never */

#endif
