/* The brain as a child.
 *
 * It gets its end of the link and the deputy's lock, and it dies with us: two brains of one
 * deputy would write the same files. It leads a session of its own, so that Ctrl-C reaches only
 * the keeper, which then lets it stop everything in order.
 */
#include "keeper/brain_child.h"

#include "keeper/spawn.h"

#include <procman/log.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define FIRST_PAUSE_MS   10
#define LONGEST_PAUSE_MS 1000
#define SETTLED_MS       1000  /* a brain that lived this long was well */
#define LOOK_MS          4000  /* an idle one is asked at every second look */
#define LOOKS_ASKED      2     /* so many looks without a word: it is asked */
#define LATE_MS          1000  /* who looks that late was stopped himself, or the machine was */
#define ABOVE_FIXED      10    /* descriptors that dup2 onto the fixed numbers cannot hit */

/* Only returns when it failed. */
static void child(const struct pm_brain *brain, int socket_fd, pid_t keeper)
{
    pm_signals_reset();
    setsid();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != keeper)
        return;
    if (dup2(brain->null_fd, 0) < 0 || dup2(socket_fd, PM_WIRE_FD) < 0
        || dup2(brain->lock_fd, PM_WIRE_LOCK_FD) < 0
        || (brain->notify_fd > 0 && dup2(brain->notify_fd, PM_WIRE_NOTIFY_FD) < 0)
        || close_range(PM_WIRE_LOCK_FD + 1 + (brain->notify_fd > 0), ~0u, CLOSE_RANGE_CLOEXEC) != 0)
        return;
    execve(brain->path, brain->argv, brain->env);
}

/* A function of its own: nothing of its frame may change between vfork's two returns.
 * *error: why the program does not run, 0 when it does. */
__attribute__((noinline)) static pid_t run_child(const struct pm_brain *brain, int socket_fd,
                                                 volatile int *error)
{
    pid_t keeper = getpid();
    pid_t pid = vfork();

    if (pid == 0) {
        child(brain, socket_fd, keeper);
        *error = errno;
        _exit(127);
    }
    if (pid < 0)
        *error = errno;
    return pid;
}

/* Our end becomes brain->wire; returns the other one, -1: it cannot be made. */
static int make_link(struct pm_brain *brain)
{
    int fds[2], far;

    if (pm_wire_pair(fds) != PM_OK)
        return -1;
    far = fcntl(fds[1], F_DUPFD_CLOEXEC, ABOVE_FIXED);
    close(fds[1]);
    if (far >= 0 && pm_wire_open(fds[0], &brain->wire) == PM_OK)
        return far;
    close(fds[0]);
    if (far >= 0)
        close(far);
    return -1;
}

enum pm_err pm_brain_begin(struct pm_brain *brain, struct pm_mono now)
{
    volatile int error = 0;
    int far = make_link(brain);

    brain->begun = now;
    brain->heard = false;
    brain->silent = 0;
    brain->look_at = pm_mono_after(now, LOOK_MS);
    if (far < 0) {
        pm_log_error("no socket for the brain: %s", strerror(errno));
        pm_brain_ended(brain, now);
        return PM_IO;
    }
    brain->pid = run_child(brain, far, &error);
    close(far);
    if (error == 0)
        return PM_OK;
    pm_log_error("cannot run the brain %s: %s", brain->path, strerror(error));
    brain->pid = 0; /* if it was born, it is reaped as any stranger */
    pm_brain_ended(brain, now);
    return PM_IO;
}

void pm_brain_ended(struct pm_brain *brain, struct pm_mono now)
{
    int64_t doubled = brain->pause_ms * 2;

    brain->pid = 0;
    pm_wire_close(&brain->wire);
    if (brain->pause_ms == 0 || pm_mono_since(brain->begun, now) >= SETTLED_MS)
        brain->pause_ms = FIRST_PAUSE_MS;
    else
        brain->pause_ms = doubled < LONGEST_PAUSE_MS ? doubled : LONGEST_PAUSE_MS;
    brain->next = pm_mono_after(now, brain->pause_ms);
}

/* Silence only counts while we could have heard something. */
enum pm_err pm_brain_look(struct pm_brain *brain, struct pm_mono now)
{
    if (now.ms >= brain->look_at.ms + LATE_MS)
        brain->silent = 0;
    brain->look_at = pm_mono_after(now, LOOK_MS);
    if (++brain->silent < LOOKS_ASKED)
        return PM_OK;
    return brain->silent == LOOKS_ASKED ? PM_TIMEOUT : PM_GONE;
}

bool pm_brain_is_up(const struct pm_brain *brain, struct pm_mono now)
{
    return brain->pid > 0
        && (brain->heard || pm_mono_since(brain->begun, now) >= SETTLED_MS);
}
