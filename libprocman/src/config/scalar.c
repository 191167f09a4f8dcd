/* One reader for each way a single value is written.
 *
 * The key says what a value is, never the value itself: `no` is a word for auto_restart, a
 * mistake for autostart and text for a variable. So there is nothing like YAML's guessing, and
 * JSON's strings and numbers go through the same readers. Each answers NULL, or in few words
 * why not; a member whose value has a fault may hold anything.
 */
#include "config/scalar.h"
#include "config/reference.h"
#include "core/spec_fault.h"
#include "core/words.h"

#include <procman/limits.h>
#include <procman/schedule.h>
#include <procman/spec.h>
#include <procman/text.h>

#include <string.h>
#include <strings.h>

#define DECIMALS 6

typedef const char *(*scalar_reader)(const struct pm_node *node, void *member);

static const char *read_name(const struct pm_node *node, void *member)
{
    *(const char **)member = node->text;
    return pm_name_fault(node->text);
}

static const char *read_group(const struct pm_node *node, void *member)
{
    *(const char **)member = node->text;
    return pm_group_fault(node->text);
}

static const char *read_host(const struct pm_node *node, void *member)
{
    if (pm_host_is_own(node->text)) {
        *(const char **)member = "";
        return NULL;
    }
    *(const char **)member = node->text;
    return pm_name_fault(node->text);
}

static const char *read_command(const struct pm_node *node, void *member)
{
    *(const char **)member = node->text;
    return pm_command_fault(node->text);
}

static const char *read_directory(const struct pm_node *node, void *member)
{
    *(const char **)member = node->text;
    return pm_directory_fault(node->text);
}

static const char *read_user(const struct pm_node *node, void *member)
{
    *(const char **)member = node->text;
    return pm_user_fault(node->text);
}

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

static const char *read_bool(const struct pm_node *node, void *member)
{
    static const char *const yes[] = { "true", "yes", "on", "y", "1" };
    static const char *const no[] = { "false", "no", "off", "n", "0" };

    *(bool *)member = strcmp(node->text, "true") == 0;
    if (node->plain && (*(bool *)member || strcmp(node->text, "false") == 0))
        return NULL;
    if (is_one_of(node->text, yes, PM_COUNT(yes)))
        return "not a boolean here; write true, without quotes";
    if (is_one_of(node->text, no, PM_COUNT(no)))
        return "not a boolean here; write false, without quotes";
    return "not a boolean; write true or false";
}

static const char *read_auto_restart(const struct pm_node *node, void *member)
{
    int value = pm_word_value(&pm_auto_restart_words, node->text);

    if (node->plain && strcmp(node->text, "true") == 0)
        value = PM_AUTO_RESTART_ALWAYS;
    if (node->plain && strcmp(node->text, "false") == 0)
        value = PM_AUTO_RESTART_NO;
    if (value < 0)
        return "write no, on-failure or always; false is no, true is always";
    *(enum pm_auto_restart *)member = (enum pm_auto_restart)value;
    return NULL;
}

/* 0777 is decimal to some and octal to others. */
static bool leads_with_zero(const char *text)
{
    return text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

static const char *read_duration(const struct pm_node *node, void *member)
{
    if (leads_with_zero(node->text))
        return "numbers are decimal, without a zero in front";
    if (pm_parse_duration(node->text, member) != PM_OK)
        return "not a duration; write 500ms, 5s or 1h30m (a bare number is seconds)";
    return pm_period_fault(*(uint64_t *)member);
}

/* Whole numbers and up to six decimals: exact in a double, and back. */
static const char *read_decimal(const struct pm_node *node, double *out)
{
    size_t whole = strspn(node->text, "0123456789"), decimals = 0;
    const char *at = node->text + whole;
    uint64_t number = 0, scale = 1;

    if (*at == '.')
        decimals = strspn(++at, "0123456789");
    if (whole == 0 || at[decimals] != '\0' || (at[-1] == '.' && decimals == 0))
        return "not a decimal number such as 2 or 1.5";
    if (!node->plain)
        return "a number stands without quotes";
    if (leads_with_zero(node->text))
        return "numbers are decimal, without a zero in front";
    if (whole > DECIMALS || decimals > DECIMALS)
        return "at most six digits before the point and six after it";
    for (const char *digit = node->text; *digit != '\0'; digit++) {
        if (*digit == '.')
            continue;
        number = number * 10 + (uint64_t)(*digit - '0');
        scale *= digit >= at && decimals > 0 ? 10 : 1;
    }
    *out = (double)number / (double)scale;
    return NULL;
}

static const char *read_factor(const struct pm_node *node, void *member)
{
    const char *fault = read_decimal(node, member);

    return fault != NULL ? fault : pm_factor_fault(*(double *)member);
}

static const char *read_share(const struct pm_node *node, void *member)
{
    const char *fault = read_decimal(node, member);

    return fault != NULL ? fault : pm_share_fault(*(double *)member);
}

static const char *read_count(const struct pm_node *node, void *member)
{
    uint64_t number = 0;

    if (node->text[strspn(node->text, "0123456789")] != '\0' || *node->text == '\0')
        return "not a whole number, 0 or more";
    if (!node->plain)
        return "a number stands without quotes";
    if (leads_with_zero(node->text))
        return "numbers are decimal, without a zero in front";
    for (const char *digit = node->text; *digit != '\0'; digit++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(*digit - '0'), &number))
            return "the number is too large";
    *(uint64_t *)member = number;
    return NULL;
}

