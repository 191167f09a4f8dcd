/* Runs in the sheriff.
 *
 * One run at a time, and it is everybody's: who begins one while another is being done is told
 * whose that is and how far. The run is changed in memory in a transaction, together with the
 * orders that come of it, and stored with them; only then does anybody hear of it. When the store
 * says no, the run is as it was before and tries again a second later.
 *
 * The last run stays, so that who comes back can learn how it ended.
 */
#include "sheriffd/runs.h"

#include "sheriffd/api.h"

#include <procman/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY "run"            /* of the note in the store */
#define AGAIN_MS 1000        /* the store has refused */
#define LOOK_PAUSE_MS 10     /* between two looks at what it waits for */
#define LOOK_AGAIN_MS 50     /* a life must have lasted a moment to count: nobody tells of that */
#define WATCHERS_MOST 256    /* clients that wait for a run; more are refused */

/* A client that wants to hear of a run. */
struct watcher {
    struct watcher *next;
    uint64_t peer, request, number;
    bool once;               /* it hears how the run stands when that is stored, and no more */
    bool fresh;              /* it has brought a change that is not stored yet */
};

/* ---- changing it ------------------------------------------------------------------------ */

static bool in_hand(const struct runs *runs)
{
    return runs->run != NULL && !run_is_over(runs->run);
}

/* From here on the run may be changed; what it was is kept. */
static void touch(struct runs *runs)
{
    if (runs->touched)
        return;
    runs->touched = true;
    runs->before = runs->run != NULL ? run_copy(runs->run) : NULL;
}

static void move(struct sheriff *s)
{
    touch(&s->runs);
    run_move(s->runs.run, &runs_port, s, s->now.mono, s->now.wall);
}

bool runs_is_due(struct sheriff *s)
{
    struct runs *runs = &s->runs;

    if (!in_hand(runs) || s->commit.in_flight || s->now.mono.ms < runs->look_at.ms)
        return false;
    if (runs->touched) /* what it has ordered is judged when it is stored, and what waits for that
                        * was looked at again */
        return false;
    if (s->end.asked)
        return s->lone_ranger && !s->end.finished;
    runs->look_at = pm_mono_after(s->now.mono, LOOK_PAUSE_MS);
    return run_look(runs->run, &runs_port, s, s->now.mono);
}

void runs_enter(struct sheriff *s)
{
    if (!s->end.asked) {
        move(s);
        return;
    }
    touch(&s->runs); /* a lone ranger ends with all its processes, and what is to come for them */
    run_abort(s->runs.run, "the sheriff was told to end", s->now.mono, s->now.wall);
}

int64_t runs_next(const struct sheriff *s)
{
    const struct runs *runs = &s->runs;
    int64_t next, pause = pm_mono_since(s->now.mono, runs->look_at);

    if (!in_hand(runs) || s->commit.in_flight || (s->end.asked && !s->lone_ranger))
        return -1;
    next = run_next(runs->run, s->now.mono);
    if (next < 0 || next > LOOK_AGAIN_MS)
        next = LOOK_AGAIN_MS;
    return next > pause ? next : pause;
}

/* ---- telling of it ---------------------------------------------------------------------- */

static void watch(struct sheriff *s, const struct sheriff_client *client, uint64_t request,
                  uint64_t number, bool once, bool fresh)
{
    struct watcher *watcher = pm_alloc(sizeof *watcher);

    *watcher = (struct watcher){ .next = s->runs.watchers, .peer = client->peer,
                                 .request = request, .number = number, .once = once,
                                 .fresh = fresh };
    s->runs.watchers = watcher;
    s->runs.n_watchers++;
}

static void drop(struct runs *runs, struct watcher **at)
{
    struct watcher *watcher = *at;

    *at = watcher->next;
    runs->n_watchers--;
    free(watcher);
}

