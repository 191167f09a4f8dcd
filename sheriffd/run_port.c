/* What steps mean for processes.
 *
 * A step that waits is judged as an order of a client is, by the wish as it is now: whoever orders
 * one of its processes in between has a word in it, and what a sheriff learns anew after his
 * return is enough to go on.
 */
#include "sheriffd/find.h"
#include "sheriffd/follow.h"
#include "sheriffd/gate.h"
#include "sheriffd/orders.h"
#include "sheriffd/runs.h"
#include "sheriffd/verdict.h"

#include <procman/process.h>
#include <procman/spec.h>

#include <stdio.h>
#include <stdlib.h>

#define LOST_PATIENCE_MS 10000 /* a deputy that is away may come back, as after our own return */

static enum pm_verb verb_of(const struct pm_step *step)
{
    return step->verb == PM_STEP_VERB_STOP      ? PM_VERB_STOP
           : step->verb == PM_STEP_VERB_RESTART ? PM_VERB_RESTART
                                                : PM_VERB_START;
}

/* ---- ordering ------------------------------------------------------------------------ */

static void note_ordered(struct sheriff *s, uint64_t id, enum pm_verb verb)
{
    struct runs *runs = &s->runs;

    runs->ordered = pm_resize(runs->ordered, runs->n_ordered + 1, sizeof *runs->ordered);
    runs->ordered[runs->n_ordered++] = (struct run_order){ .id = id, .verb = verb };
}

static enum pm_err order(void *self, const struct pm_step *step, struct pm_arena *arena,
                         struct pm_i64s *out_waits, char *text)
{
    struct sheriff *s = self;
    enum pm_verb verb = verb_of(step);
    char *why PM_CLEANUP(pm_free) = NULL;
    char *by PM_CLEANUP(pm_free) = NULL;
    struct wish **wishes = NULL;
    size_t n = 0;
    enum pm_err err = find_wishes(s, &step->select, &wishes, &n, &why);

    if (err != PM_OK) {
        snprintf(text, RUN_TEXT_SIZE, "%s", why);
        return err;
    }
    struct pm_i64s waits = { .at = pm_arena_get(arena, (n + 1) * sizeof *waits.at) };
    pm_assert(waits.at != NULL);
    by = pm_printf("%s, script %s", s->runs.run->said.by, s->runs.run->said.script);
    for (size_t i = 0; i < n; i++) {
        bool changed = orders_enter(s, wishes[i], verb, by);

        if (changed)
            note_ordered(s, wishes[i]->spec.id, verb);
        if (changed || wishes[i]->seen != NULL)
            waits.at[waits.n++] = (int64_t)wishes[i]->spec.id;
    }
    for (size_t i = 0; i < n; i++)
        follow_order(s, wishes[i], verb, false, by);
    free(wishes);
    *out_waits = waits;
    return PM_OK;
}

/* ---- judging ------------------------------------------------------------------------- */

/* Its deputy has obeyed the order: what the verdict on a start does not say. */
static enum run_word judge_row(enum pm_step_wait wait, enum pm_state state, enum run_word else_)
{
    bool lives = state == PM_STATE_STARTING || state == PM_STATE_RUNNING;

    if (wait == PM_STEP_WAIT_STARTED && lives)
        return RUN_WELL;
    if (wait == PM_STEP_WAIT_EXITED && (lives || state == PM_STATE_BACKOFF))
        return RUN_WAITS;
    return else_;
}

static const char *label_of(const struct wish *wish, char *label)
{
    const struct pm_spec *spec = &wish->spec;

    return pm_spec_label(spec->group, spec->name, spec->host, label, PM_LABEL_SIZE);
}

static void say_still(const struct wish *wish, const char *label, struct pm_mono now, char *text)
{
    char held[GATE_TEXT_SIZE];

    gate_text(wish, now, held);
    snprintf(text, RUN_TEXT_SIZE, "%.200s is %s%s%.250s", label,
             pm_state_word(view_state(wish)), *held != '\0' ? ", " : "", held);
}

