/* What may be a name, a number, a spec at all.
 *
 * The same rules for a file, for `edit --set` and for a spec off the wire: the readers of
 * values ask the small functions, the sheriff asks pm_spec_fault. Each answers with a sentence
 * that says what would be right.
 */
#include "core/spec_fault.h"
#include "core/codepoint.h"
#include "core/words.h"

#include <procman/fill.h>
#include <procman/limits.h>
#include <procman/spec.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TEXT_(number) #number
#define TEXT(number) TEXT_(number)

enum { LAST_SIGNAL = 64, LAST_CODE = 255 }; /* Linux; POSIX: 8 bits of exit status */

#define FINEST 1e6            /* six decimals: exact through text and back */
#define LARGEST_FACTOR 1000.0

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

/* Printable UTF-8; the sentence must fit names, groups and users alike. */
static const char *text_fault(const char *text)
{
    size_t n = strlen(text), step;
    uint32_t code;

    for (size_t at = 0; at < n; at += step) {
        step = pm_code_next(text + at, n - at, &code);
        if (step == 0)
            return "it is not UTF-8";
        if (pm_code_unprintable(code))
            return "it holds an unprintable character";
    }
    if (n > 0 && (text[0] == ' ' || text[n - 1] == ' '))
        return "it begins or ends with a space";
    return NULL;
}

const char *pm_name_fault(const char *name)
{
    if (*name == '\0')
        return "a name is not empty";
    if (strlen(name) > PM_LIMIT_NAME)
        return "a name has at most " TEXT(PM_LIMIT_NAME) " bytes";
    if (strpbrk(name, "/@") != NULL)
        return "a name has no '/' and no '@' in it";
    return text_fault(name);
}

const char *pm_group_fault(const char *group)
{
    size_t n = strlen(group);

    if (n == 0)
        return NULL;
    if (n > PM_LIMIT_GROUP)
        return "a group has at most " TEXT(PM_LIMIT_GROUP) " bytes";
    if (group[0] == '/' || group[n - 1] == '/' || strstr(group, "//") != NULL)
        return "groups are nested as outer/inner, with no '/' at either end and none doubled";
    if (strchr(group, '@') != NULL)
        return "a group has no '@' in it";
    return text_fault(group);
}

const char *pm_user_fault(const char *user)
{
    if (strlen(user) > PM_LIMIT_NAME)
        return "a user or group has at most " TEXT(PM_LIMIT_NAME) " bytes";
    if (strpbrk(user, "/:") != NULL)
        return "a user or group has no '/' and no ':' in it";
    return text_fault(user);
}

const char *pm_directory_fault(const char *directory)
{
    if (*directory != '/' && strncmp(directory, "${", 2) != 0)
        return "a directory is given from the root, with a '/' first";
    return pm_fill_fault(directory);
}

const char *pm_variable_fault(const char *name)
{
    if (*name == '\0')
        return "a variable's name is not empty";
    if (strlen(name) > PM_LIMIT_VARIABLE)
        return "a variable's name has at most " TEXT(PM_LIMIT_VARIABLE) " bytes";
    if (strchr(name, '=') != NULL)
        return "a variable's name has no '=' in it";
    return text_fault(name);
}

const char *pm_signal_fault(int64_t signal)
{
    return signal >= 1 && signal <= LAST_SIGNAL
               ? NULL : "not a signal; write a name such as INT, or a number from 1 to 64";
}

const char *pm_exit_code_fault(int64_t code)
{
    return code >= 0 && code <= LAST_CODE ? NULL : "an exit code is a number from 0 to 255";
}

const char *pm_period_fault(uint64_t ms)
{
    return ms <= PM_LIMIT_PERIOD_MS ? NULL : "longer than ten years";
}

static bool is_coarse(double number)
{
    return (double)(int64_t)(number * FINEST + 0.5) / FINEST == number;
}

const char *pm_factor_fault(double factor)
{
    if (!(factor >= 1 && factor <= LARGEST_FACTOR))
        return "a factor is a number from 1 to 1000";
    return is_coarse(factor) ? NULL : "at most six decimals are kept";
}

const char *pm_share_fault(double share)
{
    if (!(share >= 0 && share <= 1))
        return "a share is a number from 0 to 1";
    return is_coarse(share) ? NULL : "at most six decimals are kept";
}

const char *pm_output_size_fault(uint64_t bytes)
{
    if (bytes < PM_LIMIT_OUTPUT_LEAST)
        return "less than 4KiB";
    return bytes <= PM_LIMIT_OUTPUT_MOST ? NULL : "more than 1TiB";
}

const char *pm_output_keep_fault(uint64_t files)
{
    return files <= PM_LIMIT_OUTPUT_KEEP
               ? NULL : "more than " TEXT(PM_LIMIT_OUTPUT_KEEP) " rotated files";
}

