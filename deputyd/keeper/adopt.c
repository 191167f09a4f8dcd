/* What /proc tells about the processes of an earlier keeper.
 *
 * Every process we begin carries PROCMAN_RUN=<deputy>/<slot>/<run> and PROCMAN_DIR in its
 * environment, and its own children inherit both. So the leader of a life is, of all that carry its
 * marker, the one that leads a session and is oldest.
 *
 * The kernel gives a number to a new process only when no process, group or session has it. But a
 * group may outlive its leader, so a group found later is ours only if its members say so.
 */
#include "keeper/adopt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A process that is within exec shows no mark; on a busy machine that takes some milliseconds. */
#define MOMENT_NS    1000000
#define MOMENTS_MOST 2000
#define WALKS_MOST   20
#define PAUSE_NS     (100 * 1000 * 1000)
#define PAUSES_MOST  50      /* for what we are short of to come back */

static void give_them_a_moment(void)
{
    const struct timespec moment = { .tv_nsec = MOMENT_NS };

    nanosleep(&moment, NULL);
}

bool pm_adopt_pause(int *tries)
{
    const struct timespec pause = { .tv_nsec = PAUSE_NS };

    nanosleep(&pause, NULL);
    return ++*tries < PAUSES_MOST;
}

static enum pm_err read_surely(struct pm_marks *marks, pid_t pid, struct pm_bearer *out)
{
    enum pm_err err;

    for (int i = 0; (err = pm_marks_read(marks, pid, out)) == PM_BUSY && i < MOMENTS_MOST; i++)
        give_them_a_moment();
    return err;
}

/* Of a record that was not finished. OK | NOT_FOUND | IO */
static enum pm_err prove_by_mark(const struct pm_slot *slot, uint64_t number,
                                 const struct pm_ground *ground)
{
    PM_CLEANUP(pm_marks_close) struct pm_marks *marks;
    struct pm_bearer mark;
    enum pm_err err;

    pm_marks_open(&marks);
    err = read_surely(marks, slot->pid, &mark);
    if (err == PM_OK && pm_mark_is_of(&mark, ground->deputy, ground->dir) && mark.slot == number
        && mark.run == slot->run)
        return PM_OK;
    return err == PM_IO ? PM_IO : PM_NOT_FOUND;
}

static enum pm_err prove(struct pm_slot *slot, uint64_t number, const struct pm_ground *ground)
{
    struct pm_proc_stat stat;
    enum pm_err err = pm_proc_stat(slot->pid, &stat);

    if (err == PM_OK && pm_proc_is_dead(&stat))
        return PM_NOT_FOUND;
    if (err == PM_OK && slot->start_ticks == 0) {
        err = prove_by_mark(slot, number, ground);
        slot->start_ticks = err == PM_OK ? stat.start_ticks : 0;
    }
    return err == PM_OK && slot->start_ticks != stat.start_ticks ? PM_NOT_FOUND : err;
}

enum pm_err pm_adopt(struct pm_slot *slot, uint64_t number, const struct pm_ground *ground,
                     int *out_pidfd)
{
    int pidfd = slot->pid > 0 ? pm_ground_keep(ground, pidfd_open(slot->pid, 0)) : -1;
    enum pm_err err;

    if (slot->pid <= 0)
        return PM_NOT_FOUND;
    if (pidfd < 0) /* EINVAL: a thread has the number */
        return errno == ESRCH || errno == EINVAL ? PM_NOT_FOUND : PM_IO;
    err = prove(slot, number, ground);
    if (err == PM_OK)
        *out_pidfd = pidfd;
    else
        close(pidfd);
    return err;
}

bool pm_adopt_group_is_ours(const struct pm_slot *slot)
{
    struct pm_proc_stat stat;
    enum pm_err err = slot->pid > 1 ? pm_proc_stat(slot->pid, &stat) : PM_IO;

    return err == PM_NOT_FOUND || (err == PM_OK && stat.start_ticks == slot->start_ticks);
}

