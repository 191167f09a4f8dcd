/* graph: what depends on what, over all hosts, with the state of each.
 *
 * Drawn as trees: at the left what nothing depends on, below each what it depends on. A process
 * that several need is drawn once; where it comes again, one line says so. So a drawing has as
 * many lines as there are dependencies, and a circle does not keep it from ending.
 */
#include "ctl.h"
#include "table.h"
#include "verbs.h"

#include <procman/select.h>
#include <procman/spec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One process. */
struct vertex {
    const struct pm_spec *spec;
    const struct pm_proc *proc;
    struct vertex **needs;      /* one for each of its dependencies; NULL: it is not defined */
    bool needed, picked, drawn;
};

struct graph {
    struct vertex *at;          /* sorted as the sheriff sends them: by group, name and host */
    size_t n;
    const char *own;            /* the sheriff's machine */
    struct pm_arena arena;
};

/* ---- from what the sheriff says ---- */

static const char *host_of(const struct graph *graph, const char *host)
{
    static const char *const own[] = { "", "localhost", "127.0.0.1", "::1" };

    for (size_t i = 0; i < PM_COUNT(own); ++i)
        if (strcmp(host, own[i]) == 0)
            return graph->own;
    return host;
}

static int by_name(const void *key, const void *element)
{
    return pm_spec_order(key, ((const struct vertex *)element)->spec);
}

static struct vertex *find(const struct graph *graph, const struct pm_dependency *on)
{
    struct pm_spec key = { .group = on->group, .name = on->process,
                           .host = host_of(graph, on->host) };

    return bsearch(&key, graph->at, graph->n, sizeof(*graph->at), by_name);
}

static void join(struct graph *graph)
{
    for (size_t i = 0; i < graph->n; ++i) {
        struct vertex *vertex = &graph->at[i];
        const struct pm_dependency_list *on = &vertex->spec->depends_on;

        vertex->needs = pm_arena_get(&graph->arena, on->n * sizeof(*vertex->needs));
        pm_assert(vertex->needs != NULL || on->n == 0);
        for (size_t k = 0; k < on->n; ++k) {
            vertex->needs[k] = find(graph, &on->at[k]);
            if (vertex->needs[k] && vertex->needs[k] != vertex)
                vertex->needs[k]->needed = true;
        }
    }
}

/* Without words: all that depends on something, and what that needs. */
static enum pm_err pick_roots(struct ctl *ctl, struct graph *graph, const struct pm_proc_list *all)
{
    struct pm_proc_list picked = { 0 };
    enum pm_err err;

    for (size_t i = 0; i < graph->n && ctl->words.n == 0; ++i)
        graph->at[i].picked = !graph->at[i].needed && graph->at[i].spec->depends_on.n > 0;
    if (ctl->words.n == 0)
        return PM_OK;
    err = pick(ctl, all, &picked);
    for (size_t i = 0, k = 0; i < graph->n && k < picked.n; ++i) /* both in the same order */
        if (graph->at[i].proc->id == picked.at[k].id) {
            graph->at[i].picked = true;
            ++k;
        }
    free(picked.at);
    return err;
}

/* A circle has no root: its first is drawn as one. */
static bool is_rest(const struct ctl *ctl, const struct vertex *vertex)
{
    return ctl->words.n == 0 && !vertex->drawn && vertex->spec->depends_on.n > 0;
}

/* ---- as trees ---- */

/* What is drawn before a name, level by level. */
struct twigs { const char *tee, *corner, *bar, *blank; };

static const struct twigs twigs_utf8 = { "├─ ", "└─ ", "│  ", "   " };
static const struct twigs twigs_ascii = { "|- ", "`- ", "|  ", "   " };

/* Does what reads us take more than ASCII? A locale says so in its name: locale(7). */
static const struct twigs *twigs_here(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

    for (size_t i = 0; i < PM_COUNT(names); ++i) {
        const char *value = getenv(names[i]);

        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8") ? &twigs_utf8
                                                                          : &twigs_ascii;
    }
    return &twigs_ascii;
}

