#include "sheriff_stage.h"

#include <criterion/criterion.h>
#include <procman/limits.h>

static struct stage stage;

static void begin(void)
{
    stage_begin(&stage, NULL, false);
    settle(&stage);
}

static void end(void)
{
    stage_end(&stage);
}

TestSuite(commit, .init = begin, .fini = end);

static const char *const cam[] = { "cam" };

/* ---- nothing before it is stored -------------------------------------------------- */

Test(commit, tells_nobody_before_the_change_is_stored)
{
    given_running_cam(&stage);
    forget_said(&stage);
    client_orders(&stage, PM_VERB_STOP, "cam");
    turn(&stage);
    cr_assert_eq(said_count(&stage, PM_MSG_WANTS), 0);
    settle(&stage);
    cr_assert_eq(said_count(&stage, PM_MSG_WANTS), 1);
    cr_assert_eq(said_count(&stage, PM_MSG_SPECS), 0); /* a start or stop costs no specs */
}

Test(commit, takes_a_change_back_that_cannot_be_stored)
{
    given_running_cam(&stage);
    forget_said(&stage);
    client_orders(&stage, PM_VERB_STOP, "cam");
    answer_store(&stage, PM_IO, "disk full");
    cr_assert_str_eq(last_reply(&stage)->error, "io");
    cr_assert_str_eq(last_reply(&stage)->text, "disk full");
    cr_assert_eq(said_count(&stage, PM_MSG_WANTS), 0);
    cr_assert(seen_by_client(&stage, "cam")->wanted);
}

Test(commit, forgets_a_definition_that_cannot_be_stored)
{
    struct pm_spec one = spec("one", "k9", "true");
    struct pm_apply apply = { .request = 1, .version = PM_PROTOCOL_VERSION, .specs = { &one, 1 },
                              .client = "", .source = "" };

    given_deputy(&stage, "k9", 1, NULL, 0);
    client_asks(&stage, &operator, PM_MSG_APPLY, &apply);
    answer_store(&stage, PM_IO, "disk full");
    cr_assert_null(seen_by_client(&stage, "one"));
    cr_assert_str_eq(last_reply(&stage)->error, "io");
}

Test(commit, makes_one_transaction_of_what_waited_for_the_disk)
{
    given_running_cam(&stage);
    client_orders(&stage, PM_VERB_STOP, "cam");
    turn(&stage);
    client_orders(&stage, PM_VERB_START, "cam");
    client_orders(&stage, PM_VERB_STOP, "cam");
    turn(&stage);
    size_t before = stage.stored;
    settle(&stage);
    cr_assert_eq(stage.stored, before + 2);
    cr_assert_not(want_for(&stage, "cam")->up);
}

Test(commit, answers_when_the_disk_hangs)
{
    given_running_cam(&stage);
    client_orders(&stage, PM_VERB_STOP, "cam");
    turn(&stage);
    client_orders(&stage, PM_VERB_START, "cam");
    for (int i = 0; i < 12; i++) {
        stage.now.mono.ms += 1000;
        turn(&stage);
    }
    cr_assert_eq(said_count(&stage, PM_MSG_REPLY), 3); /* the apply's, and two timeouts */
    cr_assert_str_eq(last_reply(&stage)->error, "timeout");
}

Test(commit, never_lets_a_generation_go_back)
{
    struct pm_spec changed = spec("cam", "k9", "sleep 2");
    uint64_t last = 0;

    given_running_cam(&stage);
    for (int i = 0; i < 3; i++) {
        client_orders(&stage, i > 0 ? PM_VERB_START : PM_VERB_STOP, "cam");
        answer_store(&stage, i == 1 ? PM_IO : PM_OK, "no");
        const struct pm_wants *wants = heard(&stage, PM_MSG_WANTS);
        /* What the failed one used is never used again. */
        cr_assert(i == 1 ? wants->generation == last : wants->generation > last + (i == 2));
        last = wants->generation;
    }
    client_applies(&stage, PM_APPLY_MODE_MERGE, false, &changed, 1);
    cr_assert_gt(((const struct pm_wants *)heard(&stage, PM_MSG_WANTS))->generation, last);
}

