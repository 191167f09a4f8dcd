#include "sheriffd/plan.h"

#include <criterion/criterion.h>
#include <procman/limits.h>
#include <procman/spec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct desired d;
static struct plan plan;
static char *why;
static const char *source; /* the file that is applied */

static void begin(void)
{
    desired_init(&d, "hq");
    d.generation = 1;
    plan = (struct plan){ 0 };
    why = NULL;
    source = NULL;
}

static void end(void)
{
    plan_fini(&plan);
    desired_fini(&d);
    pm_free(&why);
}

TestSuite(plan, .init = begin, .fini = end);

static bool always(const struct wish *wish)
{
    (void)wish;
    return true;
}

static struct pm_spec spec(const char *name, const char *host, const char *command)
{
    struct pm_spec made;

    pm_spec_init(&made);
    made.name = name;
    made.host = host;
    made.command = command;
    made.autostart = true;
    made.origin = "fleet.yaml:3";
    return made;
}

static enum pm_err make(enum pm_apply_mode mode, bool prune, const char *file,
                        const struct pm_spec *specs, size_t n)
{
    struct plan_request request = { .specs = specs, .n = n, .mode = mode, .prune = prune,
                                    .prune_file = file, .restarts = always,
                                    .source = source };

    plan_fini(&plan);
    pm_free(&why);
    return plan_make(&d, &request, &plan, &why);
}

static void carry_out(enum pm_apply_mode mode)
{
    desired_begin(&d);
    plan_apply(&plan, &d, mode, "ann");
    desired_commit(&d);
}

static void given(struct pm_spec one)
{
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, false, NULL, &one, 1), PM_OK);
    carry_out(PM_APPLY_MODE_MERGE);
}

static struct wish *cam(void)
{
    return desired_find(&d, "k9", "", "cam");
}

Test(plan, adds_what_is_new_and_brings_it_up_when_it_has_autostart)
{
    given(spec("cam", "k9", "true"));
    cr_assert_eq(plan.items[0].action, PM_ACTION_ADD);
    cr_assert(cam()->up);
}

Test(plan, adds_stopped_what_is_added_by_hand_and_leaves_it_so)
{
    struct pm_spec one = spec("cam", "k9", "true");

    cr_assert_eq(make(PM_APPLY_MODE_ADD, false, NULL, &one, 1), PM_OK);
    carry_out(PM_APPLY_MODE_ADD);
    cr_assert_not(cam()->up);
    one.stop_timeout_ms = 77;
    given(one);
    cr_assert_not(cam()->up);
}

Test(plan, does_nothing_the_second_time)
{
    struct pm_spec one = spec("cam", "k9", "true");

    given(one);
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, true, NULL, &one, 1), PM_OK);
    cr_assert_eq(plan.n, 1);
    cr_assert_eq(plan.items[0].action, PM_ACTION_NONE);
    desired_begin(&d);
    cr_assert_not(plan_apply(&plan, &d, PM_APPLY_MODE_MERGE, ""));
    cr_assert_eq(d.n_touched, 0);
    desired_commit(&d);
}

Test(plan, takes_a_spec_off_the_wire_in_the_form_a_file_would_give_it)
{
    struct pm_spec one = spec("cam", "k9", "true"), wire = one;
    int64_t only_zero = 0;

    wire.working_dir = "";
    wire.success_codes = (struct pm_i64s){ &only_zero, 1 };
    given(wire);
    cr_assert_str_eq(cam()->spec.working_dir, "/");
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, false, NULL, &one, 1), PM_OK);
    cr_assert_eq(plan.items[0].action, PM_ACTION_NONE);
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, false, NULL, &wire, 1), PM_OK);
    cr_assert_eq(plan.items[0].action, PM_ACTION_NONE);
}

Test(plan, restarts_for_a_command_and_names_the_field)
{
    struct pm_spec one = spec("cam", "k9", "false");

    given(spec("cam", "k9", "true"));
    uint64_t order = cam()->order;
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, false, NULL, &one, 1), PM_OK);
    cr_assert_eq(plan.items[0].action, PM_ACTION_RESTART);
    cr_assert_str_eq(plan.items[0].fields[0], "command");
    carry_out(PM_APPLY_MODE_MERGE);
    cr_assert_gt(cam()->order, order);
}

