/* The one look at a stranger's bytes: limits, and counts against what is really there. */
#include "core/scan.h"

#include <procman/limits.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(text) text, sizeof(text) - 1

static const char *scan(const void *bytes, size_t n)
{
    size_t where;

    return pm_scan(bytes, n, &where);
}

Test(scan, well_formed_maps_pass)
{
    static const struct { const char *bytes; size_t n; } rows[] = {
        { BYTES("\x80") },
        { BYTES("\x81\xa1" "a\xc0") },
        { BYTES("\x81\xa1" "a\x81\xa1" "a\x92\x01\xe0") },
        { BYTES("\xde\x00\x01\xa1" "a\xda\x00\x01x") },
        { BYTES("\x81\xa1" "a\xcb\x3f\xf0\0\0\0\0\0\0") },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        cr_expect_null(scan(rows[i].bytes, rows[i].n), "row %zu", i);
}

Test(scan, broken_bytes_are_refused_and_the_place_is_told)
{
    static const struct { const char *bytes; size_t n; const char *wrong; size_t where; } rows[] = {
        { BYTES(""), "ends in the middle of a value", 0 },
        { BYTES("\x81\xa1" "a\xcd\x01"), "ends in the middle of a value", 3 },
        { BYTES("\x81"), "a count beyond the end of the message", 0 },
        { BYTES("\x81\xa1" "a\xdd\x10\0\0\0"), "a count beyond the end of the message", 3 },
        { BYTES("\x81\xa1" "a\xdb\x80\0\0\0"), "a length beyond the end of the message", 3 },
        { BYTES("\x81\xa1" "a\xc6\x80\0\0\0"), "a length beyond the end of the message", 3 },
        { BYTES("\x81\xa1" "a\xc1"), "a type the protocol does not have", 3 },
        { BYTES("\x81\xa1" "a\xd4\x01\x01"), "a type the protocol does not have", 3 },
        { BYTES("\x81\xa1" "a\xc7\x01\x01\x01"), "a type the protocol does not have", 3 },
        { BYTES("\x81\x90\x01"), "a key that is not a string", 1 },
        { BYTES("\x82\xa1" "a\x01\xc4\x01" "b\x01"), "a key that is not a string", 4 },
        { BYTES("\x80\x01"), "bytes after the end of the message", 1 },
        { BYTES("\x01"), "not a map", 0 },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        size_t where = 99;
        const char *wrong = pm_scan(rows[i].bytes, rows[i].n, &where);

        cr_assert_not_null(wrong, "row %zu", i);
        cr_expect_str_eq(wrong, rows[i].wrong, "row %zu: %s", i, wrong);
        cr_expect_eq(where, rows[i].where, "row %zu: %zu", i, where);
    }
}

/* A map nested so deep that `depth` containers are open at once. */
static size_t nested(uint8_t *bytes, size_t depth)
{
    size_t n = 0;

    for (size_t i = 1; i < depth; i++) {
        memcpy(bytes + n, "\x81\xa1" "a", 3);
        n += 3;
    }
    bytes[n++] = 0x80;
    return n;
}

Test(scan, nesting_ends_at_its_limit)
{
    uint8_t bytes[64];

    cr_expect_null(scan(bytes, nested(bytes, PM_LIMIT_DEPTH)));
    cr_expect_str_eq(scan(bytes, nested(bytes, PM_LIMIT_DEPTH + 1)), "nested too deep");
}

Test(scan, a_mebibyte_of_open_lists_is_refused_at_once)
{
    uint8_t *bytes = malloc(1 << 20);
    size_t where;

    memset(bytes, 0x91, 1 << 20);
    memcpy(bytes, "\x81\xa1" "a", 3);
    cr_expect_str_eq(pm_scan(bytes, 1 << 20, &where), "nested too deep");
    cr_expect_lt(where, 32);
    free(bytes);
}

/* {"a": value}, where the value has a head of `head_n` bytes and then `n` bytes `fill`. */
static const char *scan_large(const char *head, size_t head_n, size_t n, uint8_t fill)
{
    uint8_t *bytes = malloc(3 + head_n + n);

    memcpy(bytes, "\x81\xa1" "a", 3);
    memcpy(bytes + 3, head, head_n);
    memset(bytes + 3 + head_n, fill, n);
    const char *wrong = scan(bytes, 3 + head_n + n);
    free(bytes);
    return wrong;
}

Test(scan, every_length_has_a_limit_which_is_itself_allowed)
{
    cr_expect_null(scan_large(BYTES("\xdb\x00\x01\x00\x00"), PM_LIMIT_STRING, 'x'));
    cr_expect_str_eq(scan_large(BYTES("\xdb\x00\x01\x00\x01"), PM_LIMIT_STRING + 1, 'x'),
                     "a string that is too long");
    cr_expect_null(scan_large(BYTES("\xc6\x00\x10\x00\x00"), PM_LIMIT_BLOB, 'x'));
    cr_expect_str_eq(scan_large(BYTES("\xc6\x00\x10\x00\x01"), PM_LIMIT_BLOB + 1, 'x'),
                     "a binary that is too long");
    cr_expect_null(scan_large(BYTES("\xdc\x80\x00"), PM_LIMIT_LIST, 0xc0));
    cr_expect_str_eq(scan_large(BYTES("\xdc\x80\x01"), PM_LIMIT_LIST + 1, 0xc0),
                     "a list that is too long");
    cr_expect_null(scan_large(BYTES("\xde\x00\x80"), 2 * PM_LIMIT_KEYS, 0xa0));
    cr_expect_str_eq(scan_large(BYTES("\xde\x00\x81"), 2 * PM_LIMIT_KEYS + 2, 0xa0),
                     "a map with too many keys");
}

Test(scan, a_frame_over_the_limit_is_not_even_read)
{
    cr_expect_str_eq(scan("\x80", PM_LIMIT_FRAME + 1), "a message that is too long");
}

Test(scan, a_skipped_value_ends_where_the_next_begins)
{
    static const uint8_t bytes[] = "\x82\xa1" "a\x92\x01\x80\xa1" "b\xc4\x02zz\x05";
    struct pm_cursor cursor = { bytes, bytes + sizeof bytes - 1 };
    struct pm_token token;

    pm_token_skip(&cursor);
    cr_assert_null(pm_token_next(&cursor, &token));
    cr_assert_eq(token.kind, PM_TOKEN_UINT);
    cr_assert_eq(token.whole, 5);
}
