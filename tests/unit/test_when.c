/* Every way to write a moment, and what is none. */
#include "procmanctl/when.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOW INT64_C(1795343400123) /* 2026-11-22 11:30:00.123 in Berlin, an hour ahead of UTC */
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

struct row { const char *text; int64_t ms; };

static const struct row rows[] = {
    { "10m", NOW - 10 * MINUTE },
    { "2h", NOW - 2 * HOUR },
    { "1d", NOW - DAY },
    { "1h30m", NOW - 90 * MINUTE },
    { "1.5s", NOW - 1500 },
    { "500ms", NOW - 500 },
    { "2026-11-22", INT64_C(1795302000000) },
    { "2026-11-22 11:30", INT64_C(1795343400000) },
    { "2026-11-22T11:30", INT64_C(1795343400000) },
    { "2026-11-22 11:30:05", INT64_C(1795343405000) },
    { "2026-11-22 11:30:05.25", INT64_C(1795343405250) },
    { "2026-11-22 11:30:05.123456", INT64_C(1795343405123) },
    { "2026-07-01 12:00", INT64_C(1782900000000) },  /* in summer */
    { "2024-02-29", INT64_C(1709161200000) },
    { "11:30", INT64_C(1795343400000) },
    { "11:29:59", INT64_C(1795343399000) },
    { "23:59", INT64_C(1795388340000) },             /* still to come; nothing says it must not */
    { "@1795343400", INT64_C(1795343400000) },
    { "@1795343400.5", INT64_C(1795343400500) },
    { "@0", 0 },
    { "all", 0 },
    { "9999d", NOW - 9999 * DAY },
};

static const char *const wrong[] = {
    "", " ", "yesterday", "10", "2026", "10x", "m", "-10m", "10m ago", "2026-11", "2026-11-2",
    "2026-11-22 ", "2026-11-22 11", "2026-11-22 11:3", "2026-11-22 11:30:", "2026-11-22 11:30:00.",
    "2026-11-22  11:30", "2026-11-22 11:30 ", "11:30x", "1:30", "@", "@-1", "@1x", "@1.", "@ 1",
    "@99999999999999999999", "ALL",
};

static const char *const impossible[] = {
    "2026-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-11-00", "24:00", "11:60",
    "2026-11-22 11:30:60", "1969-12-31",
};

static void in_berlin(void)
{
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", true);
    tzset();
}

TestSuite(when, .init = in_berlin);

Test(when, reads_every_form)
{
    for (size_t i = 0; i < PM_COUNT(rows); ++i) {
        struct pm_wall out = { -1 };
        char *why = NULL;

        cr_expect_eq(when_parse(rows[i].text, (struct pm_wall){ NOW }, &out, &why), PM_OK, "%s",
                     rows[i].text);
        cr_expect_eq(out.ms, rows[i].ms, "%s: %lld", rows[i].text, (long long)out.ms);
        free(why);
    }
}

static void then_refused(const char *text, const char *because)
{
    struct pm_wall out = { -1 };
    char *why = NULL;

    cr_expect_eq(when_parse(text, (struct pm_wall){ NOW }, &out, &why), PM_USAGE, "%s", text);
    cr_expect_eq(out.ms, -1, "untouched");
    cr_expect(why && strstr(why, because), "%s: %s", text, why);
    cr_expect(why && strstr(why, *text ? text : "\"\""));
    free(why);
}

Test(when, says_how_a_time_is_written_when_it_is_none)
{
    for (size_t i = 0; i < PM_COUNT(wrong); ++i)
        then_refused(wrong[i], "10m, 2h, 1d");
}

Test(when, knows_the_calendar)
{
    for (size_t i = 0; i < PM_COUNT(impossible); ++i)
        then_refused(impossible[i], "not in the calendar");
}

Test(when, writes_local_time_with_milliseconds)
{
    char text[WHEN_SIZE];

    cr_expect_str_eq(when_text((struct pm_wall){ NOW }, text), "2026-11-22 11:30:00.123");
    cr_expect_str_eq(when_iso((struct pm_wall){ NOW }, text), "2026-11-22T11:30:00.123+01:00");
}

Test(when, says_the_distance_from_utc_west_of_it)
{
    char text[WHEN_SIZE];

    setenv("TZ", "NST3:30", true);
    tzset();
    cr_expect_str_eq(when_iso((struct pm_wall){ NOW }, text), "2026-11-22T07:00:00.123-03:30");
}

Test(when, what_it_writes_it_reads)
{
    char text[WHEN_SIZE];
    struct pm_wall out = { 0 };
    char *why = NULL;

    cr_expect_eq(when_parse(when_text((struct pm_wall){ NOW }, text), (struct pm_wall){ NOW }, &out,
                            &why), PM_OK);
    cr_expect_eq(out.ms, NOW);
}
