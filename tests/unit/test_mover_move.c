/* Bytes on their way to the disk, when the disk will not take them.
 */
#include "output_stage.h"

#include <fcntl.h>
#include <poll.h>

TestSuite(mover_move, .init = stage_setup, .fini = stage_teardown, .timeout = 60);

/* ---- what others do to files ------------------------------------------------------------ */

Test(mover_move, a_vanished_directory_is_made_again)
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

Test(mover_move, what_cannot_be_written_waits_in_the_pipe)
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

/* A file where the directory was: what is written now cannot be. */
static void given_no_directory(void)
{
    PM_CLEANUP(pm_free) char *command = pm_printf("rm -rf %s/logs && touch %s/logs", t.dir, t.dir);

    cr_assert_eq(system(command), 0);
}

static void when_there_is_a_directory(void)
{
    PM_CLEANUP(pm_free) char *command = pm_printf("rm %s/logs", t.dir);

    cr_assert_eq(system(command), 0);
}

/* How many bytes are said to be lost; the news must say that the trouble is over. */
static unsigned long long lost_as_said(const struct output_news *news)
{
    const char *said = strchr(news->text, ';');
    unsigned long long lost = 0;

    cr_assert(news->over, "%s", news->text);
    if (said != NULL)
        cr_assert_eq(sscanf(said, "; %llu bytes", &lost), 1, "%s", news->text);
    return lost;
}

Test(mover_move, trouble_is_over_with_the_last_pipe)
{
    enum { MUCH = 40000 }; /* more than half a pipe: it goes */
    static char block[MUCH];
    struct output_news news;

    given_no_directory();
    given_process("", "cam");
    memset(block, 'x', sizeof block);
    cr_assert_eq(write(t.pipe[1], block, MUCH), MUCH);
    cr_assert_not(next_news(OUTPUT_TROUBLE).over);
    while (strstr((news = next_news(OUTPUT_TROUBLE)).text, "is lost") == NULL)
        cr_assert(!news.over, "%s", news.text);
    close(t.pipe[1]);
    news = next_news(OUTPUT_TROUBLE);
    cr_assert(strstr(news.text, "is not written to any more") != NULL, "%s", news.text);
    cr_assert_eq(lost_as_said(&news), MUCH);
    when_there_is_a_directory();
}

Test(mover_move, on_a_full_disk_half_a_pipe_waits)
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

/* ---- a full disk --------------------------------------------------------------- */

static bool given_small_disk(const char *size)
{
    PM_CLEANUP(pm_free) char *mount = pm_printf("mkdir -p %s/logs && "
        "mount -t tmpfs -o size=%s pm-test %s/logs 2>/dev/null", t.dir, size, t.dir);

    return system(mount) == 0;
}

static void when_disk_is(const char *size)
{
    PM_CLEANUP(pm_free) char *command = pm_printf("mount -o remount,size=%s %s/logs", size, t.dir);

    cr_assert_eq(system(command), 0);
}

static void leave_small_disk(void)
{
    PM_CLEANUP(pm_free) char *command = pm_printf("umount -l %s/logs", t.dir);

    cr_assert_eq(system(command), 0);
}

/* n bytes of numbered lines; they are all taken in time, or the test fails. */
static void when_much_is_written(size_t n)
{
    int64_t patience = pm_mono_now().ms + PATIENCE_MS;
    char line[32];

    cr_assert_eq(fcntl(t.pipe[1], F_SETFL, O_NONBLOCK), 0);
    for (size_t i = 0; i < n / 8; i++) {
        snprintf(line, sizeof line, "%07zu\n", i);
        while (write(t.pipe[1], line, 8) != 8) {
            cr_assert_lt(pm_mono_now().ms, patience, "the writer stands still");
            poll(NULL, 0, 1);
        }
    }
}

Test(mover_move, on_a_full_disk_nobody_stands_still_and_what_is_lost_is_counted)
{
    enum { ALL = 1 << 20 };
    uint64_t lost = 0, end;
    unsigned long long said = 0;

    if (!given_small_disk("32k"))
        cr_skip_test("no right to mount");
    given_process("", "cam");
    output_file_follow(t.output, t.file, 7, true);
    when_much_is_written(ALL);
    struct output_news news = next_news(OUTPUT_TROUBLE);
    cr_assert(strstr(news.text, "waits in the pipe") != NULL, "%s", news.text);
    news = next_news(OUTPUT_TROUBLE);
    cr_assert(strstr(news.text, "is lost") != NULL, "%s", news.text);
    cr_assert(!news.over);
    when_disk_is("1m");
    news = next_news(OUTPUT_TROUBLE);
    cr_assert(news.over, "%s", news.text);
    cr_assert_eq(sscanf(strstr(news.text, "again; "), "again; %llu bytes", &said), 1, "%s",
                 news.text);
    when_written("the end\n");
    end = ALL + 8 - said;
    wait_for_end(end);
    struct pm_bytes bytes = when_asked(&(struct pm_read){ .marked = true });
    for (size_t i = 0; i < bytes.marks.n; i++)
        lost += bytes.marks.at[i].dropped;
    cr_assert_eq(lost, said, "the marks say %llu", (unsigned long long)lost);
    cr_assert_arr_eq(bytes.data.at + bytes.data.n - 8, "the end\n", 8);
    leave_small_disk();
}

