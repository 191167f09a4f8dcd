/* The sheriff: what comes in is handed to the part that knows, what goes out leaves in a turn.
 *
 * A turn has a fixed order. First the wish: what was changed goes to the store, what is stored goes
 * to deputies. Only then what happened goes to the store, or it would be in their way. Then the
 * answers to orders, the journal, and the view. So a client hears of an outcome only after the
 * change behind it is safe.
 */
#include "sheriffd/sheriff.h"

#include "sheriffd/api.h"
#include "sheriffd/applies.h"
#include "sheriffd/commit.h"
#include "sheriffd/ends.h"
#include "sheriffd/errands.h"
#include "sheriffd/follow.h"
#include "sheriffd/gates.h"
#include "sheriffd/orders.h"
#include "sheriffd/runs.h"
#include "sheriffd/sessions.h"
#include "sheriffd/sweeps.h"
#include "sheriffd/timers.h"
#include "sheriffd/upgrades.h"

#include <procman/limits.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* A retiring deputy may take this long on top of the longest stop timeout of its processes. */
#define RETIRE_GRACE_MS 5000

void sheriff_log(struct sheriff *s, enum pm_log_level level, const char *format, ...)
{
    char text[1024];
    va_list values;

    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    s->port->log(s->self, level, text);
}

void ids_add(struct ids *ids, uint64_t id)
{
    if (ids->n == ids->cap) {
        ids->cap = ids->cap > 0 ? 2 * ids->cap : 16;
        ids->at = pm_resize(ids->at, ids->cap, sizeof(uint64_t));
    }
    ids->at[ids->n++] = id;
}

void sheriff_touch_post(struct sheriff *s, struct post *post)
{
    view_touch_post(&s->view, post);
    for (size_t i = 0; i < post->n; i++)
        view_touch(&s->view, post->wishes[i]);
}

void sheriff_due(struct sheriff *s, struct post *post)
{
    if (post->due)
        return;
    post->due = true;
    if (s->n_due == s->due_cap) {
        s->due_cap = s->due_cap > 0 ? 2 * s->due_cap : 16;
        s->due = pm_resize(s->due, s->due_cap, sizeof(struct post *));
    }
    s->due[s->n_due++] = post;
}

void sheriff_publish_events(struct sheriff *s)
{
    const struct pm_event *event;

    while ((event = journal_publish(&s->journal)) != NULL) {
        struct pm_happened happened = { .event = *event };

        s->port->publish(s->self, "event", PM_MSG_HAPPENED, &happened);
    }
}

/* ---- life ------------------------------------------------------------------------- */

static void load(struct sheriff *s, const struct image *image)
{
    struct desired *d = &s->desired;

    d->generation = image->generation > 0 ? image->generation : 1; /* 0 is a deputy's "none" */
    d->committed = d->generation;
    d->last_id = image->last_id;
    d->last_order = image->last_order;
    for (size_t i = 0; i < image->n; i++) {
        const struct batch_want *want = &image->wants[i];
        struct wish *wish = desired_load(d, &image->specs[i]);

        wish->up = want->up;
        wish->held = want->held;
        wish->order = want->order;
        free(wish->by);
        wish->by = pm_strdup(want->by);
    }
    for (size_t i = 0; i < image->deputies.n; i++)
        desired_post(d, image->deputies.at[i])->expected = true;
    for (size_t i = 0; i < image->n_notes; i++)
        if (!scripts_load(&s->scripts, &image->notes[i]) && !runs_load(s, &image->notes[i]) &&
            !timers_load(s, &image->notes[i]))
            sheriff_log(s, PM_LOG_WARNING, "a note of the store, %s, is not understood and left "
                        "as it is", image->notes[i].key);
    for (size_t i = 0; i < d->n_posts; i++)
        d->posts[i]->specs_generation = d->posts[i]->wants_generation = d->generation;
    for (size_t i = 0; i < d->n; i++) {
        gates_link(s, d->wishes[i]);
        timers_link(s, d->wishes[i]);
    }
}

