/* From a spawn request to a running program.
 *
 * As with vfork, the child borrows our memory and we wait until it executes or gives up, so it
 * can write the failing stage and errno where we read them, and nothing of us need be copied. In
 * the child only system calls happen; whatever needs memory was made before.
 *
 * It also borrows our descriptors until it has copied the few it needs: a vfork copies all, and
 * exec closes them one by one, which with thousands of pipes costs more than the rest. So what
 * it needs has low numbers, reserved from the beginning.
 *
 * The child's outputs are pipes opened for reading and writing. So a pipe lives as long as
 * the child does: with every reader dead it gets no SIGPIPE, and a later reader goes on at the
 * very next byte. Or they are one terminal, if it is to believe that somebody watches; that one
 * lives only as long as its other side is held.
 */
#include "keeper/spawn.h"

#include "keeper/clone.h"
#include "keeper/limits.h"

#include <procman/limits.h>
#include <procman/marks.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* Fewer wake-ups under heavy output. Only root's: others have a quota, and 64 KB is their fair
 * share of it (pipe(7), pipe-user-pages-soft). */
#define PIPE_BYTES   (256 << 10)
#define TICKS_A_SECOND 100 /* USER_HZ, the same on every kernel: time(7) */
#define STACK_BYTES  (64 << 10)
#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

struct plan {
    const struct pm_ground *ground;
    const struct pm_spawn *what;
    char **argv, **env;
    const char *path;            /* the child's PATH */
    gid_t *groups;
    bool switch_ids;
    uint64_t *pipes;
    volatile int32_t *pid_seen;
    volatile enum pm_stage stage;
    volatile int error;
    volatile size_t limit;        /* stage LIMIT: the one that was refused */
    volatile uint64_t born_ticks; /* the clock at its first instruction */
    char file[PATH_MAX];         /* the program as tried */
};

/* ---- in the child --------------------------------------------------------------------- */

static bool unblock_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

static bool fails(struct plan *plan, enum pm_stage stage, bool ok)
{
    if (ok)
        return false;
    plan->error = errno;
    plan->stage = stage;
    return true;
}

static bool connect_stdio(const struct plan *plan)
{
    const struct pm_ground *ground = plan->ground;
    unsigned below = (unsigned)ground->copied_below;

    return close_range(below, ~0u, CLOSE_RANGE_UNSHARE) == 0
        && dup2(ground->null_fd, 0) >= 0 && dup2(ground->ends[0], 1) >= 0
        && dup2(ground->ends[1], 2) >= 0 && close_range(3, below - 1, CLOSE_RANGE_CLOEXEC) == 0
        && (!plan->what->pty || ioctl(1, TIOCSCTTY, 0) == 0);
}

static bool take_group(const struct plan *plan)
{
    gid_t gid = (gid_t)plan->what->gid, real, effective, saved;

    if (setgroups(plan->what->groups.n, plan->groups) != 0 || setresgid(gid, gid, gid) != 0)
        return false;
    errno = EPERM;
    return getresgid(&real, &effective, &saved) == 0 && real == gid && effective == gid
        && saved == gid;
}

static bool take_user(const struct plan *plan)
{
    uid_t uid = (uid_t)plan->what->uid, real, effective, saved;

    if (setresuid(uid, uid, uid) != 0)
        return false;
    errno = EPERM; /* what the kernel granted must be what was asked, with no way back */
    return getresuid(&real, &effective, &saved) == 0 && real == uid && effective == uid
        && saved == uid && (uid == 0 || setuid(0) != 0);
}

/* A text that no program is named to read ("#!") is one for sh: so execvp(3), and every shell. */
static void execute_file(struct plan *plan, const char *file)
{
    execve(file, plan->argv, plan->env);
    if (errno != ENOEXEC)
        return;
    plan->argv[-1] = (char *)(uintptr_t)"/bin/sh";
    plan->argv[0] = (char *)(uintptr_t)file;
    execve("/bin/sh", plan->argv - 1, plan->env);
}

/* As a shell looks for it: the first that can be executed; a file that may not be is worth
 * telling only when no other is found. */
