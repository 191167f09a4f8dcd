/* One consistent picture of the fleet.
 *
 * The invariant: the rows are exactly the sheriff's picture number `seq` of its life `epoch`. A
 * delta with the next number moves it on by one; an older one is a repeat; anything else is
 * a hole, and then only a new snapshot will do. So the view subscribes first and asks afterwards:
 * what is published in between is either in the snapshot or comes as a delta after it.
 *
 * Texts that rows leave behind stay in the arena until they outweigh those in use; then it is
 * swept.
 *
 * Ages in rows are as old as the row; the pump carries them on with the clock.
 */
#include "client/client.h"
#include "client/rows.h"

#include <stdlib.h>
#include <string.h>

#define ASK_AGAIN_MS 250        /* between two asks for a snapshot that does not come */
#define SWEEP_BYTES  (1u << 20) /* waste that is not worth sweeping */

struct pm_view {
    struct pm_client *client;
    struct pm_view_calls calls;
    void *context;
    uint64_t epoch, seq;
    bool begun;              /* there was a snapshot */
    bool complete;           /* the invariant holds; otherwise a snapshot is needed */
    uint64_t asked;          /* the ask under way, 0 = none */
    struct pm_mono ask_after; /* not before */
    struct pm_mono carried_to;
    struct rows procs, deputies;
    struct pm_script_run run; /* in an arena of its own: it is replaced whole */
    struct pm_arena run_arena;
    struct pm_arena arena;
    size_t swept_to;         /* bytes in use after the last sweep */
};

static void sweep(struct pm_view *view)
{
    struct pm_arena old = view->arena;

    if (old.used < 2 * view->swept_to + SWEEP_BYTES)
        return;
    pm_arena_init(&view->arena, SIZE_MAX);
    rows_move(&view->procs, &view->arena);
    rows_move(&view->deputies, &view->arena);
    view->swept_to = view->arena.used;
    pm_arena_fini(&old);
}

/* ---- snapshot and delta ---- */

typedef void tell_row(struct pm_view *view, const void *before, const void *after);

static void tell_process(struct pm_view *view, const void *before, const void *after)
{
    if (view->calls.process)
        view->calls.process(view->context, before, after);
}

static void tell_deputy(struct pm_view *view, const void *before, const void *after)
{
    if (view->calls.deputy)
        view->calls.deputy(view->context, before, after);
}

/* Both are sorted: walk them side by side. */
static void tell_all(struct pm_view *view, const struct rows *old, const struct rows *fresh,
                     tell_row *tell)
{
    size_t i = 0, j = 0;

    while (i < old->n || j < fresh->n) {
        const void *before = i < old->n ? row_at(old, i) : NULL;
        const void *after = j < fresh->n ? row_at(fresh, j) : NULL;
        int order = !before ? 1 : !after ? -1 : old->order(before, after);

        i += order <= 0;
        j += order >= 0;
        tell(view, order <= 0 ? before : NULL, order >= 0 ? after : NULL);
    }
}

static void take_run(struct pm_view *view, const struct pm_script_run *run)
{
    enum pm_err err;

    pm_arena_fini(&view->run_arena);
    pm_arena_init(&view->run_arena, SIZE_MAX); /* it came in a message */
    err = pm_copy(&pm_script_run_desc, run, &view->run_arena, &view->run);
    pm_assert(err == PM_OK);
}

static void take_snapshot(struct pm_view *view, const struct pm_snapshot *snapshot)
{
    struct rows old_procs = view->procs, old_deputies = view->deputies;
    struct pm_arena old = view->arena;
    bool first = !view->begun;

    pm_arena_init(&view->arena, SIZE_MAX);
    view->procs = no_procs;
    view->deputies = no_deputies;
    rows_fill(&view->procs, snapshot->procs.at, snapshot->procs.n, &view->arena);
    rows_fill(&view->deputies, snapshot->deputies.at, snapshot->deputies.n, &view->arena);
    view->swept_to = view->arena.used;
    view->epoch = snapshot->epoch;
    view->seq = snapshot->seq;
    view->begun = view->complete = true;
    take_run(view, &snapshot->run);
    if (view->calls.reset)
        view->calls.reset(view->context);
    if (!first) {
        tell_all(view, &old_procs, &view->procs, tell_process);
        tell_all(view, &old_deputies, &view->deputies, tell_deputy);
    }
    rows_fini(&old_procs);
    rows_fini(&old_deputies);
    pm_arena_fini(&old);
}

