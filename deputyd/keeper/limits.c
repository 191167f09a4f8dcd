/* Limits of control groups, of those lives that ask for them.
 *
 * A slot's group has the files of a controller only when every group above it hands that
 * controller down (cgroup.subtree_control). From our own group on that is ours to do, as far as
 * the kernel lets us: a group that hands anything down may have no processes of its own, except
 * the root of all. That is why deputyd should be begun in a group `keeper` below the one that it
 * was given (cgroup.c). We never move ourselves: whoever begins us next puts us back where we
 * were, and could not, if by then that group had limits to hand down.
 *
 * Who asked for a limit does not run without it. A group that had one is for that life alone, and
 * so are the counts in it.
 */
#include "keeper/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES   64      /* "slot/memory.max" */
#define CPU_PERIOD   100000  /* microseconds, the kernel's own default */

bool pm_limits_asked(const struct pm_spawn *what)
{
    return what->memory_max != 0 || what->cpu_max != 0 || what->pids_max != 0;
}

/* OK | IO errno is set */
static enum pm_err put(int dir, const char *path, const char *text)
{
    size_t n = strlen(text);
    int fd = openat(dir, path, O_WRONLY | O_CLOEXEC), error;
    bool done = fd >= 0 && write(fd, text, n) == (ssize_t)n;

    error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return done ? PM_OK : PM_IO;
}

/* Lets our own group, and then ours for the slots, hand it down. OK | IO */
static enum pm_err hand_down(const struct pm_cgroups *groups, const char *controller)
{
    char word[16];
    enum pm_err err;

    snprintf(word, sizeof word, "+%s", controller);
    err = put(groups->root, "../cgroup.subtree_control", word);
    return err == PM_OK ? put(groups->root, "cgroup.subtree_control", word) : err;
}

static enum pm_err limit(const struct pm_cgroups *groups, uint64_t slot, const char *controller,
                         const char *value)
{
    char path[FILE_BYTES];
    enum pm_err err;

    snprintf(path, sizeof path, "%" PRIu64 "/%s.max", slot, controller);
    err = put(groups->root, path, value);
    if (err == PM_OK || errno != ENOENT)
        return err;
    err = hand_down(groups, controller);
    return err == PM_OK ? put(groups->root, path, value) : err;
}

const char *pm_limits_set(struct pm_cgroups *groups, const struct pm_spawn *what)
{
    struct { const char *controller; uint64_t asked; char value[48]; } all[] = {
        { .controller = "memory", .asked = what->memory_max },
        { .controller = "cpu", .asked = what->cpu_max },
        { .controller = "pids", .asked = what->pids_max },
    };

    snprintf(all[0].value, sizeof all[0].value, "%" PRIu64, what->memory_max);
    snprintf(all[1].value, sizeof all[1].value, "%" PRIu64 " %d",
             what->cpu_max * (CPU_PERIOD / 100), CPU_PERIOD);
    snprintf(all[2].value, sizeof all[2].value, "%" PRIu64, what->pids_max);
    if (groups->root >= 0)
        groups->at[what->slot] = PM_CGROUP_LIMITED; /* even if only one of them can be set */
    for (size_t i = 0; i < PM_COUNT(all); i++) {
        errno = ENOTSUP;
        if (all[i].asked != 0
            && (groups->root < 0
                || limit(groups, what->slot, all[i].controller, all[i].value) != PM_OK))
            return all[i].controller;
    }
    return NULL;
}

bool pm_limits_oom(const struct pm_cgroups *groups, uint64_t slot)
{
    static const char word[] = "\noom_kill ";
    char path[FILE_BYTES], text[512] = "\n";
    const char *found;
    int fd;

    if (groups->root < 0 || slot >= PM_LIMIT_SLOTS || groups->at[slot] < PM_CGROUP_USED)
        return false;
    snprintf(path, sizeof path, "%" PRIu64 "/memory.events", slot);
    fd = openat(groups->root, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    if (read(fd, text + 1, sizeof text - 2) < 0)
        text[0] = '\0';
    close(fd);
    found = strstr(text, word);
    return found != NULL && strtoull(found + strlen(word), NULL, 10) > 0;
}
