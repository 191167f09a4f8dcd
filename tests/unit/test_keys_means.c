/* The means of a process and its times in a file: env_file, umask, nice, limits, cgroup, labels,
 * essential, schedule, every; what is right, and the exact words for what is not. */
#include "language.h"

#include <procman/limits.h>
#include <procman/spec.h>

static struct pm_config given_keys(const char *keys)
{
    char *text = pm_printf(P("%s"), keys);
    struct pm_config config = given(text);

    free(text);
    return config;
}

Test(keys_means, each_is_read)
{
    struct pm_config config = given_keys(
        "env_file: /etc/robot.env, umask: 027, nice: -5, essential: true, "
        "cgroup: {memory_max: 2G, cpu_max: 150%, pids_max: 200}, labels: {team: arm, a: ''}, "
        "limits: {nofile: 4096, core: unlimited, stack: {soft: 8MiB, hard: unlimited}}");
    const struct pm_spec *spec = &config.specs.at[0];

    cr_expect_str_eq(spec->env_file, "/etc/robot.env");
    cr_expect_eq(spec->umask, 01027);
    cr_expect_eq(spec->nice, -5);
    cr_expect(spec->essential);
    cr_expect_eq(spec->memory_max, 2ull << 30);
    cr_expect(spec->cpu_max == 150 && spec->pids_max == 200);
    cr_assert_eq(spec->labels.n, 2);
    cr_expect_str_eq(spec->labels.at[0].name, "a");
    cr_expect_str_eq(spec->labels.at[1].value, "arm");
    cr_assert_eq(spec->limits.n, 3);
    cr_expect_str_eq(spec->limits.at[0].name, "core");
    cr_expect_eq(spec->limits.at[0].hard, PM_UNLIMITED);
    cr_expect(spec->limits.at[1].soft == 4096 && spec->limits.at[1].hard == 4096);
    cr_expect(spec->limits.at[2].soft == 8 << 20 && spec->limits.at[2].hard == PM_UNLIMITED);
    pm_config_fini(&config);
}

Test(keys_means, limits_and_labels_are_inherited_one_by_one)
{
    struct pm_config config = given("defaults: {limits: {core: 0, nofile: 10}, labels: {a: b}}\n"
                                    "processes: [{name: p, command: x, labels: {c: d},\n"
                                    "             limits: {nofile: 20}}]");
    const struct pm_spec *spec = &config.specs.at[0];

    cr_expect_eq(spec->labels.n, 2);
    cr_assert_eq(spec->limits.n, 2);
    cr_expect_eq(spec->limits.at[0].soft, 0);
    cr_expect_eq(spec->limits.at[1].soft, 20);
    pm_config_fini(&config);
}

Test(keys_means, who_says_nothing_is_as_before_there_were_these_keys)
{
    struct pm_config config = given_keys("nice: 0, cgroup: {memory_max: 0}, overlap: skip, "
                                         "instances: 1, every: 0");
    struct pm_spec plain;

    pm_spec_init(&plain);
    plain.name = "p";
    plain.command = "x";
    cr_expect_eq(pm_spec_hash(&plain), pm_spec_hash(&config.specs.at[0]));
    pm_config_fini(&config);
}