static void execute(struct plan *plan)
{
    const char *program = plan->argv[0], *at = plan->path, *end;
    size_t n = strlen(program);
    int telling = ENOENT;

    if (strchr(program, '/') != NULL || n == 0) {
        execute_file(plan, program);
        return;
    }
    for (;; at = end + 1) {
        end = strchrnul(at, ':');
        size_t dir = (size_t)(end - at);
        if (dir + n + 2 <= sizeof plan->file) {
            memcpy(plan->file, at, dir);
            plan->file[dir] = '/';
            memcpy(plan->file + dir + (dir > 0), program, n + 1);
            execute_file(plan, plan->file);
            if (errno == EACCES)
                telling = EACCES;
            else if (errno != ENOENT && errno != ENOTDIR)
                return;
        }
        if (*end == '\0')
            break;
    }
    errno = telling;
}

/* The clock that start times are kept in, in their unit: proc_pid_stat(5), field 22. */
static uint64_t boot_ticks(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * TICKS_A_SECOND
         + (uint64_t)now.tv_nsec / (1000000000 / TICKS_A_SECOND);
}

/* Returns only when it failed; the clone is over then. */
static int child(void *argument)
{
    struct plan *plan = argument;
    const char *dir = plan->what->dir;

    plan->born_ticks = boot_ticks();
    *plan->pid_seen = getpid();
    if (fails(plan, PM_STAGE_SESSION, setsid() >= 0 && unblock_signals())
        || fails(plan, PM_STAGE_STDIO, connect_stdio(plan))
        || fails(plan, PM_STAGE_NICE, pm_means_be_nice(plan->what))
        || fails(plan, PM_STAGE_LIMIT, pm_means_limit(plan->what, &plan->ground->files,
                                                      &plan->limit))
        || (plan->switch_ids && fails(plan, PM_STAGE_GROUP, take_group(plan)))
        || (plan->switch_ids && fails(plan, PM_STAGE_USER, take_user(plan)))
        || fails(plan, PM_STAGE_DIRECTORY, chdir(dir && *dir ? dir : "/") == 0))
        return 127;
    pm_means_mask(plan->what);
    execute(plan);
    fails(plan, PM_STAGE_EXEC, false);
    return 127;
}

/* ---- before it -------------------------------------------------------------------------- */

enum pm_err pm_ground_open(struct pm_ground *ground)
{
    do
        ground->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (ground->null_fd >= 0 && ground->null_fd <= STDERR_FILENO); /* were closed: now open */
    for (int i = 0; i < 2; i++)
        ground->ends[i] = fcntl(ground->null_fd, F_DUPFD_CLOEXEC, 0);
    ground->copied_below = ground->ends[1] + 1;
    ground->large_pipes = geteuid() == 0;
    ground->own_fds = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
    ground->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    return ground->ends[1] < 0 || ground->own_fds < 0 || ground->stack == MAP_FAILED ? PM_IO
                                                                                      : PM_OK;
}

void pm_signals_default(void)
{
    struct sigaction standard = { .sa_handler = SIG_DFL };

    for (int number = 1; number < NSIG; number++)
        (void)sigaction(number, &standard, NULL); /* refused for SIGKILL and SIGSTOP */
}

void pm_signals_reset(void)
{
    pm_signals_default();
    (void)unblock_signals();
}

char **pm_ground_env(char **from, bool children)
{
    static const char *const ours[] = { "NOTIFY_SOCKET=", "LISTEN_", "WATCHDOG_", "ZSYS_",
                                        "PROCMAN_HANDOVER=", PM_MARK_RUN "=",
                                        PM_MARK_DIR "=", "JOURNAL_STREAM=" };
    size_t n = 0, kept = 0, rejected = PM_COUNT(ours) - (children ? 0 : 1);
    char **env;

    while (from[n])
        n++;
    env = pm_alloc((n + 1) * sizeof *env);
    for (size_t i = 0; i < n; i++) {
        bool take = true;
        for (size_t j = 0; j < rejected; j++)
            take = take && strncmp(from[i], ours[j], strlen(ours[j])) != 0;
        if (take)
            env[kept++] = pm_strdup(from[i]);
    }
    return env;
}

void pm_ground_env_close(char ***env)
{
    for (char **entry = *env; entry && *entry; entry++)
        free(*entry);
    pm_free(env);
}

static bool names(const char *entry, const char *name, size_t n)
{
    return strncmp(entry, name, n) == 0 && entry[n] == '=';
}

/* Sets NAME=VALUE among the first *n entries. */
static bool set(struct pm_arena *arena, char **env, size_t *n, const char *name, const char *value)
{
    size_t name_n = strlen(name), size = name_n + strlen(value) + 2, i = 0;
    char *entry = pm_arena_get(arena, size);

    if (entry == NULL)
        return false;
    snprintf(entry, size, "%s=%s", name, value);
    while (i < *n && !names(env[i], name, name_n))
        i++;
    env[i] = entry;
    *n += i == *n;
    return true;
}