static const char *read_signal(const struct pm_node *node, void *member)
{
    int64_t signal = 0; /* none has this number */

    if (pm_parse_signal(node->text, &signal) == PM_OK)
        *(int64_t *)member = signal;
    return pm_signal_fault(signal);
}

static const char *read_size(const struct pm_node *node, void *member)
{
    if (leads_with_zero(node->text))
        return "numbers are decimal, without a zero in front";
    if (pm_parse_size(node->text, member) != PM_OK)
        return "not a size; write 64k, 10MiB or 1G (a bare number is bytes)";
    return pm_output_size_fault(*(uint64_t *)member);
}

static const char *read_keep(const struct pm_node *node, void *member)
{
    const char *fault = read_count(node, member);

    return fault != NULL ? fault : pm_output_keep_fault(*(uint64_t *)member);
}

static const char *read_file(const struct pm_node *node, void *member)
{
    *(const char **)member = node->text;
    return pm_file_fault(node->text);
}

/* Octal, as everyone writes masks: with the zero in front that other numbers do not have. */
static const char *read_mask(const struct pm_node *node, void *member)
{
    size_t n = strspn(node->text, "01234567");
    uint64_t mask = 0;

    if (node->text[n] != '\0' || n < 3 || n > 4 || (n == 4 && node->text[0] != '0'))
        return "a mask is three octal digits, such as 022";
    for (const char *digit = node->text; *digit != '\0'; digit++)
        mask = mask * 8 + (uint64_t)(*digit - '0');
    *(uint64_t *)member = mask | PM_MASK_GIVEN;
    return pm_mask_fault(mask | PM_MASK_GIVEN);
}

static const char *read_nice(const struct pm_node *node, void *member)
{
    struct pm_node digits = *node;
    bool negative = node->text[0] == '-';
    uint64_t number = 0;

    digits.text += negative;
    const char *fault = read_count(&digits, &number);
    if (fault != NULL && node->plain && !leads_with_zero(digits.text))
        fault = "not a whole number";
    int64_t nice = number > 1000 ? 1000 : (int64_t)number;
    *(int64_t *)member = negative ? -nice : nice;
    return fault != NULL ? fault : pm_nice_fault(*(int64_t *)member);
}

static const char *read_memory(const struct pm_node *node, void *member)
{
    if (leads_with_zero(node->text))
        return "numbers are decimal, without a zero in front";
    if (pm_parse_size(node->text, member) != PM_OK)
        return "not a size; write 512MiB or 2G (a bare number is bytes), 0 for no limit";
    return pm_memory_fault(*(uint64_t *)member);
}

static const char *read_percent(const struct pm_node *node, void *member)
{
    size_t n = strspn(node->text, "0123456789");
    uint64_t number = 0;

    if (n == 0 || (strcmp(node->text + n, "%") != 0 && strcmp(node->text, "0") != 0))
        return "not a share of a core; write 150%, 0 for no limit";
    if (leads_with_zero(node->text))
        return "numbers are decimal, without a zero in front";
    for (size_t i = 0; i < n && number <= PM_LIMIT_PERCENT; i++)
        number = number * 10 + (uint64_t)(node->text[i] - '0');
    *(uint64_t *)member = number;
    return pm_percent_fault(number);
}

static const char *read_pids(const struct pm_node *node, void *member)
{
    const char *fault = read_count(node, member);

    return fault != NULL ? fault : pm_pids_fault(*(uint64_t *)member);
}

/* One is what a missing word means: one spec, one hash. */
static const char *read_instances(const struct pm_node *node, void *member)
{
    const char *fault = read_count(node, member);
    uint64_t n = *(uint64_t *)member;

    if (fault == NULL && (n < 1 || n > PM_LIMIT_INSTANCES))
        fault = "a number from 1 to 1000";
    *(uint64_t *)member = n == 1 ? 0 : n;
    return fault;
}

static const char *read_schedule(const struct pm_node *node, void *member)
{
    struct pm_schedule schedule;

    *(const char **)member = node->text;
    return pm_schedule_parse(node->text, &schedule, NULL);
}

