/* The rows of procman-top: trees, folds, sorting, tags, and a cursor that goes with its row. */
#include "model.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pm_proc procs[] = {
    { .id = 1, .name = "left", .group = "drivers/cameras", .host = "r1",
      .state = PM_STATE_RUNNING, .cpu_pct = 20, .rss_bytes = 100 },
    { .id = 2, .name = "right", .group = "drivers/cameras", .host = "r2",
      .state = PM_STATE_FAILED, .restarts = 3 },
    { .id = 3, .name = "lidar", .group = "drivers", .host = "r2", .state = PM_STATE_RUNNING,
      .cpu_pct = 50, .rss_bytes = 30 },
    { .id = 4, .name = "planner", .group = "drivers-old", .host = "r1",
      .state = PM_STATE_STOPPED },
    { .id = 5, .name = "core", .group = "", .host = "r1", .state = PM_STATE_RUNNING,
      .cpu_pct = 1 },
};

static struct model *model;

static void given_the_fleet(void)
{
    model = model_new();
    model_build(model, procs, PM_COUNT(procs));
}

static void over(void)
{
    model_close(&model);
}

TestSuite(top_model, .init = given_the_fleet, .fini = over);

static void build(void)
{
    model_build(model, procs, PM_COUNT(procs));
}

/* "drivers[2/3] .cameras[1/2] ..left" and so on: depth as dots, branches up/all, '+' folded. */
static void then_rows_are(const char *expected)
{
    char text[1000] = "";
    size_t n, used = 0;
    const struct row *rows = model_rows(model, &n);

    for (size_t i = 0; i < n; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%.*s%s", i ? " " : "",
                                 rows[i].depth, "........", rows[i].label);
        if (rows[i].proc == NULL)
            used += (size_t)snprintf(text + used, sizeof text - used, "[%zu/%zu]%s",
                                     rows[i].sums.up, rows[i].sums.n, rows[i].folded ? "+" : "");
    }
    cr_assert_str_eq(text, expected);
}

Test(top_model, groups_are_branches_and_sub_groups_come_before_their_own_processes)
{
    then_rows_are("drivers[2/3] .cameras[1/2] ..left ..right .lidar "
                  "drivers-old[0/1] .planner core");
}

Test(top_model, hosts_are_branches_too)
{
    model_view(model)->arrange = BY_HOST;
    build();
    then_rows_are("r1[2/3] .core .left .planner r2[1/2] .lidar .right");
}

Test(top_model, a_flat_list_is_sorted_by_the_column_the_largest_first)
{
    model_view(model)->arrange = FLAT;
    model_view(model)->sort = COLUMN_CPU;
    build();
    then_rows_are("lidar left core planner right");
    model_view(model)->inverted = true;
    build();
    then_rows_are("planner right core left lidar");
}

Test(top_model, states_are_sorted_by_how_much_they_alarm)
{
    model_view(model)->arrange = FLAT;
    model_view(model)->sort = COLUMN_STATE;
    build();
    then_rows_are("right core left lidar planner");
}

Test(top_model, a_folded_branch_hides_its_rows_but_not_its_sums)
{
    model_go(model, 0);
    model_fold(model, FOLD);
    build();
    then_rows_are("drivers[2/3]+ drivers-old[0/1] .planner core");
    model_fold(model, UNFOLD);
    build();
    then_rows_are("drivers[2/3] .cameras[1/2] ..left ..right .lidar "
                  "drivers-old[0/1] .planner core");
}

Test(top_model, folding_on_a_process_folds_the_branch_around_it_and_goes_there)
{
    model_go_to(model, 2);
    model_fold(model, FOLD);
    build();
    then_rows_are("drivers[2/3] .cameras[1/2]+ .lidar drivers-old[0/1] .planner core");
    cr_assert_str_eq(model_at_cursor(model)->label, "cameras");
}

Test(top_model, folding_where_there_is_no_branch_changes_nothing)
{
    model_go_to(model, 5);
    model_fold(model, FOLD);
    build();
    cr_assert_eq(model_at_cursor(model)->proc->id, 5);
}

Test(top_model, all_branches_fold_and_unfold_at_once)
{
    model_fold_all(model, true);
    build();
    then_rows_are("drivers[2/3]+ drivers-old[0/1]+ core");
    model_fold_all(model, false);
    build();
    cr_assert_eq(model_shown(model), 5);
}

