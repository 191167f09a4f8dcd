#include "sheriff_stage.h"

#include <criterion/criterion.h>
#include <procman/limits.h>
#include <procman/status.h>
#include <string.h>

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

TestSuite(sheriff, .init = begin, .fini = end);

static const char *const cam[] = { "cam" };

static const struct pm_reply *reply(void)
{
    return heard(&stage, PM_MSG_REPLY);
}

static const struct pm_outcome *outcome(void)
{
    const struct pm_outcomes *outcomes = heard(&stage, PM_MSG_OUTCOMES);

    cr_assert_eq(outcomes->outcomes.n, 1);
    return &outcomes->outcomes.at[0];
}

/* cam on k9, defined, up and running under its first order. */
static struct fake_deputy given_running_cam(void)
{
    struct fake_deputy k9;

    given_processes(&stage, cam, 1);
    k9 = given_deputy(&stage, "k9", 1, NULL, 0);
    deputy_reports(&stage, &k9, row("cam", PM_STATE_RUNNING, want_for(&stage, "cam")->order));
    return k9;
}

/* ---- deputies come ---------------------------------------------------------------- */

Test(sheriff, tells_a_deputy_its_wishes_after_it_has_said_all_it_knows)
{
    struct fake_deputy k9 = { .peer = 1 };

    given_processes(&stage, cam, 1);
    deputy_hello(&stage, &k9, "k9", STAGE_EPOCH, 0);
    cr_assert_eq(((const struct pm_welcome *)heard(&stage, PM_MSG_WELCOME))->sheriff_id, 4711);
    cr_assert_eq(said_count(&stage, PM_MSG_SPECS), 0);

    deputy_status(&stage, &k9, true, NULL, 0);
    cr_assert(want_for(&stage, "cam")->up);
    cr_assert_eq(((const struct pm_wants *)heard(&stage, PM_MSG_WANTS))->specs_generation,
                 ((const struct pm_specs *)heard(&stage, PM_MSG_SPECS))->generation);
    cr_assert(event_was(&stage, "deputy-up", "10.0.0.9"));
}

Test(sheriff, refuses_a_second_deputy_of_one_name_while_the_first_is_heard)
{
    struct fake_deputy k9 = given_deputy(&stage, "k9", 1, NULL, 0), other = { .peer = 2 };

    deputy_hello(&stage, &other, "k9", STAGE_EPOCH + 1, 0);
    cr_assert_eq(other.session, 0);
    cr_assert(strstr(((const struct pm_refused *)heard(&stage, PM_MSG_REFUSED))->text, "--name"));

    pass(&stage, 4000);
    deputy_hello(&stage, &other, "k9", STAGE_EPOCH + 1, 0);
    cr_assert_neq(other.session, 0);
    cr_assert_neq(other.session, k9.session);
}

Test(sheriff, takes_the_same_deputy_again_at_once_when_its_brain_was_replaced)
{
    struct fake_deputy k9 = given_running_cam(), again = { .peer = 9 };
    size_t before = said_count(&stage, PM_MSG_SPECS);

    deputy_hello(&stage, &again, "k9", STAGE_EPOCH, 4711);
    cr_assert_neq(again.session, 0);
    deputy_status(&stage, &k9, true, NULL, 0); /* from the former connection: nobody listens */
    cr_assert_eq(seen_by_client(&stage, "cam")->state, PM_STATE_RUNNING);
    cr_assert_eq(said_count(&stage, PM_MSG_SPECS), before);
}

Test(sheriff, refuses_another_version_with_both_numbers)
{
    struct fake_deputy k9 = { .peer = 1 };
    struct pm_hello hello = { .version = 99, .name = "k9", .hostname = "", .software = "",
                              .boot_id = "" };

    deputy_says(&stage, &k9, PM_MSG_HELLO, &hello);
    const struct pm_refused *refused = heard(&stage, PM_MSG_REFUSED);
    cr_assert_str_eq(refused->error, "version");
    cr_assert(strstr(refused->text, "99") != NULL && strstr(refused->text, "version 1") != NULL);
}

