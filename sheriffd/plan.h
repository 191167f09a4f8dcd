/* What applying specs would do, process by process; and doing exactly that. */
#ifndef SHERIFFD_PLAN_H
#define SHERIFFD_PLAN_H

#include "sheriffd/desired.h"

struct plan_request {
    const struct pm_spec *specs;     /* borrowed while the plan is in use */
    size_t n;
    enum pm_apply_mode mode;
    bool prune;                      /* remove what is not in specs … */
    const char *prune_file;          /* … but only what this file defined; NULL = anything */
    const char *source;              /* the file they come from; NULL = none */
    /* Would a changed spec end or begin a life now? Asked of wishes that are up. */
    bool (*restarts)(const struct wish *wish);
    /* May anything of it live where it is? NULL: yes. */
    bool (*lives)(const struct wish *wish);
};

#define PLAN_FIELDS 24 /* configuration keys of one process that may differ */

struct plan_item {
    enum pm_action action;
    struct wish *wish;               /* NULL: it is new */
    const struct pm_spec *spec;      /* NULL: it is removed */
    const char *host;                /* of it, never an alias */
    struct wish *moved;              /* MOVE: the one it was */
    bool waits;                      /* MOVE: for the end of that */
    bool up, held;                   /* MOVE: as that was, which ends in the same transaction */
    bool moves;                      /* REMOVE: another item says where it goes */
    const char *fields[PLAN_FIELDS]; /* static strings */
    size_t n_fields;
};

struct plan {
    struct plan_item *items;
    size_t n, cap;
    const char *source;              /* of the request */
};

/* Sorted by group, name and host; a process that moves to another host is one move there and one
 * remove here.
 * OK | BAD_CONFIG | EXISTS | NOT_FOUND | LIMIT: nothing is to be done, *why is a sentence,
 * heap. */
enum pm_err plan_make(const struct desired *d, const struct plan_request *request,
                      struct plan *out, char **why) PM_MUST_USE;
void plan_fini(struct plan *plan);
void plan_add(struct plan *plan, const struct plan_item *item); /* copied; sort it afterwards */

/* In a transaction of d, by whom. Returns whether anything changed. */
bool plan_apply(const struct plan *plan, struct desired *d, enum pm_apply_mode mode,
                const char *by);

#endif