/* ---- the file, and what an operator wants ----------------------------------------- */

Test(commit, leaves_down_what_an_operator_stopped_when_the_file_is_applied_again)
{
    struct pm_spec changed = spec("cam", "k9", "sleep 2");

    given_running_cam(&stage);
    client_orders(&stage, PM_VERB_STOP, "cam");
    settle(&stage);
    given_processes(&stage, cam, 1);
    cr_assert_not(seen_by_client(&stage, "cam")->wanted);
    client_applies(&stage, PM_APPLY_MODE_MERGE, false, &changed, 1);
    cr_assert_not(seen_by_client(&stage, "cam")->wanted);
    client_orders(&stage, PM_VERB_START, "cam");
    settle(&stage);
    cr_assert(seen_by_client(&stage, "cam")->wanted);
}

Test(commit, restarts_what_a_changed_file_changes_and_nothing_else)
{
    static const char *const both[] = { "cam", "lidar" };
    struct pm_spec changed = spec("cam", "k9", "sleep 2");

    given_processes(&stage, both, 2);
    struct fake_deputy k9 = given_deputy(&stage, "k9", 1, NULL, 0);
    uint64_t cam_order = want_for(&stage, "cam")->order;
    uint64_t lidar_order = want_for(&stage, "lidar")->order;
    deputy_reports(&stage, &k9, row("cam", PM_STATE_RUNNING, cam_order));
    deputy_reports(&stage, &k9, row("lidar", PM_STATE_RUNNING, lidar_order));

    client_applies(&stage, PM_APPLY_MODE_MERGE, false, &changed, 1);
    cr_assert_gt(want_for(&stage, "cam")->order, cam_order);
    cr_assert_eq(want_for(&stage, "lidar")->order, lidar_order);
    const struct pm_plan *plan = heard(&stage, PM_MSG_PLAN);
    cr_assert_eq(plan->changes.n, 1);
    cr_assert_eq(plan->changes.at[0].action, PM_ACTION_RESTART);
}

Test(commit, prunes_only_what_its_own_file_defined)
{
    struct pm_spec specs[] = { spec("old", "", "true"), spec("kept", "", "true") };
    struct pm_config config = { .specs = { specs, 2 } };
    struct pm_spec by_hand = spec("by_hand", "", "true");
    char *why = NULL;

    specs[0].origin = specs[1].origin = "/etc/f.yaml:3";
    cr_assert_eq(sheriff_apply_file(stage.sheriff, &config, "/etc/f.yaml", stage.now, &why), PM_OK);
    settle(&stage);
    client_applies(&stage, PM_APPLY_MODE_ADD, false, &by_hand, 1);
    config.specs = (struct pm_spec_list){ &specs[1], 1 };
    cr_assert_eq(sheriff_apply_file(stage.sheriff, &config, "/etc/f.yaml", stage.now, &why), PM_OK);
    settle(&stage);
    cr_assert_null(seen_by_client(&stage, "old"));
    cr_assert_not_null(seen_by_client(&stage, "kept"));
    cr_assert_not_null(seen_by_client(&stage, "by_hand"));
    cr_assert_str_eq(seen_by_client(&stage, "kept")->host, "hq");
}

Test(commit, refuses_a_file_with_an_impossible_process_and_changes_nothing)
{
    struct pm_spec specs[] = { spec("good", "", "true"), spec("bad/name", "", "true") };
    struct pm_config config = { .specs = { specs, 2 } };
    char *why = NULL;

    cr_assert_eq(sheriff_apply_file(stage.sheriff, &config, "f", stage.now, &why), PM_BAD_CONFIG);
    cr_assert_not_null(why);
    pm_free(&why);
    settle(&stage);
    cr_assert_null(seen_by_client(&stage, "good"));
    cr_assert_eq(stage.stored, 0);
}

