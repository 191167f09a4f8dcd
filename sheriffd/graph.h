/* Who depends on whom, as one graph over all hosts.
 *
 * A node is a process that depends on others or on which others depend; most processes are in no
 * graph and cost nothing here. A node may stand for a process that nobody has defined: who depends
 * on it is found when it comes. */
#ifndef SHERIFFD_GRAPH_H
#define SHERIFFD_GRAPH_H

#include "sheriffd/desired.h"

#include <procman/time.h>

/* `from` depends on `to`. */
struct edge {
    struct node *from, *to;
    size_t place;                /* in to->users */
    enum pm_dependency_when when;
    enum pm_dependency_failure on_failure;
    bool restart_with, stop_with;
    struct post *left;           /* `to` is itself where it was before a move, and must end there;
                                  * NULL: an ordinary dependency */
};

/* What keeps a process from what it was ordered to. */
enum gate_hold {
    GATE_OPEN,                   /* nothing: its deputy is told the wish as it is */
    GATE_WAITS,                  /* to be up: a dependency is not met */
    GATE_FAILED,                 /* to be up: a dependency failed for good */
    GATE_STAYS,                  /* to be down: what depends on it has not ended */
};

/* Between the wish for a process and what its deputy is told; see gate.c. */
struct gate {
    bool known;                  /* up and order are what its deputy was told, or what it said */
    bool up;
    uint64_t order;
    struct pm_mono fell;         /* when it was told down */
    enum gate_hold hold;
    const struct edge *because;  /* of the hold */
    struct pm_mono since;        /* of the hold */
    bool falls;                  /* up to a new order: its life of an old one is to end first */
    uint64_t unbound;            /* this order waits for nothing */
};

struct node {
    char *host, *group, *name;
    struct wish *wish;           /* NULL: nobody has defined it */
    struct edge *needs;          /* what it depends on, as its spec says */
    size_t n_needs;
    struct edge **users;         /* of those that depend on it, in no order */
    size_t n_users, users_cap;
    struct gate gate;
    size_t queued, held;         /* gates.c's: 1 + its place in the queue, among those held */
};

struct graph { struct table by_name; };

void graph_fini(struct graph *graph);

/* Called for every node before that is freed. */
typedef void graph_forget(void *self, struct node *node);

/* The wish is new, or its spec has changed. Returns whether it is in the graph now. */
bool graph_link(struct graph *graph, struct desired *d, struct wish *wish,
                graph_forget *forget, void *self);
/* It is about to be freed. */
void graph_unlink(struct graph *graph, struct wish *wish, graph_forget *forget, void *self);

struct node *graph_find(const struct graph *graph, const char *host, const char *group,
                        const char *name);

/* "group/name@host" into text, PM_LABEL_SIZE. Returns text. */
const char *graph_label(const struct node *node, char *text);

#endif
