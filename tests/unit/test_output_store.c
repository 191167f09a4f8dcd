/* What is on the disk, whoever is killed and whatever others do there.
 */
#include "log_stage.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(output_store, .init = stage_setup, .fini = stage_teardown, .timeout = 120);

/* ---- rotation ------------------------------------------------------------------------- */

Test(output_store, rotation_loses_no_byte_wherever_it_comes)
{
    for (size_t limit = 2 * INDEX_RECORD - 1; limit < 4 * INDEX_RECORD; limit += 3)
        for (size_t piece = 1; piece < 70; piece += 11) {
            log_limits(t.log, limit, UINT64_MAX);
            for (int i = 0; i < 3; i++) {
                given_written(piece);
                when_moved();
            }
            if (t.n_all < 1000)
                continue;
            then_all_is_there();
            then_reads_as_written(0);
            stage_teardown();
            stage_setup();
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

/* true: it was killed when it had stopped so often at a system call; false: it ended before. */
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

    for (calls = 1; killed; calls += 2) { /* each stops twice: when it begins and when it ends */
        stage_teardown();
        stage_setup();
        forget_store();
        given_written(60);
        killed = kill_a_mover(calls);
        then_goes_on(t.n_all);
        close(t.pipe[0]);
        close(t.pipe[1]);
    }
    cr_assert_gt(calls, 200, "it was looked at closely");
}

/* ---- outsiders ---------------------------------------------------------------------- */

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
