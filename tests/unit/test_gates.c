/* Stories of order across three hosts. */
#include "order_stage.h"

#include <criterion/criterion.h>

static struct order_stage o;

static void begin(void)
{
    order_begin(&o);
}

static void end(void)
{
    order_end(&o);
}

TestSuite(gates, .init = begin, .fini = end);

static void given_a_running_chain(void)
{
    define(&o, "power", 0, "");
    define(&o, "lidar", 1, "ready:power@0");
    define(&o, "slam", 2, "ready:lidar@1");
    apply(&o);
    becomes_ready(&o, "power");
    becomes_ready(&o, "lidar");
    becomes_ready(&o, "slam");
    then_order(&o, "+power +lidar +slam ");
}

/* ---- to be up ------------------------------------------------------------------------ */

Test(gates, a_process_waits_until_what_it_needs_is_ready)
{
    define(&o, "lidar", 1, "");
    define(&o, "slam", 0, "ready:lidar@1");
    apply(&o);
    then_order(&o, "+lidar ");
    live(&o, 3000);
    then_state(&o, "slam", PM_STATE_WAITING, "for lidar@rig1: not ready 3 s");
    becomes_ready(&o, "lidar");
    then_order(&o, "+slam ");
}

Test(gates, started_is_less_and_exited_is_more_than_ready)
{
    define(&o, "cfg", 0, "");
    define(&o, "early", 1, "started:cfg@0");
    define(&o, "middle", 1, "ready:cfg@0");
    define(&o, "late", 1, "exited:cfg@0");
    apply(&o);
    then_order(&o, "+cfg +early ");
    becomes_ready(&o, "cfg");
    then_order(&o, "+middle ");
    live(&o, 2000);
    then_state(&o, "late", PM_STATE_WAITING, "for cfg@rig0: has not ended for 2 s");
    exits(&o, "cfg", 0);
    then_order(&o, "-cfg +late ");
}

Test(gates, all_of_several_must_be_met)
{
    define(&o, "a", 0, "");
    define(&o, "b", 1, "");
    define(&o, "top", 2, "ready:a@0 ready:b@1");
    apply(&o);
    becomes_ready(&o, "b");
    then_order(&o, "+a +b ");
    becomes_ready(&o, "a");
    then_order(&o, "+top ");
}

Test(gates, a_chain_names_the_nearest_cause)
{
    define(&o, "power", 0, "");
    define(&o, "lidar", 1, "ready:power@0");
    define(&o, "slam", 2, "ready:lidar@1");
    apply(&o);
    then_state(&o, "slam", PM_STATE_WAITING, "for lidar@rig1: it waits for power@rig0");
}

Test(gates, a_failure_for_good_fails_what_depends_on_it)
{
    define(&o, "power", 0, "");
    define(&o, "lidar", 1, "ready:power@0");
    define(&o, "slam", 2, "ready:lidar@1");
    define(&o, "ui", 2, "ready?:power@0");
    apply(&o);
    exits(&o, "power", 3);
    then_state(&o, "lidar", PM_STATE_FAILED,
               "dependency power@rig0 failed: exit code 3; not to be restarted");
    then_state(&o, "slam", PM_STATE_FAILED, "dependency lidar@rig1 failed: dependency "
               "power@rig0 failed: exit code 3; not to be restarted");
    then_order(&o, "+power -power +ui ");
}

Test(gates, who_was_failed_comes_up_when_the_failure_is_mended)
{
    define(&o, "lidar", 1, "");
    define(&o, "slam", 2, "ready:lidar@1");
    apply(&o);
    exits(&o, "lidar", 3);
    order(&o, PM_VERB_START, "lidar", false);
    then_state(&o, "slam", PM_STATE_WAITING, NULL);
    becomes_ready(&o, "lidar");
    then_order(&o, "+lidar -lidar +lidar +slam ");
}

