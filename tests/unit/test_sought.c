/* Lines that come in pieces, and what is found in them. */
#include <criterion/criterion.h>

#include "brain/sought.h"

#include <stdlib.h>
#include <string.h>

static struct sought line;
static struct pm_pattern *pattern;

static void given(const char *text)
{
    memset(&line, 0, sizeof line);
    pm_pattern_close(&pattern);
    cr_assert_eq(pm_pattern_open(text, &pattern), PM_OK);
}

static bool take(const char *text)
{
    return sought_take(&line, pattern, text, strlen(text));
}

static void end(void)
{
    pm_pattern_close(&pattern);
}

TestSuite(sought, .fini = end);

Test(sought, a_line_is_found_whole_or_in_pieces)
{
    given("^first frame$");
    cr_assert(take("x\nfirst frame\n"));
    given("^first frame$");
    cr_assert_not(take("x\nfirst "));
    cr_assert_not(take("frame"), "who knows whether that is its end");
    cr_assert(take("\n"));
    given("^first frame$");
    cr_assert(take("first frame\r\n"));
}

Test(sought, a_prompt_needs_no_newline)
{
    given("ready> ");
    cr_assert_not(take("starting\nrea"));
    cr_assert(take("dy> "));
}

Test(sought, nothing_is_found_over_the_end_of_a_line)
{
    given("first.frame");
    cr_assert_not(take("first\nframe\n"));
}

Test(sought, a_match_is_found_wherever_a_long_line_is_cut)
{
    char text[3 * SOUGHT_BYTES];

    for (size_t at = 0; at < sizeof text - 20; at += 509) {
        given("ne+dle");
        memset(text, 'x', sizeof text);
        memcpy(text + at, "neeeeeeedle", 11);
        cr_assert(sought_take(&line, pattern, text, sizeof text), "at %zu", at);
    }
}

Test(sought, the_rest_of_a_long_line_is_no_beginning)
{
    char text[2 * SOUGHT_BYTES];

    given("^xx");
    memset(text, 'y', sizeof text);
    memset(text + SOUGHT_BYTES / 2, 'x', sizeof text - SOUGHT_BYTES / 2);
    cr_assert_not(sought_take(&line, pattern, text, sizeof text));
    cr_assert_not(take("xx\n"));
    cr_assert(take("xx"));
}

Test(sought, bytes_of_any_kind_are_text)
{
    given("ready$");
    cr_assert(sought_take(&line, pattern, "\0\xff on \0 ready\n", 14));
}

Test(sought, any_pieces_find_what_the_whole_finds)
{
    static const char text[] = "alpha\n\nbeta gamma\r\ndelta";
    static const char *const patterns[] = { "^beta gamma$", "a$", "^$", "ta$", "^x", "delta" };

    srand(7);
    for (int i = 0; i < 300; i++) {
        bool whole, found = false;
        given(patterns[i % (int)PM_COUNT(patterns)]);
        whole = take(text);
        memset(&line, 0, sizeof line);
        for (size_t at = 0, n; at < sizeof text - 1; at += n) {
            n = 1 + (size_t)rand() % 5;
            n = n < sizeof text - 1 - at ? n : sizeof text - 1 - at;
            found = sought_take(&line, pattern, text + at, n) || found;
        }
        cr_assert_eq(found, whole, "%s", patterns[i % (int)PM_COUNT(patterns)]);
    }
}
