/* A lock of the file, which the kernel lets go of with the last descriptor of it: the keeper has
 * one, and so has its brain. The number of the keeper stands in the file, for people and to tell
 * a living holder from one just killed, whose brain, or a child between fork and exec, has not
 * let go of the lock yet.
 */
#include "keeper/lock.h"

#include "keeper/wire.h"

#include <procman/log.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* A dead deputyd's lock is free when its brain is dead too, which the kernel sees to at once. */
#define TRIES   200
#define WAIT_NS (10 * 1000 * 1000)

static char *path_in(const char *dir)
{
    return pm_printf("%s/deputyd.lock", dir);
}

static pid_t read_holder(int fd)
{
    char text[16] = "";

    if (pread(fd, text, sizeof text - 1, 0) <= 0)
        return 0;
    return (pid_t)strtol(text, NULL, 10);
}

pid_t pm_lock_holder(const char *dir)
{
    PM_CLEANUP(pm_free) char *path = path_in(dir);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    pid_t holder = 0;

    if (fd < 0)
        return 0;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        holder = read_holder(fd);
    close(fd);
    return holder > 0 && kill(holder, 0) == 0 ? holder : 0;
}

__attribute__((noreturn)) static void fail(const char *what, const char *path)
{
    pm_log_error("cannot %s %s: %s", what, path, strerror(errno));
    exit(1);
}

/* The brain gets the lock under a fixed number, which must still be free then. */
static int move_up(int fd)
{
    int up = fcntl(fd, F_DUPFD_CLOEXEC, PM_WIRE_LOCK_FD + 1);

    close(fd);
    return up;
}

int pm_lock_take(const char *dir, const char *name)
{
    PM_CLEANUP(pm_free) char *path = path_in(dir);
    const struct timespec pause = { .tv_nsec = WAIT_NS };
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    pid_t other = 0;

    if (fd >= 0)
        fd = move_up(fd);
    if (fd < 0)
        fail("open", path);
    for (int try = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; try++) {
        other = read_holder(fd);
        if (errno != EWOULDBLOCK || try >= TRIES || (other > 0 && kill(other, 0) == 0)) {
            pm_log_error("a deputyd named %s is running already, pid %d; it holds %s", name,
                         (int)other, path);
            exit(1);
        }
        nanosleep(&pause, NULL);
    }
    if (ftruncate(fd, 0) != 0 || dprintf(fd, "%d\n", (int)getpid()) < 0)
        fail("write", path);
    return fd;
}
