/* start, stop, restart, remove: one order, one line for each process as its outcome comes.
 *
 * The sheriff knows when an order is settled; this program only waits for his answers, with a
 * limit of its own a little beyond the one it gave him. A failed start shows at once what the
 * process wrote last, because that is the next thing anybody looks for.
 */
#include "interrupt.h"
#include "out.h"
#include "verbs.h"

#include <procman/spec.h>
#include <procman/text.h>
#include <procman/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_TIMEOUT_MS 30000
/* Beyond the order's own time, which begins when its turn has come: for the sheriff to say himself
 * that it is over. */
#define GRACE_MS           CHANGE_WAIT_MS
#define LAST_LINES         5     /* of output, shown for a failed start */
#define SECOND_MS          1000
#define RESULT_SIZE        40

/* Outcomes so far; kept for --json only. */
struct story {
    struct ctl *ctl;
    enum pm_verb verb;
    int64_t signal;
    bool wait;
    struct pm_arena arena;
    struct pm_outcome *at;
    size_t n, cap;
    size_t failures;         /* told so far */
};

static const char *duration_text(uint64_t ms, char *text)
{
    if (ms >= SECOND_MS)
        return pm_text_age(ms, text);
    snprintf(text, PM_TEXT_SIZE, "%llu ms", (unsigned long long)ms);
    return text;
}

/* ---- the last lines of what a process wrote ---- */

static void print_lines(const struct pm_blob *data)
{
    const char *at = (const char *)data->at, *end = at + data->n;

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        int n = (int)((stop ? stop : end) - at);

        out_line("    %.*s", n, at);
        at += n + 1;
    }
}

static void print_last_output(struct ctl *ctl, const struct pm_outcome *outcome, const char *label)
{
    struct pm_read read = { .id = outcome->id, .lines = LAST_LINES };
    struct pm_frame frame = { 0 };
    const struct pm_bytes *bytes;

    if (pm_client_call(ctl->client, PM_MSG_READ, &read, PM_MSG_BYTES, QUESTION_WAIT_MS, &frame)
        != PM_OK)
        return;
    bytes = frame.msg;
    if (pm_err_from_word(bytes->error) == PM_OK && bytes->data.n > 0) {
        print_lines(&bytes->data);
        out_line("    (more: procmanctl logs '%s')", label);
    }
    pm_frame_fini(&frame);
}

/* ---- one line a process ---- */

/* What became of it: "running", "ordered" where nobody waits, "SIGHUP sent" … */
static const char *result_of(const struct story *story, const struct pm_outcome *outcome,
                             char *text, size_t size)
{
    if (story->verb == PM_VERB_SIGNAL)
        snprintf(text, size, "%s sent", pm_signal_name(story->signal));
    else if (!story->wait)
        snprintf(text, size, "ordered");
    else
        snprintf(text, size, "%s%s", outcome->changed ? "" : "already ",
                 story->verb == PM_VERB_REMOVE ? "removed" : pm_state_word(outcome->state));
    return text;
}

static void print_success(const struct story *story, const struct pm_outcome *outcome,
                          const char *label)
{
    bool settled = story->wait && story->verb != PM_VERB_SIGNAL;
    char result[RESULT_SIZE], pid[RESULT_SIZE] = "", took[PM_TEXT_SIZE];

    result_of(story, outcome, result, sizeof(result));
    if (outcome->pid != 0 && (settled || story->verb == PM_VERB_SIGNAL))
        snprintf(pid, sizeof(pid), ", pid %lld", (long long)outcome->pid);
    if (!settled || !outcome->changed)
        out_line("%s: %s%s", label, result, pid);
    else
        out_shaded(shade_of_state(outcome->state), "%s: %s%s (%s)", label, result, pid,
                   duration_text(outcome->took_ms, took));
}

static void print_failure(struct story *story, const struct pm_outcome *outcome,
                          const char *label)
{
    enum pm_err err = pm_err_from_word(outcome->error);
    const char *why = *outcome->text ? outcome->text : pm_err_sentence(err);

    story->failures++;
    if (err != PM_FAILED || outcome->state == PM_STATE_NOWHERE) {
        out_shaded(SHADE_BAD, "%s: %s", label, why);
        return;
    }
    out_shaded(SHADE_BAD, "%s: %s: %s", label, pm_state_word(outcome->state), why);
    if (story->verb == PM_VERB_START || story->verb == PM_VERB_RESTART)
        print_last_output(story->ctl, outcome, label);
}