static const struct column columns[] = {
    { .title = "PROCESS" }, { .title = "STATE" }, { .title = "NEEDED" },
    { .title = "REASON", .cut = true },
};

struct drawing { struct graph *graph; struct table table; const struct twigs *twigs; };

static const char *label_of(const struct vertex *vertex, char *text)
{
    const struct pm_spec *spec = vertex->spec;

    return pm_spec_label(spec->group, spec->name, spec->host, text, PM_LABEL_SIZE);
}

const char *needed_text(const struct pm_dependency *on, char *text)
{
    snprintf(text, NEEDED_SIZE, "%s%s%s%s%s", pm_word(&pm_dependency_when_words, (int)on->when),
             on->on_failure == PM_DEPENDENCY_FAILURE_IGNORE ? ", may fail" : "",
             on->restart_with || on->stop_with ? "; goes with its " : "",
             on->stop_with ? "stop" : "",
             on->restart_with ? on->stop_with ? " and restart" : "restart" : "");
    return text;
}

static bool tells_more(const struct pm_proc *proc)
{
    return proc->state != PM_STATE_RUNNING && proc->state != PM_STATE_EXITED
           && proc->state != PM_STATE_STOPPED;
}

static void add_line(struct drawing *drawing, const char *twigs, const struct vertex *vertex,
                     const struct pm_dependency *on, bool again)
{
    char label[PM_LABEL_SIZE], needed[NEEDED_SIZE] = "";
    const struct pm_proc *proc = vertex->proc;

    table_addf(&drawing->table, "%s%s%s", twigs, label_of(vertex, label),
               again ? " (above)" : "");
    table_add(&drawing->table, shade_of_state(proc->state), pm_state_word(proc->state));
    table_add(&drawing->table, SHADE_NONE, on ? needed_text(on, needed) : "");
    table_add(&drawing->table, SHADE_NONE, !again && tells_more(proc) ? proc->reason : "");
}

static void add_missing(struct drawing *drawing, const char *twigs,
                        const struct pm_dependency *on)
{
    char label[PM_LABEL_SIZE], needed[NEEDED_SIZE];

    table_addf(&drawing->table, "%s%s", twigs,
               pm_spec_label(on->group, on->process, host_of(drawing->graph, on->host), label,
                             sizeof(label)));
    table_add(&drawing->table, SHADE_BAD, "-");
    table_add(&drawing->table, SHADE_NONE, needed_text(on, needed));
    table_add(&drawing->table, SHADE_BAD, "it is not defined");
}

/* One way from a root to where is drawn now. A chain may be as long as a fleet has processes. */
struct level { struct vertex *vertex; size_t next; size_t twigs; };

struct path { struct level *at; size_t n, cap; char *twigs; size_t room; };

static void descend(struct path *path, struct vertex *vertex, size_t twigs)
{
    if (path->n == path->cap) {
        path->cap = path->cap ? 2 * path->cap : 16;
        path->at = pm_resize(path->at, path->cap, sizeof(*path->at));
    }
    path->at[path->n++] = (struct level){ .vertex = vertex, .twigs = twigs };
    vertex->drawn = true;
}

/* `more` behind the first `n` bytes of what is drawn before a name; returns how many there are. */
static size_t extend(struct path *path, size_t n, const char *more)
{
    size_t length = strlen(more);

    if (n + length >= path->room) {
        path->room = 2 * path->room + length + 1;
        path->twigs = pm_resize(path->twigs, path->room, 1);
    }
    memcpy(path->twigs + n, more, length + 1);
    return n + length;
}