/* How long the step has waited for its deputy to return: since it went away, when that was later.
 * One that has not come to this sheriff never went away from him. */
static int64_t away_ms(const struct sheriff *s, const struct wish *wish, int64_t waited_ms)
{
    const struct deputy *deputy = wish->post->deputy;
    int64_t away = waited_ms;

    if (deputy != NULL && deputy->link != PM_LINK_NEVER)
        away = pm_mono_since(deputy->away, s->now.mono);
    return away < waited_ms ? away : waited_ms;
}

static enum run_word judge(void *self, const struct pm_step *step, uint64_t id,
                           int64_t waited_ms, char *text)
{
    struct sheriff *s = self;
    const struct wish *wish = desired_by_id(&s->desired, id);
    enum pm_verb verb = step->verb == PM_STEP_VERB_STOP ? PM_VERB_STOP : PM_VERB_START;
    enum run_word word = RUN_WAITS;
    char label[PM_LABEL_SIZE];

    if (wish == NULL || wish->removing) {
        snprintf(text, RUN_TEXT_SIZE, "a process of it was removed");
        return verb == PM_VERB_STOP ? RUN_WELL : RUN_ILL;
    }
    struct verdict verdict = verdict_judge(wish, verb, wish->order, true, s->now.mono);

    if (verdict.settled)
        word = verdict.err == PM_OK ? RUN_WELL : RUN_ILL;
    if (verdict.err == PM_LOST)
        word = away_ms(s, wish, waited_ms) < LOST_PATIENCE_MS ? RUN_WAITS : RUN_ILL;
    else if (wish->up && wish->seen != NULL && wish->seen->row.order >= wish->order)
        word = judge_row(step->wait, wish->seen->row.state, word);
    label_of(wish, label);
    if (word == RUN_WAITS)
        say_still(wish, label, s->now.mono, text);
    else
        snprintf(text, RUN_TEXT_SIZE, "%.200s: %.300s", label, verdict.text);
    return word;
}

/* What ends by itself may take as long as it takes. */
static uint64_t patience(void *self, const struct pm_step *step, const struct pm_i64s *waits)
{
    struct sheriff *s = self;
    uint64_t longest = 0;

    if (step->wait == PM_STEP_WAIT_EXITED)
        return 0;
    for (size_t i = 0; i < waits->n; i++) {
        const struct wish *wish = desired_by_id(&s->desired, (uint64_t)waits->at[i]);
        uint64_t takes = wish != NULL ? wish->spec.stop_timeout_ms : 0;

        if (wish != NULL && step->wait == PM_STEP_WAIT_RUNNING)
            takes += wish->spec.ready.timeout_ms;
        if (takes > longest)
            longest = takes;
    }
    return (longest < PM_LIMIT_PERIOD_MS ? longest : PM_LIMIT_PERIOD_MS) + ORDER_GRACE_MS;
}

const struct run_port runs_port = { .order = order, .judge = judge, .patience = patience };

/* ---- before the first step ------------------------------------------------------------- */

char *runs_unknown(struct sheriff *s, const struct pm_script_run *run)
{
    char *text = NULL;

    for (size_t i = 0; i < run->steps.n; i++) {
        struct wish **wishes = NULL;
        char *why PM_CLEANUP(pm_free) = NULL;
        char *before PM_CLEANUP(pm_free) = NULL;
        size_t n;

        if (run->steps.at[i].step.select.n == 0 ||
            find_wishes(s, &run->steps.at[i].step.select, &wishes, &n, &why) == PM_OK) {
            free(wishes);
            continue;
        }
        before = text;
        text = pm_printf("%s%sstep %zu (%s): %s", before != NULL ? before : "",
                         before != NULL ? "; " : "", i + 1, run->steps.at[i].step.origin, why);
    }
    return text;
}
