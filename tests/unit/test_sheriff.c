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

TestSuite(sheriff, .init = begin, .fini = end);

/* ---- who may ---------------------------------------------------------------------- */

Test(sheriff, lets_observers_look_and_nothing_else)
{
    const char *word = "cam";
    struct pm_order order = { .version = PM_PROTOCOL_VERSION, .verb = PM_VERB_STOP,
                              .select = { &word, 1 }, .client = "" };
    struct pm_apply apply = { .version = PM_PROTOCOL_VERSION, .client = "", .source = "" };
    struct pm_shutdown shutdown = { .version = PM_PROTOCOL_VERSION };

    given_running_cam(&stage);
    size_t before = said_count(&stage, PM_MSG_REPLY);
    client_asks(&stage, &observer, PM_MSG_ORDER, &order);
    client_asks(&stage, &observer, PM_MSG_APPLY, &apply);
    client_asks(&stage, &observer, PM_MSG_SHUTDOWN, &shutdown);
    cr_assert_eq(said_count(&stage, PM_MSG_REPLY), before + 3);
    cr_assert_str_eq(last_reply(&stage)->error, "forbidden");
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
    struct fake_deputy k9 = given_running_cam(&stage);
    struct pm_read read = { .request = 70, .id = seen_by_client(&stage, "cam")->id, .lines = 5,
                            .since_ms = 1000, .run = 3, .marked = true };
    struct pm_mark mark = { .offset = 7, .length = 2, .time_ms = 1234, .run = 3 };

    client_asks(&stage, &observer, PM_MSG_READ, &read);
    const struct pm_read *passed = heard(&stage, PM_MSG_READ);
    cr_assert_eq(passed->session, k9.session);
    cr_assert(passed->lines == 5 && passed->since_ms == 1000 && passed->run == 3);
    cr_assert(passed->marked);
    struct pm_bytes bytes = { .session = k9.session, .request = passed->request, .error = "ok",
                              .text = "", .offset = 7, .begin = 4, .marks = { &mark, 1 },
                              .data = { (const uint8_t *)"hi", 2 } };
    deputy_says(&stage, &k9, PM_MSG_BYTES, &bytes);
    const struct pm_bytes *answer = heard(&stage, PM_MSG_BYTES);
    cr_assert(answer->request == 70 && answer->offset == 7 && answer->begin == 4);
    cr_assert(answer->marks.n == 1 && answer->marks.at[0].time_ms == 1234);
}

Test(sheriff, answers_for_a_deputy_that_does_not)
{
    struct fake_deputy k9 = given_running_cam(&stage);
    struct pm_read read = { .request = 70, .id = seen_by_client(&stage, "cam")->id };
    struct pm_beat beat = { .session = k9.session, .seq = k9.seq };

    client_asks(&stage, &observer, PM_MSG_READ, &read);
    for (int i = 0; i < 6; i++) {
        deputy_says(&stage, &k9, PM_MSG_BEAT, &beat);
        pass(&stage, 1000);
    }
    cr_assert_str_eq(last_reply(&stage)->error, "timeout");
    cr_assert_eq(last_reply(&stage)->request, 70);
}

Test(sheriff, stores_what_happened_before_it_asks_what_happened)
{
    struct pm_history ask = { .request = 8, .version = PM_PROTOCOL_VERSION };

    given_running_cam(&stage);
    client_asks(&stage, &observer, PM_MSG_HISTORY, &ask);
    cr_assert_not_null(stage.asked);
    sheriff_on_history(stage.sheriff, stage.asked);
    cr_assert_eq(((const struct pm_events *)heard(&stage, PM_MSG_EVENTS))->request, 8);
    settle(&stage);
}

