/* Many sorted sources become one, and equals keep their order. */
#include "procmanctl/merge.h"

#include <criterion/criterion.h>
#include <procman/base.h>
#include <stdlib.h>

#define SOURCES 50
#define ELEMENTS 40

static struct merge merge;

static void clear(void)
{
    merge_fini(&merge);
}

TestSuite(merge, .fini = clear);

Test(merge, of_nothing_is_nothing)
{
    size_t source;

    cr_expect_not(merge_pop(&merge, &source));
}

Test(merge, gives_the_earliest_and_of_equals_the_first_source)
{
    static const struct { int64_t time; size_t source; } pushed[] = {
        { 30, 1 }, { 10, 5 }, { 20, 0 }, { 10, 2 }, { 0, 7 }, { 20, 3 }, { -5, 6 },
    };
    static const size_t expected[] = { 6, 7, 2, 5, 0, 3, 1 };
    size_t source;

    for (size_t i = 0; i < PM_COUNT(pushed); ++i)
        merge_push(&merge, pushed[i].time, pushed[i].source);
    for (size_t i = 0; i < PM_COUNT(expected); ++i) {
        cr_assert(merge_pop(&merge, &source));
        cr_expect_eq(source, expected[i], "%zu: %zu", i, source);
    }
    cr_expect_not(merge_pop(&merge, &source));
}

static int64_t time_of(size_t source, size_t element)
{
    return (int64_t)(element * 7 + source * 3 % 5);
}

Test(merge, sorts_many_sources_and_never_reorders_one)
{
    size_t next[SOURCES] = { 0 }, source, last_source = 0, n = 0;
    int64_t last = INT64_MIN;

    for (size_t i = 0; i < SOURCES; ++i)
        merge_push(&merge, time_of(i, 0), i);
    while (merge_pop(&merge, &source)) {
        int64_t now = time_of(source, next[source]);

        cr_expect(now > last || (now == last && source > last_source));
        last = now;
        last_source = source;
        n++;
        if (++next[source] < ELEMENTS)
            merge_push(&merge, time_of(source, next[source]), source);
    }
    cr_expect_eq(n, SOURCES * ELEMENTS);
}

Test(merge, a_clock_that_was_set_back_does_not_reorder_its_own_source)
{
    static const int64_t times[] = { 100, 50, 120 }; /* of source 0; source 1 has 60 and 110 */
    size_t source, at = 0;
    char order[8] = "";

    merge_push(&merge, times[at], 0);
    merge_push(&merge, 60, 1);
    for (size_t i = 0; merge_pop(&merge, &source); ++i) {
        order[i] = (char)('0' + source);
        if (source == 0 && ++at < PM_COUNT(times))
            merge_push(&merge, times[at], 0);
        if (source == 1 && i == 0)
            merge_push(&merge, 110, 1);
    }
    cr_expect_str_eq(order, "10010");
}
