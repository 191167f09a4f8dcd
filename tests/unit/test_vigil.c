/* Stories of processes that are looked at: what the brain does about them. */
#include "brain_stage.h"

#include "brain/brain_looks.h"

TestSuite(vigil, .init = stage_setup, .fini = stage_teardown);

static void when_looked(uint64_t look, bool good, const char *why)
{
    brain_on_look(t.brain, look, good, why, t.now);
    turn();
}

static void when_noticed(int64_t pid, const char *text)
{
    struct brain_kin kin = { .pid = pid, .session = 1 };
    struct notice notice;

    notice_read(text, strlen(text), &notice);
    (void)brain_on_notice(t.brain, &kin, &notice, t.now);
    turn();
}

/* All of the keeper's processes live on. */
static void when_another_brain_comes(bool adopted)
{
    struct pm_ready ready = { .version = PM_PROTOCOL_VERSION, .slots = SLOTS, .held = 1,
                              .brains = 2 };
    struct pm_held held = { .slot = 0, .run = 1, .pid = 100, .adopted = adopted };

    when_brain_restarts(100);
    if (adopted) { /* another keeper says the same, but for this */
        brain_close(&t.brain);
        open_brain();
        PM_CLEANUP(pm_arena_fini) struct pm_arena arena;
        struct pm_wish wish;
        pm_arena_init(&arena, 0);
        cr_assert_eq(pm_decode(&pm_wish_desc, t.wish.at, t.wish.n, &arena, &wish, NULL), PM_OK);
        brain_load_wish(t.brain, &wish);
        held.note = (struct pm_blob){ t.note[0], t.note_n[0] };
        brain_on_keeper(t.brain, PM_MSG_HELD, &held, t.now);
        t.said[0] = '\0';
    }
    brain_on_keeper(t.brain, PM_MSG_READY, &ready, t.now);
}

/* ---- readiness ---------------------------------------------------------------------- */

Test(vigil, it_is_starting_until_a_port_answers)
{
    struct pm_spec spec = a_spec_ready(PM_PROBE_KIND_TCP, "");

    given_starting(&spec);
    then_said("collect cam 1\nstatus 1\n");
    cr_assert_eq(row("cam")->state, PM_STATE_STARTING);
    cr_assert_eq(row("cam")->pid, 100);
    cr_assert_str_eq(row("cam")->says, "not ready yet: tcp 7000: no answer yet");
    attended(20);
    then_said("look 1 tcp 7000\n");
    when_looked(1, false, "connection refused");
    cr_assert_str_eq(row("cam")->says, "not ready yet: tcp 7000: connection refused");
    t.said[0] = '\0';
    attended(40);
    then_said("look 2 tcp 7000\n");
    when_looked(1, true, NULL); /* late, of another look */
    then_said("");
    when_looked(2, true, NULL);
    then_said("status 1\n");
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING);
    cr_assert_str_eq(row("cam")->reason, "ordered up");
}

Test(vigil, not_ready_in_time_it_is_stopped_and_has_failed)
{
    struct pm_spec spec = a_spec_ready(PM_PROBE_KIND_LOG, "first frame");

    given_starting(&spec);
    then_said("collect cam 1\nseek cam 1 first frame\nstatus 1\n");
    attended(19999);
    then_said("");
    attended(1);
    then_said("kill 0/1 15\nseek cam 0 no more\nstatus 1\n");
    cr_assert_eq(row("cam")->state, PM_STATE_STOPPING);
    when_ended(0, 1, 0, SIGTERM);
    cr_assert_eq(row("cam")->state, PM_STATE_FAILED);
    cr_assert_str_eq(row("cam")->reason, "not ready within 20s: it has not written a line like "
                     "/first frame/; not to be restarted");
}

Test(vigil, a_line_of_this_life_makes_it_ready)
{
    struct pm_spec spec = a_spec_ready(PM_PROBE_KIND_LOG, "first frame");

    given_starting(&spec);
    brain_on_found(t.brain, "", "cam", 7, t.now);
    turn();
    cr_assert_eq(row("cam")->state, PM_STATE_STARTING, "that was another life's");
    t.said[0] = '\0';
    brain_on_found(t.brain, "", "cam", 1, t.now);
    turn();
    then_said("seek cam 0 no more\nstatus 1\n");
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING);
}

/* Its program may be faster than the keeper. */
Test(vigil, it_says_so_before_the_keeper_says_that_it_lives)
{
    struct pm_spec spec = a_spec_ready(PM_PROBE_KIND_NOTIFY, "");
    struct brain_kin kin = { .pid = 100, .session = 100, .marked = true, .slot = 0, .run = 2 };
    struct notice said;

    given_deputy();
    when_specs(1, &spec, 1);
    when_want(1, true, 1);
    notice_read("STATUS=two cameras\nREADY=1", 26, &said);
    cr_assert_not(brain_on_notice(t.brain, &kin, &said, t.now), "of another life");
    kin.run = 1;
    cr_assert(brain_on_notice(t.brain, &kin, &said, t.now));
    turn();
    cr_assert_eq(row("cam")->state, PM_STATE_STARTING);
    when_spawned(0, 1, 100);
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING);
    cr_assert_str_eq(row("cam")->says, "two cameras");
}

