/* Which processes a dependency means, and that nobody waits for himself.
 *
 * A name alone means the process of that name in one's own group and on one's own host, where
 * there is one, and else the one in the fleet; the name of one with many instances, or on many
 * hosts, means all of them. What is meant must be clear: two that are not the same process on
 * two hosts are an error. In the spec stands the whole identity, so that nobody has to guess
 * again.
 *
 * Then the dependencies are edges of one graph over all hosts. A way back to a process that is
 * still being walked from is a circle; each edge is walked once.
 */
#include "config/loading.h"
#include "config/reference.h"

#include <procman/limits.h>
#include <procman/spec.h>
#include <procman/suggest.h>

#include <stdlib.h>
#include <string.h>

#define CIRCLE_SHOWN 16 /* the last so many of a longer one */

/* A process under one of its names: the whole one, or the one its instances share. */
struct entry { const char *name; size_t item; bool shared; };

/* One item waits for another: as whose words, and where they stand. */
struct edge { size_t to; const struct pm_node *node; const struct pm_dependency *as; };

struct resolving {
    struct pm_loading *load;
    struct entry *entries; size_t entries_n;       /* sorted by name */
    struct edge *edges; size_t edges_n, edges_cap;
    size_t *first;                                 /* of each item, and of what follows the last */
    size_t *found; size_t found_n;                 /* items that a reference may mean */
};

/* ---- names ---- */

static int by_name(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    int order = strcmp(a->name, b->name);

    return order != 0 ? order : (a->item > b->item) - (a->item < b->item);
}

static bool index_names(struct resolving *r)
{
    const struct pm_loading *load = r->load;

    r->entries = pm_alloc((2 * load->items_n + 1) * sizeof(*r->entries));
    for (size_t i = 0; i < load->items_n; i++) {
        const struct pm_spec *spec = &load->items[i].spec;
        const char *colon = spec->instances > 1 ? strrchr(spec->name, ':') : NULL;
        r->entries[r->entries_n++] = (struct entry){ .name = spec->name, .item = i };
        if (colon == NULL)
            continue;
        const char *base = pm_arena_str(load->reading.arena, spec->name,
                                        (size_t)(colon - spec->name));
        if (base == NULL)
            return false;
        r->entries[r->entries_n++] = (struct entry){ .name = base, .item = i,
                                                      .shared = true };
    }
    qsort(r->entries, r->entries_n, sizeof(*r->entries), by_name);
    return true;
}

