/* The life of a process that is looked at: readiness, health, and what comes after. */
#include <criterion/criterion.h>

#include <procman/process.h>

#include <stdlib.h>
#include <string.h>

static struct pm_process p;
static struct pm_spec spec;
static struct pm_mono now;
static unsigned todo;       /* of the last step */

static void setup(void)
{
    now.ms = 1000;
    spec = (struct pm_spec){ .restart_delay_ms = 100, .restart_max_delay_ms = 10000,
                             .restart_factor = 2, .restart_settle_ms = 5000, .stop_signal = 15,
                             .stop_timeout_ms = 3000, .ready = { .kind = PM_PROBE_KIND_TCP } };
    pm_process_init(&p, now);
}

TestSuite(process_health, .init = setup);

static void when(struct pm_input in)
{
    in.now = now;
    in.spec = &spec;
    todo = pm_process_step(&p, &in);
}

#define when_event(name) when((struct pm_input){ .event = PM_EVENT_##name })

static void when_wanted(bool up, uint64_t order)
{
    when((struct pm_input){ .event = PM_EVENT_WANT, .want = { .up = up, .order = order } });
}

static void when_unready(void)
{
    when((struct pm_input){ .event = PM_EVENT_UNREADY, .reason = "not ready within 20 s" });
}

static void when_unhealthy(int64_t well_ms)
{
    when((struct pm_input){ .event = PM_EVENT_UNHEALTHY, .reason = "unhealthy: silent",
                            .well = { well_ms } });
}

static void when_time_passes(int64_t ms)
{
    now.ms += ms;
    when_event(TIMER);
}

static void when_ended(int64_t code)
{
    when((struct pm_input){ .event = PM_EVENT_ENDED, .ending = { .code = code } });
}

static void given_born(void)
{
    when_wanted(true, 1);
    when_event(SPAWNED);
}

static void given_ready(void)
{
    given_born();
    when_event(READY);
}

