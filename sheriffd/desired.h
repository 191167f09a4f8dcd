/* What the sheriff wishes for: specs, wants, generations, by process and by deputy.
 *
 * Changes come in transactions: begin, change, and when they are stored commit, or else abort,
 * after which everything is as before. Only one at a time. Generations and order numbers that
 * an aborted transaction used are never used again. */
#ifndef SHERIFFD_DESIRED_H
#define SHERIFFD_DESIRED_H

#include "sheriffd/table.h"

#include <procman/codec.h>

struct seen;   /* fleet.h */
struct deputy; /* fleet.h */
struct target; /* orders.h */
struct node;   /* graph.h */
struct timer;  /* timer.h */

/* The wish for one process. */
struct wish {
    struct pm_spec spec;     /* owned; id and host are always filled in */
    struct pm_arena arena;   /* holds it */
    size_t bytes;            /* of it, encoded */
    struct post *post;
    bool up, removing;       /* removing: gone from the wish, kept until nothing of it lives */
    bool held;               /* an operator wants it down: autostart does not raise it */
    bool stored;             /* it comes from the store: an earlier sheriff wished for it */
    uint64_t order;          /* number of the last order */
    char *by;                /* who gave it: USER (client, pid), or "" */
    size_t touch;            /* 1 + its place among the touched of the transaction; 0 = none */

    /* Hooks for others, so that they need no tables of their own. */
    struct pm_want told;     /* the sessions': the last in this one; its id is 0: nothing yet */
    struct seen *seen;       /* the fleet's: what its deputy reports of it; NULL = nothing */
    struct target *targets;  /* the orders': who waits for it */
    struct node *node;       /* the graph's: what it depends on, who depends on it; NULL = none */
    struct timer *timer;     /* the timers': when it is started by time; NULL = never */
    uint64_t walked;         /* follow.c's: the last walk over dependencies that came here */
    size_t stale;            /* the view's: 1 + its place among rows clients have older */
};

/* One deputy's part of the wish. */
struct post {
    char *name;
    bool expected;               /* the configuration names it */
    struct wish **wishes;        /* sorted by id; those being removed too */
    size_t n;
    uint64_t specs_generation, wants_generation;
    bool specs_due, wants_due;   /* committed and not sent yet */
    bool specs_fresh, wants_fresh; /* of this generation nothing was sent yet */
    bool tell, tell_specs;       /* its deputy is to be told more, in a generation to come */
    uint64_t untold;             /* specs generation too large to be sent; that was said */
    bool due;                    /* the sheriff's: it is on the list of those to be sent */
    struct deputy *deputy;       /* the fleet's; NULL: has never connected */
    bool stale;                  /* the view's: clients have an older row */
    bool retiring;               /* its processes are to end, whatever is wished for */
};

/* What a transaction did to one wish, and how it was before. */
struct touch {
    struct wish *wish;
    bool added, removed, spec, want;
    bool old_up, old_held, old_removing;
    uint64_t old_order;
    char *old_by;
    struct pm_spec old_spec;
    struct pm_arena old_arena;   /* in use when spec is set */
};

struct desired {
    const char *own;             /* name of the sheriff's machine */
    struct wish **wishes;        /* all; sorted by group, name and host while `sorted` */
    size_t n, cap;
    bool sorted;
    struct table by_id, by_name, posts_by_name;
    struct post **posts;
    size_t n_posts, posts_cap;
    uint64_t generation;         /* of the last transaction that was begun */
    uint64_t committed;          /* of the last that is real: all that anybody may see */
    uint64_t last_id, last_order;
    struct post **telling;       /* those with `tell` */
    size_t n_telling;
    uint64_t walks;              /* over what depends on what, so far */
    bool changing;               /* in a transaction */
    struct touch *touched;
    size_t n_touched, touched_cap;
};

void desired_init(struct desired *d, const char *own);
void desired_fini(struct desired *d);

struct wish *desired_by_id(const struct desired *d, uint64_t id);
struct wish *desired_find(const struct desired *d, const char *host, const char *group,
                          const char *name);
struct post *desired_find_post(const struct desired *d, const char *name);
struct post *desired_post(struct desired *d, const char *name); /* makes it when it is new */
struct wish **desired_sorted(struct desired *d, size_t *out_n); /* by group, name and host */

/* Of all its specs, encoded; those being removed are told to nobody. */
size_t desired_bytes(const struct post *post);

/* "", localhost and its addresses mean the sheriff's own machine. */
const char *desired_host(const struct desired *d, const char *host);

/* From the store, outside of transactions. The spec is copied. */
struct wish *desired_load(struct desired *d, const struct pm_spec *spec);

void desired_begin(struct desired *d);
/* A new wish, down. Revives one that is being removed. The spec is copied, id is given. */
struct wish *desired_add(struct desired *d, const struct pm_spec *spec);
void desired_change(struct desired *d, struct wish *wish, const struct pm_spec *spec);
/* A new order: up or down. by is copied, as in desired_remove. */
void desired_order(struct desired *d, struct wish *wish, bool up, const char *by);
void desired_hold(struct desired *d, struct wish *wish, bool held);
/* Not an order of ours: the deputy is known to have obeyed a higher one. */
void desired_raise(struct desired *d, struct wish *wish, uint64_t order);
void desired_remove(struct desired *d, struct wish *wish, const char *by);
/* At any time: what a deputy may be told of its wishes has changed, though they have not. That
 * is to be a generation of its own; the next commit gives it one, unless one is still unsent. */
void desired_tell(struct desired *d, struct post *post, bool specs);
void desired_commit(struct desired *d);
void desired_abort(struct desired *d);

/* Frees a wish that is being removed and of which nothing lives. */
void desired_forget(struct desired *d, struct wish **wish);

#endif