void pm_adopt_names(pid_t pid, char **out_group, char **out_name)
{
    PM_CLEANUP(pm_marks_close) struct pm_marks *marks;
    struct pm_bearer bearer;

    pm_marks_open(&marks);
    if (read_surely(marks, pid, &bearer) != PM_OK || bearer.name == NULL)
        return;
    *out_group = pm_strdup(bearer.group);
    *out_name = pm_strdup(bearer.name);
}

int pm_pipe_reopen(pid_t pid, uint64_t inode)
{
    char path[64];
    struct stat status;
    struct dirent *entry;
    int fd = -1;
    DIR *dir;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    dir = inode ? opendir(path) : NULL;
    while (dir && fd < 0 && (entry = readdir(dir)) != NULL)
        if (fstatat(dirfd(dir), entry->d_name, &status, 0) == 0 && S_ISFIFO(status.st_mode)
            && status.st_ino == inode)
            fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (dir)
        closedir(dir);
    return fd >= 0 ? fd : pm_pipe_ended();
}

/* ---- a table lost ------------------------------------------------------------------------ */

static uint64_t pipe_inode(pid_t pid, int fd)
{
    char path[64];
    struct stat status;

    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
    return stat(path, &status) == 0 && S_ISFIFO(status.st_mode) ? status.st_ino : 0;
}

/* Of two that carry a marker of one slot: is `a` rather its leader? */
static bool is_better(const struct pm_bearer *a, const struct pm_slot *b)
{
    struct pm_proc_stat other;
    bool leads = a->stat.session == a->pid;

    if (pm_slot_phase(b) == PM_SLOT_FREE || pm_proc_stat(b->pid, &other) != PM_OK)
        return true;
    if (leads != (other.session == b->pid)) /* runs begin anew with a deputy that was ended */
        return leads;
    if (a->run != b->run)
        return a->run > b->run;
    return a->stat.start_ticks < other.start_ticks
        || (a->stat.start_ticks == other.start_ticks && a->pid < b->pid);
}

/* OK | IO the table cannot grow: it would lack one that lives */
static enum pm_err place(struct pm_slots *slots, const struct pm_bearer *mark)
{
    struct pm_slot *slot;
    enum pm_err err = pm_slots_claim(slots, mark->slot, &slot);

    if (err != PM_OK || !is_better(mark, slot))
        return err == PM_IO ? PM_IO : PM_OK;
    pm_slot_change(slot);
    slot->pid = mark->pid;
    slot->run = mark->run;
    slot->start_ticks = mark->stat.start_ticks;
    slot->leftover = mark->stat.group != mark->pid;
    slot->pipes[0] = pipe_inode(mark->pid, STDOUT_FILENO);
    slot->pipes[1] = pipe_inode(mark->pid, STDERR_FILENO);
    pm_slot_enter(slot, PM_SLOT_LIVE);
    return PM_OK;
}

/* As often as somebody could not be read. */
static enum pm_err place_all(struct pm_slots *slots, const struct pm_ground *ground,
                             struct pm_marks *marks)
{
    unsigned budget = UINT_MAX;
    struct pm_bearer mark;
    int walks = 0, no_place = 0;
    enum pm_err err;

    do {
        while ((err = pm_marks_next(marks, &budget, &mark)) == PM_OK)
            if (pm_mark_is_of(&mark, ground->deputy, ground->dir) && place(slots, &mark) != PM_OK)
                no_place = errno;
        if (err == PM_BUSY)
            give_them_a_moment();
    } while (err == PM_BUSY && ++walks < WALKS_MOST);
    if (no_place != 0) {
        errno = no_place;
        return PM_IO;
    }
    return err == PM_GONE ? PM_OK : err;
}

enum pm_err pm_adopt_lost(struct pm_slots *slots, const struct pm_ground *ground)
{
    PM_CLEANUP(pm_marks_close) struct pm_marks *marks;
    int tries = 0, error;
    enum pm_err err;

    pm_marks_open(&marks);
    do {
        err = place_all(slots, ground, marks);
        error = errno;
    } while (err == PM_IO && pm_adopt_pause(&tries));
    errno = error;
    return err;
}