Test(mover_move, on_a_full_disk_one_short_life_after_another_holds_few_pipes)
{
    enum { LIVES = 100, LEFT_MOST = 20 };
    uint64_t drained = 0;

    if (!given_small_disk("8k"))
        cr_skip_test("no right to mount");
    given_process("", "cam");
    when_much_is_written(100000);
    for (int i = 0; i < LIVES; i++) {
        close(t.pipe[1]);
        cr_assert_eq(pipe2(t.pipe, O_CLOEXEC), 0);
        output_file_take(t.output, t.file, ++t.run, t.pipe[0], -1);
        when_written("last words");
    }
    close(t.pipe[1]);
    while (drained < LIVES - LEFT_MOST)
        drained = next_news(OUTPUT_DRAINED).run;
    cr_assert_not(output_file_drained(t.file, t.run), "the latest are the last to go");
    when_disk_is("1m");
    while (drained < t.run)
        drained = next_news(OUTPUT_DRAINED).run;
    leave_small_disk();
}

Test(mover_move, on_a_full_disk_the_oldest_output_of_anybody_goes_first)
{
    enum { ALL = 256 << 10 };

    if (!given_small_disk("160k"))
        cr_skip_test("no right to mount");
    given_process("", "old");
    output_file_limits(t.output, t.file, 8192, 1000);
    when_much_is_written(100 << 10);
    wait_for_end(100 << 10);
    given_process("", "young");
    output_file_limits(t.output, t.file, 16384, 1000);
    when_much_is_written(ALL);
    wait_for_end(ALL); /* all of it got its place */
    struct pm_bytes bytes = when_read(0, 0, 0);
    cr_assert_gt(bytes.begin, 0, "its own oldest went after the other's");
    cr_assert_eq(bytes.offset, bytes.begin);
    struct output_news news;
    while (output_next(t.output, &news))
        cr_assert_neq(news.kind, OUTPUT_TROUBLE);
    leave_small_disk();
}

Test(mover_move, all_output_together_keeps_to_its_budget)
{
    PM_CLEANUP(pm_free) char *logs = pm_printf("%s/logs", t.dir);
    PM_CLEANUP(pm_free) char *count = pm_printf("test $(du -sb --apparent-size %s | cut -f1) "
                                                "-lt 250000", logs);

    output_close(&t.output);
    cr_assert_eq(output_open(logs, 200000, &t.output), PM_OK);
    for (int i = 0; i < 5; i++) {
        char name[8];
        snprintf(name, sizeof name, "p%d", i);
        given_process("", name);
        output_file_limits(t.output, t.file, 20000, 1000);
        when_much_is_written(160000);
        wait_for_end(160000);
    }
    output_close(&t.output);
    cr_assert_eq(system(count), 0);
    cr_assert_eq(output_open(logs, 0, &t.output), PM_OK);
}

Test(mover_move, a_process_without_a_word_has_no_file)
{
    given_process("", "cam");
    PM_CLEANUP(pm_free) char *none = pm_printf("test ! -e %s/logs", t.dir);
    close(t.pipe[1]);
    next_news(OUTPUT_DRAINED);
    cr_assert_eq(system(none), 0);
}

Test(mover_move, a_terminal_is_read_until_its_last_user_has_gone)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK), slave;

    cr_assert_geq(master, 0);
    cr_assert(grantpt(master) == 0 && unlockpt(master) == 0);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    cr_assert_geq(slave, 0);
    t.file = output_file_open(t.output, "", "cam");
    output_file_take(t.output, t.file, 1, master, -1);
    PM_CLEANUP(pm_free) char *path = path_of("", "cam");
    cr_assert_eq(write(slave, "line\n", 5), 5);
    then_file_is(path, "line\r\n");
    cr_assert_eq(write(slave, "last", 4), 4);
    close(slave);
    cr_assert_eq(next_news(OUTPUT_DRAINED).run, 1);
    then_file_is(path, "line\r\nlast");
}

/* The terminal's other end. */
static int given_terminal(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK), slave;

    cr_assert_geq(master, 0);
    cr_assert(grantpt(master) == 0 && unlockpt(master) == 0);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    cr_assert_geq(slave, 0);
    t.file = output_file_open(t.output, "", "cam");
    output_file_take(t.output, t.file, ++t.run, master, -1);
    return slave;
}

/* Has any news of trouble come that says this? */
static bool is_said(const char *words)
{
    struct output_news news;

    while (output_next(t.output, &news))
        if (news.kind == OUTPUT_TROUBLE && strstr(news.text, words) != NULL)
            return true;
    return false;
}

Test(mover_move, what_a_terminal_lost_is_counted_with_what_was_in_our_hands)
{
    int64_t patience = pm_mono_now().ms + PATIENCE_MS;
    uint64_t written = 0, lost;
    char block[500];
    int slave;

    given_no_directory();
    slave = given_terminal();
    memset(block, 'x', sizeof block);
    while (!is_said("is lost")) {
        ssize_t n = write(slave, block, sizeof block);
        written += n > 0 ? (uint64_t)n : 0;
        cr_assert_lt(pm_mono_now().ms, patience, "nothing is dropped");
        poll(NULL, 0, 1);
    }
    when_there_is_a_directory();
    struct output_news news = next_news(OUTPUT_TROUBLE);
    lost = lost_as_said(&news);
    cr_assert_gt(lost, 0);
    cr_assert_eq(write(slave, "the end", 7), 7);
    wait_for_end(written - lost + 7);
    struct pm_bytes bytes = when_asked(&(struct pm_read){ .marked = true });
    for (size_t i = 0; i < bytes.marks.n; i++)
        lost -= bytes.marks.at[i].dropped;
    cr_assert_eq(lost, 0, "the marks say as much");
    close(slave);
}
