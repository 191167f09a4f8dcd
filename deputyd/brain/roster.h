/* The processes of this deputy, found by name, by the sheriff's number and by the keeper's slot. */
#ifndef BRAIN_ROSTER_H
#define BRAIN_ROSTER_H

#include "brain/deadlines.h"
#include "brain/specs.h"

#include <procman/limits.h>
#include <procman/process.h>

struct output_file;
struct notice;
struct vigil;

#define NO_SLOT UINT64_MAX

struct proc {
    char *group, *name;
    uint64_t id;                  /* the sheriff's number; 0 = never told */
    uint64_t slot;                /* from its first life on; NO_SLOT before */
    int64_t pid;                  /* of the present life; 0 = none */
    uint64_t start_ticks;         /* with pid the identity of the life */
    struct pm_process life;
    uint64_t life_hash;           /* spec its present or last life was started with */
    uint64_t token;               /* of its present or last life; see past.c. 0 = it has none */
    uint64_t cpu_ms, peak_bytes;  /* what that life has used, when it is over */
    bool killed;                  /* it was sent SIGKILL by us */
    bool adopted;                 /* another keeper's child */
    struct vigil *vigil;          /* looks whether it is well; NULL: nobody does */
    struct notice *early;         /* said before the keeper has told of its birth; or NULL */
    struct specs *specs;          /* holds the list `spec` is in */
    const struct pm_spec *spec;   /* never NULL */
    struct output_file *output;   /* the mover's; the roster only carries it */
    bool plain;                   /* nobody knows its spec yet: `spec` has only defaults */
    bool order_unknown;           /* its next wish says what it has obeyed already */
    const char *why;              /* our own word for a failure under way; NULL outside life.c */
    bool over;                    /* its end came before it could be judged: before the keeper
                                     said begin, or before its spec was known */
    struct pm_ending how;         /* that end */
    char *trouble;                /* why its output cannot be written; NULL: it can */
    uint64_t touched;             /* number of the status its last change belongs to */
    struct deadline deadline;
};

struct roster {
    struct proc **at;             /* sorted by group and name */
    size_t n, cap;
    struct proc **by_id;          /* sorted by id, one for each; rebuilt when stale */
    size_t n_by_id;
    bool stale;
    struct proc **slots;          /* by slot number */
    bool *foreign;                /* slots in use by what we do not understand */
    size_t n_slots, free_from;    /* no slot below free_from is free */
};

void roster_init(struct roster *roster);
void roster_fini(struct roster *roster); /* the processes too */

/* A new process that never ran; its name must not be there yet. Holds `specs`. */
struct proc *roster_add(struct roster *roster, struct specs *specs, const struct pm_spec *spec,
                        struct pm_mono now);
void roster_remove(struct roster *roster, struct proc *proc); /* frees it */

/* Let it follow another list. */
void roster_respec(struct roster *roster, struct proc *proc, struct specs *specs,
                   const struct pm_spec *spec);

struct proc *roster_find(const struct roster *roster, const char *group, const char *name);
struct proc *roster_by_id(struct roster *roster, uint64_t id); /* NULL also for 0 */
struct proc *roster_by_slot(const struct roster *roster, uint64_t slot);

/* How many slots the keeper has. Until told: as many as were ever mentioned. */
void roster_resize(struct roster *roster, size_t slots);
bool roster_take_slot(struct roster *roster, struct proc *proc, uint64_t slot) PM_MUST_USE;
bool roster_take_any_slot(struct roster *roster, struct proc *proc) PM_MUST_USE; /* false: full */
uint64_t roster_any_slot(struct roster *roster); /* a free one; NO_SLOT: there is none */
void roster_free_slot(struct roster *roster, struct proc *proc);
bool roster_set_foreign(struct roster *roster, uint64_t slot, bool foreign) PM_MUST_USE;

#endif
