/* A bare loop that begins programs as a keeper does: each in a control group of its own, by
 * CLONE_INTO_CGROUP. The groups are there before the clock starts, and go when it has stopped. */
#include "bench.h"

#include "keeper/cgroup.h"
#include "keeper/clone.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_BYTES 16384

static struct pm_cgroups groups; /* too large for a stack */

static int become(void *argv)
{
    execve(*(char **)argv, argv, environ);
    _exit(127);
}

/* A descriptor for each group, as the loop needs it; false: there are no groups. */
static bool enter_all(int *fds, size_t count)
{
    struct rlimit most;
    bool all = groups.root >= 0;

    if (getrlimit(RLIMIT_NOFILE, &most) == 0) {
        most.rlim_cur = most.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &most);
    }
    for (size_t i = 0; i < count; i++) {
        fds[i] = all ? pm_cgroups_enter(&groups, i) : -1;
        all = fds[i] >= 0;
    }
    return all;
}

static int64_t spawn_all(const char *const *argv, const int *fds, pid_t *pids, size_t count)
{
    char *stack = pm_alloc(STACK_BYTES);
    int64_t begin, last;

    stamps_clear(argv[1]);
    begin = now_ns();
    for (size_t i = 0; i < count; i++)
        pids[i] = pm_clone(become, (void *)argv, stack, STACK_BYTES, fds[i]);
    last = stamps_last(argv[1], count);
    for (size_t i = 0; i < count; i++)
        kill(pids[i], SIGKILL);
    for (size_t i = 0; i < count; i++)
        waitpid(pids[i], NULL, 0);
    free(stack);
    return last - begin;
}

int64_t bare_grouped_ns(const struct fleet *fleet, size_t count)
{
    const char *path = fleet_path(fleet, "grouped.stamps");
    const char *const argv[] = { tool_path(fleet, "stamp"), path, "stay", NULL };
    pid_t *pids = pm_alloc(count * sizeof *pids);
    int *fds = pm_alloc(count * sizeof *fds);
    int64_t took = 0;

    pm_cgroups_open(path, &groups);
    if (enter_all(fds, count))
        took = spawn_all(argv, fds, pids, count);
    for (size_t i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    pm_cgroups_close(&groups);
    free(fds);
    free(pids);
    return took;
}
