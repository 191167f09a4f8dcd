/* Cron's five fields, and what a spec may say about times.
 *
 * A field is a set of small numbers, so it becomes a mask. That a schedule can never be due,
 * such as on February 30th, is a mistake and told as one.
 */
#include <procman/schedule.h>

#include "core/spec_fault.h"

#include <procman/limits.h>

#include <string.h>
#include <strings.h>

enum { FIELDS = 5, MINUTE = 0, HOUR, DAY, MONTH, WEEKDAY };

struct field {
    unsigned low, high;
    const char *const *names;   /* of low, low + 1 …; three letters each */
    const char *fault;
};

static const char *const months[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug",
                                      "sep", "oct", "nov", "dec", NULL };
static const char *const weekdays[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL };

static const struct field fields[FIELDS] = {
    [MINUTE]  = { 0, 59, NULL, "a minute is a number from 0 to 59" },
    [HOUR]    = { 0, 23, NULL, "an hour is a number from 0 to 23" },
    [DAY]     = { 1, 31, NULL, "a day is a number from 1 to 31" },
    [MONTH]   = { 1, 12, months, "a month is a number from 1 to 12, or jan to dec" },
    [WEEKDAY] = { 0, 7, weekdays, "a weekday is a number from 0 to 7, or sun to sat; 0 and 7 are "
                                  "Sunday" },
};

static const char *read_number(const char **at, unsigned *out)
{
    unsigned number = 0, n = 0;

    for (; **at >= '0' && **at <= '9' && n < 3; (*at)++, n++)
        number = number * 10 + (unsigned)(**at - '0');
    *out = number;
    return n > 0 ? NULL : "";
}

static const char *read_value(const struct field *field, const char **at, unsigned *out)
{
    for (unsigned i = 0; field->names != NULL && field->names[i] != NULL; i++) {
        if (strncasecmp(*at, field->names[i], 3) == 0) {
            *out = field->low + i;
            *at += 3;
            return NULL;
        }
    }
    if (read_number(at, out) != NULL || *out < field->low || *out > field->high)
        return field->fault;
    return NULL;
}

/* '*', N, N-M, each of the ranges with /STEP. */
static const char *read_item(const struct field *field, const char **at, uint64_t *mask)
{
    unsigned from = field->low, to = field->high, step = 1;
    bool range = **at == '*';
    const char *fault = NULL;

    if (range) {
        (*at)++;
    } else if ((fault = read_value(field, at, &from)) == NULL) {
        range = **at == '-';
        to = from;
        if (range) {
            (*at)++;
            fault = read_value(field, at, &to);
        }
    }
    if (fault != NULL)
        return fault;
    if (to < from)
        return "a range goes from low to high";
    if (**at == '/') {
        (*at)++;
        if (!range || read_number(at, &step) != NULL || step == 0)
            return "a step is a number from 1 on, behind '*' or a range: */5, 8-18/2";
    }
    for (unsigned value = from; value <= to; value += step)
        *mask |= UINT64_C(1) << value;
    return NULL;
}

static const char *read_field(const struct field *field, const char **at, uint64_t *mask)
{
    const char *fault;

    while ((fault = read_item(field, at, mask)) == NULL && **at == ',')
        (*at)++;
    if (fault == NULL && strchr(" \t", **at) == NULL)
        fault = field->fault;
    return fault;
}

/* Is there such a day in any of the months? */
static bool ever(const struct pm_schedule *schedule)
{
    static const unsigned days_of[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    if (!schedule->every_weekday)
        return true;
    for (unsigned month = 0; month < PM_COUNT(days_of); month++)
        if ((schedule->months >> (month + 1) & 1) != 0 &&
            (schedule->days & ((UINT64_C(2) << days_of[month]) - 1)) != 0)
            return true;
    return false;
}

const char *pm_schedule_parse(const char *text, struct pm_schedule *out, size_t *where)
{
    static const char shape[] = "a schedule has five fields: minute, hour, day, month and weekday";
    uint64_t masks[FIELDS] = { 0 };
    bool star[FIELDS];
    const char *at = text, *fault = NULL;
    size_t begin = 0;

    for (int i = 0; i < FIELDS && fault == NULL; i++) {
        at += strspn(at, " \t");
        begin = (size_t)(at - text);
        star[i] = *at == '*';
        fault = *at != '\0' ? read_field(&fields[i], &at, &masks[i]) : shape;
    }
    if (fault == NULL && at[strspn(at, " \t")] != '\0') {
        begin = (size_t)(at - text) + strspn(at, " \t");
        fault = shape;
    }
    struct pm_schedule schedule = {
        .minutes = masks[MINUTE], .hours = (uint32_t)masks[HOUR], .days = (uint32_t)masks[DAY],
        .months = (uint32_t)masks[MONTH],
        .weekdays = (uint32_t)((masks[WEEKDAY] | masks[WEEKDAY] >> 7) & 0x7f),
    };
    if (fault == NULL) {
        schedule.every_day = star[DAY];
        schedule.every_weekday = star[WEEKDAY];
        if (!ever(&schedule)) {
            begin = 0;
            fault = "that day never comes: none of these months has it";
        }
    }
    if (fault != NULL && where != NULL)
        *where = begin;
    if (fault == NULL)
        *out = schedule;
    return fault;
}

bool pm_schedule_due(const struct pm_schedule *schedule, unsigned minute, unsigned hour,
                     unsigned day, unsigned month, unsigned weekday)
{
    bool on_day = (schedule->days >> day & 1) != 0;
    bool on_weekday = (schedule->weekdays >> weekday & 1) != 0;
    bool restricted = !schedule->every_day && !schedule->every_weekday;

    return (schedule->minutes >> minute & 1) != 0 && (schedule->hours >> hour & 1) != 0 &&
           (schedule->months >> month & 1) != 0 &&
           (restricted ? on_day || on_weekday : on_day && on_weekday);
}

/* ---- in a spec ---- */

const char *pm_zone_fault(const char *zone)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_+-/";
    size_t n = strlen(zone);

    if (n > PM_LIMIT_NAME || n == 0 || zone[strspn(zone, letters)] != '\0' || zone[0] == '/' ||
        zone[n - 1] == '/' || strstr(zone, "//") != NULL)
        return "not a time zone; write a name such as Europe/Berlin or UTC";
    return NULL;
}

const char *pm_times_fault(const struct pm_spec *spec)
{
    const char *schedule = spec->schedule != NULL ? spec->schedule : "";
    const char *zone = spec->time_zone != NULL ? spec->time_zone : "";
    struct pm_schedule parsed;
    const char *fault = *schedule != '\0' ? pm_schedule_parse(schedule, &parsed, NULL) : NULL;

    if (fault == NULL && *zone != '\0')
        fault = pm_zone_fault(zone);
    if (fault == NULL)
        fault = pm_span_fault(spec->every_ms);
    if (fault == NULL && *schedule != '\0' && spec->every_ms > 0)
        fault = "it has both schedule and every; one of them says when it is started";
    return fault;
}
