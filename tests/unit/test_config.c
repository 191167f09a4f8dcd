/* Configuration files that are right: what they mean. */
#include "config/keys.h"

#include <criterion/criterion.h>
#include <procman/config.h>
#include <procman/spec.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pm_config given(const char *name, const char *text)
{
    struct pm_config config = { 0 };
    char *errors = NULL;
    enum pm_err err = pm_config_parse(name, text, strlen(text), &config, &errors);

    cr_assert_eq(err, PM_OK, "%s", errors);
    cr_assert_null(errors);
    return config;
}

static struct pm_config given_yaml(const char *text)
{
    return given("fleet.yaml", text);
}

static const char *value_of(const struct pm_spec *spec, const char *name)
{
    for (size_t i = 0; i < spec->env.n; i++)
        if (strcmp(spec->env.at[i].name, name) == 0)
            return spec->env.at[i].value;
    return NULL;
}

static const char original[] =
    "{\"deputies\": [\"http://localhost:8000\"],\n"
    " \"processes\": [{\"name\": \"echoloop\", \"command\": \"sh -c 'while true; do echo "
    "\\\"hello\\\"; sleep 1; done'\", \"working_dir\": \"/tmp\",\n"
    "                \"host\": \"k9.lan\", \"autostart\": true, \"auto_restart\": false}]}\n";

static void then_it_is_echoloop(const struct pm_config *config)
{
    const struct pm_spec *spec = &config->specs.at[0];

    cr_assert_eq(config->specs.n, 1);
    cr_expect_str_eq(spec->name, "echoloop");
    cr_expect_str_eq(spec->command, "sh -c 'while true; do echo \"hello\"; sleep 1; done'");
    cr_expect_str_eq(spec->working_dir, "/tmp");
    cr_expect_str_eq(spec->host, "k9.lan");
    cr_expect_str_eq(spec->group, "");
    cr_expect(spec->autostart);
    cr_expect_eq(spec->auto_restart, PM_AUTO_RESTART_NO);
    cr_expect_eq(spec->stop_timeout_ms, 10000);
    cr_expect_eq(config->deputies.n, 0, "localhost goes without saying");
}

Test(config, loads_the_file_of_the_original_procman)
{
    struct pm_config config = given("procman.json", original);

    then_it_is_echoloop(&config);
    cr_expect_str_eq(config.specs.at[0].origin, "procman.json:2");
    pm_config_fini(&config);
    cr_expect_eq(config.specs.n, 0);
}

Test(config, reads_the_same_json_as_yaml)
{
    struct pm_config config = given("procman.yml", original);

    then_it_is_echoloop(&config);
    pm_config_fini(&config);
}

Test(config, names_are_data_and_unique_per_host_and_group)
{
    struct pm_config config = given("a.JSON",
        "{\"processes\": ["
        "{\"name\": \"left-cam_1\", \"command\": \"a\", \"host\": \"b.lan\"},"
        "{\"name\": \"left-cam_1\", \"command\": \"a\", \"host\": \"a.lan\"},"
        "{\"name\": \"left-cam_1\", \"command\": \"a\", \"host\": \"a.lan\", \"group\": \"g\"},"
        "{\"name\": \"K\\u00e4mera \\ud83d\\ude00\", \"command\": \"a\"}]}");

    cr_assert_eq(config.specs.n, 4);
    cr_expect_str_eq(config.specs.at[0].name, "Kämera 😀");
    cr_expect_str_eq(config.specs.at[1].host, "a.lan");
    cr_expect_str_eq(config.specs.at[2].host, "b.lan");
    cr_expect_str_eq(config.specs.at[3].group, "g");
    pm_config_fini(&config);
}

Test(config, deputies_are_names_maps_or_urls)
{
    struct pm_config config = given_yaml(
        "deputies: [r1, {name: r2}, 'http://r3.lan:8000', https://me@r4/x, 'http://[fe80::1]:80',\n"
        "           localhost, 'http://127.0.0.1:8000', 'http://r3.lan:8001', r5:x]\n"
        "processes: []\n");
    static const char *const expected[] = { "r1", "r2", "r3.lan", "r4", "fe80::1", "r5:x" };

    cr_assert_eq(config.deputies.n, PM_COUNT(expected));
    for (size_t i = 0; i < PM_COUNT(expected); i++)
        cr_expect_str_eq(config.deputies.at[i], expected[i]);
    pm_config_fini(&config);
}

