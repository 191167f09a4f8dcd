/* Lines that somebody waits for, in what lives write to real files. */
#include "output_stage.h"

#include <fcntl.h>
#include <poll.h>

TestSuite(mover_seek, .init = stage_setup, .fini = stage_teardown, .timeout = 60);

static void when_sought(uint64_t run, const char *pattern)
{
    output_file_seek(t.output, t.file, run, pattern);
}

static void then_found(uint64_t run)
{
    struct output_news news = next_news(OUTPUT_FOUND);

    cr_assert_str_eq(news.name, "cam");
    cr_assert_eq(news.run, run);
}

/* Not in all that is written by now: an answer to a read comes behind it. */
static void then_not_found(void)
{
    struct output_news news = { 0 };
    bool found = false, read = false;

    for (int look = 0; look < 2; look++) { /* the search has a turn after the one that answers */
        output_file_read(t.output, t.file, &(struct pm_read){ .lines = 1 });
        for (read = false; !read; poll(NULL, 0, 1))
            while (output_next(t.output, &news)) {
                found = found || news.kind == OUTPUT_FOUND;
                read = read || news.kind == OUTPUT_BYTES;
            }
    }
    cr_assert_not(found);
}

static void next_life(void)
{
    close(t.pipe[1]);
    (void)next_news(OUTPUT_DRAINED);
    cr_assert_eq(pipe2(t.pipe, O_CLOEXEC), 0);
    output_file_take(t.output, t.file, ++t.run, t.pipe[0], -1);
}

Test(mover_seek, a_line_is_found_when_it_comes)
{
    given_process("", "cam");
    when_sought(1, "^ready$");
    when_written("starting\nrea");
    wait_for_end(12);
    then_not_found();
    when_written("dy\nmore\nready\n");
    then_found(1);
    then_not_found(); /* once */
}

Test(mover_seek, what_was_written_before_anybody_asked_is_found)
{
    given_process("", "cam");
    when_written("ready\n");
    wait_for_end(6);
    when_sought(1, "ready");
    then_found(1);
}

Test(mover_seek, another_lifes_lines_count_for_nothing)
{
    given_process("", "cam");
    when_written("ready\n");
    wait_for_end(6);
    next_life();
    when_sought(2, "ready");
    then_not_found();
    when_written("on\n");
    wait_for_end(9);
    then_not_found();
    when_written("ready\n");
    then_found(2);
}

Test(mover_seek, nothing_is_lost_where_a_file_is_full)
{
    char block[1001];

    memset(block, 'x', sizeof block - 1);
    block[sizeof block - 1] = '\0';
    given_process("", "cam");
    output_file_limits(t.output, t.file, 4096, 1000);
    for (uint64_t i = 1; i <= 4; i++) { /* the line is in the first file and the second */
        when_written(block);
        wait_for_end(i * 1000);
    }
    when_written(block);
    when_written("needle\n");
    wait_for_end(5007);
    when_sought(1, "^x+needle$");
    then_not_found(); /* too long for one look at its beginning */
    when_sought(1, "xneedle$");
    then_found(1);
}

Test(mover_seek, who_no_longer_asks_is_not_told)
{
    given_process("", "cam");
    when_sought(1, "ready");
    when_sought(1, NULL);
    when_written("ready\n");
    wait_for_end(6);
    then_not_found();
}

Test(mover_seek, megabytes_are_searched_and_others_go_on)
{
    static char block[1 << 16];
    uint64_t end = 0;

    memset(block, 'x', sizeof block - 1);
    block[sizeof block - 1] = '\0';
    given_process("", "cam");
    for (int i = 0; i < 64; i++) {
        when_written(block);
        end += sizeof block - 1;
        wait_for_end(end);
    }
    when_written("needle");
    when_sought(1, "needle");
    then_found(1);
}

Test(mover_seek, a_file_given_up_takes_its_search_along)
{
    given_process("", "cam");
    when_sought(1, "ready");
    output_file_close(t.output, &t.file);
    close(t.pipe[1]);
}
