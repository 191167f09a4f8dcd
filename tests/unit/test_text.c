/* Numbers as people write and read them. */
#include <procman/text.h>
#include <procman/utf8.h>

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

Test(text, durations_are_read_as_written)
{
    static const struct { const char *text; uint64_t ms; } rows[] = {
        { "500ms", 500 }, { "5s", 5000 }, { "1.5s", 1500 }, { "2m", 120000 }, { "1h", 3600000 },
        { "3d", 259200000 }, { "1h30m", 5400000 }, { "7", 7000 }, { "0", 0 }, { "0.25", 250 },
        { "1m1.001s", 61001 }, { "1.9999999999999ms", 1 }, { "5S", 5000 },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        uint64_t ms = 99;

        cr_expect_eq(pm_parse_duration(rows[i].text, &ms), PM_OK, "%s", rows[i].text);
        cr_expect_eq(ms, rows[i].ms, "%s is %lu", rows[i].text, ms);
    }
}

Test(text, what_is_no_duration_is_refused_and_changes_nothing)
{
    static const char *const rows[] = {
        "", " 1s", "1s ", "s", "-1s", "+1s", "1x", "1.s", ".5s", "1h5", "5 s", "1s1h", "1s1s",
        "1e3", "99999999999999999999s", "9999999999999999d", "106751991168d", "0x10",
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        uint64_t ms = 99;

        cr_expect_eq(pm_parse_duration(rows[i], &ms), PM_USAGE, "%s", rows[i]);
        cr_expect_eq(ms, 99);
    }
}

Test(text, sizes_are_powers_of_1024_unless_they_say_otherwise)
{
    static const struct { const char *text; uint64_t bytes; } rows[] = {
        { "10", 10 }, { "64k", 65536 }, { "64K", 65536 }, { "10MiB", 10485760 },
        { "2G", 2147483648 }, { "10MB", 10000000 }, { "1.5k", 1536 }, { "3B", 3 },
        { "1T", UINT64_C(1) << 40 }, { "8388607T", INT64_MAX >> 40 << 40 },
    };
    static const char *const wrong[] = { "", "k", "-1", "1kk", "1 k", "8388608T", "1KiBs" };
    uint64_t bytes;

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        cr_expect_eq(pm_parse_size(rows[i].text, &bytes), PM_OK, "%s", rows[i].text);
        cr_expect_eq(bytes, rows[i].bytes, "%s is %lu", rows[i].text, bytes);
    }
    for (size_t i = 0; i < PM_COUNT(wrong); i++)
        cr_expect_eq(pm_parse_size(wrong[i], &bytes), PM_USAGE, "%s", wrong[i]);
}

Test(text, signals_have_names_and_numbers)
{
    static const struct { const char *text; int64_t number; } rows[] = {
        { "TERM", SIGTERM }, { "SIGTERM", SIGTERM }, { "sigusr1", SIGUSR1 }, { "15", 15 },
        { "64", 64 }, { "int", SIGINT },
    };
    static const char *const wrong[] = { "", "0", "65", "-9", "SIG", "SIG9", "9.0", "TERMS" };
    int64_t number;

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        cr_expect_eq(pm_parse_signal(rows[i].text, &number), PM_OK, "%s", rows[i].text);
        cr_expect_eq(number, rows[i].number, "%s", rows[i].text);
    }
    for (size_t i = 0; i < PM_COUNT(wrong); i++)
        cr_expect_eq(pm_parse_signal(wrong[i], &number), PM_USAGE, "%s", wrong[i]);
    cr_expect_str_eq(pm_signal_name(SIGKILL), "SIGKILL");
    cr_expect_str_eq(pm_signal_name(99), "SIG?");
}

Test(text, ages_are_short)
{
    static const struct { uint64_t ms; const char *text; } rows[] = {
        { 0, "0.0s" }, { 449, "0.4s" }, { 9999, "9.9s" }, { 10000, "10s" }, { 59999, "59s" },
        { 200000, "3m20s" }, { 7500000, "2h05m" }, { 385200000, "4d11h" },
        { UINT64_MAX, "213503982334d" },
    };
    char text[PM_TEXT_SIZE];

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        cr_expect_str_eq(pm_text_age(rows[i].ms, text), rows[i].text, "%s", text);
}