static void reply_end(struct sheriff *s, const struct watcher *watcher)
{
    const struct pm_script_run *said = &s->runs.run->said;
    enum pm_err err = said->state == PM_RUN_STATE_DONE      ? PM_OK
                      : said->state == PM_RUN_STATE_ABORTED ? PM_FAILED
                                                            : pm_err_from_word(said->error);

    api_reply(s, watcher->peer, watcher->request, err, "%s", said->reason);
}

static void tell(struct sheriff *s, struct watcher **at)
{
    const struct watcher *watcher = *at;
    struct pm_progress progress = { .request = watcher->request, .run = s->runs.run->said };
    bool over = run_is_over(s->runs.run);

    if (watcher->number != progress.run.number) {
        api_reply(s, watcher->peer, watcher->request, PM_NOT_FOUND, "run %llu is over, and another "
                  "one has begun", (unsigned long long)watcher->number);
        drop(&s->runs, at);
        return;
    }
    s->port->to_client(s->self, watcher->peer, PM_MSG_PROGRESS, &progress);
    if (!over && !watcher->once)
        return;
    if (watcher->once)
        api_reply(s, watcher->peer, watcher->request, PM_OK, "%s", "");
    else
        reply_end(s, watcher);
    drop(&s->runs, at);
}

static void tell_all(struct sheriff *s)
{
    struct watcher **at = &s->runs.watchers;

    while (*at != NULL) {
        struct watcher *watcher = *at;

        watcher->fresh = false;
        tell(s, at);
        if (*at == watcher)
            at = &watcher->next;
    }
}

/* ---- the journal ------------------------------------------------------------------------ */

static void add_event(struct sheriff *s, const char *what, const char *text)
{
    const struct pm_script_run *said = &s->runs.run->said;

    journal_add(&s->journal, s->now.wall, (struct journal_about){ .host = "" }, what, said->by,
                "script %s: %s", said->script, text);
}

static void record_step(struct sheriff *s, size_t nth, enum pm_run_state before)
{
    const struct pm_script_run *said = &s->runs.run->said;
    const struct pm_run_step *step = &said->steps.at[nth];
    char text[RUN_TEXT_SIZE];
    bool holds = step->step.verb == PM_STEP_VERB_RUN || step->step.verb == PM_STEP_VERB_PARALLEL;

    if (step->state == before || step->state == PM_RUN_STATE_SKIPPED)
        return;
    if (before == PM_RUN_STATE_TODO && !holds) {
        snprintf(text, sizeof text, "step %zu of %zu: %.400s", nth + 1, said->steps.n, step->text);
        add_event(s, "script-step", text);
    }
    if (step->state == PM_RUN_STATE_FAILED && !holds) {
        snprintf(text, sizeof text, "step %zu of %zu failed%s: %.400s", nth + 1, said->steps.n,
                 step->step.on_failure == PM_STEP_FAILURE_CONTINUE ? ", it goes on" : "",
                 step->reason);
        add_event(s, "script-failed", text);
    }
}

static void record_orders(struct sheriff *s)
{
    const struct pm_script_run *said = &s->runs.run->said;

    for (size_t i = 0; i < s->runs.n_ordered; i++) {
        const struct run_order *order = &s->runs.ordered[i];
        const struct wish *wish = desired_by_id(&s->desired, order->id);

        if (wish == NULL)
            continue;
        struct journal_about about = { wish->spec.host, wish->spec.group, wish->spec.name };
        journal_add(&s->journal, s->now.wall, about, "ordered", said->by,
                    "%s ordered by script %s", pm_word(&pm_verb_words, (int)order->verb),
                    said->script);
    }
}

