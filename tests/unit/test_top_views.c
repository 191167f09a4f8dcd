/* Views of procman-top that are text, and rows that sum others up. */
#include "top_stage.h"

#include <procman/limits.h>

#include <string.h>

TestSuite(top_views, .init = given_a_fleet_on_screen, .fini = then_all_is_closed);

static struct pm_var env[] = { { "HOME", "/root" }, { "TOKEN", "geheim" } };
static struct pm_var labels[] = { { "team", "see" } };
static struct pm_limit limits[] = { { "core", 0, PM_UNLIMITED }, { "nofile", 4096, 4096 } };
static struct pm_dependency on_core[] = { { .host = "r1", .group = "", .process = "core" } };
static struct pm_dependency on_nobody[] = { { .host = "r9", .group = "", .process = "nobody" },
                                            { .host = "", .group = "", .process = "core" } };
static struct pm_dependency on_left[] = { { .host = "r1", .group = "cameras", .process = "left" } };

static struct pm_spec spec_of(const struct pm_proc *proc)
{
    return (struct pm_spec){ .name = proc->name, .group = proc->group, .host = proc->host,
        .command = "x", .working_dir = "/", .run_as_user = "", .run_as_group = "",
        .origin = "f.yaml:3", .env_file = "", .stop_signal = 15 };
}

static void given_details_of(struct pm_spec *spec)
{
    canvas_resize(&canvas, 60, 100);
    when_key(KEY_ARROW_DOWN);
    when_key(KEY_RETURN);
    app->spec = spec;
}

Test(top_views, the_environment_is_shown_by_name_and_by_value_only_on_demand)
{
    struct pm_spec spec = spec_of(&procs[0]);

    spec.env = (struct pm_var_list){ env, 2 };
    given_details_of(&spec);
    cr_assert(on_screen("TOKEN=***"));
    cr_assert(on_screen("values are hidden: E shows them"));
    cr_assert_not(on_screen("geheim"));
    when_typed("E");
    cr_assert(on_screen("TOKEN=geheim"));
    when_key(KEY_ESCAPE);
    when_key(KEY_RETURN);
    app->spec = &spec;
    cr_assert_not(on_screen("geheim")); /* every look begins with them hidden */
    app->may_command = false;
    when_typed("E");
    cr_assert_not(on_screen("geheim"));
    cr_assert(on_screen("not for those who only look"));
}

Test(top_views, details_have_limits_probes_labels_and_dependencies)
{
    struct pm_spec spec = spec_of(&procs[0]);

    spec.limits = (struct pm_limit_list){ limits, 2 };
    spec.labels = (struct pm_var_list){ labels, 1 };
    spec.depends_on = (struct pm_dependency_list){ on_core, 1 };
    spec.memory_max = 2ull << 30;
    spec.cpu_max = 150;
    spec.pids_max = 50;
    spec.ready = (struct pm_probe){ .kind = PM_PROBE_KIND_TCP, .text = "", .port = 7000,
                                    .timeout_ms = 20000, .interval_ms = 1000 };
    spec.health_silence_ms = 5000;
    given_details_of(&spec);
    cr_assert(on_screen("limit     core 0, at most unlimited"));
    cr_assert(on_screen("limit     nofile 4096, at most 4096"));
    cr_assert(on_screen("memory at most 2.0G"));
    cr_assert(on_screen("processors at most 150 % of one"));
    cr_assert(on_screen("at most 50 processes"));
    cr_assert(on_screen("ready     tcp 7000, within 20s, every 1s"));
    cr_assert(on_screen("may be silent for 5s"));
    cr_assert(on_screen("label     team=see"));
    cr_assert(on_screen("depends   core@r1 is ready"));
}