static bool make_env(struct plan *plan, struct pm_arena *arena)
{
    const struct pm_spawn *what = plan->what;
    size_t n = 0, base = 0;
    char run[64];
    char marker[PM_LIMIT_NAME + sizeof run + 1];

    while (plan->ground->env[base])
        base++;
    plan->env = pm_arena_get(arena, (base + what->env.n + 3) * sizeof *plan->env);
    if (plan->env == NULL)
        return false;
    for (; n < base; n++)
        plan->env[n] = plan->ground->env[n];
    for (size_t i = 0; i < what->env.n; i++)
        if (!set(arena, plan->env, &n, what->env.at[i].name, what->env.at[i].value))
            return false;
    snprintf(run, sizeof run, "%llu/%llu", (unsigned long long)what->slot,
             (unsigned long long)what->run);
    snprintf(marker, sizeof marker, "%.*s/%s", PM_LIMIT_NAME, plan->ground->deputy, run);
    if (!set(arena, plan->env, &n, PM_MARK_RUN, marker)
        || !set(arena, plan->env, &n, PM_MARK_DIR, plan->ground->dir))
        return false;
    plan->path = DEFAULT_PATH;
    for (size_t i = 0; i < n; i++)
        if (names(plan->env[i], "PATH", 4))
            plan->path = plan->env[i] + 5;
    return true;
}

static bool make_arguments(struct plan *plan, struct pm_arena *arena)
{
    const struct pm_spawn *what = plan->what;

    plan->argv = pm_arena_get(arena, (what->argv.n + 2) * sizeof *plan->argv);
    plan->groups = pm_arena_get(arena, (what->groups.n + 1) * sizeof *plan->groups);
    if (plan->argv == NULL || plan->groups == NULL)
        return false;
    plan->argv++; /* the place before is for a shell, if it turns out to need one */
    for (size_t i = 0; i < what->argv.n; i++)
        plan->argv[i] = (char *)(uintptr_t)what->argv.at[i]; /* execve does not write there */
    for (size_t i = 0; i < what->groups.n; i++)
        plan->groups[i] = (gid_t)what->groups.at[i];
    /* Without privilege being oneself already is all that can be asked for. */
    plan->switch_ids = what->run_as
                    && (geteuid() == 0 || geteuid() != what->uid || getegid() != what->gid);
    return true;
}

/* Puts the child's end, readable too, under its reserved number: as a rule that is the lowest free
 * one as soon as it is free. */
static bool reserve_end(const struct pm_ground *ground, int write_end, int reserved)
{
    char name[16];
    int end;
    bool done;

    snprintf(name, sizeof name, "%d", write_end);
    close(reserved);
    end = openat(ground->own_fds, name, O_RDWR | O_CLOEXEC);
    close(write_end);
    if (end < 0 || end == reserved)
        return end >= 0;
    done = dup3(end, reserved, O_CLOEXEC) >= 0;
    close(end);
    return done;
}

int pm_ground_keep(const struct pm_ground *ground, int fd)
{
    if (fd < 0 || ground->kept_below == 0 || fd < ground->kept_below)
        return fd;
    close(fd);
    errno = EMFILE;
    return -1;
}

/* One output; *read_end stays ours. */
static bool make_pipe(const struct plan *plan, int reserved, int *read_end, uint64_t *inode)
{
    struct stat status;
    int fds[2];

    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) /* the child's end is opened anew, without */
        return false;
    *read_end = pm_ground_keep(plan->ground, fds[0]);
    if (*read_end < 0) {
        close(fds[1]);
        errno = EMFILE;
        return false;
    }
    if (!reserve_end(plan->ground, fds[1], reserved) || fstat(fds[0], &status) != 0)
        return false;
    *inode = status.st_ino;
    /* A switched user must be able to open /dev/stdout, as it could with a file of its own. */
    return !plan->switch_ids || fchown(fds[0], (uid_t)plan->what->uid, (gid_t)-1) == 0;
}

int pm_pipe_ended(void)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    close(fds[1]);
    return fds[0];
}