Test(config, own_machine_has_four_names)
{
    struct pm_config config = given_yaml(
        "processes:\n"
        "  - {name: a, command: x}\n"
        "  - {name: b, command: x, host: localhost}\n"
        "  - {name: c, command: x, host: 127.0.0.1}\n"
        "  - {name: d, command: x, host: '::1'}\n"
        "  - {name: e, command: x, host: ''}\n");

    for (size_t i = 0; i < config.specs.n; i++)
        cr_expect_str_eq(config.specs.at[i].host, "");
    pm_config_fini(&config);
}

Test(config, nearest_word_holds)
{
    struct pm_config config = given_yaml(
        "processes:\n"
        "  - {name: p, group: a/b/c, command: x, env: {OWN: process}, working_dir: /p}\n"
        "  - {name: q, group: a/bb, command: x}\n"
        "  - {name: r, command: x}\n"
        "groups:\n"
        "  a/b: {env: {NEAR: b, MID: b}, stop: {signal: USR1}, restart: {factor: 3}}\n"
        "  a: {env: {NEAR: a, FAR: a, OWN: a}, stop: {signal: INT, timeout: 3s}}\n"
        "defaults: {env: {ALL: d, FAR: d, OWN: d}, stop: {timeout: 5s}, working_dir: /d}\n");
    const struct pm_spec *r = &config.specs.at[0], *p = &config.specs.at[1];
    const struct pm_spec *q = &config.specs.at[2];

    cr_expect_str_eq(value_of(p, "OWN"), "process");
    cr_expect_str_eq(value_of(p, "NEAR"), "b");
    cr_expect_str_eq(value_of(p, "MID"), "b");
    cr_expect_str_eq(value_of(p, "FAR"), "a");
    cr_expect_str_eq(value_of(p, "ALL"), "d");
    cr_expect_eq(p->env.n, 5);
    cr_expect_eq(p->stop_signal, 10);
    cr_expect_eq(p->stop_timeout_ms, 3000);
    cr_expect_eq(p->restart_factor, 3);
    cr_expect_str_eq(p->working_dir, "/p");
    cr_expect_null(value_of(q, "MID"), "a/bb is not below a/b");
    cr_expect_str_eq(value_of(q, "NEAR"), "a");
    cr_expect_eq(q->stop_signal, 2);
    cr_expect_eq(r->stop_signal, 15);
    cr_expect_eq(r->stop_timeout_ms, 5000);
    cr_expect_str_eq(r->working_dir, "/d");
    cr_expect_eq(r->restart_factor, 2);
    pm_config_fini(&config);
}

Test(config, variables_are_sorted_by_name)
{
    struct pm_config config = given_yaml(
        "processes: [{name: p, command: x, env: {b: 1, c: '', a: 0x7}}]\n");
    const struct pm_var_list *env = &config.specs.at[0].env;

    cr_assert_eq(env->n, 3);
    cr_expect_str_eq(env->at[0].name, "a");
    cr_expect_str_eq(env->at[0].value, "0x7");
    cr_expect_str_eq(env->at[1].name, "b");
    cr_expect_str_eq(env->at[2].value, "");
    pm_config_fini(&config);
}

Test(config, text_stays_text)
{
    struct pm_config config = given_yaml(
        "processes:\n"
        "  - name: 7000\n"
        "    exec: [camd, no, 012, 1:30, true, 1e3, 'null', \"a\\tb\", \"\\U0001F600\"]\n");
    const struct pm_strs *exec = &config.specs.at[0].exec;
    static const char *const expected[] = { "camd", "no", "012", "1:30", "true", "1e3", "null",
                                            "a\tb", "😀" };

    cr_expect_str_eq(config.specs.at[0].name, "7000");
    cr_assert_eq(exec->n, PM_COUNT(expected));
    for (size_t i = 0; i < exec->n; i++)
        cr_expect_str_eq(exec->at[i], expected[i]);
    pm_config_fini(&config);
}

