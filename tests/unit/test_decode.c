/* Bytes of strangers: each is refused whole, with the exact place, and costs nothing else. */
#include <procman/codec.h>
#include <procman/limits.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(text) text, sizeof(text) - 1

static struct pm_arena arena;

static void clean(void)
{
    pm_arena_fini(&arena);
}

TestSuite(decode, .fini = clean);

/* A status whose single row is the given map. */
#define STATUS(row) BYTES("\x81\xa5procs\x91" row)

Test(decode, a_wrong_message_is_refused_with_the_exact_place)
{
    static const struct { const char *bytes; size_t n; const char *why; } rows[] = {
        { STATUS("\x81\xa3pid\xa1x"), "status.procs[0].pid: not a whole number" },
        { STATUS("\x81\xa3pid\xca\x3f\x80\x00\x00"), "status.procs[0].pid: not a whole number" },
        { STATUS("\x81\xa3pid\xc0"), "status.procs[0].pid: not a whole number" },
        { STATUS("\x81\xa3pid\xcf\x80\0\0\0\0\0\0\0"), "status.procs[0].pid: too large" },
        { STATUS("\x81\xa2id\xff"), "status.procs[0].id: below zero" },
        { STATUS("\x81\xa4name\x01"), "status.procs[0].name: not a string" },
        { STATUS("\x81\xa4name\xc4\x01x"), "status.procs[0].name: not a string" },
        { STATUS("\x81\xa4name\xa3" "a\0b"), "status.procs[0].name: a string with NUL in it" },
        { STATUS("\x81\xa4name\xa2\xc3\x28"), "status.procs[0].name: a string that is not UTF-8" },
        { STATUS("\x81\xa5state\xa4idle"), "status.procs[0].state: an unknown word" },
        { STATUS("\x81\xa5state\x03"), "status.procs[0].state: not a word" },
        { STATUS("\x81\xab" "core_dumped\x01"),
          "status.procs[0].core_dumped: neither true nor false" },
        { STATUS("\x82\xa3pid\x01\xa3pid\x01"), "status.procs[0].pid: given twice" },
        { STATUS("\x82\xa3new\x01\xa3new\x01"), "status.procs[0]: an unknown key given twice" },
        { STATUS("\x90"), "status.procs[0]: not a map" },
        { BYTES("\x81\xa5procs\x80"), "status.procs: not a list" },
        { BYTES("\x81\xa5procs\x92\x80\x01"), "status.procs[1]: not a map" },
        { BYTES("\x90"), "status: not a map, at byte 0" },
        { BYTES(""), "status: ends in the middle of a value, at byte 0" },
        { BYTES("\x80\x80"), "status: bytes after the end of the message, at byte 1" },
        { BYTES("\x81\x01\x01"), "status: a key that is not a string, at byte 1" },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        struct pm_status got, nothing = { 0 };
        const char *why = "";

        memset(&got, 0xff, sizeof got);
        cr_expect_eq(pm_decode(&pm_status_desc, rows[i].bytes, rows[i].n, &arena, &got, &why),
                     PM_BAD_MESSAGE, "%s", rows[i].why);
        cr_expect_str_eq(why, rows[i].why);
        cr_expect_eq(memcmp(&got, &nothing, sizeof got), 0, "zeroed: %s", rows[i].why);
    }
}

Test(decode, places_inside_single_parts_and_plain_lists_are_named_too)
{
    static const char stats[] = "\x81\xa7machine\x81\xa4load\xa1x";
    static const char order[] = "\x81\xa6select\x92\xa1" "a\x01";
    struct pm_stats into_stats;
    struct pm_order into_order;
    const char *why;

    cr_assert_eq(pm_decode(&pm_stats_desc, BYTES(stats), &arena, &into_stats, &why),
                 PM_BAD_MESSAGE);
    cr_assert_str_eq(why, "stats.machine.load: not a number");
    cr_assert_eq(pm_decode(&pm_order_desc, BYTES(order), &arena, &into_order, &why),
                 PM_BAD_MESSAGE);
    cr_assert_str_eq(why, "order.select[1]: not a string");
}

Test(decode, not_a_finite_number_is_refused)
{
    static const char bytes[] = "\x81\xa7" "cpu_pct\xcb\x7f\xf8\0\0\0\0\0\0";
    struct pm_usage got;
    const char *why;

    cr_assert_eq(pm_decode(&pm_usage_desc, BYTES(bytes), &arena, &got, &why), PM_BAD_MESSAGE);
    cr_assert_str_eq(why, "usage.cpu_pct: not a finite number");
}

Test(decode, five_bytes_that_claim_four_billion_elements_cost_no_memory)
{
    static const char list[] = "\x81\xa5procs\xdd\xff\xff\xff\xff";
    static const char map[] = "\xdf\xff\xff\xff\xff";
    struct pm_status got;

    cr_expect_eq(pm_decode(&pm_status_desc, BYTES(list), &arena, &got, NULL), PM_BAD_MESSAGE);
    cr_expect_eq(pm_decode(&pm_status_desc, BYTES(map), &arena, &got, NULL), PM_BAD_MESSAGE);
    cr_expect_leq(arena.used, 1000, "only the sentences");
}

