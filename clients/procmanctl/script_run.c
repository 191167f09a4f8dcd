/* script run: the sheriff does the steps; here they are followed until the run has ended.
 *
 * Nothing depends on us: who interrupts this leaves the run to itself. A sheriff who goes away
 * goes on with it when he is back, so he is waited for and asked for that very run again. With
 * --repeat one run follows the other; that, and only that, ends with this program.
 */
#include "interrupt.h"
#include "out.h"
#include "script.h"
#include "verbs.h"

#include <procman/text.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AWAY_MS 60000        /* a sheriff who does not come back within this */
#define AWAY_PAUSE_MS 200
#define MOST_REPEATS 1000000

struct following {
    struct ctl *ctl;
    uint64_t number;          /* of the run; 0: not known yet */
    enum pm_run_state *shown; /* of each step */
    size_t n;
    struct script_runs runs;  /* that have ended */
};

/* ---- runs that have ended ---- */

void script_runs_add(struct script_runs *runs, const struct pm_script_run *run)
{
    enum pm_err err;

    runs->at = pm_resize(runs->at, runs->n + 1, sizeof(*runs->at));
    runs->arenas = pm_resize(runs->arenas, runs->n + 1, sizeof(*runs->arenas));
    pm_arena_init(&runs->arenas[runs->n], SIZE_MAX);
    err = pm_copy(&pm_script_run_desc, run, &runs->arenas[runs->n], &runs->at[runs->n]);
    pm_assert(err == PM_OK);
    runs->n++;
}

void script_runs_fini(struct script_runs *runs)
{
    for (size_t i = 0; i < runs->n; ++i)
        pm_arena_fini(&runs->arenas[i]);
    free(runs->at);
    free(runs->arenas);
    *runs = (struct script_runs){ 0 };
}

/* ---- live ---- */

static void show_step(const struct pm_script_run *run, size_t nth, enum pm_run_state before)
{
    const struct pm_run_step *step = &run->steps.at[nth];
    const char *word = pm_word(&pm_run_state_words, (int)step->state);
    char took[PM_TEXT_SIZE];

    if (step->state == before || step->state == PM_RUN_STATE_SKIPPED || script_holds(step))
        return;
    if (before == PM_RUN_STATE_TODO)
        out_line("%zu/%zu  %s", nth + 1, run->steps.n, step->text);
    if (step->state == PM_RUN_STATE_DOING)
        return;
    pm_text_age(step->took_ms, took);
    out_shaded(step->state == PM_RUN_STATE_DONE ? SHADE_GOOD : SHADE_BAD,
               "%zu/%zu  %s after %s%s%s", nth + 1, run->steps.n, word, took,
               *step->reason ? ": " : "", step->reason);
}

static void show(struct following *f, const struct pm_script_run *run)
{
    if (f->number != run->number) {
        f->number = run->number;
        f->n = run->steps.n;
        free(f->shown);
        f->shown = pm_alloc((f->n + 1) * sizeof(*f->shown)); /* all of them todo */
        if (!f->ctl->set.json)
            out_line("script %s, run %llu", run->script, (unsigned long long)run->number);
    }
    for (size_t i = 0; i < f->n && i < run->steps.n; ++i) {
        if (!f->ctl->set.json)
            show_step(run, i, f->shown[i]);
        f->shown[i] = run->steps.at[i].state;
    }
    out_flush();
    if (run->ended_ms != 0)
        script_runs_add(&f->runs, run);
}

/* ---- one run ---- */

static enum pm_err take_reply(const struct following *f, const struct pm_reply *reply)
{
    enum pm_err err = pm_err_from_word(reply->error);
    const struct script_runs *runs = &f->runs;
    const struct pm_script_run *run = runs->n > 0 ? &runs->at[runs->n - 1] : NULL;
    char took[PM_TEXT_SIZE];

    if (!run || run->number != f->number) {
        if (err != PM_OK)
            complain("%s", *reply->text ? reply->text : pm_err_sentence(err));
        return err;
    }
    pm_text_age(script_took_ms(run), took);
    if (err != PM_OK)
        complain("script %s: %s after %s: %s", run->script,
                 pm_word(&pm_run_state_words, (int)run->state), took, reply->text);
    else if (!f->ctl->set.json)
        out_line("script %s: done after %s", run->script, took);
    return err;
}

/* Until its reply. GONE: the sheriff is. */
static enum pm_err follow(struct following *f, uint64_t request)
{
    for (;;) {
        struct pm_frame frame;
        const struct pm_progress *progress;
        enum pm_err err = pm_client_wait(f->ctl->client, request, -1, &frame);

        if (err != PM_OK)
            return err;
        progress = frame.msg;
        if (frame.kind == PM_MSG_REPLY) {
            err = take_reply(f, frame.msg);
            pm_frame_fini(&frame);
            return err == PM_GONE ? PM_GONE : err;
        }
        if (frame.kind == PM_MSG_PROGRESS)
            show(f, &progress->run);
        pm_frame_fini(&frame);
    }
}