static void record(struct sheriff *s)
{
    const struct pm_script_run *said = &s->runs.run->said;
    const struct run *before = s->runs.before;
    bool fresh = before == NULL || before->said.number != said->number;
    char text[RUN_TEXT_SIZE], took[PM_TEXT_SIZE];

    if (fresh)
        add_event(s, "script-began", "begins");
    for (size_t i = 0; i < said->steps.n; i++)
        record_step(s, i, fresh ? PM_RUN_STATE_TODO : before->said.steps.at[i].state);
    record_orders(s);
    if (!run_is_over(s->runs.run) || (!fresh && run_is_over(before)))
        return;
    pm_text_age((uint64_t)(said->ended_ms > said->began_ms ? said->ended_ms - said->began_ms : 0),
                took);
    snprintf(text, sizeof text, "%s after %s%s%.400s",
             pm_word(&pm_run_state_words, (int)said->state), took,
             *said->reason != '\0' ? ": " : "", said->reason);
    add_event(s, "script-ended", text);
}

/* ---- the transaction -------------------------------------------------------------------- */

bool runs_load(struct sheriff *s, const struct image_note *note)
{
    struct pm_arena arena = { .limit = SIZE_MAX };
    struct pm_script_run said;
    bool ok = strcmp(note->key, KEY) == 0 && s->runs.run == NULL &&
              pm_decode(&pm_script_run_desc, note->bytes, note->n, &arena, &said, NULL) == PM_OK;

    if (ok)
        run_open(&said, s->now.mono, &s->runs.run);
    pm_arena_fini(&arena);
    return ok;
}

enum pm_err runs_store(const struct sheriff *s, struct batch *batch)
{
    if (!s->runs.touched || s->runs.run == NULL)
        return PM_OK;
    return batch_add_note(batch, KEY, &pm_script_run_desc, &s->runs.run->said);
}

static void go_back(struct sheriff *s, enum pm_err err, const char *text)
{
    struct runs *runs = &s->runs;
    struct watcher **at = &runs->watchers;

    run_close(&runs->run);
    runs->run = runs->before;
    runs->before = NULL;
    runs->look_at = pm_mono_after(s->now.mono, AGAIN_MS);
    while (*at != NULL) {
        if (!(*at)->fresh) {
            at = &(*at)->next;
            continue;
        }
        api_reply(s, (*at)->peer, (*at)->request, err, "%s", text);
        drop(runs, at);
    }
}

void runs_stored(struct sheriff *s, enum pm_err err, const char *text)
{
    struct runs *runs = &s->runs;

    if (!runs->touched)
        return;
    runs->touched = false;
    if (err != PM_OK) {
        go_back(s, err, text);
    } else {
        record(s);
        run_close(&runs->before);
        tell_all(s);
        view_touch_run(&s->view);
    }
    runs->n_ordered = 0;
}

void runs_late(struct sheriff *s, const char *text)
{
    struct watcher **at = &s->runs.watchers;

    while (*at != NULL) {
        if (!(*at)->fresh) {
            at = &(*at)->next;
            continue;
        }
        api_reply(s, (*at)->peer, (*at)->request, PM_TIMEOUT, "%s", text);
        drop(&s->runs, at);
    }
}

void runs_fini(struct sheriff *s)
{
    while (s->runs.watchers != NULL) {
        const struct watcher *watcher = s->runs.watchers;

        api_reply(s, watcher->peer, watcher->request, PM_GONE, SHERIFF_ENDS);
        drop(&s->runs, &s->runs.watchers);
    }
    run_close(&s->runs.run);
    run_close(&s->runs.before);
    free(s->runs.ordered);
}

/* ---- requests ---------------------------------------------------------------------------- */

static void refuse_second(struct sheriff *s, const struct sheriff_client *client,
                          uint64_t request)
{
    const struct pm_script_run *said = &s->runs.run->said;
    size_t nth = 0;
    const struct pm_run_step *step = run_step_in_hand(said, &nth);
    char since[PM_TEXT_SIZE];

    pm_text_age((uint64_t)(s->now.wall.ms > said->began_ms ? s->now.wall.ms - said->began_ms : 0),
                since);
    api_reply(s, client->peer, request, PM_BUSY, "script %s is being run by %s since %s (step %zu "
              "of %zu%s%.300s); wait for it, or end it with procmanctl script abort", said->script,
              said->by, since, nth + 1, said->steps.n, step != NULL ? ": " : "",
              step != NULL ? step->text : "");
}