static void draw_need(struct drawing *drawing, struct path *path, size_t at)
{
    struct level *level = &path->at[path->n - 1];
    const struct pm_dependency *on = &level->vertex->spec->depends_on.at[at];
    struct vertex *need = level->vertex->needs[at];
    bool last = at + 1 == level->vertex->spec->depends_on.n;
    size_t before = level->twigs;

    extend(path, before, last ? drawing->twigs->corner : drawing->twigs->tee);
    if (!need) {
        add_missing(drawing, path->twigs, on);
        return;
    }
    add_line(drawing, path->twigs, need, on, need->drawn && need->spec->depends_on.n > 0);
    if (!need->drawn)
        descend(path, need,
                extend(path, before, last ? drawing->twigs->blank : drawing->twigs->bar));
}

static void draw_tree(struct drawing *drawing, struct vertex *root)
{
    struct path path = { 0 };

    add_line(drawing, "", root, NULL, root->drawn && root->spec->depends_on.n > 0);
    if (!root->drawn)
        descend(&path, root, extend(&path, 0, ""));
    while (path.n > 0) {
        struct level *level = &path.at[path.n - 1];

        if (level->next == level->vertex->spec->depends_on.n)
            --path.n;
        else
            draw_need(drawing, &path, level->next++);
    }
    free(path.at);
    free(path.twigs);
}

static void print_trees(const struct ctl *ctl, struct graph *graph)
{
    struct drawing drawing = { .graph = graph, .twigs = twigs_here() };

    table_init(&drawing.table, columns, PM_COUNT(columns));
    for (size_t i = 0; i < graph->n; ++i)
        if (graph->at[i].picked)
            draw_tree(&drawing, &graph->at[i]);
    for (size_t i = 0; i < graph->n; ++i)
        if (is_rest(ctl, &graph->at[i]))
            draw_tree(&drawing, &graph->at[i]);
    if (drawing.table.n_cells > 0)
        table_print(&drawing.table, ctl->set.plain);
    else
        complain("no process depends on another: see depends_on in procman.yaml(5)");
    table_fini(&drawing.table);
}

/* ---- what the trees would hold ---- */

/* Marks what is reached from the picked ones. */
static void reach(const struct ctl *ctl, struct graph *graph)
{
    struct vertex **todo = pm_resize(NULL, graph->n + 1, sizeof(*todo));
    size_t n = 0;

    for (size_t i = 0; i < graph->n; ++i)
        if (graph->at[i].picked || is_rest(ctl, &graph->at[i])) {
            graph->at[i].drawn = true;
            todo[n++] = &graph->at[i];
        }
    while (n > 0) {
        const struct vertex *vertex = todo[--n];

        for (size_t i = 0; i < vertex->spec->depends_on.n; ++i) {
            struct vertex *need = vertex->needs[i];

            if (need && !need->drawn) {
                need->drawn = true;
                todo[n++] = need;
            }
        }
    }
    free(todo);
}

/* ---- as DOT, for graphviz ---- */

/* A quoted string of the DOT language: only '"' and '\' mean something in it. */
static void print_quoted(const char *text)
{
    out_text("\"");
    for (; *text; ++text) {
        if (*text == '"' || *text == '\\')
            out_bytes("\\", 1);
        out_bytes(text, 1);
    }
    out_text("\"");
}

static void print_vertex(const struct vertex *vertex)
{
    static const char *const colours[] = {
        [SHADE_NONE] = "gray50", [SHADE_GOOD] = "forestgreen", [SHADE_CHANGING] = "darkorange",
        [SHADE_BAD] = "red", [SHADE_FAINT] = "gray80",
    };
    char label[PM_LABEL_SIZE];

    out_text("  ");
    print_quoted(label_of(vertex, label));
    out_line(" [color=%s, xlabel=\"%s\"];", colours[shade_of_state(vertex->proc->state)],
             pm_state_word(vertex->proc->state));
}

