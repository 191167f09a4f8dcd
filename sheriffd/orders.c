/* Orders.
 *
 * An order is judged and entered into the wish in a transaction. When that is stored it is
 * either answered at once or waits, target by target, for what its processes do. Each target
 * hangs on its wish, so a status row finds those who wait for it without a search. Nobody waits
 * longer than the order's deadline.
 */
#include "sheriffd/orders.h"

#include "sheriffd/api.h"
#include "sheriffd/errands.h"
#include "sheriffd/find.h"
#include "sheriffd/follow.h"
#include "sheriffd/gate.h"
#include "sheriffd/graph_plan.h"
#include "sheriffd/verdict.h"

#include <procman/process.h>
#include <procman/spec.h>
#include <procman/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_WAIT_MS 86400000u /* a day; a client that asks for more gets this */
#define OUTCOMES_MOST 2048        /* of ≤ 2 KiB in one message, far from its limit */
#define LOOK_PAUSE_MS 10          /* between two looks at all targets of one order */
#define SIGNAL_MOST 64            /* signal(7): the highest real-time signal */

struct target {
    struct target *next;      /* of the same wish */
    struct order *order;
    struct wish *wish;        /* NULL when settled */
    uint64_t number;          /* of the order, as the deputy will see it */
    bool changed;
};

struct order {
    struct order *next;
    uint64_t peer, request;
    enum pm_verb verb;
    int64_t signal;
    bool wait, stored;
    struct pm_mono at, deadline;
    struct pm_mono look;      /* when time may settle a target; ms 0: it cannot */
    struct pm_mono looked;    /* when all were looked at for that, ms 0: never */
    char *by;
    struct target *targets;
    size_t n, open, failed;
    enum pm_err worst;
    char *text;               /* of the first that failed */
    struct pm_outcome *outcomes; /* not told yet; texts in the arena */
    size_t n_outcomes;
    struct pm_arena arena;
};

/* ---- outcomes --------------------------------------------------------------------- */

static const char *keep(struct order *order, const char *text)
{
    const char *kept = pm_arena_str(&order->arena, text, strlen(text));

    pm_assert(kept != NULL);
    return kept;
}

static void add_outcome(struct sheriff *s, struct target *target, enum pm_err err,
                        const char *text)
{
    struct order *order = target->order;
    const struct wish *wish = target->wish;
    const struct pm_spec *spec = &wish->spec;

    order->outcomes[order->n_outcomes++] = (struct pm_outcome){
        .id = spec->id, .name = keep(order, spec->name), .group = keep(order, spec->group),
        .host = keep(order, spec->host), .error = pm_err_word(err), .state = view_state(wish),
        .pid = wish->seen != NULL ? wish->seen->row.pid : 0, .changed = target->changed,
        .took_ms = (uint64_t)pm_mono_since(order->at, s->now.mono), .text = keep(order, text),
    };
    order->open--;
    if (err == PM_OK)
        return;
    if (order->failed++ == 0)
        order->text = pm_strdup(text);
    if (order->worst == PM_OK || err == PM_TIMEOUT)
        order->worst = err;
    else if (order->worst != err && order->worst != PM_TIMEOUT)
        order->worst = PM_FAILED;
}

static void unhang(struct target *target)
{
    struct target **at = &target->wish->targets;

    while (*at != NULL && *at != target)
        at = &(*at)->next;
    if (*at != NULL)
        *at = target->next;
}

static void settle(struct sheriff *s, struct target *target, enum pm_err err, const char *text)
{
    if (target->order->verb == PM_VERB_SIGNAL)
        errands_forget(s, target);
    add_outcome(s, target, err, text);
    unhang(target);
    target->wish = NULL;
}

/* Time settles one target after the other: looking at a thousand for each would take a thousand
 * times a thousand looks. */
static void look_later(struct sheriff *s, struct order *order, int64_t in_ms)
{
    struct pm_mono look = pm_mono_after(s->now.mono, in_ms);

    if (order->looked.ms != 0 && look.ms < order->looked.ms + LOOK_PAUSE_MS)
        look.ms = order->looked.ms + LOOK_PAUSE_MS;
    if (order->look.ms == 0 || look.ms < order->look.ms)
        order->look = look;
}

