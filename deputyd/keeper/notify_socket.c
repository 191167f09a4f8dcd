/* The keeper never reads it: brains do, one after the other. It only holds it, so that what a
 * process says while a brain is dead waits in the kernel for the next one.
 *
 * Anybody who can reach the run directory may send to it, for processes may run as any user; with
 * each message the kernel tells who did.
 */
#include "keeper/notify_socket.h"

#include <procman/log.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_NUMBER 10

static bool bind_to(int fd, const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof at.sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(at.sun_path, path, strlen(path));
    return (unlink(path) == 0 || errno == ENOENT)
        && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && chmod(path, 0666) == 0;
}

int pm_notify_socket(const char *path, const char *deputy)
{
    int low = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;
    int fd = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, FIRST_NUMBER);

    if (low >= 0)
        close(low);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == 0
        && bind_to(fd, path))
        return fd;
    pm_log_warning("deputy %s: cannot make the socket %s: %s; ready.notify and watchdog have no "
                   "effect. A shorter --run-dir may help", deputy, path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}