const char *pm_sheriff_loss_fault(uint64_t ms)
{
    if (ms < PM_LIMIT_LOSS_LEAST_MS)
        return "less than 5s; a sheriff that begins again is away for a moment";
    return pm_period_fault(ms);
}

static const char *command_fault(const struct pm_spec *spec)
{
    const char *command = or_empty(spec->command), *fault = NULL;

    if (*command == '\0' && spec->exec.n == 0)
        return "it has neither command nor exec";
    if (*command != '\0' && spec->exec.n > 0)
        return "it has both command and exec";
    if (*command != '\0')
        return pm_command_fault(command);
    if (*or_empty(spec->exec.at[0]) == '\0')
        return "exec begins with an empty program name";
    for (size_t i = 0; i < spec->exec.n && fault == NULL; i++)
        fault = pm_fill_fault(or_empty(spec->exec.at[i]));
    return fault;
}

static const char *env_fault(const struct pm_var_list *env)
{
    const char *fault = NULL;

    for (size_t i = 0; i < env->n && fault == NULL; i++) {
        fault = pm_variable_fault(or_empty(env->at[i].name));
        if (fault == NULL)
            fault = pm_fill_fault(or_empty(env->at[i].value));
        if (fault == NULL && i > 0 && strcmp(env->at[i - 1].name, env->at[i].name) >= 0)
            fault = "env is not sorted by name, or has a name twice";
    }
    return fault;
}

/* A spec of an older program says nothing about these: 0 stands for the default. */
static const char *output_fault(const struct pm_spec *spec)
{
    const char *fault = NULL;

    if (spec->output_max_bytes != 0)
        fault = pm_output_size_fault(spec->output_max_bytes);
    if (fault == NULL)
        fault = pm_output_keep_fault(spec->output_keep);
    if (fault == NULL && spec->sheriff_loss_ms != 0)
        fault = pm_sheriff_loss_fault(spec->sheriff_loss_ms);
    return fault;
}

static const char *policy_fault(const struct pm_spec *spec)
{
    const uint64_t periods[] = { spec->restart_delay_ms, spec->restart_max_delay_ms,
                                 spec->restart_settle_ms, spec->stop_timeout_ms };
    const char *fault = pm_factor_fault(spec->restart_factor);

    if (fault == NULL)
        fault = pm_share_fault(spec->restart_jitter);
    if (fault == NULL)
        fault = pm_signal_fault(spec->stop_signal);
    for (size_t i = 0; i < PM_COUNT(periods) && fault == NULL; i++)
        fault = pm_period_fault(periods[i]);
    if (fault == NULL && spec->restart_delay_ms > spec->restart_max_delay_ms)
        fault = "restart.delay is longer than restart.max_delay";
    for (size_t i = 0; i < spec->success_codes.n && fault == NULL; i++)
        fault = pm_exit_code_fault(spec->success_codes.at[i]);
    return fault != NULL ? fault : output_fault(spec);
}

/* One of several is called NAME:0, NAME:1 … */
static const char *instance_fault(const struct pm_spec *spec)
{
    char suffix[24];

    if (spec->instances > PM_LIMIT_INSTANCES)
        return "more than " TEXT(PM_LIMIT_INSTANCES) " instances";
    if (spec->instances <= 1)
        return spec->instance == 0 ? NULL : "it is an instance of one";
    if (spec->instance >= spec->instances)
        return "the number of an instance is below the number of instances";
    snprintf(suffix, sizeof(suffix), ":%" PRIu64, spec->instance);
    const char *found = strrchr(spec->name, ':');
    return found != NULL && strcmp(found, suffix) == 0
               ? NULL : "an instance's name ends in ':' and its number";
}

const char *pm_spec_fault(const struct pm_spec *spec)
{
    const char *host = or_empty(spec->host), *directory = or_empty(spec->working_dir);
    const char *fault = pm_name_fault(or_empty(spec->name));

    if (fault == NULL)
        fault = pm_group_fault(or_empty(spec->group));
    if (fault == NULL && *host != '\0')
        fault = pm_name_fault(host);
    if (fault == NULL)
        fault = command_fault(spec);
    if (fault == NULL && *directory != '\0')
        fault = pm_directory_fault(directory);
    if (fault == NULL)
        fault = env_fault(&spec->env);
    if (fault == NULL)
        fault = pm_user_fault(or_empty(spec->run_as_user));
    if (fault == NULL)
        fault = pm_user_fault(or_empty(spec->run_as_group));
    if (fault == NULL)
        fault = policy_fault(spec);
    if (fault == NULL)
        fault = pm_watch_fault(spec);
    if (fault == NULL)
        fault = pm_resource_fault(spec);
    if (fault == NULL)
        fault = pm_times_fault(spec);
    return fault != NULL ? fault : instance_fault(spec);
}