Test(top_views, what_depends_on_what_is_drawn_once_and_ends_in_circles)
{
    struct pm_spec specs[] = { spec_of(&procs[2]), spec_of(&procs[0]), spec_of(&procs[1]) };

    specs[1].depends_on = (struct pm_dependency_list){ on_core, 1 };
    specs[2].depends_on = (struct pm_dependency_list){ on_nobody, 2 };
    app->sheriff.host = pm_strdup("r1");
    *heard = '\0';
    when_typed("D");
    cr_assert_not_null(strstr(heard, "specs;"));
    cr_assert(on_screen("not come yet"));
    app_specs(app, (struct pm_spec_list){ specs, 3 }, (struct pm_proc_list){ procs, 3 });
    cr_assert(on_screen("● cameras/left@r1 running"));
    cr_assert(on_screen("└─ ? core@r1 lost, needed ready"));
    cr_assert(on_screen("├─ ? nobody@r9 is not defined, needed ready"));
    canvas.ascii = true;
    cr_assert(on_screen("`- ? core@r1 lost"));
    specs[0].depends_on = (struct pm_dependency_list){ on_left, 1 };
    specs[2].depends_on = (struct pm_dependency_list){ NULL, 0 };
    canvas.ascii = false;
    cr_assert(on_screen("? core@r1 lost"));
    cr_assert(on_screen("└─ ● cameras/left@r1 running, needed ready"));
    cr_assert(on_screen("   └─ ? core@r1 lost, needed ready (above)"));
}

Test(top_views, a_branch_has_the_curve_of_all_that_is_in_it)
{
    float values[60];
    const struct pm_proc *both[] = { &procs[0], &procs[1] };

    procs[1].cpu_pct = 6.9;
    app_second(app);
    procs[1].cpu_pct = 46.9;
    app_second(app);
    procs[1].cpu_pct = 0;
    cr_assert_eq(history_sum(app->history, both, 2, 60, values), 2);
    cr_assert_float_eq(values[0], 30.0, 0.01);
    cr_assert_float_eq(values[1], 70.0, 0.01);
    canvas_resize(&canvas, 30, 120);
    when_key(KEY_TO_HOME);
    when_typed("-");
    cr_assert(on_screen("▸ cameras (1/2)"));
    cr_assert(on_screen("       █ "));
}

Test(top_views, who_waits_says_for_what)
{
    enum pm_state state = procs[1].state;
    const char *reason = procs[1].reason;

    procs[1].state = PM_STATE_WAITING;
    procs[1].reason = "for core@r1: not ready for 3 s";
    canvas_resize(&canvas, 30, 140);
    cr_assert(on_screen("◔right [x]"));
    cr_assert(on_screen("for core@r1: not ready for 3 s"));
    procs[1].state = state;
    procs[1].reason = reason;
}

Test(top_views, scripts_are_run_and_aborted_and_their_step_is_shown)
{
    struct pm_script scripts[] = { { .name = "go", .origin = "f.yaml:9" },
                                   { .name = "halt", .origin = "f.yaml:20" } };
    struct pm_run_step steps[] = {
        { .text = "start drivers/", .state = PM_RUN_STATE_DONE, .took_ms = 3000, .reason = "" },
        { .text = "sleep 10s", .state = PM_RUN_STATE_DOING, .reason = "" },
        { .text = "start planning/", .state = PM_RUN_STATE_TODO, .reason = "" },
    };
    struct pm_script_run run = { .number = 4, .script = "go", .by = "alice", .reason = "",
                                 .state = PM_RUN_STATE_DOING, .steps = { steps, 3 } };

    when_typed("g");
    then_heard("scripts;");
    cr_assert(on_screen("not come yet"));
    app->scripts = (struct pm_script_list){ scripts, 2 };
    when_typed("gg");
    when_key(KEY_TAB);
    when_key(KEY_RETURN);
    then_heard("scripts;run go;");
    app->run = &run;
    cr_assert(on_screen("go doing, begun by alice"));
    cr_assert(on_screen("● done      3.0s  start drivers/"));
    cr_assert(on_screen("◐ doing           sleep 10s"));
    when_typed("X");
    then_heard("abort;");
    when_key(KEY_ESCAPE);
    cr_assert(on_screen("Script go: step 2 of 3, sleep 10s"));
    *heard = '\0';
    when_typed(":run halt");
    when_key(KEY_RETURN);
    then_heard("run halt;");
    app->read_only = true;
    when_typed(":run halt");
    when_key(KEY_RETURN);
    then_heard("");
    cr_assert(on_screen("only looking is allowed here"));
}
