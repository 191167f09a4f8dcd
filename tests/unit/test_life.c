/* Stories of one process: what its life makes the brain say. */
#include "brain_stage.h"

TestSuite(life, .init = stage_setup, .fini = stage_teardown);

Test(life, a_wish_becomes_a_life_in_the_same_turn)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_deputy();
    when_specs(1, &spec, 1);
    turn();
    then_said("status 1\n");
    when_want(1, true, 1);
    then_said("spawn 0/1 /bin/true\nstatus 1\n");
    when_spawned(0, 1, 100);
    then_said("collect cam 1\nstatus 1\n");
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING);
    cr_assert_eq(row("cam")->pid, 100);
    cr_assert_eq(row("cam")->order, 1);
    cr_assert_eq(row("cam")->spec_hash, pm_spec_hash(&spec));
}

Test(life, a_stop_asks_then_kills)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.stop_signal = SIGINT;
    spec.stop_timeout_ms = 3000;
    given_running(&spec);
    when_want(1, false, 2);
    then_said("kill 0/1 2\nstatus 1\n");
    when_time_passes(2999);
    then_said("");
    when_time_passes(1);
    then_said("kill 0/1 9\nstatus 1\n");
    when_ended(0, 1, 0, SIGKILL);
    then_said("seen 0/1\nstatus 1\n");
    cr_assert_eq(row("cam")->state, PM_STATE_STOPPED);
    cr_assert_eq(row("cam")->pid, 0);
}

Test(life, a_restart_is_a_stop_and_a_new_life)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    when_want(1, true, 2);
    then_said("kill 0/1 15\nstatus 1\n");
    when_ended(0, 1, 0, SIGTERM);
    then_said("spawn 0/2 /bin/true\nseen 0/1\nstatus 1\n");
    when_spawned(0, 2, 101);
    cr_assert_eq(row("cam")->run, 2);
    cr_assert_eq(row("cam")->order, 2);
}

Test(life, the_keeper_holds_the_pipes_until_the_last_byte_is_in_the_file)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    t.undrained = true;
    when_ended(0, 1, 0, 0);
    then_said("seen 0/1\nstatus 1\n");
    t.undrained = false;
    brain_on_drained(t.brain, "", "cam", 1);
    then_said("drained 0/1\n");
}

Test(life, the_pipes_of_the_life_before_are_held_over_a_restart)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    t.undrained = true;
    when_want(1, true, 2);
    when_ended(0, 1, 0, SIGTERM);
    when_spawned(0, 2, 101);
    t.said[0] = '\0';
    brain_on_drained(t.brain, "", "cam", 1);
    then_said("drained 0/1\n");
}

/* cam was removed and is over, but its last words are still in its pipes. */
static void given_left_pipes(void)
{
    static struct pm_spec spec;

    spec = a_spec(1, "cam");
    given_running(&spec);
    t.undrained = true;
    when_specs(2, NULL, 0);
    quiet();
    when_ended(0, 1, 0, SIGTERM);
    then_said("seen 0/1\nstatus full 0\n");
}

Test(life, the_slot_of_a_removed_process_is_free_when_its_last_byte_is_in_the_file)
{
    struct pm_spec next = a_spec(2, "lidar");
    struct pm_want want = { .id = 2, .up = true, .order = 1 };

    given_left_pipes();
    when_specs(3, &next, 1);
    when_wants(3, &want, 1);
    then_said("spawn 1/1 /bin/true\n");
    brain_on_drained(t.brain, "", "cam", 7); /* one of several lives */
    then_said("drained 0/7\n");
    t.undrained = false;
    brain_on_drained(t.brain, "", "cam", 1);
    then_said("drained 0/1\nfree 0\n");
}

/* Another slot would mean two lives of one number, and two writers of one file. */
Test(life, who_comes_back_before_that_takes_up_its_slot)
{
    struct pm_spec again = a_spec(2, "cam");
    struct pm_want want = { .id = 2, .up = true, .order = 1 };

    given_left_pipes();
    when_specs(3, &again, 1);
    when_wants(3, &want, 1);
    then_said("spawn 0/2 /bin/true\n");
    brain_on_drained(t.brain, "", "cam", 1);
    then_said("drained 0/1\n");
}

static void ready_again(void)
{
    struct pm_ready ready = { .version = PM_PROTOCOL_VERSION, .slots = SLOTS, .held = 1,
                              .brains = 2 };

    brain_on_keeper(t.brain, PM_MSG_READY, &ready, t.now);
}

