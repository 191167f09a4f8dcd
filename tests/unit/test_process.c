/* The life of a process: stories, every pair of state and event, and a random life whose
 * invariants never break. */
#include <criterion/criterion.h>

#include <procman/process.h>
#include <procman/spec.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A process and the world it lives in. */
struct story {
    struct pm_process p;
    struct pm_spec spec;
    struct pm_mono now;
    unsigned todo;          /* of the last step */
};

static struct story given_a_process(enum pm_auto_restart policy)
{
    struct story s = { .now = { 1000 } };

    s.spec = (struct pm_spec){ .auto_restart = policy, .restart_delay_ms = 10,
                               .restart_max_delay_ms = 1000, .restart_factor = 2,
                               .restart_settle_ms = 5000, .stop_signal = 15,
                               .stop_timeout_ms = 10000 };
    pm_process_init(&s.p, s.now);
    return s;
}

static unsigned when(struct story *s, struct pm_input in)
{
    in.now = s->now;
    in.spec = &s->spec;
    s->todo = pm_process_step(&s->p, &in);
    return s->todo;
}

static void when_wanted(struct story *s, bool up, uint64_t order)
{
    when(s, (struct pm_input){ .event = PM_EVENT_WANT, .want = { .up = up, .order = order } });
}

static void when_spawned(struct story *s)
{
    when(s, (struct pm_input){ .event = PM_EVENT_SPAWNED });
}

static void when_ended(struct story *s, struct pm_ending ending)
{
    when(s, (struct pm_input){ .event = PM_EVENT_ENDED, .ending = ending });
}
#define when_exited(s, status) when_ended(s, (struct pm_ending){ .code = (status) })
#define when_killed(s, sig)    when_ended(s, (struct pm_ending){ .signal = (sig) })

static void when_time_passes(struct story *s, int64_t ms)
{
    s->now.ms += ms;
    when(s, (struct pm_input){ .event = PM_EVENT_TIMER });
}

static struct story given_a_running_one(enum pm_auto_restart policy)
{
    struct story s = given_a_process(policy);

    when_wanted(&s, true, 1);
    when_spawned(&s);
    return s;
}

#define then_state(s, name) \
    cr_assert_eq((s)->p.state, PM_STATE_##name, "it is %s (%s)", \
                 pm_state_word((s)->p.state), (s)->p.reason)
#define then_reason(s, text) cr_assert_str_eq((s)->p.reason, text)
#define then_todo(s, bits) cr_assert_eq((s)->todo, (unsigned)(bits), "todo is %#x", (s)->todo)

/* ---- stories ------------------------------------------------------------------------ */

Test(process, an_order_makes_it_run)
{
    struct story s = given_a_process(PM_AUTO_RESTART_NO);

    then_state(&s, STOPPED);
    when_wanted(&s, true, 1);
    then_state(&s, STARTING);
    then_todo(&s, PM_DO_SPAWN | PM_DO_REPORT);
    cr_assert_eq(s.p.run, 1);
    when_spawned(&s);
    then_state(&s, RUNNING);
    then_todo(&s, PM_DO_REPORT);
}

Test(process, a_repeated_wish_changes_nothing)
{
    struct story s = given_a_running_one(PM_AUTO_RESTART_NO);

    when_wanted(&s, true, 1);
    then_todo(&s, PM_DO_NOTHING);
    then_state(&s, RUNNING);
    when_wanted(&s, false, 0); /* older than the one obeyed */
    then_todo(&s, PM_DO_NOTHING);
}

Test(process, a_stop_asks_first_and_then_kills)
{
    struct story s = given_a_running_one(PM_AUTO_RESTART_ALWAYS);

    when_wanted(&s, false, 2);
    then_state(&s, STOPPING);
    then_todo(&s, PM_DO_STOP | PM_DO_TIMER | PM_DO_REPORT);
    cr_assert_eq(s.p.deadline.ms, s.now.ms + 10000);
    when_time_passes(&s, 9999);
    then_todo(&s, PM_DO_NOTHING);
    when_time_passes(&s, 1);
    then_todo(&s, PM_DO_KILL | PM_DO_TIMER | PM_DO_REPORT);
    then_reason(&s, "did not end in time, killed");
    when_killed(&s, 9);
    then_state(&s, STOPPED);
    then_reason(&s, "killed by SIGKILL; stopped as ordered");
    cr_assert_eq(s.p.deadline.ms, 0);
}

Test(process, a_lost_kill_is_sent_again)
{
    struct story s = given_a_running_one(PM_AUTO_RESTART_NO);

    when_wanted(&s, false, 2);
    when_time_passes(&s, 10000);
    for (int i = 0; i < 3; i++) {
        cr_assert(s.p.deadline.ms > s.now.ms);
        when_time_passes(&s, s.p.deadline.ms - s.now.ms);
        cr_assert(s.todo & PM_DO_KILL);
    }
}

