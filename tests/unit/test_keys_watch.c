/* Order and probes in a file: depends_on, ready, health, watchdog, restart.max_memory; what is
 * right, and the exact words for what is not. */
#include "config/values.h"
#include "language.h"

#include <procman/spec.h>

static const struct pm_spec *named(const struct pm_config *config, const char *name)
{
    for (size_t i = 0; i < config->specs.n; i++)
        if (strcmp(config->specs.at[i].name, name) == 0)
            return &config->specs.at[i];
    cr_assert_fail("%s", name);
    return NULL;
}

static void then_waits_for(const struct pm_spec *spec, size_t nth, const char *label)
{
    char text[PM_LABEL_SIZE];

    cr_assert_lt(nth, spec->depends_on.n);
    const struct pm_dependency *other = &spec->depends_on.at[nth];
    cr_expect_str_eq(pm_spec_label(other->group, other->process, other->host, text, sizeof(text)),
                     label);
}

/* ---- depends_on ---- */

Test(keys_watch, a_name_is_looked_for_near_and_then_far)
{
    struct pm_config config = given(
        "processes:\n"
        "  - {name: cam, group: a, host: r1, command: x}\n"
        "  - {name: cam, group: b, host: r1, command: x}\n"
        "  - {name: core, host: r2, command: x}\n"
        "  - {name: one, group: a, host: r1, command: x, depends_on: [cam, core]}\n"
        "  - {name: two, host: r1, command: x, depends_on: [b/cam@r1, {process: core}]}\n");

    then_waits_for(named(&config, "one"), 0, "a/cam@r1");
    then_waits_for(named(&config, "one"), 1, "core@r2");
    then_waits_for(named(&config, "two"), 0, "b/cam@r1");
    then_waits_for(named(&config, "two"), 1, "core@r2");
    pm_config_fini(&config);
}

Test(keys_watch, of_many_all_are_waited_for_unless_one_is_near)
{
    struct pm_config config = given(
        "processes:\n"
        "  - {name: cam, hosts: [r1, r2], instances: 2, command: x}\n"
        "  - {name: near, host: r1, command: x, depends_on: [cam]}\n"
        "  - {name: far, host: r3, command: x, depends_on: [cam]}\n"
        "  - {name: one, host: r3, command: x, depends_on: ['cam:1@r2']}\n"
        "  - {name: no group, group: g, host: r3, command: x, depends_on: ['/one']}\n");

    cr_expect_eq(named(&config, "near")->depends_on.n, 2);
    then_waits_for(named(&config, "near"), 0, "cam:0@r1");
    then_waits_for(named(&config, "near"), 1, "cam:1@r1");
    cr_expect_eq(named(&config, "far")->depends_on.n, 4);
    then_waits_for(named(&config, "far"), 3, "cam:1@r2");
    cr_expect_eq(named(&config, "one")->depends_on.n, 1);
    then_waits_for(named(&config, "one"), 0, "cam:1@r2");
    then_waits_for(named(&config, "no group"), 0, "one@r3");
    pm_config_fini(&config);
}

Test(keys_watch, what_a_group_waits_for_its_members_wait_for)
{
    struct pm_config config = given(
        "groups: {nav: {depends_on: [base]}}\n"
        "processes:\n"
        "  - {name: base, group: nav, command: x}\n"
        "  - {name: plan, group: nav/fine, command: x}\n"
        "  - {name: free, group: nav, command: x, depends_on: []}\n");

    cr_expect_eq(named(&config, "base")->depends_on.n, 0, "not for itself");
    then_waits_for(named(&config, "plan"), 0, "nav/base");
    cr_expect_eq(named(&config, "free")->depends_on.n, 0);
    pm_config_fini(&config);
}

