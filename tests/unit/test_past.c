/* Stories of how lives ended, from the keeper's word to the sheriff's "noted". */
#include "brain_stage.h"

#include <signal.h>
#include <stdlib.h>

static void setup(void)
{
    stage_setup();
    t.hear_endings = true;
}

TestSuite(past, .init = setup, .fini = stage_teardown);

static void given_cam_running(enum pm_auto_restart policy)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.auto_restart = policy;
    given_running(&spec);
}

static void when_lines_come(uint64_t run, const char *lines)
{
    brain_on_last(t.brain, "", "cam", run, strlen(lines),
                  (struct pm_blob){ (const uint8_t *)lines, strlen(lines) }, t.now);
    turn();
}

static void when_noted(uint64_t token)
{
    struct pm_past_life life = { .token = token };
    struct pm_noted noted = { .session = SESSION, .past = { &life, 1 } };

    brain_on_sheriff(t.brain, PM_MSG_NOTED, &noted, t.now);
    turn();
}

static const struct pm_past_life *only_end(void)
{
    cr_assert_eq(t.endings.past.n, 1);
    return &t.endings.past.at[0];
}

Test(past, an_end_is_in_the_file_before_the_keeper_may_forget_it)
{
    given_cam_running(PM_AUTO_RESTART_NO);
    struct pm_ended ended = { .slot = 0, .run = 1, .exit_code = 7, .cpu_ms = 30,
                              .peak_bytes = 4096 };

    brain_on_keeper(t.brain, PM_MSG_ENDED, &ended, t.now);
    cr_assert_eq(t.past.n, 1);
    cr_assert_eq(t.past.at[0].mono_ms, t.now.ms);
    cr_assert_str_eq(t.past.at[0].boot_id, "boot");
    turn();
    then_said("seen 0/1\nstatus 1\n");
}

Test(past, an_end_is_told_with_all_there_is_to_say_and_its_last_lines)
{
    struct pm_ended ended = { .slot = 0, .run = 1, .exit_signal = SIGSEGV, .core_dumped = true,
                              .cpu_ms = 30, .peak_bytes = 4096 };

    given_cam_running(PM_AUTO_RESTART_NO);
    brain_on_keeper(t.brain, PM_MSG_ENDED, &ended, t.now);
    quiet();
    t.now.ms += 7;
    when_lines_come(1, "boom\n");
    then_said("endings 1\n");
    const struct pm_past_life *end = only_end();
    cr_assert_str_eq(end->name, "cam");
    cr_assert_eq(end->id, 1);
    cr_assert_eq(end->run, 1);
    cr_assert_eq(end->order, 1);
    cr_assert_eq(end->lived_ms, 200);
    cr_assert_eq(end->age_ms, 7);
    cr_assert_eq(end->exit_signal, SIGSEGV);
    cr_assert(end->core_dumped);
    cr_assert_eq(end->cpu_ms, 30);
    cr_assert_eq(end->peak_bytes, 4096);
    cr_assert_str_eq(end->reason, "killed by SIGSEGV (core dumped); not to be restarted");
    cr_assert_eq(end->output_end, 5);
    cr_assert_eq(end->tail.n, 5);
    cr_assert_neq(end->token, 0);
}

Test(past, an_end_waits_a_moment_for_its_lines_and_is_told_again_when_they_come_late)
{
    given_cam_running(PM_AUTO_RESTART_NO);
    when_ended(0, 1, 7, 0);
    t.said[0] = '\0';
    when_time_passes(999);
    then_said("");
    when_time_passes(1);
    then_said("endings 1\n");
    when_noted(only_end()->token);
    when_time_passes(20);
    then_said("");
    when_lines_come(1, "late\n");
    then_said("endings 1\n");
    cr_assert_eq(only_end()->tail.n, 5);
    cr_assert_eq(t.past.n, 1);
    when_noted(only_end()->token);
    cr_assert_eq(t.past.n, 0, "the file is empty when all is noted");
}

Test(past, an_end_whose_lines_never_come_is_forgotten_all_the_same)
{
    given_cam_running(PM_AUTO_RESTART_NO);
    when_ended(0, 1, 7, 0);
    when_time_passes(1000);
    when_noted(only_end()->token);
    when_time_passes(5000);
    cr_assert_eq(t.past.n, 0);
}

