/* The output of processes, as the loop sees it: moved, followed, read.
 */
#include "output_stage.h"

#include "brain/output_index.h"
#include "brain/output_names.h"

#include <procman/output_path.h>

#include <fcntl.h>
#include <sys/stat.h>

TestSuite(output, .init = stage_setup, .fini = stage_teardown, .timeout = 60);

Test(output, names_that_no_file_can_have_are_encoded)
{
    static const struct { const char *group, *name, *path; } rows[] = {
        { "", "cam", "/l/cam.log" },
        { "drivers/cameras", "left eye", "/l/drivers/cameras/left eye.log" },
        { "", "a/b", "/l/a%2Fb.log" },
        { "", "..", "/l/%2E..log" },
        { "..", ".x%", "/l/%2E./%2Ex%25.log" },
        { "", "caf\xc3\xa9\x01", "/l/caf\xc3\xa9%01.log" },
        { "cam.log", "x", "/l/cam%2Elog/x.log" },
        { "cam.log.0000000000000007", "x", "/l/cam%2Elog.0000000000000007/x.log" },
        { "cam.logs", "x", "/l/cam.logs/x.log" },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        PM_CLEANUP(pm_free) char *path = pm_output_path("/l", rows[i].group, rows[i].name);
        cr_assert_str_eq(path, rows[i].path);
    }
}

Test(output, bytes_arrive_in_a_file_whose_directories_are_made)
{
    given_process("drivers/cameras", "left");
    PM_CLEANUP(pm_free) char *path = path_of("drivers/cameras", "left");
    when_written("one\n");
    then_file_is(path, "one\n");
    when_written("two\n");
    then_file_is(path, "one\ntwo\n");
    cr_assert_eq(output_file_end(t.file), 8);
}

Test(output, a_second_life_continues_where_the_first_ended)
{
    given_process("", "cam");
    PM_CLEANUP(pm_free) char *path = path_of("", "cam");
    when_written("one\n");
    close(t.pipe[1]);
    cr_assert_str_eq(next_news(OUTPUT_DRAINED).name, "cam");
    cr_assert(output_file_drained(t.file, 0));
    cr_assert_eq(pipe2(t.pipe, O_CLOEXEC), 0);
    output_file_take(t.output, t.file, ++t.run, t.pipe[0], -1);
    cr_assert_not(output_file_drained(t.file, 0));
    cr_assert(output_file_drained(t.file, 1));
    when_written("two\n");
    then_file_is(path, "one\ntwo\n");
}

Test(output, a_pipe_that_somebody_else_has_open_too_ends_once)
{
    given_process("", "cam");
    int keepers = fcntl(t.pipe[0], F_DUPFD_CLOEXEC, 0);
    close(t.pipe[1]);
    next_news(OUTPUT_DRAINED);
    given_process("", "other"); /* the mover has gone on and is well */
    PM_CLEANUP(pm_free) char *path = path_of("", "other");
    when_written("well\n");
    then_file_is(path, "well\n");
    close(keepers);
}

Test(output, everything_is_drained_before_the_end_even_what_is_closed)
{
    static char block[60000];

    given_process("", "cam");
    PM_CLEANUP(pm_free) char *path = path_of("", "cam");
    struct stat stat_now;
    memset(block, 'x', sizeof block);
    cr_assert_eq(write(t.pipe[1], block, sizeof block), (ssize_t)sizeof block);
    output_file_close(t.output, &t.file);
    output_close(&t.output); /* the writer is still there */
    cr_assert_eq(stat(path, &stat_now), 0);
    cr_assert_eq(stat_now.st_size, (off_t)sizeof block);
}

Test(output, a_follower_sees_every_byte_with_its_address)
{
    given_process("", "cam");
    when_written("before\n");
    PM_CLEANUP(pm_free) char *path = path_of("", "cam");
    then_file_is(path, "before\n");
    output_file_follow(t.output, t.file, 7, true);
    struct pm_chunk chunk = next_news(OUTPUT_CHUNK).chunk;
    cr_assert_eq(chunk.id, 7);
    cr_assert_eq(chunk.data.n, 0);
    cr_assert_eq(chunk.offset, 7); /* where the present end is */
    when_written("now\n");
    chunk = next_news(OUTPUT_CHUNK).chunk;
    then_bytes(chunk, 7, "now\n");
    output_file_follow(t.output, t.file, 7, false);
    when_written("after\n");
    then_file_is(path, "before\nnow\nafter\n");
    struct output_news news;
    while (output_next(t.output, &news))
        cr_assert_neq(news.kind, OUTPUT_CHUNK);
}

