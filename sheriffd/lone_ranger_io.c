/* posix_spawn and nothing between it and exec: this program has threads.
 *
 * The deputy gets a session of its own, so that Ctrl-C reaches the sheriff only, which then ends
 * its deputy in order; and no signal mask of ours.
 */
#include "sheriffd/lone_ranger_io.h"

#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

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

enum pm_err lone_ranger_start(const struct lone_ranger *ranger, pid_t *out, char **why)
{
    char *program PM_CLEANUP(pm_free) = beside_us("deputyd");
    char *argv[] = { program, (char *)"--name", (char *)ranger->name, (char *)"--run-dir",
                     (char *)ranger->run_dir, (char *)"--state-dir", (char *)ranger->state_dir,
                     ranger->log_dir != NULL ? (char *)"--log-dir" : NULL,
                     (char *)ranger->log_dir, NULL };
    int error = spawn(program, argv, out);

    if (error == 0)
        return PM_OK;
    *why = pm_printf("cannot start %s: %s", program, strerror(error));
    return PM_IO;
}

void lone_ranger_wait(pid_t pid, int most_ms)
{
    int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    struct pollfd ended = { .fd = fd, .events = POLLIN };

    if (fd < 0)
        return;
    (void)poll(&ended, 1, most_ms);
    close(fd);
    (void)waitpid(pid, NULL, WNOHANG);
}
