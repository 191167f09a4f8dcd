/* From a spawn request to a running program: what a child gets, and what a failure says. */
#include <criterion/criterion.h>

#include "keeper/spawn.h"

#include <procman/limits.h>
#include <procman/marks.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000
#define SH(script) (const char *[]){ "sh", "-c", script }, 3

static struct pm_ground given_the_ground(void)
{
    static char path[] = "PATH=/usr/bin:/bin", home[] = "HOME=/home/x";
    static char *env[] = { path, home, NULL };
    struct pm_ground ground = { .deputy = "rig", .dir = "/run/x", .env = env };

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &ground.files), 0);
    cr_assert_eq(pm_ground_open(&ground), PM_OK);
    return ground;
}

static struct pm_birth spawn(const struct pm_ground *ground, const struct pm_spawn *what)
{
    volatile int32_t pid_seen = 0;
    uint64_t pipes[2];
    struct pm_birth birth;

    pm_ground_spawn(ground, what, -1, &pid_seen, pipes, &birth);
    cr_assert_eq(pid_seen, birth.pid, "the child did not note itself");
    return birth;
}

/* All of what it writes, until it ends; and its wait status. */
static int read_all(struct pm_birth *birth, int which, char *text, size_t size)
{
    size_t sum = 0;
    ssize_t n;
    int status;

    do {
        struct pollfd ready = { .fd = birth->fds[which], .events = POLLIN };
        cr_assert_eq(poll(&ready, 1, PATIENCE_MS), 1);
        n = read(birth->fds[which], text + sum, size - 1 - sum);
        sum += n > 0 ? (size_t)n : 0;
    } while (n > 0);
    text[sum] = '\0';
    cr_assert_eq(waitpid(birth->pid, &status, 0), birth->pid);
    close(birth->fds[0]);
    close(birth->fds[1]);
    return status;
}

static void then_prints(const struct pm_ground *ground, const struct pm_spawn *what,
                        const char *expected)
{
    struct pm_birth birth = spawn(ground, what);
    char text[4096];

    cr_assert_eq(birth.stage, PM_STAGE_NONE, "stage %d: %s", birth.stage, strerror(birth.error));
    (void)read_all(&birth, 0, text, sizeof text);
    cr_expect_str_eq(text, expected);
}

Test(spawn, a_child_gets_what_it_was_promised)
{
    static struct pm_var vars[] = { { "HOME", "/elsewhere" }, { "GREETING", "two words" } };
    const struct { struct pm_spawn what; const char *expected; } rows[] = {
        { { .argv = { SH("echo hello") } }, "hello\n" },
        { { .argv = { SH("pwd") } }, "/\n" },
        { { .argv = { SH("pwd") }, .dir = "/usr" }, "/usr\n" },
        { { .slot = 3, .run = 12, .argv = { SH("echo $PROCMAN_RUN $PROCMAN_DIR") } },
          "rig/3/12 /run/x\n" },
        { { .argv = { SH("echo $HOME,$GREETING") }, .env = { vars, 2 } },
          "/elsewhere,two words\n" },
        { { .argv = { SH("echo $HOME") } }, "/home/x\n" },
        { { .argv = { SH("read x; echo input ends $?") } }, "input ends 1\n" },
        /* leader of its group and of its session: fields 5 and 6 of its stat are its pid */
        { { .argv = { SH("read p c s r g se x < /proc/$$/stat; echo $((g - p)) $((se - p))") } },
          "0 0\n" },
        { { .argv = { SH("grep -E 'Sig(Blk|Ign)' /proc/self/status") } },
          "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n" },
        { { .argv = { SH("echo /proc/self/fd/*") } }, /* 3 is the glob's own */
          "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3\n" },
    };
    struct pm_ground ground = given_the_ground();
    sigset_t mask;

    signal(SIGPIPE, SIG_IGN);
    pm_signals_reset();
    sigfillset(&mask);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    int leak = dup(0);
    for (size_t i = 0; i < PM_COUNT(rows); i++)
        then_prints(&ground, &rows[i].what, rows[i].expected);
    close(leak);
}

