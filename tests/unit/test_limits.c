/* Limits of a control group: what is written where, on a stage of plain files, and what is said
 * when the kernel has no such thing. */
#include <criterion/criterion.h>

#include "keeper/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct pm_cgroups groups; /* too large for a stack */
static char top[64];

static char *path_of(const char *below)
{
    return pm_printf("%s/%s", top, below);
}

static void given_file(const char *below, const char *text)
{
    PM_CLEANUP(pm_free) char *path = path_of(below);
    FILE *file = fopen(path, "we");

    cr_assert_not_null(file, "%s", path);
    fputs(text, file);
    fclose(file);
}

static void then_file(const char *below, const char *expected)
{
    PM_CLEANUP(pm_free) char *path = path_of(below);
    char text[100] = "";
    FILE *file = fopen(path, "re");

    cr_assert_not_null(file, "%s", path);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    cr_expect_str_eq(text, expected, "%s: %s", below, text);
}

/* A deputy's group `own`, its slots' `own/all`, and of these slot 7. */
static void given_groups(void)
{
    static const char *const made[] = { "own", "own/all", "own/all/7" };
    PM_CLEANUP(pm_free) char *root = NULL;

    snprintf(top, sizeof top, "/tmp/procman-limits-XXXXXX");
    cr_assert_not_null(mkdtemp(top));
    for (size_t i = 0; i < PM_COUNT(made); i++) {
        PM_CLEANUP(pm_free) char *path = path_of(made[i]);
        cr_assert_eq(mkdir(path, 0700), 0);
    }
    root = path_of("own/all");
    memset(&groups, 0, sizeof groups);
    groups.root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    groups.at[7] = PM_CGROUP_CLEAN;
}

static void over(void)
{
    PM_CLEANUP(pm_free) char *command = pm_printf("rm -r %s", top);

    close(groups.root);
    cr_assert_eq(system(command), 0);
}

TestSuite(limits, .init = given_groups, .fini = over);

Test(limits, are_written_as_the_kernel_reads_them)
{
    const struct pm_spawn what = { .slot = 7, .memory_max = 2u << 20, .cpu_max = 150,
                                   .pids_max = 20 };

    given_file("own/all/7/memory.max", "");
    given_file("own/all/7/cpu.max", "");
    given_file("own/all/7/pids.max", "");
    cr_assert_null(pm_limits_set(&groups, &what));
    then_file("own/all/7/memory.max", "2097152");
    then_file("own/all/7/cpu.max", "150000 100000");
    then_file("own/all/7/pids.max", "20");
    cr_expect_eq(groups.at[7], PM_CGROUP_LIMITED);
}

Test(limits, nothing_else_is_touched)
{
    const struct pm_spawn what = { .slot = 7, .pids_max = 20 }, nothing = { .slot = 7 };

    given_file("own/all/7/pids.max", "");
    cr_expect(pm_limits_asked(&what) && !pm_limits_asked(&nothing));
    cr_assert_null(pm_limits_set(&groups, &what));
}

/* A plain file appears for nobody: so the controller is asked for, and then still not there. */
Test(limits, the_groups_above_are_asked_to_hand_a_controller_down)
{
    const struct pm_spawn what = { .slot = 7, .memory_max = 2u << 20 };

    given_file("own/cgroup.subtree_control", "");
    given_file("own/all/cgroup.subtree_control", "");
    cr_expect_str_eq(pm_limits_set(&groups, &what), "memory");
    cr_expect_eq(errno, ENOENT);
    then_file("own/cgroup.subtree_control", "+memory");
    then_file("own/all/cgroup.subtree_control", "+memory");
    cr_expect_eq(groups.at[7], PM_CGROUP_LIMITED, "another one may have been set before");
}

Test(limits, without_groups_there_are_none)
{
    const struct pm_spawn what = { .slot = 7, .cpu_max = 50 };
    int root = groups.root;

    groups.root = -1;
    cr_expect_str_eq(pm_limits_set(&groups, &what), "cpu");
    cr_expect_eq(errno, ENOTSUP);
    groups.root = root;
}

Test(limits, a_group_of_its_own_tells_whether_memory_ran_out)
{
    given_file("own/all/7/memory.events", "low 0\nhigh 0\nmax 7\noom 1\noom_kill 1\n"
                                          "oom_group_kill 0\n");
    cr_expect_not(pm_limits_oom(&groups, 7), "that may have been another life's");
    groups.at[7] = PM_CGROUP_LIMITED;
    cr_expect(pm_limits_oom(&groups, 7));
    groups.at[7] = PM_CGROUP_USED; /* found after an upgrade, or killed by now */
    cr_expect(pm_limits_oom(&groups, 7));
    given_file("own/all/7/memory.events", "oom 1\noom_kill 0\n");
    cr_expect_not(pm_limits_oom(&groups, 7));
}
