/* A stage for order: hosts whose deputies obey at once, processes that do what they are told to. */
#ifndef TEST_ORDER_STAGE_H
#define TEST_ORDER_STAGE_H

#include "sheriff_stage.h"

#define HOSTS 3 /* rig0, rig1, rig2 */
#define PROCS 12

/* One process as its deputy sees it. */
struct actor {
    uint64_t id, order, run;
    char name[16], reason[80];
    bool up, again, removed, changed;
    enum pm_state state;
    int64_t since;                   /* its life's begin */
};

struct host {
    char name[8];
    struct fake_deputy link;
    bool connected;
    struct actor actors[PROCS];
    size_t n;
};

struct order_stage {
    struct stage stage;
    struct host hosts[HOSTS];
    struct pm_spec specs[PROCS];     /* as defined last */
    struct pm_dependency on[PROCS][4];
    char names[PROCS][16];
    size_t n_specs;
    char order[600];                 /* what began and ended since: "+lidar -slam " */
    char outcome[400], outcome_error[32], reply[400], reply_error[32];
    uint64_t asked;                  /* the last order or apply: the one whose reply counts */
    bool replied;
    void (*told_up)(struct order_stage *o, const struct actor *actor); /* asked when one is */
};

void order_begin(struct order_stage *o);
void order_end(struct order_stage *o);
/* The sheriff dies; another one has his store. Hosts are to connect again. */
void order_restart(struct order_stage *o, bool lone_ranger);

/* "name" on rigH, autostart, that depends on `on`: words like "ready:lidar@1 exited:cfg@0";
 * a '?' behind the condition ignores failure, 'r' restarts with it, 's' stops with it.
 * Not known to the sheriff before `apply`. */
struct pm_spec *define(struct order_stage *o, const char *name, int host, const char *on);
void apply(struct order_stage *o);
const char *apply_refused(struct order_stage *o, enum pm_apply_mode mode, bool prune);

void connect_host(struct order_stage *o, int host);
void lose_host(struct order_stage *o, int host); /* it is not heard for long enough */
void pump(struct order_stage *o);                /* until everybody has heard everything */
void live(struct order_stage *o, int64_t ms);    /* time passes, who is connected beats */

void order(struct order_stage *o, enum pm_verb verb, const char *words, bool no_deps);

struct actor *actor(struct order_stage *o, const char *name); /* of two, the one that lives */
void becomes_ready(struct order_stage *o, const char *name);
void ends(struct order_stage *o, const char *name);               /* as told */
void comes_back(struct order_stage *o, const char *name);         /* from its backoff */
void exits(struct order_stage *o, const char *name, int code);    /* by itself; final */
void backs_off(struct order_stage *o, const char *name);          /* it dies and will be retried */

const struct pm_proc *shown(struct order_stage *o, const char *name);
void then_state(struct order_stage *o, const char *name, enum pm_state state, const char *reason);
void then_order(struct order_stage *o, const char *expected);     /* since the last look */

#endif
