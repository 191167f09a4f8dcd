#include "sheriff_stage.h"

#include "sheriffd/verdict.h"

#include <criterion/criterion.h>
#include <procman/limits.h>
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

TestSuite(orders, .init = begin, .fini = end);

static const char *const cam[] = { "cam" };

/* ---- orders and their outcomes ---------------------------------------------------- */

Test(orders, waits_for_a_start_to_be_running)
{
    struct fake_deputy k9 = given_running_cam(&stage);
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
    pass(&stage, START_GRACE_MS - 1);
    cr_assert_eq(said_count(&stage, PM_MSG_REPLY), 0);
    cr_assert_eq(sheriff_turn(stage.sheriff, stage.now), 1);
    pass(&stage, 1);
    cr_assert_str_eq(only_outcome(&stage)->error, "ok");
    cr_assert_eq(only_outcome(&stage)->took_ms, 7 + START_GRACE_MS);
    cr_assert(only_outcome(&stage)->changed);
    cr_assert_eq(last_reply(&stage)->request, order);
    cr_assert_str_eq(last_reply(&stage)->error, "ok");
}

Test(orders, gives_the_reason_of_a_failed_start)
{
    struct fake_deputy k9 = given_running_cam(&stage);
    struct pm_status_row failed = row("cam", PM_STATE_FAILED, 0);

    client_orders(&stage, PM_VERB_RESTART, "cam");
    settle(&stage);
    failed.order = want_for(&stage, "cam")->order;
    failed.reason = "working directory /nope: No such file or directory";
    deputy_reports(&stage, &k9, failed);
    cr_assert_str_eq(only_outcome(&stage)->error, "failed");
    cr_assert_str_eq(only_outcome(&stage)->text, failed.reason);
    cr_assert_str_eq(last_reply(&stage)->error, "failed");
}

Test(orders, does_not_call_running_what_ends_at_once)
{
    struct fake_deputy k9 = given_running_cam(&stage);
    struct pm_status_row failed = row("cam", PM_STATE_FAILED, 0);

    client_orders(&stage, PM_VERB_RESTART, "cam");
    settle(&stage);
    failed.order = want_for(&stage, "cam")->order;
    failed.reason = "exit code 7; not to be restarted";
    deputy_reports(&stage, &k9, row("cam", PM_STATE_RUNNING, failed.order));
    pass(&stage, START_GRACE_MS / 2);
    cr_assert_eq(said_count(&stage, PM_MSG_OUTCOMES), 0);
    deputy_reports(&stage, &k9, failed);
    cr_assert_str_eq(only_outcome(&stage)->error, "failed");
    cr_assert_str_eq(only_outcome(&stage)->text, failed.reason);
}

Test(orders, starting_what_runs_is_a_success_that_changes_nothing)
{
    given_running_cam(&stage);
    uint64_t before = want_for(&stage, "cam")->order;

    client_orders(&stage, PM_VERB_START, "cam");
    settle(&stage);
    cr_assert_str_eq(only_outcome(&stage)->error, "ok");
    cr_assert_not(only_outcome(&stage)->changed);
    cr_assert_eq(want_for(&stage, "cam")->order, before);
}

Test(orders, starts_at_once_what_waits_in_backoff)
{
    struct fake_deputy k9 = given_running_cam(&stage);
    uint64_t before = want_for(&stage, "cam")->order;

    deputy_reports(&stage, &k9, row("cam", PM_STATE_BACKOFF, before));
    client_orders(&stage, PM_VERB_START, "cam");
    settle(&stage);
    cr_assert_gt(want_for(&stage, "cam")->order, before);
}

Test(orders, says_at_once_that_a_deputy_is_not_there_and_what_will_happen)
{
    given_processes(&stage, cam, 1);
    client_orders(&stage, PM_VERB_RESTART, "cam");
    settle(&stage);
    cr_assert_str_eq(only_outcome(&stage)->error, "lost");
    cr_assert(strstr(only_outcome(&stage)->text,
                     "k9 has not connected; it will be restarted when it comes"));
}