Test(output, a_large_burst_reaches_a_follower_whole)
{
    enum { BURST = 3 << 20 };
    uint64_t seen = 0;

    given_process("", "cam");
    output_file_follow(t.output, t.file, 7, true);
    next_news(OUTPUT_CHUNK);
    pid_t child = fork();
    if (child == 0) {
        static char block[4096];
        for (size_t i = 0; i < BURST / sizeof block; i++) {
            memset(block, (char)('a' + i % 26), sizeof block);
            if (write(t.pipe[1], block, sizeof block) != (ssize_t)sizeof block)
                _exit(1);
        }
        _exit(0);
    }
    close(t.pipe[1]);
    while (seen < BURST) {
        struct pm_chunk chunk = next_news(OUTPUT_CHUNK).chunk;
        cr_assert_eq(chunk.offset, seen);
        for (size_t i = 0; i < chunk.data.n; i++)
            if (chunk.data.at[i] != 'a' + (seen + i) / 4096 % 26)
                cr_assert_fail("wrong byte at %llu", (unsigned long long)(seen + i));
        seen += chunk.data.n;
    }
    cr_assert_eq(seen, BURST);
}

Test(output, the_file_is_read_by_address_and_by_lines)
{
    given_process("", "cam");
    PM_CLEANUP(pm_free) char *path = path_of("", "cam");
    struct pm_bytes none = when_read(0, 0, 0);
    then_bytes(none, 0, "");
    when_written("one\ntwo\nthree\n");
    then_file_is(path, "one\ntwo\nthree\n");
    struct pm_bytes bytes = when_read(4, 0, 0);
    then_bytes(bytes, 4, "two\nthree\n");
    cr_assert_eq(bytes.end, 14);
    bytes = when_read(4, 0, 3);
    then_bytes(bytes, 4, "two");
    bytes = when_read(99, 0, 0);
    then_bytes(bytes, 14, "");
    bytes = when_read(0, 1, 0);
    then_bytes(bytes, 8, "three\n");
    bytes = when_read(0, 2, 0);
    then_bytes(bytes, 4, "two\nthree\n");
    bytes = when_read(0, 9, 0);
    then_bytes(bytes, 0, "one\ntwo\nthree\n");
    when_written("four");
    then_file_is(path, "one\ntwo\nthree\nfour");
    bytes = when_read(0, 1, 0);
    then_bytes(bytes, 14, "four");
    bytes = when_read(0, 2, 0);
    then_bytes(bytes, 8, "three\nfour");
}

Test(output, last_lines_are_found_over_block_borders)
{
    enum { LINE = 1000, LINES = 200 };
    static char line[LINE + 1];

    given_process("", "cam");
    memset(line, 'x', LINE - 1);
    line[LINE - 1] = '\n';
    for (int i = 0; i < LINES; i++)
        when_written(line);
    wait_for_end(LINE * LINES);
    for (uint64_t wanted = 1; wanted <= LINES; wanted += 13) {
        struct pm_bytes bytes = when_read(0, wanted, 0);
        cr_assert_eq(bytes.offset, LINE * (LINES - wanted));
        cr_assert_eq(bytes.data.n, LINE * wanted);
    }
}

/* ---- last words --------------------------------------------------------------------- */

static void then_last(uint64_t run, uint64_t end, const char *text)
{
    output_file_last(t.output, t.file, run);
    struct output_news news = next_news(OUTPUT_LAST);
    cr_assert_str_eq(news.name, "cam");
    cr_assert_eq(news.run, run);
    cr_assert_eq(news.end, end);
    cr_assert_eq(news.data.n, strlen(text), "%.*s", (int)news.data.n, news.data.at);
    if (news.data.n > 0)
        cr_assert_arr_eq(news.data.at, text, news.data.n);
}

Test(output, the_last_lines_of_a_run_are_told_when_its_pipes_are_drained)
{
    given_process("", "cam");
    when_written("one\ntwo\nthree");
    close(t.pipe[1]);
    then_last(1, 13, "one\ntwo\nthree");
    cr_assert_eq(pipe2(t.pipe, O_CLOEXEC), 0);
    output_file_take(t.output, t.file, 2, t.pipe[0], -1);
    for (int i = 0; i < OUTPUT_LAST_LINES; i++)
        when_written("before\n");
    for (int i = 0; i < OUTPUT_LAST_LINES; i++)
        when_written("x\n");
    close(t.pipe[1]);
    then_last(2, 13 + 9 * OUTPUT_LAST_LINES, "x\nx\nx\nx\nx\nx\nx\nx\nx\nx\n");
    then_last(7, 0, "");
}

