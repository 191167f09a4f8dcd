/* Whose process is that? And who cannot look has not met nobody. */
#include <criterion/criterion.h>

#include <procman/marks.h>

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct rlimit plenty;

static pid_t given_a_bearer(void)
{
    static char program[] = "/bin/sleep", seconds[] = "30", run[] = "PROCMAN_RUN=rig/3/12";
    static char dir[64], *argv[] = { program, seconds, NULL }, *env[] = { run, dir, NULL };
    pid_t pid;

    snprintf(dir, sizeof dir, "PROCMAN_DIR=/nowhere/marks-%d", (int)getpid());
    cr_assert_eq(posix_spawn(&pid, program, NULL, NULL, argv, env), 0);
    return pid;
}

static void given_no_descriptors(void)
{
    struct rlimit none;

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &plenty), 0);
    none = (struct rlimit){ .rlim_cur = 0, .rlim_max = plenty.rlim_max };
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static void given_descriptors_again(void)
{
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &plenty), 0);
}

/* How a whole walk ends, and whether it met that process. */
static enum pm_err walk(struct pm_marks *marks, pid_t pid, bool *out_met)
{
    struct pm_bearer bearer;
    unsigned budget = ~0u;
    enum pm_err err;

    *out_met = false;
    while ((err = pm_marks_next(marks, &budget, &bearer)) == PM_OK)
        *out_met |= bearer.pid == pid;
    return err;
}

static void bury(pid_t pid)
{
    kill(pid, SIGKILL);
    cr_expect_eq(waitpid(pid, NULL, 0), pid);
}

Test(marks, a_process_without_descriptors_for_it_is_not_called_dead)
{
    struct pm_proc_stat stat;

    given_no_descriptors();
    cr_expect_eq(pm_proc_stat(getpid(), &stat), PM_IO);
    cr_expect_eq(errno, EMFILE);
    given_descriptors_again();
    cr_expect_eq(pm_proc_stat(getpid(), &stat), PM_OK);
    cr_expect_eq(pm_proc_stat(INT32_MAX, &stat), PM_NOT_FOUND);
}

Test(marks, a_walk_without_descriptors_says_so_and_the_next_one_is_whole)
{
    PM_CLEANUP(pm_marks_close) struct pm_marks *marks;
    pid_t bearer = given_a_bearer();
    struct pm_bearer mark;
    enum pm_err err;
    bool met;

    pm_marks_open(&marks);
    for (int round = 0; round < 3; round++) {
        given_no_descriptors();
        cr_expect_eq(walk(marks, bearer, &met), PM_IO);
        cr_expect_eq(errno, EMFILE);
        cr_expect(!met);
        cr_expect_eq(pm_marks_read(marks, bearer, &mark), PM_IO);
        given_descriptors_again();
        do
            err = walk(marks, bearer, &met);
        while (err == PM_BUSY); /* others begin and end on this machine */
        cr_expect_eq(err, PM_GONE);
        cr_expect(met);
    }
    bury(bearer);
}

Test(marks, a_handle_opened_without_descriptors_works_when_there_are_some)
{
    PM_CLEANUP(pm_marks_close) struct pm_marks *marks;
    pid_t bearer = given_a_bearer();
    bool met;

    given_no_descriptors();
    pm_marks_open(&marks);
    cr_expect_eq(walk(marks, bearer, &met), PM_IO);
    given_descriptors_again();
    while (walk(marks, bearer, &met) == PM_BUSY)
        ;
    cr_expect(met);
    bury(bearer);
}
