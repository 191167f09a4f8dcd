/* Stories of commands that look whether a process is well. */
#include "brain_stage.h"

#include "brain/brain_looks.h"

TestSuite(errand, .init = stage_setup, .fini = stage_teardown);

static void given_an_errand(void)
{
    struct pm_spec spec = a_spec_ready(PM_PROBE_KIND_EXEC, "./check --fast");

    given_starting(&spec);
    t.said[0] = '\0';
    attended(20);
    then_said("spawn 1/1 ./check\n");
    cr_assert(brain_has_errand(t.brain, 1, 1));
}

Test(errand, a_command_that_ends_well_makes_it_ready)
{
    given_an_errand();
    when_spawned(1, 1, 200);
    then_said("listen 1\n");
    when_ended(1, 1, 0, 0);
    then_said("heard 1\nseen 1/1\nfree 1\nstatus 1\n");
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING);
    cr_assert_not(brain_has_errand(t.brain, 1, 1));
}

Test(errand, the_last_line_of_a_command_says_why)
{
    given_an_errand();
    when_spawned(1, 1, 200);
    strcpy(t.last_line, "no such table");
    when_ended(1, 1, 2, 0);
    cr_assert_str_eq(row("cam")->says,
                     "not ready yet: exec ./check --fast: exit code 2: no such table");
    t.said[0] = '\0';
    attended(40);
    then_said("spawn 1/2 ./check\n");
}

Test(errand, a_command_that_hangs_is_killed_and_has_no_company)
{
    given_an_errand();
    when_spawned(1, 1, 200);
    t.said[0] = '\0';
    attended(5000);
    cr_assert(strstr(t.said, "kill 1/1 9\nheard 1\n") != NULL, "%s", t.said);
    attended(2000);
    cr_assert(strstr(t.said, "spawn") == NULL, "%s", t.said);
    cr_assert_str_eq(row("cam")->says, "not ready yet: exec ./check --fast: the command before "
                     "has not ended yet");
    when_ended(1, 1, 0, SIGKILL);
    t.said[0] = '\0';
    attended(1100);
    cr_assert(strstr(t.said, "spawn 1/2") != NULL, "%s", t.said);
}

Test(errand, a_command_that_takes_its_time_to_die_does_not_count_twice)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.health = (struct pm_probe){ .kind = PM_PROBE_KIND_EXEC, .text = "./check",
                                     .timeout_ms = 1000, .interval_ms = 1000, .failures = 2 };
    given_starting(&spec);
    attended(1000);
    when_spawned(1, 1, 200);
    attended(1000);
    cr_assert(strstr(t.said, "kill 1/1 9\n") != NULL, "%s", t.said);
    attended(500);
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING, "%s", row("cam")->reason);
    when_ended(1, 1, 0, SIGKILL);
    t.said[0] = '\0';
    attended(100);
    cr_assert(strstr(t.said, "spawn 1/2 ./check\n") != NULL, "%s", t.said);
    when_spawned(1, 2, 201);
    attended(900);
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING, "it has a second of its own");
    when_ended(1, 2, 0, 0);
    attended(900);
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING);
}

Test(errand, a_command_that_cannot_even_be_killed_is_not_well)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.health = (struct pm_probe){ .kind = PM_PROBE_KIND_EXEC, .text = "./check",
                                     .timeout_ms = 1000, .interval_ms = 1000, .failures = 2 };
    given_starting(&spec);
    attended(1000);
    when_spawned(1, 1, 200);
    attended(1900);
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING);
    attended(300);
    cr_assert_eq(row("cam")->state, PM_STATE_STOPPING);
    cr_assert_str_eq(row("cam")->reason, "unhealthy: exec ./check: the command before has not "
                     "ended yet (2 times)");
}

Test(errand, a_command_that_cannot_be_executed_says_so)
{
    struct pm_spawned failed = { .slot = 1, .run = 1, .stage = PM_STAGE_EXEC, .error = 2 };

    given_an_errand();
    brain_on_keeper(t.brain, PM_MSG_SPAWNED, &failed, t.now);
    turn();
    then_said("free 1\nstatus 1\n");
    cr_assert_str_eq(row("cam")->says, "not ready yet: exec ./check --fast: cannot execute it: "
                     "No such file or directory");
}

Test(errand, a_new_brain_ends_the_command_of_the_one_before)
{
    given_an_errand();
    when_brain_restarts(200);
    brain_on_keeper(t.brain, PM_MSG_READY,
                    &(struct pm_ready){ .version = PM_PROTOCOL_VERSION, .slots = SLOTS,
                                        .held = 2, .brains = 2 }, t.now);
    cr_assert(strstr(t.said, "kill") == NULL, "said before the keeper had said all: %s", t.said);
    given_welcome_from(SHERIFF);
    cr_assert_eq(t.status.procs.n, 1, "it is no process");
    when_ended(1, 1, 0, SIGKILL);
    cr_assert(strstr(t.said, "seen 1/1\nfree 1\n") != NULL, "%s", t.said);
}

Test(errand, one_whose_record_is_lost_is_ended_and_not_taken_for_its_process)
{
    struct pm_held held = { .slot = 1, .run = 1, .pid = 200, .group = "", .name = "cam/probe" };

    given_an_errand();
    cr_assert_str_eq(t.name_told, "cam/probe");
    t.note_n[1] = 0;
    when_brain_restarts(100);
    brain_on_keeper(t.brain, PM_MSG_HELD, &held, t.now);
    brain_on_keeper(t.brain, PM_MSG_READY,
                    &(struct pm_ready){ .version = PM_PROTOCOL_VERSION, .slots = SLOTS,
                                        .held = 2, .brains = 2 }, t.now);
    given_welcome_from(SHERIFF);
    cr_assert_eq(t.status.procs.n, 1, "it is no process");
    cr_assert_neq(t.status.procs.at[0].pid, 200);
    cr_assert(strstr(t.said, "kill 1/1 9\n") != NULL, "%s", t.said);
}

Test(errand, a_deputy_that_ends_waits_for_its_commands)
{
    given_an_errand();
    when_spawned(1, 1, 200);
    t.said[0] = '\0';
    brain_on_keeper(t.brain, PM_MSG_STOPPING, &(struct pm_stopping){ 0 }, t.now);
    turn();
    cr_assert(strstr(t.said, "kill 0/1 15\nkill 1/1 9\n") != NULL, "%s", t.said);
    when_ended(0, 1, 0, SIGTERM);
    cr_assert(strstr(t.said, "finished") == NULL, "%s", t.said);
    when_ended(1, 1, 0, SIGKILL);
    cr_assert(strstr(t.said, "finished") != NULL, "%s", t.said);
}