Test(sheriff, refuses_a_name_that_cannot_be_one)
{
    struct fake_deputy bad = { .peer = 1 };

    deputy_hello(&stage, &bad, "a/b", 1, 0);
    cr_assert_eq(bad.session, 0);
    cr_assert_str_eq(((const struct pm_refused *)heard(&stage, PM_MSG_REFUSED))->error, "usage");
}

Test(sheriff, adopts_what_a_deputy_of_a_lost_sheriff_holds)
{
    struct fake_deputy k9 = { .peer = 1 };
    struct pm_spec held = spec("lidar", "k9", "sleep 9");
    struct pm_want want = { .id = 33, .up = true, .order = 17 };
    struct pm_status_row rows[] = { row("lidar", PM_STATE_RUNNING, 17) };

    held.id = 33;
    deputy_hello(&stage, &k9, "k9", STAGE_EPOCH, 1);
    struct pm_holding holding = { .session = k9.session, .specs = { &held, 1 },
                                  .wants = { &want, 1 } };
    deputy_says(&stage, &k9, PM_MSG_HOLDING, &holding);
    deputy_status(&stage, &k9, true, rows, 1);

    cr_assert(want_for(&stage, "lidar")->up);
    cr_assert_eq(want_for(&stage, "lidar")->order, 17); /* obeyed already: nothing happens */
    cr_assert_eq(seen_by_client(&stage, "lidar")->state, PM_STATE_RUNNING);
    cr_assert_eq(stage.stored, 1);
}

Test(sheriff, tells_a_deputy_nothing_while_it_is_being_adopted)
{
    struct fake_deputy k9 = { .peer = 1 };
    struct pm_spec held = spec("lidar", "k9", "sleep 9"), other = spec("x", "k8", "true");
    struct pm_apply apply = { .version = PM_PROTOCOL_VERSION, .specs = { &other, 1 },
                              .client = "", .source = "" };

    client_asks(&stage, &operator, PM_MSG_APPLY, &apply);
    turn(&stage); /* on its way to the disk */
    held.id = 33;
    deputy_hello(&stage, &k9, "k9", STAGE_EPOCH, 1);
    struct pm_holding holding = { .session = k9.session, .specs = { &held, 1 } };
    struct pm_status status = { .session = k9.session, .seq = 1, .full = true };

    deputy_says(&stage, &k9, PM_MSG_HOLDING, &holding);
    deputy_says(&stage, &k9, PM_MSG_STATUS, &status);
    turn(&stage);
    cr_assert_eq(said_count(&stage, PM_MSG_SPECS), 0);
    settle(&stage);
    cr_assert_not_null(want_for(&stage, "lidar"));
}

Test(sheriff, never_lags_behind_an_order_a_deputy_has_obeyed)
{
    struct fake_deputy k9;
    struct pm_status_row rows[] = { row("cam", PM_STATE_RUNNING, 900) };

    given_processes(&stage, cam, 1);
    k9 = given_deputy(&stage, "k9", 1, rows, 1);
    cr_assert_eq(want_for(&stage, "cam")->order, 900); /* it lives as wished: no new life */
    client_orders(&stage, PM_VERB_RESTART, "cam");
    settle(&stage);
    cr_assert_gt(want_for(&stage, "cam")->order, 900);
    (void)k9;
}

/* ---- deputies go ------------------------------------------------------------------ */

Test(sheriff, calls_a_silent_deputy_lost_and_believes_it_again_when_it_speaks)
{
    struct fake_deputy k9 = given_running_cam();
    struct pm_beat beat = { .session = k9.session, .seq = k9.seq };

    pass(&stage, 2000);
    cr_assert_eq(seen_by_client(&stage, "cam")->state, PM_STATE_RUNNING);
    pass(&stage, 2000);
    cr_assert_eq(seen_by_client(&stage, "cam")->state, PM_STATE_LOST);
    cr_assert_eq(seen_by_client(&stage, "cam")->state_age_ms, 4000);
    cr_assert(strstr(seen_by_client(&stage, "cam")->reason, "k9 is not heard"));
    cr_assert(event_was(&stage, "deputy-lost", "k9"));

    deputy_says(&stage, &k9, PM_MSG_BEAT, &beat);
    cr_assert_eq(seen_by_client(&stage, "cam")->state, PM_STATE_RUNNING);
    pass(&stage, 100);
    cr_assert(event_was(&stage, "deputy-up", "back"));
}