Test(process, a_restart_waits_for_the_end_of_the_life_before)
{
    struct story s = given_a_running_one(PM_AUTO_RESTART_NO);

    when_wanted(&s, true, 2);
    then_state(&s, STOPPING);
    then_todo(&s, PM_DO_STOP | PM_DO_TIMER | PM_DO_REPORT);
    cr_assert_eq(s.p.run, 1);
    when_killed(&s, 15);
    then_state(&s, STARTING);
    then_todo(&s, PM_DO_SPAWN | PM_DO_TIMER | PM_DO_REPORT);
    cr_assert_eq(s.p.run, 2);
    cr_assert_eq(s.p.restarts, 0, "it was ordered, no policy did it");
}

Test(process, a_stop_overrules_a_restart_under_way)
{
    struct story s = given_a_running_one(PM_AUTO_RESTART_ALWAYS);

    when_wanted(&s, true, 2);
    when_wanted(&s, false, 3);
    when_killed(&s, 15);
    then_state(&s, STOPPED);
    cr_assert_eq(s.p.order, 3);
}

Test(process, a_start_during_a_stop_begins_a_new_life_after_it)
{
    struct story s = given_a_running_one(PM_AUTO_RESTART_NO);

    when_wanted(&s, false, 2);
    struct pm_mono deadline = s.p.deadline;
    s.now.ms += 100;
    when_wanted(&s, true, 3);
    then_state(&s, STOPPING);
    cr_assert_eq(s.p.deadline.ms, deadline.ms, "orders do not prolong a stop");
    when_exited(&s, 0);
    then_state(&s, STARTING);
}

Test(process, a_stop_while_starting_ends_the_life_that_is_being_made)
{
    struct story s = given_a_process(PM_AUTO_RESTART_ALWAYS);

    when_wanted(&s, true, 1);
    when_wanted(&s, false, 2);
    then_state(&s, STOPPING);
    when_spawned(&s);
    then_state(&s, STOPPING);
    when_killed(&s, 15);
    then_state(&s, STOPPED);
}

Test(process, a_spawn_that_fails_under_a_stop_is_a_stop)
{
    struct story s = given_a_process(PM_AUTO_RESTART_ALWAYS);

    when_wanted(&s, true, 1);
    when_wanted(&s, false, 2);
    when(&s, (struct pm_input){ .event = PM_EVENT_SPAWN_FAILED,
                                .ending = { .stage = PM_STAGE_EXEC, .error = ENOENT } });
    then_state(&s, STOPPED);
}

Test(process, a_finished_job_is_exited_and_stays_so)
{
    struct story s = given_a_running_one(PM_AUTO_RESTART_NO);

    when_exited(&s, 0);
    then_state(&s, EXITED);
    then_reason(&s, "exit code 0; not to be restarted");
    when_wanted(&s, true, 1);
    then_state(&s, EXITED);
    when_wanted(&s, false, 2);
    then_state(&s, EXITED);
    then_reason(&s, "exit code 0; not to be restarted");
    when_wanted(&s, true, 3);
    then_state(&s, STARTING);
}

Test(process, a_crash_is_failed_without_a_policy)
{
    struct story s = given_a_running_one(PM_AUTO_RESTART_NO);

    when_ended(&s, (struct pm_ending){ .signal = 11, .core_dumped = true });
    then_state(&s, FAILED);
    then_reason(&s, "killed by SIGSEGV (core dumped); not to be restarted");
    cr_assert_eq(s.p.ending.signal, 11);
}

Test(process, what_cannot_start_says_at_which_stage)
{
    struct story s = given_a_process(PM_AUTO_RESTART_NO);

    s.spec.working_dir = "/nope";
    when_wanted(&s, true, 1);
    when(&s, (struct pm_input){ .event = PM_EVENT_SPAWN_FAILED,
                                .ending = { .stage = PM_STAGE_DIRECTORY, .error = ENOENT } });
    then_state(&s, FAILED);
    then_reason(&s, "working directory /nope: No such file or directory; not to be restarted");
}

Test(process, a_long_directory_does_not_cut_off_the_verdict)
{
    struct story s = given_a_running_one(PM_AUTO_RESTART_NO);

    s.spec.working_dir = memset((char[400]){ 0 }, 'x', 399);
    when(&s, (struct pm_input){ .event = PM_EVENT_SPAWN_FAILED,
                                .ending = { .stage = PM_STAGE_DIRECTORY, .error = ENAMETOOLONG } });
    cr_assert_not_null(strstr(s.p.reason, "; not to be restarted"), "%s", s.p.reason);
}

