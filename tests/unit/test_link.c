/* Stories of the connection with the sheriff. */
#include "brain_stage.h"

#include <procman/status.h>

TestSuite(link, .init = stage_setup, .fini = stage_teardown);

Test(link, a_strange_sheriff_is_told_what_we_hold_and_restarts_nothing)
{
    struct pm_spec spec = a_spec(1, "cam"), theirs = a_spec(41, "cam");

    given_running(&spec);
    given_welcome_from(SHERIFF + 1);
    then_said("hello\nholding 1 1\nstatus full 1\n");
    when_specs(1, &theirs, 1);
    when_want(41, true, 900); /* another way of counting */
    then_said("status 1\n");
    cr_assert_eq(row("cam")->id, 41);
    cr_assert_eq(row("cam")->order, 900);
    cr_assert_eq(row("cam")->run, 1);
}

Test(link, a_silent_sheriff_costs_a_connection_and_no_process)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    when_time_passes(9800);
    then_said("reconnect\n");
    brain_on_link(t.brain, true, t.now);
    turn();
    then_said("hello\n");
}

Test(link, a_refusal_is_logged_once_and_asked_again)
{
    struct pm_refused refused = { .error = "exists", .text = "there is another rover" };

    open_brain();
    given_ready();
    turn();
    then_said("hello\n");
    brain_on_sheriff(t.brain, PM_MSG_REFUSED, &refused, t.now);
    cr_assert(strstr(t.logged, "there is another rover") != NULL, "%s", t.logged);
    t.logged[0] = '\0';
    when_time_passes(1000);
    then_said("hello\n");
    brain_on_sheriff(t.brain, PM_MSG_REFUSED, &refused, t.now);
    cr_assert_str_eq(t.logged, "");
}

Test(link, words_of_another_session_are_dropped)
{
    static const uint64_t sessions[] = { 0, SESSION - 1, SESSION + 1, UINT64_MAX };
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_want down = { 1, false, 99 };

    given_running(&spec);
    for (size_t i = 0; i < PM_COUNT(sessions); i++) {
        uint64_t session = sessions[i];
        const struct { enum pm_msg kind; const void *msg; } rows[] = {
            { PM_MSG_SPECS, &(struct pm_specs){ .session = session, .generation = 99 } },
            { PM_MSG_WANTS, &(struct pm_wants){ .session = session, .generation = 99,
                                                .specs_generation = 1, .wants = { &down, 1 } } },
            { PM_MSG_SIGNAL, &(struct pm_signal){ .session = session, .id = 1, .signal = 9 } },
            { PM_MSG_READ, &(struct pm_read){ .session = session, .id = 1 } },
            { PM_MSG_RESYNC, &(struct pm_resync){ .session = session } },
            { PM_MSG_UPGRADE, &(struct pm_upgrade){ .session = session } },
            { PM_MSG_SWEEP, &(struct pm_sweep){ .session = session, .kill = true } },
            { PM_MSG_NOTED, &(struct pm_noted){ .session = session } },
            { PM_MSG_RETIRE, &(struct pm_retire){ .session = session } },
        };
        for (size_t k = 0; k < PM_COUNT(rows); k++) {
            brain_on_sheriff(t.brain, rows[k].kind, rows[k].msg, t.now);
            turn();
            cr_expect_str_eq(t.said, "", "row %zu: %s", k, t.said);
        }
    }
}

Test(link, asks_the_keeper_for_an_upgrade_and_passes_its_word_on)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_upgrade ask = { .session = SESSION, .request = 12 };
    struct pm_done done = { .request = 12, .error = "io", .text = "no such file" };

    given_running(&spec);
    brain_on_sheriff(t.brain, PM_MSG_UPGRADE, &ask, t.now);
    then_said("upgrade 12\n");
    brain_on_keeper(t.brain, PM_MSG_DONE, &done, t.now);
    then_said("done 12 io\n");
}

Test(link, has_strays_looked_for_and_says_what_was_found)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_sweep ask = { .session = SESSION, .request = 13, .kill = true };
    struct pm_stray found = { .pid = 7, .host = "", .mark = "", .group = "", .name = "",
                              .command = "" };

    given_running(&spec);
    brain_on_sheriff(t.brain, PM_MSG_SWEEP, &ask, t.now);
    then_said("sweep 13 kill\n");
    brain_on_swept(t.brain, 13, &(struct pm_stray_list){ &found, 1 });
    then_said("strays\n");
}

Test(link, an_unacknowledged_status_is_said_again)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_beat beat = { .session = SESSION };

    given_running(&spec);
    beat.seq = t.status.seq;
    brain_on_sheriff(t.brain, PM_MSG_BEAT, &beat, t.now);
    when_ended(0, 1, 0, 0);
    then_said("seen 0/1\nstatus 1\n");
    brain_on_sheriff(t.brain, PM_MSG_BEAT, &beat, t.now); /* may have crossed it */
    turn();
    then_said("");
    brain_on_sheriff(t.brain, PM_MSG_BEAT, &beat, t.now);
    turn();
    then_said("status 1\n");
    cr_assert_eq(row("cam")->state, PM_STATE_EXITED);
}

Test(link, beats_carry_what_the_sheriff_can_check)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    when_time_passes(1000);
    cr_assert_eq(t.beat.session, SESSION);
    cr_assert_eq(t.beat.specs_generation, 1);
    cr_assert_eq(t.beat.generation, t.orders);
    cr_assert_eq(t.beat.digest, pm_status_digest(t.status.procs.at, t.status.procs.n));
}

Test(link, a_resync_is_answered_with_everything)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_resync resync = { .session = SESSION };

    given_running(&spec);
    brain_on_sheriff(t.brain, PM_MSG_RESYNC, &resync, t.now);
    turn();
    then_said("status full 1\n");
}

Test(link, what_the_sheriff_could_not_take_is_sent_later)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    t.sheriff_deaf = true;
    when_ended(0, 1, 0, 0);
    then_said("seen 0/1\n");
    t.sheriff_deaf = false;
    when_time_passes(200);
    then_said("status 1\n");
}

Test(link, a_burst_is_told_in_bundles)
{
    struct pm_spec spec = a_spec(1, "cam");
    uint64_t first;

    given_running(&spec);
    first = t.status.seq;
    for (uint64_t run = 1; run <= 100; run++) { /* a thousand changes a second */
        t.now.ms++;
        when_ended(0, run, 0, 0);
        when_want(1, true, run + 1);
    }
    when_time_passes(100);
    cr_assert_leq(t.status.seq - first, 30);
    cr_assert_eq(row("cam")->run, 101);
}

Test(link, output_that_cannot_be_written_is_a_reason_as_long_as_it_lasts)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    brain_on_trouble(t.brain, "", "cam", "cannot write /full/cam.log: No space left on device");
    brain_on_trouble(t.brain, "", "nobody", "cannot write");
    quiet();
    cr_assert_str_eq(row("cam")->reason,
                     "ordered up; cannot write /full/cam.log: No space left on device");
    brain_on_trouble(t.brain, "", "cam", NULL);
    quiet();
    cr_assert_str_eq(row("cam")->reason, "ordered up");
}
