/* The whole language in one file: it reads, it is written, and what is written reads the same;
 * and wherever it is cut off, what is left is read or refused with a place. */
#include "language.h"

#include <procman/spec.h>

#include <stdio.h>

static const char fleet[] =
    "deputies: [r1, {name: r2, aliases: [r2.lan]}, 'http://r3:8000']\n"
    "defaults:\n"
    "  working_dir: /opt/robot\n"
    "  env: {ROS_DOMAIN_ID: \"7\"}\n"
    "  ready: {timeout: 1m}\n"
    "groups:\n"
    "  drivers/cameras: {env: {CAM_PORT: \"7000\"}, stop: {signal: INT, timeout: 7s}}\n"
    "processes:\n"
    "  - name: core\n"
    "    exec: [roscore, '-p', \"1 1\"]\n"
    "    host: r1\n"
    "    ready: {tcp: 11311, interval: 100ms}\n"
    "    health: {tcp: '[::1]:11311', interval: 10s, timeout: 2s, failures: 2, silence: 1h}\n"
    "    watchdog: 30s\n"
    "    essential: true\n"
    "  - name: left\n"
    "    group: drivers/cameras\n"
    "    hosts: [r1, 'r[23]']\n"
    "    command: LD=1 camd -p ${CAM_PORT}\n"
    "    env_file: /etc/cam.env\n"
    "    autostart: false\n"
    "    auto_restart: on-failure\n"
    "    restart: {delay: 20ms, max_delay: 2s, factor: 1.5, jitter: 0.25, settle: 1h,\n"
    "              max_failures: 3, success_codes: [0, 3], max_memory: 1G}\n"
    "    depends_on: [core, {process: map, when: exited, on_failure: ignore,\n"
    "                        restart_with: true, stop_with: true}]\n"
    "    ready: {log: 'first [fF]rame'}\n"
    "    run_as: {user: robot, group: video}\n"
    "    umask: 027\n"
    "    nice: -5\n"
    "    limits: {nofile: 4096, core: unlimited, stack: {soft: 8MiB, hard: unlimited}}\n"
    "    cgroup: {memory_max: 2G, cpu_max: 150%, pids_max: 200}\n"
    "    output: {max_size: 64KiB, keep: 2, pty: true}\n"
    "    on_sheriff_loss: {stop_after: 30s}\n"
    "    labels: {team: perception, 'odd key': \"yes\"}\n"
    "  - {name: map, host: r1, command: load map, ready: {after: 2s}, schedule: '0 4 * * mon',\n"
    "     time_zone: Europe/Berlin, overlap: queue}\n"
    "  - {name: tick, command: date, every: 30s, instances: 3, depends_on: ['core@r1'],\n"
    "     ready: {http: 'http://localhost:80/x'}}\n"
    "  - {name: tock, command: date, health: {exec: test -e /x}, depends_on: [tick]}\n"
    "  - {name: note, command: date, ready: {notify: true}, health: {http: 'http://h/'}}\n"
    "scripts:\n"
    "  go:\n"
    "    - {start: core, wait: running, timeout: 30s, on_failure: abort}\n"
    "    - {parallel: [{restart: [drivers/, '!map']}, {run: rest}]}\n"
    "    - {sleep: 500ms}\n"
    "  rest: [{stop: 'tick:*', wait: stopped}]\n";

static void then_comes_back(const struct pm_config *config, bool json)
{
    struct pm_config again = { 0 };
    char *text = NULL, *errors = NULL;

    cr_assert_eq(pm_config_write(config->specs.at, config->specs.n, json, &text), PM_OK);
    struct pm_compile what = { .name = json ? "x.json" : "x.yaml", .early = true,
                               .file = { .text = text, .n = strlen(text) } };
    cr_assert_eq(pm_config_compile(&what, &again, &errors), PM_OK, "%s\n%s", errors, text);
    cr_assert_eq(again.specs.n, config->specs.n);
    for (size_t i = 0; i < again.specs.n; i++)
        cr_expect_eq(pm_spec_hash(&again.specs.at[i]), pm_spec_hash(&config->specs.at[i]),
                     "%s:\n%s", config->specs.at[i].name, text);
    pm_config_fini(&again);
    free(text);
}

Test(language, what_is_written_reads_the_same)
{
    struct pm_config config = given(fleet);

    cr_assert_eq(config.specs.n, 10);
    cr_assert_eq(config.scripts.n, 2);
    for (size_t i = 0; i < config.specs.n; i++)
        cr_expect_null(pm_spec_fault(&config.specs.at[i]), "%s: %s", config.specs.at[i].name,
                       pm_spec_fault(&config.specs.at[i]));
    then_comes_back(&config, false);
    then_comes_back(&config, true);
    pm_config_fini(&config);
}

/* "f:LINE:COLUMN: error: …" first, and a count last. */
static void then_located(const char *errors, const char *text)
{
    size_t line = 0, column = 0;
    char error[8] = "";

    cr_assert_eq(sscanf(errors, "f:%zu:%zu: %6s", &line, &column, error), 3, "%s\n%s", errors,
                 text);
    cr_expect(line > 0 && column > 0 && strcmp(error, "error:") == 0, "%s", errors);
}

static void then_read_or_refused(const char *text)
{
    struct pm_config config = { 0 };
    char *errors = NULL;

    if (compile(text, &config, &errors) == PM_OK) {
        pm_config_fini(&config);
        return;
    }
    then_located(errors, text);
    free(errors);
}

Test(language, cut_off_at_any_byte_is_read_or_refused_with_a_place)
{
    char *text = pm_strdup(fleet);

    for (size_t n = strlen(fleet) - 1; n > 0; n--) {
        text[n] = '\0';
        then_read_or_refused(text);
    }
    free(text);
}

Test(language, with_any_byte_wrong_is_read_or_refused_with_a_place)
{
    static const char wrong[] = "[{:,'\"\t-#&*!|%@`\n\x7f\x80" "0";
    char *text = pm_strdup(fleet);

    for (size_t i = 0; i < strlen(fleet); i++) {
        text[i] = wrong[i % (sizeof(wrong) - 1)];
        then_read_or_refused(text);
        text[i] = fleet[i];
    }
    free(text);
}

Test(language, can_be_set_key_by_key)
{
    static const struct { const char *key, *value; } rows[] = {
        { "restart.delay", "20ms" }, { "limits", "{nofile: 10}" }, { "labels", "{a: b}" },
        { "labels", "{c: d}" }, { "depends_on", "[a, g/b@r1]" }, { "nice", "-5" },
        { "nice", "" }, { "ready", "{tcp: 7000}" }, { "ready.timeout", "5s" },
        { "umask", "022" }, { "umask", "" },
    };
    struct pm_arena arena;
    struct pm_spec spec;

    pm_arena_init(&arena, 0);
    pm_spec_init(&spec);
    spec.name = "p";
    spec.group = "own";
    spec.command = "x";
    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        char *why = NULL;
        enum pm_err err = pm_config_set(&spec, rows[i].key, rows[i].value, &arena, &why);
        bool later = err != PM_OK && strstr(why, "is not supported by this version") != NULL;
        cr_expect(err == PM_OK || later, "%s: %s", rows[i].key, why);
        free(why);
    }
    cr_expect_eq(spec.restart_delay_ms, 20);
    cr_expect_null(pm_spec_fault(&spec), "%s", pm_spec_fault(&spec));
    pm_arena_fini(&arena);
}