#define then_state(name) \
    cr_assert_eq(p.state, PM_STATE_##name, "it is %s (%s)", pm_state_word(p.state), p.reason)
#define then_reason(text) cr_assert_str_eq(p.reason, text)

Test(process_health, with_a_ready_probe_it_is_starting_until_that_has_passed)
{
    given_born();
    then_state(STARTING);
    cr_assert_eq(todo, PM_DO_REPORT, "the note must say that it was born");
    when_event(READY);
    then_state(RUNNING);
    then_reason("ordered up");
    when_event(READY);
    cr_assert_eq(todo, PM_DO_NOTHING);
}

Test(process_health, a_new_brain_tells_the_pid_again_and_the_life_is_no_younger)
{
    given_born();
    now.ms += 700;
    when_event(SPAWNED);
    cr_assert_eq(todo, PM_DO_NOTHING);
    cr_assert_eq(p.started.ms, 1000);
}

Test(process_health, when_its_probe_is_taken_away_it_runs)
{
    given_born();
    spec.ready.kind = PM_PROBE_KIND_NONE;
    now.ms += 700;
    when_event(SPAWNED);
    then_state(RUNNING);
    cr_assert_eq(p.started.ms, 1000);
}

Test(process_health, nothing_is_ready_before_it_is_born_or_after_it_is_told_to_end)
{
    when_wanted(true, 1);
    when_event(READY);
    then_state(STARTING);
    when_unready();
    then_state(STARTING);
    when_wanted(false, 2);
    when_event(READY);
    when_unready();
    when_unhealthy(0);
    then_state(STOPPING);
    then_reason("ordered down");
}

Test(process_health, one_that_is_not_ready_in_time_is_ended_and_has_failed)
{
    given_born();
    when_unready();
    then_state(STOPPING);
    cr_assert_eq(todo, PM_DO_STOP | PM_DO_TIMER | PM_DO_REPORT);
    then_reason("not ready within 20 s");
    when_time_passes(3000);
    cr_assert(todo & PM_DO_KILL);
    then_reason("not ready within 20 s");
    when_ended(0);
    then_state(FAILED);
    then_reason("not ready within 20 s; not to be restarted");
    cr_assert_eq(p.ailment, PM_AILMENT_NONE);
}

Test(process_health, its_policy_brings_it_back_each_time_later)
{
    spec.auto_restart = PM_AUTO_RESTART_ON_FAILURE;
    given_born();
    for (int64_t pause = 100; pause <= 800; pause *= 2) {
        now.ms += 20000; /* longer than restart.settle: but it was never ready */
        when_unready();
        when_ended(0);
        then_state(BACKOFF);
        then_reason("not ready within 20 s; will be restarted");
        cr_assert_eq(p.deadline.ms - now.ms, pause);
        when_time_passes(pause);
        then_state(STARTING);
        cr_assert(!p.born);
        when_event(SPAWNED);
    }
}

Test(process_health, what_is_unhealthy_comes_back_whatever_its_policy)
{
    given_ready();
    when_unhealthy(1000);
    then_state(STOPPING);
    then_reason("unhealthy: silent");
    when_ended(0);
    then_state(BACKOFF);
    then_reason("unhealthy: silent; will be restarted");
    when_time_passes(100);
    then_state(STARTING);
    cr_assert_eq(p.restarts, 1);
    when_event(SPAWNED);
    then_reason("restarted");
    when_ended(3);
    then_state(FAILED);
}

Test(process_health, without_a_delay_it_is_back_in_the_step_of_its_end)
{
    spec.restart_delay_ms = 0;
    given_ready();
    when_unhealthy(1000);
    when_ended(0);
    then_state(STARTING);
    cr_assert(todo & PM_DO_SPAWN);
    then_reason("unhealthy: silent; restarted");
    cr_assert_eq(p.ailment, PM_AILMENT_NONE);
}

Test(process_health, it_is_given_up_after_so_many_failures)
{
    spec.restart_max_failures = 2;
    given_ready();
    when_unhealthy(0);
    when_ended(0);
    when_time_passes(100);
    when_event(SPAWNED);
    when_event(READY);
    now.ms += 20000;
    when_unhealthy(0); /* old, but never well */
    when_ended(0);
    then_state(FAILED);
    then_reason("unhealthy: silent; gave up after too many failures");
    when_wanted(true, 2);
    then_state(STARTING);
}

Test(process_health, an_hour_of_good_life_forgives)
{
    spec.restart_max_failures = 2;
    given_ready();
    when_unhealthy(0);
    when_ended(0);
    when_time_passes(100);
    when_event(SPAWNED);
    when_event(READY);
    now.ms += 3600000;
    when_unhealthy(now.ms - 15000);
    when_ended(0);
    then_state(BACKOFF);
    cr_assert_eq(p.deadline.ms - now.ms, 100);
}

Test(process_health, an_order_meanwhile_overrules_it)
{
    given_ready();
    when_unhealthy(0);
    when_wanted(false, 2);
    when_ended(0);
    then_state(STOPPED);
    then_reason("exit code 0; stopped as ordered");
}

Test(process_health, a_new_order_meanwhile_is_a_new_run_without_a_pause)
{
    given_ready();
    when_unhealthy(0);
    when_wanted(true, 2);
    when_ended(0);
    then_state(STARTING);
    cr_assert_eq(p.restarts, 0);
}

Test(process_health, a_removal_meanwhile_forgets_it)
{
    given_ready();
    when_unhealthy(0);
    when_event(REMOVE);
    when_ended(0);
    cr_assert(todo & PM_DO_FORGET);
    cr_assert(!(todo & PM_DO_SPAWN));
}

Test(process_health, a_note_brings_the_ailment_back)
{
    struct pm_slot_note note = { 0 };
    struct pm_process again;

    given_ready();
    when_unhealthy(900);
    pm_process_save(&p, &note);
    pm_process_init(&again, now);
    again.run = p.run;
    pm_process_load(&again, &note);
    p = again;
    when_ended(0);
    then_state(BACKOFF);
    then_reason("unhealthy: silent; will be restarted");
}

Test(process_health, a_long_sentence_does_not_cut_off_the_verdict)
{
    char sentence[400];

    memset(sentence, 'x', sizeof sentence - 1);
    sentence[sizeof sentence - 1] = '\0';
    given_born();
    when((struct pm_input){ .event = PM_EVENT_UNREADY, .reason = sentence });
    when_ended(0);
    cr_assert_not_null(strstr(p.reason, "; not to be restarted"), "%s", p.reason);
}

/* Any order of findings, orders and ends: one life at most, and nothing waits for ever. */
Test(process_health, a_random_life_of_findings_never_has_two_lives_nor_waits_for_ever)
{
    static const enum pm_process_event raw[] = {
        PM_EVENT_SPAWNED, PM_EVENT_READY, PM_EVENT_UNREADY, PM_EVENT_UNHEALTHY, PM_EVENT_ENDED,
        PM_EVENT_TIMER, PM_EVENT_TIMER, PM_EVENT_WANT, PM_EVENT_SHERIFF_LOST,
    };
    uint64_t order = 0;
    bool life = false;

    srand(20261123);
    for (int i = 0; i < 100000; i++) {
        struct pm_input in = { .event = raw[rand() % (int)PM_COUNT(raw)] };
        if (in.event == PM_EVENT_WANT)
            in.want = (struct pm_want){ .up = rand() % 4, .order = order += (uint64_t)rand() % 2 };
        if (in.event == PM_EVENT_ENDED && !life)
            continue;
        now.ms += rand() % 2000;
        spec.auto_restart = (enum pm_auto_restart)(rand() % 3);
        spec.restart_max_failures = (uint64_t)rand() % 4;
        if (in.event == PM_EVENT_ENDED)
            life = false;
        when(in);
        if (todo & PM_DO_SPAWN) {
            cr_assert(!life, "a second life");
            life = true;
        }
        cr_assert_eq(pm_state_alive(p.state), life, "%s", pm_state_word(p.state));
        cr_assert_eq(p.state == PM_STATE_STOPPING || p.state == PM_STATE_BACKOFF,
                     p.deadline.ms != 0);
        cr_assert(p.ailment == PM_AILMENT_NONE || p.state == PM_STATE_STOPPING);
    }
}
