/* Runs of scripts, on a stage where processes are what the test says they are. */
#include "sheriffd/run.h"

#include <criterion/criterion.h>
#include <procman/base.h>
#include <stdio.h>
#include <string.h>

#define IDS 10

static struct pm_script scripts[3];
static struct pm_script_list list = { .at = scripts };
static struct run *run;
static struct pm_mono now;
static struct pm_wall wall;
static enum run_word words[IDS]; /* of the process that a step names, by its number */
static char ordered[200];        /* "start 1, stop 2, " */

/* ---- the stage ------------------------------------------------------------------------ */

static enum pm_err order(void *self, const struct pm_step *step, struct pm_arena *arena,
                         struct pm_i64s *out_waits, char *text)
{
    const char *name = step->select.at[0];
    size_t n = strlen(ordered);

    (void)self;
    snprintf(ordered + n, sizeof ordered - n, "%s %s, ",
             pm_word(&pm_step_verb_words, (int)step->verb), name);
    if (*name == '?') {
        snprintf(text, RUN_TEXT_SIZE, "no process matches %s", name);
        return PM_NOT_FOUND;
    }
    *out_waits = (struct pm_i64s){ .at = pm_arena_get(arena, sizeof(int64_t)), .n = 1 };
    out_waits->at[0] = *name - '0';
    return PM_OK;
}

static enum run_word judge(void *self, const struct pm_step *step, uint64_t id,
                           int64_t waited_ms, char *text)
{
    (void)self, (void)step, (void)waited_ms;
    snprintf(text, RUN_TEXT_SIZE, "%d is as it is", (int)id);
    return words[id];
}

static uint64_t patience(void *self, const struct pm_step *step, const struct pm_i64s *waits)
{
    (void)self, (void)step, (void)waits;
    return 30000;
}

static const struct run_port port = { .order = order, .judge = judge, .patience = patience };

static struct pm_step does(enum pm_step_verb verb, const char *const *name)
{
    return (struct pm_step){ .verb = verb, .select = { .at = (const char **)name, .n = 1 },
                             .wait = PM_STEP_WAIT_RUNNING, .script = "", .origin = "" };
}

#define NAME(text) ((const char *const[]){ text })
#define START(text) does(PM_STEP_VERB_START, NAME(text))

static void given_script(const char *name, const struct pm_step *its, size_t n)
{
    scripts[list.n++] = (struct pm_script){
        .name = name, .origin = "", .steps = { .at = (struct pm_step *)its, .n = n } };
}

/* Until it has nothing to do; each move is stored before the next. */
static void go_on(void)
{
    while (run_look(run, &port, NULL, now))
        run_move(run, &port, NULL, now, wall);
}

static enum pm_err try_run(const char *name, char **why)
{
    struct pm_arena arena = { .limit = SIZE_MAX };
    struct pm_script_run said;
    enum pm_err err = run_make(&list, name, &arena, &said, why);

    if (err == PM_OK) {
        run_open(&said, now, &run);
        go_on();
    }
    pm_arena_fini(&arena);
    return err;
}

static void when_run(const char *name)
{
    char *why = NULL;

    cr_assert_eq(try_run(name, &why), PM_OK, "%s", why);
}

static void pass(int64_t ms)
{
    now.ms += ms;
    wall.ms += ms;
    go_on();
}

static void becomes(size_t id, enum run_word word)
{
    words[id] = word;
    pass(10);
}

/* As after a sheriff's end: nothing is left but what was stored. */
static void sheriff_returns(void)
{
    struct pm_buf stored = { 0 };
    struct pm_arena arena = { .limit = SIZE_MAX };
    struct pm_script_run said;

    cr_assert_eq(pm_encode(&pm_script_run_desc, &run->said, &stored), PM_OK);
    run_close(&run);
    now.ms = 1;
    cr_assert_eq(pm_decode(&pm_script_run_desc, stored.at, stored.n, &arena, &said, NULL), PM_OK);
    run_open(&said, now, &run);
    pm_buf_fini(&stored);
    pm_arena_fini(&arena);
    go_on();
}

static void then_steps_are(const char *expected)
{
    char states[200] = "";

    for (size_t i = 0; i < run->said.steps.n; i++)
        snprintf(states + strlen(states), sizeof states - strlen(states), "%s%s",
                 i > 0 ? " " : "", pm_word(&pm_run_state_words, (int)run->said.steps.at[i].state));
    cr_assert_str_eq(states, expected);
}