/* What is written comes through as it is, and nothing comes back to be echoed. */
static bool make_raw(int terminal)
{
    const struct winsize size = { .ws_row = 24, .ws_col = 80 };
    struct termios modes;

    if (tcgetattr(terminal, &modes) != 0)
        return false;
    modes.c_oflag &= ~(tcflag_t)OPOST;
    modes.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    return tcsetattr(terminal, TCSANOW, &modes) == 0 && ioctl(terminal, TIOCSWINSZ, &size) == 0;
}

/* One terminal for both; *master stays ours. */
static bool make_terminal(const struct plan *plan, int *master)
{
    const int *ends = plan->ground->ends;
    int terminal;
    bool done;

    *master = pm_ground_keep(plan->ground, posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (*master < 0 || unlockpt(*master) != 0 || fcntl(*master, F_SETFL, O_RDWR | O_NONBLOCK) != 0)
        return false;
    terminal = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0)
        return false;
    done = make_raw(terminal) && dup3(terminal, ends[0], O_CLOEXEC) >= 0
        && dup3(terminal, ends[1], O_CLOEXEC) >= 0
        && (!plan->switch_ids || fchown(terminal, (uid_t)plan->what->uid, (gid_t)-1) == 0);
    close(terminal);
    return done;
}

static bool make_outputs(const struct plan *plan, int fds[2])
{
    const int *ends = plan->ground->ends;

    if (!plan->what->pty)
        return make_pipe(plan, ends[0], &fds[0], &plan->pipes[0])
            && make_pipe(plan, ends[1], &fds[1], &plan->pipes[1]);
    return make_terminal(plan, &fds[0])
        && (fds[1] = pm_ground_keep(plan->ground, pm_pipe_ended())) >= 0;
}

/* Or the pipe would be ours to hold open when the child is dead. */
static void give_up_ends(const struct pm_ground *ground)
{
    for (int i = 0; i < 2; i++)
        (void)dup3(ground->null_fd, ground->ends[i], O_CLOEXEC);
}

static void close_both(int fds[2])
{
    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    fds[0] = fds[1] = -1;
}

/* Into its control group, if that can be; if that is limited, nowhere else. */
static pid_t clone_child(struct plan *plan, int group, struct pm_birth *out)
{
    char *stack = plan->ground->stack;
    pid_t pid = group < 0 ? -1 : pm_clone(child, plan, stack, STACK_BYTES, group);

    out->grouped = pid >= 0;
    if (out->grouped || pm_limits_asked(plan->what))
        return pid;
    return pm_clone(child, plan, stack, STACK_BYTES, -1);
}

static void give_birth(struct plan *plan, int group, struct pm_birth *out)
{
    uint64_t before;

    if (fails(plan, PM_STAGE_PIPE, make_outputs(plan, out->fds)))
        return;
    before = boot_ticks();
    out->pid = clone_child(plan, group, out);
    out->start_ticks = plan->born_ticks == before ? before : 0; /* it was born in between */
    if (fails(plan, PM_STAGE_FORK, out->pid >= 0))
        out->pid = 0;
    else if (plan->stage != PM_STAGE_NONE) { /* it gave up and is dead: nothing to wait for */
        waitpid(out->pid, NULL, 0);
        out->pid = 0;
    }
    for (int i = 0; i < 2 && out->pid > 0 && plan->ground->large_pipes && !plan->what->pty;
         i++)
        (void)fcntl(out->fds[i], F_SETPIPE_SZ, PIPE_BYTES); /* it runs meanwhile */
}

void pm_ground_spawn(const struct pm_ground *ground, const struct pm_spawn *what, int group,
                     volatile int32_t *pid_seen, uint64_t pipes[2], struct pm_birth *out)
{
    struct plan plan = { .ground = ground, .what = what, .pid_seen = pid_seen, .pipes = pipes };
    struct pm_arena arena;

    *out = (struct pm_birth){ .fds = { -1, -1 } };
    pm_arena_init(&arena, 0);
    errno = ENOMEM;
    if (!fails(&plan, PM_STAGE_FORK, make_env(&plan, &arena) && make_arguments(&plan, &arena))) {
        errno = EINVAL;
        if (!fails(&plan, PM_STAGE_EXEC, what->argv.n > 0))
            give_birth(&plan, group, out);
    }
    give_up_ends(ground);
    pm_arena_fini(&arena);
    out->stage = plan.stage;
    out->error = plan.error;
    pm_means_tell(what, plan.stage, plan.limit, out->detail);
    if (out->pid == 0) {
        close_both(out->fds);
        *pid_seen = 0;
    }
}
