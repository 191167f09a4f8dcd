/* Scripts in the sheriff: who may run one, what is stored of it, and who hears of it. */
#include "sheriff_stage.h"

#include "sheriffd/verdict.h"

#include <criterion/criterion.h>
#include <procman/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct stage stage;
static struct fake_deputy k9;

static void begin(void)
{
    stage_begin(&stage, NULL, false);
    settle(&stage);
    k9 = given_running_cam(&stage);
}

static void end(void)
{
    stage_end(&stage);
}

TestSuite(runs, .init = begin, .fini = end);

/* ---- the stage ------------------------------------------------------------------------ */

/* Script go: restart cam until it runs, start cam. */
static void given_script(void)
{
    static const char *cam[] = { "cam" };
    struct pm_step steps[] = {
        { .verb = PM_STEP_VERB_RESTART, .select = { cam, 1 }, .wait = PM_STEP_WAIT_RUNNING },
        { .verb = PM_STEP_VERB_START, .select = { cam, 1 } },
    };
    struct pm_script go = { .name = "go", .steps = { steps, 2 }, .origin = "fleet.yaml:7" };
    struct pm_apply apply = { .request = ++stage.request, .version = 1, .source = "",
                              .client = "", .scripts = { &go, 1 } };

    client_asks(&stage, &operator, PM_MSG_APPLY, &apply);
    settle(&stage);
    cr_assert_str_eq(last_reply(&stage)->error, "ok");
}

static void when_run(const char *name)
{
    struct pm_run run = { .request = ++stage.request, .version = 1, .script = name, .wait = true,
                          .client = "test" };

    client_asks(&stage, &operator, PM_MSG_RUN, &run);
}

static void when_cam_runs_again(void)
{
    deputy_reports(&stage, &k9, row("cam", PM_STATE_RUNNING, want_for(&stage, "cam")->order));
    pass(&stage, START_GRACE_MS);
    pass(&stage, 100);
}

static const struct pm_script_run *progress(void)
{
    return &((const struct pm_progress *)heard(&stage, PM_MSG_PROGRESS))->run;
}

static const struct pm_script_run *known(void)
{
    struct pm_scripts ask = { .request = ++stage.request, .version = 1 };

    client_asks(&stage, &observer, PM_MSG_SCRIPTS, &ask);
    return &((const struct pm_scripted *)heard(&stage, PM_MSG_SCRIPTED))->run;
}

static const struct batch_note *note_of(const struct batch *batch, const char *key)
{
    for (size_t i = 0; i < batch->n_notes; i++)
        if (strcmp(batch->notes[i].key, key) == 0)
            return &batch->notes[i];
    return NULL;
}

/* ---- the stories ---------------------------------------------------------------------- */

Test(runs, a_script_that_is_applied_is_stored)
{
    struct pm_script go = { .name = "go", .origin = "fleet.yaml:7" };
    struct pm_apply apply = { .request = ++stage.request, .version = 1, .source = "",
                              .client = "", .scripts = { &go, 1 } };

    client_asks(&stage, &operator, PM_MSG_APPLY, &apply);
    turn(&stage);
    cr_assert_eq(stage.n_batches, 1);
    cr_assert_not_null(note_of(stage.batches[0], "script/go"));
    settle(&stage);
    cr_assert_eq(known()->number, 0);
    cr_assert_eq(((const struct pm_scripted *)heard(&stage, PM_MSG_SCRIPTED))->scripts.n, 1);
}

Test(runs, a_strangers_script_is_looked_at)
{
    struct pm_step step = { .verb = PM_STEP_VERB_PARALLEL, .span = 99 };
    struct pm_script go = { .name = "go", .steps = { &step, 1 } };
    struct pm_apply apply = { .request = ++stage.request, .version = 1, .source = "",
                              .client = "", .scripts = { &go, 1 } };

    client_asks(&stage, &operator, PM_MSG_APPLY, &apply);
    settle(&stage);
    cr_assert_str_eq(last_reply(&stage)->error, "bad-config");
    cr_assert(strstr(last_reply(&stage)->text, "script 'go'") != NULL);
}

