/* Following.
 *
 * Who starts a process wants it to run, so what it needs is ordered up with it; that is found by
 * the names in its spec, because in a transaction the graph is still the one before. Who stops or
 * restarts a process does so to what was declared to go with it. Each is an order like any other:
 * stored, numbered, in the journal with its cause. A walk comes to each process once, so a circle
 * ends it.
 */
#include "sheriffd/follow.h"

#include "sheriffd/gates.h"

#include <procman/process.h>
#include <procman/spec.h>

#include <stdlib.h>

struct walk {
    struct sheriff *s;
    const char *by;
    struct wish **todo;
    size_t n, cap;
};

static struct walk begin(struct sheriff *s, const char *by)
{
    s->desired.walks++;
    return (struct walk){ .s = s, .by = by };
}

static bool is_new(const struct walk *walk, struct wish *wish)
{
    if (wish->walked == walk->s->desired.walks)
        return false;
    wish->walked = walk->s->desired.walks;
    return true;
}

static void push(struct walk *walk, struct wish *wish)
{
    if (walk->n == walk->cap) {
        walk->cap = walk->cap > 0 ? 2 * walk->cap : 16;
        walk->todo = pm_resize(walk->todo, walk->cap, sizeof(struct wish *));
    }
    walk->todo[walk->n++] = wish;
}

static void order(struct walk *walk, struct wish *wish, enum pm_verb verb,
                  const struct wish *cause)
{
    struct sheriff *s = walk->s;
    bool up = verb != PM_VERB_STOP;

    desired_hold(&s->desired, wish, !up);
    desired_order(&s->desired, wish, up, walk->by);
    if (s->n_followed == s->followed_cap) {
        s->followed_cap = s->followed_cap > 0 ? 2 * s->followed_cap : 16;
        s->followed = pm_resize(s->followed, s->followed_cap, sizeof *s->followed);
    }
    s->followed[s->n_followed++] = (struct followed){ wish->spec.id, cause->spec.id, verb };
    push(walk, wish);
}

/* Has this transaction given it an order already? */
static bool is_ordered(const struct desired *d, const struct wish *wish)
{
    return wish->touch > 0 && d->touched[wish->touch - 1].old_order != wish->order;
}

/* ---- what it needs ------------------------------------------------------------------- */

static bool has_obeyed(const struct wish *wish)
{
    return wish->seen != NULL && wish->seen->row.order >= wish->order;
}

static bool needs_start(const struct wish *wish, enum pm_dependency_when when, bool stubborn)
{
    enum pm_state state = wish->seen != NULL ? wish->seen->row.state : PM_STATE_NOWHERE;

    if (when == PM_DEPENDENCY_WHEN_EXITED && state == PM_STATE_EXITED && has_obeyed(wish))
        return false;
    if (!wish->up)
        return stubborn || !wish->held;
    return has_obeyed(wish) && !pm_state_alive(state) && state != PM_STATE_BACKOFF;
}

static void start_needs(struct walk *walk, const struct wish *wish, bool stubborn)
{
    struct desired *d = &walk->s->desired;

    for (size_t i = 0; i < wish->spec.depends_on.n; i++) {
        const struct pm_dependency *on = &wish->spec.depends_on.at[i];
        struct wish *need = desired_find(d, desired_host(d, on->host), on->group, on->process);

        if (need == NULL || need->removing || !is_new(walk, need))
            continue;
        if (needs_start(need, on->when, stubborn))
            order(walk, need, PM_VERB_START, wish);
        else if (need->up && !has_obeyed(need)) /* it may wait for what nobody has started */
            push(walk, need);
    }
}

/* stubborn: also what an operator wants down */
static void start_with(struct sheriff *s, struct wish *wish, bool stubborn, const char *by)
{
    struct walk walk = begin(s, by);

    if (has_obeyed(wish) || !wish->up || wish->spec.depends_on.n == 0)
        return;
    wish->walked = s->desired.walks;
    push(&walk, wish);
    while (walk.n > 0)
        start_needs(&walk, walk.todo[--walk.n], stubborn);
    free(walk.todo);
}

void follow_applied(struct sheriff *s, const char *by)
{
    const struct desired *d = &s->desired;
    size_t n = d->n_touched;

    for (size_t i = 0; i < n; i++)
        if (is_ordered(d, d->touched[i].wish) || d->touched[i].added)
            start_with(s, d->touched[i].wish, false, by);
}

/* ---- what goes with it --------------------------------------------------------------- */

static void order_users(struct walk *walk, const struct wish *wish, enum pm_verb verb)
{
    for (size_t i = 0; wish->node != NULL && i < wish->node->n_users; i++) {
        const struct edge *edge = wish->node->users[i];
        struct wish *user = edge->from->wish;
        bool with = verb == PM_VERB_STOP ? edge->stop_with : edge->restart_with;

        if (!with || user == NULL || user->removing || !user->up || !is_new(walk, user))
            continue;
        if (is_ordered(&walk->s->desired, user))
            push(walk, user);
        else
            order(walk, user, verb, wish);
    }
}

static void order_with(struct sheriff *s, struct wish *wish, enum pm_verb verb, const char *by)
{
    struct walk walk = begin(s, by);

    if (wish->node == NULL)
        return;
    wish->walked = s->desired.walks;
    push(&walk, wish);
    while (walk.n > 0)
        order_users(&walk, walk.todo[--walk.n], verb);
    free(walk.todo);
}

/* ---- orders -------------------------------------------------------------------------- */

void follow_order(struct sheriff *s, struct wish *wish, enum pm_verb verb, bool alone,
                  const char *by)
{
    bool up = verb == PM_VERB_START || verb == PM_VERB_RESTART;

    if (up && alone) {
        if (wish->node != NULL)
            wish->node->gate.unbound = wish->order;
        gates_touch(s, wish); /* it may have waited, and need no new order */
        return;
    }
    if (verb == PM_VERB_STOP || verb == PM_VERB_RESTART)
        order_with(s, wish, verb, by);
    if (up)
        start_with(s, wish, true, by);
}

/* ---- when it is stored --------------------------------------------------------------- */

static void record(struct sheriff *s, const struct followed *followed)
{
    const struct wish *wish = desired_by_id(&s->desired, followed->id);
    const struct wish *cause = desired_by_id(&s->desired, followed->cause);
    char label[PM_LABEL_SIZE];

    if (wish == NULL || cause == NULL)
        return;
    pm_spec_label(cause->spec.group, cause->spec.name, cause->spec.host, label, sizeof label);
    journal_add(&s->journal, s->now.wall,
                (struct journal_about){ wish->spec.host, wish->spec.group, wish->spec.name },
                "ordered", wish->by, followed->verb == PM_VERB_START ?
                "%s ordered: %s depends on it" : "%s ordered with %s, on which it depends",
                pm_word(&pm_verb_words, (int)followed->verb), label);
}

void follow_stored(struct sheriff *s, enum pm_err err)
{
    for (size_t i = 0; err == PM_OK && i < s->n_followed; i++)
        record(s, &s->followed[i]);
    s->n_followed = 0;
}

void follow_fini(struct sheriff *s)
{
    free(s->followed);
}