Test(decode, small_elements_that_become_large_structs_end_at_the_arenas_limit)
{
    uint8_t bytes[10 + PM_LIMIT_LIST];
    struct pm_status got;

    memcpy(bytes, "\x81\xa5procs\xdc\x40\x00", 10);
    memset(bytes + 10, 0x80, 0x4000); /* empty maps */
    pm_arena_init(&arena, 1 << 20);
    cr_assert_eq(pm_decode(&pm_status_desc, bytes, 10 + 0x4000, &arena, &got, NULL), PM_NO_MEMORY);
    cr_assert_null(got.procs.at);
}

Test(decode, unknown_keys_are_skipped_whatever_is_in_them)
{
    static const char bytes[] = "\x84\xa6" "colour\xa3red\xa4tree\x82\xa1x\x93\x01\xc0\xa1y"
                                "\xa1z\x80\xa7session\x07\xa4when\xd9\x01x";
    struct pm_resync got;
    const char *why = "";

    cr_assert_eq(pm_decode(&pm_resync_desc, BYTES(bytes), &arena, &got, &why), PM_OK, "%s", why);
    cr_assert_eq(got.session, 7);
}

Test(decode, keys_may_come_in_any_order)
{
    static const char bytes[] = "\x83\xa4text\xa1t\xa5" "error\xa1" "e\xa7request\xcd\x01\x00";
    struct pm_reply got;

    cr_assert_eq(pm_decode(&pm_reply_desc, BYTES(bytes), &arena, &got, NULL), PM_OK);
    cr_assert_eq(got.request, 256);
    cr_assert_str_eq(got.error, "e");
    cr_assert_str_eq(got.text, "t");
    cr_assert_eq(got.generation, 0);
}

Test(decode, whole_numbers_serve_as_reals_and_any_width_is_a_whole_number)
{
    static const char bytes[] = "\x83\xa2id\xcf\0\0\0\0\0\0\0\x05\xa7" "cpu_pct\x02\xa7threads"
                                "\xd3\0\0\0\0\0\0\0\x04";
    struct pm_usage got;
    const char *why = "";

    cr_assert_eq(pm_decode(&pm_usage_desc, BYTES(bytes), &arena, &got, &why), PM_OK, "%s", why);
    cr_assert_eq(got.id, 5);
    cr_assert_eq(got.cpu_pct, 2);
    cr_assert_eq(got.threads, 4);
}

Test(decode, every_beginning_of_a_message_is_refused)
{
    struct pm_var env[] = { { "A", "b" } };
    struct pm_spec spec = { .id = 300, .name = "cam", .command = "camd", .env = { env, 1 },
                            .restart_factor = 2.5, .stop_signal = -70000 };
    struct pm_specs specs = { .session = 1, .specs = { &spec, 1 } }, got;
    struct pm_buf buf = { 0 };

    cr_assert_eq(pm_encode(&pm_specs_desc, &specs, &buf), PM_OK);
    for (size_t n = 0; n < buf.n; n++) {
        uint8_t *cut = malloc(n > 0 ? n : 1); /* so that a sanitizer sees a byte read too many */

        memcpy(cut, buf.at, n);
        cr_expect_eq(pm_decode(&pm_specs_desc, cut, n, &arena, &got, NULL), PM_BAD_MESSAGE);
        free(cut);
    }
    pm_buf_fini(&buf);
}

Test(decode, a_message_with_any_one_byte_changed_never_breaks_us)
{
    struct pm_status_row rows[] = { { .id = 1, .name = "cam", .state = PM_STATE_RUNNING } };
    struct pm_status status = { .session = 9, .procs = { rows, 1 } }, got;
    struct pm_buf buf = { 0 };

    cr_assert_eq(pm_encode(&pm_status_desc, &status, &buf), PM_OK);
    for (size_t i = 0; i < buf.n; i++) {
        uint8_t right = buf.at[i];

        for (unsigned wrong = 0; wrong < 256; wrong++) {
            buf.at[i] = (uint8_t)wrong;
            enum pm_err err = pm_decode(&pm_status_desc, buf.at, buf.n, &arena, &got, NULL);
            cr_assert(err == PM_OK || err == PM_BAD_MESSAGE);
            pm_arena_fini(&arena);
        }
        buf.at[i] = right;
    }
    pm_buf_fini(&buf);
}

Test(decode, a_binary_borrows_from_the_frame)
{
    static const char bytes[] = "\x81\xa4" "data\xc4\x03" "a\0b";
    struct pm_chunk got;

    cr_assert_eq(pm_decode(&pm_chunk_desc, BYTES(bytes), &arena, &got, NULL), PM_OK);
    cr_assert_eq(got.data.n, 3);
    cr_assert_eq((const void *)got.data.at, (const void *)(bytes + 8));
}
