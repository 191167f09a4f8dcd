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

static const struct row colours[] = {
    { "\033[31mred\033[0m\n", "\033[31mred\033[0m\n" },
    { "\033[1;38;5;200mpink\033[m\n", "\033[1;38;5;200mpink\033[m\n" },
    { "\033[38:2::1:2:3mrgb", "\033[38:2::1:2:3mrgb" },
    { "\033[31mred\nand on\n", "\033[31mred\033[0m\nand on\n" },
    { "\033[?1mprivate \033[>4;1mmodify \033[1 mspace", "private modify space" },
    { "\033[31\033[32mbroken off", "\033[32mbroken off" },
    { "\033\033[32mtwice", "\033[32mtwice" },
    { "\033[31\nbroken by a newline", "\nbroken by a newline" },
    { "\033[2J\033[1;1H\033]0;m\007top\033(m", "top" },
    { "\033[1111111111111111111111111111111111111111111111111111111mtoo long", "too long" },
};

static const char *cleaned(const char *from, size_t piece, char *to, bool in_colour)
{
    struct cleaner cleaner = { .colours = in_colour };
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
        cr_expect_str_eq(cleaned(rows[i].from, sizeof(to), to, false), rows[i].to, "row %zu: %s",
                         i, to);
}

Test(clean, does_the_same_wherever_a_piece_ends)
{
    char to[128];

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); ++i)
        cr_expect_str_eq(cleaned(rows[i].from, 1, to, false), rows[i].to, "row %zu: %s", i, to);
}

Test(clean, lets_colours_through_until_the_end_of_their_line)
{
    char to[256];

    for (size_t i = 0; i < sizeof(colours) / sizeof(*colours); ++i) {
        cr_expect_str_eq(cleaned(colours[i].from, sizeof(to), to, true), colours[i].to, "row %zu",
                         i);
        cr_expect_str_eq(cleaned(colours[i].from, 1, to, true), colours[i].to, "row %zu", i);
    }
}

Test(clean, an_end_takes_a_colour_back_once)
{
    struct cleaner cleaner = { .colours = true };
    char to[CLEAN_ROOM(16)];

    (void)clean(&cleaner, (const uint8_t *)"\033[31mred", 8, (uint8_t *)to);
    cr_expect_eq(clean_end(&cleaner, (uint8_t *)to), strlen(CLEAN_RESET));
    cr_expect_eq(clean_end(&cleaner, (uint8_t *)to), 0);
}

Test(clean, never_writes_more_than_it_was_given_room_for)
{
    static const char dense[] = "\033[1m\n\033[1m\n\033[1m\n\033[1m\n";
    struct cleaner cleaner = { .colours = true };
    uint8_t to[CLEAN_ROOM(sizeof(dense))];

    cr_expect_leq(clean(&cleaner, (const uint8_t *)dense, strlen(dense), to), sizeof(to));
}
