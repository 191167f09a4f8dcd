/* Looking for strays of this deputy, when the sheriff asks. */
#ifndef BRAIN_SWEEP_IO_H
#define BRAIN_SWEEP_IO_H

#include "brain/brain.h"

#include <procman/hunt.h>

#define SWEEP_ASKED_MOST 64 /* requests at once; more get no answer, the sheriff has a deadline */

struct sweep_ask { uint64_t request; bool kill; };

struct sweep {
    const char *name;
    char *dir;
    const struct brain *brain; /* whose lives are somebody's */
    struct pm_hunt *hunt;      /* NULL: none under way */
    struct pm_mono next;       /* its next step */
    struct sweep_ask asked[SWEEP_ASKED_MOST];
    size_t n, answering;       /* the first so many get what the hunt finds */
};

/* name: borrowed; dir: the deputy's own, taken over */
void sweep_init(struct sweep *sweep, const char *name, char *dir);
void sweep_fini(struct sweep *sweep);

void sweep_ask(struct sweep *sweep, uint64_t request, bool kill);

/* A few milliseconds of search, if it is due; who asked is answered through brain_on_swept. */
void sweep_turn(struct sweep *sweep, struct brain *brain, struct pm_mono now);
struct pm_mono sweep_next(const struct sweep *sweep); /* ms INT64_MAX: nothing to do */

#endif
