/* A control group for each slot, on machines that let us make them; elsewhere there is nothing
 * to test. */
#include <criterion/criterion.h>

#include "keeper/cgroup.h"

#include <procman/base.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOT 7
#define PATIENCE_MS 20000

static struct pm_cgroups groups; /* too large for a stack */
static char dir[64];

/* False: there are none here. */
static bool given_groups(void)
{
    snprintf(dir, sizeof dir, "/nowhere/cgroup-%d", (int)getpid());
    pm_cgroups_open(dir, &groups);
    return groups.root >= 0;
}

static void given_the_slots_group(void)
{
    int fd = pm_cgroups_enter(&groups, SLOT);

    cr_assert_geq(fd, 0);
    close(fd);
}

static char *path_of(const char *below)
{
    return pm_printf("%s/%d%s", groups.path, SLOT, below);
}

static pid_t given_a_member(const char *below)
{
    PM_CLEANUP(pm_free) char *path = path_of(below), *procs = pm_printf("%s/cgroup.procs", path);
    char text[16];
    pid_t pid = fork();
    int fd, n;

    if (pid == 0)
        for (;;)
            pause();
    (void)mkdir(path, 0755);
    fd = open(procs, O_WRONLY | O_CLOEXEC);
    cr_assert_geq(fd, 0, "%s", procs);
    n = snprintf(text, sizeof text, "%d", (int)pid);
    cr_assert_eq(write(fd, text, (size_t)n), n);
    close(fd);
    return pid;
}

static bool exists(void)
{
    PM_CLEANUP(pm_free) char *path = path_of("");

    return access(path, F_OK) == 0;
}

static void then_it_ends(void)
{
    pid_t rest;
    int waited = 0;

    while (pm_cgroups_end(&groups, SLOT, &rest) != PM_OK && waited++ < PATIENCE_MS)
        poll(NULL, 0, 1);
    cr_expect_lt(waited, PATIENCE_MS);
}

static void then_killed(pid_t pid)
{
    int status = 0;

    cr_expect_eq(waitpid(pid, &status, 0), pid);
    cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

Test(cgroup, groups_made_in_it_are_killed_and_removed_too)
{
    for (int stroke = 0; stroke <= 1 && given_groups(); stroke++) {
        groups.kills = groups.kills && stroke == 1; /* as before Linux 5.14 */
        given_the_slots_group();
        pid_t member = given_a_member(""), below = given_a_member("/a"),
              deeper = given_a_member("/a/b");
        then_it_ends();
        then_killed(member);
        then_killed(below);
        then_killed(deeper);
        pm_cgroups_remove(&groups, SLOT);
        cr_expect(!exists());
        PM_CLEANUP(pm_free) char *path = pm_strdup(groups.path);
        pm_cgroups_close(&groups);
        cr_expect_neq(access(path, F_OK), 0, "%s", path);
    }
}

Test(cgroup, one_that_cannot_be_removed_is_kept_and_not_forgotten)
{
    if (!given_groups())
        return;
    given_the_slots_group();
    pid_t member = given_a_member(""), below = given_a_member("/a");
    for (int i = 0; i < 2; i++) {
        pm_cgroups_remove(&groups, SLOT);
        cr_expect(exists());
        cr_expect_lt(pm_cgroups_enter(&groups, SLOT), 0, "nobody is born among what is left");
    }
    then_it_ends();
    then_killed(member);
    then_killed(below);
    given_the_slots_group(); /* a new one */
    pm_cgroups_close(&groups);
}

Test(cgroup, what_a_living_one_has_made_in_it_stays)
{
    if (!given_groups())
        cr_skip_test("no control groups");
    given_the_slots_group();
    PM_CLEANUP(pm_free) char *below = path_of("/its-own");
    pid_t member = given_a_member("");
    cr_assert_eq(mkdir(below, 0755), 0);
    pm_cgroups_close(&groups); /* as one that leaves its processes running */
    cr_expect_eq(access(below, F_OK), 0, "it was taken from who lives");
    cr_assert(given_groups());
    cr_expect(pm_cgroups_has(&groups, SLOT) && !pm_cgroups_has(&groups, SLOT + 1));
    then_it_ends();
    then_killed(member);
    pm_cgroups_close(&groups);
}

Test(cgroup, one_that_was_there_before_is_not_entered_but_replaced)
{
    if (!given_groups())
        return;
    PM_CLEANUP(pm_free) char *path = path_of("");
    cr_assert_eq(mkdir(path, 0755), 0);
    cr_expect_lt(pm_cgroups_enter(&groups, SLOT), 0);
    given_the_slots_group();
    pm_cgroups_close(&groups);
}

Test(cgroup, who_cannot_look_into_it_does_not_call_it_empty)
{
    struct rlimit plenty, none;
    pid_t rest;

    if (!given_groups())
        return;
    given_the_slots_group();
    pid_t member = given_a_member("");
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &plenty), 0);
    none = (struct rlimit){ .rlim_max = plenty.rlim_max };
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    cr_expect_eq(pm_cgroups_end(&groups, SLOT, &rest), PM_IO);
    cr_expect_eq(errno, EMFILE);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &plenty), 0);
    then_it_ends();
    then_killed(member);
    pm_cgroups_close(&groups);
}

Test(cgroup, that_was_limited_is_another_one_for_the_next_life)
{
    PM_CLEANUP(pm_free) char *mine = NULL;

    if (!given_groups())
        cr_skip_test("no control groups");
    given_the_slots_group();
    mine = path_of("/of-the-first-life");
    cr_assert_eq(mkdir(mine, 0755), 0);
    groups.at[SLOT] = PM_CGROUP_LIMITED;
    given_the_slots_group();
    cr_expect_neq(access(mine, F_OK), 0, "it is still the one that was limited");
    cr_expect_eq(groups.at[SLOT], PM_CGROUP_CLEAN);
    pm_cgroups_close(&groups);
}

/* Writes our pid into the group at that path. */
static bool enter(const char *path)
{
    PM_CLEANUP(pm_free) char *procs = pm_printf("%s/cgroup.procs", path);
    int fd = open(procs, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, "0", 1) == 1;

    if (fd >= 0)
        close(fd);
    return done;
}

/* In a child, for a process cannot be everywhere. 0: the groups were made in the one around. */
static int open_within(const char *around, const char *own)
{
    int where = 3;

    if (enter(own)) {
        pm_cgroups_open(dir, &groups);
        where = groups.root < 0 ? 2 : strncmp(groups.path, own, strlen(own)) == 0;
        where = where == 0 && strncmp(groups.path, around, strlen(around)) != 0 ? 4 : where;
        pm_cgroups_close(&groups);
    }
    return where;
}

/* The one around it is free of processes then, and may hand controllers down. */
Test(cgroup, are_made_around_a_group_called_keeper)
{
    static const char *const names[] = { "keeper", "other" };
    PM_CLEANUP(pm_free) char *around = NULL;
    int status;

    if (!given_groups())
        cr_skip_test("no control groups");
    around = pm_printf("%s", groups.path);
    for (size_t i = 0; i < PM_COUNT(names); i++) {
        PM_CLEANUP(pm_free) char *own = pm_printf("%s/%s", around, names[i]);
        cr_assert_eq(mkdir(own, 0755), 0);
        pid_t pid = fork();
        if (pid == 0)
            _exit(open_within(around, own));
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == (int)i, "%s: %d", own, status);
        cr_expect_eq(rmdir(own), 0, "%s", own);
    }
    pm_cgroups_close(&groups);
}