Test(plan, changes_a_policy_without_touching_the_process)
{
    struct pm_spec one = spec("cam", "k9", "true");

    given(one);
    uint64_t order = cam()->order;
    one.stop_timeout_ms = 500;
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, false, NULL, &one, 1), PM_OK);
    cr_assert_eq(plan.items[0].action, PM_ACTION_LIVE);
    carry_out(PM_APPLY_MODE_MERGE);
    cr_assert_eq(cam()->order, order);
    cr_assert_eq(cam()->spec.stop_timeout_ms, 500);
}

Test(plan, changes_without_a_restart_what_is_down)
{
    struct pm_spec one = spec("cam", "k9", "true");

    one.autostart = false;
    given(one);
    one.command = "false";
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, false, NULL, &one, 1), PM_OK);
    cr_assert_eq(plan.items[0].action, PM_ACTION_LIVE);
}

Test(plan, prunes_what_is_not_given)
{
    struct pm_spec kept = spec("cam", "k9", "true");

    given(kept);
    given(spec("old", "k9", "true"));
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, false, NULL, &kept, 1), PM_OK);
    cr_assert_eq(plan.n, 1);
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, true, NULL, &kept, 1), PM_OK);
    cr_assert_eq(plan.n, 2);
    cr_assert_eq(plan.items[1].action, PM_ACTION_REMOVE);
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, true, "other.yaml", &kept, 1), PM_OK);
    cr_assert_eq(plan.n, 1);
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, true, "fleet.yaml", NULL, 0), PM_OK);
    cr_assert_eq(plan.n, 2);
}

Test(plan, moves_what_it_would_remove_here_and_add_there)
{
    struct pm_spec elsewhere = spec("cam", "k8", "true");

    given(spec("cam", "k9", "true"));
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, true, NULL, &elsewhere, 1), PM_OK);
    cr_assert_eq(plan.n, 2);
    cr_assert_eq(plan.items[0].action, PM_ACTION_MOVE);
    cr_assert_eq(plan.items[1].action, PM_ACTION_REMOVE);
    cr_assert_str_eq(plan.items[1].host, "k9");
}

static void given_file(const struct pm_spec *specs, size_t n)
{
    source = "fleet.yaml";
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, false, NULL, specs, n), PM_OK);
    carry_out(PM_APPLY_MODE_MERGE);
}

static const struct plan_item *planned(const char *name, const char *host)
{
    for (size_t i = 0; i < plan.n; i++) {
        const struct plan_item *item = &plan.items[i];

        if (strcmp(item->host, host) == 0 &&
            strcmp(item->spec != NULL ? item->spec->name : item->wish->spec.name, name) == 0)
            return item;
    }
    return NULL;
}

Test(plan, moves_what_a_file_gives_another_host)
{
    struct pm_spec here = spec("cam", "k9", "true"), there = spec("cam", "k8", "false");

    given_file(&here, 1);
    cr_assert_str_eq(cam()->spec.source, "fleet.yaml");
    uint64_t last = d.last_order;
    given_file(&there, 1);
    cr_assert_eq(plan.n, 2);
    cr_assert_eq(planned("cam", "k8")->action, PM_ACTION_MOVE);
    cr_assert_str_eq(planned("cam", "k8")->fields[0], "command");
    cr_assert_eq(planned("cam", "k9")->action, PM_ACTION_REMOVE);
    cr_assert(planned("cam", "k9")->moves);
    cr_assert(cam()->removing);
    struct wish *moved = desired_find(&d, "k8", "", "cam");
    cr_assert(moved->up);
    cr_assert_str_eq(moved->spec.moved_from, "k9");
    cr_assert_gt(moved->spec.moved_order, last);
    cr_assert_leq(moved->spec.moved_order, moved->order);
}

Test(plan, keeps_what_is_waited_for_when_something_else_changes)
{
    struct pm_spec here = spec("cam", "k9", "true"), there = spec("cam", "k8", "true");

    given_file(&here, 1);
    given_file(&there, 1);
    there.stop_timeout_ms = 77;
    given_file(&there, 1);
    cr_assert_eq(planned("cam", "k8")->action, PM_ACTION_LIVE);
    cr_assert_str_eq(desired_find(&d, "k8", "", "cam")->spec.moved_from, "k9");
}