Test(keys_means, that_are_wrong_are_told)
{
    static const struct wrong rows[] = {
        { P("env_file: robot.env"), "1:45: env_file of process 'p' is 'robot.env': a file is given "
          "from the root, with a '/' first" },
        { P("umask: 0999"), "1:42: umask of process 'p' is '0999': a mask is three octal digits, "
          "such as 022" },
        { P("umask: 22"), "1:42: umask of process 'p' is '22': a mask is three octal digits, such "
          "as 022" },
        { P("umask: 1022"), "1:42: umask of process 'p' is '1022': a mask is three octal digits, "
          "such as 022" },
        { P("nice: 20"), "1:41: nice of process 'p' is '20': a number from -20, which is dear, to "
          "19" },
        { P("nice: -21"), "1:41: nice of process 'p' is '-21': a number from -20, which is dear, "
          "to 19" },
        { P("nice: low"), "1:41: nice of process 'p' is 'low': not a whole number" },
        { P("limits: 5"), "1:43: limits of process 'p' is a plain value; expected a map such as "
          "{nofile: 4096}" },
        { P("limits: {files: 5}"), "1:44: limit 'files' of process 'p': there is no such limit; "
          "they are as, core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, "
          "rss, rtprio, rttime, sigpending and stack" },
        { P("limits: {nofile: many}"), "1:52: limit 'nofile' of process 'p' is 'many': not a "
          "limit; write a whole number or unlimited" },
        { P("limits: {core: many}"), "1:50: limit 'core' of process 'p' is 'many': not a limit; "
          "write a size such as 8MiB, or unlimited" },
        { P("limits: {core: {soft: 1}}"), "1:50: limit 'core' has two keys, soft and hard" },
        { P("limits: {core: {soft: 2, hard: 1}}"), "1:57: limit 'core' of process 'p' is '2': the "
          "soft limit is above the hard one" },
        { P("cgroup: {memory_max: much}"), "1:56: cgroup.memory_max of process 'p' is 'much': not "
          "a size; write 512MiB or 2G (a bare number is bytes), 0 for no limit" },
        { P("cgroup: {memory_max: 1}"), "1:56: cgroup.memory_max of process 'p' is '1': less than "
          "64KiB" },
        { P("cgroup: {cpu_max: 150}"), "1:53: cgroup.cpu_max of process 'p' is '150': not a share "
          "of a core; write 150%, 0 for no limit" },
        { P("cgroup: {cpu_max: 100001%}"), "1:53: cgroup.cpu_max of process 'p' is '100001%': more "
          "than 100000%, a thousand cores" },
        { P("cgroup: {pids_max: 5000000}"), "1:54: cgroup.pids_max of process 'p' is '5000000': "
          "more than 4194304, which Linux cannot have" },
        { P("labels: [a]"), "1:43: labels of process 'p' is a list; expected a map such as {team: "
          "perception}" },
        { P("labels: {a=b: c}"), "1:44: label 'a=b' of process 'p': a variable's name has no '=' "
          "in it" },
        { P("essential: 1"), "1:46: essential of process 'p' is '1': not a boolean here; write "
          "true, without quotes" },
    };

    then_all_refused(rows, PM_COUNT(rows));
}

/* ---- times ---- */

Test(keys_means, times_are_read)
{
    struct pm_config config = given_keys("schedule: '*/5 8-18 * jan,dec mon-fri', overlap: queue, "
                                         "time_zone: Europe/Berlin");
    const struct pm_spec *spec = &config.specs.at[0];

    cr_expect_str_eq(spec->schedule, "*/5 8-18 * jan,dec mon-fri");
    cr_expect_str_eq(spec->time_zone, "Europe/Berlin");
    cr_expect_eq(spec->overlap, PM_OVERLAP_QUEUE);
    pm_config_fini(&config);
    config = given_keys("every: 30s, overlap: replace");
    cr_expect_eq(config.specs.at[0].every_ms, 30000);
    cr_expect_eq(config.specs.at[0].overlap, PM_OVERLAP_REPLACE);
    pm_config_fini(&config);
}

Test(keys_means, times_that_are_wrong_are_told_at_their_field)
{
    static const struct wrong rows[] = {
        { P("schedule: '* * * *'"), "1:53: schedule of process 'p' is '* * * *': a schedule has "
          "five fields: minute, hour, day, month and weekday" },
        { P("schedule: '* * * * * *'"), "1:56: schedule of process 'p' is '* * * * * *': a "
          "schedule has five fields: minute, hour, day, month and weekday" },
        { P("schedule: '60 * * * *'"), "1:46: schedule of process 'p' is '60 * * * *': a minute "
          "is a number from 0 to 59" },
        { P("schedule: 0 24 * * *"), "1:47: schedule of process 'p' is '0 24 * * *': an hour is a "
          "number from 0 to 23" },
        { P("schedule: 0 0 0 * *"), "1:49: schedule of process 'p' is '0 0 0 * *': a day is a "
          "number from 1 to 31" },
        { P("schedule: 0 0 1 june *"), "1:51: schedule of process 'p' is '0 0 1 june *': a month "
          "is a number from 1 to 12, or jan to dec" },
        { P("schedule: 0 0 1 1 8"), "1:53: schedule of process 'p' is '0 0 1 1 8': a weekday is a "
          "number from 0 to 7, or sun to sat; 0 and 7 are Sunday" },
        { P("schedule: 9-5 * * * *"), "1:45: schedule of process 'p' is '9-5 * * * *': a range "
          "goes from low to high" },
        { P("schedule: 5/5 * * * *"), "1:45: schedule of process 'p' is '5/5 * * * *': a step is "
          "a number from 1 on, behind '*' or a range: */5, 8-18/2" },
        { P("schedule: 0 0 30 feb *"), "1:45: schedule of process 'p' is '0 0 30 feb *': that day "
          "never comes: none of these months has it" },
        { P("every: 1s, schedule: 0 0 1 1 1"), "1:46: process 'p' has both schedule and every; one "
          "of them says when it is started" },
        { P("every: 10ms"), "1:42: every of process 'p' is '10ms': less than 1s" },
        { P("overlap: kill"), "1:44: overlap of process 'p' is 'kill': write skip, queue or "
          "replace" },
        { P("time_zone: /etc"), "1:46: time_zone of process 'p' is '/etc': not a time zone; write "
          "a name such as Europe/Berlin or UTC" },
    };

    then_all_refused(rows, PM_COUNT(rows));
}