Test(runs, a_run_is_stored_with_the_orders_of_its_step)
{
    given_script();
    when_run("go");
    turn(&stage);
    cr_assert_eq(stage.n_batches, 1);
    cr_assert_not_null(note_of(stage.batches[0], "run"));
    cr_assert_eq(stage.batches[0]->n_wants, 1);
    cr_assert_eq(said_count(&stage, PM_MSG_PROGRESS), 0); /* not before it is stored */
    settle(&stage);
    cr_assert_eq(progress()->steps.at[0].state, PM_RUN_STATE_DOING);
    cr_assert(event_was(&stage, "script-began", "script go: begins"));
    cr_assert(event_was(&stage, "ordered", "restart ordered by script go"));
    when_cam_runs_again();
    cr_assert_eq(progress()->state, PM_RUN_STATE_DONE);
    cr_assert_str_eq(last_reply(&stage)->error, "ok");
    cr_assert(event_was(&stage, "script-ended", "script go: done"));
}

Test(runs, a_store_that_refuses_leaves_no_run_and_no_order)
{
    uint64_t order = want_for(&stage, "cam")->order;

    given_script();
    when_run("go");
    answer_store(&stage, PM_IO, "the disk is full");
    cr_assert_str_eq(last_reply(&stage)->error, "io");
    cr_assert_str_eq(last_reply(&stage)->text, "the disk is full");
    cr_assert_eq(known()->number, 0);
    settle(&stage);
    cr_assert_eq(seen_by_client(&stage, "cam")->state, PM_STATE_RUNNING);
    client_orders(&stage, PM_VERB_RESTART, "cam");
    settle(&stage);
    cr_assert_gt(want_for(&stage, "cam")->order, order);
}

Test(runs, a_store_that_refuses_a_later_step_is_asked_again)
{
    given_script();
    when_run("go");
    settle(&stage);
    deputy_reports(&stage, &k9, row("cam", PM_STATE_RUNNING, want_for(&stage, "cam")->order));
    stage.now.mono.ms += START_GRACE_MS;
    answer_store(&stage, PM_IO, "the disk is full");
    cr_assert_eq(known()->steps.at[0].state, PM_RUN_STATE_DOING);
    pass(&stage, 2000);
    cr_assert_eq(progress()->state, PM_RUN_STATE_DONE);
    cr_assert_str_eq(last_reply(&stage)->error, "ok");
}

Test(runs, a_second_one_is_told_whose_the_first_is)
{
    given_script();
    when_run("go");
    settle(&stage);
    when_run("go");
    settle(&stage);
    cr_assert_str_eq(last_reply(&stage)->error, "busy");
    cr_assert(strstr(last_reply(&stage)->text, "script go is being run by") != NULL);
    cr_assert(strstr(last_reply(&stage)->text, "step 1 of 2: restart cam") != NULL, "%s",
              last_reply(&stage)->text);
}

Test(runs, who_may_only_look_may_not_run_or_abort)
{
    struct pm_run run = { .request = ++stage.request, .version = 1, .script = "go" };
    struct pm_abort abort = { .request = ++stage.request, .version = 1 };

    given_script();
    client_asks(&stage, &observer, PM_MSG_RUN, &run);
    cr_assert_str_eq(last_reply(&stage)->error, "forbidden");
    client_asks(&stage, &observer, PM_MSG_ABORT, &abort);
    cr_assert_str_eq(last_reply(&stage)->error, "forbidden");
}