Test(output, the_last_lines_do_not_wait_for_ever_for_who_holds_the_pipe)
{
    given_process("", "cam");
    when_written("alive\n");
    PM_CLEANUP(pm_free) char *path = path_of("", "cam");
    then_file_is(path, "alive\n");
    then_last(1, 6, "alive\n");
}

/* An index in which a life must be looked for long. */
static void given_many_records(const char *name, size_t n)
{
    PM_CLEANUP(pm_free) char *command = pm_printf("mkdir -p %s/logs", t.dir);
    PM_CLEANUP(pm_free) char *path = path_of("", name);
    PM_CLEANUP(pm_free) char *index = output_index_path(path, 0);
    uint8_t bytes[INDEX_RECORD];
    FILE *file, *beside;

    cr_assert_eq(system(command), 0);
    cr_assert_not_null(file = fopen(path, "w"));
    cr_assert_not_null(beside = fopen(index, "w"));
    for (size_t i = 0; i < n; i++) {
        index_encode(&(struct index_record){ .offset = i, .length = 1, .run = 9 }, bytes);
        cr_assert_eq(fwrite(bytes, sizeof bytes, 1, beside), 1);
        fputc('x', file);
    }
    cr_assert_eq(fclose(file), 0);
    cr_assert_eq(fclose(beside), 0);
}

Test(output, bytes_go_before_last_words_however_many_ask_for_them)
{
    enum { RECORDS = 50000, ASKED = 1000 };
    struct output_file *other;
    struct output_news news;
    int answered = 0;

    given_many_records("other", RECORDS);
    other = output_file_open(t.output, "", "other");
    given_process("", "cam");
    for (int i = 0; i < ASKED; i++)
        output_file_last(t.output, other, 1); /* older than all that is there */
    when_written("now\n");
    wait_for_end(4);
    while (output_next(t.output, &news))
        answered += news.kind == OUTPUT_LAST;
    cr_assert_lt(answered, ASKED / 2);
    output_file_close(t.output, &other);
    when_written("and now\n");
    wait_for_end(12);
}

/* ---- rotation, seen from outside -------------------------------------------------------- */

static uint64_t when_all_is_read(char *to, uint64_t from)
{
    for (;;) {
        struct pm_bytes bytes = when_read(from, 0, 0);
        cr_assert_eq(bytes.offset, from);
        if (bytes.data.n == 0)
            return from;
        memcpy(to + from, bytes.data.at, bytes.data.n);
        from += bytes.data.n;
    }
}

Test(output, a_follower_sees_every_byte_over_rotations)
{
    enum { LINES = 500, LINE = 10 };
    char line[LINE + 1];
    uint64_t seen = 0;

    given_process("", "cam");
    output_file_limits(t.output, t.file, 200, 1000);
    output_file_follow(t.output, t.file, 7, true);
    next_news(OUTPUT_CHUNK);
    for (int i = 0; i < LINES; i++) {
        snprintf(line, sizeof line, "line %04d\n", i);
        when_written(line);
    }
    while (seen < LINES * LINE) {
        struct pm_chunk chunk = next_news(OUTPUT_CHUNK).chunk;
        cr_assert_eq(chunk.offset, seen);
        cr_assert_eq(chunk.run, 1);
        cr_assert_gt(chunk.time_ms, 0);
        seen += chunk.data.n;
    }
    static char text[LINES * LINE];
    cr_assert_eq(when_all_is_read(text, 0), seen);
    for (int i = 0; i < LINES; i++) {
        snprintf(line, sizeof line, "line %04d\n", i);
        cr_assert_arr_eq(text + (ptrdiff_t)i * LINE, line, LINE);
    }
    struct pm_bytes last = when_read(0, 30, 0);
    cr_assert_eq(last.offset, (LINES - 30) * LINE, "lines are counted over segments");
}