Test(spawn, a_child_has_the_means_it_was_given)
{
    static struct pm_limit files[] = { { "core", 0, 0 }, { "nofile", 40, 50 } };
    static struct pm_limit none[] = { { "core", PM_UNLIMITED, PM_UNLIMITED } };
    const struct { struct pm_spawn what; const char *expected; } rows[] = {
        { { .argv = { SH("umask") }, .umask = 01027 }, "0027\n" },
        { { .argv = { SH("umask") }, .umask = 01000 }, "0000\n" },
        { { .argv = { SH("umask") } }, "0022\n" },
        { { .argv = { SH("nice") }, .nice = 7 }, "7\n" },
        { { .argv = { SH("nice") } }, "0\n" },
        { { .argv = { SH("ulimit -Sn; ulimit -Hn; ulimit -c") }, .limits = { files, 2 } },
          "40\n50\n0\n" },
        { { .argv = { SH("ulimit -c") }, .limits = { none, 1 } }, "unlimited\n" },
    };
    struct pm_ground ground = given_the_ground();

    umask(022);
    for (size_t i = 0; i < PM_COUNT(rows); i++)
        then_prints(&ground, &rows[i].what, rows[i].expected);
}

/* What nobody can have, root neither. */
Test(spawn, what_cannot_be_given_is_told_with_its_name)
{
    static struct pm_limit files[] = { { "core", 0, 0 }, { "nofile", 1ull << 40, 1ull << 40 } };
    static struct pm_limit odd[] = { { "nofile", 9, 8 } }, unknown[] = { { "hope", 1, 1 } };
    const struct { struct pm_limit_list limits; int error; const char *detail; } rows[] = {
        { { files, 2 }, EPERM, "nofile to 1099511627776" },
        { { odd, 1 }, EINVAL, "nofile to 9, at most 8" },
        { { unknown, 1 }, EINVAL, "hope to 1" },
    };
    struct pm_ground ground = given_the_ground();

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        struct pm_spawn what = { .argv = { SH("true") }, .limits = rows[i].limits };
        struct pm_birth birth = spawn(&ground, &what);
        cr_expect(birth.pid == 0 && birth.stage == PM_STAGE_LIMIT, "row %zu", i);
        cr_expect_eq(birth.error, rows[i].error, "row %zu: %s", i, strerror(birth.error));
        cr_expect_str_eq(birth.detail, rows[i].detail);
    }
}

Test(spawn, niceness_counts_against_other_sessions)
{
    const struct pm_spawn what = { .argv = { SH("cat /proc/self/autogroup") }, .nice = 7 };
    struct pm_ground ground = given_the_ground();
    char text[100];

    if (access("/proc/self/autogroup", R_OK) != 0)
        cr_skip_test("this kernel has no autogroups");
    struct pm_birth birth = spawn(&ground, &what);
    (void)read_all(&birth, 0, text, sizeof text);
    cr_expect_not_null(strstr(text, " nice 7\n"), "%s", text);
}

/* All of what comes through its terminal, until it ends. */
static void then_terminal_shows(const struct pm_ground *ground, const struct pm_spawn *what,
                                const char *expected)
{
    struct pm_birth birth = spawn(ground, what);
    char text[1024];

    cr_assert_eq(birth.stage, PM_STAGE_NONE, "stage %d: %s", birth.stage, strerror(birth.error));
    cr_expect_eq(read(birth.fds[1], text, 1), 0, "there is no second stream");
    (void)read_all(&birth, 0, text, sizeof text); /* ends with EIO, see pty(7) */
    cr_expect_str_eq(text, expected);
}

Test(spawn, a_child_may_have_a_terminal_for_its_output)
{
    const struct { struct pm_spawn what; const char *expected; } rows[] = {
        { { .pty = true, .argv = { SH("test -t 1 && test -t 2 && echo yes; echo no >&2") } },
          "yes\nno\n" },                                /* no CR: as it was written */
        { { .pty = true, .argv = { SH("stty size < /dev/tty") } }, "24 80\n" },
        { { .pty = true, .argv = { SH("read x; echo input ends $?") } }, "input ends 1\n" },
        { { .pty = true, .argv = { SH("echo watched > /dev/tty") } }, "watched\n" },
        { { .pty = true, .argv = { SH("echo /proc/self/fd/*") } },
          "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3\n" },
    };
    struct pm_ground ground = given_the_ground();

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        then_terminal_shows(&ground, &rows[i].what, rows[i].expected);
}