static void remove_process(struct pm_view *view, uint64_t id)
{
    for (size_t i = 0; i < view->procs.n; ++i) {
        struct pm_proc gone = *(struct pm_proc *)row_at(&view->procs, i);

        if (gone.id != id)
            continue;
        rows_remove(&view->procs, i);
        tell_process(view, &gone, NULL);
        return;
    }
}

static void put_row(struct pm_view *view, struct rows *rows, void *row, tell_row *tell)
{
    union any_row before;
    bool known;
    const void *after = rows_put(rows, row, &view->arena, &before, &known);

    tell(view, known ? &before : NULL, after);
}

static void take_delta(struct pm_view *view, const struct pm_delta *delta)
{
    if (!view->complete || (delta->epoch == view->epoch && delta->seq <= view->seq))
        return;
    if (delta->epoch != view->epoch || delta->seq != view->seq + 1) {
        view->complete = false;
        return;
    }
    view->seq = delta->seq;
    for (size_t i = 0; i < delta->removed.n; ++i)
        remove_process(view, (uint64_t)delta->removed.at[i]);
    for (size_t i = 0; i < delta->procs.n; ++i)
        put_row(view, &view->procs, &delta->procs.at[i], tell_process);
    for (size_t i = 0; i < delta->deputies.n; ++i)
        put_row(view, &view->deputies, &delta->deputies.at[i], tell_deputy);
    if (delta->run.number == 0)
        return;
    take_run(view, &delta->run);
    if (view->calls.run)
        view->calls.run(view->context, &view->run);
}

/* ---- the pump ---- */

static void carry_ages(struct pm_view *view)
{
    struct pm_mono now = pm_mono_now();
    uint64_t passed = (uint64_t)pm_mono_since(view->carried_to, now);

    for (size_t i = 0; i < view->procs.n && passed > 0; ++i) {
        struct pm_proc *row = row_at(&view->procs, i);

        row->state_age_ms += passed;
        row->uptime_ms += row->pid ? passed : 0;
        row->next_try_ms -= row->next_try_ms < passed ? row->next_try_ms : passed;
    }
    for (size_t i = 0; i < view->deputies.n && passed > 0; ++i) {
        struct pm_deputy *row = row_at(&view->deputies, i);

        row->age_ms += passed;
    }
    view->carried_to = now;
}

static void take_live(struct pm_view *view, struct pm_frame *frame,
                      void (*other)(void *context, const struct pm_frame *frame))
{
    if (frame->kind == PM_MSG_DELTA)
        take_delta(view, frame->msg);
    else if (other)
        other(view->context, frame);
    pm_frame_fini(frame);
}

static enum pm_err take_snapshot_or_refusal(struct pm_view *view, struct pm_frame *frame)
{
    const struct pm_reply *reply = frame->msg;
    enum pm_err err = PM_BAD_MESSAGE;

    view->asked = 0;
    if (frame->kind == PM_MSG_SNAPSHOT) {
        take_snapshot(view, frame->msg);
        view->ask_after = (struct pm_mono){ 0 };
        err = PM_OK;
    } else if (frame->kind == PM_MSG_REPLY) {
        err = pm_err_from_word(reply->error);
        client_say(view->client, pm_strdup(reply->text));
    }
    pm_frame_fini(frame);
    return err;
}

/* Ask for a snapshot when one is needed and none is on its way. The pause keeps a sheriff that
 * is away, or too busy to answer, from being asked in a tight loop. */
static enum pm_err ask_if_needed(struct pm_view *view)
{
    struct pm_ask ask = { 0 };
    struct pm_mono now = pm_mono_now();

    if (view->complete || now.ms < view->ask_after.ms)
        return PM_OK;
    view->ask_after = pm_mono_after(now, ASK_AGAIN_MS);
    return pm_client_send(view->client, PM_MSG_ASK, &ask, &view->asked);
}

/* Said once; afterwards asking finds out when he is back. */
static enum pm_err lose_sheriff(struct pm_view *view)
{
    bool news = view->complete || view->asked != 0;

