/* Stories of processes that must not run without the sheriff. */
#include "brain_stage.h"

TestSuite(loss, .init = stage_setup, .fini = stage_teardown);

static struct pm_spec an_arm(void)
{
    struct pm_spec spec = a_spec(1, "arm");

    spec.sheriff_loss_ms = 30000;
    spec.auto_restart = PM_AUTO_RESTART_ALWAYS;
    return spec;
}

/* All of the session's messages are signs of the sheriff; this is the least of them. */
static void when_sheriff_beats(void)
{
    struct pm_beat beat = { .session = SESSION };

    brain_on_sheriff(t.brain, PM_MSG_BEAT, &beat, t.now);
    quiet();
}

/* Time passes with a silent sheriff; what is said about the link is of no interest. */
static void when_silent_for(int64_t ms)
{
    when_time_passes(ms);
    t.said[0] = '\0';
}

static bool was_said(const char *line)
{
    return strstr(t.said, line) != NULL;
}

static void when_sheriff_returns(struct pm_spec *spec, bool up, uint64_t order)
{
    struct pm_want want = { spec->id, up, order };

    brain_on_link(t.brain, true, t.now);
    turn();
    given_welcome_from(SHERIFF);
    when_specs(1, spec, 1);
    when_wants(1, &want, 1);
    turn();
    brain_on_sheriff(t.brain, PM_MSG_RESYNC, &(struct pm_resync){ .session = SESSION }, t.now);
    turn();
    when_time_passes(100);
}

/* The keeper begins another brain for what it holds. */
static void when_brain_is_replaced(void)
{
    struct pm_ready ready = { .version = PM_PROTOCOL_VERSION, .held = 1, .slots = SLOTS,
                              .epoch = 9, .brains = 2 };

    when_brain_restarts(100);
    brain_on_keeper(t.brain, PM_MSG_READY, &ready, t.now);
    quiet();
}

static const char *wish_heard(int64_t *out)
{
    struct pm_arena arena;
    struct pm_wish wish = { 0 };
    const char *why = NULL;

    pm_arena_init(&arena, 0);
    if (pm_decode(&pm_wish_desc, t.wish.at, t.wish.n, &arena, &wish, &why) == PM_OK)
        *out = wish.heard_ms;
    pm_arena_fini(&arena);
    return why;
}

Test(loss, stops_a_process_when_its_time_has_passed)
{
    struct pm_spec spec = an_arm();

    given_running(&spec);
    when_sheriff_beats();
    when_silent_for(29999);
    cr_assert_not(was_said("kill"));
    when_time_passes(1);
    cr_expect(was_said("kill 0/1 15\n"), "%s", t.said);
    cr_expect(strstr(t.logged, "the sheriff was not heard for 30s: 1 process is stopped") != NULL,
              "%s", t.logged);
}

Test(loss, is_no_matter_to_others)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    unsigned kept = t.kept;
    when_time_passes(3600000);
    cr_expect_not(was_said("kill"));
    cr_expect_eq(t.kept, kept, "nothing needs to be remembered");
}

Test(loss, is_counted_from_the_last_sign)
{
    struct pm_spec spec = an_arm();

    given_running(&spec);
    for (int i = 0; i < 100; i++) {
        when_silent_for(2000);
        when_sheriff_beats();
    }
    when_time_passes(29999);
    cr_expect_not(was_said("kill"));
}

Test(loss, leaves_it_down_until_a_new_order)
{
    struct pm_spec spec = an_arm();

    given_running(&spec);
    when_silent_for(30000);
    when_ended(0, 1, 0, SIGTERM);
    when_sheriff_returns(&spec, true, 1);
    cr_expect_eq(row("arm")->state, PM_STATE_STOPPED);
    cr_expect_str_eq(row("arm")->reason,
                     "killed by SIGTERM; stopped: the sheriff was not heard for 30s");
    cr_expect_eq(row("arm")->order, 1, "the order is obeyed");
    cr_expect_not(was_said("spawn"), "%s", t.said);

    when_want(1, true, 2);
    cr_expect(was_said("spawn 0/2"), "%s", t.said);
}

Test(loss, holds_though_the_link_returns_while_it_is_being_stopped)
{
    struct pm_spec spec = an_arm();

    given_running(&spec);
    when_silent_for(30000);
    when_sheriff_returns(&spec, true, 1);
    cr_expect_eq(row("arm")->state, PM_STATE_STOPPING);
    when_ended(0, 1, 0, SIGTERM);
    cr_expect_eq(row("arm")->state, PM_STATE_STOPPED);
    cr_expect_not(was_said("spawn"), "%s", t.said);
}

Test(loss, gives_way_to_an_order_while_it_is_being_stopped)
{
    struct pm_spec spec = an_arm();

    given_running(&spec);
    when_silent_for(30000);
    when_sheriff_returns(&spec, true, 2);
    when_ended(0, 1, 0, SIGTERM);
    cr_expect(was_said("spawn 0/2"), "%s", t.said);
}

