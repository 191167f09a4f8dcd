#include "session_inside.h"

#include "ansi.h"
#include "feeds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_MS     5000
#define ORDER_MS    30000 /* an order waits so long for its outcome */
#define LAST_BYTES  2048  /* of a process's last line */
#define LAST_LINES  3     /* the last may be blank */
#define EVENTS_MOST 300
#define PAST_MOST   20
#define PUMPS       64    /* messages in one turn: keys must not wait */

/* ---- beginning and end ----------------------------------------------------------------------- */

enum pm_err session_open(const char *run_dir, bool watch, struct session **out, char **why)
{
    struct session *session = pm_alloc(sizeof *session);
    static const struct pm_view_calls calls = { 0 };
    enum pm_err err = pm_client_open(run_dir, watch, "procman-top", &session->client);

    if (err == PM_OK)
        err = pm_view_open(session->client, &calls, session, OPEN_MS, &session->view);
    if (err != PM_OK) {
        *why = pm_client_fault(err, run_dir);
        session_close(&session);
        return err;
    }
    *out = session;
    return PM_OK;
}

void session_close(struct session **where)
{
    struct session *session = *where;

    feeds_close(&session->feeds);
    changes_close(&session->changes);
    pm_view_close(&session->view);
    pm_client_close(&session->client);
    pm_frame_fini(&session->spec);
    pm_frame_fini(&session->specs);
    pm_frame_fini(&session->scripted);
    pm_frame_fini(&session->past);
    pm_frame_fini(&session->happened);
    free(session->pending);
    free(session);
    *where = NULL;
}

static void give_fleet(struct session *session)
{
    struct pm_proc_list procs;
    struct pm_deputy_list deputies;

    procs.at = (struct pm_proc *)pm_view_processes(session->view, &procs.n);
    deputies.at = (struct pm_deputy *)pm_view_deputies(session->view, &deputies.n);
    session->app->run = pm_view_run(session->view);
    app_fleet(session->app, procs, deputies);
    session->changed = true;
}

void session_serve(struct session *session, struct app *app)
{
    struct pm_ask ask = { 0 };

    session->app = app;
    app->may_command = pm_client_may_command(session->client);
    session->feeds = feeds_new(session->client, app);
    session->changes = changes_new(session);
    app_sheriff(app, true, "");
    give_fleet(session);
    (void)session_send(session, PM_MSG_ASK, &ask, &(struct pending){ .kind = PM_MSG_SNAPSHOT });
}

int session_fd(const struct session *session)
{
    return pm_client_fd(session->client);
}

/* ---- requests -------------------------------------------------------------------------------- */

enum pm_err session_send(struct session *session, enum pm_msg kind, void *request,
                         const struct pending *pending)
{
    uint64_t number;
    enum pm_err err = pm_client_send(session->client, kind, request, &number);

    if (err != PM_OK)
        return err;
    session->pending = pm_resize(session->pending, session->n_pending + 1,
                                 sizeof *session->pending);
    session->pending[session->n_pending] = *pending;
    session->pending[session->n_pending++].request = number;
    return PM_OK;
}

/* For a view: what it does not get now it asks for again. */
static void ask_sheriff(struct session *session, enum pm_msg kind, void *request,
                        const struct pending *pending)
{
    (void)session_send(session, kind, request, pending);
}

void session_order(struct session *session, enum pm_verb verb, int64_t signal,
                   const char **select, size_t n)
{
    struct pm_order order = { .verb = verb, .select = { select, n }, .signal = signal,
                              .wait = true, .timeout_ms = ORDER_MS };
    enum pm_err err;

    app_say(session->app, LOOK_FAINT, session->now, "%s …", pm_word(&pm_verb_words, (int)verb));
    err = session_send(session, PM_MSG_ORDER, &order,
                       &(struct pending){ .kind = PM_MSG_OUTCOMES, .verb = verb });
    if (err != PM_OK)
        app_say(session->app, LOOK_BAD, session->now, "%s: %s",
                pm_word(&pm_verb_words, (int)verb), pm_err_sentence(err));
}

void session_follow(struct session *session, const uint64_t *ids, size_t n, enum since since)
{
    feeds_choose(session->feeds, ids, n, since);
}

