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
#define SHARED   (PM_IN_PROCESS | PM_IN_DEFAULTS)
#define MEMBER(name) offsetof(struct pm_spec, name)
#define LIVE     PM_EFFECT_LIVE
#define IDENTITY PM_EFFECT_IDENTITY
#define RESTART  PM_EFFECT_RESTART

const struct pm_key pm_keys[] = {
    { "deputies", PM_IN_FILE, PM_VALUE_PART, 0, LIVE, NULL,
      "the deputies that are expected to come" },
    { "name", PM_IN_DEPUTY, PM_VALUE_PART, 0, LIVE, NULL, "a deputy's name" },
    { "defaults", PM_IN_FILE, PM_VALUE_PART, 0, LIVE, NULL, "keys that every process begins with" },
    { "groups", PM_IN_FILE, PM_VALUE_PART, 0, LIVE, NULL,
      "for each group path, keys that every process in it or below begins with" },
    { "processes", PM_IN_FILE, PM_VALUE_PART, 0, LIVE, NULL, "the processes" },

    { "name", OWN, PM_VALUE_NAME, MEMBER(name), IDENTITY, NULL,
      "what the process is called" },
    { "group", OWN, PM_VALUE_GROUP, MEMBER(group), IDENTITY, NULL,
      "the group it belongs to" },
    { "host", OWN, PM_VALUE_HOST, MEMBER(host), IDENTITY, NULL,
      "the deputy that runs it" },
    { "command", OWN, PM_VALUE_COMMAND, MEMBER(command), RESTART, NULL,
      "what to run, as one line for sh" },
    { "exec", OWN, PM_VALUE_WORDS, MEMBER(exec), RESTART, NULL,
      "what to run, as the list of program and arguments" },
    { "working_dir", SHARED, PM_VALUE_DIRECTORY, MEMBER(working_dir), RESTART, "/",
      "the directory it runs in" },
    { "env", SHARED, PM_VALUE_VARIABLES, MEMBER(env), RESTART, NULL,
      "environment variables, added to the deputy's" },
    { "run_as.user", SHARED, PM_VALUE_USER, MEMBER(run_as_user), RESTART, NULL,
      "the user it runs as" },
    { "run_as.group", SHARED, PM_VALUE_USER, MEMBER(run_as_group), RESTART, NULL,
      "the group of users it runs as" },
    { "autostart", SHARED, PM_VALUE_BOOL, MEMBER(autostart), LIVE, "true",
      "start it when the file is applied and when its deputy begins" },
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
};
const size_t pm_keys_n = PM_COUNT(pm_keys);

const struct pm_key *pm_key_find(const char *name, unsigned where)
{
    for (size_t i = 0; i < PM_COUNT(pm_keys); i++)
        if ((pm_keys[i].where & where) != 0 && strcmp(pm_keys[i].name, name) == 0)
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
        if ((pm_keys[i].where & where) == 0 || strncmp(pm_keys[i].name, prefix, n) != 0)
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

bool pm_key_same(const struct pm_key *key, const struct pm_spec *a, const struct pm_spec *b)
{
    for (size_t i = 0; i < pm_spec_desc.n; i++) {
        if (pm_spec_desc.fields[i].offset != key->offset)
            continue;
        struct pm_desc one = pm_spec_desc;
        one.fields = &pm_spec_desc.fields[i];
        one.n = 1;
        return pm_same(&one, a, b);
    }
    pm_assert(!"every key of a process has its field");
    return false;
}