Test(sheriff, keeps_calm_for_a_moment_when_a_connection_is_gone)
{
    given_running_cam();
    stage.deaf = true;
    pass(&stage, 1000);
    cr_assert_eq(seen_by_client(&stage, "cam")->state, PM_STATE_RUNNING);
    pass(&stage, 3000);
    cr_assert_eq(seen_by_client(&stage, "cam")->state, PM_STATE_LOST);
}

Test(sheriff, knows_that_nothing_runs_on_a_deputy_that_said_goodbye)
{
    struct fake_deputy k9 = given_running_cam();
    struct pm_bye bye = { .session = k9.session };

    deputy_says(&stage, &k9, PM_MSG_BYE, &bye);
    cr_assert_eq(seen_by_client(&stage, "cam")->state, PM_STATE_WAITING);
    cr_assert_eq(seen_by_client(&stage, "cam")->pid, 0);
}

Test(sheriff, asks_for_everything_when_digests_differ_twice)
{
    struct fake_deputy k9 = given_running_cam();
    struct pm_status_row now = row("cam", PM_STATE_FAILED, 2);
    const struct pm_wants *wants = heard(&stage, PM_MSG_WANTS);
    struct pm_beat beat = { .session = k9.session, .seq = k9.seq,
                            .generation = wants->generation,
                            .specs_generation = wants->specs_generation,
                            .digest = pm_status_digest(&now, 1) };

    deputy_says(&stage, &k9, PM_MSG_BEAT, &beat);
    cr_assert_eq(said_count(&stage, PM_MSG_RESYNC), 0);
    deputy_says(&stage, &k9, PM_MSG_BEAT, &beat);
    cr_assert_eq(said_count(&stage, PM_MSG_RESYNC), 1);
}

Test(sheriff, repeats_wishes_a_deputy_does_not_hold)
{
    struct fake_deputy k9 = given_running_cam();
    struct pm_beat beat = { .session = k9.session, .seq = k9.seq };
    size_t before = said_count(&stage, PM_MSG_WANTS);

    deputy_says(&stage, &k9, PM_MSG_BEAT, &beat);
    deputy_says(&stage, &k9, PM_MSG_BEAT, &beat);
    turn(&stage);
    cr_assert_eq(said_count(&stage, PM_MSG_WANTS), before + 1);
}

Test(sheriff, beats_each_second_and_acknowledges_what_it_heard)
{
    struct fake_deputy k9 = given_running_cam();

    pass(&stage, 1000);
    const struct pm_beat *beat = heard(&stage, PM_MSG_BEAT);
    cr_assert_eq(beat->seq, k9.seq);
    cr_assert_eq(beat->session, k9.session);
}

/* ---- nothing before it is stored -------------------------------------------------- */

Test(sheriff, tells_nobody_before_the_change_is_stored)
{
    given_running_cam();
    forget_said(&stage);
    client_orders(&stage, PM_VERB_STOP, "cam");
    turn(&stage);
    cr_assert_eq(said_count(&stage, PM_MSG_WANTS), 0);
    settle(&stage);
    cr_assert_eq(said_count(&stage, PM_MSG_WANTS), 1);
    cr_assert_eq(said_count(&stage, PM_MSG_SPECS), 0); /* a start or stop costs no specs */
}

Test(sheriff, takes_a_change_back_that_cannot_be_stored)
{
    given_running_cam();
    forget_said(&stage);
    client_orders(&stage, PM_VERB_STOP, "cam");
    answer_store(&stage, PM_IO, "disk full");
    cr_assert_str_eq(reply()->error, "io");
    cr_assert_str_eq(reply()->text, "disk full");
    cr_assert_eq(said_count(&stage, PM_MSG_WANTS), 0);
    cr_assert(seen_by_client(&stage, "cam")->wanted);
}