Test(gates, a_failure_that_is_being_mended_is_none)
{
    define(&o, "cfg", 0, "");
    define(&o, "lidar", 1, "ready:cfg@0");
    define(&o, "slam", 2, "ready?:lidar@1");
    apply(&o);
    exits(&o, "cfg", 3);
    becomes_ready(&o, "slam");
    then_order(&o, "+cfg -cfg +slam ");
    order(&o, PM_VERB_RESTART, "slam", false); /* begins cfg again, for lidar */
    then_order(&o, "+cfg ");
    becomes_ready(&o, "cfg");
    becomes_ready(&o, "lidar");
    ends(&o, "slam");
    then_order(&o, "+lidar -slam +slam ");
}

Test(gates, what_is_tried_again_is_waited_for)
{
    define(&o, "lidar", 1, "");
    define(&o, "slam", 2, "ready:lidar@1");
    apply(&o);
    backs_off(&o, "lidar");
    then_state(&o, "slam", PM_STATE_WAITING,
               "for lidar@rig1: it will be tried again: exit code 1; will be restarted");
}

Test(gates, a_crash_of_what_it_needs_touches_nobody_who_runs)
{
    given_a_running_chain();
    exits(&o, "lidar", 3);
    then_order(&o, "-lidar ");
    then_state(&o, "slam", PM_STATE_RUNNING, NULL);
}

Test(gates, a_lost_host_is_waited_for_and_named)
{
    define(&o, "lidar", 1, "");
    define(&o, "slam", 2, "ready:lidar@1");
    lose_host(&o, 1);
    apply(&o);
    then_state(&o, "slam", PM_STATE_WAITING, "for lidar@rig1: deputy rig1 is not heard");
    connect_host(&o, 1);
    becomes_ready(&o, "lidar");
    then_order(&o, "+lidar +slam ");
}

Test(gates, a_host_that_returns_is_believed_when_it_has_said_what_it_has)
{
    define(&o, "lidar", 1, "");
    define(&o, "slam", 2, "started:lidar@1");
    lose_host(&o, 2);
    apply(&o);
    lose_host(&o, 1);
    connect_host(&o, 2);
    exits(&o, "lidar", 3); /* out of hearing */
    connect_host(&o, 1);
    then_order(&o, "+lidar -lidar ");
    then_state(&o, "slam", PM_STATE_FAILED, NULL);
}

Test(gates, what_has_ended_well_counts_even_on_a_lost_host)
{
    define(&o, "cfg", 1, "");
    define(&o, "slam", 2, "exited:cfg@1");
    apply(&o);
    exits(&o, "cfg", 0);
    order(&o, PM_VERB_STOP, "slam", false);
    ends(&o, "slam");
    lose_host(&o, 1);
    order(&o, PM_VERB_START, "slam", false);
    then_order(&o, "+cfg -cfg +slam -slam +slam ");
}

/* ---- orders -------------------------------------------------------------------------- */

Test(gates, a_start_orders_up_what_it_needs)
{
    given_a_running_chain();
    order(&o, PM_VERB_STOP, "all", false);
    ends(&o, "slam");
    ends(&o, "lidar");
    ends(&o, "power");
    then_order(&o, "-slam -lidar -power ");
    order(&o, PM_VERB_START, "slam", false);
    becomes_ready(&o, "power");
    becomes_ready(&o, "lidar");
    cr_assert(!o.replied);
    becomes_ready(&o, "slam");
    live(&o, 500);
    cr_assert_str_eq(o.outcome, "running with pid 4321");
    then_order(&o, "+power +lidar +slam ");
}

Test(gates, no_deps_orders_one_process_and_waits_for_nothing)
{
    given_a_running_chain();
    order(&o, PM_VERB_STOP, "slam lidar", false);
    ends(&o, "slam");
    ends(&o, "lidar");
    o.order[0] = '\0';
    order(&o, PM_VERB_START, "slam", true);
    then_order(&o, "+slam ");
}