Test(top_model, the_cursor_goes_along_when_rows_move)
{
    model_view(model)->arrange = FLAT;
    build();
    model_go_to(model, 5);
    cr_assert_eq(model_cursor(model), 0);
    model_view(model)->sort = COLUMN_MEMORY;
    build();
    cr_assert_eq(model_at_cursor(model)->proc->id, 5);
    cr_assert_gt(model_cursor(model), 0);
}

Test(top_model, the_cursor_stays_at_its_height_when_its_row_is_gone)
{
    model_view(model)->arrange = FLAT;
    build(); /* core left lidar planner right */
    model_go(model, 4);
    model_build(model, procs + 2, 3); /* core lidar planner */
    cr_assert_eq(model_at_cursor(model)->proc->id, 4);
}

Test(top_model, the_cursor_waits_while_nothing_is_there)
{
    model_go_to(model, 3);
    model_build(model, NULL, 0);
    cr_assert_null(model_at_cursor(model));
    build();
    cr_assert_eq(model_at_cursor(model)->proc->id, 3);
}

Test(top_model, moving_stops_at_both_ends)
{
    model_move(model, -5);
    cr_assert_eq(model_cursor(model), 0);
    model_move(model, 100);
    cr_assert_str_eq(model_at_cursor(model)->label, "core");
}

Test(top_model, a_page_moves_no_more_than_it_must)
{
    cr_assert_eq(model_page(model, 4), 0);
    model_go(model, 3);
    cr_assert_eq(model_page(model, 4), 0);
    model_go(model, 5);
    cr_assert_eq(model_page(model, 4), 2);
    model_go(model, 2);
    cr_assert_eq(model_page(model, 4), 2);
    model_go(model, 0);
    cr_assert_eq(model_page(model, 4), 0);
}

static void then_targets_are(const char *expected)
{
    size_t n;
    const struct pm_proc **targets = model_targets(model, &n);
    char text[200] = "";

    for (size_t i = 0; i < n; i++)
        sprintf(text + strlen(text), "%s%s", i ? " " : "", targets[i]->name);
    free(targets);
    cr_assert_str_eq(text, expected);
}

Test(top_model, an_action_is_for_the_row_or_for_the_branch)
{
    model_go_to(model, 3);
    then_targets_are("lidar");
    model_go(model, 1);
    then_targets_are("left right");
    model_go(model, 0);
    then_targets_are("lidar left right");
}

Test(top_model, or_for_all_tagged)
{
    model_go_to(model, 5);
    model_tag(model);
    model_go_to(model, 3);
    model_tag(model);
    model_go_to(model, 4);
    build();
    then_targets_are("core lidar");
    cr_assert_eq(model_tagged(model), 2);
    model_untag_all(model);
    then_targets_are("planner");
}

Test(top_model, tagging_a_branch_tags_what_is_in_it_and_tagging_it_again_untags)
{
    model_go(model, 0);
    model_tag(model);
    cr_assert_eq(model_tagged(model), 3);
    model_tag(model);
    cr_assert_eq(model_tagged(model), 0);
}

Test(top_model, what_is_no_more_is_tagged_no_more)
{
    model_tag_shown(model);
    cr_assert_eq(model_tagged(model), 5);
    model_build(model, procs, 2);
    cr_assert_eq(model_tagged(model), 2);
}

Test(top_model, a_filter_hides_rows_and_branches_without_any)
{
    char *why;

    model_filter(model, filter_open("lidar", &why));
    build();
    then_rows_are("drivers[1/1] .lidar");
    cr_assert_eq(model_sums(model)->n, 5);
    model_filter(model, NULL);
    build();
    cr_assert_eq(model_shown(model), 5);
}

Test(top_model, rails_say_what_goes_on_below)
{
    size_t n;
    const struct row *rows = model_rows(model, &n);

    /* below drivers more follows at depth 0, below cameras at 1; right is the last at 2 */
    cr_assert(rows[0].rails & 1 << 0);
    cr_assert(rows[1].rails & 1 << 1);
    cr_assert(rows[2].rails & 1 << 2);
    cr_assert_not(rows[3].rails & 1 << 2);
    cr_assert(rows[3].rails & 1 << 1);
    cr_assert_not(rows[4].rails & 1 << 1);
}
