/* Stories of a brain's death: what the next one makes of the keeper's notes. */
#include "brain_stage.h"

TestSuite(takeover, .init = stage_setup, .fini = stage_teardown);

static void ready_again(void)
{
    struct pm_ready ready = { .version = PM_PROTOCOL_VERSION, .slots = SLOTS, .epoch = 9,
                              .brains = 2, .held = 1 };

    brain_on_keeper(t.brain, PM_MSG_READY, &ready, t.now);
    turn();
}

Test(takeover, a_new_brain_goes_on_with_what_runs)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    when_brain_restarts(100);
    ready_again();
    then_said("hello\n");
    given_welcome_from(SHERIFF);
    then_said("hello\nstatus full 1\n");
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING);
    cr_assert_eq(row("cam")->pid, 100);
    cr_assert_eq(row("cam")->run, 1);
    cr_assert_eq(row("cam")->order, 1);
}

Test(takeover, a_new_brain_restarts_by_the_kept_spec_what_died_meanwhile)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.auto_restart = PM_AUTO_RESTART_ON_FAILURE;
    spec.restart_delay_ms = 0;
    given_running(&spec);
    when_brain_restarts(0);
    when_ended(0, 1, 7, 0); /* the keeper repeats it */
    then_said("");          /* nothing is decided before it said all */
    ready_again();
    then_said("spawn 0/2 /bin/true\nseen 0/1\nhello\n");
}

Test(takeover, a_new_brain_remembers_what_is_not_alive)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.auto_restart = PM_AUTO_RESTART_ALWAYS;
    spec.restart_delay_ms = 5000;
    spec.restart_max_delay_ms = 5000;
    spec.restart_jitter = 0;
    given_running(&spec);
    when_ended(0, 1, 7, 0);
    when_time_passes(2000);
    when_brain_restarts(0);
    ready_again();
    then_said("hello\n");
    t.sheriff_deaf = true;
    when_time_passes(2999);
    then_said("");
    when_time_passes(1);
    then_said("spawn 0/2 /bin/true\n");
}

Test(takeover, a_stop_under_way_survives_the_brain)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    when_want(1, false, 2);
    when_time_passes(4000);
    when_brain_restarts(100);
    ready_again();
    t.sheriff_deaf = true;
    t.said[0] = '\0';
    when_time_passes(6000);
    then_said("kill 0/1 9\n");
}

Test(takeover, an_unrecorded_spawn_is_taken_up_with_its_pid)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_deputy();
    when_specs(1, &spec, 1);
    when_want(1, true, 1); /* and the brain dies before it hears the pid */
    when_brain_restarts(100);
    ready_again();
    given_welcome_from(SHERIFF);
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING);
    cr_assert_eq(row("cam")->pid, 100);
}

static void given_the_wish_is_lost(void)
{
    pm_buf_fini(&t.wish);
    t.wish = (struct pm_buf){ 0 };
}

Test(takeover, a_death_is_judged_when_its_spec_is_known)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.auto_restart = PM_AUTO_RESTART_ALWAYS;
    spec.restart_delay_ms = 0;
    given_running(&spec);
    given_the_wish_is_lost();
    when_brain_restarts(0);
    when_ended(0, 1, 7, 0);
    ready_again();
    then_said("hello\n"); /* not even seen: the keeper must tell the next brain, too */
    given_welcome_from(SHERIFF);
    t.said[0] = '\0';
    when_specs(1, &spec, 1);
    then_said("spawn 0/2 /bin/true\nseen 0/1\n");
}

Test(takeover, a_death_after_the_wish_was_lost_waits_too)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.auto_restart = PM_AUTO_RESTART_ALWAYS;
    spec.restart_delay_ms = 0;
    given_running(&spec);
    given_the_wish_is_lost();
    when_brain_restarts(100);
    ready_again();
    given_welcome_from(SHERIFF);
    t.said[0] = '\0';
    when_ended(0, 1, 7, 0);
    then_said("status 1\n"); /* there is no pid any more, that is all */
    when_specs(1, &spec, 1);
    then_said("spawn 0/2 /bin/true\nseen 0/1\n");
}

Test(takeover, who_died_unjudged_and_is_wished_no_more_is_forgotten)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    given_the_wish_is_lost();
    when_brain_restarts(0);
    when_ended(0, 1, 7, 0);
    ready_again();
    given_welcome_from(SHERIFF);
    t.said[0] = '\0';
    when_specs(2, NULL, 0);
    turn();
    cr_assert_eq(t.status.procs.n, 0);
    cr_assert_not_null(strstr(t.said, "seen 0/1\n"), "%s", t.said);
}

