/* Schedules against clocks that are put forward and back. */
#include "sheriffd/cron.h"
#include "sheriffd/zone_io.h"

#include <criterion/criterion.h>
#include <procman/base.h>
#include <string.h>

#define SPRING INT64_C(1774746000) /* 2026-03-29 01:00 UTC: Berlin goes from 02:00 to 03:00 */
#define AUTUMN INT64_C(1792890000) /* 2026-10-25 01:00 UTC: Berlin goes from 03:00 to 02:00 */

static struct zone_change berlin_changes[] = {
    { 1767225600, 3600 }, { SPRING, 7200 }, { AUTUMN, 3600 },
};
static const struct zone berlin = { .changes = berlin_changes, .n = 3, .until_s = 2051222400 };
static struct zone_change utc_changes[] = { { 0, 0 } };
static const struct zone utc = { .changes = utc_changes, .n = 1, .until_s = 4102444800 };

static struct pm_schedule given(const char *text)
{
    struct pm_schedule schedule;

    cr_assert_null(pm_schedule_parse(text, &schedule, NULL));
    return schedule;
}

/* The local time of the first due minute after that UTC second. */
static const char *next(const char *text, const struct zone *zone, int64_t after_s)
{
    static char found[CRON_TEXT_SIZE];
    struct pm_schedule schedule = given(text);
    int64_t at = cron_next(&schedule, zone, after_s);

    return at < 0 ? "never" : cron_text(zone_local(zone, at), found);
}

static int64_t next_s(const char *text, const struct zone *zone, int64_t after_s)
{
    struct pm_schedule schedule = given(text);

    return cron_next(&schedule, zone, after_s);
}

Test(cron, finds_the_next_minute_that_is_due)
{
    static const struct { const char *schedule, *next; } rows[] = {
        { "* * * * *",       "2026-01-01 00:01" },
        { "*/5 * * * *",     "2026-01-01 00:05" },
        { "0 0 * * *",       "2026-01-02 00:00" },
        { "30 4 * * *",      "2026-01-01 04:30" },
        { "0 12 * * mon",    "2026-01-05 12:00" }, /* the first of 2026 is a Thursday */
        { "0 12 13 * fri",   "2026-01-02 12:00" },
        { "59 23 31 dec *",  "2026-12-31 23:59" },
        { "0 0 29 2 *",      "2028-02-29 00:00" },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        cr_expect_str_eq(next(rows[i].schedule, &utc, 1767225600), rows[i].next, "%s: %s",
                         rows[i].schedule, next(rows[i].schedule, &utc, 1767225600));
}

Test(cron, is_due_after_a_minute_and_not_in_it)
{
    cr_assert_eq(next_s("0 0 * * *", &utc, 1767225600), 1767225600 + 86400);
    cr_assert_eq(next_s("0 0 * * *", &utc, 1767225599), 1767225600);
}

Test(cron, what_falls_into_the_hour_that_is_left_out_is_due_once_right_after_it)
{
    cr_assert_str_eq(next("30 2 * * *", &berlin, SPRING - 3600), "2026-03-29 03:00");
    cr_assert_str_eq(next("*/10 2 * * *", &berlin, SPRING - 3600), "2026-03-29 03:00");
    cr_assert_str_eq(next("*/10 2 * * *", &berlin, SPRING), "2026-03-30 02:00");
    cr_assert_str_eq(next("30 3 * * *", &berlin, SPRING - 3600), "2026-03-29 03:30");
}

Test(cron, what_falls_into_the_hour_that_comes_twice_is_due_the_first_time)
{
    cr_assert_eq(next_s("30 2 * * *", &berlin, AUTUMN - 7200), AUTUMN - 1800);
    cr_assert_str_eq(next("30 2 * * *", &berlin, AUTUMN - 1800), "2026-10-26 02:30");
    cr_assert_eq(next_s("0 3 * * *", &berlin, AUTUMN - 1800), AUTUMN + 3600);
}

Test(cron, a_schedule_for_every_hour_takes_the_hours_as_they_come)
{
    cr_assert_eq(next_s("*/30 * * * *", &berlin, AUTUMN - 1800), AUTUMN);
    cr_assert_eq(next_s("*/30 * * * *", &berlin, AUTUMN), AUTUMN + 1800);
    cr_assert_eq(next_s("30 * * * *", &berlin, SPRING - 1800), SPRING + 1800);
}

Test(cron, what_is_never_due_is_told)
{
    struct zone short_one = utc;

    short_one.until_s = 1767225600 + 3600;
    cr_assert_eq(next_s("0 12 * * *", &short_one, 1767225600), -1);
    cr_assert_eq(next_s("* * * * *", &(struct zone){ 0 }, 1767225600), -1);
}

Test(cron, reads_the_changes_of_a_zone_from_the_machine)
{
    struct zone zone;

    if (!zone_read("Europe/Berlin", 1767225600, 1798761600, &zone))
        cr_skip_test("no time zones are installed");
    cr_assert_eq(zone.n, 3);
    cr_assert(zone.changes[1].at_s == SPRING && zone.changes[1].ahead_s == 7200);
    cr_assert(zone.changes[2].at_s == AUTUMN && zone.changes[2].ahead_s == 3600);
    zone_fini(&zone);
}

Test(cron, knows_no_zone_outside_of_where_they_are)
{
    static const char *const names[] = {
        "Europe/Atlantis", "/etc/passwd", "../../../etc/passwd", "Europe", "tzdata.zi", "zone.tab",
    };
    struct zone zone;

    for (size_t i = 0; i < PM_COUNT(names); i++)
        cr_expect_not(zone_read(names[i], 0, 86400, &zone), "%s", names[i]);
    cr_assert(zone_read("UTC", 0, 86400 * 366, &zone));
    cr_assert_eq(zone.n, 1);
    zone_fini(&zone);
}
