/* Output on the disk, without the actor: real pipes and files, each move by hand. The promise under
 * test is always the same: what was written is there once, in order, under its address.
 */
#include "brain/output_names.h"
#include "brain/output_read.h"
#include "brain/output_store.h"

#include <criterion/criterion.h>
#include <procman/limits.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALL_MOST 8192

static struct {
    char dir[64], path[96];
    struct output_store store;
    struct output_log *log;
    int pipe[2];
    uint64_t run;
    char all[ALL_MOST];        /* what the process has written so far */
    size_t n_all;
} t;

/* ---- given, when, then -------------------------------------------------------------- */

static void open_store(void)
{
    store_init(&t.store, t.dir);
    store_scan(&t.store);
    t.log = store_use(&t.store, t.path);
}

/* As if we had been killed: nothing that is in memory only goes to the disk. */
static void forget_store(void)
{
    log_forget_unwritten(t.log);
    store_fini(&t.store);
}

static void setup(void)
{
    memset(&t, 0, sizeof t);
    snprintf(t.dir, sizeof t.dir, "/tmp/pm-store-XXXXXX");
    cr_assert_not_null(mkdtemp(t.dir));
    snprintf(t.path, sizeof t.path, "%s/cam.log", t.dir);
    cr_assert_eq(pipe2(t.pipe, O_CLOEXEC | O_NONBLOCK), 0);
    t.run = 1;
    open_store();
}

static void teardown(void)
{
    PM_CLEANUP(pm_free) char *command = pm_printf("rm -rf %s", t.dir);

    store_fini(&t.store);
    cr_assert_eq(system(command), 0);
}

TestSuite(output_store, .init = setup, .fini = teardown, .timeout = 120);

/* Numbered bytes into the pipe. */
static void given_written(size_t n)
{
    cr_assert_leq(t.n_all + n, ALL_MOST);
    for (size_t i = 0; i < n; i++, t.n_all++) {
        t.all[t.n_all] = (char)('!' + t.n_all % 89);
        cr_assert_eq(write(t.pipe[1], &t.all[t.n_all], 1), 1);
    }
}

