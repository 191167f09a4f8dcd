/* One timer, and what becomes of the times that were missed. */
#include "sheriffd/timer.h"

#include <criterion/criterion.h>
#include <procman/spec.h>
#include <string.h>

#define BEGAN_MS INT64_C(1767225600000) /* 2026-01-01 00:00 UTC */
#define MINUTE 60000
#define HOUR   INT64_C(3600000)

static struct zone_change utc_changes[] = { { 0, 0 } };
static const struct zone utc = { .changes = utc_changes, .n = 1, .until_s = 4102444800 };
static struct timer *timer;
static struct pm_mono mono;
static struct pm_wall wall;

static void given(const char *schedule, uint64_t every_ms, int64_t last_ms)
{
    struct pm_spec spec = { .schedule = schedule, .every_ms = every_ms, .time_zone = "" };

    mono.ms = 5000;
    wall.ms = BEGAN_MS;
    timer = timer_open(&spec);
    timer_begin(timer, &utc, last_ms, mono, wall);
}

static void end(void)
{
    timer_close(&timer);
}

TestSuite(timer, .fini = end);

static bool due(void)
{
    return timer_is_due(timer, mono, wall);
}

static bool fires(void)
{
    return timer_advance(timer, &utc, mono, wall);
}

static void pass(int64_t ms)
{
    mono.ms += ms;
    wall.ms += ms;
}

Test(timer, a_schedule_is_due_at_its_minutes_and_once_each)
{
    given("*/5 * * * *", 0, 0);
    cr_assert_str_eq(timer->text, "next at 2026-01-01 00:05");
    pass(5 * MINUTE - 1);
    cr_assert_not(due());
    pass(1);
    cr_assert(due());
    cr_assert(fires());
    cr_assert_not(due());
    cr_assert_eq(timer->when.next_ms, BEGAN_MS + 10 * MINUTE);
}

Test(timer, every_is_due_at_once_and_then_again)
{
    given("", 30000, 0);
    cr_assert(due() && fires());
    pass(29999);
    cr_assert_not(due());
    pass(1);
    cr_assert(due() && fires());
}

Test(timer, every_knows_no_wall_clock)
{
    given("", 30000, 0);
    cr_assert(due() && fires());
    wall.ms += 100 * HOUR;
    cr_assert_not(due());
    wall.ms -= 1000 * HOUR;
    mono.ms += 30000;
    cr_assert(due());
}

Test(timer, every_keeps_its_pace_when_it_is_late)
{
    given("", 10000, 0);
    cr_assert(fires());
    pass(35000);
    cr_assert(due() && fires());
    pass(4999);
    cr_assert_not(due());
    pass(1);
    cr_assert(due());
}

Test(timer, what_was_missed_is_made_up_for_once)
{
    given("*/5 * * * *", 0, BEGAN_MS - 24 * HOUR);
    cr_assert(due());
    cr_assert(fires());
    cr_assert_not(due());
    cr_assert_eq(timer->when.next_ms, BEGAN_MS + 5 * MINUTE);
}

Test(timer, what_was_missed_too_long_ago_is_not_made_up_for)
{
    given("0 12 * * *", 0, BEGAN_MS - 13 * HOUR);
    cr_assert(due());
    cr_assert_not(fires());
    cr_assert_eq(timer->when.next_ms, BEGAN_MS + 12 * HOUR);
}

Test(timer, a_wall_clock_that_leaps_forward_makes_one_start_and_not_a_hundred)
{
    given("* * * * *", 0, 0);
    wall.ms += 30 * 24 * HOUR;
    cr_assert(due() && fires());
    cr_assert_not(due());
}

Test(timer, a_wall_clock_that_is_put_back_a_little_makes_nothing_due_twice)
{
    given("*/5 * * * *", 0, 0);
    pass(5 * MINUTE);
    cr_assert(due() && fires());
    wall.ms -= 2 * MINUTE;
    pass(2 * MINUTE);
    cr_assert_not(due());
}

Test(timer, a_wall_clock_that_is_put_back_by_much_is_believed)
{
    given("*/5 * * * *", 0, 0);
    wall.ms -= 48 * HOUR;
    timer_set_back(timer, &utc, wall);
    cr_assert_eq(timer->when.next_ms, wall.ms + 5 * MINUTE);
}

Test(timer, a_sheriff_that_returns_waits_for_the_rest_of_every)
{
    given("", HOUR, BEGAN_MS - 20 * MINUTE);
    cr_assert_not(due());
    pass(40 * MINUTE);
    cr_assert(due());
}

Test(timer, a_zone_that_is_not_there_is_told)
{
    struct pm_spec spec = { .schedule = "* * * * *", .time_zone = "Europe/Atlantis" };

    timer = timer_open(&spec);
    wall.ms = BEGAN_MS;
    timer_begin(timer, &(struct zone){ 0 }, 0, mono, wall);
    wall.ms += HOUR;
    cr_assert_not(due());
    cr_assert(strstr(timer->text, "no such time zone") != NULL, "%s", timer->text);
}

Test(timer, a_zone_that_comes_makes_it_due_again)
{
    struct pm_spec spec = { .schedule = "* * * * *", .time_zone = "Europe/Atlantis" };

    timer = timer_open(&spec);
    wall.ms = BEGAN_MS;
    timer_begin(timer, &(struct zone){ 0 }, 0, mono, wall);
    cr_assert(timer_lacks_zone(timer));
    timer_begin(timer, &utc, timer->when.last_ms, mono, wall);
    cr_assert_not(timer_lacks_zone(timer));
    pass(MINUTE);
    cr_assert(due());
}

Test(timer, a_sheriff_that_returns_to_a_clock_that_was_put_back_gives_no_start_twice)
{
    given("", HOUR, BEGAN_MS + 20 * MINUTE);
    cr_assert_not(due());
    pass(HOUR);
    cr_assert(due());
    timer_close(&timer);
    given("*/5 * * * *", 0, BEGAN_MS + 20 * MINUTE);
    pass(20 * MINUTE);
    cr_assert_not(due());
    pass(5 * MINUTE);
    cr_assert(due());
}

Test(timer, a_time_far_ahead_is_not_waited_for)
{
    given("*/5 * * * *", 0, BEGAN_MS + 48 * HOUR);
    pass(5 * MINUTE);
    cr_assert(due());
}