static void pause_a_moment(void)
{
    struct timespec pause = { .tv_nsec = AWAY_PAUSE_MS * 1000000L };

    nanosleep(&pause, NULL);
}

/* The sheriff is away: until he is back, and his word on that run. */
static enum pm_err follow_again(struct following *f)
{
    struct pm_mono deadline = pm_mono_after(pm_mono_now(), AWAY_MS);
    enum pm_err err = PM_GONE;

    complain("the sheriff has gone; the script goes on when it is back");
    while ((err == PM_GONE || err == PM_UNREACHABLE) &&
           pm_mono_since(pm_mono_now(), deadline) > 0) {
        struct pm_await await = { .number = f->number };
        uint64_t request;

        pause_a_moment();
        err = pm_client_send(f->ctl->client, PM_MSG_AWAIT, &await, &request);
        if (err == PM_OK)
            err = follow(f, request);
    }
    return err;
}

static enum pm_err run_once(struct following *f, const char *name, uint64_t timeout_ms)
{
    struct pm_run run = { .script = name, .wait = !f->ctl->set.detach, .timeout_ms = timeout_ms };
    uint64_t request;
    enum pm_err err;

    f->number = 0; /* the one before is over: nobody is asked for it again */
    err = pm_client_send(f->ctl->client, PM_MSG_RUN, &run, &request);
    if (err == PM_OK)
        err = follow(f, request);
    if (err == PM_GONE && f->number != 0 && !f->ctl->set.detach)
        err = follow_again(f);
    if (err == PM_GONE || err == PM_UNREACHABLE || err == PM_BAD_MESSAGE)
        return ctl_fail(f->ctl, err);
    return err;
}

/* ---- several ---- */

static enum pm_err repeats(const struct ctl *ctl, uint64_t *out)
{
    char *end = NULL;

    *out = ctl->set.until_fail ? MOST_REPEATS : 1;
    if (!ctl->set.repeat)
        return PM_OK;
    errno = 0;
    *out = strtoul(ctl->set.repeat, &end, 10);
    if (errno == 0 && *end == '\0' && *ctl->set.repeat >= '0' && *ctl->set.repeat <= '9'
        && *out >= 1 && *out <= MOST_REPEATS)
        return PM_OK;
    return ctl_misuse(ctl, "--repeat %s is no number from 1 to %d", ctl->set.repeat, MOST_REPEATS);
}

static enum pm_err run_all(struct following *f, const char *name, uint64_t n, uint64_t timeout_ms)
{
    enum pm_err worst = PM_OK;
    uint64_t done = 0, failed = 0;

    while (done < n) {
        size_t ended = f->runs.n;
        enum pm_err err = run_once(f, name, timeout_ms);

        if (f->runs.n == ended && !f->ctl->set.detach)
            return err; /* it was refused, or the sheriff is gone: the next would be as well */
        done++;
        failed += err != PM_OK;
        if (worst == PM_OK)
            worst = err;
        if (err != PM_OK && f->ctl->set.until_fail)
            break;
    }
    if (n > 1 && !f->ctl->set.json)
        out_line("%llu run%s, %llu failed", (unsigned long long)done, done == 1 ? "" : "s",
                 (unsigned long long)failed);
    return worst;
}

static enum pm_err report(const struct following *f)
{
    char *text PM_CLEANUP(pm_free) = NULL;
    enum pm_err err = PM_OK;

    if (f->ctl->set.json)
        err = out_json("runs", &pm_script_run_desc, f->runs.at, f->runs.n);
    if (!f->ctl->set.junit)
        return err;
    text = junit_text(&f->runs);
    return write_file(f->ctl->set.junit, text);
}

enum pm_err script_run(struct ctl *ctl, const char *name)
{
    struct following f = { .ctl = ctl };
    uint64_t timeout_ms, n;
    enum pm_err told, err = ctl_timeout(ctl, 0, &timeout_ms);

    if (err == PM_OK)
        err = repeats(ctl, &n);
    if (err == PM_OK && ctl->set.detach && (ctl->set.junit || ctl->set.repeat
                                            || ctl->set.until_fail))
        err = ctl_misuse(ctl, "with --detach nobody waits for the end that --repeat, --until-fail "
                         "and --junit are about");
    if (err == PM_OK)
        err = ctl_open(ctl);
    if (err != PM_OK)
        return err;
    interrupt_says("\nprocmanctl: interrupted; the script goes on: see procmanctl script status, "
                   "end it with procmanctl script abort\n");
    err = run_all(&f, name, n, timeout_ms);
    told = report(&f);
    script_runs_fini(&f.runs);
    free(f.shown);
    return err != PM_OK ? err : told;
}