static const char *read_zone(const struct pm_node *node, void *member)
{
    *(const char **)member = node->text;
    return pm_zone_fault(node->text);
}

static const char *read_word(const struct pm_node *node, const struct pm_words *words,
                             const char *fault, void *member)
{
    int value = pm_word_value(words, node->text);

    if (value >= 0)
        memcpy(member, &value, sizeof(value));
    return value >= 0 ? NULL : fault;
}

static const char *read_overlap(const struct pm_node *node, void *member)
{
    return read_word(node, &pm_overlap_words, "write skip, queue or replace", member);
}

static const char *read_when(const struct pm_node *node, void *member)
{
    return read_word(node, &pm_dependency_when_words, "write started, ready or exited", member);
}

static const char *read_if_failed(const struct pm_node *node, void *member)
{
    return read_word(node, &pm_dependency_failure_words, "write fail or ignore", member);
}

static const char *read_wait(const struct pm_node *node, void *member)
{
    return read_word(node, &pm_step_wait_words, "write started, running, exited or stopped",
                     member);
}

static const char *read_step_failure(const struct pm_node *node, void *member)
{
    return read_word(node, &pm_step_failure_words, "write abort or continue", member);
}

static const char *read_script(const struct pm_node *node, void *member)
{
    *(const char **)member = node->text;
    return *node->text != '\0' ? pm_group_fault(node->text) : "a script has a name";
}

/* Which one is meant is known when all processes are. */
static const char *read_reference(const struct pm_node *node, void *member)
{
    *(const char **)member = node->text;
    return pm_reference_fault(node->text);
}

static const char *read_patience(const struct pm_node *node, void *member)
{
    const char *fault = read_duration(node, member);

    return fault != NULL ? fault : pm_patience_fault(*(uint64_t *)member);
}

static const char *read_span(const struct pm_node *node, void *member)
{
    const char *fault = read_duration(node, member);

    return fault != NULL ? fault : pm_span_fault(*(uint64_t *)member);
}

static const char *read_failures(const struct pm_node *node, void *member)
{
    const char *fault = read_count(node, member);
    uint64_t n = *(uint64_t *)member;

    return fault != NULL ? fault : n >= 1 && n <= 1000 ? NULL : "a number from 1 to 1000";
}

/* The word; the map is read in values.c. */
static const char *read_loss(const struct pm_node *node, void *member)
{
    *(uint64_t *)member = 0;
    return strcmp(node->text, "keep") == 0 ? NULL : "write keep or {stop_after: 30s}";
}

static const scalar_reader readers[] = {
    [PM_VALUE_NAME] = read_name,
    [PM_VALUE_GROUP] = read_group,
    [PM_VALUE_HOST] = read_host,
    [PM_VALUE_COMMAND] = read_command,
    [PM_VALUE_DIRECTORY] = read_directory,
    [PM_VALUE_USER] = read_user,
    [PM_VALUE_BOOL] = read_bool,
    [PM_VALUE_AUTO_RESTART] = read_auto_restart,
    [PM_VALUE_DURATION] = read_duration,
    [PM_VALUE_FACTOR] = read_factor,
    [PM_VALUE_SHARE] = read_share,
    [PM_VALUE_COUNT] = read_count,
    [PM_VALUE_SIGNAL] = read_signal,
    [PM_VALUE_SIZE] = read_size,
    [PM_VALUE_KEEP] = read_keep,
    [PM_VALUE_FILE] = read_file,
    [PM_VALUE_MASK] = read_mask,
    [PM_VALUE_NICE] = read_nice,
    [PM_VALUE_MEMORY] = read_memory,
    [PM_VALUE_PERCENT] = read_percent,
    [PM_VALUE_PIDS] = read_pids,
    [PM_VALUE_INSTANCES] = read_instances,
    [PM_VALUE_SCHEDULE] = read_schedule,
    [PM_VALUE_ZONE] = read_zone,
    [PM_VALUE_OVERLAP] = read_overlap,
    [PM_VALUE_WHEN] = read_when,
    [PM_VALUE_IF_FAILED] = read_if_failed,
    [PM_VALUE_WAIT] = read_wait,
    [PM_VALUE_STEP_FAILURE] = read_step_failure,
    [PM_VALUE_SCRIPT] = read_script,
    [PM_VALUE_REFERENCE] = read_reference,
    [PM_VALUE_PATIENCE] = read_patience,
    [PM_VALUE_SPAN] = read_span,
    [PM_VALUE_FAILURES] = read_failures,
    [PM_VALUE_LOSS] = read_loss,
};

const char *pm_scalar_read(enum pm_value value, const struct pm_node *node, void *member)
{
    return readers[value](node, member);
}