Test(runs, an_abort_ends_it_for_all_who_wait)
{
    struct pm_abort abort = { .request = 900, .version = 1, .client = "test" };

    given_script();
    when_run("go");
    settle(&stage);
    size_t replies = said_count(&stage, PM_MSG_REPLY);
    client_asks(&stage, &operator, PM_MSG_ABORT, &abort);
    settle(&stage);
    cr_assert_eq(known()->state, PM_RUN_STATE_ABORTED);
    cr_assert_eq(said_count(&stage, PM_MSG_REPLY), replies + 2);
    cr_assert(event_was(&stage, "script-ended", "aborted"));
}

Test(runs, who_comes_later_may_wait_as_well)
{
    struct pm_await await = { .request = 900, .version = 1 };

    client_asks(&stage, &observer, PM_MSG_AWAIT, &await);
    cr_assert_str_eq(last_reply(&stage)->error, "not-found");
    given_script();
    when_run("go");
    settle(&stage);
    client_asks(&stage, &observer, PM_MSG_AWAIT, &await);
    size_t replies = said_count(&stage, PM_MSG_REPLY);
    when_cam_runs_again();
    cr_assert_eq(said_count(&stage, PM_MSG_REPLY), replies + 2);
    forget_said(&stage);
    client_asks(&stage, &observer, PM_MSG_AWAIT, &await); /* and after its end */
    cr_assert_eq(last_reply(&stage)->request, 900);
    cr_assert_str_eq(last_reply(&stage)->error, "ok");
}

Test(runs, the_view_has_the_step_in_hand)
{
    sheriff_on_audience(stage.sheriff, true, true);
    given_script();
    pass(&stage, 100);
    when_run("go");
    settle(&stage);
    forget_said(&stage);
    stage.now.mono.ms += 100;
    turn(&stage);
    const struct pm_delta *delta = heard(&stage, PM_MSG_DELTA);
    cr_assert_eq(delta->run.number, 1);
    cr_assert_eq(delta->run.steps.at[0].state, PM_RUN_STATE_DOING);
    (void)seen_by_client(&stage, "cam");
    cr_assert_eq(((const struct pm_snapshot *)heard(&stage, PM_MSG_SNAPSHOT))->run.number, 1);
}

Test(runs, goes_on_from_what_the_store_has)
{
    struct pm_script_run said = { .number = 7, .script = "go", .state = PM_RUN_STATE_DOING };
    int64_t waits[] = { 1 };
    static const char *cam[] = { "cam" };
    struct pm_run_step step = { .state = PM_RUN_STATE_DOING, .waits = { waits, 1 },
        .step = { .verb = PM_STEP_VERB_START, .select = { cam, 1 },
                  .wait = PM_STEP_WAIT_RUNNING } };
    struct pm_spec one = spec("cam", "k9", "true");
    struct batch_want want = { .id = 1, .order = 5, .up = true, .by = "" };
    struct pm_buf bytes = { 0 };
    struct image_note note = { .key = "run" };

    one.id = 1;
    said.steps = (struct pm_run_step_list){ &step, 1 };
    cr_assert_eq(pm_encode(&pm_script_run_desc, &said, &bytes), PM_OK);
    note.bytes = bytes.at;
    note.n = bytes.n;
    struct image image = { .sheriff_id = 4711, .generation = 3, .last_id = 1, .last_order = 5,
                           .specs = &one, .wants = &want, .n = 1, .notes = &note, .n_notes = 1 };
    stage_end(&stage);
    stage_begin(&stage, &image, false);
    pm_buf_fini(&bytes);
    pass(&stage, 9000); /* its deputy is away, which is to be expected for a while */
    cr_assert_eq(known()->state, PM_RUN_STATE_DOING);
    struct pm_status_row there = row("cam", PM_STATE_RUNNING, 5);
    given_deputy(&stage, "k9", 1, &there, 1);
    pass(&stage, START_GRACE_MS);
    pass(&stage, 100);
    cr_assert_eq(known()->state, PM_RUN_STATE_DONE);
    cr_assert_eq(known()->number, 7);
}

