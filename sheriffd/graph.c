/* The graph.
 *
 * Invariant: an edge is in its `from`'s needs and, as a pointer, in its `to`'s users, at `place`.
 * A node lives while its process is defined and has an edge, or while anybody depends on it.
 * Edges change only when specs do; so a node's needs are made anew as a whole.
 */
#include "sheriffd/graph.h"

#include <procman/spec.h>

#include <stdlib.h>
#include <string.h>

struct name_key { const char *host, *group, *name; };

static uint64_t hash_name(const char *host, const char *group, const char *name)
{
    return table_hash_text(table_hash_text(table_hash_text(0, host), group), name);
}

static bool same_name(const void *item, const void *key)
{
    const struct node *node = item;
    const struct name_key *wanted = key;

    return strcmp(node->name, wanted->name) == 0 && strcmp(node->group, wanted->group) == 0 &&
           strcmp(node->host, wanted->host) == 0;
}

struct node *graph_find(const struct graph *graph, const char *host, const char *group,
                        const char *name)
{
    struct name_key key = { host, group, name };

    return table_find(&graph->by_name, hash_name(host, group, name), same_name, &key);
}

const char *graph_label(const struct node *node, char *text)
{
    return pm_spec_label(node->group, node->name, node->host, text, PM_LABEL_SIZE);
}

static struct node *node_of(struct graph *graph, const struct desired *d, const char *host,
                            const char *group, const char *name)
{
    struct node *node = graph_find(graph, host, group, name);

    if (node != NULL)
        return node;
    node = pm_alloc(sizeof *node);
    node->host = pm_strdup(host);
    node->group = pm_strdup(group);
    node->name = pm_strdup(name);
    node->wish = desired_find(d, host, group, name);
    if (node->wish != NULL)
        node->wish->node = node;
    table_put(&graph->by_name, hash_name(host, group, name), node);
    return node;
}

static void free_node(struct node *node)
{
    free(node->host);
    free(node->group);
    free(node->name);
    free(node->needs);
    free(node->users);
    free(node);
}

static void add_user(struct node *node, struct edge *edge)
{
    if (node->n_users == node->users_cap) {
        node->users_cap = node->users_cap > 0 ? 2 * node->users_cap : 2;
        node->users = pm_resize(node->users, node->users_cap, sizeof(struct edge *));
    }
    edge->place = node->n_users;
    node->users[node->n_users++] = edge;
}

static void drop_user(struct node *node, const struct edge *edge)
{
    struct edge *last = node->users[--node->n_users];

    node->users[edge->place] = last;
    last->place = edge->place;
}

/* It goes when nothing holds it: nobody depends on it, and it is no process that depends. */
static void drop_idle(struct graph *graph, struct node *node, graph_forget *forget, void *self)
{
    if (node->n_users > 0 || (node->wish != NULL && node->n_needs > 0))
        return;
    if (node->wish != NULL)
        node->wish->node = NULL;
    forget(self, node);
    table_drop(&graph->by_name, hash_name(node->host, node->group, node->name), node);
    free_node(node);
}

/* What it needed before. Nobody may remember an edge that is no more. */
static void drop_needs(struct graph *graph, struct node *node, struct edge *needs, size_t n,
                       graph_forget *forget, void *self)
{
    for (size_t i = 0; i < n; i++) {
        struct node *to = needs[i].to;

        if (to->gate.because == &needs[i])
            to->gate.because = NULL;
        if (node->gate.because == &needs[i])
            node->gate.because = NULL;
        drop_user(to, &needs[i]);
        if (to != node)
            drop_idle(graph, to, forget, self);
    }
    free(needs);
    drop_idle(graph, node, forget, self);
}

static bool has_moved(const struct pm_spec *spec)
{
    return spec->moved_from[0] != '\0';
}

static void add_needs(struct graph *graph, struct desired *d, struct node *node,
                      const struct pm_spec *spec)
{
    const struct pm_dependency_list *on = &spec->depends_on;

    node->n_needs = on->n + has_moved(spec);
    node->needs = node->n_needs > 0 ? pm_alloc(node->n_needs * sizeof(struct edge)) : NULL;
    if (has_moved(spec)) {
        struct edge *edge = &node->needs[on->n];

        edge->from = node;
        edge->to = node_of(graph, d, spec->moved_from, spec->group, spec->name);
        edge->left = desired_post(d, spec->moved_from);
        add_user(edge->to, edge);
    }
    for (size_t i = 0; i < on->n; i++) {
        const struct pm_dependency *one = &on->at[i];
        struct edge *edge = &node->needs[i];

        *edge = (struct edge){
            .from = node,
            .to = node_of(graph, d, desired_host(d, one->host), one->group, one->process),
            .when = one->when, .on_failure = one->on_failure, .restart_with = one->restart_with,
            .stop_with = one->stop_with,
        };
        add_user(edge->to, edge);
    }
}

bool graph_link(struct graph *graph, struct desired *d, struct wish *wish,
                graph_forget *forget, void *self)
{
    const struct pm_spec *spec = &wish->spec;
    struct node *node = graph_find(graph, spec->host, spec->group, spec->name);

    if (node == NULL && spec->depends_on.n == 0 && !has_moved(spec))
        return false;
    if (node == NULL)
        node = node_of(graph, d, spec->host, spec->group, spec->name);
    node->wish = wish;
    wish->node = node;
    struct edge *before = node->needs;
    size_t n = node->n_needs;

    add_needs(graph, d, node, spec);
    drop_needs(graph, node, before, n, forget, self);
    return wish->node != NULL;
}

void graph_unlink(struct graph *graph, struct wish *wish, graph_forget *forget, void *self)
{
    struct node *node = wish->node;

    if (node == NULL)
        return;
    struct edge *before = node->needs;
    size_t n = node->n_needs;

    wish->node = NULL;
    node->wish = NULL;
    node->needs = NULL;
    node->n_needs = 0;
    node->gate = (struct gate){ 0 };
    drop_needs(graph, node, before, n, forget, self);
}

void graph_fini(struct graph *graph)
{
    struct node *node;

    for (size_t at = 0; (node = table_next(&graph->by_name, &at)) != NULL;)
        free_node(node);
    table_fini(&graph->by_name);
}
