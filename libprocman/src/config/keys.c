/* Every key a configuration file may have, one row each.
 *
 * The rows stand in the order of the manual page, which is also the order in which export
 * writes them. A key of a map inside a process is one dotted name here: nothing but
 * config.c's walk through the maps knows that `restart.delay` is written in two steps.
 */
#include "config/keys.h"

#include <procman/codec.h>
#include <procman/suggest.h>

#include <stdio.h>
#include <string.h>

#define OWN      PM_IN_PROCESS
#define NOT_YET  PM_NOT_YET
#define SHARED   (PM_IN_PROCESS | PM_IN_DEFAULTS)
#define MEMBER(name) offsetof(struct pm_spec, name)
#define LIVE     PM_EFFECT_LIVE
#define IDENTITY PM_EFFECT_IDENTITY
#define RESTART  PM_EFFECT_RESTART

const struct pm_key pm_keys[] = {
    { "include", PM_IN_FILE, PM_VALUE_PART, 0, LIVE, NULL,
      "other files that are read as if they stood here" },
    { "deputies", PM_IN_FILE, PM_VALUE_PART, 0, LIVE, NULL,
      "the deputies that are expected to come" },
    { "defaults", PM_IN_FILE, PM_VALUE_PART, 0, LIVE, NULL, "keys that every process begins with" },
    { "groups", PM_IN_FILE, PM_VALUE_PART, 0, LIVE, NULL,
      "for each group path, keys that every process in it or below begins with" },
    { "processes", PM_IN_FILE, PM_VALUE_PART, 0, LIVE, NULL, "the processes" },
    { "scripts", PM_IN_FILE, PM_VALUE_PART, 0, LIVE, NULL,
      "for each name, steps that are done one after the other" },
    { "name", PM_IN_DEPUTY, PM_VALUE_PART, 0, LIVE, NULL, "a deputy's name" },
    { "aliases", PM_IN_DEPUTY, PM_VALUE_PART, 0, LIVE, NULL,
      "other names for it in this file" },

    { "name", OWN, PM_VALUE_NAME, MEMBER(name), IDENTITY, NULL,
      "what the process is called" },
    { "group", OWN, PM_VALUE_GROUP, MEMBER(group), IDENTITY, NULL,
      "the group it belongs to" },
    { "host", OWN, PM_VALUE_HOST, MEMBER(host), IDENTITY, NULL,
      "the deputy that runs it" },
    { "hosts", OWN, PM_VALUE_HOSTS, 0, IDENTITY, NULL,
      "the deputies that run it, each one of its own" },
    { "instances", OWN, PM_VALUE_INSTANCES, MEMBER(instances), LIVE, "1",
      "how many of it there are, called NAME:0, NAME:1 and so on" },
    { "command", OWN, PM_VALUE_COMMAND, MEMBER(command), RESTART, NULL,
      "what to run, as one line for sh" },
    { "exec", OWN, PM_VALUE_WORDS, MEMBER(exec), RESTART, NULL,
      "what to run, as the list of program and arguments" },
    { "working_dir", SHARED, PM_VALUE_DIRECTORY, MEMBER(working_dir), RESTART, "/",
      "the directory it runs in" },
    { "env", SHARED, PM_VALUE_VARIABLES, MEMBER(env), RESTART, NULL,
      "environment variables, added to the deputy's" },
    { "env_file", SHARED, PM_VALUE_FILE, MEMBER(env_file), RESTART, NULL,
      "a file on the deputy with more environment variables" },
    { "run_as.user", SHARED, PM_VALUE_USER, MEMBER(run_as_user), RESTART, NULL,
      "the user it runs as" },
    { "run_as.group", SHARED, PM_VALUE_USER, MEMBER(run_as_group), RESTART, NULL,
      "the group of users it runs as" },
    { "umask", SHARED, PM_VALUE_MASK, MEMBER(umask), RESTART, NULL,
      "the permissions its new files do not get" },
    { "nice", SHARED, PM_VALUE_NICE, MEMBER(nice), RESTART, "0",
      "how much it lets others go first" },
    { "limits", SHARED, PM_VALUE_LIMITS, MEMBER(limits), RESTART, NULL,
      "resource limits of each of its processes" },
    { "cgroup.memory_max", SHARED, PM_VALUE_MEMORY, MEMBER(memory_max), RESTART, "0",
      "the memory that it and its children may use" },
    { "cgroup.cpu_max", SHARED, PM_VALUE_PERCENT, MEMBER(cpu_max), RESTART, "0",
      "the processor time that it and its children may use" },
    { "cgroup.pids_max", SHARED, PM_VALUE_PIDS, MEMBER(pids_max), RESTART, "0",
      "how many processes and threads it may have" },
    { "autostart", SHARED, PM_VALUE_BOOL, MEMBER(autostart), LIVE, "true",
      "start it when the file is applied and when its deputy begins" },
    { "depends_on", SHARED, PM_VALUE_DEPENDENCIES, MEMBER(depends_on), LIVE, NULL,
      "the processes it waits for before it is started" },
    { "process", PM_IN_DEPENDENCY, PM_VALUE_REFERENCE, offsetof(struct pm_dependency, process),
      LIVE, NULL, "the process that is waited for: NAME, GROUP/NAME, each with @HOST or without" },
    { "when", PM_IN_DEPENDENCY, PM_VALUE_WHEN, offsetof(struct pm_dependency, when), LIVE, "ready",
      "what it must be" },
    { "on_failure", PM_IN_DEPENDENCY, PM_VALUE_IF_FAILED,
      offsetof(struct pm_dependency, on_failure), LIVE, "fail",
      "what it means that it will not come to that" },
    { "restart_with", PM_IN_DEPENDENCY, PM_VALUE_BOOL,
      offsetof(struct pm_dependency, restart_with), LIVE, "false",
      "restart after it was restarted" },
    { "stop_with", PM_IN_DEPENDENCY, PM_VALUE_BOOL, offsetof(struct pm_dependency, stop_with),
      LIVE, "false", "stop before it is stopped" },
    { "ready.log", SHARED, PM_VALUE_LOG, MEMBER(ready), LIVE, NULL,
      "it is ready when a line of its output matches" },
    { "ready.tcp", SHARED, PM_VALUE_TCP, MEMBER(ready), LIVE, NULL,
      "it is ready when this port accepts a connection" },
    { "ready.http", SHARED, PM_VALUE_HTTP, MEMBER(ready), LIVE, NULL,
      "it is ready when this URL answers well" },
    { "ready.exec", SHARED, PM_VALUE_EXEC, MEMBER(ready), LIVE, NULL,
      "it is ready when this command ends with 0" },
    { "ready.notify", SHARED, PM_VALUE_NOTIFY, MEMBER(ready), RESTART, NULL,
      "it is ready when it says so, as services of systemd do" },
    { "ready.after", SHARED, PM_VALUE_AFTER, MEMBER(ready), LIVE, NULL,
      "it is ready this long after its start" },
    { "ready.timeout", SHARED, PM_VALUE_PATIENCE, MEMBER(ready.timeout_ms), LIVE, "30s",
      "how long it may take to be ready" },
    { "ready.interval", SHARED, PM_VALUE_PATIENCE, MEMBER(ready.interval_ms), LIVE,
      "200ms", "how often one looks whether it is ready" },
    { "health.tcp", SHARED, PM_VALUE_TCP, MEMBER(health), LIVE, NULL,
      "it is well while this port accepts connections" },
    { "health.http", SHARED, PM_VALUE_HTTP, MEMBER(health), LIVE, NULL,
      "it is well while this URL answers well" },
    { "health.exec", SHARED, PM_VALUE_EXEC, MEMBER(health), LIVE, NULL,
      "it is well while this command ends with 0" },
    { "health.interval", SHARED, PM_VALUE_PATIENCE, MEMBER(health.interval_ms), LIVE,
      "5s", "how often one looks whether it is well" },
    { "health.timeout", SHARED, PM_VALUE_PATIENCE, MEMBER(health.timeout_ms), LIVE, "1s",
      "how long one look may take" },
    { "health.failures", SHARED, PM_VALUE_FAILURES, MEMBER(health.failures), LIVE, "3",
      "so many bad looks in a row, and it is restarted" },
    { "health.silence", SHARED, PM_VALUE_SPAN, MEMBER(health_silence_ms), LIVE, "0",
      "it is restarted when it wrote nothing for so long" },
    { "watchdog", SHARED, PM_VALUE_SPAN, MEMBER(watchdog_ms), RESTART, "0",
      "it is restarted when it gave no sign of life for so long" },
    { "auto_restart", SHARED, PM_VALUE_AUTO_RESTART, MEMBER(auto_restart), LIVE, "no",
      "when it comes back by itself" },
    { "restart.delay", SHARED, PM_VALUE_DURATION, MEMBER(restart_delay_ms), LIVE, "10ms",
      "the pause before the first restart" },
    { "restart.max_delay", SHARED, PM_VALUE_DURATION, MEMBER(restart_max_delay_ms), LIVE, "1s",
      "the longest pause" },
    { "restart.factor", SHARED, PM_VALUE_FACTOR, MEMBER(restart_factor), LIVE, "2",
      "how much longer each pause is than the one before" },
    { "restart.jitter", SHARED, PM_VALUE_SHARE, MEMBER(restart_jitter), LIVE, "0.1",
      "the share of a pause that is left to chance" },
    { "restart.settle", SHARED, PM_VALUE_DURATION, MEMBER(restart_settle_ms), LIVE, "10s",
      "a life this long forgives all failures before it" },
    { "restart.max_failures", SHARED, PM_VALUE_COUNT, MEMBER(restart_max_failures), LIVE, "0",
      "so many failures in a row are final" },
    { "restart.success_codes", SHARED, PM_VALUE_CODES, MEMBER(success_codes), LIVE, NULL,
      "the exit codes that are a success" },
    { "restart.max_memory", SHARED, PM_VALUE_MEMORY, MEMBER(restart_max_memory), LIVE,
      "0", "it is restarted when it and its children use more memory" },
    { "stop.signal", SHARED, PM_VALUE_SIGNAL, MEMBER(stop_signal), LIVE, "TERM",
      "the signal that asks it to end" },
    { "stop.timeout", SHARED, PM_VALUE_DURATION, MEMBER(stop_timeout_ms), LIVE, "10s",
      "how long it may take before it is killed" },
    { "output.max_size", SHARED, PM_VALUE_SIZE, MEMBER(output_max_bytes), LIVE, "10MiB",
      "the size at which its output file is rotated" },
    { "output.keep", SHARED, PM_VALUE_KEEP, MEMBER(output_keep), LIVE, "5",
      "how many rotated files are kept" },
    { "output.pty", SHARED, PM_VALUE_BOOL, MEMBER(output_pty), RESTART, "false",
      "write to a terminal of its own, not to pipes" },
    { "on_sheriff_loss", SHARED, PM_VALUE_LOSS, MEMBER(sheriff_loss_ms), LIVE, "keep",
      "what to do when the sheriff is not heard" },
    { "essential", SHARED, PM_VALUE_BOOL, MEMBER(essential), LIVE, "false",
      "when it fails for good, `up` ends with its exit code" },
    { "schedule", OWN, PM_VALUE_SCHEDULE, MEMBER(schedule), LIVE, NULL,
      "the minutes at which it is started" },
    { "time_zone", SHARED, PM_VALUE_ZONE, MEMBER(time_zone), LIVE, NULL,
      "the time zone of its schedule" },
    { "every", OWN, PM_VALUE_SPAN, MEMBER(every_ms), LIVE, "0",
      "started again and again, so far apart" },
    { "overlap", SHARED, PM_VALUE_OVERLAP, MEMBER(overlap), LIVE, "skip",
      "what to do when it is to be started by time and still runs" },
    { "labels", SHARED, PM_VALUE_LABELS, MEMBER(labels), LIVE, NULL,
      "words of your own about it" },

    { "start", PM_IN_STEP, PM_VALUE_SELECT, offsetof(struct pm_step, select), LIVE, NULL,
      "start these processes, named by selectors" },
    { "stop", PM_IN_STEP, PM_VALUE_SELECT, offsetof(struct pm_step, select), LIVE, NULL,
      "stop these processes" },
    { "restart", PM_IN_STEP, PM_VALUE_SELECT, offsetof(struct pm_step, select), LIVE, NULL,
      "restart these processes" },
    { "sleep", PM_IN_STEP, PM_VALUE_PATIENCE, offsetof(struct pm_step, sleep_ms), LIVE, NULL,
      "let so much time pass" },
    { "run", PM_IN_STEP, PM_VALUE_SCRIPT, offsetof(struct pm_step, script), LIVE, NULL,
      "do the steps of another script" },
    { "parallel", PM_IN_STEP, PM_VALUE_STEPS, 0, LIVE, NULL,
      "do these steps at once, until all of them are done" },
    { "wait", PM_IN_STEP, PM_VALUE_WAIT, offsetof(struct pm_step, wait), LIVE, "no",
      "what start, stop and restart wait for" },
    { "timeout", PM_IN_STEP, PM_VALUE_PATIENCE, offsetof(struct pm_step, timeout_ms), LIVE, NULL,
      "how long the step may take" },
    { "on_failure", PM_IN_STEP, PM_VALUE_STEP_FAILURE, offsetof(struct pm_step, on_failure), LIVE,
      "abort", "what happens when it fails" },
};
const size_t pm_keys_n = PM_COUNT(pm_keys);

