/* The lines of a log pane: how they grow, go, are filtered, searched, and looked at. */
#include "scroll.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct scroll *scroll;

static void given_a_pane(void)
{
    scroll = scroll_new();
}

static void over(void)
{
    scroll_close(&scroll);
}

TestSuite(top_scroll, .init = given_a_pane, .fini = over);

static void when_out(const char *text)
{
    scroll_bytes(scroll, 1, LINE_OUT, 1000, text, strlen(text));
}

static void when_err(const char *text)
{
    scroll_bytes(scroll, 1, LINE_ERR, 1000, text, strlen(text));
}

static void when_lines(int from, int to)
{
    for (int i = from; i <= to; i++) {
        char text[40];
        sprintf(text, "line %d\n", i);
        when_out(text);
    }
}

static void then_lines_are(const char *expected)
{
    char text[2000] = "";

    for (size_t i = 0; i < scroll_count(scroll); i++)
        sprintf(text + strlen(text), "%s%.*s", i ? "|" : "", (int)scroll_at(scroll, i)->n,
                scroll_at(scroll, i)->text);
    cr_assert_str_eq(text, expected);
}

Test(top_scroll, lines_come_in_pieces_and_are_seen_at_once)
{
    when_out("he");
    then_lines_are("he");
    when_out("llo\nwor");
    then_lines_are("hello|wor");
    when_out("ld\n\n");
    then_lines_are("hello|world|");
}

Test(top_scroll, the_two_streams_do_not_mix_within_a_line)
{
    when_out("out");
    when_err("err");
    when_out("put\n");
    when_err("or\n");
    then_lines_are("output|error");
}

Test(top_scroll, processes_do_not_mix_either)
{
    scroll_bytes(scroll, 1, LINE_OUT, 1, "a", 1);
    scroll_bytes(scroll, 2, LINE_OUT, 2, "b\n", 2);
    scroll_bytes(scroll, 1, LINE_OUT, 3, "a\n", 2);
    then_lines_are("aa|b");
    cr_assert_eq(scroll_at(scroll, 1)->source, 2);
}

Test(top_scroll, one_stream_can_be_looked_at_alone)
{
    when_out("1\n");
    when_err("2\n");
    scroll_note(scroll, 1, LINE_NOTE, 0, "note");
    scroll_streams(scroll, STREAMS_ERR);
    then_lines_are("2|note");
    when_out("3\n");
    when_err("4\n");
    then_lines_are("2|note|4");
    scroll_streams(scroll, STREAMS_BOTH);
    then_lines_are("1|2|note|3|4");
}

Test(top_scroll, only_lines_that_fit_an_expression)
{
    char *why = NULL;

    when_lines(8, 12);
    cr_assert(scroll_filter(scroll, "line 1", &why));
    then_lines_are("line 10|line 11|line 12");
    when_out("no\n");
    when_out("line 13\n");
    then_lines_are("line 10|line 11|line 12|line 13");
    cr_assert_not(scroll_filter(scroll, "(", &why));
    cr_assert_not_null(strstr(why, "is no regular expression"));
    free(why);
    then_lines_are("line 10|line 11|line 12|line 13");
    cr_assert(scroll_filter(scroll, "", &why));
    cr_assert_eq(scroll_count(scroll), 7);
}

Test(top_scroll, colours_are_no_part_of_what_is_searched)
{
    char *why = NULL;

    when_out("\x1b[31mout\x1b[0m of memory\n");
    cr_assert(scroll_filter(scroll, "^out of", &why));
    cr_assert_eq(scroll_count(scroll), 1);
}

Test(top_scroll, a_line_that_grows_into_the_filter_is_shown)
{
    char *why = NULL;

    cr_assert(scroll_filter(scroll, "memory", &why));
    when_out("out of ");
    cr_assert_eq(scroll_count(scroll), 0);
    when_out("memory\n");
    then_lines_are("out of memory");
}

Test(top_scroll, it_follows_until_one_scrolls_and_then_stands_still)
{
    when_lines(1, 20);
    cr_assert_eq(scroll_top(scroll, 5), 15);
    scroll_move(scroll, -3, 5);
    cr_assert_not(scroll_follows(scroll));
    cr_assert_eq(scroll_top(scroll, 5), 12);
    when_lines(21, 25);
    cr_assert_eq(scroll_top(scroll, 5), 12);
    cr_assert_eq(scroll_missed(scroll), 5);
    scroll_follow(scroll, true);
    cr_assert_eq(scroll_top(scroll, 5), 20);
    cr_assert_eq(scroll_missed(scroll), 0);
}