Test(takeover, nobody_is_begun_anew_before_its_spec_is_known)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.auto_restart = PM_AUTO_RESTART_ALWAYS;
    spec.restart_delay_ms = spec.restart_max_delay_ms = 5000;
    spec.restart_jitter = 0;
    given_running(&spec);
    when_ended(0, 1, 7, 0);
    given_the_wish_is_lost();
    when_brain_restarts(0);
    ready_again();
    t.sheriff_deaf = true;
    when_time_passes(6000);
    t.said[0] = '\0';
    t.sheriff_deaf = false;
    given_welcome_from(SHERIFF);
    t.said[0] = '\0';
    when_specs(1, &spec, 1);
    turn();
    cr_assert_not_null(strstr(t.said, "spawn 0/2 /bin/true\n"), "%s", t.said);
}

Test(takeover, an_unjudged_death_does_not_hold_up_the_end)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_stopping stopping = { 0 };

    given_running(&spec);
    given_the_wish_is_lost();
    when_brain_restarts(0);
    when_ended(0, 1, 7, 0);
    ready_again();
    t.said[0] = '\0';
    brain_on_keeper(t.brain, PM_MSG_STOPPING, &stopping, t.now);
    turn();
    cr_assert_not_null(strstr(t.said, "finished"), "%s", t.said);
}

Test(takeover, the_last_words_of_every_earlier_life_are_collected)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    when_brain_restarts(100);
    brain_on_keeper(t.brain, PM_MSG_OWED, &(struct pm_owed){ .slot = 0, .run = 5 }, t.now);
    brain_on_keeper(t.brain, PM_MSG_OWED, &(struct pm_owed){ .slot = 3, .run = 1 }, t.now);
    then_said("collect cam 5\n");
    brain_on_drained(t.brain, "", "cam", 5);
    then_said("drained 0/5\n");
}

/* Its environment said so, before it died. */
Test(takeover, who_died_right_after_its_record_was_lost_is_known_by_name)
{
    struct pm_held held = { .slot = 0, .run = 4, .group = "", .name = "cam" };

    open_brain();
    brain_on_keeper(t.brain, PM_MSG_HELD, &held, t.now);
    then_said("collect cam 4\n");
    when_ended(0, 4, 0, SIGKILL);
    ready_again();
    then_said("hello\n"); /* judged when its spec is known */
}

Test(takeover, a_slot_nobody_understands_is_left_alone)
{
    struct pm_held held = { .slot = 0, .run = 4, .pid = 55, .note = { (const uint8_t *)"?", 1 } };
    struct pm_spec spec = a_spec(1, "cam");

    open_brain();
    brain_on_keeper(t.brain, PM_MSG_HELD, &held, t.now);
    given_ready();
    given_welcome_from(SHERIFF);
    quiet();
    when_specs(1, &spec, 1);
    when_want(1, true, 1);
    then_said("spawn 1/1 /bin/true\nstatus 1\n"); /* not in slot 0 */
    when_ended(0, 4, 0, 0);
    then_said("seen 0/4\nfree 0\n");
}

Test(takeover, a_new_sheriffs_number_is_not_taken_for_one_that_is_dying)
{
    struct pm_spec old = a_spec(1, "cam"), fresh = a_spec(1, "lidar");

    given_running(&old);
    brain_on_link(t.brain, true, t.now);
    turn();
    given_welcome_from(SHERIFF + 1);
    when_specs(1, &fresh, 1); /* it knows nothing of cam */
    turn();
    t.said[0] = '\0';
    when_want(1, true, 1);
    then_said("spawn 1/1 /bin/true\nstatus 1\n");
}

Test(takeover, a_wish_is_kept_before_a_note_promises_a_life_of_it)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    spec.command = "/bin/false";
    when_specs(2, &spec, 1);
    t.said[0] = '\0';
    unsigned kept = t.kept;
    when_wants(2, &(struct pm_want){ .id = 1, .up = true, .order = 2 }, 1);
    then_said("kill 0/1 15\n");
    cr_assert_eq(t.kept, kept + 1); /* without a turn: a brain may be killed before it */
    when_brain_restarts(100);
    given_ready();
    t.said[0] = '\0';
    when_ended(0, 1, 0, SIGTERM);
    then_said("spawn 0/2 /bin/false\nseen 0/1\nhello\n");
}