static void when_moved(void)
{
    enum pm_err err = PM_OK;
    size_t n;

    while ((err = log_splice(t.log, t.pipe[0], 4096, &n)) == PM_OK && n > 0)
        log_note(t.log, PM_STREAM_OUT, t.run, n, pm_wall_now());
    cr_assert_eq(err, PM_TIMEOUT);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* As a user would: cat NAME.log.* NAME.log */
static size_t kept(char *to)
{
    char *names[ALL_MOST];
    size_t n = 0, total = 0;
    DIR *dir = opendir(t.dir);

    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        if (strncmp(entry->d_name, "cam.log.", 8) == 0)
            names[n++] = pm_strdup(entry->d_name);
    closedir(dir);
    qsort(names, n, sizeof *names, by_name);
    names[n++] = pm_strdup("cam.log");
    for (size_t i = 0; i < n; i++) {
        PM_CLEANUP(pm_free) char *path = pm_printf("%s/%s", t.dir, names[i]);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t got = fd >= 0 ? read(fd, to + total, ALL_MOST - total) : 0;
        total += got > 0 ? (size_t)got : 0;
        close(fd);
        free(names[i]);
    }
    return total;
}

static void then_all_is_there(void)
{
    char text[ALL_MOST];
    size_t n = kept(text);

    cr_assert_eq(n, t.n_all, "%zu bytes of %zu", n, t.n_all);
    cr_assert_arr_eq(text, t.all, n);
    cr_assert_eq(t.log->end, t.n_all);
}

static struct output_answer when_read(struct pm_read read)
{
    struct output_answer answer;

    cr_assert_eq(output_read(t.log, &read, &answer), PM_OK, "%s", answer.text);
    return answer;
}

static void free_answer(struct output_answer *answer)
{
    free(answer->data);
    free(answer->marks);
}

static void then_reads_as_written(uint64_t from)
{
    struct output_answer answer = when_read((struct pm_read){ .offset = from });

    cr_assert_eq(answer.offset, from > answer.begin ? from : answer.begin);
    cr_assert_eq(answer.end, t.n_all);
    cr_assert_eq(answer.n, t.n_all - answer.offset);
    if (answer.n > 0)
        cr_assert_arr_eq(answer.data, t.all + answer.offset, answer.n);
    free_answer(&answer);
}

static bool has_index_at(uint64_t begin)
{
    PM_CLEANUP(pm_free) char *path = output_index_path(t.path, begin);

    return access(path, F_OK) == 0;
}

/* ---- rotation ------------------------------------------------------------------------- */

Test(output_store, rotation_loses_no_byte_wherever_it_comes)
{
    for (size_t limit = INDEX_RECORD; limit < 3 * INDEX_RECORD; limit++)
        for (size_t piece = 1; piece < 80; piece += 13) {
            log_limits(t.log, limit, UINT64_MAX);
            for (int i = 0; i < 3; i++) {
                given_written(piece);
                when_moved();
            }
            if (t.n_all < 1000)
                continue;
            then_all_is_there();
            then_reads_as_written(0);
            teardown();
            setup();
        }
    then_all_is_there();
}

Test(output_store, a_segment_and_its_index_are_no_larger_than_they_may_be)
{
    log_limits(t.log, 200, UINT64_MAX);
    for (int i = 0; i < 60; i++) {
        given_written(30);
        t.run = 1 + (uint64_t)i; /* each is a record of its own */
        when_moved();
    }
    then_all_is_there();
    cr_assert_gt(t.log->segments.n, 10);
    for (size_t i = 0; i < t.log->segments.n; i++)
        cr_assert_leq(t.log->segments.at[i].size + t.log->segments.at[i].index_bytes, 200);
}

Test(output_store, few_are_kept_and_addresses_go_on)
{
    log_limits(t.log, 100, 2);
    for (int i = 0; i < 20; i++) {
        given_written(50);
        when_moved();
    }
    cr_assert_eq(t.log->segments.n, 2);
    cr_assert_eq(t.log->end, t.n_all);
    then_reads_as_written(0);
    cr_assert_not(has_index_at(0));
    uint64_t begin = t.log->segments.at[0].begin;
    forget_store();
    open_store();
    cr_assert_eq(t.log->segments.n, 2);
    cr_assert_eq(t.log->segments.at[0].begin, begin);
    cr_assert_eq(t.log->end, t.n_all);
    log_limits(t.log, 100, 0);
    cr_assert_eq(t.log->segments.n, 0);
    then_reads_as_written(0);
}

Test(output_store, when_none_is_kept_an_index_still_says_where_the_live_file_begins)
{
    log_limits(t.log, 100, 0);
    for (int i = 0; i < 5; i++) {
        given_written(70);
        when_moved();
        forget_store();
        open_store();
        log_limits(t.log, 100, 0);
        cr_assert_eq(t.log->end, t.n_all, "round %d", i);
    }
    cr_assert_gt(t.log->begin, 0);
    then_reads_as_written(0);
}

Test(output_store, what_cannot_be_rotated_goes_on)
{
    PM_CLEANUP(pm_free) char *obstacle = output_segment_path(t.path, 0);

    log_limits(t.log, 100, 5);
    cr_assert_eq(mkdir(obstacle, 0755), 0);
    given_written(300);
    when_moved();
    cr_assert_eq(t.log->segments.n, 0);
    cr_assert_eq(t.log->size, 300);
    cr_assert_eq(rmdir(obstacle), 0);
    t.log->rotate_at.ms = 1; /* its pause is over */
    given_written(10);
    when_moved();
    cr_assert_eq(t.log->segments.n, 1);
    then_all_is_there();
}

/* ---- killed ------------------------------------------------------------------------- */

/* A mover that rotates every few bytes, in a process of its own. */
__attribute__((noreturn)) static void be_a_mover(void)
{
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    open_store();
    log_limits(t.log, 50, 2);
    for (size_t n = 1; n > 0 && log_splice(t.log, t.pipe[0], 7, &n) == PM_OK; )
        log_note(t.log, PM_STREAM_OUT, t.run, n, pm_wall_now());
    _exit(0);
}

/* true: it was killed before its n-th system call began or ended; false: it had not so many. */
static bool kill_a_mover(int calls)
{
    pid_t pid = fork();
    int status;

    if (pid == 0)
        be_a_mover();
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    while (calls-- > 0 && WIFSTOPPED(status)) {
        ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
        cr_assert_eq(waitpid(pid, &status, 0), pid);
    }
    if (WIFEXITED(status))
        return false;
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return true;
}

/* The last bytes, and the first kept one's address. */
static void then_goes_on(uint64_t written)
{
    struct output_answer answer;

    open_store();
    when_moved();
    cr_assert_eq(t.log->end, written);
    answer = when_read((struct pm_read){ .offset = 0 });
    cr_assert_eq(answer.n, written - answer.begin);
    cr_assert_arr_eq(answer.data, t.all + answer.begin, answer.n);
    free_answer(&answer);
    if (t.log->segments.n == 0)
        then_all_is_there();
}

Test(output_store, killed_before_any_system_call_it_loses_and_doubles_nothing)
{
    bool killed = true;
    int calls;

    for (calls = 1; killed; calls++) {
        teardown();
        setup();
        forget_store();
        given_written(90);
        killed = kill_a_mover(calls);
        then_goes_on(t.n_all);
        close(t.pipe[0]);
        close(t.pipe[1]);
    }
    cr_assert_gt(calls, 200, "it was looked at closely");
}

/* ---- outsiders ---------------------------------------------------------------------- */

static void given_100_bytes(void)
{
    given_written(100);
    when_moved();
    log_write_index(t.log);
}

Test(output_store, a_removed_file_is_made_anew_and_addresses_go_on)
{
    given_100_bytes();
    cr_assert_eq(unlink(t.path), 0);
    given_written(10);
    when_moved();
    cr_assert_eq(t.log->end, 110);
    cr_assert_eq(t.log->begin, 100);
    cr_assert_not(has_index_at(0));
    then_reads_as_written(0);
    forget_store();
    open_store();
    cr_assert_eq(t.log->end, 110, "and after our death too");
}

Test(output_store, a_file_removed_while_we_were_away_had_its_addresses)
{
    given_100_bytes();
    forget_store();
    cr_assert_eq(unlink(t.path), 0);
    open_store();
    cr_assert_eq(t.log->end, 100);
    given_written(10);
    when_moved();
    then_reads_as_written(0);
    cr_assert_eq(t.log->end, 110);
}

Test(output_store, a_file_that_was_cut_goes_on_behind_its_last_address)
{
    given_100_bytes();
    cr_assert_eq(truncate(t.path, 0), 0);
    given_written(10);
    when_moved();
    cr_assert_eq(t.log->end, 110);
    cr_assert_eq(t.log->size, 10);
    then_reads_as_written(0);
    forget_store();
    cr_assert_eq(truncate(t.path, 0), 0);
    open_store();
    cr_assert_eq(t.log->end, 110);
}

Test(output_store, a_file_that_was_moved_away_is_left_to_who_moved_it)
{
    PM_CLEANUP(pm_free) char *moved = pm_printf("%s/cam.log.1", t.dir);
    struct stat stat_now;

    given_100_bytes();
    cr_assert_eq(rename(t.path, moved), 0);
    t.log->looked.ms = 0; /* a second later */
    given_written(10);
    when_moved();
    cr_assert_eq(stat(moved, &stat_now), 0);
    cr_assert_eq(stat_now.st_size, 100);
    cr_assert_eq(t.log->end, 110);
    then_reads_as_written(0);
}

Test(output_store, a_rotation_never_takes_a_stranger_for_the_live_file)
{
    PM_CLEANUP(pm_free) char *moved = pm_printf("%s/cam.log.1", t.dir);
    int fd;

    log_limits(t.log, 170, 5); /* with its records there is room for 6 more bytes */
    given_100_bytes();
    cr_assert_eq(rename(t.path, moved), 0);
    fd = open(t.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644); /* as logrotate's `create` */
    close(fd);
    given_written(10);
    when_moved();
    cr_assert_eq(t.log->segments.n, 0);
    cr_assert_eq(t.log->begin, 106);
    then_reads_as_written(0);
}

Test(output_store, a_segment_that_somebody_removed_is_a_hole)
{
    log_limits(t.log, 100, 9);
    for (int i = 0; i < 4; i++) {
        given_written(60);
        when_moved();
    }
    struct segment gone = t.log->segments.at[1];
    PM_CLEANUP(pm_free) char *path = output_segment_path(t.path, gone.begin);
    cr_assert_eq(unlink(path), 0);
    forget_store();
    open_store();
    then_reads_as_written(gone.begin + gone.size);
    struct output_answer answer = when_read((struct pm_read){ .offset = gone.begin + 1 });
    cr_assert_eq(answer.offset, gone.begin + gone.size);
    free_answer(&answer);
    cr_assert_not(has_index_at(gone.begin), "nobody's index goes");
}

/* ---- the budget ----------------------------------------------------------------------- */

static uint64_t bytes_in(const char *dir)
{
    PM_CLEANUP(pm_free) char *command = pm_printf("cat %s/*.log* %s/.*.index 2>/dev/null | wc -c",
                                                  dir, dir);
    FILE *pipe = popen(command, "r");
    unsigned long long bytes = 0;

    cr_assert_eq(fscanf(pipe, "%llu", &bytes), 1);
    pclose(pipe);
    return bytes;
}

Test(output_store, what_all_of_it_takes_is_known)
{
    log_limits(t.log, 150, 4);
    for (int i = 0; i < 30; i++) {
        given_written(40);
        t.run++;
        when_moved();
        log_write_index(t.log);
        cr_assert_eq(t.store.used, bytes_in(t.dir), "round %d", i);
    }
    forget_store();
    open_store();
    cr_assert_eq(t.store.used, bytes_in(t.dir));
    cr_assert_eq(unlink(t.path), 0);
    given_written(10);
    when_moved();
    cr_assert_eq(t.store.used, bytes_in(t.dir));
}

Test(output_store, the_oldest_of_all_processes_goes_first)
{
    PM_CLEANUP(pm_free) char *other_path = pm_printf("%s/g/other.log", t.dir);
    struct output_log *cam = t.log, *other = store_use(&t.store, other_path);
    struct output_log *turns[] = { cam, other, other, cam, cam, other };
    enum { N = PM_COUNT(turns) };

    for (size_t i = 0; i < N; i++) {
        t.log = turns[i];
        log_limits(t.log, 100, 99);
        given_written(40); /* and what its record takes: one segment */
        when_moved();
        t.log->segments.at[t.log->segments.n - 1].written_ms = 1000 + (int64_t)i;
    }
    for (size_t i = 0; i < N; i++) {
        size_t before = turns[i]->segments.n;
        t.store.budget = t.store.used - 1;
        store_keep_budget(&t.store);
        cr_assert_lt(turns[i]->segments.n, before, "turn %zu", i);
    }
    given_written(5);
    when_moved();
    t.store.budget = 1;
    store_keep_budget(&t.store);
    cr_assert(t.store.tight, "only live files are left");
    t.store.budget = UINT64_MAX;
    store_keep_budget(&t.store);
    cr_assert_not(t.store.tight);
    t.log = cam;
}

/* ---- reading ---------------------------------------------------------------------------- */

/* Four stretches of ten bytes, two lives, two streams, a second apart; segments of some bytes. */
static void given_four_stretches(uint64_t max_bytes)
{
    log_limits(t.log, max_bytes, 99);
    for (int i = 0; i < 4; i++) {
        given_written(10);
        size_t n;
        for (uint64_t done = 0; done < 10; done += n) {
            cr_assert_eq(log_splice(t.log, t.pipe[0], 4096, &n), PM_OK);
            log_note(t.log, i % 2 ? PM_STREAM_ERR : PM_STREAM_OUT, 1 + (uint64_t)i / 2, n,
                     (struct pm_wall){ 1000 * i + 1000 });
        }
    }
}

Test(output_store, output_is_read_by_time_and_by_life_over_all_segments)
{
    static const struct { struct pm_read read; uint64_t offset; } rows[] = {
        { { .since_ms = 1 }, 0 }, { { .since_ms = 1000 }, 0 }, { { .since_ms = 1001 }, 10 },
        { { .since_ms = 2500 }, 20 }, { { .since_ms = 4000 }, 30 }, { { .since_ms = 4001 }, 40 },
        { { .run = 1 }, 0 }, { { .run = 2 }, 20 }, { { .run = 3 }, 40 },
        { { .run = 1, .since_ms = 1500 }, 10 }, { { .run = 1, .offset = 35 }, 35 },
        { { .offset = 40 }, 40 }, { { .offset = 99 }, 40 },
    };

    for (uint64_t max_bytes = 40; max_bytes < 200; max_bytes += 7) {
        given_four_stretches(max_bytes);
        for (size_t i = 0; i < PM_COUNT(rows); i++) {
            struct output_answer answer = when_read(rows[i].read);
            cr_assert_eq(answer.offset, rows[i].offset, "row %zu of %llu: %llu", i,
                         (unsigned long long)max_bytes, (unsigned long long)answer.offset);
            cr_assert_eq(answer.n, 40 - rows[i].offset);
            free_answer(&answer);
        }
        teardown();
        setup();
    }
}

Test(output_store, marks_say_where_each_byte_came_from)
{
    for (uint64_t max_bytes = 40; max_bytes < 300; max_bytes += 9) {
        given_four_stretches(max_bytes);
        for (uint64_t from = 0; from < 40; from++) {
            struct output_answer answer = when_read((struct pm_read){ .offset = from,
                                                                      .marked = true });
            uint64_t covered = from;
            for (size_t i = 0; i < answer.n_marks; i++) {
                const struct pm_mark *mark = &answer.marks[i];
                cr_assert(mark->offset <= covered && mark->offset + mark->length > covered);
                cr_assert_eq(mark->time_ms, 1000 * (int64_t)(mark->offset / 10) + 1000);
                cr_assert_eq(mark->stream, mark->offset / 10 % 2);
                cr_assert_eq(mark->run, 1 + mark->offset / 20);
                covered = mark->offset + mark->length;
            }
            cr_assert_eq(covered, 40);
            free_answer(&answer);
        }
        teardown();
        setup();
    }
}

Test(output_store, an_answer_is_cut_before_it_has_too_many_marks)
{
    uint64_t from = 0;

    for (t.run = 1; t.run <= 3000; t.run++) {
        given_written(2);
        when_moved();
    }
    for (int answers = 0; from < 6000; answers++) {
        struct output_answer answer = when_read((struct pm_read){ .offset = from,
                                                                  .marked = true });
        cr_assert_eq(answer.offset, from);
        cr_assert_leq(answer.n_marks, READ_MARKS_MOST);
        cr_assert_eq(answer.n, 2 * answer.n_marks);
        cr_assert_arr_eq(answer.data, t.all + from, answer.n);
        from += answer.n;
        free_answer(&answer);
        cr_assert_lt(answers, 10);
    }
}

Test(output_store, a_loss_is_said_before_the_next_byte)
{
    given_100_bytes();
    t.log->dropped = 5000;
    cr_assert_eq(log_note_loss(t.log, PM_STREAM_OUT, 1), PM_OK);
    cr_assert_eq(t.log->dropped, 0);
    forget_store();
    open_store(); /* killed before that byte came */
    given_written(10);
    when_moved();
    struct output_answer answer = when_read((struct pm_read){ .offset = 100, .marked = true });
    cr_assert_eq(answer.n_marks, 1);
    cr_assert_eq(answer.marks[0].dropped, 5000);
    cr_assert_eq(answer.marks[0].offset, 100);
    cr_assert_eq(answer.marks[0].length, 10);
    free_answer(&answer);
    answer = when_read((struct pm_read){ .offset = 0, .marked = true });
    cr_assert_eq(answer.n_marks, 2);
    cr_assert_eq(answer.marks[1].dropped, 5000);
    free_answer(&answer);
}

Test(output_store, a_torn_index_is_written_on)
{
    given_100_bytes();
    PM_CLEANUP(pm_free) char *path = output_index_path(t.path, 0);
    cr_assert_eq(truncate(path, INDEX_RECORD + 5), 0);
    forget_store();
    open_store();
    t.run = 2;
    given_written(10);
    when_moved();
    struct output_answer answer = when_read((struct pm_read){ .run = 2, .marked = true });
    cr_assert_eq(answer.offset, 100);
    cr_assert_eq(answer.n_marks, 1);
    free_answer(&answer);
    cr_assert_eq(t.store.used, bytes_in(t.dir));
}

Test(output_store, last_words_are_a_lifes_own)
{
    uint64_t end;
    uint8_t *text;
    size_t n;

    for (t.run = 1; t.run <= 3; t.run++) {
        given_written(20);
        when_moved();
    }
    output_read_last(t.log, 2, &end, &text, &n);
    cr_assert_eq(end, 40);
    cr_assert_eq(n, 20);
    cr_assert_arr_eq(text, t.all + 20, n);
    free(text);
    output_read_last(t.log, 9, &end, &text, &n);
    cr_assert_eq(end, 0);
    cr_assert_null(text);
}