Test(gates, no_deps_lets_go_who_waits)
{
    define(&o, "lidar", 1, "");
    define(&o, "slam", 2, "ready:lidar@1");
    apply(&o);
    order(&o, PM_VERB_START, "slam", true);
    then_order(&o, "+lidar +slam ");
}

Test(gates, a_start_waits_through_waiting_and_tells_the_failure)
{
    define(&o, "lidar", 1, "");
    define(&o, "slam", 2, "ready:lidar@1")->autostart = false;
    apply(&o);
    order(&o, PM_VERB_START, "slam", false);
    cr_assert(!o.replied);
    exits(&o, "lidar", 3);
    cr_assert_str_eq(o.outcome_error, "failed");
    cr_assert_str_eq(o.outcome,
                     "dependency lidar@rig1 failed: exit code 3; not to be restarted");
}

Test(gates, a_start_that_runs_out_of_time_says_what_it_waited_for)
{
    define(&o, "lidar", 1, "");
    define(&o, "slam", 2, "ready:lidar@1");
    apply(&o);
    order(&o, PM_VERB_START, "slam", false);
    live(&o, 20000);
    cr_assert_str_eq(o.outcome_error, "timeout");
    cr_assert_str_eq(o.outcome, "still waiting after 20s, for lidar@rig1: not ready 20 s");
}

Test(gates, a_stopped_dependency_is_not_raised_by_a_file)
{
    given_a_running_chain();
    order(&o, PM_VERB_STOP, "slam power", false);
    ends(&o, "slam");
    ends(&o, "power");
    define(&o, "more", 2, "ready:power@0");
    apply(&o);
    then_order(&o, "-slam -power ");
    then_state(&o, "more", PM_STATE_WAITING,
               "for power@rig0: it is down, as ordered by ann (test, pid 42)");
}

/* ---- to be down ---------------------------------------------------------------------- */

Test(gates, several_are_stopped_in_reverse_order)
{
    given_a_running_chain();
    order(&o, PM_VERB_STOP, "all", false);
    cr_assert_eq(actor(&o, "slam")->state, PM_STATE_STOPPING);
    then_state(&o, "lidar", PM_STATE_RUNNING, "ready; it ends after slam@rig2");
    ends(&o, "slam");
    then_state(&o, "power", PM_STATE_RUNNING, "ready; it ends after lidar@rig1");
    ends(&o, "lidar");
    cr_assert(!o.replied);
    ends(&o, "power");
    cr_assert_str_eq(o.reply_error, "ok");
}

Test(gates, one_that_is_stopped_alone_waits_for_nobody)
{
    given_a_running_chain();
    order(&o, PM_VERB_STOP, "lidar", false);
    cr_assert_eq(actor(&o, "lidar")->state, PM_STATE_STOPPING);
    then_state(&o, "slam", PM_STATE_RUNNING, NULL);
}

Test(gates, a_stop_waits_no_longer_than_the_stop_timeout)
{
    given_a_running_chain();
    order(&o, PM_VERB_STOP, "all", false);
    live(&o, 16000);
    cr_assert_eq(actor(&o, "lidar")->state, PM_STATE_STOPPING);
    cr_assert_eq(actor(&o, "power")->state, PM_STATE_RUNNING);
    live(&o, 16000);
    cr_assert_eq(actor(&o, "power")->state, PM_STATE_STOPPING);
}

Test(gates, a_stop_does_not_wait_for_a_lost_host)
{
    given_a_running_chain();
    lose_host(&o, 2);
    order(&o, PM_VERB_STOP, "all", false);
    cr_assert_eq(actor(&o, "lidar")->state, PM_STATE_STOPPING);
}