Test(spawn, a_script_that_names_no_interpreter_is_run_by_sh)
{
    struct pm_ground ground = given_the_ground();
    char dir[] = "/tmp/procman-spawn-XXXXXX", path[64], expected[96];
    const char *by_path[] = { path, "a b" }, *by_name[] = { "script", "a b" };
    struct pm_var path_of[] = { { .name = "PATH", .value = dir } };
    struct pm_spawn what = { .argv = { by_path, 2 } };
    FILE *file;

    cr_assert_not_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/script", dir);
    snprintf(expected, sizeof expected, "%s a b\n", path);
    file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs("echo \"$0 $1\"\n", file);
    fchmod(fileno(file), 0700);
    fclose(file);
    then_prints(&ground, &what, expected);
    what.argv.at = by_name;
    what.env = (struct pm_var_list){ path_of, 1 };
    then_prints(&ground, &what, expected);
    unlink(path);
    rmdir(dir);
}

Test(spawn, its_limit_of_files_is_the_one_we_began_with)
{
    struct pm_ground ground = given_the_ground();
    struct pm_spawn what = { .argv = { SH("ulimit -Sn") } };

    ground.files.rlim_cur = 123;
    then_prints(&ground, &what, "123\n");
}

Test(spawn, out_and_err_are_apart)
{
    struct pm_ground ground = given_the_ground();
    struct pm_spawn what = { .argv = { SH("echo out; echo err >&2; exit 4") } };
    struct pm_birth birth = spawn(&ground, &what);
    char text[100];
    int status = read_all(&birth, 1, text, sizeof text);

    cr_expect_str_eq(text, "err\n");
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 4);
}

Test(spawn, a_writer_survives_the_death_of_every_reader)
{
    struct pm_ground ground = given_the_ground();
    struct pm_spawn what = { .argv = { SH("read x < /tmp; echo $?; echo more; exit 6") } };
    struct pm_birth birth = spawn(&ground, &what);
    int status;

    close(birth.fds[0]);
    close(birth.fds[1]);
    cr_assert_eq(waitpid(birth.pid, &status, 0), birth.pid);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 6, "status %#x", status);
}

static int lowest_free(void)
{
    int fd = dup(0);

    close(fd);
    return fd;
}

Test(spawn, a_failure_says_its_stage_and_errno_and_leaves_nothing)
{
    const struct { struct pm_spawn what; enum pm_stage stage; int error; } rows[] = {
        { { .argv = { (const char *[]){ "/no/such" }, 1 } }, PM_STAGE_EXEC, ENOENT },
        { { .argv = { (const char *[]){ "no-such-program" }, 1 } }, PM_STAGE_EXEC, ENOENT },
        { { .argv = { (const char *[]){ "" }, 1 } }, PM_STAGE_EXEC, ENOENT },
        { { .argv = { NULL, 0 } }, PM_STAGE_EXEC, EINVAL },
        { { .argv = { (const char *[]){ "/etc/passwd" }, 1 } }, PM_STAGE_EXEC, EACCES },
        { { .argv = { (const char *[]){ "/" }, 1 } }, PM_STAGE_EXEC, EACCES },
        { { .argv = { SH("true") }, .dir = "/nope" }, PM_STAGE_DIRECTORY, ENOENT },
        { { .argv = { SH("true") }, .dir = "/etc/passwd" }, PM_STAGE_DIRECTORY, ENOTDIR },
    };
    struct pm_ground ground = given_the_ground();
    int before = lowest_free();

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        struct pm_birth birth = spawn(&ground, &rows[i].what);
        cr_expect_eq(birth.pid, 0);
        cr_expect_eq(birth.stage, rows[i].stage, "row %zu: stage %d", i, birth.stage);
        cr_expect_eq(birth.error, rows[i].error, "row %zu: %s", i, strerror(birth.error));
        cr_expect_eq(birth.fds[0], -1);
    }
    cr_expect_eq(lowest_free(), before, "descriptors are left behind");
    cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "a child is left behind");
}