Test(keys_watch, a_dependency_says_when_and_what_then)
{
    struct pm_config config = given(
        "processes:\n"
        "  - {name: a, command: x}\n"
        "  - {name: b, command: x, depends_on: [a]}\n"
        "  - {name: c, command: x, depends_on: [{process: a, when: exited, on_failure: ignore,\n"
        "                                        restart_with: true, stop_with: true}]}\n");
    const struct pm_dependency *plain = named(&config, "b")->depends_on.at;
    const struct pm_dependency *full = named(&config, "c")->depends_on.at;

    cr_expect_eq(plain->when, PM_DEPENDENCY_WHEN_READY);
    cr_expect_eq(plain->on_failure, PM_DEPENDENCY_FAILURE_FAIL);
    cr_expect(!plain->restart_with && !plain->stop_with);
    cr_expect_eq(full->when, PM_DEPENDENCY_WHEN_EXITED);
    cr_expect_eq(full->on_failure, PM_DEPENDENCY_FAILURE_IGNORE);
    cr_expect(full->restart_with && full->stop_with);
    pm_config_fini(&config);
}

Test(keys_watch, dependencies_that_are_wrong_are_told)
{
    static const struct wrong rows[] = {
        { P("depends_on: roscore"), "1:47: depends_on of process 'p' is a plain value; expected a "
          "list such as [roscore]" },
        { P("depends_on: [roscore]"), "1:48: depends_on of process 'p': there is no process "
          "'roscore'" },
        { P("depends_on: [p]"), "1:48: process 'p' waits for itself: p → p" },
        { P("depends_on: [a b/]"), "1:48: a dependency of process 'p' is 'a b/': a name is not "
          "empty" },
        { P("depends_on: [{when: ready}]"), "1:48: a dependency of process 'p' does not say which "
          "process it waits for; write {process: NAME}" },
        { P("depends_on: [{when: redy, process: p}]"), "1:55: when of a dependency of process 'p' "
          "is 'redy': write started, ready or exited" },
        { P("depends_on: [{wen: ready, process: p}]"), "1:49: unknown key 'wen' in a dependency "
          "of process 'p' (did you mean 'when'?)" },
        { P("depends_on: [{on_failure: die, process: p}]"), "1:61: on_failure of a dependency of "
          "process 'p' is 'die': write fail or ignore" },
        { "processes:\n - {name: lidar, command: x, group: drivers}\n"
          " - {name: p, command: x, depends_on: [lidr]}", "3:39: depends_on of process 'p': there "
          "is no process 'lidr' (did you mean 'drivers/lidar'?)" },
        { "processes:\n - {name: lidar, command: x, group: drivers}\n"
          " - {name: p, command: x, depends_on: [other/lidar]}", "3:39: depends_on of process 'p': "
          "there is no process 'other/lidar' (did you mean 'drivers/lidar'?)" },
        { "processes:\n - {name: cam, command: x, group: a}\n - {name: cam, command: x, group: b}\n"
          " - {name: p, command: x, depends_on: [cam]}", "4:39: depends_on of process 'p' may mean "
          "a/cam or b/cam; write the group too" },
        { "processes:\n - {name: a, host: r1, command: x, depends_on: [b]}\n"
          " - {name: b, host: r2, command: x, depends_on: [c]}\n"
          " - {name: c, host: r3, command: x, depends_on: [a]}", "4:49: process 'c' waits for "
          "itself: a@r1 → b@r2 → c@r3 → a@r1" },
    };

    then_all_refused(rows, PM_COUNT(rows));
}

/* ---- ready and health ---- */