Test(past, what_is_not_noted_is_told_again_and_after_a_new_welcome_at_once)
{
    given_cam_running(PM_AUTO_RESTART_NO);
    when_ended(0, 1, 7, 0);
    when_lines_come(1, "");
    t.said[0] = '\0';
    when_time_passes(4000);
    then_said("");
    when_time_passes(1000);
    then_said("endings 1\n");
    given_welcome_from(SHERIFF);
    then_said("hello\nstatus full 1\nendings 1\n");
}

Test(past, every_life_has_its_own_token_and_each_end_is_told_once)
{
    uint64_t first;

    given_cam_running(PM_AUTO_RESTART_ALWAYS);
    when_ended(0, 1, 7, 0);
    when_lines_come(1, "");
    first = only_end()->token;
    when_noted(first);
    when_time_passes(2000);
    when_spawned(0, 2, 101);
    when_ended(0, 2, 7, 0);
    when_lines_come(2, "");
    cr_assert_neq(only_end()->token, first);
    cr_assert_eq(only_end()->run, 2);
}

Test(past, a_killed_brain_forgets_no_end_and_tells_none_twice)
{
    struct pm_ended ended = { .slot = 0, .run = 1, .exit_code = 7 };
    uint64_t token;

    given_cam_running(PM_AUTO_RESTART_NO);
    uint8_t note[PM_LIMIT_NOTE];
    size_t note_n = t.note_n[0];
    memcpy(note, t.note[0], note_n);
    brain_on_keeper(t.brain, PM_MSG_ENDED, &ended, t.now);
    token = t.past.at[0].life.token;

    /* it died before the keeper had read anything of that */
    memcpy(t.note[0], note, note_n);
    t.note_n[0] = note_n;
    when_brain_restarts(0);
    brain_on_keeper(t.brain, PM_MSG_ENDED, &ended, t.now);
    given_ready();
    cr_assert_eq(t.past.n, 1);
    given_welcome_from(SHERIFF);
    when_lines_come(1, "last words\n");
    cr_assert_eq(only_end()->token, token);
    cr_assert_eq(only_end()->exit_code, 7);
    cr_assert_eq(only_end()->tail.n, 11);
}

Test(past, an_end_that_no_brain_saw_is_told_as_not_known_with_the_token_of_that_life)
{
    given_cam_running(PM_AUTO_RESTART_NO);
    when_brain_restarts(0);
    given_ready();
    given_welcome_from(SHERIFF);
    when_lines_come(1, "");
    cr_assert(only_end()->unknown);
    cr_assert_neq(only_end()->token, 0);
}

Test(past, a_life_that_could_not_begin_is_an_end_with_its_stage)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_spawned failed = { .slot = 0, .run = 1, .stage = PM_STAGE_DIRECTORY, .error = 2 };

    spec.working_dir = "/nope";
    given_deputy();
    when_specs(1, &spec, 1);
    when_want(1, true, 1);
    t.said[0] = '\0';
    brain_on_keeper(t.brain, PM_MSG_SPAWNED, &failed, t.now);
    turn();
    then_said("status 1\nendings 1\n");
    cr_assert_eq(only_end()->stage, PM_STAGE_DIRECTORY);
    cr_assert_eq(only_end()->error, 2);
    cr_assert_eq(only_end()->lived_ms, 0);
    cr_assert(strstr(only_end()->reason, "/nope"), "%s", only_end()->reason);
}

Test(past, an_ordered_stop_carries_the_order_that_ended_it)
{
    given_cam_running(PM_AUTO_RESTART_ALWAYS);
    when_want(1, false, 2);
    when_ended(0, 1, 0, SIGTERM);
    when_lines_come(1, "");
    cr_assert_eq(only_end()->order, 2);
    cr_assert(only_end()->told);
    cr_assert_str_eq(only_end()->reason, "killed by SIGTERM; stopped as ordered");
}

Test(past, the_end_of_its_deputy_is_nobodys_order)
{
    struct pm_stopping stopping = { 0 };

    given_cam_running(PM_AUTO_RESTART_ALWAYS);
    brain_on_keeper(t.brain, PM_MSG_STOPPING, &stopping, t.now);
    t.said[0] = '\0';
    when_ended(0, 1, 0, SIGTERM);
    then_said("seen 0/1\nstatus 1\nfree 0\nendings 1\nbye\nfinished\n");
    cr_assert_eq(only_end()->order, 0);
    cr_assert_str_eq(only_end()->reason, "killed by SIGTERM; its deputy ended");
}

