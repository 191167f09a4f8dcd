/* The output mover, with real pipes and files in a directory of its own. Nothing sleeps and
 * hopes: every wait is for a fact, with a deadline.
 */
#include "brain/output.h"

#include <criterion/criterion.h>
#include <czmq.h>
#include <procman/output_path.h>
#include <procman/time.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 10000

static struct {
    char dir[64];
    struct output *output;
    struct output_file *file;
    int pipe[2];
    uint64_t run;
} t;

static char *path_of(const char *group, const char *name)
{
    PM_CLEANUP(pm_free) char *logs = pm_printf("%s/logs", t.dir);

    return pm_output_path(logs, group, name);
}

static void given_process(const char *group, const char *name)
{
    t.file = output_file_open(t.output, group, name);
    cr_assert_eq(pipe2(t.pipe, O_CLOEXEC), 0);
    output_file_take(t.output, t.file, ++t.run, t.pipe[0], -1);
}

static void when_written(const char *text)
{
    cr_assert_eq(write(t.pipe[1], text, strlen(text)), (ssize_t)strlen(text));
}

/* The next news of a kind; others are passed over. */
static struct output_news next_news(enum output_news_kind kind)
{
    int64_t end = pm_mono_now().ms + PATIENCE_MS;
    struct output_news news;

    for (;;) {
        while (output_next(t.output, &news))
            if (news.kind == kind)
                return news;
        cr_assert_lt(pm_mono_now().ms, end, "no news of kind %d", (int)kind);
        zmq_pollitem_t item = { .socket = zsock_resolve(output_socket(t.output)),
                                .events = ZMQ_POLLIN };
        zmq_poll(&item, 1, 100);
    }
}

static void then_file_is(const char *path, const char *expected)
{
    int64_t end = pm_mono_now().ms + PATIENCE_MS;
    char text[4096];
    ssize_t n = 0;

    while (pm_mono_now().ms < end) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
        if (fd >= 0)
            close(fd);
        text[n > 0 ? n : 0] = '\0';
        if (strcmp(text, expected) == 0)
            return;
        poll(NULL, 0, 2);
    }
    cr_assert_str_eq(text, expected);
}

static struct pm_bytes when_read(uint64_t offset, uint64_t lines, uint64_t most)
{
    struct pm_read ask = { .request = 3, .id = 7, .offset = offset, .lines = lines,
                           .most = most };

    output_file_read(t.output, t.file, &ask);
    struct pm_bytes bytes = next_news(OUTPUT_BYTES).bytes;
    cr_assert_eq(bytes.request, 3);
    cr_assert_eq(bytes.id, 7);
    cr_assert_str_eq(bytes.error, "ok", "%s", bytes.text);
    return bytes;
}

static void expect(struct pm_blob data, uint64_t offset, uint64_t expected, const char *text)
{
    cr_assert_eq(offset, expected);
    cr_assert_eq(data.n, strlen(text), "%zu bytes", data.n);
    if (data.n > 0)
        cr_assert_arr_eq(data.at, text, data.n);
}

#define then_bytes(bytes, from, text) expect((bytes).data, (bytes).offset, from, text)

static void setup(void)
{
    snprintf(t.dir, sizeof t.dir, "/tmp/pm-output-XXXXXX");
    cr_assert_not_null(mkdtemp(t.dir));
    PM_CLEANUP(pm_free) char *logs = pm_printf("%s/logs", t.dir);
    cr_assert_eq(output_open(logs, 0, &t.output), PM_OK);
}

static void teardown(void)
{
    PM_CLEANUP(pm_free) char *command = pm_printf("rm -rf %s", t.dir);

    output_close(&t.output);
    cr_assert_eq(system(command), 0);
}

TestSuite(output, .init = setup, .fini = teardown, .timeout = 60);

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
    while (output_file_end(t.file) < LINE * LINES)
        poll(NULL, 0, 1);
    for (uint64_t wanted = 1; wanted <= LINES; wanted += 13) {
        struct pm_bytes bytes = when_read(0, wanted, 0);
        cr_assert_eq(bytes.offset, LINE * (LINES - wanted));
        cr_assert_eq(bytes.data.n, LINE * wanted);
    }
}

Test(output, a_vanished_directory_is_made_again)
{
    PM_CLEANUP(pm_free) char *command = pm_printf("rm -rf %s/logs", t.dir);
    PM_CLEANUP(pm_free) char *path = path_of("group", "cam");

    given_process("group", "cam");
    when_written("lost with its directory\n");
    then_file_is(path, "lost with its directory\n");
    cr_assert_eq(system(command), 0);
    when_written("kept\n");
    then_file_is(path, "kept\n");
}

Test(output, what_cannot_be_written_waits_in_the_pipe)
{
    PM_CLEANUP(pm_free) char *command = pm_printf("rm -rf %s/logs && touch %s/logs", t.dir, t.dir);
    PM_CLEANUP(pm_free) char *remedy = pm_printf("rm %s/logs", t.dir);
    PM_CLEANUP(pm_free) char *path = path_of("", "cam");

    given_process("", "cam");
    when_written("first\n");
    then_file_is(path, "first\n");
    cr_assert_eq(system(command), 0); /* a file where the directory was */
    when_written("second\n");
    struct output_news news = next_news(OUTPUT_TROUBLE);
    cr_assert(strstr(news.text, "cannot write") != NULL, "%s", news.text);
    cr_assert(!news.over);
    when_written("third\n");
    cr_assert_eq(system(remedy), 0);
    news = next_news(OUTPUT_TROUBLE);
    cr_assert(strstr(news.text, "can be written again") != NULL, "%s", news.text);
    cr_assert(news.over);
    then_file_is(path, "second\nthird\n");
}

Test(output, on_a_full_disk_half_a_pipe_waits)
{
    PM_CLEANUP(pm_free) char *mount = pm_printf("mkdir -p %s/logs && "
        "mount -t tmpfs -o size=16k pm-test %s/logs 2>/dev/null", t.dir, t.dir);
    PM_CLEANUP(pm_free) char *grow = pm_printf("mount -o remount,size=256k %s/logs", t.dir);
    PM_CLEANUP(pm_free) char *umount = pm_printf("umount -l %s/logs", t.dir);
    static char block[30000];

    if (system(mount) != 0)
        cr_skip_test("no right to mount");
    given_process("", "cam");
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (char)('a' + i % 26);
    cr_assert_eq(write(t.pipe[1], block, sizeof block), (ssize_t)sizeof block);
    cr_assert(strstr(next_news(OUTPUT_TROUBLE).text, "No space left") != NULL);
    cr_assert_eq(system(grow), 0);
    next_news(OUTPUT_TROUBLE);
    while (output_file_end(t.file) < sizeof block)
        poll(NULL, 0, 1);
    struct pm_bytes bytes = when_read(0, 0, sizeof block);
    cr_assert_eq(bytes.data.n, sizeof block);
    cr_assert_arr_eq(bytes.data.at, block, sizeof block);
    cr_assert_eq(system(umount), 0);
}

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