void orders_look(struct sheriff *s, struct wish *wish)
{
    struct target *next;

    for (struct target *target = wish->targets; target != NULL; target = next) {
        struct order *order = target->order;
        struct verdict verdict = verdict_judge(wish, order->verb, target->number,
                                               target->changed, s->now.mono);

        next = target->next;
        if (verdict.settled)
            settle(s, target, verdict.err, verdict.text);
        else if (verdict.look_in_ms > 0)
            look_later(s, order, verdict.look_in_ms);
    }
}

void orders_end(struct sheriff *s, struct wish *wish)
{
    while (wish->targets != NULL) {
        struct target *target = wish->targets;

        if (target->order->verb == PM_VERB_REMOVE)
            settle(s, target, PM_OK, "removed");
        else
            settle(s, target, PM_FAILED, "it was removed");
    }
}

void orders_signalled(struct sheriff *s, struct target *target, enum pm_err err, const char *text)
{
    settle(s, target, err, err == PM_OK ? pm_signal_name(target->order->signal) : text);
}

void orders_renumber(struct wish *wish, uint64_t before)
{
    for (struct target *target = wish->targets; target != NULL; target = target->next)
        if (target->number == before)
            target->number = wish->order;
}

/* ---- into the wish ---------------------------------------------------------------- */

bool orders_enter(struct sheriff *s, struct wish *wish, enum pm_verb verb, const char *by)
{
    struct desired *d = &s->desired;
    bool up = verb != PM_VERB_STOP;

    switch (verb) {
    case PM_VERB_START:
    case PM_VERB_RESTART:
    case PM_VERB_STOP:
        desired_hold(d, wish, !up);
        if (verb == PM_VERB_START ? verdict_is_coming(wish) : !up && !wish->up)
            return false;
        desired_order(d, wish, up, by);
        return true;
    case PM_VERB_REMOVE:
        desired_remove(d, wish, by);
        return true;
    default:
        return false;
    }
}

static uint64_t wait_ms(const struct pm_order *ask, struct wish **wishes, size_t n)
{
    uint64_t longest = 0;

    if (ask->timeout_ms > 0)
        return ask->timeout_ms < LONGEST_WAIT_MS ? ask->timeout_ms : LONGEST_WAIT_MS;
    for (size_t i = 0; i < n; i++)
        if (wishes[i]->spec.stop_timeout_ms > longest)
            longest = wishes[i]->spec.stop_timeout_ms;
    return (longest < LONGEST_WAIT_MS ? longest : LONGEST_WAIT_MS) + ORDER_GRACE_MS;
}

static struct order *make(struct sheriff *s, const struct sheriff_client *client,
                          const struct pm_order *ask, struct wish **wishes, size_t n)
{
    struct order *order = pm_alloc(sizeof *order), **last = &s->orders;

    order->peer = client->peer;
    order->request = ask->request;
    order->verb = ask->verb;
    order->signal = ask->signal;
    order->wait = ask->wait;
    order->at = s->now.mono;
    order->deadline = pm_mono_after(s->now.mono, (int64_t)wait_ms(ask, wishes, n));
    order->by = api_by(client, ask->client);
    order->targets = pm_alloc(n * sizeof *order->targets);
    order->outcomes = pm_alloc(n * sizeof *order->outcomes);
    order->n = order->open = n;
    order->arena.limit = SIZE_MAX;
    for (size_t i = 0; i < n; i++)
        order->targets[i] = (struct target){ .order = order, .wish = wishes[i] };
    while (*last != NULL)
        last = &(*last)->next;
    *last = order;
    return order;
}

static const char *fault(const struct pm_order *ask)
{
    if (ask->verb == PM_VERB_NONE)
        return "the order has no verb";
    if (ask->select.n == 0)
        return "the order names no process";
    if (ask->verb == PM_VERB_SIGNAL && (ask->signal < 1 || ask->signal > SIGNAL_MOST))
        return "there is no such signal";
    return NULL;
}