const struct pm_key *pm_key_find(const char *name, unsigned where)
{
    for (size_t i = 0; i < PM_COUNT(pm_keys); i++)
        if ((pm_keys[i].where & where) != 0 && pm_keys[i].name[0] == name[0] && /* most are not */
            strcmp(pm_keys[i].name, name) == 0)
            return &pm_keys[i];
    return NULL;
}

bool pm_key_is_section(const char *name, unsigned where)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < PM_COUNT(pm_keys); i++)
        if ((pm_keys[i].where & where) != 0 && strncmp(pm_keys[i].name, name, n) == 0 &&
            pm_keys[i].name[n] == '.')
            return true;
    return false;
}

const char *pm_key_suggest(const char *prefix, const char *wrong, unsigned where, char *to)
{
    char steps[PM_COUNT(pm_keys)][PM_KEY_SIZE];
    struct pm_suggest nearest = { .wrong = wrong };
    size_t n = strlen(prefix);

    for (size_t i = 0; i < PM_COUNT(pm_keys); i++) {
        const char *rest = pm_keys[i].name + n;
        if ((pm_keys[i].where & where) == 0 || (pm_keys[i].where & PM_NOT_YET) != 0 ||
            strncmp(pm_keys[i].name, prefix, n) != 0)
            continue;
        snprintf(steps[i], PM_KEY_SIZE, "%.*s", (int)strcspn(rest, "."), rest);
        pm_suggest_try(&nearest, steps[i]);
        if (strchr(wrong, '.') != NULL)
            pm_suggest_try(&nearest, rest);
    }
    if (nearest.best == NULL)
        return NULL;
    snprintf(to, PM_KEY_SIZE, "%s", nearest.best);
    return to;
}

