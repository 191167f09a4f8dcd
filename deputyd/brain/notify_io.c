/* Who says that?
 *
 * The kernel tells the pid of each sender, and with that whose process it is: a process we know, a
 * member of its session, a descendant of it, or a child of the keeper's, which takes in every
 * orphan of ours: that one's mark says which life it came from. Nobody else is believed, whatever
 * it says and whatever it has in its environment. Each message is judged before the next one is
 * taken, because its sender may wait for just that, and then end.
 *
 * Descriptors that come with a message are closed by the kernel, for we leave it no room for them.
 */
#include "brain/notify_io.h"

#include "brain/notify.h"

#include <procman/log.h>

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANCESTORS_MOST 32
#define QUIET_MS       60000

void notify_init(struct notify *notify, int fd)
{
    struct sockaddr_un at = { 0 };
    socklen_t n = sizeof at, size = sizeof(int);
    int type = 0, passes = 0;

    *notify = (struct notify){ .fd = -1 };
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_DGRAM
        || getsockopt(fd, SOL_SOCKET, SO_PASSCRED, &passes, &size) != 0 || !passes
        || getsockname(fd, (struct sockaddr *)&at, &n) != 0 || at.sun_family != AF_UNIX)
        return;
    n -= (socklen_t)offsetof(struct sockaddr_un, sun_path);
    memcpy(notify->path, at.sun_path, n);
    notify->fd = fd;
}

void notify_fini(struct notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    pm_marks_close(&notify->marks);
    notify->fd = -1;
}

/* ---- who ------------------------------------------------------------------------------ */

static bool read_mark(struct notify *notify, pid_t pid, struct brain_kin *kin)
{
    struct pm_bearer bearer;

    if (notify->marks == NULL)
        pm_marks_open(&notify->marks);
    kin->marked = pm_marks_read(notify->marks, pid, &bearer) == PM_OK
               && pm_mark_is_of(&bearer, notify->name, notify->dir);
    if (kin->marked) {
        kin->slot = bearer.slot;
        kin->run = bearer.run;
    }
    return kin->marked;
}

static bool is_told(struct notify *notify, struct brain *brain, pid_t pid,
                    const struct notice *notice, struct pm_mono now)
{
    pid_t keeper = getppid();
    struct pm_proc_stat stat;

    for (int i = 0; i < ANCESTORS_MOST && pid > 1; i++) {
        struct brain_kin kin = { .pid = pid };
        if (pm_proc_stat(pid, &stat) != PM_OK)
            stat = (struct pm_proc_stat){ 0 }; /* it is no more, but its number may be known */
        kin.session = stat.session;
        if (brain_on_notice(brain, &kin, notice, now))
            return true;
        if (stat.parent == keeper)
            return read_mark(notify, pid, &kin) && brain_on_notice(brain, &kin, notice, now);
        pid = stat.parent;
    }
    return false;
}

static void complain(struct notify *notify, pid_t pid, struct pm_mono now)
{
    if (now.ms < notify->quiet_until.ms)
        return;
    notify->quiet_until = pm_mono_after(now, QUIET_MS);
    pm_log_warning("deputy %s: process %d says how it is on %s, but is none of ours, or is no "
                   "more; it is not believed", notify->name, (int)pid, notify->path);
}

/* ---- what ----------------------------------------------------------------------------- */

static pid_t sender_of(struct msghdr *message)
{
    struct ucred who = { 0 };

    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at))
        if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_CREDENTIALS)
            memcpy(&who, CMSG_DATA(at), sizeof who);
    return who.pid;
}

void notify_hear(struct notify *notify, struct brain *brain, int most)
{
    union { char bytes[CMSG_SPACE(sizeof(struct ucred))]; struct cmsghdr align; } beside;
    char text[NOTIFY_BYTES];
    struct notice notice;

    while (most-- > 0) {
        struct iovec part = { text, sizeof text };
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = beside.bytes,
                                  .msg_controllen = sizeof beside.bytes };
        ssize_t n = recvmsg(notify->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        struct pm_mono now = pm_mono_now();
        pid_t pid;
        if (n < 0)
            return;
        pid = sender_of(&message);
        if (message.msg_flags & MSG_TRUNC)
            continue; /* nothing of what we want to hear is that long */
        notice_read(text, (size_t)n, &notice);
        if (!is_told(notify, brain, pid, &notice, now))
            complain(notify, pid, now);
    }
}
