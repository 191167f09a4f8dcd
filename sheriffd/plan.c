/* Given specs against the ones there are.
 *
 * The plan touches only what differs, so applying a file twice does nothing the second time.
 * What is new comes up when it has autostart and the file's meaning is to merge; what an
 * operator stopped stays down whatever the file says. Who is being removed counts as gone.
 */
#include "sheriffd/plan.h"

#include "sheriffd/gate.h"
#include "sheriffd/graph_plan.h"
#include "sheriffd/load.h"
#include "sheriffd/plan_moves.h"
#include "sheriffd/timer.h"

#include <procman/spec.h>
#include <procman/suggest.h>

#include <stdlib.h>
#include <string.h>

void plan_fini(struct plan *plan)
{
    free(plan->items);
    *plan = (struct plan){ 0 };
}

void plan_add(struct plan *plan, const struct plan_item *item)
{
    if (plan->n == plan->cap) {
        plan->cap = plan->cap > 0 ? 2 * plan->cap : 64;
        plan->items = pm_resize(plan->items, plan->cap, sizeof(struct plan_item));
    }
    plan->items[plan->n++] = *item;
}

/* ---- one spec --------------------------------------------------------------------- */

static const char *label_of(const struct pm_spec *spec, const char *host, char *text)
{
    return pm_spec_label(spec->group, spec->name, host, text, PM_LABEL_SIZE);
}

static char *not_there(const struct desired *d, const struct pm_spec *spec, const char *host)
{
    char label[PM_LABEL_SIZE], known[PM_LABEL_SIZE];
    char best[PM_LABEL_SIZE] = "";
    struct pm_suggest suggest = { .wrong = label_of(spec, host, label) };

    for (size_t i = 0; i < d->n; i++) {
        const char *before = suggest.best;

        label_of(&d->wishes[i]->spec, d->wishes[i]->spec.host, known);
        pm_suggest_try(&suggest, known);
        if (suggest.best != before) {
            memcpy(best, known, sizeof best);
            suggest.best = best;
        }
    }
    if (suggest.best != NULL)
        return pm_printf("there is no process %s; did you mean %s?", label, suggest.best);
    return pm_printf("there is no process %s", label);
}

/* An edit may give a process another name or host; then its number says which one is meant. */
static struct wish *moved_from(const struct desired *d, const struct plan_request *request,
                               const struct pm_spec *spec, const struct wish *same)
{
    if (request->mode != PM_APPLY_MODE_EDIT || spec->id == 0)
        return NULL;
    struct wish *wish = desired_by_id(d, spec->id);

    return wish != NULL && !wish->removing && wish != same ? wish : NULL;
}

static void compare(struct plan_item *item, const struct plan_request *request)
{
    bool needs_restart = false;
    struct pm_spec spec = pm_spec_normal(item->spec);

    spec.host = item->host;
    item->n_fields = pm_spec_diff(&item->wish->spec, &spec, item->fields, PLAN_FIELDS,
                                  &needs_restart);
    if (item->n_fields == 0)
        item->action = PM_ACTION_NONE;
    else if (needs_restart && item->wish->up && request->restarts(item->wish))
        item->action = PM_ACTION_RESTART;
    else
        item->action = PM_ACTION_LIVE;
}

/* Whom it waits for on our own machine is kept under that machine's name, as its own host is: so
 * nothing differs between a file that knows the name and one that does not. */
static void name_own_machine(const struct desired *d, const struct pm_spec *spec)
{
    for (size_t i = 0; i < spec->depends_on.n; i++)
        spec->depends_on.at[i].host = desired_host(d, spec->depends_on.at[i].host);
}