Test(keys_watch, a_probe_looks_at_one_thing_and_has_all_defaults)
{
    struct pm_config config = given(
        "processes:\n"
        "  - {name: none, command: x}\n"
        "  - {name: log, command: x, ready: {log: 'first frame', timeout: 20s}}\n"
        "  - {name: tcp, command: x, ready: {tcp: 7000}, health: {tcp: '[::1]:7001'}}\n"
        "  - {name: http, command: x, ready: {http: 'http://localhost:80/x', interval: 50ms}}\n"
        "  - {name: exec, command: x, health: {exec: 'test -e /x', interval: 1m, timeout: 5s,\n"
        "                                      failures: 1, silence: 1m}}\n"
        "  - {name: notify, command: x, ready: {notify: true}, watchdog: 10s}\n"
        "  - {name: after, command: x, ready: {after: 2s}, restart: {max_memory: 1GiB}}\n");
    const struct pm_spec *spec = named(&config, "none");

    cr_expect_eq(spec->ready.kind, PM_PROBE_KIND_NONE);
    cr_expect_eq(spec->ready.timeout_ms, 0, "who has no probe is as before there were any");
    spec = named(&config, "log");
    cr_expect_str_eq(spec->ready.text, "first frame");
    cr_expect(spec->ready.timeout_ms == 20000 && spec->ready.interval_ms == 0);
    spec = named(&config, "tcp");
    cr_expect(spec->ready.port == 7000 && *spec->ready.text == '\0');
    cr_expect(spec->ready.timeout_ms == 30000 && spec->ready.interval_ms == 200);
    cr_expect(spec->health.port == 7001 && strcmp(spec->health.text, "::1") == 0);
    cr_expect(spec->health.interval_ms == 5000 && spec->health.timeout_ms == 1000);
    cr_expect_eq(spec->health.failures, 3);
    spec = named(&config, "http");
    cr_expect(spec->ready.interval_ms == 50 && spec->ready.kind == PM_PROBE_KIND_HTTP);
    spec = named(&config, "exec");
    cr_expect(spec->health.interval_ms == 60000 && spec->health.failures == 1);
    cr_expect_eq(spec->health_silence_ms, 60000);
    spec = named(&config, "notify");
    cr_expect(spec->ready.kind == PM_PROBE_KIND_NOTIFY && spec->watchdog_ms == 10000);
    spec = named(&config, "after");
    cr_expect(spec->ready.delay_ms == 2000 && spec->ready.timeout_ms == 0);
    cr_expect_eq(spec->restart_max_memory, 1ull << 30);
    pm_config_fini(&config);
}

Test(keys_watch, a_probe_is_inherited_key_by_key)
{
    struct pm_config config = given(
        "defaults: {ready: {timeout: 1m}}\n"
        "groups: {g: {ready: {tcp: 7000}}}\n"
        "processes:\n"
        "  - {name: none, command: x}\n"
        "  - {name: port, group: g, command: x}\n"
        "  - {name: log, group: g, command: x, ready: {log: up}}\n");

    cr_expect_eq(named(&config, "none")->ready.timeout_ms, 0);
    cr_expect_eq(named(&config, "port")->ready.timeout_ms, 60000);
    cr_expect_eq(named(&config, "log")->ready.kind, PM_PROBE_KIND_LOG);
    cr_expect_eq(named(&config, "log")->ready.port, 0);
    pm_config_fini(&config);
}