/* A new run in place of the last one. */
static void begin(struct sheriff *s, const struct sheriff_client *client,
                  const struct pm_run *ask, struct pm_script_run *said)
{
    struct runs *runs = &s->runs;
    char *by PM_CLEANUP(pm_free) = api_by(client, ask->client);

    touch(runs);
    said->number = 1 + (runs->run != NULL ? runs->run->said.number : 0);
    said->by = by;
    said->state = PM_RUN_STATE_DOING;
    said->began_ms = s->now.wall.ms;
    said->timeout_ms = ask->timeout_ms;
    run_close(&runs->run);
    run_open(said, s->now.mono, &runs->run);
    watch(s, client, ask->request, said->number, !ask->wait, true);
    move(s);
}

void runs_take(struct sheriff *s, const struct sheriff_client *client, const struct pm_run *ask)
{
    struct pm_arena arena = { .limit = SIZE_MAX };
    struct pm_script_run said;
    char *why PM_CLEANUP(pm_free) = NULL;
    enum pm_err err = PM_OK;

    if (in_hand(&s->runs)) {
        refuse_second(s, client, ask->request);
        return;
    }
    if (s->end.asked)
        err = PM_BUSY;
    else if (ask->timeout_ms > PM_LIMIT_PERIOD_MS || s->runs.n_watchers >= WATCHERS_MOST)
        err = PM_LIMIT;
    else
        err = run_make(&s->scripts.now.list, ask->script, &arena, &said, &why);
    if (err == PM_OK && (why = runs_unknown(s, &said)) != NULL)
        err = PM_NOT_FOUND;
    if (err == PM_OK)
        begin(s, client, ask, &said);
    else
        api_reply(s, client->peer, ask->request, err, "%s",
                  why != NULL ? why : err == PM_BUSY ? "the sheriff is ending" :
                  pm_err_sentence(err));
    pm_arena_fini(&arena);
}

void runs_abort(struct sheriff *s, const struct sheriff_client *client,
                const struct pm_abort *ask)
{
    char *by PM_CLEANUP(pm_free) = api_by(client, ask->client);
    char *reason PM_CLEANUP(pm_free) = pm_printf("aborted by %s", by);

    if (!in_hand(&s->runs)) {
        api_reply(s, client->peer, ask->request, PM_NOT_RUNNING, "no script is being run");
        return;
    }
    touch(&s->runs);
    run_abort(s->runs.run, reason, s->now.mono, s->now.wall);
    watch(s, client, ask->request, s->runs.run->said.number, true, true);
}

void runs_await(struct sheriff *s, const struct sheriff_client *client,
                const struct pm_await *ask)
{
    uint64_t last = runs_known(s)->number, number = ask->number > 0 ? ask->number : last;

    if (number == 0 || number > last) {
        api_reply(s, client->peer, ask->request, PM_NOT_FOUND,
                  number == 0 ? "no script was run yet" : "there was no such run");
        return;
    }
    if (s->runs.n_watchers >= WATCHERS_MOST) {
        api_reply(s, client->peer, ask->request, PM_LIMIT, "too many wait for this run");
        return;
    }
    watch(s, client, ask->request, number, false, false);
    if (!s->runs.touched) /* else it hears of it when that is stored */
        tell(s, &s->runs.watchers);
}

const struct pm_script_run *runs_known(const struct sheriff *s)
{
    static const struct pm_script_run none = { .script = "", .by = "", .error = "", .reason = "" };
    const struct run *known = s->runs.touched ? s->runs.before : s->runs.run;

    return known != NULL ? &known->said : &none;
}

void runs_list(struct sheriff *s, const struct sheriff_client *client,
               const struct pm_scripts *ask)
{
    struct pm_scripted scripted = { .request = ask->request, .scripts = s->scripts.now.list,
                                    .run = *runs_known(s) };

    api_answer(s, client->peer, PM_MSG_SCRIPTED, &scripted);
}