Test(config, every_policy_is_read)
{
    struct pm_config config = given_yaml(
        "processes:\n"
        "  - name: p\n"
        "    command: x\n"
        "    autostart: false\n"
        "    auto_restart: on-failure\n"
        "    restart: {delay: 1.5s, max_delay: 1m30s, factor: 1.25, jitter: 0, settle: 2,\n"
        "              max_failures: 5, success_codes: [0, 3, 255]}\n"
        "    stop: {signal: SIGINT, timeout: 500ms}\n"
        "    run_as: {user: robot, group: video}\n");
    const struct pm_spec *spec = &config.specs.at[0];

    cr_expect_not(spec->autostart);
    cr_expect_eq(spec->auto_restart, PM_AUTO_RESTART_ON_FAILURE);
    cr_expect_eq(spec->restart_delay_ms, 1500);
    cr_expect_eq(spec->restart_max_delay_ms, 90000);
    cr_expect_eq(spec->restart_factor, 1.25);
    cr_expect_eq(spec->restart_jitter, 0);
    cr_expect_eq(spec->restart_settle_ms, 2000);
    cr_expect_eq(spec->restart_max_failures, 5);
    cr_assert_eq(spec->success_codes.n, 3);
    cr_expect_eq(spec->success_codes.at[2], 255);
    cr_expect_eq(spec->stop_signal, 2);
    cr_expect_eq(spec->stop_timeout_ms, 500);
    cr_expect_str_eq(spec->run_as_user, "robot");
    cr_expect_str_eq(spec->run_as_group, "video");
    pm_config_fini(&config);
}

Test(config, auto_restart_has_words_and_booleans)
{
    static const struct { const char *text; enum pm_auto_restart value; } rows[] = {
        { "no", PM_AUTO_RESTART_NO }, { "false", PM_AUTO_RESTART_NO },
        { "on-failure", PM_AUTO_RESTART_ON_FAILURE },
        { "'on-failure'", PM_AUTO_RESTART_ON_FAILURE },
        { "always", PM_AUTO_RESTART_ALWAYS }, { "true", PM_AUTO_RESTART_ALWAYS },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        char *text = pm_printf("processes: [{name: p, command: x, auto_restart: %s}]",
                               rows[i].text);
        struct pm_config config = given_yaml(text);
        cr_expect_eq(config.specs.at[0].auto_restart, rows[i].value, "%s", rows[i].text);
        pm_config_fini(&config);
        free(text);
    }
}

Test(config, of_only_0_as_success_is_the_same_as_none)
{
    struct pm_config config = given_yaml(
        "defaults: {restart: {success_codes: [0, 3]}}\n"
        "processes: [{name: p, command: x, restart: {success_codes: [0]}}]\n");

    cr_expect_eq(config.specs.at[0].success_codes.n, 0);
    pm_config_fini(&config);
}

Test(config, begins_after_a_byte_order_mark_and_bears_crlf)
{
    struct pm_config config = given_yaml(
        "\xef\xbb\xbfprocesses:\r\n  - name: p\r\n    command: x y\r\n");

    cr_expect_str_eq(config.specs.at[0].command, "x y");
    cr_expect_str_eq(config.specs.at[0].origin, "fleet.yaml:2");
    pm_config_fini(&config);
}

Test(config, of_nothing_is_a_configuration_when_it_says_so)
{
    struct pm_config config = given_yaml("processes: []");

    cr_expect_eq(config.specs.n, 0);
    pm_config_fini(&config);
}

Test(config, remembers_the_line_of_each_process)
{
    struct pm_config config = given_yaml(
        "processes:\n"
        "  - name: b\n"
        "    command: x\n"
        "  # a comment\n"
        "  - command: x\n"
        "    name: a\n");

    cr_expect_str_eq(config.specs.at[0].origin, "fleet.yaml:5");
    cr_expect_str_eq(config.specs.at[1].origin, "fleet.yaml:2");
    pm_config_fini(&config);
}