/* ---- what happens meanwhile --------------------------------------------------------- */

Test(commit, a_removal_ends_though_its_taking_back_could_not_be_stored)
{
    struct pm_spec specs[] = { spec("cam", "k9", "sleep 1") };
    struct pm_apply apply = { .request = 1, .version = PM_PROTOCOL_VERSION, .specs = { specs, 1 },
                              .client = "", .source = "" };
    struct fake_deputy deputy = given_running_cam(&stage);

    client_orders(&stage, PM_VERB_REMOVE, "cam");
    settle(&stage);
    client_asks(&stage, &operator, PM_MSG_APPLY, &apply);
    turn(&stage);
    struct pm_status none = { .session = deputy.session, .seq = ++deputy.seq, .full = true };
    deputy_says(&stage, &deputy, PM_MSG_STATUS, &none);
    answer_store(&stage, PM_IO, "disk full");
    cr_assert_null(seen_by_client(&stage, "cam"));
}

Test(commit, shows_no_generation_that_is_not_stored)
{
    given_running_cam(&stage);
    struct pm_apply apply = { .request = 1, .version = PM_PROTOCOL_VERSION, .client = "",
                              .source = "", .specs = { (struct pm_spec[]){
                                  spec("one", "m8", "true") }, 1 } };

    seen_by_client(&stage, "cam");
    uint64_t before = ((const struct pm_snapshot *)heard(&stage, PM_MSG_SNAPSHOT))->generation;
    client_asks(&stage, &operator, PM_MSG_APPLY, &apply);
    turn(&stage);
    struct fake_deputy deputy = { .peer = 2 };
    deputy_hello(&stage, &deputy, "m8", STAGE_EPOCH, 0); /* while nothing is certain */
    struct pm_status none = { .session = deputy.session, .seq = 1, .full = true };
    deputy_says(&stage, &deputy, PM_MSG_STATUS, &none);
    answer_store(&stage, PM_IO, "disk full");
    seen_by_client(&stage, "cam");
    cr_assert_eq(((const struct pm_snapshot *)heard(&stage, PM_MSG_SNAPSHOT))->generation, before);
    cr_assert_leq(((const struct pm_wants *)heard(&stage, PM_MSG_WANTS))->generation, before);
}

Test(commit, a_new_command_for_a_job_that_is_about_to_run_again_is_a_restart)
{
    struct pm_spec changed[] = { spec("cam", "k9", "sleep 2") };
    struct fake_deputy deputy = given_running_cam(&stage);
    uint64_t order = want_for(&stage, "cam")->order;

    deputy_reports(&stage, &deputy, row("cam", PM_STATE_EXITED, order));
    client_orders(&stage, PM_VERB_START, "cam");
    settle(&stage);
    client_applies(&stage, PM_APPLY_MODE_MERGE, false, changed, 1);
    const struct pm_plan *plan = heard(&stage, PM_MSG_PLAN);
    cr_assert_eq(plan->changes.at[0].action, PM_ACTION_RESTART);
}

Test(commit, a_removal_waits_no_longer_when_it_is_taken_back)
{
    struct pm_spec specs[] = { spec("cam", "k9", "sleep 1") };
    struct pm_apply apply = { .request = 77, .version = PM_PROTOCOL_VERSION,
                              .specs = { specs, 1 }, .client = "", .source = "" };

    given_running_cam(&stage);
    forget_said(&stage);
    client_orders(&stage, PM_VERB_REMOVE, "cam");
    client_asks(&stage, &operator, PM_MSG_APPLY, &apply); /* in the same transaction */
    settle(&stage);
    cr_assert_eq(said_count(&stage, PM_MSG_REPLY), 2);
    cr_assert_str_eq(last_reply(&stage)->error, "failed");
}