static enum pm_err plan_spec(const struct desired *d, const struct plan_request *request,
                             const struct pm_spec *spec, struct plan *plan, char **why)
{
    struct plan_item item = { .spec = spec, .host = desired_host(d, spec->host) };
    const char *fault = pm_spec_fault(spec);
    char label[PM_LABEL_SIZE];

    name_own_machine(d, spec);
    label_of(spec, item.host, label);
    if (fault != NULL) {
        *why = pm_printf("%s: %s", label, fault);
        return PM_BAD_CONFIG;
    }
    item.wish = desired_find(d, item.host, spec->group, spec->name);
    if (item.wish != NULL && item.wish->removing)
        item.wish = NULL;
    struct wish *moved = moved_from(d, request, spec, item.wish);

    if (item.wish != NULL && (request->mode == PM_APPLY_MODE_ADD || moved != NULL)) {
        *why = pm_printf("%s exists already", label);
        return PM_EXISTS;
    }
    if (item.wish == NULL && moved == NULL && request->mode == PM_APPLY_MODE_EDIT) {
        *why = not_there(d, spec, item.host);
        return PM_NOT_FOUND;
    }
    if (item.wish != NULL) {
        compare(&item, request);
    } else {
        item.action = PM_ACTION_ADD;
        if (moved != NULL)
            plan_move(plan, &item, moved, request);
    }
    plan_add(plan, &item);
    return PM_OK;
}

/* ---- the whole -------------------------------------------------------------------- */

static const struct pm_spec *named_by(const struct plan_item *item)
{
    return item->spec != NULL ? item->spec : &item->wish->spec;
}

static int by_label(const void *a, const void *b)
{
    const struct plan_item *left = a, *right = b;
    const struct pm_spec *one = named_by(left), *other = named_by(right);
    int order = strcmp(one->group, other->group);

    if (order == 0)
        order = strcmp(one->name, other->name);
    return order != 0 ? order : strcmp(left->host, right->host);
}

static void sort(struct plan *plan)
{
    if (plan->n > 1)
        qsort(plan->items, plan->n, sizeof(struct plan_item), by_label);
}

static enum pm_err refuse_twins(const struct plan *plan, char **why)
{
    for (size_t i = 1; i < plan->n; i++) {
        const struct plan_item *item = &plan->items[i];
        char label[PM_LABEL_SIZE];

        if (by_label(item - 1, item) != 0)
            continue;
        *why = pm_printf("%s is given twice", label_of(named_by(item), item->host, label));
        return PM_BAD_CONFIG;
    }
    return PM_OK;
}

/* What was planned so far is sorted by label, so it can be searched. */
static void plan_prune(const struct desired *d, const struct plan_request *request,
                       struct plan *plan)
{
    size_t given = plan->n;

    for (size_t i = 0; i < d->n; i++) {
        struct wish *wish = d->wishes[i];
        struct plan_item gone = { .action = PM_ACTION_REMOVE, .wish = wish,
                                  .host = wish->spec.host };

        if (wish->removing)
            continue;
        if (request->prune_file != NULL && !plan_is_of(wish, request->prune_file))
            continue;
        struct plan_item key = { .spec = &wish->spec, .host = wish->spec.host };

        if (given == 0 || bsearch(&key, plan->items, given, sizeof key, by_label) == NULL)
            plan_add(plan, &gone);
    }
}

static enum pm_err within_limits(const struct desired *d, const struct plan *plan, char **why)
{
    struct loads loads;
    enum pm_err err;

    loads_init(&loads, d, plan->n);
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_item *item = &plan->items[i];

        if (item->action == PM_ACTION_ADD || item->action == PM_ACTION_MOVE)
            loads_add(&loads, item->host, item->spec);
        else if (item->action == PM_ACTION_REMOVE)
            loads_remove(&loads, item->wish);
        else if (item->action != PM_ACTION_NONE)
            loads_change(&loads, item->wish, item->spec);
    }
    err = loads_check(&loads, why);
    loads_fini(&loads);
    return err;
}

enum pm_err plan_make(const struct desired *d, const struct plan_request *request,
                      struct plan *out, char **why)
{
    struct plan plan = { .source = request->mode == PM_APPLY_MODE_MERGE ? request->source : NULL };
    enum pm_err err = PM_OK;