Test(plan, leaves_down_what_an_operator_stopped_before_it_moved)
{
    struct pm_spec here = spec("cam", "k9", "true"), there = spec("cam", "k8", "true");

    given_file(&here, 1);
    desired_begin(&d);
    desired_order(&d, cam(), false, "ann");
    desired_hold(&d, cam(), true);
    desired_commit(&d);
    given_file(&there, 1);
    cr_assert_not(desired_find(&d, "k8", "", "cam")->up);
    cr_assert(desired_find(&d, "k8", "", "cam")->held);
}

Test(plan, takes_a_process_of_that_name_in_another_file_for_another_process)
{
    struct pm_spec here = spec("cam", "k9", "true"), there = spec("cam", "k8", "true");

    given_file(&here, 1);
    source = "other.yaml";
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, false, NULL, &there, 1), PM_OK);
    cr_assert_eq(plan.n, 1);
    cr_assert_eq(plan.items[0].action, PM_ACTION_ADD);
}

Test(plan, moves_the_one_of_many_hosts_that_changes)
{
    struct pm_spec before[] = { spec("cam", "k7", "true"), spec("cam", "k8", "true") };
    struct pm_spec after[] = { spec("cam", "k8", "true"), spec("cam", "k9", "true") };

    given_file(before, 2);
    given_file(after, 2);
    cr_assert_eq(planned("cam", "k8")->action, PM_ACTION_NONE);
    cr_assert_eq(planned("cam", "k9")->action, PM_ACTION_MOVE);
    cr_assert_str_eq(planned("cam", "k9")->moved->spec.host, "k7");
    given_file(&after[1], 1);
    cr_assert_eq(planned("cam", "k8")->action, PM_ACTION_REMOVE);
    cr_assert_not(planned("cam", "k8")->moves);
}

Test(plan, removes_the_instances_that_are_no_more_and_tells_the_others_live)
{
    struct pm_spec three[] = { spec("cam:0", "k9", "true"), spec("cam:1", "k9", "true"),
                               spec("cam:2", "k9", "true"), spec("camera", "k9", "true") };

    for (size_t i = 0; i < 3; i++) {
        three[i].instance = i;
        three[i].instances = 3;
    }
    given_file(three, 4);
    three[0].instances = three[1].instances = 2;
    three[2] = three[3];
    given_file(three, 2);
    cr_assert_eq(plan.n, 3);
    cr_assert_eq(planned("cam:0", "k9")->action, PM_ACTION_LIVE);
    cr_assert_str_eq(planned("cam:0", "k9")->fields[0], "instances");
    cr_assert_eq(planned("cam:2", "k9")->action, PM_ACTION_REMOVE);
    cr_assert_null(planned("camera", "k9"));
}

Test(plan, lets_a_file_take_over_what_another_one_defined)
{
    struct pm_spec one = spec("cam", "k9", "true");

    given_file(&one, 1);
    source = "other.yaml";
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, false, NULL, &one, 1), PM_OK);
    cr_assert_eq(plan.items[0].action, PM_ACTION_NONE);
    carry_out(PM_APPLY_MODE_MERGE);
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, true, "fleet.yaml", NULL, 0), PM_OK);
    cr_assert_eq(plan.n, 0);
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, true, "other.yaml", NULL, 0), PM_OK);
    cr_assert_eq(plan.n, 1);
}

Test(plan, moves_what_an_edit_gives_another_host_and_keeps_it_up)
{
    struct pm_spec elsewhere = spec("cam", "k8", "true");

    given(spec("cam", "k9", "true"));
    elsewhere.id = cam()->spec.id;
    cr_assert_eq(make(PM_APPLY_MODE_EDIT, false, NULL, &elsewhere, 1), PM_OK);
    cr_assert_eq(plan.n, 2);
    carry_out(PM_APPLY_MODE_EDIT);
    cr_assert(cam()->removing);
    cr_assert(desired_find(&d, "k8", "", "cam")->up);
}