Test(config, of_a_large_fleet_is_read_in_one_go)
{
    enum { MANY = 20000 };
    struct pm_config config;
    size_t n = 0, size = MANY * 120;
    char *text = pm_alloc(size), *errors;

    n += (size_t)snprintf(text, size, "defaults: {env: {A: '1', B: '2'}}\nprocesses:\n");
    for (int i = 0; i < MANY; i++)
        n += (size_t)snprintf(text + n, size - n, "  - {name: p%d, group: g/h%d, command: sleep "
                              "%d, host: rig%d}\n", i, i % 100, i, i % 50);
    cr_assert_eq(pm_config_parse("fleet.yaml", text, n, &config, &errors), PM_OK);
    cr_expect_eq(config.specs.n, MANY);
    cr_expect_eq(config.specs.at[0].env.at, config.specs.at[MANY - 1].env.at,
                 "what is inherited unchanged is there once");
    pm_config_fini(&config);
    free(text);
}

/* ---- files ---- */

static void then_it_loads(const char *path, size_t processes)
{
    struct pm_config config = { 0 };
    char *errors;

    cr_assert_eq(pm_config_load(path, &config, &errors), PM_OK, "%s", errors);
    cr_expect_eq(config.specs.n, processes, "%s", path);
    pm_config_fini(&config);
}

Test(config, of_the_demo_and_the_examples_loads)
{
    then_it_loads(SOURCE_DIR "/scripts/demo.yaml", 10);
    then_it_loads(SOURCE_DIR "/tests/data/original.json", 1);
    then_it_loads(SOURCE_DIR "/tests/data/fleet.yaml", 4);
    then_it_loads(SOURCE_DIR "/tests/data/fleet.json", 4);
}

Test(config, in_json_and_yaml_is_the_same)
{
    struct pm_config a, b;
    char *errors;

    cr_assert_eq(pm_config_load(SOURCE_DIR "/tests/data/fleet.yaml", &a, &errors), PM_OK);
    cr_assert_eq(pm_config_load(SOURCE_DIR "/tests/data/fleet.json", &b, &errors), PM_OK);
    cr_assert_eq(a.specs.n, b.specs.n);
    for (size_t i = 0; i < a.specs.n; i++)
        cr_expect_eq(pm_spec_hash(&a.specs.at[i]), pm_spec_hash(&b.specs.at[i]), "%s",
                     a.specs.at[i].name);
    pm_config_fini(&a);
    pm_config_fini(&b);
}

Test(config, that_cannot_be_read_says_why)
{
    struct pm_config config;
    char *errors;

    cr_assert_eq(pm_config_load("/nope/fleet.yaml", &config, &errors), PM_BAD_CONFIG);
    cr_expect_str_eq(errors, "/nope/fleet.yaml: error: it cannot be read: No such file or "
                     "directory\n/nope/fleet.yaml: 1 error\n");
    free(errors);
    cr_assert_eq(pm_config_load("/", &config, &errors), PM_BAD_CONFIG);
    cr_expect_str_eq(errors, "/: error: it cannot be read: Is a directory\n/: 1 error\n");
    free(errors);
}

/* ---- one key at a time ---- */

static struct pm_spec given_spec(void)
{
    struct pm_spec spec;

    pm_spec_init(&spec);
    spec.name = "cam";
    spec.command = "camd";
    return spec;
}

static void when_set(struct pm_spec *spec, struct pm_arena *arena, const char *key,
                     const char *value)
{
    char *why = NULL;

    cr_assert_eq(pm_config_set(spec, key, value, arena, &why), PM_OK, "%s", why);
    cr_assert_null(why);
}

Test(config_set, takes_every_kind_of_key)
{
    struct pm_spec spec = given_spec();
    struct pm_arena arena;

    pm_arena_init(&arena, 0);
    when_set(&spec, &arena, "restart.delay", "20ms");
    when_set(&spec, &arena, "restart.success_codes", "[0, 3]");
    when_set(&spec, &arena, "stop", "{signal: INT, timeout: 1s}");
    when_set(&spec, &arena, "autostart", "false");
    when_set(&spec, &arena, "working_dir", "/tmp");
    when_set(&spec, &arena, "host", "localhost");
    cr_expect_eq(spec.restart_delay_ms, 20);
    cr_expect_eq(spec.success_codes.n, 2);
    cr_expect_eq(spec.stop_signal, 2);
    cr_expect_eq(spec.stop_timeout_ms, 1000);
    cr_expect_not(spec.autostart);
    cr_expect_str_eq(spec.working_dir, "/tmp");
    cr_expect_str_eq(spec.host, "");
    pm_arena_fini(&arena);
}