    for (size_t i = 0; i < request->n && err == PM_OK; i++)
        err = plan_spec(d, request, &request->specs[i], &plan, why);
    sort(&plan);
    if (err == PM_OK)
        err = refuse_twins(&plan, why);
    if (err == PM_OK && request->mode == PM_APPLY_MODE_MERGE) {
        plan_find_moves(d, request, &plan);
        sort(&plan);
    }
    if (err == PM_OK && request->prune) {
        plan_prune(d, request, &plan);
        sort(&plan);
    }
    if (err == PM_OK)
        err = graph_plan_check(d, &plan, why);
    if (err == PM_OK) {
        graph_plan_spread(request, &plan);
        sort(&plan);
        err = within_limits(d, &plan, why);
    }
    if (err != PM_OK) {
        plan_fini(&plan);
        return err;
    }
    *out = plan;
    return PM_OK;
}

/* ---- doing it ------------------------------------------------------------------------ */

static bool wants_up(const struct plan_item *item, enum pm_apply_mode mode, bool held)
{
    return mode == PM_APPLY_MODE_MERGE && !held && item->spec->autostart &&
           !timer_wanted(item->spec); /* what is started by time is not started by a file */
}

/* Its end elsewhere is waited for; when that waits itself for one, which has not come, for that. */
static const char *left_behind(const struct desired *d, const struct plan_item *item)
{
    const struct wish *moved = item->moved;
    const char *from = gate_awaits_left(d, moved) ? moved->spec.moved_from
                       : item->waits              ? moved->spec.host : "";

    return strcmp(from, item->host) != 0 ? from : "";
}

static void move(const struct plan_item *item, struct desired *d, enum pm_apply_mode mode,
                 const struct pm_spec *spec, const char *by)
{
    const struct wish *here = desired_find(d, item->host, spec->group, spec->name);
    struct pm_spec there = *spec;

    there.moved_from = left_behind(d, item);
    if (there.moved_from[0] != '\0') /* a new wish has an order already: to be down */
        there.moved_order = d->last_order + 1 + (here == NULL);
    struct wish *wish = desired_add(d, &there);

    desired_hold(d, wish, item->held);
    if (item->up || wants_up(item, mode, item->held))
        desired_order(d, wish, true, by);
}

/* It is where it was, so what it waits for stays, too. */
static void change(const struct plan_item *item, struct desired *d, const struct pm_spec *spec)
{
    struct pm_spec here = *spec;

    here.moved_from = item->wish->spec.moved_from;
    here.moved_order = item->wish->spec.moved_order;
    desired_change(d, item->wish, &here);
}

static bool apply_item(const struct plan_item *item, struct desired *d, const struct plan *plan,
                       enum pm_apply_mode mode, const char *by)
{
    struct wish *wish = item->wish;
    struct pm_spec spec = item->spec != NULL ? *item->spec : wish->spec;

    spec.moved_from = ""; /* that is our word alone, see move() and change() */
    spec.moved_order = 0;
    if (plan->source != NULL && item->spec != NULL && (wish == NULL || item->spec != &wish->spec))
        spec.source = plan->source;
    switch (item->action) {
    case PM_ACTION_ADD:
        wish = desired_add(d, &spec);
        desired_hold(d, wish, mode == PM_APPLY_MODE_ADD);
        if (wants_up(item, mode, false))
            desired_order(d, wish, true, by);
        return true;
    case PM_ACTION_MOVE:
        move(item, d, mode, &spec, by);
        return true;
    case PM_ACTION_REMOVE:
        desired_remove(d, wish, by);
        return true;
    case PM_ACTION_RESTART:
        change(item, d, &spec);
        desired_order(d, wish, true, by);
        return true;
    case PM_ACTION_LIVE:
        change(item, d, &spec);
        if (!wish->up && wants_up(item, mode, wish->held))
            desired_order(d, wish, true, by);
        return true;
    default:
        if (strcmp(spec.source, wish->spec.source) != 0) /* another file has taken it over */
            change(item, d, &spec);
        return false;
    }
}

bool plan_apply(const struct plan *plan, struct desired *d, enum pm_apply_mode mode,
                const char *by)
{
    bool changed = false;

    for (size_t i = 0; i < plan->n; i++)
        changed |= apply_item(&plan->items[i], d, plan, mode, by);
    return changed;
}