Test(plan, refuses_what_cannot_be)
{
    struct pm_spec twins[] = { spec("cam", "k9", "true"), spec("cam", "k9", "false") };
    struct pm_spec empty = spec("cam", "k9", "");
    struct pm_spec mistyped = spec("cma", "k9", "true");

    cr_assert_eq(make(PM_APPLY_MODE_MERGE, false, NULL, twins, 2), PM_BAD_CONFIG);
    cr_assert(strstr(why, "twice"));
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, false, NULL, &empty, 1), PM_BAD_CONFIG);
    given(twins[0]);
    cr_assert_eq(make(PM_APPLY_MODE_ADD, false, NULL, twins, 1), PM_EXISTS);
    cr_assert_eq(make(PM_APPLY_MODE_EDIT, false, NULL, &mistyped, 1), PM_NOT_FOUND);
    cr_assert(strstr(why, "did you mean cam@k9?"), "%s", why);
}

Test(plan, refuses_more_than_one_deputy_can_hold)
{
    size_t n = PM_LIMIT_SLOTS + 1;
    struct pm_spec *specs = calloc(n, sizeof *specs);
    char (*names)[16] = calloc(n, sizeof *names);

    for (size_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], "p%zu", i);
        specs[i] = spec(names[i], "k9", "true");
    }
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, false, NULL, specs, n), PM_LIMIT);
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, false, NULL, specs, n - 1), PM_OK);
    free(specs);
    free(names);
}

/* ---- a deputy is told all its specs in one message -------------------------------- */

enum { HEAVY = PM_LIMIT_WISH / PM_LIMIT_STRING }; /* so many of them fit, and not one more */

static char heavy_command[PM_LIMIT_STRING - 500];

static struct pm_spec heavy(size_t number, const char *host)
{
    static char names[HEAVY + 1][16];

    memset(heavy_command, 'x', sizeof heavy_command - 1);
    snprintf(names[number], sizeof names[number], "heavy%zu", number);
    return spec(names[number], host, heavy_command);
}

static void given_a_full_deputy(void)
{
    struct pm_spec specs[HEAVY];

    for (size_t i = 0; i < HEAVY; i++)
        specs[i] = heavy(i, "k9");
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, false, NULL, specs, HEAVY), PM_OK);
    carry_out(PM_APPLY_MODE_MERGE);
}

Test(plan, refuses_specs_that_one_deputy_cannot_be_told)
{
    struct pm_spec more = heavy(HEAVY, "k9"), elsewhere = heavy(HEAVY, "k8");

    given_a_full_deputy();
    cr_assert_eq(make(PM_APPLY_MODE_ADD, false, NULL, &more, 1), PM_LIMIT);
    cr_assert(strstr(why, "k9") && strstr(why, "15M") && strstr(why, "another host"), "%s", why);
    cr_assert_eq(make(PM_APPLY_MODE_ADD, false, NULL, &elsewhere, 1), PM_OK);
    /* What goes makes room for what comes. */
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, true, NULL, &more, 1), PM_OK);
}

Test(plan, refuses_an_edit_that_one_deputy_cannot_be_told_and_takes_one_that_shrinks)
{
    static char variable[PM_LIMIT_STRING - 500];
    struct pm_var env = { .name = "A", .value = variable };
    struct pm_spec grown = heavy(3, "k9"), shrunk = spec("heavy3", "k9", "true");

    given_a_full_deputy();
    memset(variable, 'y', sizeof variable - 1);
    grown.env = (struct pm_var_list){ &env, 1 };
    cr_assert_eq(make(PM_APPLY_MODE_EDIT, false, NULL, &grown, 1), PM_LIMIT);
    cr_assert_eq(make(PM_APPLY_MODE_EDIT, false, NULL, &shrunk, 1), PM_OK);
}

Test(plan, keeps_whom_one_waits_for_under_the_name_of_our_own_machine)
{
    struct pm_dependency base = { .process = "base", .group = "", .host = "" };
    struct pm_spec specs[] = { spec("base", "", "sleep 1"), spec("cam", "hq", "camd") };

    specs[1].depends_on = (struct pm_dependency_list){ .at = &base, .n = 1 };
    cr_assert_eq(make(PM_APPLY_MODE_MERGE, false, NULL, specs, 2), PM_OK);
    cr_expect_str_eq(plan.items[1].spec->depends_on.at[0].host, "hq");
}