Test(top_scroll, scrolling_stops_at_both_ends)
{
    when_lines(1, 20);
    scroll_move(scroll, -100, 5);
    cr_assert_eq(scroll_top(scroll, 5), 0);
    scroll_move(scroll, 100, 5);
    cr_assert_eq(scroll_top(scroll, 5), 15);
}

Test(top_scroll, the_oldest_go_and_the_page_stands_on_its_line)
{
    when_lines(1, SCROLL_LINES);
    scroll_go(scroll, 100, 5);
    when_lines(SCROLL_LINES + 1, SCROLL_LINES + 30);
    cr_assert_eq(scroll_held(scroll), SCROLL_LINES);
    cr_assert_eq(scroll_count(scroll), SCROLL_LINES);
    cr_assert_eq(scroll_top(scroll, 5), 70);
    cr_assert_eq(strncmp(scroll_at(scroll, 70)->text, "line 101", 8), 0);
}

Test(top_scroll, so_does_what_is_too_big)
{
    char *big = malloc(SCROLL_BYTES / 4 + 1);

    memset(big, 'x', SCROLL_BYTES / 4);
    for (int i = 0; i < 8; i++)
        scroll_bytes(scroll, 1, LINE_OUT, 1, big, SCROLL_BYTES / 4);
    free(big);
    cr_assert_leq(scroll_held(scroll), SCROLL_BYTES / 65536);
    cr_assert_gt(scroll_held(scroll), 1);
}

Test(top_scroll, a_line_without_end_is_cut_into_lines)
{
    char *big = malloc(200000);

    memset(big, 'x', 200000);
    scroll_bytes(scroll, 1, LINE_OUT, 1, big, 200000);
    when_out("\n");
    cr_assert_eq(scroll_count(scroll), 4);
    cr_assert_eq(scroll_at(scroll, 3)->n, 200000 - 3 * 65536);
    free(big);
}

Test(top_scroll, what_was_before_is_put_in_front_and_the_page_stays)
{
    struct line before[] = {
        { .text = "old 1", .n = 5, .source = 1 }, { .text = "old 2", .n = 5, .source = 1 },
    };

    when_lines(1, 10);
    when_out("gro");
    scroll_go(scroll, 3, 4);
    cr_assert_not(scroll_before(scroll, before, 2));
    cr_assert_eq(scroll_top(scroll, 4), 5);
    cr_assert_eq(strncmp(scroll_at(scroll, 5)->text, "line 4", 6), 0);
    cr_assert_eq(strncmp(scroll_at(scroll, 0)->text, "old 1", 5), 0);
    when_out("wing\n");
    cr_assert_eq(strncmp(scroll_at(scroll, 12)->text, "growing", 7), 0);
}

Test(top_scroll, searching_goes_on_from_where_one_is_and_around_the_end)
{
    char *why = NULL;

    when_lines(1, 40);
    cr_assert(scroll_search(scroll, "line (5|25)$", &why));
    cr_assert(scroll_find(scroll, true, 5));
    cr_assert_leq(scroll_top(scroll, 5), 24);
    cr_assert_gt(scroll_top(scroll, 5) + 5, 24);
    cr_assert(scroll_find(scroll, true, 5));
    cr_assert_leq(scroll_top(scroll, 5), 4);
    cr_assert(scroll_find(scroll, false, 5));
    cr_assert_gt(scroll_top(scroll, 5) + 5, 24);
    cr_assert(scroll_search(scroll, "nowhere", &why));
    cr_assert_not(scroll_find(scroll, false, 5));
}

Test(top_scroll, matches_are_found_one_after_the_other)
{
    char *why = NULL;
    size_t from = 0, to = 0;

    cr_assert(scroll_search(scroll, "ab", &why));
    cr_assert(scroll_matches(scroll, "ab xab", &from, &to));
    cr_assert_eq(from, 0);
    cr_assert_eq(to, 2);
    from = to;
    cr_assert(scroll_matches(scroll, "ab xab", &from, &to));
    cr_assert_eq(from, 4);
    from = to;
    cr_assert_not(scroll_matches(scroll, "ab xab", &from, &to));
}

Test(top_scroll, clearing_leaves_an_empty_pane_that_goes_on)
{
    when_lines(1, 3);
    scroll_clear(scroll);
    then_lines_are("");
    when_lines(4, 5);
    then_lines_are("line 4|line 5");
}
