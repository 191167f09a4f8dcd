/* Whom the kernel says it has killed when memory ran out. */
#include <criterion/criterion.h>

#include "keeper/oom.h"

#include <procman/base.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

Test(oom, the_victim_is_who_the_kernel_itself_names)
{
    static const struct { const char *record; pid_t victim; } rows[] = {
        { "3,1201,99,-;Out of memory: Killed process 4242 (cam) total-vm:1kB", 4242 },
        { "3,1201,99,-;Memory cgroup out of memory: Killed process 17 (a b) total-vm:1kB", 17 },
        { "3,9,9,-;Out of memory (oom_kill_allocating_task): Killed process 8 (x) total", 8 },
        { "4,1201,99,-;cam invoked oom-killer: gfp_mask=0xcc0, order=0, oom_score_adj=0", 0 },
        { "12,1201,99,-;Out of memory: Killed process 4242 (cam) total-vm:1kB", 0 }, /* a user's */
        { "3,1,9,-;x: Out of memory: Killed process 4242 (cam) total-vm:1kB", 0 },
        { "3,1,9,-;Out of memory: Killed process ", 0 },
        { "Out of memory: Killed process 7 (x)", 0 },
        { "", 0 },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        cr_expect_eq(pm_oom_victim_of(rows[i].record), rows[i].victim, "row %zu", i);
}

Test(oom, what_was_told_counts_once_and_not_for_long)
{
    struct pm_oom oom = { .victims = { { .pid = 42, .told = { 1000 } },
                                       { .pid = 43, .told = { 1000 } } } };

    cr_expect(!pm_oom_has_killed(&oom, 41, (struct pm_mono){ 1001 }));
    cr_expect(pm_oom_has_killed(&oom, 42, (struct pm_mono){ 1001 }));
    cr_expect(!pm_oom_has_killed(&oom, 42, (struct pm_mono){ 1002 }));
    cr_expect(!pm_oom_has_killed(&oom, 43, (struct pm_mono){ 60000 }), "it is another by now");
}

/* ---- the kernel itself --------------------------------------------------------------------- */

static bool put(const char *dir, const char *name, const char *text)
{
    PM_CLEANUP(pm_free) char *path = pm_printf("%s/%s", dir, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return done;
}

/* A group with 8 MB for its processes, or NULL: not on this machine. */
static char *given_little_memory(void)
{
    char *dir = pm_printf("/sys/fs/cgroup/memory/procman-oom-%d", (int)getpid());

    if (mkdir(dir, 0755) == 0) {
        (void)put(dir, "memory.swappiness", "0");
        if (put(dir, "memory.limit_in_bytes", "8388608"))
            return dir;
        rmdir(dir);
    }
    free(dir);
    return NULL;
}

static pid_t given_a_glutton(const char *dir)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    if (!put(dir, "cgroup.procs", "0"))
        _exit(1);
    for (;;) {
        volatile char *memory = malloc(1 << 20);
        for (size_t i = 0; memory && i < 1 << 20; i += 4096)
            memory[i] = 1;
    }
}

Test(oom, who_was_killed_for_want_of_memory_is_told_from_who_was_killed)
{
    PM_CLEANUP(pm_free) char *dir = given_little_memory();
    struct pm_oom oom;
    int status;

    pm_oom_open(&oom);
    for (int killed = 0; dir && oom.log > 0 && killed <= 1; killed++) {
        siginfo_t info;
        pid_t pid = killed ? fork() : given_a_glutton(dir);
        if (pid == 0)
            for (;;)
                pause();
        if (killed)
            kill(pid, SIGKILL);
        cr_assert_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
        cr_assert_eq(info.si_status, SIGKILL);
        cr_expect_eq(pm_oom_has_killed(&oom, pid, pm_mono_now()), !killed);
        cr_expect_eq(waitpid(pid, &status, 0), pid);
    }
    pm_oom_close(&oom);
    if (dir)
        rmdir(dir);
}