    view->asked = 0;
    view->complete = false;
    return news ? PM_GONE : PM_TIMEOUT;
}

/* The snapshot that was asked for, or other answers; these are only left for who waits for them.
 * OK something came | TIMEOUT nothing did */
static enum pm_err take_answers(struct pm_view *view)
{
    size_t before = view->client->n_answers;
    struct pm_frame frame;
    enum pm_err err;

    if (!view->asked)
        err = client_collect(view->client);
    else
        err = pm_client_wait(view->client, view->asked, 0, &frame);
    if (view->asked && err == PM_OK)
        return take_snapshot_or_refusal(view, &frame);
    if (err == PM_GONE)
        return lose_sheriff(view);
    if (err != PM_OK && err != PM_TIMEOUT)
        return err;
    return view->client->n_answers != before ? PM_OK : PM_TIMEOUT;
}

static enum pm_err take_all(struct pm_view *view,
                            void (*other)(void *context, const struct pm_frame *frame))
{
    struct pm_frame frame;
    char *why = NULL;
    enum pm_err err, live = PM_TIMEOUT;

    while ((err = frame_take(view->client->stream, true, &frame, &why)) == PM_OK) {
        take_live(view, &frame, other);
        live = PM_OK;
    }
    if (err == PM_BAD_MESSAGE) {
        client_say(view->client, why);
        return err;
    }
    err = take_answers(view);
    return err == PM_TIMEOUT ? live : err;
}

static struct pm_mono sooner(struct pm_mono a, struct pm_mono b)
{
    return a.ms < 0 || b.ms < a.ms ? b : a;
}

enum pm_err pm_view_pump(struct pm_view *view, int wait_ms,
                         void (*other)(void *context, const struct pm_frame *frame))
{
    struct pm_mono deadline = deadline_after(wait_ms);
    enum pm_err err;

    sweep(view);
    carry_ages(view);
    for (;;) {
        struct pm_mono wake = view->complete ? deadline : sooner(deadline, view->ask_after);

        err = ask_if_needed(view);
        if (err == PM_OK)
            err = take_all(view, other);
        if (err != PM_TIMEOUT)
            return err;
        err = link_sleep(view->client, true, wake);
        carry_ages(view);
        if (err != PM_OK && (err != PM_TIMEOUT || wake.ms == deadline.ms))
            return err;
    }
}

/* ---- open, close, look ---- */

enum pm_err pm_view_open(struct pm_client *client, const struct pm_view_calls *calls,
                         void *context, int wait_ms, struct pm_view **out)
{
    struct pm_mono deadline = deadline_after(wait_ms);
    struct pm_view *view = pm_alloc(sizeof(*view));
    enum pm_err err;

    view->client = client;
    view->calls = calls ? *calls : (struct pm_view_calls){ 0 };
    view->context = context;
    view->procs = no_procs;
    view->deputies = no_deputies;
    view->carried_to = pm_mono_now();
    pm_arena_init(&view->arena, SIZE_MAX);
    err = pm_client_subscribe(client, "view");
    while (err == PM_OK && !view->complete) {
        int64_t left = wait_ms < 0 ? -1 : pm_mono_since(pm_mono_now(), deadline);

        err = pm_view_pump(view, (int)left, NULL);
    }
    if (err == PM_OK)
        *out = view;
    else
        pm_view_close(&view);
    return err;
}

void pm_view_close(struct pm_view **where)
{
    struct pm_view *view = *where;

    if (!view)
        return;
    (void)!pm_client_unsubscribe(view->client, "view");
    pm_arena_fini(&view->arena);
    pm_arena_fini(&view->run_arena);
    rows_fini(&view->procs);
    rows_fini(&view->deputies);
    free(view);
    *where = NULL;
}

const struct pm_proc *pm_view_processes(const struct pm_view *view, size_t *out_n)
{
    *out_n = view->procs.n;
    return (const struct pm_proc *)view->procs.at;
}

const struct pm_deputy *pm_view_deputies(const struct pm_view *view, size_t *out_n)
{
    *out_n = view->deputies.n;
    return (const struct pm_deputy *)view->deputies.at;
}

const struct pm_script_run *pm_view_run(const struct pm_view *view)
{
    return &view->run;
}