Test(text, bytes_are_never_wider_than_four_characters)
{
    static const struct { uint64_t bytes; const char *text; } rows[] = {
        { 0, "0" }, { 1023, "1023" }, { 1024, "1.0K" }, { 831488, "812K" }, { 1258291, "1.2M" },
        { 1023 * 1024, "1.0M" }, { UINT64_C(31) << 30, "31G" }, { UINT64_MAX, "16E" },
        { 10189, "10K" },
    };
    char text[PM_TEXT_SIZE];

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        cr_expect_str_eq(pm_text_bytes(rows[i].bytes, text), rows[i].text, "%s", text);
        cr_expect_leq(strlen(text), 4);
    }
}

Test(text, a_duration_is_written_so_that_it_reads_back_exactly)
{
    static const struct { uint64_t ms; const char *text; } rows[] = {
        { 500, "500ms" }, { 10000, "10s" }, { 1500, "1500ms" }, { 3600000, "1h" },
        { 90000, "90s" }, { 172800000, "2d" }, { 0, "0s" },
    };
    char text[PM_TEXT_SIZE];

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        uint64_t ms = 99;

        cr_expect_str_eq(pm_text_duration(rows[i].ms, text), rows[i].text, "%s", text);
        cr_expect_eq(pm_parse_duration(text, &ms), PM_OK);
        cr_expect_eq(ms, rows[i].ms);
    }
}

Test(text, a_size_is_written_so_that_it_reads_back_exactly)
{
    static const struct { uint64_t bytes; const char *text; } rows[] = {
        { 10 << 20, "10MiB" }, { 64 << 10, "64KiB" }, { 4097, "4097" }, { 1 << 30, "1GiB" },
        { 1ull << 40, "1024GiB" }, { (1ull << 40) - 1, "1099511627775" }, { 0, "0" },
    };
    char text[PM_TEXT_SIZE];

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        uint64_t bytes = 99;

        cr_expect_str_eq(pm_text_size(rows[i].bytes, text), rows[i].text, "%s", text);
        cr_expect_eq(pm_parse_size(text, &bytes), PM_OK);
        cr_expect_eq(bytes, rows[i].bytes);
    }
}

Test(text, strangers_cannot_move_the_cursor)
{
    static const struct { const char *from, *to; } rows[] = {
        { "häuschen 相机", "häuschen 相机" },
        { "\x1b[2J", "\\x1b[2J" },
        { "a\nb\tc\r", "a\\nb\\tc\\x0d" },
        { "\x7f", "\\x7f" },
        { "\xc2\x9b" "2J", "\\xc2\\x9b2J" },   /* C1 CSI */
        { "n\xc3", "n\\xc3" },
        { "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* a surrogate */
    };
    char text[64];

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        cr_expect_str_eq(pm_text_safe(rows[i].from, text, sizeof text), rows[i].to, "%s", text);
}

Test(text, safe_text_is_cut_between_characters)
{
    char text[4];

    cr_expect_str_eq(pm_text_safe("ab\xc3\xa4", text, sizeof text), "ab");
    cr_expect_str_eq(pm_text_safe("\x1b", text, sizeof text), "");
}

Test(utf8, only_real_characters_pass)
{
    static const struct { const char *text; bool fine; } rows[] = {
        { "", true }, { "plain ascii of more than eight bytes", true },
        { "\xc2\x80", true }, { "\xdf\xbf", true }, { "\xe0\xa0\x80", true },
        { "\xef\xbf\xbf", true }, { "\xf0\x90\x80\x80", true }, { "\xf4\x8f\xbf\xbf", true },
        { "\x80", false }, { "\xc0\x80", false }, { "\xc1\xbf", false }, { "\xe0\x9f\xbf", false },
        { "\xed\xa0\x80", false }, { "\xf0\x8f\xbf\xbf", false }, { "\xf4\x90\x80\x80", false },
        { "\xf5\x80\x80\x80", false }, { "\xff", false }, { "12345678\xc3", false },
        { "1234567\xc3\xa4", true }, { "\xe2\x82", false }, { "\xe2(\xa1", false },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        cr_expect_eq(pm_utf8_text(rows[i].text, strlen(rows[i].text)), rows[i].fine, "row %zu", i);
}

Test(utf8, a_nul_is_no_text_wherever_it_stands)
{
    for (size_t at = 0; at < 20; at++) {
        char text[20];

        memset(text, 'x', sizeof text);
        text[at] = '\0';
        cr_expect_not(pm_utf8_text(text, sizeof text), "at %zu", at);
    }
}
