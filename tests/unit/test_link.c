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
    when_time_passes(2000);
    then_said("hello\n");
    brain_on_sheriff(t.brain, PM_MSG_REFUSED, &refused, t.now);
    cr_assert_str_eq(t.logged, "");
}

Test(link, words_of_another_session_are_dropped)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_specs stale = { .session = SESSION - 1, .generation = 9 };
    struct pm_retire retire = { .session = 0 };

    given_running(&spec);
    brain_on_sheriff(t.brain, PM_MSG_SPECS, &stale, t.now);
    brain_on_sheriff(t.brain, PM_MSG_RETIRE, &retire, t.now);
    turn();
    then_said("");
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
