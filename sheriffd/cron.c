/* Schedules and clocks.
 *
 * Time goes forward minute by minute, each of which has a local date; what cannot be due is
 * jumped over, but never a change of the clocks. So there are two special moments only: when clocks
 * are put forward, the minutes that are left out are asked for one by one, and when they were put
 * back, minutes that had been there already are not asked for again.
 */
#include "sheriffd/cron.h"

#include <stdio.h>
#include <stdlib.h>

#define MINUTE_S 60
#define HOUR_S   3600
#define DAY_S    86400
#define ALL_HOURS 0xffffffu

void zone_fini(struct zone *zone)
{
    free(zone->changes);
    *zone = (struct zone){ 0 };
}

/* ---- dates --------------------------------------------------------------------------- */

struct date { int64_t year; unsigned month, day, weekday, hour, minute; };

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Days since 1970 in the Gregorian calendar, counted in years that begin in March, so that the
 * odd day is their last: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
static struct date date_of(int64_t local_s)
{
    int64_t days = floor_div(local_s, DAY_S), second = local_s - days * DAY_S;
    int64_t since = days + 719468, era = floor_div(since, 146097), of_era = since - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;

    return (struct date){
        .year = year + era * 400 + (month >= 10),
        .month = (unsigned)(month < 10 ? month + 3 : month - 9),
        .day = (unsigned)(of_year - (153 * month + 2) / 5 + 1),
        .weekday = (unsigned)(((days + 4) % 7 + 7) % 7), /* 1970 began on a Thursday */
        .hour = (unsigned)(second / HOUR_S), .minute = (unsigned)(second % HOUR_S / MINUTE_S),
    };
}

const char *cron_text(int64_t local_s, char *text)
{
    struct date date = date_of(local_s);

    int64_t second = local_s - floor_div(local_s, MINUTE_S) * MINUTE_S;
    int n = snprintf(text, CRON_TEXT_SIZE, "%04lld-%02u-%02u %02u:%02u", (long long)date.year,
                     date.month, date.day, date.hour, date.minute);

    if (second != 0)
        snprintf(text + n, CRON_TEXT_SIZE - (size_t)n, ":%02u", (unsigned)second);
    return text;
}

/* ---- the zone ------------------------------------------------------------------------ */

static size_t change_at(const struct zone *zone, int64_t at_s)
{
    size_t i = 0;

    while (i + 1 < zone->n && zone->changes[i + 1].at_s <= at_s)
        i++;
    return i;
}

int64_t zone_local(const struct zone *zone, int64_t at_s)
{
    return zone->n > 0 ? at_s + zone->changes[change_at(zone, at_s)].ahead_s : at_s;
}

/* ---- due? ---------------------------------------------------------------------------- */

static bool is_due(const struct pm_schedule *schedule, int64_t local_s)
{
    struct date date = date_of(local_s);

    return pm_schedule_due(schedule, date.minute, date.hour, date.day, date.month, date.weekday);
}

static unsigned lowest(uint64_t bits)
{
    return (unsigned)__builtin_ctzll(bits);
}

/* At any minute of that day. */
static bool is_due_that_day(const struct pm_schedule *schedule, const struct date *date)
{
    return pm_schedule_due(schedule, lowest(schedule->minutes), lowest(schedule->hours), date->day,
                           date->month, date->weekday);
}

/* How far to the next minute that may be due. */
static int64_t step(const struct pm_schedule *schedule, int64_t local_s)
{
    struct date date = date_of(local_s);

    if (!is_due_that_day(schedule, &date))
        return DAY_S - (local_s - floor_div(local_s, DAY_S) * DAY_S);
    if ((schedule->hours >> date.hour & 1) == 0)
        return HOUR_S - (local_s - floor_div(local_s, HOUR_S) * HOUR_S);
    return MINUTE_S;
}

/* Were clocks put forward over a minute that is due? */
static bool left_out(const struct pm_schedule *schedule, const struct zone *zone, size_t change)
{
    const struct zone_change *now = &zone->changes[change];

    if (change == 0)
        return false;
    for (int64_t local = now->at_s + now[-1].ahead_s; local < now->at_s + now->ahead_s;
         local += MINUTE_S)
        if (is_due(schedule, local))
            return true;
    return false;
}

/* Did clocks show this before they were put back? */
static bool was_there(const struct zone *zone, size_t change, int64_t at_s)
{
    const struct zone_change *now = &zone->changes[change];

    return change > 0 && at_s + now->ahead_s < now->at_s + now[-1].ahead_s;
}

int64_t cron_next(const struct pm_schedule *schedule, const struct zone *zone, int64_t after_s)
{
    bool hourly = (schedule->hours & ALL_HOURS) == ALL_HOURS;
    int64_t at = (floor_div(after_s, MINUTE_S) + 1) * MINUTE_S;

    while (zone->n > 0 && at < zone->until_s) {
        size_t change = change_at(zone, at);
        int64_t local = at + zone->changes[change].ahead_s;
        int64_t next = at + step(schedule, local);

        if (!hourly && at == zone->changes[change].at_s && left_out(schedule, zone, change))
            return at;
        if (is_due(schedule, local) && (hourly || !was_there(zone, change, at)))
            return at;
        if (change + 1 < zone->n && next > zone->changes[change + 1].at_s)
            next = zone->changes[change + 1].at_s;
        at = next;
    }
    return -1;
}