static void keep(struct story *story, const struct pm_outcome *outcome)
{
    if (story->n == story->cap) {
        story->cap = story->cap ? 2 * story->cap : 16;
        story->at = pm_resize(story->at, story->cap, sizeof(*story->at));
    }
    pm_assert(pm_copy(&pm_outcome_desc, outcome, &story->arena, &story->at[story->n++]) == PM_OK);
}

static void take_outcomes(struct story *story, const struct pm_outcomes *outcomes)
{
    for (size_t i = 0; i < outcomes->outcomes.n; ++i) {
        const struct pm_outcome *outcome = &outcomes->outcomes.at[i];
        char label[PM_LABEL_SIZE];

        pm_spec_label(outcome->group, outcome->name, outcome->host, label, sizeof(label));
        if (story->ctl->set.json)
            keep(story, outcome);
        else if (pm_err_from_word(outcome->error) == PM_OK)
            print_success(story, outcome, label);
        else
            print_failure(story, outcome, label);
    }
    out_flush();
}

/* ---- the order ---- */

/* Where lines above have said what failed, nothing is left to say. */
static enum pm_err take_reply(const struct story *story, const struct pm_reply *reply)
{
    enum pm_err err = pm_err_from_word(reply->error);

    if (story->failures > 0)
        return err;
    if (*reply->text)
        complain("%s", reply->text);
    else if (err != PM_OK)
        complain("%s", pm_err_sentence(err));
    return err;
}

static enum pm_err wait_for_reply(struct story *story, uint64_t request, struct pm_mono deadline)
{
    for (;;) {
        struct pm_frame frame;
        int64_t left = pm_mono_since(pm_mono_now(), deadline);
        enum pm_err err = pm_client_wait(story->ctl->client, request, (int)left, &frame);

        if (err != PM_OK)
            return ctl_fail(story->ctl, err);
        if (frame.kind == PM_MSG_REPLY) {
            err = take_reply(story, frame.msg);
            pm_frame_fini(&frame);
            return err;
        }
        if (frame.kind == PM_MSG_OUTCOMES)
            take_outcomes(story, frame.msg);
        pm_frame_fini(&frame);
    }
}

static enum pm_err run_order(struct story *story, struct pm_order *order)
{
    uint64_t request;
    enum pm_err err = pm_client_send(story->ctl->client, PM_MSG_ORDER, order, &request);

    if (err != PM_OK)
        return ctl_fail(story->ctl, err);
    interrupt_says("\nprocmanctl: interrupted; the sheriff goes on with the order\n");
    err = wait_for_reply(story, request,
                         pm_mono_after(pm_mono_now(), (int64_t)order->timeout_ms + GRACE_MS));
    if (story->ctl->set.json) {
        enum pm_err printed = out_json("outcomes", &pm_outcome_desc, story->at, story->n);

        err = err == PM_OK ? printed : err;
    }
    return err;
}

static enum pm_err order_verb(struct ctl *ctl, enum pm_verb verb, int64_t signal,
                              struct pm_strs select)
{
    struct story story = { .ctl = ctl, .verb = verb, .signal = signal,
                           .wait = !ctl->set.no_wait };
    struct pm_order order = { .verb = verb, .select = select, .signal = signal,
                              .wait = story.wait, .no_deps = ctl->set.no_deps };
    enum pm_err err = ctl_timeout(ctl, DEFAULT_TIMEOUT_MS, &order.timeout_ms);

    if (err == PM_OK)
        err = ctl_open(ctl);
    if (err != PM_OK)
        return err;
    pm_arena_init(&story.arena, SIZE_MAX);
    err = run_order(&story, &order);
    pm_arena_fini(&story.arena);
    free(story.at);
    return err;
}

enum pm_err verb_start(struct ctl *ctl)
{
    return order_verb(ctl, PM_VERB_START, 0, ctl->words);
}

enum pm_err verb_stop(struct ctl *ctl)
{
    return order_verb(ctl, PM_VERB_STOP, 0, ctl->words);
}

enum pm_err verb_restart(struct ctl *ctl)
{
    return order_verb(ctl, PM_VERB_RESTART, 0, ctl->words);
}

enum pm_err verb_remove(struct ctl *ctl)
{
    return order_verb(ctl, PM_VERB_REMOVE, 0, ctl->words);
}

enum pm_err verb_signal(struct ctl *ctl)
{
    struct pm_strs select = { .at = ctl->words.at + 1, .n = ctl->words.n - 1 };
    int64_t signal;

    if (pm_parse_signal(ctl->words.at[0], &signal) != PM_OK)
        return ctl_misuse(ctl, "\"%s\" is no signal", ctl->words.at[0]);
    return order_verb(ctl, PM_VERB_SIGNAL, signal, select);
}
