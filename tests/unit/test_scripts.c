/* Scripts in a file: the model they become, and the exact words for what is wrong in them. */
#include "language.h"

#define CAM "processes: [{name: cam, group: drivers/a, host: r1, command: x}]\n"

Test(scripts, become_lists_of_steps)
{
    struct pm_config config = given(
        CAM
        "scripts:\n"
        "  go:\n"
        "    - {start: cam, wait: exited, timeout: 30s, on_failure: continue}\n"
        "    - {start: [drivers/, '!cam'], wait: running}\n"
        "    - {sleep: 500ms}\n"
        "    - {parallel: [{restart: all}, {parallel: [{run: rest}]}]}\n"
        "    - {stop: '@r1', wait: stopped}\n"
        "  rest: [{stop: '%failed'}]\n");
    const struct pm_script *go = &config.scripts.at[0];
    const struct pm_step *steps = go->steps.at;

    cr_assert_eq(config.scripts.n, 2);
    cr_expect_str_eq(go->name, "go");
    cr_expect_str_eq(go->origin, "f:3");
    cr_assert_eq(go->steps.n, 8);
    cr_expect(steps[0].verb == PM_STEP_VERB_START && steps[0].wait == PM_STEP_WAIT_EXITED);
    cr_expect(steps[0].timeout_ms == 30000 && steps[0].on_failure == PM_STEP_FAILURE_CONTINUE);
    cr_expect_str_eq(steps[0].select.at[0], "cam");
    cr_expect_str_eq(steps[0].origin, "f:4");
    cr_expect(steps[1].select.n == 2 && steps[1].on_failure == PM_STEP_FAILURE_ABORT);
    cr_expect(steps[2].verb == PM_STEP_VERB_SLEEP && steps[2].sleep_ms == 500);
    cr_expect(steps[3].verb == PM_STEP_VERB_PARALLEL && steps[3].span == 3);
    cr_expect(steps[4].verb == PM_STEP_VERB_RESTART);
    cr_expect(steps[5].verb == PM_STEP_VERB_PARALLEL && steps[5].span == 1);
    cr_expect_str_eq(steps[6].script, "rest");
    cr_expect(steps[7].verb == PM_STEP_VERB_STOP && steps[7].span == 0);
    pm_config_fini(&config);
}

#define S(step) CAM "scripts:\n  s: [" step "]\n"

