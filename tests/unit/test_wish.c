/* Stories of what shall run: specs and wants come, change, repeat and go. */
#include "brain_stage.h"

TestSuite(wish, .init = stage_setup, .fini = stage_teardown);

Test(wish, repeating_a_wish_changes_nothing)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    when_specs(1, &spec, 1);
    when_want(1, true, 1);
    then_said("status 0\n"); /* it only answers the new generation */
}

Test(wish, a_removed_process_is_stopped_then_forgotten)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    when_specs(2, NULL, 0);
    turn();
    then_said("kill 0/1 15\nstatus 1\n");
    when_ended(0, 1, 0, SIGTERM);
    then_said("free 0\nseen 0/1\nstatus full 0\n");
    cr_assert_eq(brain_count(t.brain), 0);
}

Test(wish, a_process_that_returns_while_being_removed_lives_on_as_wished)
{
    struct pm_spec spec = a_spec(1, "cam"), again = a_spec(2, "cam");

    given_running(&spec);
    when_specs(2, NULL, 0);
    when_specs(3, &again, 1);
    struct pm_want want = { 2, true, 1 };
    when_wants(3, &want, 1);
    quiet();
    when_ended(0, 1, 0, SIGTERM);
    then_said("spawn 0/2 /bin/true\nseen 0/1\nstatus 1\n");
    cr_assert_eq(row("cam")->id, 2);
}

Test(wish, a_changed_spec_counts_from_the_next_life_on)
{
    struct pm_spec spec = a_spec(1, "cam"), changed = a_spec(1, "cam");

    given_running(&spec);
    changed.command = "/bin/false";
    when_specs(2, &changed, 1);
    turn();
    then_said("status 0\n");
    struct pm_want want = { 1, true, 2 };
    when_wants(2, &want, 1);
    when_ended(0, 1, 0, SIGTERM);
    then_said("kill 0/1 15\nspawn 0/2 /bin/false\nseen 0/1\nstatus 1\n");
    cr_assert_eq(row("cam")->spec_hash, pm_spec_hash(&changed));
}

Test(wish, a_wish_is_kept_in_the_turn_that_obeys_it)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_deputy();
    when_specs(1, &spec, 1);
    when_want(1, true, 1);
    cr_assert_eq(t.kept, 1);
    when_want(1, false, 2);
    cr_assert_eq(t.kept, 2);
    when_time_passes(5000);
    cr_assert_eq(t.kept, 2);
}

Test(wish, wants_wait_for_their_specs)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_want want = { 1, true, 1 };

    given_deputy();
    when_wants(1, &want, 1);
    turn();
    then_said("");
    when_specs(1, &spec, 1);
    turn();
    then_said("spawn 0/1 /bin/true\nstatus 1\n");
}

Test(wish, of_an_older_generation_is_not_obeyed)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_want down = { 1, false, 9 };
    struct pm_wants replayed = { .session = SESSION, .specs_generation = 1,
                                 .wants = { &down, 1 } };

    given_running(&spec);
    when_want(1, true, 1);
    then_said("status 0\n");
    replayed.generation = t.orders - 1;
    brain_on_sheriff(t.brain, PM_MSG_WANTS, &replayed, t.now);
    when_specs(0, NULL, 0); /* older than all: it would remove everything */
    turn();
    then_said("");
}

Test(wish, of_a_restored_store_counts_anew_in_its_own_session)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    when_want(1, true, 5);
    when_ended(0, 1, 0, SIGTERM);
    when_spawned(0, 2, 101);
    quiet();
    t.orders = 0;
    brain_on_link(t.brain, false, t.now);
    brain_on_link(t.brain, true, t.now);
    turn();
    given_welcome_from(SHERIFF);
    when_specs(1, &spec, 1);
    when_want(1, false, 1);
    cr_expect_null(strstr(t.said, "kill"), "an older order is none: %s", t.said);
    quiet();
    when_want(1, false, 6);
    cr_expect_not_null(strstr(t.said, "kill 0/2 15"), "%s", t.said);
}

Test(wish, senseless_specs_leave_everything_as_it_was)
{
    struct pm_spec spec = a_spec(1, "cam"), twice[2] = { a_spec(1, "x"), a_spec(2, "x") };

    given_running(&spec);
    when_specs(2, twice, 2);
    turn();
    then_said("");
    cr_assert(strstr(t.logged, "twice") != NULL, "%s", t.logged);
}

Test(wish, a_deputy_that_begins_lets_its_sheriff_speak_first)
{
    struct pm_spec spec = a_spec(1, "cam");

    given_running(&spec);
    when_time_passes(200);
    t.note_n[0] = 0; /* the machine was begun anew: nothing runs, the wish is known */
    t.run[0] = 0;
    when_brain_restarts(0);
    given_ready();
    t.sheriff_deaf = true;
    when_time_passes(1999);
    then_said("");
    when_time_passes(1);
    then_said("spawn 0/1 /bin/true\n");
}

Test(wish, a_strange_sheriff_can_stop_it_whatever_his_numbers)
{
    struct pm_spec spec = a_spec(1, "cam"), theirs = a_spec(41, "cam");

    given_running(&spec);
    when_want(1, true, 50);
    when_ended(0, 1, 0, SIGTERM);
    given_welcome_from(SHERIFF + 1);
    when_specs(1, &theirs, 1);
    t.said[0] = '\0';
    when_want(41, false, 3);
    then_said("kill 0/2 15\nstatus 1\n");
}
