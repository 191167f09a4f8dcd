/* What the parts of the sheriff share; nobody else includes this. */
#ifndef SHERIFFD_INSIDE_H
#define SHERIFFD_INSIDE_H

#include "sheriffd/graph.h"
#include "sheriffd/journal.h"
#include "sheriffd/plan.h"
#include "sheriffd/run.h"
#include "sheriffd/scripts.h"
#include "sheriffd/sheriff.h"
#include "sheriffd/view.h"

#include <procman/limits.h>

#define BEAT_MS         1000
#define STORE_MS       PM_WAIT_STORE_MS  /* the store must have answered a change by then */
#define EVENTS_MS        200 /* events go to the store at most this often */
#define ERRAND_MS      PM_WAIT_DEPUTY_MS /* a deputy must have answered by then */
#define ORDER_GRACE_MS 30000 /* on top of the longest stop timeout, unless the client says */
#define ERRANDS_MOST    4096 /* questions under way; more are refused */
#define HISTORIES_MOST 64 /* asked of the store at once: changes wait behind them */
#define QUEUE_MOST      4096 /* requests waiting for the store; more are refused */

#define SHERIFF_ENDS "the sheriff has ended; what was ordered may still happen"

struct order;  /* orders.c */
struct errand; /* errands.c */
struct upgrade; /* upgrades.c */
struct sweep;   /* sweeps.c */
struct adoption; /* adopt.c: what a deputy holds, until it is stored */
struct queued; /* commit.c */
struct bundle; /* ends.c */
struct answer; /* applies.c: what to say when it is stored */
struct zone_kept; /* timers.c */
struct watcher; /* runs.c: who wants to hear of a run */

struct ids { uint64_t *at; size_t n, cap; };

struct nodes { struct node **at; size_t n, cap; };

/* An order that followed from another; see follow.c. */
struct followed { uint64_t id, cause; enum pm_verb verb; };

struct runs { /* of scripts; see runs.c */
    struct run *run, *before;  /* in hand, or the last; before this transaction */
    bool touched;              /* in this transaction */
    struct pm_mono look_at;    /* not before is it looked at again */
    struct run_order { uint64_t id; enum pm_verb verb; } *ordered; /* in this transaction */
    size_t n_ordered;
    struct watcher *watchers;
    size_t n_watchers;
};

struct timers { /* of processes that are started by time; see timers.c */
    struct timer **at;
    size_t n;
    struct zone_kept *zones;   /* that were asked for */
    size_t n_zones;
    struct pm_timed *lasts;    /* from the store, of those that are not linked yet */
    size_t n_lasts;
    struct sheriff_now looked;
    struct pm_mono again;      /* not before are they looked at */
    bool touched;              /* in this transaction */
};

struct ends { /* ends of lives that are not stored yet; see ends.c */
    struct bundle *first, **last;
    size_t waiting;            /* ends that no batch has */
};

struct commit {
    bool in_flight;
    uint64_t number;           /* of the batch given last */
    uint64_t flying;           /* of the one in flight */
    struct pm_mono since;      /* when that was given */
    struct queued *first, **last;
    size_t n_queued;
    struct batch_name *names;  /* deputies expected or not, in this transaction; name is heap */
    size_t n_names;
    unsigned events_in_flight; /* batches of events not answered */
    struct pm_mono events_at;  /* when the last were given */
    struct pm_mono tell_at;    /* not before is it asked for what deputies are to be told */
    bool late;                 /* the one in flight takes too long, and that was said */
    bool failing;              /* events could not be stored, and that was said */
};

struct sheriff {
    const struct sheriff_port *port;
    void *self;
    char *name;
    uint64_t id;
    bool lone_ranger, listening;
    bool remembers;            /* there were wishes in the store when it began */
    struct sheriff_now now;    /* of the call in hand */
    struct pm_mono began, beat_at;
    uint64_t bad_messages;

    struct desired desired;
    struct graph graph;        /* of what depends on what; committed */
    struct nodes touched, held; /* gates.c: to be looked at; not told what is wished */
    struct fleet fleet;
    struct view view;
    struct journal journal;
    struct commit commit;
    struct followed *followed; /* in this transaction */
    size_t n_followed, followed_cap;
    struct ends ends;
    struct order *orders;
    struct scripts scripts;
    struct runs runs;
    struct timers timers;
    struct adoption *adoptions;
    struct errand *errands;
    struct upgrade *upgrades;
    struct sweep *sweeps;
    size_t n_errands;
    size_t n_histories;        /* questions the store has, waited for or not */
    uint64_t last_errand;
    struct answer *answers;
    struct post **due;         /* posts with specs_due or wants_due */
    size_t n_due, due_cap;
    struct ids raises, ended;  /* wishes behind their deputy's orders; wishes that are no more */

    struct pm_mono refused;    /* when a deputy of no known name was last spoken of */

    struct {
        bool asked, told, finished;
        int status;
        uint64_t peer, request;
        struct pm_mono deadline;
    } end;
};

/* sheriff.c */
void sheriff_log(struct sheriff *s, enum pm_log_level level, const char *format, ...)
    PM_PRINTF(3, 4);
void sheriff_touch_post(struct sheriff *s, struct post *post); /* it and all its processes */
void sheriff_due(struct sheriff *s, struct post *post);        /* its deputy is to be told */
void sheriff_publish_events(struct sheriff *s);                 /* those nobody was told of */
void ids_add(struct ids *ids, uint64_t id);

#endif