Test(life, a_new_brain_takes_the_pipes_of_a_removed_process_and_its_name_is_free)
{
    struct pm_spec again = a_spec(2, "cam");
    struct pm_want want = { .id = 2, .up = true, .order = 1 };

    given_left_pipes();
    when_brain_restarts(0);
    brain_on_keeper(t.brain, PM_MSG_OWED, &(struct pm_owed){ .slot = 0, .run = 7 }, t.now);
    then_said("collect cam 7\n");
    ready_again();
    given_welcome_from(SHERIFF);
    then_said("hello\nstatus full 0\n");
    when_specs(3, &again, 1);
    when_wants(3, &want, 1);
    then_said("spawn 0/2 /bin/true\n");
}

Test(life, a_new_brain_frees_the_slot_of_a_removed_process_when_nothing_is_in_its_pipes)
{
    given_left_pipes();
    t.undrained = false;
    when_brain_restarts(0);
    then_said(""); /* not before the keeper has said all: it may owe more */
    ready_again();
    then_said("free 0\n");
}

Test(life, a_crash_without_delay_is_answered_at_once)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.auto_restart = PM_AUTO_RESTART_ALWAYS;
    spec.restart_delay_ms = 0;
    given_running(&spec);
    struct pm_ended ended = { .slot = 0, .run = 1, .exit_signal = SIGKILL };
    brain_on_keeper(t.brain, PM_MSG_ENDED, &ended, t.now);
    then_said("spawn 0/2 /bin/true\nseen 0/1\n"); /* before the turn even ends */
}

Test(life, a_crash_loop_waits_longer_each_time)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.auto_restart = PM_AUTO_RESTART_ON_FAILURE;
    spec.restart_delay_ms = 10;
    spec.restart_factor = 2;
    spec.restart_max_delay_ms = 1000;
    spec.restart_jitter = 0;
    given_running(&spec);
    when_ended(0, 1, 3, 0);
    then_said("seen 0/1\nstatus 1\n");
    cr_assert_eq(row("cam")->state, PM_STATE_BACKOFF);
    cr_assert_eq(row("cam")->next_try_ms, 10);
    cr_assert_eq(row("cam")->exit_code, 3);
    cr_assert(strstr(t.logged, "cam: run 1: exit code 3; will be restarted in 10 ms") != NULL,
              "%s", t.logged);
    when_time_passes(10);
    then_said("spawn 0/2 /bin/true\nstatus 1\n");
    when_spawned(0, 2, 101);
    when_ended(0, 2, 3, 0);
    cr_assert_eq(row("cam")->next_try_ms, 20);
    cr_assert_eq(row("cam")->restarts, 1);
}

Test(life, a_failed_spawn_says_its_stage)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.working_dir = "/nope";
    given_deputy();
    when_specs(1, &spec, 1);
    when_want(1, true, 1);
    struct pm_spawned failed = { .slot = 0, .run = 1, .stage = PM_STAGE_DIRECTORY, .error = 2 };
    brain_on_keeper(t.brain, PM_MSG_SPAWNED, &failed, t.now);
    turn();
    cr_assert_eq(row("cam")->state, PM_STATE_FAILED);
    cr_assert(strstr(row("cam")->reason, "/nope") != NULL, "%s", row("cam")->reason);
}

Test(life, an_unknown_user_fails_the_process_by_name)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.run_as_user = "kirk";
    given_deputy();
    when_specs(1, &spec, 1);
    when_want(1, true, 1);
    cr_assert_eq(row("cam")->state, PM_STATE_FAILED);
    cr_assert(strncmp(row("cam")->reason, "unknown user 'kirk';", 20) == 0, "%s",
              row("cam")->reason);
    then_said("status 1\n");
}

Test(life, a_command_too_long_for_the_keeper_fails)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_deputy();
    when_specs(1, &spec, 1);
    t.keeper_refuses = true;
    when_want(1, true, 1);
    cr_assert_eq(row("cam")->state, PM_STATE_FAILED);
    cr_assert(strstr(row("cam")->reason, "too long") != NULL, "%s", row("cam")->reason);
}

Test(life, a_full_table_fails_the_newcomer_only)
{
    struct pm_spec specs[SLOTS + 1];
    struct pm_want wants[SLOTS + 1];
    char names[SLOTS + 1][8];

    for (size_t i = 0; i <= SLOTS; i++) {
        snprintf(names[i], sizeof names[i], "p%zu", i);
        specs[i] = a_spec(i + 1, names[i]);
        wants[i] = (struct pm_want){ i + 1, true, 1 };
    }
    given_deputy();
    when_specs(1, specs, SLOTS + 1);
    when_wants(1, wants, SLOTS + 1);
    turn();
    cr_assert_eq(row("p8")->state, PM_STATE_FAILED);
    cr_assert(strstr(row("p8")->reason, "table of 8 processes is full") != NULL, "%s",
              row("p8")->reason);
    for (size_t i = 0; i < SLOTS; i++)
        cr_assert_eq(row(names[i])->state, PM_STATE_STARTING);
}