void sheriff_open(const struct sheriff_setup *setup, struct sheriff_now now, struct sheriff **out)
{
    struct sheriff *s = pm_alloc(sizeof *s);

    s->port = setup->port;
    s->self = setup->self;
    s->name = pm_strdup(setup->name);
    s->lone_ranger = setup->lone_ranger;
    s->id = setup->image->sheriff_id;
    s->now = now;
    s->began = s->beat_at = now.mono;
    s->commit.last = &s->commit.first;
    s->ends.last = &s->ends.first;
    desired_init(&s->desired, s->name);
    fleet_init(&s->fleet);
    view_init(&s->view, s->port->random(s->self));
    journal_init(&s->journal, setup->image->last_event);
    load(s, setup->image);
    s->remembers = s->desired.n > 0;
    desired_find_post(&s->desired, s->name)->expected = s->lone_ranger;
    journal_add(&s->journal, now.wall, (struct journal_about){ .host = s->name },
                "sheriff-started", "", "sheriffd %s began with %zu processes", PROCMAN_VERSION,
                s->desired.n);
    *out = s;
}

void sheriff_close(struct sheriff **sheriff)
{
    struct sheriff *s = *sheriff;

    if (s == NULL)
        return;
    /* Whoever still waits is told; what happened last is kept. */
    orders_fini(s);
    runs_fini(s);
    errands_fini(s);
    upgrades_fini(s);
    sweeps_fini(s);
    applies_stored(s, PM_GONE, SHERIFF_ENDS);
    commit_fini(s);
    ends_fini(s);
    view_fini(&s->view);
    journal_fini(&s->journal);
    fleet_fini(&s->fleet);
    gates_fini(s);
    follow_fini(s);
    scripts_fini(&s->scripts);
    timers_fini(s);
    desired_fini(&s->desired);
    free(s->due);
    free(s->raises.at);
    free(s->ended.at);
    free(s->name);
    free(s);
    *sheriff = NULL;
}

/* ---- what comes in ---------------------------------------------------------------- */

static void retired(struct sheriff *s)
{
    if (s->end.finished)
        return;
    s->end.finished = true;
    if (s->end.request != 0)
        api_reply(s, s->end.peer, s->end.request, PM_OK, "%s", "");
    s->port->finish(s->self);
}

void sheriff_on_deputy(struct sheriff *s, uint64_t peer, const char *address, enum pm_msg kind,
                       const void *msg, struct sheriff_now now)
{
    s->now = now;
    sessions_on_message(s, peer, address, kind, msg);
}

void sheriff_on_stats(struct sheriff *s, const char *name, const struct pm_stats *stats)
{
    struct deputy *deputy = fleet_find(&s->fleet, name);

    if (deputy == NULL || deputy->session == 0 || deputy->session != stats->session)
        return;
    deputy->machine = stats->machine;
    view_touch_post(&s->view, deputy->post);
    for (size_t i = 0; i < stats->procs.n; i++) {
        struct wish *wish = fleet_usage(&s->desired, deputy, &stats->procs.at[i]);

        if (wish != NULL)
            view_touch(&s->view, wish);
    }
}

void sheriff_on_client(struct sheriff *s, const struct sheriff_client *client, enum pm_msg kind,
                       const void *msg, struct sheriff_now now)
{
    s->now = now;
    api_on_message(s, client, kind, msg);
}

void sheriff_on_history(struct sheriff *s, const struct history *answer)
{
    errands_on_history(s, answer);
}

void sheriff_on_audience(struct sheriff *s, bool listening, bool fresh)
{
    s->listening = listening;
    if (fresh)
        view_greet(&s->view);
}

void sheriff_on_bad_message(struct sheriff *s)
{
    s->bad_messages++;
}

bool sheriff_can_change(const struct sheriff *s)
{
    return !s->commit.in_flight;
}

enum pm_err sheriff_apply_file(struct sheriff *s, const struct pm_config *config,
                               const char *source, struct sheriff_now now, char **why)
{
    s->now = now;
    if (commit_open(s))
        return applies_file(s, config, source, why);
    *why = pm_strdup("the store is busy with another change; try again");
    return PM_BUSY;
}

static int64_t retire_ms(const struct post *own)
{
    uint64_t longest = 0;

    for (size_t i = 0; i < own->n; i++)
        if (own->wishes[i]->spec.stop_timeout_ms > longest)
            longest = own->wishes[i]->spec.stop_timeout_ms;
    return (int64_t)longest + RETIRE_GRACE_MS;
}

void sheriff_end(struct sheriff *s, struct sheriff_now now)
{
    struct post *own = desired_find_post(&s->desired, s->name);
    struct deputy *deputy = own->deputy;

    s->now = now;
    if (s->end.asked)
        return;
    s->end.asked = true;
    if (!s->lone_ranger || deputy == NULL || deputy->session == 0) {
        retired(s);
        return;
    }
    s->end.deadline = pm_mono_after(now.mono, retire_ms(own));
    gates_retire(s, own);
}