Test(sheriff, forgets_a_definition_that_cannot_be_stored)
{
    struct pm_spec one = spec("one", "k9", "true");
    struct pm_apply apply = { .request = 1, .version = PM_PROTOCOL_VERSION, .specs = { &one, 1 },
                              .client = "", .source = "" };

    given_deputy(&stage, "k9", 1, NULL, 0);
    client_asks(&stage, &operator, PM_MSG_APPLY, &apply);
    answer_store(&stage, PM_IO, "disk full");
    cr_assert_null(seen_by_client(&stage, "one"));
    cr_assert_str_eq(reply()->error, "io");
}

Test(sheriff, makes_one_transaction_of_what_waited_for_the_disk)
{
    given_running_cam();
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

Test(sheriff, answers_when_the_disk_hangs)
{
    given_running_cam();
    client_orders(&stage, PM_VERB_STOP, "cam");
    turn(&stage);
    client_orders(&stage, PM_VERB_START, "cam");
    for (int i = 0; i < 12; i++) {
        stage.now.mono.ms += 1000;
        turn(&stage);
    }
    cr_assert_eq(said_count(&stage, PM_MSG_REPLY), 3); /* the apply's, and two timeouts */
    cr_assert_str_eq(reply()->error, "timeout");
}

Test(sheriff, never_lets_a_generation_go_back)
{
    struct pm_spec changed = spec("cam", "k9", "sleep 2");
    uint64_t last = 0;

    given_running_cam();
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

/* ---- orders and their outcomes ---------------------------------------------------- */

Test(sheriff, waits_for_a_start_to_be_running)
{
    struct fake_deputy k9 = given_running_cam();
    uint64_t order;

    client_orders(&stage, PM_VERB_STOP, "cam");
    settle(&stage);
    deputy_reports(&stage, &k9, row("cam", PM_STATE_STOPPED, want_for(&stage, "cam")->order));
    client_orders(&stage, PM_VERB_START, "cam");
    settle(&stage);
    forget_said(&stage);
    order = stage.request; /* of the client */
    deputy_reports(&stage, &k9, row("cam", PM_STATE_STARTING, 99));
    cr_assert_eq(said_count(&stage, PM_MSG_REPLY), 0);
    stage.now.mono.ms += 7;
    deputy_reports(&stage, &k9, row("cam", PM_STATE_RUNNING, 99));
    cr_assert_str_eq(outcome()->error, "ok");
    cr_assert_eq(outcome()->took_ms, 7);
    cr_assert(outcome()->changed);
    cr_assert_eq(reply()->request, order);
    cr_assert_str_eq(reply()->error, "ok");
}

Test(sheriff, gives_the_reason_of_a_failed_start)
{
    struct fake_deputy k9 = given_running_cam();
    struct pm_status_row failed = row("cam", PM_STATE_FAILED, 0);

    client_orders(&stage, PM_VERB_RESTART, "cam");
    settle(&stage);
    failed.order = want_for(&stage, "cam")->order;
    failed.reason = "working directory /nope: No such file or directory";
    deputy_reports(&stage, &k9, failed);
    cr_assert_str_eq(outcome()->error, "failed");
    cr_assert_str_eq(outcome()->text, failed.reason);
    cr_assert_str_eq(reply()->error, "failed");
}

Test(sheriff, starting_what_runs_is_a_success_that_changes_nothing)
{
    given_running_cam();
    uint64_t before = want_for(&stage, "cam")->order;

    client_orders(&stage, PM_VERB_START, "cam");
    settle(&stage);
    cr_assert_str_eq(outcome()->error, "ok");
    cr_assert_not(outcome()->changed);
    cr_assert_eq(want_for(&stage, "cam")->order, before);
}

Test(sheriff, starts_at_once_what_waits_in_backoff)
{
    struct fake_deputy k9 = given_running_cam();
    uint64_t before = want_for(&stage, "cam")->order;

    deputy_reports(&stage, &k9, row("cam", PM_STATE_BACKOFF, before));
    client_orders(&stage, PM_VERB_START, "cam");
    settle(&stage);
    cr_assert_gt(want_for(&stage, "cam")->order, before);
}

Test(sheriff, says_at_once_that_a_deputy_is_not_there_and_what_will_happen)
{
    given_processes(&stage, cam, 1);
    client_orders(&stage, PM_VERB_RESTART, "cam");
    settle(&stage);
    cr_assert_str_eq(outcome()->error, "lost");
    cr_assert(strstr(outcome()->text, "k9 has not connected; it will be restarted when it comes"));
}

Test(sheriff, releases_who_waits_when_the_deputy_is_lost)
{
    given_running_cam();
    client_orders(&stage, PM_VERB_STOP, "cam");
    settle(&stage);
    cr_assert_eq(said_count(&stage, PM_MSG_OUTCOMES), 0);
    pass(&stage, 4000);
    cr_assert_str_eq(outcome()->error, "lost");
}

Test(sheriff, releases_who_waits_when_the_time_is_over)
{
    struct fake_deputy k9 = given_running_cam();
    struct pm_beat beat = { .session = k9.session, .seq = k9.seq };

    client_orders(&stage, PM_VERB_STOP, "cam");
    settle(&stage);
    deputy_reports(&stage, &k9, row("cam", PM_STATE_STOPPING, want_for(&stage, "cam")->order));
    for (int i = 0; i < 41; i++) { /* 10 s to stop and 30 s of grace */
        deputy_says(&stage, &k9, PM_MSG_BEAT, &beat);
        pass(&stage, 1000);
    }
    cr_assert_str_eq(outcome()->error, "timeout");
    cr_assert(strstr(outcome()->text, "still stopping"));
    cr_assert_str_eq(reply()->error, "timeout");
}

Test(sheriff, tells_who_waits_that_somebody_ordered_the_opposite)
{
    given_running_cam();
    client_orders(&stage, PM_VERB_RESTART, "cam");
    settle(&stage);
    client_orders(&stage, PM_VERB_STOP, "cam");
    settle(&stage);
    pass(&stage, 0);
    deputy_reports(&stage, &(struct fake_deputy){ .peer = 1, .session = 2 },
                   row("cam", PM_STATE_STOPPING, want_for(&stage, "cam")->order));
    cr_assert(strstr(outcome()->text, "ordered down since"));
}

Test(sheriff, suggests_a_name_for_one_that_does_not_exist)
{
    given_running_cam();
    client_orders(&stage, PM_VERB_STOP, "cma");
    settle(&stage);
    cr_assert_str_eq(reply()->error, "not-found");
    cr_assert(strstr(reply()->text, "did you mean cam?"));
    cr_assert(seen_by_client(&stage, "cam")->wanted);
}

Test(sheriff, sends_a_signal_and_reports_that_it_went)
{
    struct fake_deputy k9 = given_running_cam();
    const char *word = "cam";
    struct pm_order order = { .version = PM_PROTOCOL_VERSION, .verb = PM_VERB_SIGNAL,
                              .signal = 10, .select = { &word, 1 }, .client = "" };

    client_asks(&stage, &operator, PM_MSG_ORDER, &order);
    turn(&stage);
    const struct pm_signal *sent = heard(&stage, PM_MSG_SIGNAL);
    cr_assert_eq(sent->signal, 10);
    struct pm_done done = { .session = k9.session, .request = sent->request, .error = "ok",
                            .text = "" };
    deputy_says(&stage, &k9, PM_MSG_DONE, &done);
    turn(&stage);
    cr_assert_str_eq(outcome()->error, "ok");
    cr_assert_eq(stage.stored, 1); /* the definition; a signal is no wish */
}

Test(sheriff, forgets_a_removed_process_when_its_deputy_has)
{
    struct fake_deputy k9 = given_running_cam();

    client_orders(&stage, PM_VERB_REMOVE, "cam");
    settle(&stage);
    cr_assert_eq(((const struct pm_specs *)heard(&stage, PM_MSG_SPECS))->specs.n, 0);
    cr_assert(seen_by_client(&stage, "cam")->removing);
    cr_assert_eq(said_count(&stage, PM_MSG_OUTCOMES), 0);

    deputy_status(&stage, &k9, true, NULL, 0);
    cr_assert_null(seen_by_client(&stage, "cam"));
    cr_assert_str_eq(outcome()->error, "ok");
    cr_assert(event_was(&stage, "removed", "removed"));
}

Test(sheriff, removes_at_once_what_no_deputy_ever_had)
{
    given_processes(&stage, cam, 1);
    client_orders(&stage, PM_VERB_REMOVE, "cam");
    settle(&stage);
    cr_assert_str_eq(outcome()->error, "ok");
    cr_assert_null(seen_by_client(&stage, "cam"));
}

/* ---- the file, and what an operator wants ----------------------------------------- */

Test(sheriff, leaves_down_what_an_operator_stopped_when_the_file_is_applied_again)
{
    struct pm_spec changed = spec("cam", "k9", "sleep 2");

    given_running_cam();
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

Test(sheriff, restarts_what_a_changed_file_changes_and_nothing_else)
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

Test(sheriff, prunes_only_what_its_own_file_defined)
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

Test(sheriff, refuses_a_file_with_an_impossible_process_and_changes_nothing)
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

/* ---- who may ---------------------------------------------------------------------- */

Test(sheriff, lets_observers_look_and_nothing_else)
{
    const char *word = "cam";
    struct pm_order order = { .version = PM_PROTOCOL_VERSION, .verb = PM_VERB_STOP,
                              .select = { &word, 1 }, .client = "" };
    struct pm_apply apply = { .version = PM_PROTOCOL_VERSION, .client = "", .source = "" };
    struct pm_shutdown shutdown = { .version = PM_PROTOCOL_VERSION };

    given_running_cam();
    size_t before = said_count(&stage, PM_MSG_REPLY);
    client_asks(&stage, &observer, PM_MSG_ORDER, &order);
    client_asks(&stage, &observer, PM_MSG_APPLY, &apply);
    client_asks(&stage, &observer, PM_MSG_SHUTDOWN, &shutdown);
    cr_assert_eq(said_count(&stage, PM_MSG_REPLY), before + 3);
    cr_assert_str_eq(reply()->error, "forbidden");
    settle(&stage);
    cr_assert(seen_by_client(&stage, "cam")->wanted);
    cr_assert_not(stage.finished);
}

Test(sheriff, hides_the_environment_from_observers)
{
    struct pm_var secret = { .name = "TOKEN", .value = "s3cret" };
    struct pm_spec one = spec("one", "k9", "true");
    struct pm_export export = { .version = PM_PROTOCOL_VERSION };

    one.env = (struct pm_var_list){ &secret, 1 };
    client_applies(&stage, PM_APPLY_MODE_MERGE, false, &one, 1);
    client_asks(&stage, &observer, PM_MSG_EXPORT, &export);
    const struct pm_exported *exported = heard(&stage, PM_MSG_EXPORTED);
    cr_assert_str_eq(exported->specs.at[0].env.at[0].name, "TOKEN");
    cr_assert_str_eq(exported->specs.at[0].env.at[0].value, "");
    client_asks(&stage, &operator, PM_MSG_EXPORT, &export);
    exported = heard(&stage, PM_MSG_EXPORTED);
    cr_assert_str_eq(exported->specs.at[0].env.at[0].value, "s3cret");
}

/* ---- output, history, live -------------------------------------------------------- */

Test(sheriff, passes_a_question_for_output_on_and_the_answer_back)
{
    struct fake_deputy k9 = given_running_cam();
    struct pm_read read = { .request = 70, .id = seen_by_client(&stage, "cam")->id, .lines = 5 };

    client_asks(&stage, &observer, PM_MSG_READ, &read);
    const struct pm_read *passed = heard(&stage, PM_MSG_READ);
    cr_assert_eq(passed->session, k9.session);
    cr_assert_eq(passed->lines, 5);
    struct pm_bytes bytes = { .session = k9.session, .request = passed->request, .error = "ok",
                              .text = "", .data = { (const uint8_t *)"hi", 2 } };
    deputy_says(&stage, &k9, PM_MSG_BYTES, &bytes);
    cr_assert_eq(((const struct pm_bytes *)heard(&stage, PM_MSG_BYTES))->request, 70);
}

Test(sheriff, answers_for_a_deputy_that_does_not)
{
    struct fake_deputy k9 = given_running_cam();
    struct pm_read read = { .request = 70, .id = seen_by_client(&stage, "cam")->id };
    struct pm_beat beat = { .session = k9.session, .seq = k9.seq };

    client_asks(&stage, &observer, PM_MSG_READ, &read);
    for (int i = 0; i < 6; i++) {
        deputy_says(&stage, &k9, PM_MSG_BEAT, &beat);
        pass(&stage, 1000);
    }
    cr_assert_str_eq(reply()->error, "timeout");
    cr_assert_eq(reply()->request, 70);
}

Test(sheriff, stores_what_happened_before_it_asks_what_happened)
{
    struct pm_history ask = { .request = 8, .version = PM_PROTOCOL_VERSION };

    given_running_cam();
    client_asks(&stage, &observer, PM_MSG_HISTORY, &ask);
    cr_assert_not_null(stage.asked);
    sheriff_on_history(stage.sheriff, stage.asked);
    cr_assert_eq(((const struct pm_events *)heard(&stage, PM_MSG_EVENTS))->request, 8);
    settle(&stage);
}

Test(sheriff, publishes_changes_with_a_sequence_only_to_listeners_but_always_counts)
{
    struct fake_deputy k9 = given_running_cam();
    uint64_t before;

    pass(&stage, 100);
    seen_by_client(&stage, "cam");
    before = ((const struct pm_snapshot *)heard(&stage, PM_MSG_SNAPSHOT))->seq;
    deputy_reports(&stage, &k9, row("cam", PM_STATE_STOPPING, 9));
    pass(&stage, 100);
    cr_assert_eq(said_count(&stage, PM_MSG_DELTA), 0);

    sheriff_on_audience(stage.sheriff, true);
    deputy_reports(&stage, &k9, row("cam", PM_STATE_STOPPED, 9));
    pass(&stage, 100);
    const struct pm_delta *delta = heard(&stage, PM_MSG_DELTA);
    cr_assert_eq(delta->seq, before + 2);
    cr_assert_eq(delta->procs.n, 1);
    cr_assert_eq(delta->procs.at[0].state, PM_STATE_STOPPED);
}

Test(sheriff, refuses_a_client_of_another_version)
{
    struct pm_ask ask = { .request = 3, .version = 7 };

    client_asks(&stage, &operator, PM_MSG_ASK, &ask);
    cr_assert_str_eq(reply()->error, "version");
    cr_assert_eq(reply()->version, PM_PROTOCOL_VERSION);
}

/* ---- the end ---------------------------------------------------------------------- */

Test(sheriff, ends_at_once_when_asked_and_leaves_the_fleet_alone)
{
    struct pm_shutdown shutdown = { .request = 9, .version = PM_PROTOCOL_VERSION };

    given_running_cam();
    client_asks(&stage, &operator, PM_MSG_SHUTDOWN, &shutdown);
    cr_assert(stage.finished);
    cr_assert_eq(reply()->request, 9);
    cr_assert_eq(said_count(&stage, PM_MSG_RETIRE), 0);
}

Test(lone_ranger, retires_its_deputy_before_it_ends)
{
    struct pm_shutdown shutdown = { .request = 9, .version = PM_PROTOCOL_VERSION };
    struct fake_deputy own;

    stage_begin(&stage, NULL, true);
    own = given_deputy(&stage, "hq", 1, NULL, 0);
    client_asks(&stage, &operator, PM_MSG_SHUTDOWN, &shutdown);
    turn(&stage);
    cr_assert_eq(said_count(&stage, PM_MSG_RETIRE), 1);
    cr_assert_not(stage.finished);
    deputy_says(&stage, &own, PM_MSG_BYE, &(struct pm_bye){ .session = own.session });
    turn(&stage);
    cr_assert(stage.finished);
    stage_end(&stage);
}

Test(lone_ranger, does_not_wait_for_ever_for_a_deputy_that_hangs)
{
    stage_begin(&stage, NULL, true);
    given_deputy(&stage, "hq", 1, NULL, 0);
    sheriff_end(stage.sheriff, stage.now);
    turn(&stage);
    cr_assert_not(stage.finished);
    pass(&stage, 5000);
    cr_assert(stage.finished);
    stage_end(&stage);
}