enum pm_probe_kind pm_key_probe(const struct pm_key *key)
{
    switch (key->value) {
    case PM_VALUE_LOG:    return PM_PROBE_KIND_LOG;
    case PM_VALUE_TCP:    return PM_PROBE_KIND_TCP;
    case PM_VALUE_HTTP:   return PM_PROBE_KIND_HTTP;
    case PM_VALUE_EXEC:   return PM_PROBE_KIND_EXEC;
    case PM_VALUE_NOTIFY: return PM_PROBE_KIND_NOTIFY;
    case PM_VALUE_AFTER:  return PM_PROBE_KIND_AFTER;
    default:              return PM_PROBE_KIND_NONE;
    }
}

/* Several keys share what a probe looks at: each speaks of its own kind only. */
static bool same_target(enum pm_probe_kind kind, const struct pm_probe *a,
                        const struct pm_probe *b)
{
    if (a->kind != kind || b->kind != kind)
        return a->kind != kind && b->kind != kind;
    return strcmp(a->text != NULL ? a->text : "", b->text != NULL ? b->text : "") == 0 &&
           a->port == b->port && a->delay_ms == b->delay_ms;
}

/* The last field that begins there or before; the members of a struct are in the fields' order. */
static const struct pm_field *field_at(const struct pm_desc *desc, size_t offset)
{
    size_t low = 0, high = desc->n;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (desc->fields[middle].offset <= offset)
            low = middle;
        else
            high = middle;
    }
    return &desc->fields[low];
}

/* The member at that offset, of the struct or of a part in it. */
static bool same_member(const struct pm_desc *desc, size_t offset, const void *a, const void *b)
{
    const struct pm_field *field = field_at(desc, offset);

    if (field->kind == PM_KIND_ONE)
        return same_member(field->part, offset - field->offset, (const char *)a + field->offset,
                           (const char *)b + field->offset);
    pm_assert(field->offset == offset); /* every key of a process has its field */
    return pm_same(&(struct pm_desc){ .fields = field, .n = 1 }, a, b);
}

bool pm_key_same(const struct pm_key *key, const struct pm_spec *a, const struct pm_spec *b)
{
    enum pm_probe_kind kind = pm_key_probe(key);
    const void *in_a = (const char *)a + key->offset, *in_b = (const char *)b + key->offset;

    if (key->value == PM_VALUE_HOSTS)
        return true; /* each spec has one host, which is another key */
    if (kind != PM_PROBE_KIND_NONE)
        return same_target(kind, in_a, in_b);
    return same_member(&pm_spec_desc, key->offset, a, b);
}