Test(keys_watch, probes_that_are_wrong_are_told)
{
    static const struct wrong rows[] = {
        { P("ready: yes"), "1:42: ready of process 'p' is a plain value; expected a map such as "
          "{log: first frame}" },
        { P("ready: {timeout: 5s}"), "1:43: ready.timeout of process 'p' means nothing: ready "
          "does not say what is looked at; write log, tcp, http, exec, notify or after" },
        { P("ready: {tcp: 1, log: x}"), "1:51: ready of process 'p' says twice what is looked at; "
          "one of them is enough" },
        { P("ready: {log: x, interval: 1s}"), "1:51: ready.interval of process 'p' means nothing: "
          "only tcp, http and exec are looked at again and again" },
        { P("ready: {tcp: 0}"), "1:48: ready.tcp of process 'p' is '0': a port is a number from 1 "
          "to 65535" },
        { P("ready: {tcp: 65536}"), "1:48: ready.tcp of process 'p' is '65536': a port is a number "
          "from 1 to 65535" },
        { P("ready: {tcp: '::1:80'}"), "1:48: ready.tcp of process 'p' is '::1:80': an address "
          "with colons stands in brackets: \"[::1]:7000\"" },
        { P("ready: {tcp: ':80'}"), "1:48: ready.tcp of process 'p' is ':80': not a host; write a "
          "port, or HOST:PORT" },
        { P("ready: {log: ''}"), "1:48: ready.log of process 'p' is '': a pattern is not empty" },
        { P("ready: {log: '(a'}"), "1:48: ready.log of process 'p' is '(a': not an extended "
          "regular expression, see regex(7)" },
        { P("ready: {log: '((a{99}){99}){99}'}"), "1:48: ready.log of process 'p' is "
          "'((a{99}){99}){99}': its repetitions come to more than 10000" },
        { P("ready: {log: '(a)\\1'}"), "1:48: ready.log of process 'p' is '(a)\\1': "
          "back-references such as \\1 are not searched for" },
        { P("ready: {http: 'https://x/'}"), "1:49: ready.http of process 'p' is 'https://x/': "
          "https is not spoken here; use exec with a command such as curl -fsS URL" },
        { P("ready: {exec: ''}"), "1:49: ready.exec of process 'p' is '': a command is not empty" },
        { P("ready: {notify: false}"), "1:51: ready.notify of process 'p' is 'false': write true; "
          "who is not to say so leaves notify out" },
        { P("ready: {after: 0s}"), "1:50: ready.after of process 'p' is '0s': nothing comes in no "
          "time; write 1ms or more" },
        { P("ready: {tcp: 1, timeout: 0}"), "1:60: ready.timeout of process 'p' is '0': nothing "
          "comes in no time; write 1ms or more" },
        { P("ready: {tcp: 1, failures: 3}"), "1:51: unknown key 'failures' in ready of process "
          "'p'" },
        { P("health: {log: x}"), "1:44: unknown key 'log' in health of process 'p'" },
        { P("health: {tcp: 1, failures: 0}"), "1:62: health.failures of process 'p' is '0': a "
          "number from 1 to 1000" },
        { P("health: {interval: 1s}"), "1:44: health.interval of process 'p' means nothing: "
          "health does not say what is looked at; write tcp, http or exec" },
        { P("health: {silence: 10ms}"), "1:53: health.silence of process 'p' is '10ms': less than "
          "1s" },
        { P("watchdog: 0.5s"), "1:45: watchdog of process 'p' is '0.5s': less than 1s" },
        { P("watchdog: [1s]"), "1:45: watchdog of process 'p' is a list; expected a duration such "
          "as 30s" },
        { P("restart: {max_memory: lots}"), "1:57: restart.max_memory of process 'p' is 'lots': "
          "not a size; write 512MiB or 2G (a bare number is bytes), 0 for no limit" },
        { P("restart: {max_memory: 1k}"), "1:57: restart.max_memory of process 'p' is '1k': less "
          "than 64KiB" },
    };

    then_all_refused(rows, PM_COUNT(rows));
}

Test(keys_watch, what_nothing_heeds_yet_is_refused_by_name)
{
    static const struct pm_key key = { .name = "warp", .where = PM_IN_PROCESS | PM_NOT_YET };
    const struct pm_node node = { .key = "warp" };
    struct pm_report report;
    struct pm_reading reading = { .report = &report, .subject = "process 'p'" };

    pm_report_init(&report, "f", "", 0);
    cr_expect_not(pm_value_served(&reading, &key, &node));
    char *sentence = pm_report_sentence(&report);
    cr_expect_str_eq(sentence, "key 'warp' in process 'p' is not supported by this version");
    free(sentence);
    reading.early = true;
    cr_expect(pm_value_served(&reading, &key, &node));
    pm_report_fini(&report);
}
