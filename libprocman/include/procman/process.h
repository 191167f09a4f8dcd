/* The life of one process, as a machine without clock, process or socket.
 *
 * The deputy tells it what it is wished to do and what happened; it answers with what to do
 * next. The table of edges is in proto/states.def, where each carries its reason.
 *
 * Raw events are all a deputy needs: WANT, REMOVE, SPAWNED, SPAWN_FAILED, ENDED, TIMER,
 * SHERIFF_LOST, READY, UNREADY, UNHEALTHY. Any of them may come in any state and as often as it
 * likes; what is stale changes nothing. Reports about another life than p->run must not be given
 * to it. */
#ifndef PROCMAN_PROCESS_H
#define PROCMAN_PROCESS_H

#include <procman/restart.h>
#include <procman/schema.h>

PM_BEGIN

enum pm_process_event {
#define EVENT(name, meaning) PM_EVENT_##name,
#include <procman/states.def>
    PM_EVENT_COUNT
};

/* What the caller has to do after a step; several may be set. */
enum pm_do {
    PM_DO_NOTHING = 0,
    PM_DO_REPORT  = 1 << 0,  /* the state or its reason changed: tell the sheriff, write the note */
    PM_DO_SPAWN   = 1 << 1,  /* begin a life (p->run is its number) */
    PM_DO_STOP    = 1 << 2,  /* send the stop signal to the whole group */
    PM_DO_KILL    = 1 << 3,  /* send SIGKILL to the whole group */
    PM_DO_TIMER   = 1 << 4,  /* p->deadline changed (0 = none) */
    PM_DO_FORGET  = 1 << 5,  /* it was removed and nothing of it lives: free it */
};

struct pm_process {
    enum pm_state state;
    bool up, removing;        /* the wish */
    uint64_t order;           /* the order obeyed */
    uint64_t run;             /* number of the present or last life */
    uint64_t restarts;        /* lives begun by policy since the last order */
    struct pm_deaths deaths;  /* for the backoff */
    bool again;               /* a new life was ordered; it begins when this one is over */
    bool alone;               /* it is being stopped because the sheriff was not heard */
    bool born;                /* its present or last life has, or had, a pid */
    enum pm_ailment ailment;  /* it is being stopped for this */
    struct pm_mono well;      /* and was well until then; ms 0 = never was */
    struct pm_mono since;     /* when it entered this state */
    struct pm_mono started;   /* when its present or last life began */
    struct pm_mono deadline;  /* pending timer: kill, or next try; ms 0 = none */
    struct pm_ending ending;  /* of the last life */
    char reason[160];         /* for people */
};

/* What one step is told beside the event. Unused parts are zero. */
struct pm_input {
    enum pm_process_event event;
    struct pm_mono now;
    const struct pm_spec *spec; /* its policies; never NULL */
    double chance;              /* 0 ≤ chance < 1, for the jitter of a pause */
    struct pm_want want;        /* WANT; one for a process being removed means: keep it */
    struct pm_ending ending;    /* ENDED, SPAWN_FAILED */
    const char *reason;         /* UNREADY, UNHEALTHY: a sentence; NULL = the table's */
    struct pm_mono well;        /* UNHEALTHY: it was well until then; ms 0 = never was */
};

PM_API void pm_process_init(struct pm_process *p, struct pm_mono now);
PM_API unsigned pm_process_step(struct pm_process *p, const struct pm_input *in) PM_MUST_USE;

/* The machine as the keeper remembers it for the next brain, and back. The note borrows `reason`
 * from the process; its id, group, name and spec_hash are the caller's. Load wants a process
 * that was initialised; its run is the keeper's to say. */
PM_API void pm_process_save(const struct pm_process *p, struct pm_slot_note *out);
PM_API void pm_process_load(struct pm_process *p, const struct pm_slot_note *note);

/* Does a process live (or is one being made) in this state? */
PM_API bool pm_state_alive(enum pm_state state);

PM_END
#endif
