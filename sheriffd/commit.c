/* Transactions.
 *
 * The wish is changed in memory first, with the way back kept (desired.c); then the whole change
 * goes to the store. Until the store has answered nothing of it is sent to a deputy, no request
 * is answered, and whoever wants to change more waits in a queue; what has queued up meanwhile
 * becomes the next transaction, so a slow disk makes them larger and not more. When the store
 * says no, the memory goes back and everyone who asked is told why.
 */
#include "sheriffd/commit.h"

#include "sheriffd/adopt.h"
#include "sheriffd/api.h"
#include "sheriffd/applies.h"
#include "sheriffd/ends.h"
#include "sheriffd/follow.h"
#include "sheriffd/gates.h"
#include "sheriffd/orders.h"
#include "sheriffd/runs.h"
#include "sheriffd/timers.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN_MS 1000 /* the store has refused a change of what deputies are told */

struct queued {
    struct queued *next;
    struct sheriff_client client;
    char *user;
    enum pm_msg kind;
    void *msg;
    struct pm_arena arena;
    struct pm_mono at;
};

/* ---- the queue -------------------------------------------------------------------- */

static void free_queued(struct queued *queued)
{
    pm_arena_fini(&queued->arena);
    free(queued->user);
    free(queued->msg);
    free(queued);
}

bool commit_queue(struct sheriff *s, const struct sheriff_client *client, enum pm_msg kind,
                  const void *msg)
{
    const struct pm_desc *desc = pm_msg_desc(kind);
    struct queued *queued;

    if (s->commit.n_queued >= QUEUE_MOST)
        return false;
    queued = pm_alloc(sizeof *queued);
    queued->client = *client;
    queued->user = pm_strdup(client->user);
    queued->client.user = queued->user;
    queued->kind = kind;
    queued->msg = pm_alloc(desc->size);
    queued->at = s->now.mono;
    if (pm_copy(desc, msg, &queued->arena, queued->msg) != PM_OK) {
        free_queued(queued);
        return false;
    }
    *s->commit.last = queued;
    s->commit.last = &queued->next;
    s->commit.n_queued++;
    return true;
}

static struct queued *dequeue(struct sheriff *s)
{
    struct queued *queued = s->commit.first;

    s->commit.first = queued->next;
    if (s->commit.first == NULL)
        s->commit.last = &s->commit.first;
    s->commit.n_queued--;
    return queued;
}

static void run_queued(struct sheriff *s)
{
    while (s->commit.first != NULL) {
        struct queued *queued = dequeue(s);

        api_change(s, &queued->client, queued->kind, queued->msg);
        free_queued(queued);
    }
}

/* ---- the transaction -------------------------------------------------------------- */

bool commit_open(struct sheriff *s)
{
    if (s->commit.in_flight)
        return false;
    if (!s->desired.changing)
        desired_begin(&s->desired);
    return true;
}

void commit_expect(struct sheriff *s, const char *name, bool expected)
{
    struct commit *commit = &s->commit;

    commit->names = pm_resize(commit->names, commit->n_names + 1, sizeof *commit->names);
    commit->names[commit->n_names++] = (struct batch_name){ pm_strdup(name), expected };
}

static void forget_names(struct commit *commit)
{
    for (size_t i = 0; i < commit->n_names; i++)
        free((char *)commit->names[i].name);
    commit->n_names = 0;
}

/* It is on nobody's machine any more, as far as anybody knows. */
static bool nothing_left(const struct wish *wish)
{
    const struct deputy *deputy = wish->post->deputy;

    return wish->seen == NULL || (deputy->link == PM_LINK_GONE && !deputy->left_running);
}

static void take_effect(struct sheriff *s, const struct touch *touch)
{
    struct wish *wish = touch->wish;

    view_touch(&s->view, wish);
    view_touch_post(&s->view, wish->post);
    sheriff_due(s, wish->post);
    if (touch->added)
        fleet_link(&s->fleet, wish);
    if (touch->added || touch->spec)
        gates_link(s, wish);
    if (!wish->removing && (touch->added || touch->spec))
        timers_link(s, wish);
    gates_touch(s, wish);
    if (touch->removed && nothing_left(wish))
        ids_add(&s->ended, wish->spec.id);
}