Test(vigil, what_was_said_early_is_forgotten_with_its_life)
{
    struct pm_spec spec = a_spec_ready(PM_PROBE_KIND_NOTIFY, "");
    struct brain_kin kin = { .pid = 100, .session = 100, .marked = true, .slot = 0, .run = 1 };
    struct notice said = { .ready = true };

    given_deputy();
    when_specs(1, &spec, 1);
    when_want(1, true, 1);
    cr_assert(brain_on_notice(t.brain, &kin, &said, t.now));
    when_want(1, false, 2);
    when_spawned(0, 1, 100);
    when_ended(0, 1, 0, SIGTERM);
    when_want(1, true, 3);
    when_spawned(0, 2, 101);
    cr_assert_eq(row("cam")->state, PM_STATE_STARTING);
}

Test(vigil, it_says_so_itself)
{
    struct pm_spec spec = a_spec_ready(PM_PROBE_KIND_NOTIFY, "");

    given_starting(&spec);
    cr_assert(strstr(t.variables, "NOTIFY_SOCKET ") != NULL, "%s", t.variables);
    cr_assert(strstr(t.variables, "WATCHDOG_USEC") == NULL, "%s", t.variables);
    when_noticed(99, "READY=1");
    cr_assert_eq(row("cam")->state, PM_STATE_STARTING, "a stranger said so");
    when_noticed(100, "MAINPID=4\nSTATUS=three cameras\n");
    cr_assert_str_eq(row("cam")->says, "three cameras");
    cr_assert_eq(row("cam")->state, PM_STATE_STARTING);
    attended(100);
    when_noticed(100, "READY=1");
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING);
    cr_assert_str_eq(row("cam")->says, "three cameras");
}

Test(vigil, who_was_not_asked_is_told_no_socket)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_starting(&spec);
    cr_assert(strstr(t.variables, "NOTIFY_SOCKET") == NULL, "%s", t.variables);
    when_noticed(100, "STATUS=x\nWATCHDOG=trigger");
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING);
}

Test(vigil, its_ready_probe_taken_away_it_runs)
{
    struct pm_spec spec = a_spec_ready(PM_PROBE_KIND_TCP, "");

    given_starting(&spec);
    attended(20);
    t.said[0] = '\0';
    spec.ready = (struct pm_probe){ 0 };
    when_specs(2, &spec, 1);
    turn();
    attended(100);
    then_said("look away 1\nstatus 1\n");
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING);
}

Test(vigil, specs_that_change_nothing_of_it_change_nothing)
{
    struct pm_spec spec = a_spec_ready(PM_PROBE_KIND_TCP, "");

    given_starting(&spec);
    attended(20);
    t.said[0] = '\0';
    spec.stop_timeout_ms = 5;
    when_specs(2, &spec, 1);
    cr_assert(strstr(t.said, "look") == NULL, "%s", t.said);
}

/* ---- over a brain's death ------------------------------------------------------------- */

Test(vigil, a_new_brain_looks_on_within_the_same_time)
{
    struct pm_spec spec = a_spec_ready(PM_PROBE_KIND_LOG, "up");

    given_starting(&spec);
    attended(15000);
    when_another_brain_comes(false);
    then_said("seek cam 1 up\n");
    given_welcome_from(SHERIFF);
    cr_assert_eq(row("cam")->state, PM_STATE_STARTING);
    t.said[0] = '\0';
    attended(4900);
    cr_assert(strstr(t.said, "kill") == NULL, "%s", t.said);
    attended(100);
    cr_assert(strstr(t.said, "kill 0/1 15") != NULL, "%s", t.said);
}

Test(vigil, a_new_brain_knows_who_was_ready)
{
    struct pm_spec spec = a_spec_ready(PM_PROBE_KIND_TCP, "");

    given_starting(&spec);
    attended(20);
    when_looked(1, true, NULL);
    when_another_brain_comes(false);
    then_said("");
    given_welcome_from(SHERIFF);
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING);
}

Test(vigil, without_its_spec_it_is_neither_ready_nor_ended)
{
    struct pm_spec spec = a_spec_ready(PM_PROBE_KIND_TCP, "");

    given_starting(&spec);
    attended(500);
    t.wish.n = 0; /* it was lost */
    when_another_brain_comes(false);
    given_welcome_from(SHERIFF);
    cr_assert_eq(row("cam")->state, PM_STATE_STARTING);
    attended(40000);
    t.said[0] = '\0';
    when_specs(1, &spec, 1);
    turn();
    attended(500);
    brain_on_sheriff(t.brain, PM_MSG_RESYNC, &(struct pm_resync){ .session = SESSION }, t.now);
    turn();
    cr_assert_eq(row("cam")->state, PM_STATE_STARTING);
    cr_assert(strstr(t.said, "look 1") != NULL, "%s", t.said);
}