Test(config_set, takes_text_as_it_stands)
{
    struct pm_spec spec = given_spec();
    struct pm_arena arena;
    char value[] = "[ -f x ] && echo 'a: b' # c";

    pm_arena_init(&arena, 0);
    when_set(&spec, &arena, "command", value);
    when_set(&spec, &arena, "env.PORT", "null");
    when_set(&spec, &arena, "env.A.B", "{");
    memset(value, 'x', sizeof(value) - 1);
    cr_expect_str_eq(spec.command, "[ -f x ] && echo 'a: b' # c");
    cr_expect_str_eq(value_of(&spec, "PORT"), "null");
    cr_expect_str_eq(value_of(&spec, "A.B"), "{");
    pm_arena_fini(&arena);
}

Test(config_set, of_one_way_to_run_forgets_the_other)
{
    struct pm_spec spec = given_spec();
    struct pm_arena arena;

    pm_arena_init(&arena, 0);
    when_set(&spec, &arena, "exec", "[camd, -p, 7000]");
    cr_expect_str_eq(spec.command, "");
    cr_expect_eq(spec.exec.n, 3);
    when_set(&spec, &arena, "command", "camd -v");
    cr_expect_eq(spec.exec.n, 0);
    cr_expect_str_eq(spec.command, "camd -v");
    pm_arena_fini(&arena);
}

Test(config_set, of_nothing_is_the_default)
{
    struct pm_spec spec = given_spec();
    struct pm_arena arena;

    pm_arena_init(&arena, 0);
    when_set(&spec, &arena, "stop.timeout", "1s");
    when_set(&spec, &arena, "stop.timeout", "");
    when_set(&spec, &arena, "env.A", "1");
    when_set(&spec, &arena, "env", "{B: 2}");
    cr_expect_eq(spec.stop_timeout_ms, 10000);
    cr_assert_eq(spec.env.n, 1, "env={…} says all of it");
    cr_expect_str_eq(spec.env.at[0].name, "B");
    when_set(&spec, &arena, "env", "");
    cr_expect_eq(spec.env.n, 0);
    when_set(&spec, &arena, "env.A", "");
    cr_assert_eq(spec.env.n, 1, "a variable may be empty");
    cr_expect_str_eq(spec.env.at[0].value, "");
    pm_arena_fini(&arena);
}

Test(config_set, of_a_mistake_changes_nothing_and_says_why)
{
    static const struct { const char *key, *value, *why; } rows[] = {
        { "restart.dely", "1s", "unknown key 'restart.dely' (did you mean 'restart.delay'?)" },
        { "comand", "x", "unknown key 'comand' (did you mean 'command'?)" },
        { "zzz", "x", "unknown key 'zzz'" },
        { "restart", "{dely: 1s}", "unknown key 'dely' in restart (did you mean 'delay'?)" },
        { "autostart", "yes", "autostart is 'yes': not a boolean here; write true, without "
                              "quotes" },
        { "stop.signal", "NOPE", "stop.signal is 'NOPE': not a signal; write a name such as INT, "
                                 "or a number from 1 to 64" },
        { "restart", "5s", "restart is a plain value; expected a map such as {delay: 10ms}" },
        { "exec", "camd", "exec is a plain value; expected a list such as [sleep, \"5\"]" },
        { "exec", "[a", "this is not YAML: did not find expected ',' or ']' while parsing a flow "
                        "sequence" },
        { "name", "", "name has no value; expected a name" },
        { "name", "a/b", "name is 'a/b': a name has no '/' and no '@' in it" },
        { "env.A=B", "x", "variable 'A=B': a variable's name has no '=' in it" },
        { "command", "camd 'x", "command is 'camd 'x': a quote is opened in it and never closed" },
    };
    struct pm_arena arena;

    pm_arena_init(&arena, 0);
    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        struct pm_spec spec = given_spec(), before = spec;
        char *why = NULL;
        cr_assert_eq(pm_config_set(&spec, rows[i].key, rows[i].value, &arena, &why), PM_USAGE,
                     "%s", rows[i].key);
        cr_expect_str_eq(why, rows[i].why);
        cr_expect(pm_same(&pm_spec_desc, &spec, &before), "%s", rows[i].key);
        free(why);
    }
    pm_arena_fini(&arena);
}