static void then_run_is(enum pm_run_state state, const char *reason)
{
    cr_assert_str_eq(pm_word(&pm_run_state_words, (int)run->said.state),
                     pm_word(&pm_run_state_words, (int)state));
    cr_assert(strstr(run->said.reason, reason) != NULL, "%s", run->said.reason);
}

static void begin(void)
{
    now.ms = 1000;
    wall.ms = 1700000000000;
}

static void end(void)
{
    run_close(&run);
}

TestSuite(run, .init = begin, .fini = end);

/* ---- the stories ------------------------------------------------------------------------ */

Test(run, does_one_step_after_the_other)
{
    struct pm_step its[] = { START("1"), START("2") };

    given_script("go", its, 2);
    when_run("go");
    then_steps_are("doing todo");
    cr_assert_str_eq(ordered, "start 1, ");
    becomes(1, RUN_WELL);
    then_steps_are("done doing");
    becomes(2, RUN_WELL);
    then_steps_are("done done");
    then_run_is(PM_RUN_STATE_DONE, "");
    cr_assert_eq(run->said.steps.at[0].took_ms, 10);
}

Test(run, does_not_wait_where_it_is_not_told_to)
{
    struct pm_step its[] = { START("1"), START("2") };

    its[0].wait = its[1].wait = PM_STEP_WAIT_NO;
    given_script("go", its, 2);
    when_run("go");
    then_run_is(PM_RUN_STATE_DONE, "");
    cr_assert_str_eq(ordered, "start 1, start 2, ");
}

Test(run, ends_with_the_step_that_fails)
{
    struct pm_step its[] = { START("1"), START("2") };

    given_script("go", its, 2);
    when_run("go");
    becomes(1, RUN_ILL);
    then_steps_are("failed skipped");
    then_run_is(PM_RUN_STATE_FAILED, "step 1, start 1, until running: 1 is as it is");
    cr_assert_str_eq(ordered, "start 1, ");
}

Test(run, goes_on_after_a_step_that_may_fail)
{
    struct pm_step its[] = { START("1"), START("?"), START("2") };

    its[0].on_failure = its[1].on_failure = PM_STEP_FAILURE_CONTINUE;
    given_script("go", its, 3);
    when_run("go");
    becomes(1, RUN_ILL);
    then_steps_are("failed failed doing");
    becomes(2, RUN_WELL);
    then_run_is(PM_RUN_STATE_DONE, "");
}

Test(run, waits_no_longer_than_it_may)
{
    struct pm_step its[] = { START("1") };

    its[0].timeout_ms = 500;
    given_script("go", its, 1);
    when_run("go");
    cr_assert_eq(run_next(run, now), 500);
    pass(499);
    then_steps_are("doing");
    pass(1);
    then_run_is(PM_RUN_STATE_FAILED, "not done in time: 1 is as it is");
    cr_assert_str_eq(run->said.error, "timeout");
}

Test(run, waits_as_long_as_is_usual_when_nothing_is_said)
{
    struct pm_step its[] = { START("1") };

    given_script("go", its, 1);
    when_run("go");
    pass(29999);
    then_steps_are("doing");
    pass(1);
    then_steps_are("failed");
}

Test(run, sleeps)
{
    struct pm_step its[] = { { .verb = PM_STEP_VERB_SLEEP, .sleep_ms = 200 }, START("1") };

    given_script("go", its, 2);
    when_run("go");
    cr_assert_eq(run_next(run, now), 200);
    pass(199);
    then_steps_are("doing todo");
    pass(1);
    then_steps_are("done doing");
}

Test(run, does_side_by_side_what_is_parallel_until_all_is_done)
{
    struct pm_step its[] = { { .verb = PM_STEP_VERB_PARALLEL, .span = 2 }, START("1"), START("2"),
                             START("3") };

    given_script("go", its, 4);
    when_run("go");
    cr_assert_str_eq(ordered, "start 1, start 2, ");
    becomes(2, RUN_ILL);
    then_steps_are("doing doing failed todo"); /* the other one is carried to its end */
    becomes(1, RUN_WELL);
    then_steps_are("failed done failed skipped");
    then_run_is(PM_RUN_STATE_FAILED, "step 1, parallel: 2 is as it is");
}