/* ---- many of one ---- */

Test(keys_means, hosts_and_instances_make_many_of_one)
{
    struct pm_config config = given("deputies: [lab1, {name: lab2, aliases: [r2.lan]}, other]\n"
                                    "processes:\n"
                                    "  - {name: p, hosts: [other, 'lab*', r2.lan], command: x}\n"
                                    "  - {name: q, host: r2.lan, command: x, instances: 2}\n"
                                    "  - {name: 'r:1', hosts: [localhost], command: x,\n"
                                    "     instances: 3}\n");
    static const char *const labels[] = { "p@lab1", "p@lab2", "p@other", "q:0@lab2", "q:1@lab2",
                                          "r:1" };

    cr_assert_eq(config.specs.n, PM_COUNT(labels));
    for (size_t i = 0; i < config.specs.n; i++) {
        const struct pm_spec *spec = &config.specs.at[i];
        char text[PM_LABEL_SIZE];
        cr_expect_str_eq(pm_spec_label("", spec->name, spec->host, text, sizeof(text)), labels[i]);
        cr_expect_null(pm_spec_fault(spec));
    }
    cr_expect_eq(config.specs.at[4].instance, 1);
    cr_expect_eq(config.specs.at[4].instances, 2);
    cr_expect(config.specs.at[5].instance == 1 && config.specs.at[5].instances == 3);
    pm_config_fini(&config);
}

Test(keys_means, many_of_one_that_are_wrong_are_told)
{
    static const struct wrong rows[] = {
        { P("hosts: []"), "1:42: hosts of process 'p' needs at least one deputy" },
        { P("hosts: r1"), "1:42: hosts of process 'p' is a plain value; expected a list such as "
          "[robot1, \"lab*\"]" },
        { P("hosts: ['lab*']"), "1:43: hosts of process 'p' is 'lab*': none of the deputies in "
          "this file is called so; name them under 'deputies'" },
        { P("hosts: [a/b]"), "1:43: hosts of process 'p' is 'a/b': a name has no '/' and no '@' "
          "in it" },
        { P("host: a, hosts: [b]"), "1:44: process 'p' has both host and hosts; one of them says "
          "where it runs" },
        { P("instances: 0"), "1:46: instances of process 'p' is '0': a number from 1 to 1000" },
        { P("instances: 1001"), "1:46: instances of process 'p' is '1001': a number from 1 to "
          "1000" },
        { "processes: [{name: 'p:3', command: x, instances: 3}]", "1:13: process 'p:3' is called "
          "as one that is not among its 3 instances, which are counted from 0" },
        { "processes:\n - {name: p, command: x, instances: 2}\n - {name: 'p:1', command: y}",
          "3:4: process 'p:1' is there twice; the first is on line 2" },
        { "deputies: [{name: a, aliases: [b]}, {name: c, aliases: [b]}]\nprocesses: []",
          "1:57: alias 'b': another deputy is called so, too" },
        { "deputies: [{name: a, aliases: [localhost]}]\nprocesses: []",
          "1:32: alias 'localhost': that is every machine's own name" },
    };

    then_all_refused(rows, PM_COUNT(rows));
}
