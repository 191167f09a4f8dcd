/* Stories of a deputy's end. */
#include "brain_stage.h"

TestSuite(brain, .init = stage_setup, .fini = stage_teardown);

static void given_two_running(void)
{
    struct pm_spec specs[2] = { a_spec(1, "base"), a_spec(2, "cam") };
    struct pm_want wants[2] = { { 1, true, 1 }, { 2, true, 1 } };

    given_deputy();
    when_specs(1, specs, 2);
    when_wants(1, wants, 2);
    turn();
    when_spawned(0, 1, 100);
    t.now.ms += 5;
    when_spawned(1, 1, 101);
    when_time_passes(200);
    t.said[0] = '\0';
}

Test(brain, an_end_stops_the_youngest_first_and_leaves_no_notes)
{
    struct pm_stopping stopping = { 0 };

    given_two_running();
    brain_on_keeper(t.brain, PM_MSG_STOPPING, &stopping, t.now);
    then_said("kill 1/1 15\nkill 0/1 15\n");
    turn();
    then_said("status 2\n");
    when_ended(0, 1, 0, SIGTERM);
    when_ended(1, 1, 0, SIGTERM);
    then_said("seen 0/1\nstatus 1\nseen 1/1\nstatus 1\nfree 0\nfree 1\nbye\nfinished\n");
    when_want(1, true, 9);
    then_said("");
}

Test(brain, an_end_can_leave_everything_running)
{
    struct pm_stopping stopping = { .leave_running = true };

    given_two_running();
    brain_on_keeper(t.brain, PM_MSG_STOPPING, &stopping, t.now);
    turn();
    then_said("bye\nfinished leaving\n");
}

Test(brain, a_retired_deputy_stops_all_and_ends)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_retire retire = { .session = SESSION };

    spec.auto_restart = PM_AUTO_RESTART_ALWAYS;
    given_running(&spec);
    brain_on_sheriff(t.brain, PM_MSG_RETIRE, &retire, t.now);
    then_said("kill 0/1 15\n");
    when_ended(0, 1, 0, SIGTERM);
    then_said("seen 0/1\nstatus 1\nfree 0\nbye\nfinished\n");
    cr_assert_eq(t.wish.n, 0, "and leaves no wish behind");
}

Test(brain, a_new_brain_in_the_middle_of_an_end_goes_on_ending)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_ready ready = { .version = PM_PROTOCOL_VERSION, .slots = SLOTS, .held = 1,
                              .brains = 2, .stopping = true };

    given_running(&spec);
    when_brain_restarts(100);
    brain_on_keeper(t.brain, PM_MSG_READY, &ready, t.now);
    then_said("kill 0/1 15\n");
    when_ended(0, 1, 0, SIGTERM);
    then_said("seen 0/1\nhello\nfree 0\nfinished\n");
}

Test(brain, what_a_killed_end_stopped_begins_again_without_a_new_order)
{
    struct pm_spec specs[2] = { a_spec(1, "base"), a_spec(2, "cam") };
    struct pm_want wants[2] = { { 1, true, 1 }, { 2, true, 1 } };
    struct pm_stopping stopping = { 0 };

    given_two_running();
    brain_on_keeper(t.brain, PM_MSG_STOPPING, &stopping, t.now);
    when_ended(0, 1, 0, SIGTERM);
    when_brain_restarts(0); /* all of it was killed, and the second with it */
    given_ready();
    given_welcome_from(SHERIFF);
    when_specs(1, specs, 2);
    turn();
    t.said[0] = '\0';
    when_wants(1, wants, 2);
    turn();
    then_said("spawn 0/2 /bin/true\nspawn 1/2 /bin/true\nstatus 2\n");
}

Test(brain, a_deputy_without_processes_ends_at_once)
{
    struct pm_stopping stopping = { 0 };

    open_brain();
    given_ready();
    t.sheriff_deaf = true;
    brain_on_keeper(t.brain, PM_MSG_STOPPING, &stopping, t.now);
    turn();
    then_said("finished\n");
}

Test(brain, it_says_that_it_is_awake)
{
    open_brain(); /* also before the keeper has said all */
    brain_on_keeper(t.brain, PM_MSG_AWAKE, &(struct pm_awake){ .asked_ms = 7 }, t.now);
    then_said("awake 7\n");
}