Test(run, unfolds_the_scripts_it_runs)
{
    struct pm_step inner[] = { START("1"), START("2") };
    struct pm_step outer[] = { { .verb = PM_STEP_VERB_RUN, .script = "inner" }, START("3") };

    given_script("go", outer, 2);
    given_script("inner", inner, 2);
    when_run("go");
    becomes(1, RUN_WELL);
    then_steps_are("doing done doing todo");
    becomes(2, RUN_WELL);
    then_steps_are("done done done doing");
}

Test(run, a_script_that_may_fail_ends_itself_and_not_the_one_that_runs_it)
{
    struct pm_step inner[] = { START("1"), START("2") };
    struct pm_step outer[] = { { .verb = PM_STEP_VERB_RUN, .script = "inner",
                                 .on_failure = PM_STEP_FAILURE_CONTINUE }, START("3") };

    given_script("go", outer, 2);
    given_script("inner", inner, 2);
    when_run("go");
    becomes(1, RUN_ILL);
    then_steps_are("failed failed skipped doing");
}

Test(run, a_script_with_a_timeout_ends_what_is_being_done_in_it)
{
    struct pm_step inner[] = { START("1"), START("2") };
    struct pm_step outer[] = { { .verb = PM_STEP_VERB_RUN, .script = "inner", .timeout_ms = 300 } };

    given_script("go", outer, 1);
    given_script("inner", inner, 2);
    when_run("go");
    pass(300);
    then_steps_are("failed failed skipped");
    then_run_is(PM_RUN_STATE_FAILED, "not done in time");
}

Test(run, refuses_what_is_not_there_and_what_runs_itself)
{
    struct pm_step a[] = { { .verb = PM_STEP_VERB_RUN, .script = "b" } };
    struct pm_step b[] = { { .verb = PM_STEP_VERB_RUN, .script = "a" } };
    char *why = NULL;

    given_script("a", a, 1);
    cr_assert_eq(try_run("a", &why), PM_NOT_FOUND);
    cr_assert_str_eq(why, "there is no script b; see procmanctl script list");
    pm_free(&why);
    given_script("b", b, 1);
    cr_assert_eq(try_run("a", &why), PM_BAD_CONFIG);
    cr_assert_str_eq(why, "script a runs itself");
    pm_free(&why);
}

Test(run, refuses_to_unfold_without_end)
{
    static const char *const one[] = { "1" };
    struct pm_step twice[3][40];
    char *why = NULL;

    for (size_t i = 0; i < 40; i++) { /* 40 times 40 times 40 */
        twice[0][i] = (struct pm_step){ .verb = PM_STEP_VERB_RUN, .script = "b" };
        twice[1][i] = (struct pm_step){ .verb = PM_STEP_VERB_RUN, .script = "c" };
        twice[2][i] = does(PM_STEP_VERB_START, one);
    }
    given_script("a", twice[0], 40);
    given_script("b", twice[1], 40);
    given_script("c", twice[2], 40);
    cr_assert_eq(try_run("a", &why), PM_LIMIT);
    pm_free(&why);
}

Test(run, goes_on_where_it_was_when_the_sheriff_returns)
{
    struct pm_step its[] = { does(PM_STEP_VERB_RESTART, NAME("1")), START("2") };

    given_script("go", its, 2);
    when_run("go");
    sheriff_returns();
    then_steps_are("doing todo");
    cr_assert_str_eq(ordered, "restart 1, "); /* once */
    becomes(1, RUN_WELL);
    then_steps_are("done doing");
    sheriff_returns();
    becomes(2, RUN_WELL);
    then_run_is(PM_RUN_STATE_DONE, "");
    cr_assert_str_eq(ordered, "restart 1, start 2, ");
}

Test(run, times_begin_anew_when_the_sheriff_returns)
{
    struct pm_step its[] = { START("1") };

    its[0].timeout_ms = 500;
    given_script("go", its, 1);
    when_run("go");
    pass(400);
    sheriff_returns();
    pass(499);
    then_steps_are("doing");
    pass(1);
    then_steps_are("failed");
}

Test(run, ends_when_somebody_wants_it_to)
{
    struct pm_step its[] = { START("1"), START("2") };

    given_script("go", its, 2);
    when_run("go");
    run_abort(run, "aborted by ann", now, wall);
    then_steps_are("aborted skipped");
    then_run_is(PM_RUN_STATE_ABORTED, "aborted by ann");
    becomes(1, RUN_WELL);
    cr_assert_str_eq(ordered, "start 1, ");
}
