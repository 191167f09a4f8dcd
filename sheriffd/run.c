/* Runs of scripts.
 *
 * The steps are one list. One that holds others (parallel, or the script of a run) is followed by
 * them and says how many they are; so the list is a tree, and a step is todo, doing, or over. A
 * move walks the tree from its root: what is being done is judged, what failed ends what holds it
 * unless the step says `continue`, and what comes next begins. Nothing is remembered but the
 * states in the list, which are stored with the orders they led to. So whoever reads them can go
 * on: a step that was ordered is waited for and never ordered again, and how it stands is seen from
 * the processes themselves. Only the times begin anew.
 */
#include "sheriffd/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A run that is being moved or looked at. */
struct move {
    struct run *run;
    const struct run_port *port;
    void *self;
    struct pm_mono now;
    struct pm_wall wall;
};

static bool is_final(enum pm_run_state state)
{
    return state != PM_RUN_STATE_TODO && state != PM_RUN_STATE_DOING;
}

static bool holds_others(const struct pm_run_step *step)
{
    return step->step.verb == PM_STEP_VERB_RUN || step->step.verb == PM_STEP_VERB_PARALLEL;
}

static struct pm_run_step *step_at(const struct move *m, size_t nth)
{
    return &m->run->said.steps.at[nth];
}

static int64_t waited(const struct move *m, size_t nth)
{
    return pm_mono_since(m->run->clocks[nth].began, m->now);
}

static const char *keep(struct move *m, const char *text)
{
    const char *kept = pm_arena_str(&m->run->arena, text, strlen(text));

    pm_assert(kept != NULL);
    return kept;
}

/* ---- one step that is being done ---------------------------------------------------- */

/* Its own time, or what is usual for what it does; 0 = as long as it takes. */
static uint64_t patience(const struct move *m, size_t nth)
{
    struct run_clock *clock = &m->run->clocks[nth];
    const struct pm_run_step *step = step_at(m, nth);

    if (step->step.timeout_ms > 0 || holds_others(step))
        return step->step.timeout_ms;
    if (clock->patience_ms == 0)
        clock->patience_ms = m->port->patience(m->self, &step->step, &step->waits);
    return clock->patience_ms;
}

static bool is_out_of_time(const struct move *m, size_t nth)
{
    uint64_t most = patience(m, nth);

    return most > 0 && waited(m, nth) >= (int64_t)most;
}

static bool run_is_out_of_time(const struct move *m)
{
    const struct run *run = m->run;

    return run->said.timeout_ms > 0 &&
           pm_mono_since(run->began, m->now) >= (int64_t)run->said.timeout_ms;
}

/* What has become well need not be looked at again. The first that is not is the reason. */
static enum run_word judge_waits(const struct move *m, size_t nth, char *ill, char *still)
{
    struct pm_run_step *step = step_at(m, nth);
    char text[RUN_TEXT_SIZE];
    size_t n = 0, n_ill = 0, n_waits = 0;

    for (size_t i = 0; i < step->waits.n; i++) {
        int64_t id = step->waits.at[i];
        enum run_word word = m->port->judge(m->self, &step->step, (uint64_t)id, waited(m, nth),
                                            text);

        if (word == RUN_WELL)
            continue;
        if (word == RUN_ILL && n_ill++ == 0)
            memcpy(ill, text, sizeof text);
        if (word == RUN_WAITS && n_waits++ == 0)
            memcpy(still, text, sizeof text);
        step->waits.at[n++] = id;
    }
    step->waits.n = n;
    if (n_ill > 0 && (n_waits == 0 || step->step.on_failure == PM_STEP_FAILURE_ABORT))
        return RUN_ILL;
    return n_waits > 0 ? RUN_WAITS : RUN_WELL;
}

/* How a step that holds no others stands. */
static enum run_word judge(const struct move *m, size_t nth, char *why, enum pm_err *err)
{
    const struct pm_run_step *step = step_at(m, nth);
    char still[RUN_TEXT_SIZE] = "";
    enum run_word word;

    *err = PM_FAILED;
    if (step->step.verb == PM_STEP_VERB_SLEEP)
        return waited(m, nth) >= (int64_t)step->step.sleep_ms ? RUN_WELL : RUN_WAITS;
    word = judge_waits(m, nth, why, still);
    if (word != RUN_WAITS || !is_out_of_time(m, nth))
        return word;
    *err = PM_TIMEOUT;
    snprintf(why, RUN_TEXT_SIZE, "not done in time: %.480s", still);
    return RUN_ILL;
}

/* ---- the tree ----------------------------------------------------------------------- */

static void finish(struct move *m, size_t nth, enum pm_run_state state, enum pm_err err,
                   const char *why)
{
    struct pm_run_step *step = step_at(m, nth);

    step->state = state;
    if (step->began_ms != 0)
        step->took_ms = (uint64_t)waited(m, nth);
    if (state == PM_RUN_STATE_FAILED) {
        step->error = pm_err_word(err);
        step->reason = keep(m, why);
    }
    step->waits.n = 0;
}