Test(sheriff, publishes_changes_with_a_sequence_only_to_listeners_but_always_counts)
{
    struct fake_deputy k9 = given_running_cam(&stage);
    uint64_t before;

    pass(&stage, 100);
    seen_by_client(&stage, "cam");
    before = ((const struct pm_snapshot *)heard(&stage, PM_MSG_SNAPSHOT))->seq;
    deputy_reports(&stage, &k9, row("cam", PM_STATE_STOPPING, 9));
    pass(&stage, 100);
    cr_assert_eq(said_count(&stage, PM_MSG_DELTA), 0);

    sheriff_on_audience(stage.sheriff, true, true);
    deputy_reports(&stage, &k9, row("cam", PM_STATE_STOPPED, 9));
    pass(&stage, 100);
    const struct pm_delta *delta = heard(&stage, PM_MSG_DELTA);
    cr_assert_eq(delta->seq, before + 2);
    cr_assert_eq(delta->procs.n, 1);
    cr_assert_eq(delta->procs.at[0].state, PM_STATE_STOPPED);
}

Test(sheriff, tells_who_listens_anew_where_it_is_though_nothing_changes)
{
    uint64_t before;

    given_running_cam(&stage);
    sheriff_on_audience(stage.sheriff, true, false);
    pass(&stage, 100);
    seen_by_client(&stage, "cam");
    before = ((const struct pm_snapshot *)heard(&stage, PM_MSG_SNAPSHOT))->seq;
    forget_said(&stage);
    pass(&stage, 100);
    cr_assert_eq(said_count(&stage, PM_MSG_DELTA), 0);

    sheriff_on_audience(stage.sheriff, true, true);
    pass(&stage, 100);
    const struct pm_delta *delta = heard(&stage, PM_MSG_DELTA);
    cr_assert_eq(delta->seq, before + 1);
    cr_assert_eq(delta->procs.n, 0);
    pass(&stage, 100);
    cr_assert_eq(said_count(&stage, PM_MSG_DELTA), 1);
}

Test(sheriff, refuses_a_client_of_another_version)
{
    struct pm_ask ask = { .request = 3, .version = 7 };

    client_asks(&stage, &operator, PM_MSG_ASK, &ask);
    cr_assert_str_eq(last_reply(&stage)->error, "version");
    cr_assert_eq(last_reply(&stage)->version, PM_PROTOCOL_VERSION);
}

/* ---- the end ---------------------------------------------------------------------- */

Test(sheriff, ends_at_once_when_asked_and_leaves_the_fleet_alone)
{
    struct pm_shutdown shutdown = { .request = 9, .version = PM_PROTOCOL_VERSION };

    given_running_cam(&stage);
    client_asks(&stage, &operator, PM_MSG_SHUTDOWN, &shutdown);
    cr_assert(stage.finished);
    cr_assert_eq(last_reply(&stage)->request, 9);
    cr_assert_eq(said_count(&stage, PM_MSG_RETIRE), 0);
}

Test(sheriff, tells_who_still_waits_that_it_ends)
{
    struct pm_read read = { .request = 70 };

    given_running_cam(&stage);
    read.id = seen_by_client(&stage, "cam")->id;
    client_asks(&stage, &observer, PM_MSG_READ, &read);
    client_orders(&stage, PM_VERB_STOP, "cam");
    turn(&stage);
    client_orders(&stage, PM_VERB_START, "cam"); /* queued */
    size_t before = said_count(&stage, PM_MSG_REPLY);
    sheriff_close(&stage.sheriff);
    cr_assert_eq(said_count(&stage, PM_MSG_REPLY), before + 3);
    cr_assert_str_eq(last_reply(&stage)->error, "gone");
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

Test(sheriff, a_file_waits_until_no_other_change_is_under_way)
{
    struct pm_spec other = spec("x", "k8", "true");
    struct pm_apply apply = { .version = PM_PROTOCOL_VERSION, .specs = { &other, 1 },
                              .client = "", .source = "" };

    cr_assert(sheriff_can_change(stage.sheriff));
    client_asks(&stage, &operator, PM_MSG_APPLY, &apply);
    turn(&stage);
    cr_assert_not(sheriff_can_change(stage.sheriff));
    settle(&stage);
    cr_assert(sheriff_can_change(stage.sheriff));
}