static size_t first_named(const struct resolving *r, const char *name)
{
    size_t low = 0, high = r->entries_n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(r->entries[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct pm_spec *spec_of(const struct resolving *r, size_t item)
{
    return &r->load->items[item].spec;
}

/* Keep of what was found only what is as its own, when anything is. */
static void prefer(struct resolving *r, bool (*same)(const struct pm_spec *,
                                                     const struct pm_spec *),
                   const struct pm_spec *own)
{
    size_t n = 0;

    for (size_t i = 0; i < r->found_n; i++)
        n += same(spec_of(r, r->found[i]), own);
    if (n == 0)
        return;
    n = 0;
    for (size_t i = 0; i < r->found_n; i++)
        if (same(spec_of(r, r->found[i]), own))
            r->found[n++] = r->found[i];
    r->found_n = n;
}

static bool same_group(const struct pm_spec *a, const struct pm_spec *b)
{
    return strcmp(a->group, b->group) == 0;
}

static bool same_host(const struct pm_spec *a, const struct pm_spec *b)
{
    return strcmp(a->host, b->host) == 0;
}

static void find_named(struct resolving *r, const struct pm_reference *reference,
                       const char *host, bool shared)
{
    r->found_n = 0;
    for (size_t i = first_named(r, reference->name);
         i < r->entries_n && strcmp(r->entries[i].name, reference->name) == 0; i++) {
        const struct pm_spec *spec = spec_of(r, r->entries[i].item);
        if (r->entries[i].shared == shared &&
            (reference->group == NULL || strcmp(spec->group, reference->group) == 0) &&
            (host == NULL || strcmp(spec->host, host) == 0))
            r->found[r->found_n++] = r->entries[i].item;
    }
}

static void find(struct resolving *r, const struct pm_reference *reference,
                 const struct pm_spec *own)
{
    const char *host = reference->host != NULL ? pm_host_meant(r->load, reference->host) : NULL;

    find_named(r, reference, host, false);
    if (r->found_n == 0)
        find_named(r, reference, host, true);
    if (reference->group == NULL)
        prefer(r, same_group, own);
    if (host == NULL)
        prefer(r, same_host, own);
}

/* ---- what is wrong ---- */

static const char *label_of(const struct pm_spec *spec, char *to)
{
    return pm_spec_label(spec->group, spec->name, spec->host, to, PM_LABEL_SIZE);
}

/* The same name elsewhere, or the nearest name. */
static const struct pm_spec *suggest(const struct resolving *r, const char *name)
{
    struct pm_suggest nearest = { .wrong = name };
    size_t at = first_named(r, name);

    if (at < r->entries_n && strcmp(r->entries[at].name, name) == 0)
        return spec_of(r, r->entries[at].item);
    for (size_t i = 0; i < r->entries_n; i++)
        pm_suggest_try(&nearest, r->entries[i].name);
    return nearest.best != NULL ? spec_of(r, r->entries[first_named(r, nearest.best)].item) : NULL;
}

static void report_unknown(struct resolving *r, const struct pm_node *node, const char *text,
                           const char *name, const struct pm_spec *own)
{
    char quoted[PM_QUOTE_SIZE], subject[PM_QUOTE_SIZE], label[PM_LABEL_SIZE] = "";
    const struct pm_spec *meant = pm_report_full(r->load->reading.report) ? NULL
                                                                          : suggest(r, name);

    if (meant != NULL)
        label_of(meant, label);
    pm_report_add(r->load->reading.report, node->place, "depends_on of process '%s': there is no "
                  "process '%s'%s%s%s", pm_quote(own->name, subject), pm_quote(text, quoted),
                  meant != NULL ? " (did you mean '" : "", label, meant != NULL ? "'?)" : "");
}

/* Is it one process, on one host or many, in one instance or many? */
static bool is_clear(struct resolving *r, const struct pm_node *node, const struct pm_spec *own)
{
    const struct pm_spec *first = spec_of(r, r->found[0]);
    char subject[PM_QUOTE_SIZE], one[PM_LABEL_SIZE], other[PM_LABEL_SIZE];

    for (size_t i = 1; i < r->found_n; i++) {
        const struct pm_spec *spec = spec_of(r, r->found[i]);
        if (same_group(first, spec))
            continue;
        pm_report_add(r->load->reading.report, node->place, "depends_on of process '%s' may mean "
                      "%s or %s; write the group too", pm_quote(own->name, subject),
                      label_of(first, one), label_of(spec, other));
        return false;
    }
    return true;
}

/* ---- one list ---- */

static void add_edge(struct resolving *r, size_t to, const struct pm_node *node,
                     const struct pm_dependency *as)
{
    if (r->edges_n == r->edges_cap) {
        r->edges_cap = r->edges_cap * 2 + 64;
        r->edges = pm_resize(r->edges, r->edges_cap, sizeof(*r->edges));
    }
    r->edges[r->edges_n++] = (struct edge){ to, node, as };
}

/* One item of the list. What a group says holds for those, too, that it names; of them each
 * leaves out itself. */
static void resolve_one(struct resolving *r, const struct pm_item *item,
                        const struct pm_node *node, const struct pm_dependency *as)
{
    struct pm_reference reference;

    if (*as->process == '\0' || pm_reference_fault(as->process) != NULL)
        return; /* is reported already */
    if (!pm_reference_split(r->load->reading.arena, as->process, &reference)) {
        pm_loading_no_memory(r->load, node->place);
        return;
    }
    find(r, &reference, &item->spec);
    if (r->found_n == 0)
        report_unknown(r, node, as->process, reference.name, &item->spec);
    else if (is_clear(r, node, &item->spec))
        for (size_t i = 0; i < r->found_n; i++)
            if (item->own_waits || &r->load->items[r->found[i]] != item)
                add_edge(r, r->found[i], node, as);
}

static void resolve_list(struct resolving *r, struct pm_item *item)
{
    const struct pm_dependency_list written = item->spec.depends_on;
    size_t begin = r->edges_n, nth = 0;

    for (const struct pm_node *node = item->waits->first; nth < written.n; node = node->next)
        resolve_one(r, item, node->kind == PM_NODE_MAP ? pm_node_get(node, "process") : node,
                    &written.at[nth++]);
    size_t n = r->edges_n - begin;
    struct pm_dependency *all = pm_arena_get(r->load->reading.arena, (n + 1) * sizeof(*all));
    if (all == NULL) {
        pm_loading_no_memory(r->load, item->place);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct edge *edge = &r->edges[begin + i];
        const struct pm_spec *spec = spec_of(r, edge->to);
        all[i] = *edge->as;
        all[i].process = spec->name;
        all[i].group = spec->group;
        all[i].host = spec->host;
    }
    item->spec.depends_on = (struct pm_dependency_list){ .at = all, .n = n };
}

/* ---- circles ---- */

enum { UNSEEN, ON_PATH, DONE };

/* "a → b → a" of the path from `begin` on, heap. */
static char *path_text(const struct resolving *r, const size_t *path, size_t n, size_t begin)
{
    char *text = pm_strdup(""), label[PM_LABEL_SIZE];

    for (size_t i = begin; i <= n; i++) {
        size_t item = i < n ? path[i] : path[begin];
        char *longer = pm_printf("%s%s%s", text, i > begin ? " → " : "",
                                 label_of(spec_of(r, item), label));
        free(text);
        text = longer;
    }
    return text;
}

static void report_circle(struct resolving *r, const size_t *path, size_t n,
                          const struct edge *edge)
{
    char subject[PM_QUOTE_SIZE];
    size_t begin = n - 1;

    while (path[begin] != edge->to)
        begin--;
    size_t length = n - begin;
    char *text = path_text(r, path, n, length > CIRCLE_SHOWN ? n - CIRCLE_SHOWN : begin);
    pm_report_add(r->load->reading.report, edge->node->place, "process '%s' waits for itself: %s",
                  pm_quote(spec_of(r, path[n - 1])->name, subject), text);
    free(text);
}

/* Depth first with a path of our own: a chain may be as long as there are processes. */
static void walk(struct resolving *r, size_t start, unsigned char *seen, size_t *path,
                 size_t *next)
{
    size_t n = 0;

    path[n++] = start;
    seen[start] = ON_PATH;
    while (n > 0) {
        size_t item = path[n - 1];
        if (next[item] == r->first[item + 1]) {
            seen[item] = DONE;
            n--;
            continue;
        }
        const struct edge *edge = &r->edges[next[item]++];
        if (seen[edge->to] == ON_PATH)
            report_circle(r, path, n, edge);
        if (seen[edge->to] != UNSEEN)
            continue;
        seen[edge->to] = ON_PATH;
        path[n++] = edge->to;
    }
}

static void find_circles(struct resolving *r)
{
    size_t n = r->load->items_n;
    unsigned char *seen = pm_alloc(n + 1);
    size_t *path = pm_alloc((n + 1) * sizeof(*path)), *next = pm_alloc((n + 1) * sizeof(*next));

    memcpy(next, r->first, n * sizeof(*next));
    for (size_t i = 0; i < n; i++)
        if (seen[i] == UNSEEN)
            walk(r, i, seen, path, next);
    free(seen);
    free(path);
    free(next);
}

void pm_dependencies_resolve(struct pm_loading *load)
{
    struct resolving r = { .load = load };
    bool any = false;

    for (size_t i = 0; i < load->items_n; i++)
        any = any || load->items[i].spec.depends_on.n > 0;
    if (!any)
        return;
    if (!index_names(&r))
        pm_loading_no_memory(load, 0);
    r.found = pm_alloc((r.entries_n + 1) * sizeof(*r.found));
    r.first = pm_alloc((load->items_n + 1) * sizeof(*r.first));
    for (size_t i = 0; i < load->items_n; i++) {
        r.first[i] = r.edges_n;
        if (load->items[i].spec.depends_on.n > 0)
            resolve_list(&r, &load->items[i]);
    }
    r.first[load->items_n] = r.edges_n;
    find_circles(&r);
    free(r.entries);
    free(r.edges);
    free(r.first);
    free(r.found);
}
