/* What a log may do to a terminal: nothing. */
#include "procmanctl/clean.h"

#include <criterion/criterion.h>
#include <string.h>

struct row { const char *from, *to; };

static const struct row rows[] = {
    { "plain text\n", "plain text\n" },
    { "a tab\tstays\n", "a tab\tstays\n" },
    { "\033[31mred\033[0m\n", "red\n" },
    { "\033[2J\033[1;1Htop", "top" },
    { "\033]0;a title\007text", "text" },
    { "\033]0;a title\033\\text", "text" },
    { "\033P$q\"p\033\\text", "text" },
    { "\033(Bcharset", "charset" },
    { "\033cfull reset", "full reset" },
    { "\033]never ended\nthe next line\n", "\nthe next line\n" },
    { "back\b\b\rspace\x7f\a", "backspace" },
    { "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
    { "\xc2\x9b" "31mC1 in UTF-8", "31mC1 in UTF-8" },
    { "\xc2\xa9 is no control", "\xc2\xa9 is no control" },
    { "\x9b" "31mC1 as one byte", "31mC1 as one byte" },
    { "cut \xe2\x82 here", "cut \xe2\x82 here" },
    { "lone \xff\xfe bytes", "lone  bytes" },
};

static const char *cleaned(const char *from, size_t piece, char *to)
{
    struct cleaner cleaner = { 0 };
    size_t n = strlen(from), written = 0;

    for (size_t at = 0; at < n; at += piece) {
        size_t length = n - at < piece ? n - at : piece;

        written += clean(&cleaner, (const uint8_t *)from + at, length, (uint8_t *)to + written);
    }
    to[written] = '\0';
    return to;
}

Test(clean, leaves_text_and_nothing_that_commands_a_terminal)
{
    char to[128];

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); ++i)
        cr_expect_str_eq(cleaned(rows[i].from, sizeof(to), to), rows[i].to, "row %zu: %s", i, to);
}

Test(clean, does_the_same_wherever_a_piece_ends)
{
    char to[128];

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); ++i)
        cr_expect_str_eq(cleaned(rows[i].from, 1, to), rows[i].to, "row %zu: %s", i, to);
}