Test(gates, stop_and_restart_go_on_to_those_who_asked_for_it)
{
    define(&o, "lidar", 1, "");
    define(&o, "slam", 2, "ready+r+s:lidar@1");
    define(&o, "ui", 2, "ready+s:slam@2");
    define(&o, "other", 0, "ready:lidar@1");
    apply(&o);
    becomes_ready(&o, "lidar");
    becomes_ready(&o, "slam");
    becomes_ready(&o, "ui");
    becomes_ready(&o, "other");
    o.order[0] = '\0';
    order(&o, PM_VERB_RESTART, "lidar", false);
    ends(&o, "slam");
    ends(&o, "lidar");
    becomes_ready(&o, "lidar");
    then_order(&o, "-slam -lidar +lidar +slam ");
    becomes_ready(&o, "slam");
    order(&o, PM_VERB_STOP, "lidar", false);
    ends(&o, "ui");
    ends(&o, "slam");
    ends(&o, "lidar");
    then_order(&o, "-ui -slam -lidar ");
    then_state(&o, "other", PM_STATE_RUNNING, NULL);
}

/* ---- new runs ------------------------------------------------------------------------ */

Test(gates, a_restart_of_all_goes_down_in_reverse_and_up_in_order)
{
    given_a_running_chain();
    order(&o, PM_VERB_RESTART, "all", false);
    ends(&o, "slam");
    ends(&o, "lidar");
    ends(&o, "power");
    becomes_ready(&o, "power");
    becomes_ready(&o, "lidar");
    becomes_ready(&o, "slam");
    then_order(&o, "-slam -lidar -power +power +lidar +slam ");
}

Test(gates, a_restart_that_cannot_begin_costs_no_process)
{
    given_a_running_chain();
    lose_host(&o, 1);
    order(&o, PM_VERB_RESTART, "slam", false);
    order(&o, PM_VERB_RESTART, "lidar", false);
    then_state(&o, "slam", PM_STATE_RUNNING,
               "ready; its new run waits for lidar@rig1: deputy rig1 is not heard");
    then_order(&o, "");
    connect_host(&o, 1);
    ends(&o, "slam");
    ends(&o, "lidar");
    becomes_ready(&o, "lidar");
    then_order(&o, "-slam -lidar +lidar +slam ");
}

/* ---- changes ------------------------------------------------------------------------- */

Test(gates, removed_together_they_end_in_reverse_order)
{
    given_a_running_chain();
    order(&o, PM_VERB_REMOVE, "all", false);
    ends(&o, "slam");
    ends(&o, "lidar");
    ends(&o, "power");
    then_order(&o, "-slam -lidar -power ");
    cr_assert_str_eq(o.reply_error, "ok");
    cr_assert_null(shown(&o, "power"));
}

Test(gates, what_others_need_is_not_removed)
{
    given_a_running_chain();
    order(&o, PM_VERB_REMOVE, "lidar", false);
    cr_assert_str_eq(o.reply_error, "busy");
    cr_assert_str_eq(o.reply, "lidar@rig1 cannot be removed: slam@rig2 depends on it; remove that "
                     "too, or take lidar out of its depends_on");
    define(&o, "lidar", 1, "");
    o.specs[1] = o.specs[2]; /* slam */
    o.n_specs = 2;
    cr_assert_str_eq(apply_refused(&o, PM_APPLY_MODE_MERGE, true), "lidar@rig1 cannot be "
                     "removed: slam@rig2 depends on it; remove that too, or take lidar out of its "
                     "depends_on");
}

Test(gates, circles_and_unknown_names_are_refused)
{
    define(&o, "slam", 2, "ready:lidar@1");
    cr_assert_str_eq(apply_refused(&o, PM_APPLY_MODE_ADD, false), "slam@rig2 depends on "
                     "lidar@rig1, which is not defined; define it too, or take it out of "
                     "depends_on");
    define(&o, "lidar", 1, "ready:power@0");
    define(&o, "power", 0, "ready:slam@2");
    cr_assert_str_eq(apply_refused(&o, PM_APPLY_MODE_MERGE, false), "lidar@rig1 depends on "
                     "power@rig0, power@rig0 depends on slam@rig2, slam@rig2 depends on "
                     "lidar@rig1: they would wait for each other for ever; take one out of "
                     "depends_on");
    define(&o, "lidar", 1, "ready:lidar@1");
    define(&o, "power", 0, "");
    cr_assert_str_eq(apply_refused(&o, PM_APPLY_MODE_MERGE, false),
                     "lidar@rig1: it depends on itself");
}

