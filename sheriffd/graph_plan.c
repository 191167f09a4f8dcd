/* Plans and the graph.
 *
 * The graph is what is committed; a plan is laid over it: what a process depends on is in the plan
 * where it is touched by it, and in its wish otherwise. Only what a plan touches is looked at, and
 * what that depends on.
 */
#include "sheriffd/graph_plan.h"

#include <procman/spec.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the wish as it would be ---------------------------------------------------------- */

struct overlay { const struct desired *d; const struct plan *plan; };

struct name { const char *host, *group, *name; };

static int compare(const void *key, const void *element)
{
    const struct name *wanted = key;
    const struct plan_item *item = element;
    const struct pm_spec *spec = item->spec != NULL ? item->spec : &item->wish->spec;
    int order = strcmp(wanted->group, spec->group);

    if (order == 0)
        order = strcmp(wanted->name, spec->name);
    return order != 0 ? order : strcmp(wanted->host, item->host);
}

static const struct plan_item *item_of(const struct plan *plan, const struct name *name)
{
    return plan->n == 0 ? NULL : bsearch(name, plan->items, plan->n, sizeof *plan->items,
                                         compare);
}

/* NULL: there would be none. */
static const struct pm_spec *spec_of(const struct overlay *over, const struct name *name)
{
    const struct plan_item *item = item_of(over->plan, name);
    const struct wish *wish;

    if (item != NULL)
        return item->action == PM_ACTION_REMOVE ? NULL : item->spec;
    wish = desired_find(over->d, name->host, name->group, name->name);
    return wish != NULL && !wish->removing ? &wish->spec : NULL;
}

static struct name name_of(const struct desired *d, const struct pm_dependency *on)
{
    return (struct name){ desired_host(d, on->host), on->group, on->process };
}

static const char *label_of(const struct name *name, char *text)
{
    return pm_spec_label(name->group, name->name, name->host, text, PM_LABEL_SIZE);
}

static bool same(const struct name *one, const struct name *other)
{
    return strcmp(one->name, other->name) == 0 && strcmp(one->group, other->group) == 0 &&
           strcmp(one->host, other->host) == 0;
}

/* ---- what is missing ------------------------------------------------------------------ */

static enum pm_err refuse_unknown(const struct overlay *over, const struct plan_item *item,
                                  char **why)
{
    struct name self = { item->host, item->spec->group, item->spec->name };

    for (size_t i = 0; i < item->spec->depends_on.n; i++) {
        struct name on = name_of(over->d, &item->spec->depends_on.at[i]);
        char label[PM_LABEL_SIZE], other[PM_LABEL_SIZE];

        if (spec_of(over, &on) != NULL)
            continue;
        *why = pm_printf("%s depends on %s, which is not defined; define it too, or take it out "
                         "of depends_on", label_of(&self, label), label_of(&on, other));
        return PM_BAD_CONFIG;
    }
    return PM_OK;
}

static char *say_needed(const struct wish *wish, const struct node *user)
{
    char label[PM_LABEL_SIZE], other[PM_LABEL_SIZE];

    return pm_printf("%s cannot be removed: %s depends on it; remove that too, or take %s out of "
                     "its depends_on", pm_spec_label(wish->spec.group, wish->spec.name,
                                                     wish->spec.host, label, sizeof label),
                     graph_label(user, other), wish->spec.name);
}

static enum pm_err refuse_needed(const struct overlay *over, const struct wish *wish, char **why)
{
    struct name self = { wish->spec.host, wish->spec.group, wish->spec.name };

    for (size_t i = 0; wish->node != NULL && i < wish->node->n_users; i++) {
        const struct node *user = wish->node->users[i]->from;
        struct name name = { user->host, user->group, user->name };
        const struct pm_spec *spec = spec_of(over, &name);

        for (size_t k = 0; spec != NULL && k < spec->depends_on.n; k++) {
            struct name on = name_of(over->d, &spec->depends_on.at[k]);

            if (!same(&on, &self))
                continue;
            *why = say_needed(wish, user);
            return PM_BAD_CONFIG;
        }
    }
    return PM_OK;
}

enum pm_err graph_can_remove(struct desired *d, struct wish **wishes, size_t n, char **why)
{
    uint64_t walk = ++d->walks;

    for (size_t i = 0; i < n; i++)
        wishes[i]->walked = walk;
    for (size_t i = 0; i < n; i++) {
        const struct node *node = wishes[i]->node;

        for (size_t k = 0; node != NULL && k < node->n_users; k++) {
            const struct wish *user = node->users[k]->from->wish;

            if (user == NULL || user->removing || user->walked == walk ||
                node->users[k]->left != NULL)
                continue;
            *why = say_needed(wishes[i], node->users[k]->from);
            return PM_BUSY;
        }
    }
    return PM_OK;
}

/* ---- circles -------------------------------------------------------------------------- */

/* One process on a way through what depends on what. */
struct step {
    struct name name;
    const struct pm_spec *spec;
    size_t next;                /* of its dependencies, to be followed */
    bool open;                  /* on the way under foot; otherwise nothing behind it is a circle */
    struct step *before;
};

static bool same_step(const void *item, const void *key)
{
    return same(&((const struct step *)item)->name, key);
}

static uint64_t hash_of(const struct name *name)
{
    return table_hash_text(table_hash_text(table_hash_text(0, name->host), name->group),
                           name->name);
}