Test(spawn, a_program_is_looked_up_in_the_childs_own_path)
{
    static char script[] = "#!/bin/sh\necho from here\n";
    char dir[] = "/tmp/procman-spawn-XXXXXX", program[64], path[64];
    struct pm_ground ground = given_the_ground();
    struct pm_var var = { "PATH", path };
    struct pm_spawn what = { .argv = { (const char *[]){ "odd-name" }, 1 }, .env = { &var, 1 } };
    struct pm_birth birth;

    cr_assert_not_null(mkdtemp(dir));
    snprintf(program, sizeof program, "%s/odd-name", dir);
    snprintf(path, sizeof path, "/nope:%s", dir);
    int fd = open(program, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    cr_assert_eq(write(fd, script, sizeof script - 1), (ssize_t)sizeof script - 1);
    close(fd);
    birth = spawn(&ground, &what);
    cr_expect_eq(birth.error, EACCES, "found, but it may not be executed: worth telling");
    cr_assert_eq(chmod(program, 0755), 0);
    then_prints(&ground, &what, "from here\n");
    unlink(program);
    rmdir(dir);
}

Test(spawn, it_becomes_who_it_shall_be_and_cannot_go_back)
{
    struct pm_ground ground = given_the_ground();
    int64_t groups[] = { 1234, 5678 };
    struct pm_spawn what = { .run_as = true, .uid = 65534, .gid = 4321, .groups = { groups, 2 },
                             .argv = { SH("id -u; id -g; id -G; echo fine > /dev/stdout") } };

    if (geteuid() != 0) { /* only root can become another */
        struct pm_birth birth = spawn(&ground, &what);
        cr_expect_eq(birth.stage, PM_STAGE_PIPE, "which has to be the other's own");
        cr_expect_eq(birth.error, EPERM);
        return;
    }
    then_prints(&ground, &what, "65534\n4321\n4321 1234 5678\nfine\n");
}

Test(spawn, its_environment_has_nothing_meant_for_the_daemon)
{
    char entries[][24] = { "A=1", "NOTIFY_SOCKET=x", "LISTEN_FDS=1", "WATCHDOG_USEC=1", "ZSYS_X=1",
                           "PROCMAN_HANDOVER=9",
                           "JOURNAL_STREAM=1:2", "PROCMAN_RUN=a/1/1", "PROCMAN_DIR=/r", "B=2" };
    char *from[PM_COUNT(entries) + 1] = { NULL };

    for (size_t i = 0; i < PM_COUNT(entries); i++)
        from[i] = entries[i];
    char **children = pm_ground_env(from, true), **brain = pm_ground_env(from, false);

    cr_expect_str_eq(children[0], "A=1");
    cr_expect_str_eq(children[1], "B=2");
    cr_expect_null(children[2]);
    cr_expect_str_eq(brain[1], "JOURNAL_STREAM=1:2");
    cr_expect_str_eq(brain[2], "B=2");
    cr_expect_null(brain[3]);
    pm_ground_env_close(&children);
    pm_ground_env_close(&brain);
}

Test(spawn, its_start_time_is_known_without_asking_or_not_at_all)
{
    struct pm_ground ground = given_the_ground();
    const struct pm_spawn what = { .argv = { SH("exit 0") } };
    unsigned known = 0;

    for (int i = 0; i < 100; i++) {
        struct pm_birth birth = spawn(&ground, &what);
        struct pm_proc_stat stat;
        char text[64];
        cr_assert_eq(pm_proc_stat(birth.pid, &stat), PM_OK);
        if (birth.start_ticks != 0)
            cr_assert_eq(birth.start_ticks, stat.start_ticks, "life %d", i);
        known += birth.start_ticks != 0;
        (void)read_all(&birth, 0, text, sizeof text);
    }
    cr_assert_gt(known, 0);
}
