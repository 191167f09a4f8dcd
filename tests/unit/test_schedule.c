/* Cron's five fields: which minutes are meant. What is no schedule is in test_keys_means. */
#include <criterion/criterion.h>
#include <procman/schedule.h>

static struct pm_schedule given(const char *text)
{
    struct pm_schedule schedule;
    const char *fault = pm_schedule_parse(text, &schedule, NULL);

    cr_assert_null(fault, "%s: %s", text, fault);
    return schedule;
}

struct minute { unsigned minute, hour, day, month, weekday; };

static bool due(const char *text, struct minute at)
{
    struct pm_schedule schedule = given(text);

    return pm_schedule_due(&schedule, at.minute, at.hour, at.day, at.month, at.weekday);
}

Test(schedule, fields_are_sets)
{
    static const struct { const char *text; uint64_t minutes; } rows[] = {
        { "0 * * * *", 1 }, { "1,3,5 * * * *", 0x2a }, { "2-5 * * * *", 0x3c },
        { "0-10/5 * * * *", 0x421 }, { "*/30 * * * *", 1 | UINT64_C(1) << 30 },
        { "  7\t * * * *  ", 0x80 }, { "1,1,0-1 * * * *", 3 },
        { "* * * * *", (UINT64_C(1) << 60) - 1 }, { "59 * * * *", UINT64_C(1) << 59 },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        cr_expect_eq(given(rows[i].text).minutes, rows[i].minutes, "%s", rows[i].text);
    cr_expect_eq(given("0 0 1 JAN,Mar-apr *").months, 0x1a);
    cr_expect_eq(given("0 0 * * sun").weekdays, 1);
    cr_expect_eq(given("0 0 * * 7").weekdays, 1, "Sunday twice");
    cr_expect_eq(given("0 0 * * fri-7").weekdays, 0x61);
}

Test(schedule, every_field_counts)
{
    const struct minute monday = { .minute = 30, .hour = 8, .day = 3, .month = 11, .weekday = 1 };

    cr_expect(due("30 8 3 11 1", monday));
    cr_expect(due("*/15 8-18 * * mon-fri", monday));
    cr_expect_not(due("31 8 * * *", monday));
    cr_expect_not(due("30 9 * * *", monday));
    cr_expect_not(due("30 8 4 * *", monday));
    cr_expect_not(due("30 8 * oct *", monday));
    cr_expect_not(due("30 8 * * tue", monday));
}

Test(schedule, of_day_and_weekday_one_suffices_where_both_are_restricted)
{
    const struct minute monday_the_3rd = { .day = 3, .month = 11, .weekday = 1 };
    const struct minute friday_the_13th = { .day = 13, .month = 2, .weekday = 5 };
    const struct minute friday_the_14th = { .day = 14, .month = 2, .weekday = 5 };

    cr_expect(due("0 0 13 * fri", friday_the_13th));
    cr_expect(due("0 0 13 * fri", friday_the_14th));
    cr_expect(due("0 0 3 * fri", monday_the_3rd));
    cr_expect_not(due("0 0 13 * fri", monday_the_3rd));
    cr_expect_not(due("0 0 */2 * fri", friday_the_14th), "what begins with * restricts not");
}

Test(schedule, says_where_it_is_wrong)
{
    struct pm_schedule untouched = { .minutes = 42 };
    size_t where = 99;

    cr_expect_not_null(pm_schedule_parse("0 0 1 13 *", &untouched, &where));
    cr_expect_eq(where, 6);
    cr_expect_not_null(pm_schedule_parse("0 0 1,2, * *", &untouched, &where));
    cr_expect_eq(where, 4);
    cr_expect_not_null(pm_schedule_parse("", &untouched, &where));
    cr_expect_eq(where, 0);
    cr_expect_not_null(pm_schedule_parse("4294967296 * * * *", &untouched, NULL));
    cr_expect_eq(untouched.minutes, 42);
}
