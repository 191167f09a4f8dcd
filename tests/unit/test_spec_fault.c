/* A spec off the wire, judged: what no file could have said is refused with a sentence. */
#include <criterion/criterion.h>
#include <procman/limits.h>
#include <procman/spec.h>

static struct pm_spec given_spec(void)
{
    struct pm_spec spec;

    pm_spec_init(&spec);
    spec.name = "cam";
    spec.command = "camd";
    return spec;
}

/* ---- one thing wrong with it each ---- */

static struct pm_dependency dependencies[2];

static void waits_for(struct pm_spec *spec, struct pm_dependency other)
{
    dependencies[0] = other;
    spec->depends_on = (struct pm_dependency_list){ .at = dependencies, .n = 1 };
}

static void waits_for_nobody(struct pm_spec *spec)
{
    waits_for(spec, (struct pm_dependency){ .process = NULL });
}

static void waits_for_itself(struct pm_spec *spec)
{
    waits_for(spec, (struct pm_dependency){ .process = "cam" });
}

static void waits_in_no_group(struct pm_spec *spec)
{
    waits_for(spec, (struct pm_dependency){ .process = "a", .group = "/" });
}

static void waits_on_no_host(struct pm_spec *spec)
{
    waits_for(spec, (struct pm_dependency){ .process = "a", .host = "a/b" });
}

static struct pm_probe tcp(uint64_t port)
{
    return (struct pm_probe){ .kind = PM_PROBE_KIND_TCP, .text = "", .port = port,
                              .timeout_ms = 1000, .interval_ms = 1000, .failures = 1 };
}

static void no_port(struct pm_spec *spec) { spec->ready = tcp(0); }
static void past_ports(struct pm_spec *spec) { spec->health = tcp(65536); }

static void never_ready(struct pm_spec *spec)
{
    spec->ready = tcp(1);
    spec->ready.timeout_ms = 0;
}

static void looks_all_the_time(struct pm_spec *spec)
{
    spec->ready = tcp(1);
    spec->ready.interval_ms = 0;
}

static void blank_host(struct pm_spec *spec)
{
    spec->ready = tcp(1);
    spec->ready.text = "a b";
}

static void healthy_by_log(struct pm_spec *spec)
{
    spec->health = tcp(1);
    spec->health.kind = PM_PROBE_KIND_LOG;
    spec->health.text = "x";
}

static void never_ill(struct pm_spec *spec)
{
    spec->health = tcp(1);
    spec->health.failures = 0;
}

static void probe(struct pm_spec *spec, enum pm_probe_kind kind, const char *text)
{
    spec->ready = (struct pm_probe){ .kind = kind, .text = text, .timeout_ms = 1000,
                                     .interval_ms = 1000 };
}

static void no_pattern(struct pm_spec *spec) { probe(spec, PM_PROBE_KIND_LOG, NULL); }
static void bad_pattern(struct pm_spec *spec) { probe(spec, PM_PROBE_KIND_LOG, "(a"); }
static void bomb(struct pm_spec *spec) { probe(spec, PM_PROBE_KIND_LOG, "((a{255}){255}){255}"); }
static void no_url(struct pm_spec *spec) { probe(spec, PM_PROBE_KIND_HTTP, "localhost:80"); }
static void no_command(struct pm_spec *spec) { probe(spec, PM_PROBE_KIND_EXEC, ""); }
static void open_quote(struct pm_spec *spec) { probe(spec, PM_PROBE_KIND_EXEC, "test '"); }
static void at_once(struct pm_spec *spec) { probe(spec, PM_PROBE_KIND_AFTER, ""); }
static void short_silence(struct pm_spec *spec) { spec->health_silence_ms = 999; }
static void short_watchdog(struct pm_spec *spec) { spec->watchdog_ms = 1; }
static void long_watchdog(struct pm_spec *spec) { spec->watchdog_ms = UINT64_MAX; }
static void little_memory(struct pm_spec *spec) { spec->restart_max_memory = 1; }
static void relative_env(struct pm_spec *spec) { spec->env_file = "x"; }
static void mask_not_given(struct pm_spec *spec) { spec->umask = 022; }
static void long_mask(struct pm_spec *spec) { spec->umask = 03022; }
static void too_nice(struct pm_spec *spec) { spec->nice = 20; }
static void too_dear(struct pm_spec *spec) { spec->nice = INT64_MIN; }
static void tiny_group(struct pm_spec *spec) { spec->memory_max = 4096; }
static void many_cores(struct pm_spec *spec) { spec->cpu_max = 100001; }
static void many_pids(struct pm_spec *spec) { spec->pids_max = UINT64_MAX; }

