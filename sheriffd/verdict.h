/* How an order for one process turned out, as far as one can see now. */
#ifndef SHERIFFD_VERDICT_H
#define SHERIFFD_VERDICT_H

#include "sheriffd/fleet.h"

struct verdict {
    bool settled;
    enum pm_err err;
    char text[320];   /* the result or the reason */
};

/* Does a start have anything to do? Not when it is up already or on its way. */
bool verdict_is_coming(const struct wish *wish);

/* number: of the order, as wish->order was. changed: it made a difference. */
struct verdict verdict_judge(const struct wish *wish, enum pm_verb verb, uint64_t number,
                             bool changed);

#endif
