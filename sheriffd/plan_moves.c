/* Moves.
 *
 * A file that gives a process another host means the same process: it is not to run twice. So
 * what the file has defined before under that group and name, and does not define any more, goes;
 * and when a new one of that name comes elsewhere, it is the old one, moved: it is up when that
 * was up, down when an operator stopped that, and it waits for its end. The same holds for one of
 * many hosts, and for the highest numbers of instances that have become fewer.
 *
 * Processes that the file does not name at all are no business of this; see prune.
 */
#include "sheriffd/plan_moves.h"

#include <procman/spec.h>

#include <stdlib.h>
#include <string.h>

/* "FILE:LINE" of that very file? */
static bool defined_in(const char *origin, const char *file)
{
    const char *colon = strrchr(origin, ':');
    size_t n = strlen(file);

    return colon != NULL && (size_t)(colon - origin) == n && strncmp(origin, file, n) == 0;
}

bool plan_is_of(const struct wish *wish, const char *source)
{
    if (source == NULL)
        return false;
    if (wish->spec.source[0] != '\0')
        return strcmp(wish->spec.source, source) == 0;
    return defined_in(wish->spec.origin, source);
}

/* What the instances of one process have in common. */
struct base { const char *group, *name; size_t n; };

static struct base base_of(const struct pm_spec *spec)
{
    const char *colon = spec->instances > 1 ? strrchr(spec->name, ':') : NULL;

    return (struct base){ spec->group, spec->name,
                          colon != NULL ? (size_t)(colon - spec->name) : strlen(spec->name) };
}

static int by_base(const void *a, const void *b)
{
    const struct base *one = a, *other = b;
    int order = strcmp(one->group, other->group);

    if (order == 0)
        order = strncmp(one->name, other->name, one->n < other->n ? one->n : other->n);
    return order != 0 ? order : (one->n > other->n) - (one->n < other->n);
}

/* An order of its own: by group and name alone. */
static int by_name(const void *a, const void *b)
{
    const struct pm_spec *one = a, *other = ((const struct plan_item *)b)->spec;
    int order = strcmp(one->group, other->group);

    return order != 0 ? order : strcmp(one->name, other->name);
}

static int by_label(const void *a, const void *b)
{
    const struct pm_spec *one = a;
    const struct plan_item *item = b;
    int order = by_name(one, item);

    return order != 0 ? order : strcmp(one->host, item->host);
}

/* A new process of that name, which is not another one moved already. */
static struct plan_item *newcomer(struct plan *plan, size_t given, const struct pm_spec *spec)
{
    struct plan_item *item = bsearch(spec, plan->items, given, sizeof *item, by_name);
    struct plan_item *end = plan->items + given;

    while (item != NULL && item > plan->items && by_name(spec, item - 1) == 0)
        item--;
    for (; item != NULL && item < end && by_name(spec, item) == 0; item++)
        if (item->action == PM_ACTION_ADD)
            return item;
    return NULL;
}

void plan_move(struct plan *plan, struct plan_item *item, struct wish *from,
               const struct plan_request *request)
{
    bool restarts;
    struct pm_spec spec = pm_spec_normal(item->spec);

    item->action = PM_ACTION_MOVE;
    item->moved = from;
    item->waits = request->lives == NULL || request->lives(from);
    item->up = from->up;
    item->held = from->held;
    item->n_fields = pm_spec_diff(&from->spec, &spec, item->fields, PLAN_FIELDS, &restarts);
    plan_add(plan, &(struct plan_item){ .action = PM_ACTION_REMOVE, .wish = from,
                                        .host = from->spec.host, .moves = true });
}

void plan_find_moves(const struct desired *d, const struct plan_request *request,
                     struct plan *plan)
{
    size_t given = plan->n;
    struct base *bases = pm_alloc((given + 1) * sizeof *bases);
    bool all = request->prune && request->prune_file == NULL;

    for (size_t i = 0; i < given; i++)
        bases[i] = base_of(plan->items[i].spec);
    if (given > 1)
        qsort(bases, given, sizeof *bases, by_base);
    for (size_t i = 0; given > 0 && i < d->n; i++) {
        struct wish *wish = d->wishes[i];
        struct base base = base_of(&wish->spec);

        if (wish->removing || (!all && !plan_is_of(wish, request->source)) ||
            bsearch(&wish->spec, plan->items, given, sizeof *plan->items, by_label) != NULL ||
            bsearch(&base, bases, given, sizeof base, by_base) == NULL)
            continue;
        struct plan_item *item = newcomer(plan, given, &wish->spec);

        if (item != NULL)
            plan_move(plan, item, wish, request);
        else
            plan_add(plan, &(struct plan_item){ .action = PM_ACTION_REMOVE, .wish = wish,
                                                .host = wish->spec.host });
    }
    free(bases);
}
