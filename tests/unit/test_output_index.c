/* Records of where output came from: kept, merged, found. */
#include "brain/output_index.h"

#include <criterion/criterion.h>

#include <string.h>

#define MOST 4096

static struct index_record records[MOST];
static bool unreadable[MOST];

static bool get(void *self, size_t i, struct index_record *out)
{
    (void)self;
    if (unreadable[i])
        return false;
    *out = records[i];
    return true;
}

static struct index_source source(size_t n)
{
    return (struct index_source){ .get = get, .n = n };
}

/* n stretches of 10 bytes, one each second. */
static void given_stretches(size_t n)
{
    memset(unreadable, 0, sizeof unreadable);
    for (size_t i = 0; i < n; i++)
        records[i] = (struct index_record){ .offset = 10 * i, .length = 10,
                                            .time_ms = 1000 * (int64_t)i, .run = 1 };
}

Test(output_index, a_record_comes_back_and_a_torn_one_does_not)
{
    struct index_record record = { .offset = 0xfedcba987654, .length = 0x123456789abc,
                                   .time_ms = 1900000000000, .run = 0xffffffff,
                                   .dropped = 77, .stream = PM_STREAM_ERR }, back;
    uint8_t bytes[INDEX_RECORD];

    index_encode(&record, bytes);
    cr_assert(index_decode(bytes, &back));
    cr_assert_eq(back.offset, record.offset);
    cr_assert_eq(back.length, record.length);
    cr_assert_eq(back.time_ms, record.time_ms);
    cr_assert_eq(back.run, record.run);
    cr_assert_eq(back.dropped, 77);
    cr_assert_eq(back.stream, PM_STREAM_ERR);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] ^= 0x10;
        cr_assert_not(index_decode(bytes, &back), "byte %zu", i);
        bytes[i] ^= 0x10;
    }
    memset(bytes, 0, sizeof bytes);
    cr_assert_not(index_decode(bytes, &back), "a hole in the file");
}

Test(output_index, what_comes_at_once_from_one_place_is_one_stretch)
{
    struct index_record open = { .offset = 0, .length = 5, .time_ms = 1000, .run = 1 };
    struct index_record next = { .offset = 5, .length = 5, .time_ms = 1009, .run = 1 };

    cr_assert(index_merge(&open, 1000, &next));
    cr_assert_eq(open.length, 10);
    cr_assert_eq(open.time_ms, 1009);

    static const struct index_record others[] = {
        { .offset = 10, .length = 1, .time_ms = 1010, .run = 1 },                  /* later */
        { .offset = 10, .length = 1, .time_ms = 900, .run = 1 },      /* the clock leapt back */
        { .offset = 10, .length = 1, .time_ms = 1009, .run = 2 },
        { .offset = 10, .length = 1, .time_ms = 1009, .run = 1, .stream = PM_STREAM_ERR },
        { .offset = 11, .length = 1, .time_ms = 1009, .run = 1 },                  /* a gap */
        { .offset = 10, .length = 1, .time_ms = 1009, .run = 1, .dropped = 1 },
    };
    for (size_t i = 0; i < PM_COUNT(others); i++)
        cr_assert_not(index_merge(&open, 1000, &others[i]), "row %zu", i);
    cr_assert_eq(open.length, 10);
}

Test(output_index, places_and_times_are_found)
{
    for (size_t n = 0; n < 20; n++) {
        struct index_source all = source(n);
        given_stretches(n);
        for (uint64_t offset = 0; offset < 10 * n; offset++)
            cr_assert_eq(index_find_offset(&all, offset), offset / 10);
        cr_assert_eq(index_find_offset(&all, 10 * n), n);
        for (int64_t time = -500; time < 1000 * (int64_t)n; time += 250)
            cr_assert_eq((int64_t)index_find_time(&all, time), time <= 0 ? 0 : (time + 999) / 1000);
    }
}

Test(output_index, a_torn_record_hides_nothing_but_itself)
{
    enum { N = 16 };

    for (size_t torn = 0; torn < N; torn++) {
        struct index_source all = source(N);
        given_stretches(N);
        unreadable[torn] = true;
        for (size_t i = 0; i < N; i++) {
            size_t found = index_find_time(&all, 1000 * (int64_t)i);
            while (found < N && unreadable[found])
                found++;
            cr_assert_eq(found, i == torn ? i + 1 : i, "torn %zu, wanted %zu", torn, i);
        }
    }
}

/* Lives as digits, oldest first; each stretch is 10 bytes. */
static uint64_t first_of(const char *lives, uint64_t run)
{
    struct index_hunt hunt;
    size_t n = strlen(lives);

    given_stretches(n);
    index_hunt_init(&hunt, run);
    for (size_t i = n; i-- > 0 && !hunt.over; ) {
        records[i].run = (uint64_t)(lives[i] - '0');
        index_hunt_step(&hunt, 0, &records[i]);
    }
    return hunt.found ? hunt.address / 10 : UINT64_MAX;
}

Test(output_index, a_life_is_found_by_its_number)
{
    cr_assert_eq(first_of("1112233", 2), 3);
    cr_assert_eq(first_of("1112233", 1), 0);
    cr_assert_eq(first_of("1112233", 4), UINT64_MAX);
    cr_assert_eq(first_of("1113", 2), 3, "one that wrote nothing: the next one");
    cr_assert_eq(first_of("1121122", 2), 2, "last words among the next one's first");
    cr_assert_eq(first_of("", 1), UINT64_MAX);
}

Test(output_index, lives_of_a_forgotten_time_are_not_meant)
{
    char lives[300];

    memset(lives, '7', 200);
    strcpy(lives + 200, "1112");
    cr_assert_eq(first_of(lives, 1), 200);
    cr_assert_eq(first_of(lives, 2), 203);
}