/* "a depends on b, b depends on c, c depends on a", from the step that was met again. */
static char *say_circle(const struct step *met, const struct step *last)
{
    char label[PM_LABEL_SIZE], other[PM_LABEL_SIZE];
    char *text = NULL;
    const struct name *to = &met->name;

    for (const struct step *step = last;; step = step->before) {
        char *longer = pm_printf("%s depends on %s%s%s", label_of(&step->name, label),
                                 label_of(to, other), text != NULL ? ", " : "",
                                 text != NULL ? text : "");

        free(text);
        text = longer;
        to = &step->name;
        if (step == met)
            break;
    }
    char *why = pm_printf("%s: they would wait for each other for ever; take one out of "
                          "depends_on", text);

    free(text);
    return why;
}

static struct step *enter(struct table *seen, const struct name *name,
                          const struct pm_spec *spec, struct step *before)
{
    struct step *step = pm_alloc(sizeof *step);

    *step = (struct step){ .name = *name, .spec = spec, .open = true, .before = before };
    table_put(seen, hash_of(name), step);
    return step;
}

static enum pm_err walk(const struct overlay *over, struct table *seen, struct step *at,
                        char **why)
{
    while (at != NULL) {
        if (at->next == at->spec->depends_on.n) {
            at->open = false;
            at = at->before;
            continue;
        }
        struct name on = name_of(over->d, &at->spec->depends_on.at[at->next++]);
        const struct pm_spec *spec = spec_of(over, &on);
        const struct step *met = table_find(seen, hash_of(&on), same_step, &on);

        if (met != NULL && met->open) {
            *why = say_circle(met, at);
            return PM_BAD_CONFIG;
        }
        if (met == NULL && spec != NULL && spec->depends_on.n > 0)
            at = enter(seen, &on, spec, at);
    }
    return PM_OK;
}

static enum pm_err refuse_circles(const struct overlay *over, char **why)
{
    struct table seen = { 0 };
    struct step *step;
    enum pm_err err = PM_OK;

    for (size_t i = 0; i < over->plan->n && err == PM_OK; i++) {
        const struct plan_item *item = &over->plan->items[i];

        if (item->spec == NULL || item->spec->depends_on.n == 0)
            continue;
        struct name name = { item->host, item->spec->group, item->spec->name };

        if (table_find(&seen, hash_of(&name), same_step, &name) == NULL)
            err = walk(over, &seen, enter(&seen, &name, item->spec, NULL), why);
    }
    for (size_t at = 0; (step = table_next(&seen, &at)) != NULL;)
        free(step);
    table_fini(&seen);
    return err;
}

enum pm_err graph_plan_check(const struct desired *d, const struct plan *plan, char **why)
{
    struct overlay over = { d, plan };
    enum pm_err err = PM_OK;

    for (size_t i = 0; i < plan->n && err == PM_OK; i++) {
        const struct plan_item *item = &plan->items[i];

        if (item->action == PM_ACTION_REMOVE)
            err = refuse_needed(&over, item->wish, why);
        else
            err = refuse_unknown(&over, item, why);
    }
    return err == PM_OK ? refuse_circles(&over, why) : err;
}

/* ---- what is restarted too ------------------------------------------------------------ */

struct spread {
    const struct plan_request *request;
    struct plan *plan;
    size_t sorted;              /* so many of the plan's items can be searched */
    struct table added;         /* wishes whose items are behind those */
    struct wish **todo;
    size_t n, cap;
};

static void push(struct spread *spread, struct wish *wish)
{
    if (spread->n == spread->cap) {
        spread->cap = spread->cap > 0 ? 2 * spread->cap : 16;
        spread->todo = pm_resize(spread->todo, spread->cap, sizeof(struct wish *));
    }
    spread->todo[spread->n++] = wish;
}

static bool same_pointer(const void *item, const void *key)
{
    return item == key;
}

/* In the plan, or a new item in it; NULL: it is there for something else. */
static struct plan_item *item_to_restart(struct spread *spread, struct wish *wish)
{
    struct name name = { wish->spec.host, wish->spec.group, wish->spec.name };
    struct plan sorted = { .items = spread->plan->items, .n = spread->sorted };
    const struct plan_item *found = item_of(&sorted, &name);
    uint64_t hash = table_hash_number(wish->spec.id);

    if (found != NULL)
        return found->action == PM_ACTION_NONE || found->action == PM_ACTION_LIVE
                   ? &spread->plan->items[found - sorted.items] : NULL;
    if (table_find(&spread->added, hash, same_pointer, wish) != NULL)
        return NULL;
    table_put(&spread->added, hash, wish);
    plan_add(spread->plan, &(struct plan_item){ .wish = wish, .spec = &wish->spec,
                                                .host = wish->spec.host });
    return &spread->plan->items[spread->plan->n - 1];
}

static void spread_to(struct spread *spread, struct wish *wish)
{
    struct plan_item *item = NULL;

    if (!wish->removing && wish->up && spread->request->restarts(wish))
        item = item_to_restart(spread, wish);
    if (item == NULL)
        return;
    item->action = PM_ACTION_RESTART;
    if (item->n_fields < PLAN_FIELDS)
        item->fields[item->n_fields++] = "depends_on.restart_with";
    push(spread, wish);
}

void graph_plan_spread(const struct plan_request *request, struct plan *plan)
{
    struct spread spread = { .request = request, .plan = plan, .sorted = plan->n };

    for (size_t i = 0; i < plan->n; i++)
        if (plan->items[i].action == PM_ACTION_RESTART)
            push(&spread, plan->items[i].wish);
        else if (plan->items[i].action == PM_ACTION_MOVE)
            push(&spread, plan->items[i].moved);
    while (spread.n > 0) {
        const struct node *node = spread.todo[--spread.n]->node;

        for (size_t i = 0; node != NULL && i < node->n_users; i++)
            if (node->users[i]->restart_with && node->users[i]->from->wish != NULL)
                spread_to(&spread, node->users[i]->from->wish);
    }
    table_fini(&spread.added);
    free(spread.todo);
}