void session_earlier(struct session *session)
{
    feeds_earlier(session->feeds);
}

void session_details(struct session *session, const struct pm_proc *proc)
{
    PM_CLEANUP(pm_free) char *word = app_select(proc);
    const char *select[] = { word };
    struct pm_export wanted = { .select = { select, 1 } };
    struct pm_past past = { .select = { select, 1 }, .most = PAST_MOST };

    ask_sheriff(session, PM_MSG_EXPORT, &wanted,
         &(struct pending){ .kind = PM_MSG_EXPORTED, .id = proc->id });
    ask_sheriff(session, PM_MSG_PAST, &past,
         &(struct pending){ .kind = PM_MSG_ENDINGS, .id = proc->id });
    session_events(session);
}

void session_events(struct session *session)
{
    struct pm_history history = { .most = EVENTS_MOST };

    ask_sheriff(session, PM_MSG_HISTORY, &history, &(struct pending){ .kind = PM_MSG_EVENTS });
}

static bool is_asked(const struct session *session, enum pm_msg kind, uint64_t id)
{
    for (size_t i = 0; i < session->n_pending; i++)
        if (session->pending[i].kind == kind && session->pending[i].id == id
            && session->pending[i].asker == ASKER_VIEW)
            return true;
    return false;
}

/* All of them; events tell when they are to be asked for again. */
void session_specs(struct session *session)
{
    struct pm_export all = { 0 };

    if (!session->hears_events)
        session->hears_events = pm_client_subscribe(session->client, "event") == PM_OK;
    if (is_asked(session, PM_MSG_EXPORTED, 0))
        return;
    session->specs_old = false;
    ask_sheriff(session, PM_MSG_EXPORT, &all, &(struct pending){ .kind = PM_MSG_EXPORTED });
}

void session_scripts(struct session *session)
{
    struct pm_scripts request = { 0 };

    ask_sheriff(session, PM_MSG_SCRIPTS, &request, &(struct pending){ .kind = PM_MSG_SCRIPTED });
}

static void order_script(struct session *session, enum pm_msg kind, void *request)
{
    struct pending pending = { .kind = PM_MSG_REPLY, .asker = ASKER_SCRIPT };
    enum pm_err err = session_send(session, kind, request, &pending);

    if (err != PM_OK)
        app_say(session->app, LOOK_BAD, session->now, "script: %s", pm_err_sentence(err));
}

void session_run(struct session *session, const char *script)
{
    struct pm_run run = { .script = script };

    order_script(session, PM_MSG_RUN, &run);
}

void session_abort(struct session *session)
{
    struct pm_abort request = { 0 };

    order_script(session, PM_MSG_ABORT, &request);
}

/* Of the rows one sees, what was written last, when it is something new. */
static void ask_for_last_lines(struct session *session)
{
    struct app *app = session->app;
    size_t n;
    const struct row *rows = model_rows(app->model, &n);

    for (size_t i = app->table_first; i < n && i < app->table_first + (size_t)app->table_height;
         i++) {
        const struct pm_proc *proc = rows[i].proc;
        const struct last_line *last = proc ? app_last_of(app, proc->id) : NULL;
        struct pm_read read = { .id = proc ? proc->id : 0, .lines = LAST_LINES,
                                .most = LAST_BYTES };
        if (proc == NULL || proc->state != PM_STATE_RUNNING || proc->output_end == 0
            || (last != NULL && last->end == proc->output_end)
            || is_asked(session, PM_MSG_BYTES, proc->id))
            continue;
        ask_sheriff(session, PM_MSG_READ, &read,
             &(struct pending){ .kind = PM_MSG_BYTES, .id = proc->id });
    }
}

