/* From a spawn request to a running program.
 *
 * vfork: the child borrows our memory and we wait until it executes or gives up, so it can
 * write the failing stage and errno where we read them, and nothing of us need be copied. In
 * the child only system calls happen; whatever needs memory was made before.
 *
 * The child's outputs are pipes opened for reading and writing. So a pipe lives as long as
 * the child does: with every reader dead it gets no SIGPIPE, and a later reader goes on at the
 * very next byte.
 */
#include "keeper/spawn.h"

#include <procman/limits.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Fewer wake-ups under heavy output. Only root's: others have a quota, and 64 KB is their fair
 * share of it (pipe(7), pipe-user-pages-soft). */
#define PIPE_BYTES   (256 << 10)
#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

struct plan {
    const struct pm_ground *ground;
    const struct pm_spawn *what;
    char **argv, **env;
    const char *path;            /* the child's PATH */
    gid_t *groups;
    bool switch_ids;
    int ends[2];                 /* the child's out and err */
    uint64_t *pipes;
    volatile int32_t *pid_seen;
    volatile enum pm_stage stage;
    volatile int error;
    char file[PATH_MAX];         /* the program as tried */
};

/* ---- in the child --------------------------------------------------------------------- */

void pm_signals_reset(void)
{
    struct sigaction standard = { .sa_handler = SIG_DFL };
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        (void)sigaction(number, &standard, NULL); /* refused for SIGKILL and SIGSTOP */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
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
    return dup2(plan->ground->null_fd, 0) >= 0 && dup2(plan->ends[0], 1) >= 0
        && dup2(plan->ends[1], 2) >= 0 && close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) == 0;
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

/* As a shell looks for it: the first that can be executed; a file that may not be is worth
 * telling only when no other is found. */
static void execute(struct plan *plan)
{
    const char *program = plan->argv[0], *at = plan->path, *end;
    size_t n = strlen(program);
    int telling = ENOENT;

    if (strchr(program, '/') != NULL || n == 0) {
        execve(program, plan->argv, plan->env);
        return;
    }
    for (;; at = end + 1) {
        end = strchrnul(at, ':');
        size_t dir = (size_t)(end - at);
        if (dir + n + 2 <= sizeof plan->file) {
            memcpy(plan->file, at, dir);
            plan->file[dir] = '/';
            memcpy(plan->file + dir + (dir > 0), program, n + 1);
            execve(plan->file, plan->argv, plan->env);
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

static void child(struct plan *plan)
{
    const char *dir = plan->what->dir;

    *plan->pid_seen = getpid();
    pm_signals_reset();
    if (fails(plan, PM_STAGE_SESSION, setsid() >= 0)
        || fails(plan, PM_STAGE_STDIO, connect_stdio(plan))
        || (plan->switch_ids && fails(plan, PM_STAGE_GROUP, take_group(plan)))
        || (plan->switch_ids && fails(plan, PM_STAGE_USER, take_user(plan)))
        || fails(plan, PM_STAGE_DIRECTORY, chdir(dir && *dir ? dir : "/") == 0)
        || fails(plan, PM_STAGE_EXEC, setrlimit(RLIMIT_NOFILE, &plan->ground->files) == 0))
        return;
    execute(plan);
    fails(plan, PM_STAGE_EXEC, false);
}

/* A function of its own: nothing of its frame may change between vfork's two returns. */
__attribute__((noinline)) static pid_t run_child(struct plan *plan)
{
    pid_t pid = vfork();

    if (pid == 0) {
        child(plan);
        _exit(127);
    }
    return pid;
}

/* ---- before it -------------------------------------------------------------------------- */

char **pm_ground_env(char **from, bool children)
{
    static const char *const ours[] = { "NOTIFY_SOCKET=", "LISTEN_", "WATCHDOG_", "ZSYS_",
                                        "PROCMAN_RUN=", "PROCMAN_DIR=", "JOURNAL_STREAM=" };
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
    if (!set(arena, plan->env, &n, "PROCMAN_RUN", marker)
        || !set(arena, plan->env, &n, "PROCMAN_DIR", plan->ground->dir))
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

    plan->argv = pm_arena_get(arena, (what->argv.n + 1) * sizeof *plan->argv);
    plan->groups = pm_arena_get(arena, (what->groups.n + 1) * sizeof *plan->groups);
    if (plan->argv == NULL || plan->groups == NULL)
        return false;
    for (size_t i = 0; i < what->argv.n; i++)
        plan->argv[i] = (char *)(uintptr_t)what->argv.at[i]; /* execve does not write there */
    for (size_t i = 0; i < what->groups.n; i++)
        plan->groups[i] = (gid_t)what->groups.at[i];
    /* Without privilege being oneself already is all that can be asked for. */
    plan->switch_ids = what->run_as
                    && (geteuid() == 0 || geteuid() != what->uid || getegid() != what->gid);
    return true;
}

/* One output: *read_end stays ours, *write_end is the child's, readable too. */
static bool make_pipe(const struct plan *plan, int *read_end, int *write_end, uint64_t *inode)
{
    char path[32];
    struct stat status;
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) != 0)
        return false;
    *read_end = fds[0];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fds[1]);
    *write_end = open(path, O_RDWR | O_CLOEXEC);
    close(fds[1]);
    if (*write_end < 0 || fstat(fds[0], &status) != 0)
        return false;
    *inode = status.st_ino;
    if (geteuid() == 0)
        (void)fcntl(fds[0], F_SETPIPE_SZ, PIPE_BYTES);
    /* A switched user must be able to open /dev/stdout, as it could with a file of its own. */
    return (!plan->switch_ids || fchown(*write_end, (uid_t)plan->what->uid, (gid_t)-1) == 0)
        && fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0;
}

static void close_both(int fds[2])
{
    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    fds[0] = fds[1] = -1;
}

static void give_birth(struct plan *plan, struct pm_birth *out)
{
    if (fails(plan, PM_STAGE_PIPE, make_pipe(plan, &out->fds[0], &plan->ends[0], &plan->pipes[0])
              && make_pipe(plan, &out->fds[1], &plan->ends[1], &plan->pipes[1])))
        return;
    out->pid = run_child(plan);
    if (fails(plan, PM_STAGE_FORK, out->pid >= 0))
        out->pid = 0;
    else if (plan->stage != PM_STAGE_NONE) { /* it gave up and is dead: nothing to wait for */
        waitpid(out->pid, NULL, 0);
        out->pid = 0;
    }
}

void pm_ground_spawn(const struct pm_ground *ground, const struct pm_spawn *what,
                     volatile int32_t *pid_seen, uint64_t pipes[2], struct pm_birth *out)
{
    struct plan plan = { .ground = ground, .what = what, .pid_seen = pid_seen, .pipes = pipes,
                         .ends = { -1, -1 } };
    struct pm_arena arena;

    *out = (struct pm_birth){ .fds = { -1, -1 } };
    pm_arena_init(&arena, 0);
    errno = ENOMEM;
    if (!fails(&plan, PM_STAGE_FORK, make_env(&plan, &arena) && make_arguments(&plan, &arena))) {
        errno = EINVAL;
        if (!fails(&plan, PM_STAGE_EXEC, what->argv.n > 0))
            give_birth(&plan, out);
    }
    close_both(plan.ends);
    pm_arena_fini(&arena);
    out->stage = plan.stage;
    out->error = plan.error;
    if (out->pid == 0) {
        close_both(out->fds);
        *pid_seen = 0;
    }
}