Test(gates, an_edit_that_takes_the_dependency_away_lets_go)
{
    define(&o, "lidar", 1, "");
    define(&o, "slam", 2, "ready:lidar@1");
    apply(&o);
    define(&o, "slam", 2, "");
    apply(&o);
    then_order(&o, "+lidar +slam ");
}

Test(gates, who_goes_with_another_is_restarted_when_a_file_changes_that)
{
    define(&o, "lidar", 1, "");
    define(&o, "slam", 2, "ready+r:lidar@1");
    define(&o, "ui", 0, "ready:slam@2");
    apply(&o);
    becomes_ready(&o, "lidar");
    becomes_ready(&o, "slam");
    becomes_ready(&o, "ui");
    o.order[0] = '\0';
    define(&o, "lidar", 1, "")->command = "sleep 2";
    apply(&o);
    ends(&o, "slam");
    ends(&o, "lidar");
    becomes_ready(&o, "lidar");
    then_order(&o, "-slam -lidar +lidar +slam ");
    then_state(&o, "ui", PM_STATE_RUNNING, NULL);
}

Test(gates, a_file_brings_up_what_its_processes_need)
{
    define(&o, "lidar", 1, "")->autostart = false;
    apply(&o);
    then_order(&o, "");
    define(&o, "slam", 2, "ready:lidar@1");
    apply(&o);
    becomes_ready(&o, "lidar");
    then_order(&o, "+lidar +slam ");
}

/* ---- the store ----------------------------------------------------------------------- */

Test(gates, what_the_store_refuses_is_told_to_nobody_before_it_takes_it)
{
    struct pm_status_row ready = row("lidar", PM_STATE_RUNNING, 0);
    struct pm_status status = { .procs = { .at = &ready, .n = 1 } };

    define(&o, "lidar", 1, "");
    define(&o, "slam", 2, "ready:lidar@1");
    apply(&o);
    ready.order = actor(&o, "lidar")->order;
    status.session = o.hosts[1].link.session;
    status.seq = ++o.hosts[1].link.seq;
    deputy_says(&o.stage, &o.hosts[1].link, PM_MSG_STATUS, &status);
    answer_store(&o.stage, PM_IO, "disk full");
    pump(&o);
    then_order(&o, "+lidar ");
    live(&o, 1000);
    then_order(&o, "+slam ");
}

/* ---- the sheriff dies ---------------------------------------------------------------- */

Test(gates, a_new_sheriff_leaves_alone_what_runs_and_lets_wait_what_waits)
{
    define(&o, "power", 0, "");
    define(&o, "lidar", 1, "ready:power@0");
    define(&o, "slam", 2, "ready:lidar@1");
    apply(&o);
    becomes_ready(&o, "power");
    then_order(&o, "+power +lidar ");
    order_restart(&o, false);
    connect_host(&o, 2);
    then_state(&o, "slam", PM_STATE_WAITING, "for lidar@rig1: deputy rig1 has not connected");
    connect_host(&o, 1);
    connect_host(&o, 0);
    then_order(&o, "");
    becomes_ready(&o, "lidar");
    then_order(&o, "+slam ");
}

Test(gates, a_host_that_was_switched_off_comes_up_in_order)
{
    given_a_running_chain();
    lose_host(&o, 1);
    o.hosts[1].n = 0; /* another boot */
    connect_host(&o, 1);
    becomes_ready(&o, "lidar");
    then_order(&o, "+lidar ");
}