Test(process, a_crash_loop_slows_down_until_a_good_life_forgives_it)
{
    struct story s = given_a_running_one(PM_AUTO_RESTART_ON_FAILURE);
    static const int64_t pauses[] = { 10, 20, 40, 80, 160, 320, 640, 1000, 1000 };

    for (size_t i = 0; i < PM_COUNT(pauses); i++) {
        when_exited(&s, 1);
        then_state(&s, BACKOFF);
        cr_assert_eq(s.p.deadline.ms - s.now.ms, pauses[i]);
        when_time_passes(&s, pauses[i]);
        then_state(&s, STARTING);
        cr_assert_eq(s.p.restarts, i + 1);
        when_spawned(&s);
    }
    s.now.ms += 5000;
    when_exited(&s, 1);
    cr_assert_eq(s.p.deadline.ms - s.now.ms, 10);
}

Test(process, a_start_order_ends_a_backoff_at_once)
{
    struct story s = given_a_running_one(PM_AUTO_RESTART_ALWAYS);

    when_exited(&s, 1);
    when_wanted(&s, true, 2);
    then_state(&s, STARTING);
    cr_assert_eq(s.p.restarts, 0);
    cr_assert_eq(s.p.deaths.quick, 0);
}

Test(process, without_a_delay_it_is_back_in_the_same_step)
{
    struct story s = given_a_running_one(PM_AUTO_RESTART_ALWAYS);

    s.spec.restart_delay_ms = 0;
    when_killed(&s, 9);
    then_state(&s, STARTING);
    cr_assert(s.todo & PM_DO_SPAWN);
    cr_assert_eq(s.p.run, 2);
    cr_assert_eq(s.p.restarts, 1);
}

Test(process, too_many_quick_deaths_are_final)
{
    struct story s = given_a_running_one(PM_AUTO_RESTART_ALWAYS);

    s.spec.restart_max_failures = 2;
    when_exited(&s, 1);
    when_time_passes(&s, 10);
    when_spawned(&s);
    when_exited(&s, 1);
    then_state(&s, FAILED);
    then_reason(&s, "exit code 1; gave up after too many failures");
}

Test(process, a_removed_one_is_forgotten_when_it_is_dead)
{
    struct story s = given_a_running_one(PM_AUTO_RESTART_ALWAYS);

    when(&s, (struct pm_input){ .event = PM_EVENT_REMOVE });
    then_state(&s, STOPPING);
    cr_assert(!(s.todo & PM_DO_FORGET));
    when(&s, (struct pm_input){ .event = PM_EVENT_REMOVE });
    then_todo(&s, PM_DO_NOTHING);
    when_exited(&s, 0);
    cr_assert(s.todo & PM_DO_FORGET);

    s = given_a_running_one(PM_AUTO_RESTART_ALWAYS);
    when_exited(&s, 1);
    then_state(&s, BACKOFF);
    when(&s, (struct pm_input){ .event = PM_EVENT_REMOVE });
    cr_assert(s.todo & PM_DO_FORGET);
    cr_assert(!(s.todo & PM_DO_SPAWN));
}

Test(process, one_that_comes_back_while_being_removed_counts_orders_anew)
{
    struct story s = given_a_running_one(PM_AUTO_RESTART_NO);

    when_wanted(&s, true, 7);
    when_killed(&s, 15);
    when_spawned(&s);
    when(&s, (struct pm_input){ .event = PM_EVENT_REMOVE });
    when_wanted(&s, true, 1);
    then_state(&s, STOPPING);
    when_killed(&s, 15);
    then_state(&s, STARTING);
    cr_assert(!(s.todo & PM_DO_FORGET));
    cr_assert_eq(s.p.order, 1);
}

Test(process, a_note_brings_the_machine_back)
{
    struct story s = given_a_running_one(PM_AUTO_RESTART_NO);
    struct pm_slot_note note = { 0 };
    struct pm_process again;

    when_wanted(&s, true, 2);
    pm_process_save(&s.p, &note);
    pm_process_init(&again, s.now);
    again.run = s.p.run;
    pm_process_load(&again, &note);
    s.p = again;
    then_state(&s, STOPPING);
    when_killed(&s, 15);
    then_state(&s, STARTING);
    cr_assert_eq(s.p.order, 2);
}

/* ---- the table ------------------------------------------------------------------------- */

/* Any raw event in any state: no assertion, never nowhere, never the sheriff's word. */
Test(process, every_event_may_come_in_every_state)
{
    static const enum pm_process_event raw[] = { PM_EVENT_NOTHING, PM_EVENT_WANT, PM_EVENT_REMOVE,
        PM_EVENT_SPAWNED, PM_EVENT_SPAWN_FAILED, PM_EVENT_ENDED, PM_EVENT_TIMER };

    for (enum pm_state state = PM_STATE_STOPPED; state < PM_STATE_LOST; state++)
        for (size_t i = 0; i < PM_COUNT(raw); i++)
            for (int variant = 0; variant < 4; variant++) {
                struct story s = given_a_process(variant & 1 ? PM_AUTO_RESTART_ALWAYS
                                                             : PM_AUTO_RESTART_NO);
                s.p.state = state;
                s.p.deadline = s.now;
                when(&s, (struct pm_input){ .event = raw[i],
                                            .want = { .up = variant & 2, .order = 5 } });
                cr_assert_neq(s.p.state, PM_STATE_NOWHERE);
                cr_assert_neq(s.p.state, PM_STATE_LOST);
            }
}

