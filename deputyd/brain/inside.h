/* What the parts of the brain share; nobody else includes this. */
#ifndef BRAIN_INSIDE_H
#define BRAIN_INSIDE_H

#include "brain/brain_looks.h"
#include "brain/past.h"
#include "brain/request.h"
#include "brain/roster.h"
#include "brain/vigil.h"

enum link_state { LINK_DOWN, LINK_GREETED, LINK_WELCOMED };

struct link { /* with the sheriff; see link.c */
    enum link_state state;
    uint64_t session, sheriff_id;
    uint64_t seq;             /* of the last status sent */
    uint64_t seq_at_beat;     /* what it was when the sheriff's last beat came */
    uint64_t specs_told, wants_told; /* the highest generations in this session */
    bool full, changed;       /* a status is due: of everything, or of what was touched */
    struct pm_mono paid_until; /* statuses sent so far are paid for by then; see pace */
    struct pm_mono hello_at, beat_at;
    struct pm_mono silent_at; /* when to give this connection up */
    uint64_t dropped;         /* messages of other sessions, or senseless ones */
    char refusal[500];        /* said last, so that it is said once */
};

struct wish { /* what shall run; see wish.c */
    uint64_t sheriff_id, generation, specs_generation;
    struct specs *specs;
    struct pm_arena wants_arena, pending_arena;
    struct pm_wants wants;     /* obeyed */
    struct pm_wants pending;   /* waits for its specs; generation 0 = none */
    bool loaded;               /* from a former life, to be obeyed when the keeper says begin */
    struct pm_mono obey_at;    /* when to obey what was loaded at the latest; 0 = it is done */
    struct pm_mono keep_at;    /* when to keep what changed; 0 = it is kept */
    struct pm_mono kept;       /* the last time */
};

struct loss { /* how long the sheriff was not heard; see loss.c */
    struct pm_mono heard;      /* its last sign, or our beginning */
    struct pm_mono turned;     /* when we could last do anything about it */
    struct pm_mono listen_until;
    uint64_t next_ms;          /* a silence that is too long for a process; 0 = none is */
    bool noted;                /* the kept wish says since when */
};

struct follows { uint64_t *ids; size_t n, cap; }; /* numbers whose output somebody follows */

/* The slot of a process that is no more, whose last bytes are still on their way to its file. */
struct left_slot {
    uint64_t slot, run; /* run: of its last life */
    char *group, *name;
    struct output_file *output;
};

struct brain {
    char *name, *hostname, *boot_id, *notify_path; /* notify_path NULL: there is no socket */
    const struct brain_port *port;
    void *self;
    struct roster roster;
    struct deadlines deadlines, vigils; /* of lives, and of those who look after them */
    uint64_t looks;            /* begun so far */
    struct errands errands;
    struct wish wish;
    struct link link;
    struct loss loss;
    struct past past;
    struct follows follows;
    struct left_slot *left;
    size_t n_left;
    uint64_t epoch;
    bool ready;                /* the keeper has said all */
    bool ending, leave_running, finished;
    bool retired;              /* it was the sheriff who ended us */
};

/* brain.c */
void brain_say(struct brain *brain, enum pm_log_level level, const char *format, ...)
    PM_PRINTF(3, 4);

static inline void brain_tell_keeper(struct brain *brain, enum pm_msg kind, const void *msg)
{
    (void)brain->port->to_keeper(brain->self, kind, msg);
}

/* life.c: one event for one process, and all that follows from it. May free the process. */
void life_step(struct brain *brain, struct proc *proc, struct pm_input in);
void life_want(struct brain *brain, struct proc *proc, const struct pm_want *want,
               struct pm_mono now);
void life_due(struct brain *brain, struct pm_mono now); /* everything whose deadline has passed */
void life_end_all(struct brain *brain, struct pm_mono now); /* the youngest first */
struct proc *life_new(struct brain *brain, struct specs *specs, const struct pm_spec *spec,
                      struct pm_mono now);
void life_limit_output(struct brain *brain, struct proc *proc); /* as its spec says */
/* All but slot, run and note. NULL: done; else why not, a sentence, perhaps in `text` */
const char *life_spawn(struct brain *brain, const struct proc *proc, const struct pm_spec *spec,
                       struct pm_arena *arena, struct pm_spawn *out, char *text, size_t size);

/* slots.c: what the keeper says */
void slots_on_held(struct brain *brain, const struct pm_held *held, struct pm_mono now);
void slots_on_owed(struct brain *brain, const struct pm_owed *owed);
void slots_on_ready(struct brain *brain, const struct pm_ready *ready, struct pm_mono now);
void slots_on_spawned(struct brain *brain, const struct pm_spawned *spawned, struct pm_mono now);
void slots_on_ended(struct brain *brain, const struct pm_ended *ended, struct pm_mono now);
/* Go on with what is known of it from before: when the keeper has said all, and once more when
 * its spec becomes known. May free the process. */
void slots_take_up(struct brain *brain, struct proc *proc, struct pm_mono now);
/* Nobody needs this dead process's slot any more, but perhaps its pipes. true: it is kept, not to
 * be reused, until they are drained, and proc->output with it (NULL then); its note must say that
 * it is removed. */
bool slots_give_up(struct brain *brain, struct proc *proc);
/* A new process of that name takes up its old slot, if that is still kept. */
bool slots_take_back(struct brain *brain, struct proc *proc);
void slots_fini(struct brain *brain);
void slots_finish(struct brain *brain); /* leave nothing of the dead behind */

/* wish.c */
void wish_fini(struct wish *wish);
void wish_take_specs(struct brain *brain, const struct pm_specs *specs, struct pm_mono now);
void wish_take_wants(struct brain *brain, const struct pm_wants *wants, struct pm_mono now);
void wish_begin(struct brain *brain, bool warm, struct pm_mono now);
void wish_obey_loaded(struct brain *brain, struct pm_mono now);
void wish_keep_soon(struct brain *brain, struct pm_mono now);
void wish_keep(struct brain *brain, struct pm_mono now); /* if it is not kept */
void wish_forget(struct brain *brain);

/* loss.c: on_sheriff_loss. loss.heard is what was kept, until it begins. */
void loss_begin(struct brain *brain, bool warm, struct pm_mono now);
void loss_heard(struct brain *brain, struct pm_mono now); /* a message of the session */
void loss_count(struct brain *brain);                     /* specs have changed */
void loss_turn(struct brain *brain, struct pm_mono now);
struct pm_mono loss_next(const struct brain *brain);      /* ms 0: never */

/* link.c */
void link_turn(struct brain *brain, struct pm_mono now);
void link_on_welcome(struct brain *brain, const struct pm_welcome *welcome, struct pm_mono now);
void link_on_refused(struct brain *brain, const struct pm_refused *refused, struct pm_mono now);
void link_on_beat(struct brain *brain, const struct pm_beat *beat, struct pm_mono now);
void link_bye(struct brain *brain);
void link_touch(struct brain *brain, struct proc *proc); /* its row belongs into the next status */
struct pm_mono link_next(const struct brain *brain);

#endif
