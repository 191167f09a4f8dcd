/* What depends on what, as trees: at the left what nothing depends on, below each what it needs.
 *
 * A process that several need is drawn with its own needs once; where it comes again, it says so.
 * So there are as many lines as dependencies, and a circle, which has no root, is drawn from its
 * first process and ends where it meets itself. The way down is a list, not the stack: a chain
 * may be as long as a fleet has processes. */
#include "draw.h"

#include <procman/spec.h>

#include <stdlib.h>
#include <string.h>

struct graph {
    struct app *app;
    struct pm_spec_list specs;     /* sorted by group, name and host */
    bool *needed, *drawn;          /* of each */
    bool ascii;
};

struct level { size_t spec, next; };

struct way { struct level *at; size_t n, room; };

static int by_name(const void *key, const void *element)
{
    return pm_spec_order(key, element);
}

/* Its place among the specs; n: it is not defined. */
static size_t find(const struct graph *graph, const struct pm_dependency *on)
{
    const char *own = graph->app->sheriff.host ? graph->app->sheriff.host : "";
    struct pm_spec key = { .group = on->group, .name = on->process,
                           .host = *on->host ? on->host : own };
    const struct pm_spec *found = NULL;

    if (graph->specs.n > 0)
        found = bsearch(&key, graph->specs.at, graph->specs.n, sizeof key, by_name);
    return found ? (size_t)(found - graph->specs.at) : graph->specs.n;
}

static void mark_needed(struct graph *graph)
{
    for (size_t i = 0; i < graph->specs.n; i++) {
        const struct pm_dependency_list *on = &graph->specs.at[i].depends_on;
        for (size_t k = 0; k < on->n; k++) {
            size_t need = find(graph, &on->at[k]);
            if (need < graph->specs.n && need != i)
                graph->needed[need] = true;
        }
    }
}

static const struct pm_proc *proc_of(const struct graph *graph, const struct pm_spec *spec)
{
    for (size_t i = 0; i < graph->app->procs.n; i++) {
        const struct pm_proc *proc = &graph->app->procs.at[i];
        if (strcmp(proc->name, spec->name) == 0 && strcmp(proc->group, spec->group) == 0
            && strcmp(proc->host, spec->host) == 0)
            return proc;
    }
    return NULL;
}

static void add_line(const struct graph *graph, const char *twigs, size_t at,
                     const struct pm_dependency *on, bool again)
{
    const struct pm_spec *spec = at < graph->specs.n ? &graph->specs.at[at] : NULL;
    const struct pm_proc *proc = spec ? proc_of(graph, spec) : NULL;
    enum pm_state state = proc ? proc->state : PM_STATE_NOWHERE;
    char label[PM_LABEL_SIZE];

    if (spec != NULL)
        (void)pm_spec_label(spec->group, spec->name, spec->host, label, sizeof label);
    else
        (void)pm_spec_label(on->group, on->process, on->host, label, sizeof label);
    page_add(&graph->app->page, spec ? state_look(state) : LOOK_BAD, " %s%s %s %s%s%s%s", twigs,
             state_symbol(state, graph->ascii), label,
             spec == NULL ? "is not defined" : pm_state_word(state), on ? ", needed " : "",
             on ? pm_word(&pm_dependency_when_words, (int)on->when) : "",
             again ? " (above)" : "");
}

/* What is drawn before a name: a rail for each level that goes on. */
static char *twigs_of(const struct graph *graph, const struct way *way)
{
    const char *rail = graph->ascii ? "|  " : "│  ", *tee = graph->ascii ? "|- " : "├─ ";
    const char *corner = graph->ascii ? "`- " : "└─ ";
    char *text = pm_alloc(way->n * strlen(tee) + strlen(tee) + 1), *end = text;

    for (size_t i = 0; i < way->n; i++) {
        const struct level *level = &way->at[i];
        bool last = level->next == graph->specs.at[level->spec].depends_on.n;
        if (i + 1 == way->n)
            end = stpcpy(end, last ? corner : tee);
        else
            end = stpcpy(end, last ? "   " : rail);
    }
    return text;
}

static void descend(struct graph *graph, struct way *way, size_t spec)
{
    if (way->n == way->room) {
        way->room = way->room * 2 + 16;
        way->at = pm_resize(way->at, way->room, sizeof *way->at);
    }
    way->at[way->n++] = (struct level){ .spec = spec };
    graph->drawn[spec] = true;
}

static void draw_tree(struct graph *graph, size_t root)
{
    struct way way = { 0 };

    add_line(graph, "", root, NULL, false);
    descend(graph, &way, root);
    while (way.n > 0) {
        struct level *level = &way.at[way.n - 1];
        const struct pm_dependency_list *on = &graph->specs.at[level->spec].depends_on;
        if (level->next == on->n) {
            way.n--;
            continue;
        }
        const struct pm_dependency *edge = &on->at[level->next++];
        size_t need = find(graph, edge);
        bool there = need < graph->specs.n;
        bool again = there && graph->drawn[need] && graph->specs.at[need].depends_on.n > 0;
        PM_CLEANUP(pm_free) char *twigs = twigs_of(graph, &way);
        add_line(graph, twigs, need, edge, again);
        if (there && !graph->drawn[need])
            descend(graph, &way, need);
    }
    free(way.at);
}

void page_graph(struct app *app, bool ascii)
{
    struct graph graph = { .app = app, .specs = specs_all(app->specs), .ascii = ascii };

    page_clear(&app->page);
    if (!specs_known(app->specs)) {
        page_add(&app->page, LOOK_FAINT, " not come yet");
        return;
    }
    graph.needed = pm_alloc(graph.specs.n + 1);
    graph.drawn = pm_alloc(graph.specs.n + 1);
    mark_needed(&graph);
    for (size_t i = 0; i < graph.specs.n; i++)
        if (!graph.needed[i] && graph.specs.at[i].depends_on.n > 0)
            draw_tree(&graph, i);
    for (size_t i = 0; i < graph.specs.n; i++)
        if (!graph.drawn[i] && graph.specs.at[i].depends_on.n > 0)
            draw_tree(&graph, i); /* of a circle */
    if (app->page.n == 0)
        page_add(&app->page, LOOK_FAINT, " no process depends on another: see depends_on in "
                 "procman.yaml(5)");
    free(graph.needed);
    free(graph.drawn);
}