static void make_real(struct sheriff *s)
{
    for (size_t i = 0; i < s->desired.n_touched; i++)
        take_effect(s, &s->desired.touched[i]);
    for (size_t i = 0; i < s->desired.n_telling; i++)
        sheriff_due(s, s->desired.telling[i]);
    desired_commit(&s->desired);
    for (size_t i = 0; i < s->commit.n_names; i++) {
        struct post *post = desired_post(&s->desired, s->commit.names[i].name);

        post->expected = s->commit.names[i].expected;
        view_touch_post(&s->view, post);
    }
    forget_names(&s->commit);
    gates_run(s); /* before anybody is told how his order stands */
    adopt_stored(s, PM_OK);
    follow_stored(s, PM_OK);
    scripts_stored(&s->scripts, true);
    applies_stored(s, PM_OK, "");
    runs_stored(s, PM_OK, "");
    timers_stored(s, PM_OK);
    orders_stored(s, PM_OK, "");
}

/* What was added leaves without a trace. */
static void let_go(struct sheriff *s, struct wish *wish)
{
    orders_end(s, wish); /* a signal needs no transaction: somebody may wait for one */
    view_remove(&s->view, wish);
    if (wish->seen != NULL)
        wish->seen->wish = NULL;
    wish->seen = NULL;
}

static void go_back(struct sheriff *s, enum pm_err err, const char *text)
{
    for (size_t i = 0; i < s->desired.n_touched; i++) {
        const struct touch *touch = &s->desired.touched[i];

        if (touch->added)
            let_go(s, touch->wish);
        else
            view_touch(&s->view, touch->wish);
        /* While it was to come back after all, its deputy may have said that it is gone. */
        if (touch->old_removing && nothing_left(touch->wish))
            ids_add(&s->ended, touch->wish->spec.id);
    }
    s->commit.tell_at = pm_mono_after(s->now.mono, AGAIN_MS);
    follow_stored(s, err);
    scripts_stored(&s->scripts, false);
    applies_stored(s, err, text);
    runs_stored(s, err, text);
    timers_stored(s, err);
    orders_stored(s, err, text);
    desired_abort(&s->desired);
    adopt_stored(s, err);
    forget_names(&s->commit);
}

static enum pm_err add_touch(struct batch *batch, const struct touch *touch)
{
    const struct wish *wish = touch->wish;
    struct batch_want want = { .id = wish->spec.id, .order = wish->order, .up = wish->up,
                               .held = wish->held, .by = wish->by };

    if (wish->removing) {
        batch_add_gone(batch, wish->spec.id);
        return PM_OK;
    }
    if (touch->want)
        batch_add_want(batch, &want);
    return touch->spec || touch->added ? batch_add_spec(batch, &wish->spec) : PM_OK;
}

static struct batch *new_batch(struct sheriff *s)
{
    struct batch *batch = batch_open(++s->commit.number);

    batch->generation = s->desired.generation;
    batch->last_id = s->desired.last_id;
    batch->last_order = s->desired.last_order;
    return batch;
}

static bool changes_nothing(const struct sheriff *s)
{
    return s->desired.n_touched + s->desired.n_telling == 0 && s->commit.n_names == 0 &&
           !s->scripts.changing && !s->runs.touched && !s->timers.touched;
}

static void send_change(struct sheriff *s)
{
    struct batch *batch;
    enum pm_err err = PM_OK;

    if (changes_nothing(s)) {
        make_real(s);
        return;
    }
    batch = new_batch(s);
    batch->wishes = true;
    for (size_t i = 0; i < s->desired.n_touched && err == PM_OK; i++)
        err = add_touch(batch, &s->desired.touched[i]);
    for (size_t i = 0; i < s->commit.n_names; i++)
        batch_add_deputy(batch, s->commit.names[i].name, s->commit.names[i].expected);
    applies_store(s, batch);
    if (err == PM_OK)
        err = scripts_store(&s->scripts, batch);
    if (err == PM_OK)
        err = runs_store(s, batch);
    if (err == PM_OK)
        err = timers_store(s, batch);
    if (err != PM_OK) {
        batch_close(&batch);
        go_back(s, err, "a specification is too large to be stored");
        return;
    }
    s->commit.in_flight = true;
    s->commit.late = false;
    s->commit.flying = batch->number;
    s->commit.since = s->now.mono;
    s->port->store(s->self, batch);
}