Test(orders, releases_who_waits_when_the_deputy_is_lost)
{
    given_running_cam(&stage);
    client_orders(&stage, PM_VERB_STOP, "cam");
    settle(&stage);
    cr_assert_eq(said_count(&stage, PM_MSG_OUTCOMES), 0);
    pass(&stage, 4000);
    cr_assert_str_eq(only_outcome(&stage)->error, "lost");
}

Test(orders, releases_who_waits_when_the_time_is_over)
{
    struct fake_deputy k9 = given_running_cam(&stage);
    struct pm_beat beat = { .session = k9.session, .seq = k9.seq };

    client_orders(&stage, PM_VERB_STOP, "cam");
    settle(&stage);
    deputy_reports(&stage, &k9, row("cam", PM_STATE_STOPPING, want_for(&stage, "cam")->order));
    for (int i = 0; i < 41; i++) { /* 10 s to stop and 30 s of grace */
        deputy_says(&stage, &k9, PM_MSG_BEAT, &beat);
        pass(&stage, 1000);
    }
    cr_assert_str_eq(only_outcome(&stage)->error, "timeout");
    cr_assert(strstr(only_outcome(&stage)->text, "still stopping"));
    cr_assert_str_eq(last_reply(&stage)->error, "timeout");
}

Test(orders, tells_who_waits_that_somebody_ordered_the_opposite)
{
    given_running_cam(&stage);
    client_orders(&stage, PM_VERB_RESTART, "cam");
    settle(&stage);
    client_orders(&stage, PM_VERB_STOP, "cam");
    settle(&stage);
    pass(&stage, 0);
    deputy_reports(&stage, &(struct fake_deputy){ .peer = 1, .session = 2 },
                   row("cam", PM_STATE_STOPPING, want_for(&stage, "cam")->order));
    cr_assert(strstr(only_outcome(&stage)->text, "ordered down since"));
}

Test(orders, suggests_a_name_for_one_that_does_not_exist)
{
    given_running_cam(&stage);
    client_orders(&stage, PM_VERB_STOP, "cma");
    settle(&stage);
    cr_assert_str_eq(last_reply(&stage)->error, "not-found");
    cr_assert(strstr(last_reply(&stage)->text, "did you mean cam?"));
    cr_assert(seen_by_client(&stage, "cam")->wanted);
}

Test(orders, sends_a_signal_and_reports_that_it_went)
{
    struct fake_deputy k9 = given_running_cam(&stage);
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
    cr_assert_str_eq(only_outcome(&stage)->error, "ok");
    cr_assert_eq(stage.stored, 1); /* the definition; a signal is no wish */
}

Test(orders, forgets_a_removed_process_when_its_deputy_has)
{
    struct fake_deputy k9 = given_running_cam(&stage);

    client_orders(&stage, PM_VERB_REMOVE, "cam");
    settle(&stage);
    cr_assert_eq(((const struct pm_specs *)heard(&stage, PM_MSG_SPECS))->specs.n, 0);
    cr_assert(seen_by_client(&stage, "cam")->removing);
    cr_assert_eq(said_count(&stage, PM_MSG_OUTCOMES), 0);

    deputy_status(&stage, &k9, true, NULL, 0);
    cr_assert_null(seen_by_client(&stage, "cam"));
    cr_assert_str_eq(only_outcome(&stage)->error, "ok");
    cr_assert(event_was(&stage, "removed", "removed"));
}

Test(orders, removes_at_once_what_no_deputy_ever_had)
{
    given_processes(&stage, cam, 1);
    client_orders(&stage, PM_VERB_REMOVE, "cam");
    settle(&stage);
    cr_assert_str_eq(only_outcome(&stage)->error, "ok");
    cr_assert_null(seen_by_client(&stage, "cam"));
}
