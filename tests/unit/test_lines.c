/* Lines out of stretches, however they are cut. */
#include "procmanctl/lines.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct lines lines;
static uint64_t address;
static char seen[1024];      /* every line taken: "stream run offset time text|" */

static void given(enum pm_stream stream, uint64_t run, int64_t time_ms, const char *text)
{
    lines_put(&lines, &(struct pm_stretch){ .at = (const uint8_t *)text, .n = strlen(text),
                                            .offset = address, .time_ms = time_ms,
                                            .stream = stream, .run = run });
    address += strlen(text);
}

static void note(const struct line *line)
{
    size_t n = strlen(seen);

    snprintf(seen + n, sizeof(seen) - n, "%s%llu @%llu %lld %.*s%s|",
             line->stream == PM_STREAM_ERR ? "err" : "out", (unsigned long long)line->run,
             (unsigned long long)line->offset, (long long)line->time_ms, (int)line->n,
             (const char *)line->at, line->begins && line->ends ? "" : "…");
}

static const char *then_lines(void)
{
    struct line line;

    seen[0] = '\0';
    while (lines_get(&lines, &line))
        note(&line);
    return seen;
}

static const char *then_last(void)
{
    struct line line;

    seen[0] = '\0';
    while (lines_last(&lines, &line))
        note(&line);
    return seen;
}

static void clear(void)
{
    lines_fini(&lines);
}

TestSuite(lines, .fini = clear);

Test(lines, are_cut_at_newlines)
{
    given(PM_STREAM_OUT, 1, 10, "one\ntwo\n\nfour");
    cr_expect_str_eq(then_lines(), "out1 @0 10 one|out1 @4 10 two|out1 @8 10 |");
    cr_expect_str_eq(then_last(), "out1 @9 10 four|");
    cr_expect_str_eq(then_last(), "");
}

Test(lines, go_on_over_stretches_and_have_the_time_of_their_first_byte)
{
    given(PM_STREAM_OUT, 1, 10, "on");
    cr_expect_str_eq(then_lines(), "");
    given(PM_STREAM_OUT, 1, 20, "e");
    given(PM_STREAM_OUT, 1, 30, "\ntwo\n");
    cr_expect_str_eq(then_lines(), "out1 @0 10 one|out1 @4 30 two|");
}

Test(lines, of_two_streams_do_not_mix)
{
    given(PM_STREAM_OUT, 1, 10, "loading ");
    given(PM_STREAM_ERR, 1, 20, "warning\n");
    given(PM_STREAM_OUT, 1, 30, "done\n");
    cr_expect_str_eq(then_lines(), "err1 @8 20 warning|out1 @0 10 loading done|");
}

Test(lines, end_with_the_life_that_wrote_them)
{
    given(PM_STREAM_OUT, 1, 10, "cut of");
    given(PM_STREAM_OUT, 2, 20, "hello\n");
    cr_expect_str_eq(then_lines(), "out1 @0 10 cut of|out2 @6 20 hello|");
}

Test(lines, of_unknown_origin_are_not_cut_by_it)
{
    given(PM_STREAM_OUT, 0, 0, "half ");
    given(PM_STREAM_OUT, 3, 20, "known\n");
    cr_expect_str_eq(then_lines(), "out0 @0 0 half known|");
}

Test(lines, are_the_same_byte_by_byte)
{
    static const char text[] = "one\n\ntwo\nthree";
    char whole[sizeof(seen)];

    given(PM_STREAM_OUT, 1, 10, text);
    strcpy(whole, then_lines());
    strcat(whole, then_last());
    lines_fini(&lines);
    address = 0;
    for (size_t i = 0; i < strlen(text); ++i)
        given(PM_STREAM_OUT, 1, 10, (char[]){ text[i], '\0' });
    cr_expect_eq(strncmp(whole, then_lines(), strlen(seen)), 0, "%s", seen);
    cr_expect_str_eq(then_last(), "out1 @9 10 three|");
}

Test(lines, hold_any_byte)
{
    struct line line;

    lines_put(&lines, &(struct pm_stretch){ .at = (const uint8_t *)"a\0b\xff\n", .n = 5 });
    cr_assert(lines_get(&lines, &line));
    cr_expect_eq(line.n, 4);
    cr_expect_arr_eq(line.at, "a\0b\xff", 4);
}

/* A gigabyte without a newline, for what it shows: memory stays that of a piece. */
Test(lines, too_long_come_in_pieces)
{
    size_t n = 2 * LINE_MOST + 5;
    char *text = malloc(n + 1);
    struct line line;

    memset(text, 'x', n);
    text[n] = '\0';
    given(PM_STREAM_OUT, 1, 10, text);
    cr_assert(lines_get(&lines, &line));
    cr_expect(line.begins && !line.ends && line.n == LINE_MOST && line.offset == 0);
    cr_assert(lines_get(&lines, &line));
    cr_expect(!line.begins && !line.ends && line.n == LINE_MOST && line.offset == LINE_MOST);
    cr_expect_not(lines_get(&lines, &line));
    given(PM_STREAM_OUT, 1, 20, "y\nnext\n");
    cr_assert(lines_get(&lines, &line));
    cr_expect(!line.begins && line.ends && line.n == 6 && line.offset == 2 * LINE_MOST);
    cr_assert(lines_get(&lines, &line));
    cr_expect(line.begins && line.ends && line.n == 4);
    cr_expect_leq(lines.parts[PM_STREAM_OUT].text.cap, 2 * LINE_MOST);
    free(text);
}

Test(lines, as_long_as_a_piece_end_in_an_empty_one)
{
    char *text = malloc(LINE_MOST + 2);
    struct line line;

    memset(text, 'x', LINE_MOST);
    strcpy(text + LINE_MOST, "\n");
    given(PM_STREAM_OUT, 1, 10, text);
    cr_assert(lines_get(&lines, &line));
    cr_expect(line.begins && !line.ends && line.n == LINE_MOST);
    cr_assert(lines_get(&lines, &line));
    cr_expect(!line.begins && line.ends && line.n == 0);
    cr_expect_not(lines_get(&lines, &line));
    cr_expect_str_eq(then_last(), "");
    free(text);
}