static void begin(struct sheriff *s, struct order *order);

void orders_take(struct sheriff *s, const struct sheriff_client *client,
                 const struct pm_order *ask)
{
    struct wish **wishes = NULL;
    char *why PM_CLEANUP(pm_free) = NULL;
    size_t n = 0;
    enum pm_err err;

    if (fault(ask) != NULL) {
        api_reply(s, client->peer, ask->request, PM_USAGE, "%s", fault(ask));
        return;
    }
    err = find_wishes(s, &ask->select, &wishes, &n, &why);
    if (err == PM_OK && ask->verb == PM_VERB_REMOVE)
        err = graph_can_remove(&s->desired, wishes, n, &why);
    if (err != PM_OK) {
        free(wishes);
        api_reply(s, client->peer, ask->request, err, "%s", why);
        return;
    }
    struct order *order = make(s, client, ask, wishes, n);

    for (size_t i = 0; i < n; i++) {
        order->targets[i].changed = orders_enter(s, wishes[i], order->verb, order->by);
        order->targets[i].number = wishes[i]->order;
    }
    for (size_t i = 0; i < n; i++)
        follow_order(s, wishes[i], order->verb, ask->no_deps, order->by);
    free(wishes);
    if (order->verb == PM_VERB_SIGNAL)
        begin(s, order);
}

/* ---- when it is stored ------------------------------------------------------------ */

static void record(struct sheriff *s, const struct target *target)
{
    const struct pm_spec *spec = &target->wish->spec;
    struct journal_about about = { spec->host, spec->group, spec->name };
    const struct order *order = target->order;

    if (order->verb == PM_VERB_SIGNAL)
        journal_add(&s->journal, s->now.wall, about, "ordered", order->by, "signal %s ordered",
                    pm_signal_name(order->signal));
    else if (target->changed)
        journal_add(&s->journal, s->now.wall, about, "ordered", order->by, "%s ordered",
                    pm_word(&pm_verb_words, (int)order->verb));
}

static void send_signal(struct sheriff *s, struct target *target)
{
    const struct wish *wish = target->wish;
    const struct deputy *deputy = wish->post->deputy;
    char text[PM_LABEL_SIZE];

    if (deputy == NULL || deputy->link != PM_LINK_UP) {
        snprintf(text, sizeof text, "deputy %s is not connected", wish->post->name);
        settle(s, target, PM_LOST, text);
    } else if (wish->seen == NULL || !pm_state_alive(wish->seen->row.state)) {
        settle(s, target, PM_NOT_RUNNING, "it is not running");
    } else {
        target->changed = true;
        record(s, target);
        errands_signal(s, target, wish, target->order->signal);
    }
}

static void begin(struct sheriff *s, struct order *order)
{
    order->stored = true;
    for (size_t i = 0; i < order->n; i++) {
        struct target *target = &order->targets[i];

        if (order->verb != PM_VERB_SIGNAL)
            record(s, target);
        if (!order->wait && order->verb != PM_VERB_SIGNAL) {
            add_outcome(s, target, PM_OK, target->changed ? "ordered" : "nothing to do");
            target->wish = NULL;
            continue;
        }
        target->next = target->wish->targets;
        target->wish->targets = target;
        if (order->verb == PM_VERB_SIGNAL)
            send_signal(s, target);
    }
    for (size_t i = 0; i < order->n; i++)
        if (order->targets[i].wish != NULL)
            orders_look(s, order->targets[i].wish);
}

static void free_order(struct order *order)
{
    for (size_t i = 0; order->stored && i < order->n; i++)
        if (order->targets[i].wish != NULL)
            unhang(&order->targets[i]);
    pm_arena_fini(&order->arena);
    free(order->targets);
    free(order->outcomes);
    free(order->text);
    free(order->by);
    free(order);
}

