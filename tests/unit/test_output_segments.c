/* What a list of names means. */
#include "brain/output_segments.h"

#include <criterion/criterion.h>

static struct segments s;

static void given(uint64_t begin, uint64_t size)
{
    struct segment *segment = segments_meet(&s, begin);

    segment->size = size;
    segment->has_data = true;
}

static void given_index(uint64_t begin)
{
    segments_meet(&s, begin)->has_index = true;
}

static void teardown(void)
{
    segments_fini(&s);
}

TestSuite(output_segments, .fini = teardown);

Test(output_segments, without_any_the_live_file_begins_at_0)
{
    cr_assert_eq(segments_live_begin(&s), 0);
    cr_assert_eq(segments_find(&s, 7), 0);
}

Test(output_segments, the_live_file_begins_behind_the_last_in_whatever_order_they_are_met)
{
    given(200, 50);
    given(0, 100);
    given_index(0);
    given(100, 100);
    cr_assert_eq(s.n, 3);
    cr_assert_eq(s.at[0].begin, 0);
    cr_assert(s.at[0].has_index && s.at[0].has_data);
    cr_assert_eq(segments_live_begin(&s), 250);
    cr_assert_eq(segments_orphan(&s), s.n);
}

Test(output_segments, an_index_says_where_the_live_file_begins_when_no_segment_is_left)
{
    given_index(1000);
    cr_assert_eq(segments_live_begin(&s), 1000);
    cr_assert_eq(segments_orphan(&s), 0);
}

Test(output_segments, an_address_is_in_one_or_in_the_next_that_is_left)
{
    static const struct { uint64_t address; size_t place; } rows[] = {
        { 0, 0 }, { 99, 0 }, { 100, 0 }, { 149, 0 }, /* what is gone comes first */
        { 150, 1 }, { 399, 1 }, { 449, 1 },          /* a hole */
        { 450, 2 }, { UINT64_MAX, 2 },               /* the live file */
    };

    given(100, 50);
    given(400, 50);
    for (size_t i = 0; i < PM_COUNT(rows); i++)
        cr_assert_eq(segments_find(&s, rows[i].address), rows[i].place, "%llu",
                     (unsigned long long)rows[i].address);
    segments_remove(&s, 0);
    cr_assert_eq(segments_find(&s, 0), 0);
    cr_assert_eq(s.at[0].begin, 400);
}

Test(output_segments, many_are_sorted)
{
    for (uint64_t i = 0; i < 1000; i++)
        given(i * 7919 % 1000 * 10, 10);
    cr_assert_eq(s.n, 1000);
    for (size_t i = 0; i < s.n; i++)
        cr_assert_eq(s.at[i].begin, 10 * i);
    cr_assert_eq(segments_find(&s, 4567), 456);
}