Test(past, a_kill_that_was_not_ours_while_the_kernel_killed_for_memory_says_so)
{
    given_cam_running(PM_AUTO_RESTART_NO);
    t.oom_ran = true;
    when_ended(0, 1, 0, SIGKILL);
    when_lines_come(1, "");
    cr_assert(only_end()->oom);
    cr_assert(strstr(only_end()->reason, "out-of-memory killer had run"), "%s",
              only_end()->reason);
}

Test(past, a_kill_of_ours_is_not_blamed_on_memory)
{
    struct pm_signal ask = { .session = SESSION, .request = 1, .id = 1, .signal = SIGKILL };

    given_cam_running(PM_AUTO_RESTART_NO);
    t.oom_ran = true;
    brain_on_sheriff(t.brain, PM_MSG_SIGNAL, &ask, t.now);
    when_ended(0, 1, 0, SIGKILL);
    when_lines_come(1, "");
    cr_assert_not(only_end()->oom);
}

Test(past, what_the_keeper_knows_of_memory_is_certain)
{
    struct pm_ended ended = { .slot = 0, .run = 1, .exit_signal = SIGKILL, .oom = true };

    given_cam_running(PM_AUTO_RESTART_NO);
    brain_on_keeper(t.brain, PM_MSG_ENDED, &ended, t.now);
    when_lines_come(1, "");
    cr_assert(only_end()->oom);
    cr_assert_str_eq(only_end()->reason, "killed by SIGKILL (out of memory); not to be restarted");
}

/* One crash after the other, without a sheriff. */
static void given_deaths(uint64_t n)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.auto_restart = PM_AUTO_RESTART_ALWAYS;
    spec.restart_delay_ms = spec.restart_max_delay_ms = 0;
    given_running(&spec);
    brain_on_link(t.brain, false, t.now);
    t.sheriff_deaf = true;
    for (uint64_t run = 1; run <= n; run++) {
        when_ended(0, run, 3, 0);
        when_lines_come(run, "");
        t.now.ms += 20;
        turn();
        when_spawned(0, run + 1, 100);
        t.said[0] = '\0';
    }
    t.sheriff_deaf = false;
}

Test(past, what_waited_for_the_sheriff_comes_in_bundles_a_few_at_a_time)
{
    given_deaths(700);
    given_welcome_from(SHERIFF);
    cr_assert_eq(t.endings.past.n, 256);
    cr_assert_eq(t.endings.past.at[0].run, 257, "two bundles are on their way");
    struct pm_noted noted = { .session = SESSION, .past = t.endings.past };
    brain_on_sheriff(t.brain, PM_MSG_NOTED, &noted, t.now);
    when_time_passes(20);
    cr_assert_eq(t.endings.past.n, 700 - 512);
    cr_assert_eq(t.endings.past.at[0].run, 513);
    cr_assert_eq(t.endings.lost, 0);
}

Test(past, of_a_long_absence_the_newest_remain_and_the_rest_is_counted)
{
    given_deaths(5000);
    given_welcome_from(SHERIFF);
    cr_assert_eq(t.endings.lost, 5000 - 4096);
    cr_assert_eq(t.endings.past.at[0].run, 5000 - 4096 + 256 + 1);
    cr_assert_leq(t.past.n, 8192, "the file is bounded, too");
}

Test(past, a_brain_that_begins_with_too_many_ends_has_the_newest_each_once)
{
    given_deaths(5000);
    when_brain_restarts(100);
    brain_load_past(t.brain, &t.past.at[t.past.n - 1]); /* told twice */
    given_ready();
    for (uint64_t run = 5000 - 4096 + 1; run <= 5000; run++)
        brain_on_last(t.brain, "", "cam", run, 0, (struct pm_blob){ 0 }, t.now);
    given_welcome_from(SHERIFF);
    cr_assert_eq(t.endings.past.at[0].run, 5000 - 4096 + 256 + 1, "two bundles are on their way");
    cr_assert_eq(t.endings.past.n, 256);
    cr_assert_eq(t.endings.past.at[255].run, 5000 - 4096 + 512);
}
