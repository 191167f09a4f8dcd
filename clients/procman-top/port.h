/* What the app wishes of the world: the sheriff, the terminal, files. Tests play it. */
#ifndef TOP_PORT_H
#define TOP_PORT_H

#include "complete.h"

#include <procman/schema.h>

enum since { SINCE_TAIL, SINCE_1M, SINCE_5M, SINCE_15M, SINCE_1H, SINCE_1D, SINCE_ALL,
             SINCE_COUNT };

/* Every function returns at once. */
struct app_port {
    /* verb of these processes; `select` are n selectors. */
    void (*order)(void *self, enum pm_verb verb, int64_t signal, const char **select, size_t n);
    /* Show the output of these processes, from then on; n 0: of none. */
    void (*follow)(void *self, const uint64_t *ids, size_t n, enum since since);
    void (*earlier)(void *self);                      /* what came before the first line shown */
    void (*details)(void *self, const struct pm_proc *proc); /* its spec and its past lives */
    void (*events)(void *self);                       /* the latest */
    void (*specs)(void *self);                        /* of all, and when they change again */
    void (*scripts)(void *self);                      /* which there are */
    void (*run)(void *self, const char *script);
    void (*abort)(void *self);                        /* the run in hand */
    /* What becomes a draft, and then what the draft is waiting for. */
    void (*apply_file)(void *self, const char *path);
    void (*write)(void *self, const struct pm_proc **procs, size_t n); /* n 0: a new one */
    void (*move)(void *self, const struct pm_proc **procs, size_t n, const char *host);
    void (*write_again)(void *self);
    void (*go_on)(void *self);
    void (*drop)(void *self);
    int (*editor)(void *self, const char *path);      /* now; its exit status, -1: none ran */
    void (*paths)(void *self, struct complete *into); /* files that begin so */
    void (*save)(void *self, const char *path);       /* the lines that are shown */
    void (*page)(void *self);                         /* them, in $PAGER */
    void (*mouse)(void *self, bool on);
    void (*redraw)(void *self);
};

#endif
