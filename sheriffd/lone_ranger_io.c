/* posix_spawn and nothing between it and exec: this program has threads.
 *
 * The deputy gets a session of its own, so that Ctrl-C reaches the sheriff only, which then ends
 * its deputy in order; and no signal mask of ours.
 *
 * Who was killed comes again, after a pause that grows while it is killed quickly. Who ended by
 * itself had a reason: it was told to, or another one of its name runs.
 */
#include "sheriffd/lone_ranger_io.h"

#include <procman/log.h>

#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAUSE_MS      100   /* before the first new one */
#define PAUSE_MOST_MS 10000
#define SETTLED_MS    10000 /* a life this long forgives the deaths before */

extern char **environ;

struct lone_ranger {
    struct lone_ranger_setup setup;
    struct rlimit files;   /* of open files, as it was given to us: its processes shall have it */
    pid_t pid;             /* 0: none of ours lives */
    struct pm_mono began;
    int64_t pause_ms;
    struct pm_mono again;  /* when the next is begun; ms 0: not at all */
};

static char *beside_us(const char *program)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    if (n <= 0)
        return pm_strdup(program);
    self[n] = '\0';
    return pm_printf("%s/%s", dirname(self), program);
}

static int spawn(const char *program, char **argv, pid_t *out)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    int error = posix_spawn(out, program, &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

static enum pm_err begin(struct lone_ranger *ranger, struct pm_mono now, char **why)
{
    const struct lone_ranger_setup *setup = &ranger->setup;
    char *program PM_CLEANUP(pm_free) = beside_us("deputyd");
    char *argv[] = { program, (char *)"--name", (char *)setup->name, (char *)"--run-dir",
                     (char *)setup->run_dir, (char *)"--state-dir", (char *)setup->state_dir,
                     setup->log_dir != NULL ? (char *)"--log-dir" : NULL,
                     (char *)setup->log_dir, NULL };
    struct rlimit ours;
    bool known = getrlimit(RLIMIT_NOFILE, &ours) == 0;

    (void)setrlimit(RLIMIT_NOFILE, &ranger->files);
    int error = spawn(program, argv, &ranger->pid);
    if (known)
        (void)setrlimit(RLIMIT_NOFILE, &ours);
    ranger->began = now;
    ranger->again.ms = 0;
    if (error == 0)
        return PM_OK;
    ranger->pid = 0;
    *why = pm_printf("cannot start %s: %s", program, strerror(error));
    return PM_IO;
}

enum pm_err lone_ranger_open(const struct lone_ranger_setup *setup, struct pm_mono now,
                             struct lone_ranger **out, char **why)
{
    struct lone_ranger *ranger = pm_alloc(sizeof *ranger);
    enum pm_err err;

    ranger->setup = *setup;
    ranger->pause_ms = PAUSE_MS;
    int rc = getrlimit(RLIMIT_NOFILE, &ranger->files);
    pm_assert(rc == 0);
    err = begin(ranger, now, why);
    if (err == PM_OK)
        *out = ranger;
    else
        free(ranger);
    return err;
}

/* When the next one is due; the pause after it is longer. */
static void plan_next(struct lone_ranger *ranger, struct pm_mono now)
{
    if (pm_mono_since(ranger->began, now) >= SETTLED_MS)
        ranger->pause_ms = PAUSE_MS;
    ranger->again = pm_mono_after(now, ranger->pause_ms);
    ranger->pause_ms = ranger->pause_ms < PAUSE_MOST_MS / 2 ? 2 * ranger->pause_ms : PAUSE_MOST_MS;
}

void lone_ranger_reap(struct lone_ranger *ranger, struct pm_mono now)
{
    int status;

    if (ranger == NULL || ranger->pid == 0 || waitpid(ranger->pid, &status, WNOHANG) <= 0)
        return;
    ranger->pid = 0;
    if (!WIFSIGNALED(status))
        return;
    plan_next(ranger, now);
    pm_log_warning("our deputy was killed by signal %d; its processes run on, and a new one comes "
                   "in %lld ms", WTERMSIG(status),
                   (long long)pm_mono_since(now, ranger->again));
}

int64_t lone_ranger_turn(struct lone_ranger *ranger, struct pm_mono now)
{
    char *why PM_CLEANUP(pm_free) = NULL;

    if (ranger == NULL || ranger->again.ms == 0)
        return -1;
    if (now.ms >= ranger->again.ms && begin(ranger, now, &why) != PM_OK) {
        pm_log_error("%s", why);
        plan_next(ranger, now);
    }
    return ranger->again.ms == 0 ? -1 : pm_mono_since(now, ranger->again);
}

static void wait_for(pid_t pid, int most_ms)
{
    int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    struct pollfd ended = { .fd = fd, .events = POLLIN };

    if (fd < 0)
        return;
    (void)poll(&ended, 1, most_ms);
    close(fd);
    (void)waitpid(pid, NULL, WNOHANG);
}

void lone_ranger_close(struct lone_ranger **ranger, int most_ms)
{
    if (*ranger == NULL)
        return;
    wait_for((*ranger)->pid, most_ms);
    free(*ranger);
    *ranger = NULL;
}