Test(runs, a_first_step_that_tries_again_what_failed_is_not_judged_by_its_failure)
{
    static const char *nav[] = { "nav" };
    struct pm_step step = { .verb = PM_STEP_VERB_START, .select = { nav, 1 },
                            .wait = PM_STEP_WAIT_RUNNING };
    struct pm_script up = { .name = "up", .steps = { &step, 1 }, .origin = "fleet.yaml:7" };
    struct pm_dependency cam = { .host = "k9", .group = "", .process = "cam" };
    struct pm_spec its = spec("nav", "k9", "true");
    struct pm_apply apply = { .request = ++stage.request, .version = 1, .source = "",
                              .client = "", .specs = { &its, 1 }, .scripts = { &up, 1 } };

    its.autostart = true;
    its.depends_on = (struct pm_dependency_list){ &cam, 1 };
    deputy_reports(&stage, &k9, row("cam", PM_STATE_FAILED, want_for(&stage, "cam")->order));
    client_asks(&stage, &operator, PM_MSG_APPLY, &apply); /* cam is tried once more with it */
    settle(&stage);
    uint64_t failed = want_for(&stage, "cam")->order;
    deputy_reports(&stage, &k9, row("cam", PM_STATE_FAILED, failed));
    deputy_reports(&stage, &k9, row("nav", PM_STATE_STOPPED, 0));
    settle(&stage);
    cr_assert_eq(seen_by_client(&stage, "nav")->state, PM_STATE_FAILED);
    when_run("up");
    settle(&stage);
    cr_assert_eq(known()->state, PM_RUN_STATE_DOING, "%s", known()->reason);
    cr_assert_gt(want_for(&stage, "cam")->order, failed);
}

Test(runs, a_deputy_that_goes_away_late_in_a_step_may_return)
{
    given_script();
    when_run("go");
    settle(&stage);
    for (int i = 0; i < 11; i++) { /* its cam takes its time */
        pass(&stage, 1000);
        deputy_reports(&stage, &k9, row("cam", PM_STATE_STARTING, want_for(&stage, "cam")->order));
    }
    deputy_says(&stage, &k9, PM_MSG_BYE, &(struct pm_bye){ .session = k9.session,
                                                           .left_running = true });
    pass(&stage, 9000);
    cr_assert_eq(known()->state, PM_RUN_STATE_DOING, "%s", known()->reason);
    pass(&stage, 1100);
    cr_assert_eq(known()->state, PM_RUN_STATE_FAILED);
    cr_assert(strstr(known()->reason, "deputy k9 is not connected") != NULL, "%s",
              known()->reason);
}

/* So many scripts, each of its own name. */
static void when_scripts_are_applied(char letter, size_t n)
{
    struct pm_script *scripts = pm_alloc(n * sizeof *scripts);
    char (*names)[24] = pm_alloc(n * sizeof *names);
    struct pm_apply apply = { .request = ++stage.request, .version = 1, .source = "",
                              .client = "", .scripts = { scripts, n } };

    for (size_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], "%c%zu", letter, i);
        scripts[i] = (struct pm_script){ .name = names[i], .origin = "fleet.yaml:7" };
    }
    client_asks(&stage, &operator, PM_MSG_APPLY, &apply);
    settle(&stage);
    free(scripts);
    free(names);
}

Test(runs, there_are_never_more_scripts_than_may_be)
{
    when_scripts_are_applied('a', PM_LIMIT_SCRIPTS - 1);
    cr_assert_str_eq(last_reply(&stage)->error, "ok");
    when_scripts_are_applied('b', 2);
    cr_assert_str_eq(last_reply(&stage)->error, "limit", "%s", last_reply(&stage)->error);
    when_scripts_are_applied('b', 1);
    cr_assert_str_eq(last_reply(&stage)->error, "ok");
    when_scripts_are_applied('a', 2); /* they take the place of theirs */
    cr_assert_str_eq(last_reply(&stage)->error, "ok");
}