/* Those that have not begun never will; those that are being done end as said. */
static void finish_rest(struct move *m, size_t from, size_t to, enum pm_run_state state,
                        enum pm_err err, const char *why)
{
    for (size_t i = from; i < to; i++) {
        enum pm_run_state was = step_at(m, i)->state;

        if (was == PM_RUN_STATE_TODO)
            finish(m, i, PM_RUN_STATE_SKIPPED, PM_OK, "");
        else if (was == PM_RUN_STATE_DOING)
            finish(m, i, state, err, why);
    }
}

static bool ends_what_holds_it(const struct pm_run_step *step)
{
    return step->state == PM_RUN_STATE_FAILED &&
           step->step.on_failure == PM_STEP_FAILURE_ABORT;
}

static void move_step(struct move *m, size_t nth);

/* One after the other. DONE, FAILED (out_failed says by which) or DOING. */
static enum pm_run_state move_sequence(struct move *m, size_t from, size_t to, size_t *out_failed)
{
    for (size_t i = from; i < to; i += 1 + step_at(m, i)->span) {
        move_step(m, i);
        if (!is_final(step_at(m, i)->state))
            return PM_RUN_STATE_DOING;
        if (ends_what_holds_it(step_at(m, i))) {
            finish_rest(m, i + 1, to, PM_RUN_STATE_FAILED, PM_FAILED, "");
            *out_failed = i;
            return PM_RUN_STATE_FAILED;
        }
    }
    return PM_RUN_STATE_DONE;
}

/* All at once; what fails does not end the others. */
static enum pm_run_state move_side_by_side(struct move *m, size_t from, size_t to,
                                           size_t *out_failed)
{
    enum pm_run_state state = PM_RUN_STATE_DONE;
    bool open = false;

    for (size_t i = from; i < to; i += 1 + step_at(m, i)->span) {
        move_step(m, i);
        open = open || !is_final(step_at(m, i)->state);
        if (state == PM_RUN_STATE_DONE && ends_what_holds_it(step_at(m, i))) {
            *out_failed = i;
            state = PM_RUN_STATE_FAILED;
        }
    }
    return open ? PM_RUN_STATE_DOING : state;
}

static void move_holder(struct move *m, size_t nth)
{
    struct pm_run_step *step = step_at(m, nth);
    size_t from = nth + 1, to = from + step->span, failed = 0;
    enum pm_run_state state;

    state = step->step.verb == PM_STEP_VERB_PARALLEL ? move_side_by_side(m, from, to, &failed)
                                                     : move_sequence(m, from, to, &failed);
    if (state == PM_RUN_STATE_DOING && is_out_of_time(m, nth)) {
        finish_rest(m, from, to, PM_RUN_STATE_FAILED, PM_TIMEOUT, "what it belongs to was not "
                    "done in time");
        finish(m, nth, PM_RUN_STATE_FAILED, PM_TIMEOUT, "not done in time");
    } else if (state != PM_RUN_STATE_DOING) {
        const struct pm_run_step *by = step_at(m, failed);

        finish(m, nth, state, pm_err_from_word(by->error), by->reason);
    }
}

static void begin(struct move *m, size_t nth)
{
    struct pm_run_step *step = step_at(m, nth);
    char why[RUN_TEXT_SIZE] = "";
    enum pm_err err = PM_OK;
    bool orders = !holds_others(step) && step->step.verb != PM_STEP_VERB_SLEEP;

    step->state = PM_RUN_STATE_DOING;
    step->began_ms = m->wall.ms;
    m->run->clocks[nth].began = m->now;
    if (orders)
        err = m->port->order(m->self, &step->step, &m->run->arena, &step->waits, why);
    if (err != PM_OK)
        finish(m, nth, PM_RUN_STATE_FAILED, err, why);
    else if (orders && step->step.wait == PM_STEP_WAIT_NO)
        finish(m, nth, PM_RUN_STATE_DONE, PM_OK, "");
}

static void move_leaf(struct move *m, size_t nth)
{
    char why[RUN_TEXT_SIZE] = "";
    enum pm_err err;
    enum run_word word = judge(m, nth, why, &err);

    if (word != RUN_WAITS)
        finish(m, nth, word == RUN_WELL ? PM_RUN_STATE_DONE : PM_RUN_STATE_FAILED, err, why);
}

/* An order of this very move is not stored yet, so it is judged in the next one. */
static void move_step(struct move *m, size_t nth)
{
    bool fresh = step_at(m, nth)->state == PM_RUN_STATE_TODO;

    if (fresh)
        begin(m, nth);
    if (is_final(step_at(m, nth)->state))
        return;
    if (holds_others(step_at(m, nth)))
        move_holder(m, nth);
    else if (!fresh)
        move_leaf(m, nth);
}

/* ---- the run ------------------------------------------------------------------------ */