/* A deputy that retires stops what it began last first. What depends on each other has to end
 * before, in its own order; whoever takes too long is left to the deputy. */
static void retire(struct sheriff *s)
{
    struct post *own = desired_find_post(&s->desired, s->name);
    struct deputy *deputy = own->deputy;

    if (!own->retiring || s->end.told)
        return;
    if (!gates_retired(own) && s->now.mono.ms < s->end.deadline.ms)
        return;
    s->end.told = true;
    s->end.deadline = pm_mono_after(s->now.mono, retire_ms(own));
    if (!sessions_send(s, deputy, PM_MSG_RETIRE, &(struct pm_retire){ .session = deputy->session }))
        retired(s);
}

bool sheriff_is_ending(const struct sheriff *s)
{
    return s->end.asked;
}

int sheriff_exit_status(const struct sheriff *s)
{
    return s->end.status;
}

/* ---- what goes out ---------------------------------------------------------------- */

static void publish_view(struct sheriff *s)
{
    struct pm_arena arena = { 0 };
    struct pm_delta delta;
    bool run_stale = s->view.run_stale;

    if (view_due_in(&s->view, s->now.mono) != 0)
        return;
    if (!s->listening) {
        view_skip(&s->view, s->now.mono);
        return;
    }
    enum pm_err err = view_delta(&s->view, s->now.mono, &arena, &delta);
    if (err == PM_OK && run_stale)
        delta.run = *runs_known(s);
    if (err == PM_OK)
        s->port->publish(s->self, "view", PM_MSG_DELTA, &delta);
    pm_arena_fini(&arena);
}

/* Wishes whose removal is complete leave the memory, now that nobody needs them. */
static void forget_ended(struct sheriff *s)
{
    if (s->desired.changing)
        return;
    for (size_t i = 0; i < s->ended.n; i++) {
        struct wish *wish = desired_by_id(&s->desired, s->ended.at[i]);

        if (wish == NULL || !wish->removing)
            continue;
        if (wish->seen != NULL) {
            wish->seen->wish = NULL;
            wish->seen = NULL;
        }
        orders_end(s, wish);
        journal_add(&s->journal, s->now.wall,
                    (struct journal_about){ wish->spec.host, wish->spec.group, wish->spec.name },
                    "removed", wish->by, "removed");
        view_remove(&s->view, wish);
        view_touch_post(&s->view, wish->post);
        gates_unlink(s, wish);
        timers_unlink(s, wish);
        desired_forget(&s->desired, &wish);
    }
    s->ended.n = 0;
}

static void each_second(struct sheriff *s)
{
    if (s->now.mono.ms < s->beat_at.ms)
        return;
    s->beat_at = pm_mono_after(s->now.mono, BEAT_MS);
    sessions_beat(s);
    errands_check(s);
    upgrades_check(s);
    sweeps_check(s);
    gates_check(s);
    commit_check(s);
}

static int64_t sooner(int64_t a, int64_t b)
{
    return b >= 0 && b < a ? b : a;
}

static int64_t next_turn(const struct sheriff *s)
{
    int64_t next = s->beat_at.ms - s->now.mono.ms;

    next = sooner(next, view_due_in(&s->view, s->now.mono));
    next = sooner(next, orders_next(s));
    next = sooner(next, runs_next(s));
    next = sooner(next, timers_next(s));
    if (s->desired.n_telling > 0 && !s->commit.in_flight)
        next = 1;
    if ((s->journal.n > 0 || ends_waits(s)) && !s->commit.events_in_flight)
        next = sooner(next, EVENTS_MS);
    return next > 0 ? next : 1;
}

static bool retirement_over(const struct sheriff *s)
{
    const struct deputy *deputy = desired_find_post(&s->desired, s->name)->deputy;

    return deputy->session == 0 || (s->end.told && s->now.mono.ms >= s->end.deadline.ms);
}

int64_t sheriff_turn(struct sheriff *s, struct sheriff_now now)
{
    s->now = now;
    each_second(s);
    orders_check(s);
    gates_run(s);
    commit_turn(s);
    retire(s);
    sessions_send_due(s);
    commit_note(s);
    forget_ended(s);
    orders_turn(s);
    sheriff_publish_events(s);
    publish_view(s);
    if (s->end.asked && !s->end.finished && retirement_over(s))
        retired(s);
    return next_turn(s);
}