Test(scripts, that_are_wrong_are_told)
{
    static const struct wrong rows[] = {
        { CAM "scripts: []", "2:10: 'scripts' is a list; expected a map, {} for none" },
        { CAM "scripts: {s: {start: cam}}", "2:14: script 's' is a map; expected a list of steps "
          "such as [{start: planner}]" },
        { CAM "scripts: {s: []}", "2:14: a step of script 's' does nothing: the list is empty" },
        { CAM "scripts: {s@: [{sleep: 1s}]}", "2:11: script 's@': a group has no '@' in it" },
        { S("start cam"), "3:7: a step of script 's' is a plain value; expected a map such as "
          "{start: planner}" },
        { S("{}"), "3:7: a step of script 's' does nothing; write start, stop, restart, sleep, run "
          "or parallel" },
        { S("{start: cam, stop: cam}"), "3:20: a step of script 's' does two things, start and "
          "stop; make two steps of it" },
        { S("{strat: cam}"), "3:8: unknown key 'strat' in a step of script 's' (did you mean "
          "'start'?)" },
        { S("{start: []}"), "3:15: start of a step of script 's' needs from 1 to 4096 selectors" },
        { S("{start: lidar}"), "3:15: start: there is no process 'lidar'" },
        { S("{start: [cam, can]}"), "3:21: start: there is no process 'can' (did you mean "
          "'cam'?)" },
        { S("{start: driver/}"), "3:15: start: there is no process 'driver/' (did you mean "
          "'drivers/a'?)" },
        { S("{start: 'a['}"), "3:15: start: selector 'a[': a '[' without its ']'; write \\[ for "
          "the character itself" },
        { S("{start: cam@r2}"), "3:15: start: there is no process 'cam@r2'" },
        { S("{start: cam, wait: ready}"), "3:26: wait of a step of script 's' is 'ready': write "
          "started, running, exited or stopped" },
        { S("{start: cam, wait: stopped}"), "3:26: wait of a step of script 's' is 'stopped': what "
          "ends by itself has exited; write exited" },
        { S("{stop: cam, wait: running}"), "3:25: wait of a step of script 's' is 'running': what "
          "is stopped comes to be stopped" },
        { S("{sleep: soon}"), "3:15: sleep of a step of script 's' is 'soon': not a duration; "
          "write 500ms, 5s or 1h30m (a bare number is seconds)" },
        { S("{sleep: 1s, wait: running}"), "3:19: wait of a step of script 's' means nothing for "
          "sleep" },
        { S("{sleep: 1s, timeout: 2s}"), "3:19: timeout of a step of script 's' means nothing for "
          "sleep" },
        { S("{run: t}"), "3:13: run: there is no script 't'" },
        { S("{run: s}"), "3:13: script 's' runs itself: s → s" },
        { S("{run: cam, on_failure: stop}"), "3:13: run: there is no script 'cam'" },
        { S("{start: cam, on_failure: stop}"), "3:32: on_failure of a step of script 's' is "
          "'stop': write abort or continue" },
        { S("{parallel: cam}"), "3:18: parallel of a step of script 's' is a plain value; expected "
          "a list of steps such as [{start: planner}]" },
        { CAM "scripts:\n  a: [{run: b}]\n  b: [{parallel: [{run: c}]}]\n  c: [{run: a}]\n",
          "5:13: script 'c' runs itself: a → b → c → a" },
    };

    then_all_refused(rows, PM_COUNT(rows));
}

Test(scripts, may_name_the_own_machine_whose_name_the_file_does_not_know)
{
    struct pm_config config = given("processes: [{name: cam, command: x}]\n"
                                    "scripts: {s: [{start: cam@rover}]}\n");

    cr_expect_eq(config.scripts.n, 1);
    pm_config_fini(&config);
}

/* Where they stand does not count. */
static bool same_scripts(const struct pm_script_list *a, const struct pm_script_list *b)
{
    for (size_t i = 0; i < a->n && a->n == b->n; i++) {
        struct pm_script *other = &b->at[i];

        other->origin = a->at[i].origin;
        for (size_t j = 0; j < other->steps.n && j < a->at[i].steps.n; j++)
            other->steps.at[j].origin = a->at[i].steps.at[j].origin;
        if (!pm_same(&pm_script_desc, &a->at[i], other))
            return false;
    }
    return a->n == b->n;
}

Test(scripts, are_written_as_they_are_read)
{
    static const char *const names[] = { "f.yaml", "f.json" };
    struct pm_config config = given(
        CAM
        "scripts:\n"
        "  'a, {b}: #c':\n"
        "    - {start: 'drivers/a/*', wait: exited, timeout: 90s, on_failure: continue}\n"
        "    - {start: [drivers/, '!cam', '@r1'], wait: running}\n"
        "    - {sleep: 1500ms}\n"
        "    - {parallel: [{restart: all}, {parallel: [{run: 'true'}], timeout: 1m}]}\n"
        "    - {stop: '%failed', wait: stopped}\n"
        "  'true': [{stop: cam}]\n");

    for (size_t i = 0; i < PM_COUNT(names); i++) {
        struct pm_config again;
        char *text = NULL, *errors = NULL;

        cr_assert_eq(pm_config_write_all(&config.specs, &config.scripts, i == 1, &text), PM_OK);
        cr_assert_eq(pm_config_parse(names[i], text, strlen(text), &again, &errors), PM_OK,
                     "%s\n%s", errors, text);
        cr_expect_eq(again.specs.n, 1);
        cr_expect(same_scripts(&config.scripts, &again.scripts), "%s", text);
        pm_free(&text);
        pm_config_fini(&again);
    }
    pm_config_fini(&config);
}