Test(vigil, what_it_may_have_said_to_a_dead_keeper_counts)
{
    struct pm_spec spec = a_spec_ready(PM_PROBE_KIND_NOTIFY, "");

    given_starting(&spec);
    attended(15000);
    when_another_brain_comes(true);
    given_welcome_from(SHERIFF);
    attended(4000);
    cr_assert_eq(row("cam")->state, PM_STATE_STARTING);
    attended(1100);
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING);
    cr_assert(strstr(t.said, "kill") == NULL, "%s", t.said);
    cr_assert(strstr(t.logged, "it counts as ready") != NULL, "%s", t.logged);
}

/* ---- health ------------------------------------------------------------------------- */

static struct pm_spec a_spec_healthy(void)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.health = (struct pm_probe){ .kind = PM_PROBE_KIND_TCP, .text = "", .port = 7000,
                                     .timeout_ms = 1000, .interval_ms = 5000, .failures = 2 };
    spec.restart_delay_ms = 4000;
    spec.restart_max_delay_ms = 8000;
    spec.restart_factor = 2;
    spec.restart_jitter = 0;
    return spec;
}

Test(vigil, who_is_not_well_is_restarted_and_says_why)
{
    struct pm_spec spec = a_spec_healthy();

    given_starting(&spec);
    t.said[0] = '\0';
    attended(5000);
    then_said("look 1 tcp 7000\n");
    when_looked(1, false, "connection refused");
    attended(5000);
    t.said[0] = '\0';
    when_looked(2, false, "connection refused");
    then_said("kill 0/1 15\nstatus 1\n");
    cr_assert_str_eq(row("cam")->reason, "unhealthy: tcp 7000: connection refused (2 times)");
    when_ended(0, 1, 0, SIGTERM);
    cr_assert_eq(row("cam")->state, PM_STATE_BACKOFF);
    cr_assert_eq(row("cam")->next_try_ms, 4000);
    cr_assert_str_eq(row("cam")->reason,
                     "unhealthy: tcp 7000: connection refused (2 times); will be restarted");
    attended(4000);
    cr_assert(strstr(t.said, "spawn 0/2") != NULL, "%s", t.said);
    cr_assert_eq(row("cam")->restarts, 1);
}

Test(vigil, ordered_down_meanwhile_it_stays_down)
{
    struct pm_spec spec = a_spec_healthy();

    spec.health.failures = 1;
    given_starting(&spec);
    attended(5000);
    when_looked(1, false, "connection refused");
    when_want(1, false, 2);
    when_ended(0, 1, 0, SIGTERM);
    cr_assert_eq(row("cam")->state, PM_STATE_STOPPED);
    t.said[0] = '\0';
    attended(60000);
    then_said("");
}

Test(vigil, a_look_under_way_ends_with_the_life)
{
    struct pm_spec spec = a_spec_healthy();

    given_starting(&spec);
    attended(5000);
    t.said[0] = '\0';
    when_want(1, false, 2);
    then_said("kill 0/1 15\nlook away 1\nstatus 1\n");
}

Test(vigil, silence_and_the_watchdog_end_it)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.health_silence_ms = 60000;
    spec.watchdog_ms = 10000;
    given_starting(&spec);
    cr_assert(strstr(t.variables, "NOTIFY_SOCKET WATCHDOG_USEC") != NULL, "%s", t.variables);
    for (int i = 0; i < 5; i++) {
        attended(9000);
        when_noticed(100, "WATCHDOG=1");
    }
    cr_assert_eq(row("cam")->state, PM_STATE_RUNNING);
    attended(10000);
    cr_assert_str_eq(row("cam")->reason, "unhealthy: no WATCHDOG=1 for 10s");
}

Test(vigil, too_much_memory_ends_it)
{
    struct pm_spec spec = a_spec(1, "cam");

    spec.restart_max_memory = 100 << 20;
    given_starting(&spec);
    cr_assert(brain_life(t.brain, 0).weighed);
    brain_on_weight(t.brain, 0, 200 << 20, t.now);
    brain_on_weight(t.brain, 0, 200 << 20, t.now);
    turn();
    cr_assert_str_eq(row("cam")->reason, "memory 200 MiB over restart.max_memory 100 MiB");
}

/* ---- what processes say --------------------------------------------------------------- */

Test(vigil, a_notice_is_read_line_by_line_and_made_fit_to_show)
{
    static const char text[] = "READY=1\nX=\nSTATUS=a\033[2Jb\nWATCHDOG=1";
    struct notice notice;

    notice_read(text, sizeof text - 1, &notice);
    cr_assert(notice.ready && notice.alive && notice.status && !notice.trigger);
    cr_assert(strchr(notice.text, '\033') == NULL, "%s", notice.text);
    notice_read("READY=10", 8, &notice);
    cr_assert_not(notice.ready);
    notice_read("\0\0STATUS=", 9, &notice);
    cr_assert_not(notice.status);
    notice_read("", 0, &notice);
    cr_assert_not(notice.status);
}
