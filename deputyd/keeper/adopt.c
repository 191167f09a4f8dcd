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
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENVIRON_BYTES (256 << 10) /* a marker behind more than this much is not found */

struct stray {
    pid_t pid;
    uint64_t slot, run;
    struct pm_proc_stat stat;
};

static ssize_t read_file(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    ssize_t n, sum = 0;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    while ((size_t)sum < size - 1 && (n = read(fd, text + sum, size - 1 - (size_t)sum)) > 0)
        sum += n;
    close(fd);
    text[sum] = '\0';
    return sum;
}

bool pm_proc_stat(pid_t pid, struct pm_proc_stat *out)
{
    char text[1024];
    const char *after;
    long long group, session;
    unsigned long long start;
    char state;

    if (read_file(pid, "stat", text, sizeof text) <= 0)
        return false;
    after = strrchr(text, ')'); /* a program's name may hold anything, ')' and newlines too */
    if (after == NULL
        || sscanf(after + 1, " %c %*d %lld %lld %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d"
                  " %*d %*d %*d %*d %llu", &state, &group, &session, &start) != 4)
        return false;
    *out = (struct pm_proc_stat){ .state = state, .group = (pid_t)group,
                                  .session = (pid_t)session, .start_ticks = start };
    return true;
}

static const char *variable(const char *env, size_t n, const char *name)
{
    size_t name_n = strlen(name);

    for (const char *at = env; at < env + n; at += strlen(at) + 1)
        if (strncmp(at, name, name_n) == 0 && at[name_n] == '=')
            return at + name_n + 1;
    return NULL;
}

/* Does it carry a marker of this deputy? `env` is room for ENVIRON_BYTES. */
static bool is_stray(pid_t pid, const char *deputy, const char *dir, char *env, struct stray *out)
{
    ssize_t n = read_file(pid, "environ", env, ENVIRON_BYTES);
    const char *run = n > 0 ? variable(env, (size_t)n, "PROCMAN_RUN") : NULL;
    const char *its_dir = run ? variable(env, (size_t)n, "PROCMAN_DIR") : NULL;
    unsigned long long slot, life;
    size_t name_n = strlen(deputy);

    if (its_dir == NULL || strcmp(its_dir, dir) != 0 || strncmp(run, deputy, name_n) != 0
        || sscanf(run + name_n, "/%llu/%llu", &slot, &life) != 2)
        return false;
    out->pid = pid;
    out->slot = slot;
    out->run = life;
    return pm_proc_stat(pid, &out->stat) && out->stat.state != 'Z' && out->stat.state != 'X';
}

/* Calls found() for every living process that carries our marker. */
static void each_stray(struct pm_slots *slots, const char *deputy, const char *dir,
                       void (*found)(struct pm_slots *, const struct stray *))
{
    PM_CLEANUP(pm_free) char *env = pm_alloc(ENVIRON_BYTES);
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    struct stray stray;

    while (proc && (entry = readdir(proc)) != NULL) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 1 && is_stray(pid, deputy, dir, env, &stray))
            found(slots, &stray);
    }
    if (proc)
        closedir(proc);
}

void pm_adopt_names(pid_t pid, char **out_group, char **out_name)
{
    PM_CLEANUP(pm_free) char *env = pm_alloc(ENVIRON_BYTES);
    ssize_t n = read_file(pid, "environ", env, ENVIRON_BYTES);
    const char *name = n > 0 ? variable(env, (size_t)n, "PROCMAN_NAME") : NULL;

    if (name == NULL)
        return;
    *out_group = pm_strdup(variable(env, (size_t)n, "PROCMAN_GROUP"));
    *out_name = pm_strdup(name);
}

int pm_adopt(struct pm_slot *slot, uint64_t number, const char *deputy, const char *dir)
{
    struct pm_proc_stat stat;
    int pidfd = slot->pid > 0 ? pidfd_open(slot->pid, 0) : -1;
    bool same;

    if (pidfd < 0)
        return -1;
    same = pm_proc_stat(slot->pid, &stat) && stat.state != 'Z' && stat.state != 'X';
    if (same && slot->start_ticks == 0) {
        PM_CLEANUP(pm_free) char *env = pm_alloc(ENVIRON_BYTES);
        struct stray stray;
        same = is_stray(slot->pid, deputy, dir, env, &stray) && stray.slot == number
            && stray.run == slot->run;
        slot->start_ticks = stat.start_ticks;
    }
    if (same && slot->start_ticks == stat.start_ticks)
        return pidfd;
    close(pidfd);
    return -1;
}

bool pm_adopt_group_is_ours(const struct pm_slot *slot)
{
    struct pm_proc_stat stat;

    return slot->pid > 1
        && (!pm_proc_stat(slot->pid, &stat) || stat.start_ticks == slot->start_ticks);
}

static int ended_pipe(void)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    close(fds[1]);
    return fds[0];
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
    return fd >= 0 ? fd : ended_pipe();
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
static bool is_better(const struct stray *a, const struct pm_slot *b)
{
    struct pm_proc_stat other;
    bool leads = a->stat.session == a->pid;

    if (pm_slot_phase(b) == PM_SLOT_FREE || !pm_proc_stat(b->pid, &other))
        return true;
    if (leads != (other.session == b->pid)) /* runs begin anew with a deputy that was ended */
        return leads;
    if (a->run != b->run)
        return a->run > b->run;
    return a->stat.start_ticks < other.start_ticks
        || (a->stat.start_ticks == other.start_ticks && a->pid < b->pid);
}

static void place(struct pm_slots *slots, const struct stray *stray)
{
    struct pm_slot *slot;

    if (pm_slots_claim(slots, stray->slot, &slot) != PM_OK || !is_better(stray, slot))
        return;
    pm_slot_change(slot);
    slot->pid = stray->pid;
    slot->run = stray->run;
    slot->start_ticks = stray->stat.start_ticks;
    slot->leftover = stray->stat.group != stray->pid;
    slot->pipes[0] = pipe_inode(stray->pid, STDOUT_FILENO);
    slot->pipes[1] = pipe_inode(stray->pid, STDERR_FILENO);
    pm_slot_enter(slot, PM_SLOT_LIVE);
}

size_t pm_adopt_lost(struct pm_slots *slots, const char *deputy, const char *dir)
{
    size_t n = 0;

    each_stray(slots, deputy, dir, place);
    for (size_t i = 0; i < pm_slots_used(slots); i++)
        n += pm_slot_living(pm_slots_at(slots, i));
    return n;
}

/* ---- leaders lost -------------------------------------------------------------------------- */

static void kill_leftover(struct pm_slots *slots, const struct stray *stray)
{
    struct pm_slot *slot = pm_slots_at(slots, stray->slot);

    if (slot && pm_slot_phase(slot) == PM_SLOT_ENDED && slot->run == stray->run
        && stray->stat.group == slot->pid)
        (void)kill(stray->pid, SIGKILL);
}

void pm_adopt_leftovers(struct pm_slots *slots, const char *deputy, const char *dir)
{
    each_stray(slots, deputy, dir, kill_leftover);
}