/* ---- a random life ------------------------------------------------------------------------ */

struct chaos {
    struct story s;
    bool life;          /* the keeper has one for us */
    uint64_t order;     /* the newest */
    bool up;
};

static void check_step(struct chaos *c, unsigned before_run)
{
    struct pm_process *p = &c->s.p;

    if (c->s.todo & PM_DO_SPAWN) {
        cr_assert(!c->life, "a second life");
        cr_assert_eq(p->run, before_run + 1);
        c->life = true;
    }
    if (c->s.todo & (PM_DO_STOP | PM_DO_KILL))
        cr_assert(c->life, "a signal for nobody");
    cr_assert_eq(pm_state_alive(p->state), c->life);
    if (p->state == PM_STATE_STOPPING || p->state == PM_STATE_BACKOFF)
        cr_assert_neq(p->deadline.ms, 0, "waits for ever");
    else
        cr_assert_eq(p->deadline.ms, 0);
    if (!p->removing && !(c->s.todo & PM_DO_FORGET)) {
        cr_assert_eq(p->order, c->order, "an order is lost");
        cr_assert_eq(p->up, c->up, "a wish is lost");
    }
}

static void random_event(struct chaos *c)
{
    struct pm_input in = { .chance = 0.5 };
    unsigned run = (unsigned)c->s.p.run;

    c->s.now.ms += rand() % 3000;
    switch (rand() % 8) {
    case 0:
        c->order++;
        c->up = rand() % 3;
        /* fall through */
    case 1:
        in = (struct pm_input){ .event = PM_EVENT_WANT,
                                .want = { .up = c->up, .order = c->order } };
        break;
    case 2:
        in.event = PM_EVENT_SPAWNED;
        break;
    case 3:
        if (c->s.p.state == PM_STATE_STARTING || c->s.p.state == PM_STATE_STOPPING) {
            in = (struct pm_input){ .event = PM_EVENT_SPAWN_FAILED,
                                    .ending = { .stage = PM_STAGE_FORK, .error = EAGAIN } };
            c->life = false;
        }
        break;
    case 4:
        in.event = PM_EVENT_ENDED;
        in.ending.code = rand() % 2;
        in.ending.unknown = rand() % 9 == 0;
        c->life = false;
        break;
    case 5:
        if (rand() % 20 == 0) {
            in.event = PM_EVENT_REMOVE;
            c->order = 0;
            c->up = false;
        }
        break;
    default:
        in.event = PM_EVENT_TIMER;
    }
    when(&c->s, in);
    check_step(c, run);
    if (c->s.todo & PM_DO_FORGET) {
        cr_assert(!c->life, "forgotten alive");
        pm_process_init(&c->s.p, c->s.now);
    }
}

/* When the world calms down, the wish comes true. */
static void then_it_settles(struct chaos *c)
{
    struct pm_process *p = &c->s.p;

    for (int i = 0; i < 20 && (pm_state_alive(p->state) || p->deadline.ms != 0); i++) {
        if (p->state == PM_STATE_RUNNING)
            break;
        if (p->state == PM_STATE_STOPPING) {
            c->life = false;
            when_killed(&c->s, 9);
        } else if (p->state == PM_STATE_STARTING) {
            when_spawned(&c->s);
        } else {
            when_time_passes(&c->s, p->deadline.ms - c->s.now.ms);
        }
        if (c->s.todo & PM_DO_SPAWN)
            c->life = true;
    }
    if (c->up)
        cr_assert(p->state == PM_STATE_RUNNING || p->state == PM_STATE_EXITED
                  || p->state == PM_STATE_FAILED);
    else
        cr_assert(!pm_state_alive(p->state) && p->state != PM_STATE_BACKOFF);
}

Test(process, a_random_life_has_never_two_lives_no_lost_wish_and_no_endless_wait)
{
    srand(20240229);
    for (int life = 0; life < 400; life++) {
        struct chaos c = { .s = given_a_process((enum pm_auto_restart)(life % 3)) };
        c.s.spec.restart_max_failures = life % 5;
        c.s.spec.restart_delay_ms = life % 4 ? 10 : 0;
        for (int i = 0; i < 300; i++)
            random_event(&c);
        then_it_settles(&c);
    }
}