Test(output, a_new_mover_goes_on_where_the_former_stopped)
{
    PM_CLEANUP(pm_free) char *logs = pm_printf("%s/logs", t.dir);

    given_process("g", "cam");
    output_file_limits(t.output, t.file, 100, 2);
    for (int i = 0; i < 30; i++)
        when_written("0123456789");
    wait_for_end(300);
    output_close(&t.output);
    cr_assert_eq(output_open(logs, 0, &t.output), PM_OK);
    given_process("g", "cam");
    when_written("x");
    wait_for_end(301);
    struct pm_bytes bytes = when_read(295, 0, 0);
    then_bytes(bytes, 295, "56789x");
    cr_assert_gt(bytes.begin, 0);
}

Test(output, a_stalled_follower_costs_bounded_memory_and_loses_nothing)
{
    enum { ALL = 64 << 20, FLYING_MOST = 10 << 20 };
    static char block[1 << 16];
    uint64_t flown = 0, end = 0;
    struct output_news news;

    given_process("", "cam");
    output_file_follow(t.output, t.file, 7, true);
    next_news(OUTPUT_CHUNK);
    for (int i = 0; i < ALL / (int)sizeof block; i++)
        for (size_t n = 0; n < sizeof block; ) {
            ssize_t put = write(t.pipe[1], block, sizeof block - n);
            cr_assert_gt(put, 0);
            n += (size_t)put;
        }
    wait_for_end(ALL);
    while (output_next(t.output, &news))
        if (news.kind == OUTPUT_CHUNK) {
            flown += news.chunk.data.n;
            end = news.chunk.offset + news.chunk.data.n;
        }
    cr_assert_lt(flown, FLYING_MOST);
    cr_assert_lt(end, ALL);
    cr_assert_gt(when_read(end, 0, 0).data.n, 0); /* the rest is in the file */
    when_written("awake");
    struct pm_chunk chunk = next_news(OUTPUT_CHUNK).chunk;
    cr_assert_eq(chunk.offset, ALL, "and the gap is seen");
}

/* ---- where it came from ----------------------------------------------------------------- */

Test(output, both_streams_and_lives_are_told_apart)
{
    int err[2];

    t.file = output_file_open(t.output, "", "cam");
    cr_assert_eq(pipe2(t.pipe, O_CLOEXEC), 0);
    cr_assert_eq(pipe2(err, O_CLOEXEC), 0);
    output_file_take(t.output, t.file, 4, t.pipe[0], err[0]);
    when_written("out\n");
    wait_for_end(4);
    cr_assert_eq(write(err[1], "err\n", 4), 4);
    wait_for_end(8);
    close(t.pipe[1]);
    cr_assert_not(output_file_drained(t.file, 4));
    close(err[1]);
    cr_assert_eq(next_news(OUTPUT_DRAINED).run, 4);
    given_process("", "cam"); /* as if its next life was begun by another brain */
    struct pm_bytes bytes = when_asked(&(struct pm_read){ .run = 4, .marked = true });
    then_bytes(bytes, 0, "out\nerr\n");
    cr_assert_eq(bytes.marks.n, 2);
    cr_assert_eq(bytes.marks.at[0].stream, PM_STREAM_OUT);
    cr_assert_eq(bytes.marks.at[1].stream, PM_STREAM_ERR);
    cr_assert_eq(bytes.marks.at[1].offset, 4);
    cr_assert_eq(bytes.marks.at[1].run, 4);
}

Test(output, a_rotation_lets_nobody_write_into_anothers_line)
{
    enum { ROUNDS = 400 };
    int err[2], wrong = 0;
    static char text[2 * ROUNDS * 40];

    t.file = output_file_open(t.output, "", "cam");
    output_file_limits(t.output, t.file, 200, 10000);
    cr_assert_eq(pipe2(t.pipe, O_CLOEXEC), 0);
    cr_assert_eq(pipe2(err, O_CLOEXEC), 0);
    output_file_take(t.output, t.file, 1, t.pipe[0], err[0]);
    for (int i = 0; i < ROUNDS; i++) {
        when_written("out: a line of some length\n");
        cr_assert_eq(write(err[1], "err: another line\n", 18), 18);
    }
    wait_for_end(ROUNDS * (27 + 18));
    uint64_t n = when_all_is_read(text, 0);
    for (char *line = text, *end; line < text + n; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + n - line));
        wrong += strncmp(line, "out: a line of some length\n", 27) != 0
                 && strncmp(line, "err: another line\n", 18) != 0;
    }
    cr_assert_eq(wrong, 0);
}
