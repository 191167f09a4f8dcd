/* Who orders things, and remembers what was promised.
 *
 * A ward is a process that may exist. While nobody but one request speaks of it, the operator knows
 * what it must come to; where a request was never answered, or two crossed, he is not sure, and
 * asks when it is calm again. */
#ifndef SIM_OPERATOR_H
#define SIM_OPERATOR_H

#include "sim/keeper_model.h"
#include "sim/world.h"

#include <procman/codec.h>

struct ward {
    struct site *site;
    size_t number;               /* on its site; its policies follow from it */
    char group[SIM_NAME], name[SIM_NAME];
    bool sure;                   /* what follows is what the sheriff promised */
    bool exists, up, held, autostart;
    bool held_unknown;
    unsigned version;            /* of its command */
    bool any_version;            /* what lives may have been begun with another */
    unsigned open;               /* requests under way that speak of it */
    int64_t anew_ms;             /* a life must not be older than this; 0 = any may be */
    uint64_t requests, stops;    /* each request may end one life; see operator_on_stop */
};

enum { WARD_ALWAYS, WARD_ON_FAILURE, WARD_NEVER, WARD_FEW, WARD_ATTENDED, WARD_POLICIES };

struct request;

struct operator {
    struct ward *wards;
    size_t n;
    struct request *requests;    /* not answered yet */
    uint64_t last_request;
    uint64_t asked;              /* number of the question asked of the calm sheriff */
    struct pm_snapshot snapshot; /* its answer */
    struct pm_exported exported; /* and the specs, in the same order */
    struct pm_arena arena;
    uint64_t answered;           /* requests, for the record */
};

void operator_open(struct world *w);
void operator_close(struct world *w);

void operator_begin(struct world *w);   /* gives orders until it is calm */
void operator_hear(struct world *w, enum pm_msg kind, const void *msg);
void operator_sheriff_died(struct world *w, bool store_lost);

/* A brain has a life stopped: somebody must have ordered that, or wrong(). */
void operator_on_stop(struct site *site, const struct slot *slot);
void operator_pardon(struct site *site); /* its deputy may stop everything once */

void operator_look(struct world *w);     /* fills snapshot and exported */
struct ward *operator_find(const struct world *w, const char *host, const char *group,
                           const char *name);

#endif
