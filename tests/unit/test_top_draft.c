/* Changes of the fleet: shown first, done only after a yes, dropped by anything else. */
#include "top_stage.h"

#include <string.h>

TestSuite(top_draft, .init = given_a_fleet_on_screen, .fini = then_all_is_closed);

static const char *fields[] = { "command", "env" };
static struct pm_change changes[] = {
    { .action = PM_ACTION_ADD, .name = "lidar", .group = "drivers", .host = "r1", .from = "" },
    { .action = PM_ACTION_RESTART, .name = "left", .group = "cameras", .host = "r1", .from = "",
      .fields = { fields, 2 } },
    { .action = PM_ACTION_MOVE, .name = "core", .group = "", .host = "r2", .from = "r1" },
    { .action = PM_ACTION_NONE, .name = "right", .group = "cameras", .host = "r2", .from = "" },
};
static const struct pm_plan plan = { .changes = { changes, 4 } };

static void given_a_file_that_was_asked_about(void)
{
    when_typed("Afl");
    when_key(KEY_TAB);
    when_typed(".yaml");
    when_key(KEY_RETURN);
    then_heard("apply fleet.yaml;");
    draft_begin(app, pm_strdup("apply fleet.yaml"), false);
}

Test(top_draft, a_file_is_applied_only_after_a_yes_that_saw_the_plan)
{
    given_a_file_that_was_asked_about();
    cr_assert(on_screen("asking the sheriff"));
    when_typed("y"); /* too early */
    then_heard("");
    draft_plan(app, &plan);
    cr_assert(on_screen("add      drivers/lidar@r1"));
    cr_assert(on_screen("restart  cameras/left@r1                          command, env"));
    cr_assert(on_screen("move     core@r2                                  from r1"));
    cr_assert(on_screen("1 stays as it is"));
    cr_assert(on_screen("Do this?   [y]es   [N]o"));
    when_typed("sxr"); /* keys of the table mean nothing here */
    then_heard("");
    when_typed("y");
    then_heard("go on;");
    when_typed("y");
    when_key(KEY_ESCAPE); /* it is being done: nothing to prevent */
    then_heard("");
    draft_done(app);
    cr_assert_eq(app->view, VIEW_TABLE);
    cr_assert(on_screen("apply fleet.yaml: done"));
}

Test(top_draft, anything_but_a_yes_drops_it)
{
    given_a_file_that_was_asked_about();
    draft_plan(app, &plan);
    when_typed("n");
    then_heard("drop;");
    cr_assert(on_screen("nothing was done"));
    draft_plan(app, &plan); /* an answer that comes late */
    draft_fault(app, "too late");
    cr_assert_eq(app->view, VIEW_TABLE);
    cr_assert_not(on_screen("too late"));
}

Test(top_draft, all_errors_are_shown_and_what_was_written_can_be_taken_up_again)
{
    when_typed("n");
    then_heard("write;");
    draft_begin(app, pm_strdup("a new process"), true);
    draft_fault(app, "f:3:5: error: no such key\n  nmae: x\n  ^\n1 error\n");
    cr_assert(on_screen("f:3:5: error: no such key"));
    cr_assert(on_screen("1 error"));
    cr_assert(on_screen("[e]dit again"));
    when_typed("y");
    then_heard("");
    when_typed("e");
    then_heard("write again;");
    draft_plan(app, &plan);
    when_typed("e");
    then_heard("write again;");
}

Test(top_draft, editing_and_moving_are_for_the_targets)
{
    when_typed("E"); /* on the branch */
    then_heard("write left right [x];");
    when_typed("Vr");
    when_key(KEY_TAB);
    cr_assert(on_screen("r1  r2"));
    when_typed("2");
    when_key(KEY_RETURN);
    then_heard("move 2, first left, to r2;");
}

Test(top_draft, who_may_only_look_is_told_so)
{
    app->may_command = false;
    when_typed("AnEV:apply x.yaml");
    when_key(KEY_RETURN);
    then_heard("");
    cr_assert(on_screen("only looking is allowed here"));
}

Test(top_draft, words_are_completed)
{
    when_typed(":rest");
    when_key(KEY_TAB);
    cr_assert_str_eq(app->prompt.text, "restart ");
    when_typed("cam");
    when_key(KEY_TAB);
    cr_assert_str_eq(app->prompt.text, "restart cameras/");
    when_typed("l");
    when_key(KEY_TAB);
    when_key(KEY_RETURN);
    cr_assert_not_null(strstr(heard, "restart cameras/left@r1;"), "%s", heard);
    when_typed("Axyz");
    when_key(KEY_TAB);
    cr_assert(on_screen("nothing begins so"));
    cr_assert_str_eq(app->prompt.text, "xyz");
}

Test(top_draft, what_two_words_have_in_common_is_never_half_a_character)
{
    struct complete complete = { .begun = "a" };

    complete_offer(&complete, "a\xc3\xa9");
    complete_offer(&complete, "a\xc3\xa8");
    complete_offer(&complete, "b");
    cr_assert_eq(complete.found, 2);
    cr_assert_str_eq(complete.common, "a");
}
