/* Names that files have for one another's processes become dependencies.
 *
 * A circle, which other tools break in silence, is broken here aloud, at the edge that closes it.
 * The walk keeps its way in the processes themselves: a chain may be as long as the fleet.
 */
#include "order.h"
#include "text.h"

#include <procman/spec.h>

#include <stdlib.h>
#include <string.h>

struct wait { struct setting at; const char *alias, *terms; struct wait *next; };
struct edge { struct wait *wait; struct process *to; bool dropped; struct edge *next; };

enum visit { UNSEEN, OPEN, DONE }; /* struct process.visit */

void import_depend(struct import *im, struct process *process, const struct setting *at,
                   const char *alias, const char *terms)
{
    struct wait *wait = import_get(im, sizeof(*wait));

    if (wait == NULL)
        return;
    *wait = (struct wait){ .at = *at, .alias = alias, .terms = terms };
    *process->waits_end = wait;
    process->waits_end = &wait->next;
}

static int by_alias(const void *left, const void *right)
{
    const struct process *a = *(struct process *const *)left;
    const struct process *b = *(struct process *const *)right;

    return strcmp(a->alias, b->alias);
}

/* The first of the sorted processes that is called so, or none: `n`. */
static size_t find(struct process *const *sorted, size_t n, const char *alias)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(sorted[middle]->alias, alias) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && strcmp(sorted[low]->alias, alias) == 0 ? low : n;
}

static void add_edge(struct import *im, struct edge ***end, struct wait *wait, struct process *to)
{
    struct edge *edge = import_get(im, sizeof(*edge));

    if (edge == NULL)
        return;
    *edge = (struct edge){ .wait = wait, .to = to };
    **end = edge;
    *end = &edge->next;
}

static void find_edges(struct import *im, struct process *process, struct process *const *sorted)
{
    struct edge **end = &process->edges;

    for (struct wait *wait = process->waits; wait != NULL; wait = wait->next) {
        size_t i = find(sorted, im->processes_n, wait->alias);
        if (i == im->processes_n)
            import_left(im, &wait->at, "%s is not among what is imported; import its file too, or "
                        "see that it runs", wait->alias);
        for (; i < im->processes_n && strcmp(sorted[i]->alias, wait->alias) == 0; i++)
            if (sorted[i] != process)
                add_edge(im, &end, wait, sorted[i]);
    }
}

/* Depth first from one process; what leads back to where the walk is, is dropped. */
static void break_circles(struct import *im, struct process *process)
{
    process->visit = OPEN;
    process->cursor = process->edges;
    process->from = NULL;
    while (process != NULL) {
        struct edge *edge = process->cursor;
        if (edge == NULL) {
            process->visit = DONE;
            process = process->from;
            continue;
        }
        process->cursor = edge->next;
        if (edge->to->visit == OPEN) {
            edge->dropped = true;
            import_left(im, &edge->wait->at, "%s already waits for %s, directly or through others",
                        edge->to->alias, process->alias);
        } else if (edge->to->visit == UNSEEN) {
            edge->to->visit = OPEN;
            edge->to->cursor = edge->to->edges;
            edge->to->from = process;
            process = edge->to;
        }
    }
}

static void write_edge(struct import *im, struct process *process, const struct edge *edge)
{
    const struct pm_spec *other = &edge->to->spec;
    struct text text = { 0 };
    char label[PM_LABEL_SIZE];

    text_str(&text, "{process: ");
    text_quoted(&text, pm_spec_label(other->group, other->name, other->host, label,
                                     sizeof(label)));
    if (*edge->wait->terms != '\0')
        text_print(&text, ", %s", edge->wait->terms);
    import_part(im, process, &edge->wait->at, "depends_on", "%s}", text.at);
    free(text.at);
}

void order_finish(struct import *im)
{
    size_t n = im->processes_n;
    struct process **sorted = pm_resize(NULL, n + 1, sizeof(struct process *));

    for (size_t i = 0; i < n; i++)
        sorted[i] = im->processes[i];
    if (n > 0)
        qsort(sorted, n, sizeof(struct process *), by_alias);
    for (size_t i = 0; i < n; i++)
        find_edges(im, im->processes[i], sorted);
    for (size_t i = 0; i < n; i++)
        if (im->processes[i]->visit == UNSEEN)
            break_circles(im, im->processes[i]);
    for (size_t i = 0; i < n; i++)
        for (struct edge *edge = im->processes[i]->edges; edge != NULL; edge = edge->next)
            if (!edge->dropped)
                write_edge(im, im->processes[i], edge);
    free(sorted);
}