void commit_events(struct sheriff *s)
{
    struct batch *batch;

    if (s->journal.n == 0 && !ends_waits(s))
        return;
    sheriff_publish_events(s); /* what is stored leaves the journal */
    batch = new_batch(s);
    journal_store(&s->journal, batch);
    ends_store(s, batch);
    s->commit.events_in_flight++;
    s->commit.events_at = s->now.mono;
    s->port->store(s->self, batch);
}

void commit_note(struct sheriff *s)
{
    if (s->commit.events_in_flight == 0 &&
        pm_mono_since(s->commit.events_at, s->now.mono) >= EVENTS_MS)
        commit_events(s);
}

void commit_turn(struct sheriff *s)
{
    if (s->commit.in_flight)
        return;
    if (s->raises.n > 0 && commit_open(s))
        adopt_orders(s);
    if (adopt_is_due(s) && commit_open(s))
        adopt_enter(s);
    if (s->commit.first != NULL && commit_open(s))
        run_queued(s);
    if (runs_is_due(s) && commit_open(s))
        runs_enter(s);
    if (timers_is_due(s) && commit_open(s))
        timers_enter(s);
    if (s->desired.changing)
        send_change(s);
    if (s->desired.n_telling > 0 && s->now.mono.ms >= s->commit.tell_at.ms && commit_open(s))
        send_change(s);
}

/* ---- answers ---------------------------------------------------------------------- */

void sheriff_on_stored(struct sheriff *s, uint64_t number, enum pm_err err, const char *text,
                       struct sheriff_now now)
{
    s->now = now;
    if (s->commit.in_flight && number == s->commit.flying) {
        s->commit.in_flight = false;
        if (err == PM_OK) {
            make_real(s);
            return;
        }
        sheriff_log(s, PM_LOG_ERROR, "a change was refused, nothing of it happens: %s", text);
        go_back(s, err, text);
        return;
    }
    if (s->commit.events_in_flight > 0)
        s->commit.events_in_flight--;
    ends_stored(s, number, err);
    if (err != PM_OK && !s->commit.failing)
        sheriff_log(s, PM_LOG_ERROR, "events are lost: %s", text);
    s->commit.failing = err != PM_OK;
}

/* A disk that hangs must not make clients hang. */
void commit_check(struct sheriff *s)
{
    struct commit *flight = &s->commit;

    if (!flight->in_flight || pm_mono_since(flight->since, s->now.mono) < STORE_MS)
        return;
    if (!flight->late)
        sheriff_log(s, PM_LOG_ERROR, "the store has not answered for %d s; changes wait for it",
                    STORE_MS / 1000);
    flight->late = true;
    applies_stored(s, PM_TIMEOUT, "the store does not answer; the change may still happen");
    runs_late(s, "the store does not answer; the change may still happen");
    orders_stored(s, PM_TIMEOUT, "the store does not answer; the change may still happen");
    while (flight->first != NULL &&
           pm_mono_since(flight->first->at, s->now.mono) >= STORE_MS) {
        struct queued *queued = dequeue(s);

        api_reply(s, queued->client.peer, api_request(queued->kind, queued->msg), PM_TIMEOUT,
                  "the store does not answer; nothing was changed");
        free_queued(queued);
    }
}

void commit_fini(struct sheriff *s)
{
    while (s->commit.first != NULL) {
        struct queued *queued = dequeue(s);

        api_reply(s, queued->client.peer, api_request(queued->kind, queued->msg), PM_GONE,
                  SHERIFF_ENDS);
        free_queued(queued);
    }
    commit_events(s);
    adopt_fini(s);
    forget_names(&s->commit);
    free(s->commit.names);
}