static void print_edges(const struct graph *graph, const struct vertex *vertex)
{
    char label[PM_LABEL_SIZE];

    for (size_t i = 0; i < vertex->spec->depends_on.n; ++i) {
        const struct pm_dependency *on = &vertex->spec->depends_on.at[i];

        out_text("  ");
        print_quoted(label_of(vertex, label));
        out_text(" -> ");
        print_quoted(pm_spec_label(on->group, on->process, host_of(graph, on->host), label,
                                   sizeof(label)));
        out_line(" [label=\"%s\"%s];", pm_word(&pm_dependency_when_words, (int)on->when),
                 on->on_failure == PM_DEPENDENCY_FAILURE_IGNORE ? ", style=dashed" : "");
    }
}

static void print_dot(const struct graph *graph)
{
    out_text("digraph procman {\n  rankdir=LR;\n  node [shape=box];\n");
    for (size_t i = 0; i < graph->n; ++i)
        if (graph->at[i].drawn)
            print_vertex(&graph->at[i]);
    for (size_t i = 0; i < graph->n; ++i)
        if (graph->at[i].drawn)
            print_edges(graph, &graph->at[i]);
    out_text("}\n");
}

/* ---- as JSON ---- */

static enum pm_err print_json(struct graph *graph)
{
    struct pm_bound *bound = pm_resize(NULL, graph->n + 1, sizeof(*bound));
    size_t n = 0;
    enum pm_err err;

    for (size_t i = 0; i < graph->n; ++i) {
        const struct vertex *vertex = &graph->at[i];

        if (!vertex->drawn)
            continue;
        for (size_t k = 0; k < vertex->spec->depends_on.n; ++k)
            vertex->spec->depends_on.at[k].host =
                host_of(graph, vertex->spec->depends_on.at[k].host);
        bound[n++] = (struct pm_bound){
            .name = vertex->spec->name, .group = vertex->spec->group, .host = vertex->spec->host,
            .state = vertex->proc->state, .reason = vertex->proc->reason,
            .depends_on = vertex->spec->depends_on,
        };
    }
    err = out_json("graph", &pm_bound_desc, bound, n);
    free(bound);
    return err;
}

/* ---- the verb ---- */

static enum pm_err print(struct ctl *ctl, struct graph *graph)
{
    if (!ctl->set.json && !ctl->set.dot) {
        print_trees(ctl, graph);
        return PM_OK;
    }
    reach(ctl, graph);
    if (ctl->set.json)
        return print_json(graph);
    print_dot(graph);
    return PM_OK;
}

static enum pm_err draw(struct ctl *ctl, const struct pm_exported *exported, const char *own)
{
    struct graph graph = { .own = own, .n = exported->specs.n };
    enum pm_err err = exported->procs.n == graph.n ? PM_OK : ctl_fail(ctl, PM_BAD_MESSAGE);

    if (err != PM_OK)
        return err;
    pm_arena_init(&graph.arena, SIZE_MAX);
    graph.at = pm_resize(NULL, graph.n + 1, sizeof(*graph.at));
    for (size_t i = 0; i < graph.n; ++i)
        graph.at[i] = (struct vertex){ .spec = &exported->specs.at[i],
                                       .proc = &exported->procs.at[i] };
    join(&graph);
    err = pick_roots(ctl, &graph, &exported->procs);
    if (err == PM_OK || err == PM_NOT_FOUND) {
        enum pm_err printed = print(ctl, &graph);

        err = err == PM_OK ? printed : err;
    }
    free(graph.at);
    pm_arena_fini(&graph.arena);
    return err;
}

enum pm_err verb_graph(struct ctl *ctl)
{
    struct pm_export request = { 0 };
    struct pm_frame snapshot = { 0 }, exported = { 0 };
    enum pm_err err = ctl_snapshot(ctl, &snapshot);

    if (err != PM_OK)
        return err;
    err = ctl_call(ctl, PM_MSG_EXPORT, &request, PM_MSG_EXPORTED, &exported);
    if (err == PM_OK)
        err = draw(ctl, exported.msg, ((const struct pm_snapshot *)snapshot.msg)->host);
    pm_frame_fini(&snapshot);
    pm_frame_fini(&exported);
    return err;
}