void orders_stored(struct sheriff *s, enum pm_err err, const char *text)
{
    struct order **at = &s->orders;

    while (*at != NULL) {
        struct order *order = *at;

        if (order->stored || err == PM_OK) {
            if (!order->stored)
                begin(s, order);
            at = &order->next;
            continue;
        }
        *at = order->next;
        api_reply(s, order->peer, order->request, err, "%s", text);
        free_order(order);
    }
}

/* ---- time and answers ------------------------------------------------------------- */

static void run_out(struct sheriff *s, struct order *order)
{
    char text[GATE_TEXT_SIZE + 80], held[GATE_TEXT_SIZE], age[PM_TEXT_SIZE];
    int64_t waited = pm_mono_since(order->at, s->now.mono);

    for (size_t i = 0; i < order->n; i++) {
        struct target *target = &order->targets[i];

        if (target->wish == NULL)
            continue;
        gate_text(target->wish, s->now.mono, held);
        snprintf(text, sizeof text, "still %s after %s%s%s",
                 pm_state_word(view_state(target->wish)), pm_text_age((uint64_t)waited, age),
                 *held != '\0' ? ", " : "", held);
        settle(s, target, PM_TIMEOUT, text);
    }
}

static bool is_due(const struct sheriff *s, struct pm_mono when)
{
    return when.ms > 0 && s->now.mono.ms >= when.ms;
}

static void look_again(struct sheriff *s, struct order *order)
{
    order->look = (struct pm_mono){ 0 };
    order->looked = s->now.mono;
    for (size_t i = 0; i < order->n; i++)
        if (order->targets[i].wish != NULL)
            orders_look(s, order->targets[i].wish);
}

void orders_check(struct sheriff *s)
{
    for (struct order *order = s->orders; order != NULL; order = order->next) {
        if (!order->stored || order->open == 0)
            continue;
        if (is_due(s, order->look))
            look_again(s, order);
        if (is_due(s, order->deadline))
            run_out(s, order);
    }
}

static int64_t left_until(const struct sheriff *s, const struct order *order)
{
    bool looks = order->look.ms > 0 && order->look.ms < order->deadline.ms;

    return pm_mono_since(s->now.mono, looks ? order->look : order->deadline);
}

int64_t orders_next(const struct sheriff *s)
{
    int64_t next = -1;

    for (const struct order *order = s->orders; order != NULL; order = order->next) {
        int64_t left = left_until(s, order);

        if (order->stored && (next < 0 || left < next))
            next = left;
    }
    return next;
}

static void send_outcomes(struct sheriff *s, struct order *order)
{
    for (size_t sent = 0, n; sent < order->n_outcomes; sent += n) {
        n = order->n_outcomes - sent < OUTCOMES_MOST ? order->n_outcomes - sent : OUTCOMES_MOST;
        struct pm_outcomes outcomes = { .request = order->request,
                                        .outcomes = { .at = order->outcomes + sent, .n = n } };

        api_answer(s, order->peer, PM_MSG_OUTCOMES, &outcomes);
    }
    order->n_outcomes = 0;
}

static void conclude(struct sheriff *s, const struct order *order)
{
    if (order->failed == 0)
        api_reply(s, order->peer, order->request, PM_OK, "%s",
                  order->n == 0 ? "nothing to do" : "");
    else if (order->n == 1)
        api_reply(s, order->peer, order->request, order->worst, "%s", order->text);
    else
        api_reply(s, order->peer, order->request, order->worst, "%zu of %zu: %s", order->failed,
                  order->n, order->text);
}

void orders_turn(struct sheriff *s)
{
    struct order **at = &s->orders;

    while (*at != NULL) {
        struct order *order = *at;

        if (order->stored)
            send_outcomes(s, order);
        if (!order->stored || order->open > 0) {
            at = &order->next;
            continue;
        }
        *at = order->next;
        conclude(s, order);
        free_order(order);
    }
}

void orders_fini(struct sheriff *s)
{
    while (s->orders != NULL) {
        struct order *order = s->orders;

        s->orders = order->next;
        api_reply(s, order->peer, order->request, PM_GONE, SHERIFF_ENDS);
        free_order(order);
    }
}