void run_open(const struct pm_script_run *said, struct pm_mono now, struct run **out)
{
    struct run *run = pm_alloc(sizeof *run);

    pm_arena_init(&run->arena, SIZE_MAX);
    enum pm_err err = pm_copy(&pm_script_run_desc, said, &run->arena, &run->said);
    pm_assert(err == PM_OK);
    run->began = now;
    run->clocks = pm_alloc((said->steps.n + 1) * sizeof *run->clocks);
    for (size_t i = 0; i < said->steps.n; i++)
        run->clocks[i].began = now;
    *out = run;
}

struct run *run_copy(const struct run *run)
{
    struct run *copy;

    run_open(&run->said, run->began, &copy);
    memcpy(copy->clocks, run->clocks, run->said.steps.n * sizeof *run->clocks);
    return copy;
}

void run_close(struct run **run)
{
    if (*run == NULL)
        return;
    pm_arena_fini(&(*run)->arena);
    free((*run)->clocks);
    free(*run);
    *run = NULL;
}

bool run_is_over(const struct run *run)
{
    return is_final(run->said.state);
}

bool run_look(struct run *run, const struct run_port *port, void *self, struct pm_mono now)
{
    struct move m = { .run = run, .port = port, .self = self, .now = now };
    char why[RUN_TEXT_SIZE];
    enum pm_err err;
    bool doing = false;

    if (run_is_over(run))
        return false;
    if (run_is_out_of_time(&m))
        return true;
    for (size_t i = 0; i < run->said.steps.n; i++) {
        const struct pm_run_step *step = &run->said.steps.at[i];

        if (step->state != PM_RUN_STATE_DOING)
            continue;
        doing = true;
        if (holds_others(step) ? is_out_of_time(&m, i) : judge(&m, i, why, &err) != RUN_WAITS)
            return true;
    }
    return !doing; /* it is to begin */
}

static void end(struct run *run, enum pm_run_state state, struct pm_wall wall)
{
    run->said.state = state;
    run->said.ended_ms = wall.ms;
}

/* "step 3, start drivers/: cam: exit code 3" */
static void fail(struct move *m, size_t failed)
{
    const struct pm_run_step *step = step_at(m, failed);
    char text[RUN_TEXT_SIZE + 400];

    snprintf(text, sizeof text, "step %zu, %.300s: %s", failed + 1, step->text, step->reason);
    m->run->said.error = step->error;
    m->run->said.reason = keep(m, text);
    end(m->run, PM_RUN_STATE_FAILED, m->wall);
}

void run_move(struct run *run, const struct run_port *port, void *self, struct pm_mono now,
              struct pm_wall wall)
{
    struct move m = { .run = run, .port = port, .self = self, .now = now, .wall = wall };
    size_t failed = 0;
    enum pm_run_state state;

    if (run_is_over(run))
        return;
    run->said.state = PM_RUN_STATE_DOING;
    state = move_sequence(&m, 0, run->said.steps.n, &failed);
    if (state == PM_RUN_STATE_FAILED) {
        fail(&m, failed);
    } else if (state == PM_RUN_STATE_DONE) {
        end(run, state, wall);
    } else if (run_is_out_of_time(&m)) {
        finish_rest(&m, 0, run->said.steps.n, PM_RUN_STATE_FAILED, PM_TIMEOUT,
                    "the run was not done in time");
        run->said.error = pm_err_word(PM_TIMEOUT);
        run->said.reason = "not done in time";
        end(run, PM_RUN_STATE_FAILED, wall);
    }
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

int64_t run_next(const struct run *run, struct pm_mono now)
{
    int64_t next = -1;

    if (run->said.timeout_ms > 0)
        next = (int64_t)run->said.timeout_ms - pm_mono_since(run->began, now);
    for (size_t i = 0; i < run->said.steps.n; i++) {
        const struct pm_run_step *step = &run->said.steps.at[i];
        const struct run_clock *clock = &run->clocks[i];
        bool sleeps = step->step.verb == PM_STEP_VERB_SLEEP;
        uint64_t most = sleeps                      ? step->step.sleep_ms
                        : step->step.timeout_ms > 0 ? step->step.timeout_ms
                                                    : clock->patience_ms;

        if (step->state == PM_RUN_STATE_DOING && (sleeps || most > 0))
            next = sooner(next, (int64_t)most - pm_mono_since(clock->began, now));
    }
    return next < -1 ? 0 : next;
}

void run_abort(struct run *run, const char *reason, struct pm_mono now, struct pm_wall wall)
{
    struct move m = { .run = run, .now = now, .wall = wall };

    finish_rest(&m, 0, run->said.steps.n, PM_RUN_STATE_ABORTED, PM_OK, "");
    run->said.reason = keep(&m, reason);
    end(run, PM_RUN_STATE_ABORTED, wall);
}

const struct pm_run_step *run_step_in_hand(const struct pm_script_run *said, size_t *out_nth)
{
    for (size_t i = 0; i < said->steps.n; i++) {
        const struct pm_run_step *step = &said->steps.at[i];

        if (step->state != PM_RUN_STATE_DOING || holds_others(step))
            continue;
        *out_nth = i;
        return step;
    }
    return NULL;
}
