/* How an order for one process turned out, as far as one can see now. */
#ifndef SHERIFFD_VERDICT_H
#define SHERIFFD_VERDICT_H

#include "sheriffd/gate.h"

/* A program that cannot do its work mostly says so and ends at once. Who waits for a start is
 * told "running" only of a life that has lasted this long; below what people notice. */
#define START_GRACE_MS 100

struct verdict {
    bool settled;
    int64_t look_in_ms; /* when not settled: time alone will tell then; 0: it will not */
    enum pm_err err;
    char text[GATE_TEXT_SIZE]; /* the result or the reason */
};

/* Does a start have anything to do? Not when it is up already or on its way. */
bool verdict_is_coming(const struct wish *wish);

/* number: of the order, as wish->order was. changed: it made a difference. */
struct verdict verdict_judge(const struct wish *wish, enum pm_verb verb, uint64_t number,
                             bool changed, struct pm_mono now);

#endif