Test(loss, ends_a_backoff_too)
{
    struct pm_spec spec = an_arm();

    spec.restart_delay_ms = spec.restart_max_delay_ms = 60000;
    given_running(&spec);
    when_ended(0, 1, 1, 0);
    when_silent_for(3600000);
    when_sheriff_returns(&spec, true, 1);
    cr_expect_eq(row("arm")->state, PM_STATE_STOPPED);
    cr_expect_str_eq(row("arm")->reason, "stopped: the sheriff was not heard for 30s");
    cr_expect_eq(row("arm")->run, 1);
}

Test(loss, does_not_touch_what_was_ordered_down)
{
    struct pm_spec spec = an_arm();

    given_running(&spec);
    when_want(1, false, 2);
    when_silent_for(30000);
    when_ended(0, 1, 0, SIGKILL);
    when_sheriff_returns(&spec, false, 2);
    cr_expect_str_eq(row("arm")->reason, "killed by SIGKILL; stopped as ordered");
}

Test(loss, comes_to_each_at_its_own_time)
{
    struct pm_spec specs[] = { an_arm(), a_spec(2, "leg") };
    struct pm_want wants[] = { { 1, true, 1 }, { 2, true, 1 } };

    specs[1].sheriff_loss_ms = 10000;
    given_deputy();
    when_specs(1, specs, 2);
    when_wants(1, wants, 2);
    when_spawned(0, 1, 100);
    when_spawned(1, 1, 101);
    when_silent_for(9999);
    when_time_passes(1);
    cr_expect(was_said("kill 1/1 15\n") && !was_said("kill 0/1"), "%s", t.said);
    t.said[0] = '\0';
    when_time_passes(20000);
    cr_expect(was_said("kill 0/1 15\n"), "%s", t.said);
}

Test(loss, is_not_prolonged_by_brains_that_die)
{
    struct pm_spec spec = an_arm();

    given_running(&spec);
    for (int i = 0; i < 14; i++) { /* each lives for two seconds */
        when_silent_for(2000);
        when_brain_is_replaced();
    }
    when_silent_for(2000);
    when_time_passes(2001);
    cr_expect(was_said("kill 0/1 15\n"), "%s", t.said);
}

Test(loss, goes_on_stopping_in_the_next_brain)
{
    struct pm_spec spec = an_arm();

    given_running(&spec);
    when_silent_for(30000);
    when_brain_is_replaced();
    when_ended(0, 1, 0, SIGTERM);
    when_sheriff_returns(&spec, true, 1);
    cr_expect_eq(row("arm")->state, PM_STATE_STOPPED);
    cr_expect_not(was_said("spawn"), "%s", t.said);
}

Test(loss, is_remembered_only_while_it_lasts)
{
    struct pm_spec spec = an_arm();
    int64_t heard = -1;

    given_running(&spec);
    cr_assert_null(wish_heard(&heard));
    cr_expect_eq(heard, 0);
    int64_t last = t.now.ms;
    when_sheriff_beats();
    when_silent_for(3000);
    cr_assert_null(wish_heard(&heard));
    cr_expect_eq(heard, last);
    when_sheriff_beats();
    when_silent_for(100);
    cr_assert_null(wish_heard(&heard));
    cr_expect_eq(heard, 0);
}

Test(loss, keeps_a_deputy_that_begins_from_obeying_what_it_once_heard)
{
    struct pm_spec spec = an_arm();

    given_running(&spec);
    when_silent_for(200);
    t.note_n[0] = 0; /* the machine was begun anew: nothing runs, the wish is known */
    t.run[0] = 0;
    when_brain_restarts(0);
    given_ready();
    when_time_passes(10000);
    cr_expect_not(was_said("spawn"), "%s", t.said);
    when_sheriff_returns(&spec, true, 1);
    cr_expect(was_said("spawn"), "%s", t.said);
}

Test(loss, is_not_what_a_brain_that_slept_has_heard)
{
    struct pm_spec spec = an_arm();

    given_running(&spec);
    when_sheriff_beats();
    t.now.ms += 60000; /* it could not move */
    turn();
    cr_expect_not(was_said("kill"), "%s", t.said);
    when_silent_for(3000);
    when_sheriff_returns(&spec, true, 1); /* it was there all the time */
    when_time_passes(29800);
    cr_expect_not(was_said("kill"), "%s", t.said);
}

Test(loss, of_a_stranger_is_no_comfort)
{
    struct pm_spec spec = an_arm();
    struct pm_beat beat = { .session = SESSION + 1 };

    given_running(&spec);
    when_sheriff_beats();
    for (int i = 0; i < 30; i++) {
        when_time_passes(1000);
        brain_on_sheriff(t.brain, PM_MSG_BEAT, &beat, t.now);
    }
    turn();
    cr_expect(was_said("kill 0/1 15\n"), "%s", t.said);
}