static struct pm_limit limits[2];

static void limited(struct pm_spec *spec, struct pm_limit one, struct pm_limit other)
{
    limits[0] = one;
    limits[1] = other;
    spec->limits = (struct pm_limit_list){ .at = limits, .n = 2 };
}

static void unknown_limit(struct pm_spec *spec)
{
    limited(spec, (struct pm_limit){ .name = "core" }, (struct pm_limit){ .name = "files" });
}

static void soft_above_hard(struct pm_spec *spec)
{
    limited(spec, (struct pm_limit){ .name = "core", .soft = 2, .hard = 1 },
            (struct pm_limit){ .name = "cpu" });
}

static void unsorted_limits(struct pm_spec *spec)
{
    limited(spec, (struct pm_limit){ .name = "cpu" }, (struct pm_limit){ .name = "core" });
}

static void unsorted_labels(struct pm_spec *spec)
{
    static struct pm_var labels[] = { { .name = "b", .value = "" }, { .name = "a", .value = "" } };
    spec->labels = (struct pm_var_list){ .at = labels, .n = 2 };
}

static void bad_schedule(struct pm_spec *spec) { spec->schedule = "* * *"; }
static void bad_zone(struct pm_spec *spec) { spec->time_zone = "../etc"; }
static void too_often(struct pm_spec *spec) { spec->every_ms = 1; }

static void two_times(struct pm_spec *spec)
{
    spec->schedule = "0 0 * * *";
    spec->every_ms = 1000;
}

static void many_instances(struct pm_spec *spec) { spec->instances = 1001; }
static void instance_of_none(struct pm_spec *spec) { spec->instance = 1; }
static void instance_without_number(struct pm_spec *spec) { spec->instances = 2; }

static void wrong_number(struct pm_spec *spec)
{
    spec->name = "cam:0";
    spec->instances = 2;
    spec->instance = 1;
}

static void past_instances(struct pm_spec *spec)
{
    spec->name = "cam:2";
    spec->instances = 2;
    spec->instance = 2;
}

Test(spec_fault, is_found_and_told)
{
    static void (*const break_it[])(struct pm_spec *) = {
        waits_for_nobody, waits_for_itself, waits_in_no_group, waits_on_no_host, no_port,
        past_ports, never_ready, looks_all_the_time, blank_host, healthy_by_log, never_ill,
        no_pattern, bad_pattern, bomb, no_url, no_command, open_quote, at_once, short_silence,
        short_watchdog, long_watchdog, little_memory, relative_env, mask_not_given, long_mask,
        too_nice, too_dear, tiny_group, many_cores, many_pids, unknown_limit, soft_above_hard,
        unsorted_limits, unsorted_labels, bad_schedule, bad_zone, too_often, two_times,
        many_instances, instance_of_none, instance_without_number, wrong_number, past_instances,
    };

    for (size_t i = 0; i < PM_COUNT(break_it); i++) {
        struct pm_spec spec = given_spec();
        cr_expect_null(pm_spec_fault(&spec));
        break_it[i](&spec);
        const char *fault = pm_spec_fault(&spec);
        cr_assert_not_null(fault, "row %zu", i);
        cr_expect_gt(strlen(fault), 8, "row %zu: %s", i, fault);
    }
}

Test(spec_fault, is_none_where_all_is_well)
{
    struct pm_spec spec = given_spec();

    spec.name = "cam:1";
    spec.instances = 2;
    spec.instance = 1;
    spec.ready = spec.health = tcp(7000);
    spec.umask = 01000;
    spec.nice = -20;
    spec.schedule = "0 4 * * *";
    spec.time_zone = "Europe/Berlin";
    limited(&spec, (struct pm_limit){ .name = "core", .soft = 0, .hard = PM_UNLIMITED },
            (struct pm_limit){ .name = "nofile", .soft = 1, .hard = 1 });
    waits_for(&spec, (struct pm_dependency){ .process = "cam:0" });
    cr_expect_null(pm_spec_fault(&spec), "%s", pm_spec_fault(&spec));
}