void session_second(struct session *session)
{
    give_fleet(session); /* ages go on though nothing comes */
    app_second(session->app);
    if (session->app->sheriff.up && session->app->view == VIEW_TABLE)
        ask_for_last_lines(session);
    if (session->app->sheriff.up && app_wants_specs(session->app)
        && (session->specs_old || !specs_known(session->app->specs)))
        session_specs(session);
    if (session->app->sheriff.up && session->app->view == VIEW_EVENTS
        && !is_asked(session, PM_MSG_EVENTS, 0))
        session_events(session);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void take_last_line(struct session *session, const struct pm_bytes *bytes)
{
    const char *at = (const char *)bytes->data.at, *begin;
    PM_CLEANUP(pm_free) char *plain = NULL;
    size_t n = bytes->data.n;

    while (n > 0 && (at[n - 1] == '\n' || at[n - 1] == '\r' || at[n - 1] == ' '))
        n--;
    begin = n > 0 ? memrchr(at, '\n', n) : NULL;
    begin = begin ? begin + 1 : at;
    plain = ansi_plain(begin, n > 0 ? n - (size_t)(begin - at) : 0);
    app_last_line(session->app, bytes->id, bytes->end, plain, strlen(plain));
}

static void take_outcomes(struct session *session, struct pending *pending,
                          const struct pm_outcomes *outcomes)
{
    for (size_t i = 0; i < outcomes->outcomes.n; i++) {
        const struct pm_outcome *outcome = &outcomes->outcomes.at[i];
        bool ok = pm_err_from_word(outcome->error) == PM_OK;
        pending->done++;
        pending->failed += !ok;
        app_say(session->app, ok ? LOOK_GOOD : LOOK_BAD, session->now, "%s %s@%s: %s%s%s",
                pm_word(&pm_verb_words, (int)pending->verb), outcome->name, outcome->host,
                pm_state_word(outcome->state), *outcome->text ? ": " : "", outcome->text);
    }
}

static void keep(struct pm_frame *where, struct pm_frame *frame)
{
    pm_frame_fini(where);
    *where = *frame;
    *frame = (struct pm_frame){ 0 };
}

static void take_snapshot(struct app *app, const struct pm_snapshot *snapshot)
{
    free(app->sheriff.host);
    free(app->sheriff.software);
    app->sheriff.host = pm_strdup(snapshot->host);
    app->sheriff.software = pm_strdup(snapshot->software);
    app->sheriff.uptime_ms = snapshot->uptime_ms;
}

static void take_exported(struct session *session, uint64_t id, struct pm_frame *frame)
{
    const struct pm_exported *exported = frame->msg;

    if (id == 0) {
        app_specs(session->app, exported->specs, exported->procs);
        keep(&session->specs, frame);
        return;
    }
    if (exported->specs.n == 0 || exported->procs.n == 0
        || exported->procs.at[0].id != session->app->details_id)
        return;
    session->app->spec = &exported->specs.at[0];
    keep(&session->spec, frame);
}

/* How a run goes on is in the view; only a refusal is news. */
static bool take_script_reply(struct session *session, const struct pm_frame *frame)
{
    const struct pm_reply *reply = frame->msg;

    if (frame->kind == PM_MSG_REPLY && pm_err_from_word(reply->error) != PM_OK)
        app_say(session->app, LOOK_BAD, session->now, "script: %s", reply->text);
    return frame->kind == PM_MSG_REPLY;
}

/* true: that was the last. */
static bool take_answer(struct session *session, struct pending *pending, struct pm_frame *frame)
{
    struct app *app = session->app;
    bool last;

    if (pending->asker == ASKER_CHANGES) {
        last = frame->kind != PM_MSG_PLAN;
        changes_take(session->changes, pending->id, frame);
        return last;
    }
    if (pending->asker == ASKER_SCRIPT)
        return take_script_reply(session, frame);
    switch (frame->kind) {
    case PM_MSG_SCRIPTED:
        app->scripts = ((const struct pm_scripted *)frame->msg)->scripts;
        app->scripts_known = true;
        keep(&session->scripted, frame);
        return true;
    case PM_MSG_SNAPSHOT:
        take_snapshot(app, frame->msg);
        return true;
    case PM_MSG_BYTES:
        take_last_line(session, frame->msg);
        return true;
    case PM_MSG_EXPORTED:
        take_exported(session, pending->id, frame);
        return true;
    case PM_MSG_ENDINGS:
        if (app_past(app, pending->id, ((const struct pm_endings *)frame->msg)->past))
            keep(&session->past, frame);
        return true;
    case PM_MSG_EVENTS:
        app->happened = ((const struct pm_events *)frame->msg)->events;
        keep(&session->happened, frame);
        return true;
    case PM_MSG_OUTCOMES:
        take_outcomes(session, pending, frame->msg);
        return false;
    default:
        return true;
    }
}

static void sum_up(struct session *session, const struct pending *pending,
                   const struct pm_reply *reply)
{
    bool ok = pm_err_from_word(reply->error) == PM_OK;

    if (pending->verb == PM_VERB_NONE || (!ok && pending->done == 1))
        return; /* its outcome has said it */
    if (!ok && pending->done == 0)
        app_say(session->app, LOOK_BAD, session->now, "%s: %s",
                pm_word(&pm_verb_words, (int)pending->verb), reply->text);
    else if (pending->done != 1)
        app_say(session->app, pending->failed > 0 ? LOOK_BAD : LOOK_GOOD, session->now,
                "%s: %zu done, %zu failed", pm_word(&pm_verb_words, (int)pending->verb),
                pending->done - pending->failed, pending->failed);
}

/* true: it has got its last answer. */
static bool try_pending(struct session *session, size_t at)
{
    struct pending *pending;
    struct pm_frame frame = { 0 };
    enum pm_err err;
    bool last = false;

    while (!last) {
        pending = &session->pending[at]; /* an answer may lead to more requests */
        err = pm_client_wait(session->client, pending->request, 0, &frame);
        if (err == PM_TIMEOUT)
            return false;
        session->changed = true;
        if (err != PM_OK) {
            if (pending->asker == ASKER_CHANGES)
                changes_lost(session->changes, pending->id, err);
            if (pending->verb != PM_VERB_NONE)
                app_say(session->app, LOOK_BAD, session->now, "%s: no answer: %s",
                        pm_word(&pm_verb_words, (int)pending->verb), pm_err_sentence(err));
            return true;
        }
        if (frame.kind == PM_MSG_REPLY)
            sum_up(session, pending, frame.msg);
        last = take_answer(session, pending, &frame);
        pm_frame_fini(&frame);
    }
    return true;
}

static void take_answers(struct session *session)
{
    for (size_t i = 0; i < session->n_pending;) {
        if (try_pending(session, i))
            session->pending[i] = session->pending[--session->n_pending];
        else
            i++;
    }
}

/* ---- what comes by itself -------------------------------------------------------------------- */

static bool tells_of_specs(const struct pm_event *event)
{
    static const char *const words[] = { "added", "changed", "moved", "removed" };

    for (size_t i = 0; i < PM_COUNT(words); i++)
        if (strcmp(event->what, words[i]) == 0)
            return true;
    return false;
}

static void on_other(void *context, const struct pm_frame *frame)
{
    struct session *session = context;

    session->changed |= feeds_take(session->feeds, frame);
    session->specs_old |= frame->kind == PM_MSG_HAPPENED
                          && tells_of_specs(&((const struct pm_happened *)frame->msg)->event);
}

static void note_link(struct session *session, enum pm_err err)
{
    struct app *app = session->app;
    bool up = err == PM_OK || err == PM_TIMEOUT;
    struct pm_ask ask = { 0 };

    if (err == PM_BAD_MESSAGE || (err != PM_OK && up) || up == app->sheriff.up)
        return;
    app_sheriff(app, up, up ? "" : "the sheriff is away: this is the last that was known");
    session->specs_old = true; /* what he did meanwhile was not heard */
    if (up)
        ask_sheriff(session, PM_MSG_ASK, &ask, &(struct pending){ .kind = PM_MSG_SNAPSHOT });
    session->changed = true;
}

bool session_pump(struct session *session, struct pm_mono now)
{
    enum pm_err err = PM_OK;
    bool changed, any = false;

    session->now = now;
    for (int i = 0; i < PUMPS && err == PM_OK; i++) {
        err = pm_view_pump(session->view, 0, on_other);
        any |= err == PM_OK;
        note_link(session, err);
    }
    if (any)
        give_fleet(session);
    take_answers(session);
    session->changed |= feeds_pump(session->feeds);
    changed = session->changed;
    session->changed = false;
    return changed;
}
