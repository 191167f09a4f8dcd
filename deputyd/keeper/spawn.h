/* Begin one process: its pipes, its session, its identity, its program. */
#ifndef KEEPER_SPAWN_H
#define KEEPER_SPAWN_H

#include "keeper/means.h"

#include <sys/types.h>

/* What every process of this deputy gets. */
struct pm_ground {
    const char *deputy;          /* its name, for PROCMAN_RUN */
    const char *dir;             /* its directory, for PROCMAN_DIR: tells deputies apart */
    char **env;                  /* the environment everything begins with */
    struct rlimit files;         /* the limit we were started with */
    int null_fd;                 /* /dev/null, their input */
    int ends[2];                 /* reserved numbers: the next child's out and err */
    int notify_fd;               /* the brain's ear for them; 0: there is none */
    int own_fds;                 /* /proc/self/fd: the way to open an end of a pipe once more */
    int copied_below;            /* a child copies only descriptors below: these, and the lock */
    int kept_below;              /* from here on numbers are only for a moment; 0: no such bound */
    bool large_pipes;            /* we may enlarge as many as we like */
    char *stack;                 /* for the moment before it executes */
};

/* Opens null_fd and reserves the rest, so call it while low numbers are free; copied_below is to be
 * raised for what else a child must hold until it executes. OK | IO errno is set */
enum pm_err pm_ground_open(struct pm_ground *ground) PM_MUST_USE;

/* A copy of an environment without the variables meant for this daemon alone.
 * children: also without those about its stderr, which the brain shares and they do not */
char **pm_ground_env(char **from, bool children) PM_MUST_USE;
void pm_ground_env_close(char ***env);

/* So that nothing that is kept ever takes the last descriptors, which looking at processes needs:
 * `fd` as it is, or, if it is among those, it is closed: -1, errno EMFILE. */
int pm_ground_keep(const struct pm_ground *ground, int fd) PM_MUST_USE;

struct pm_birth {
    pid_t pid;                   /* 0: it failed */
    enum pm_stage stage;         /* where */
    int error;                   /* errno of that stage */
    char detail[PM_MEANS_TEXT];  /* what that stage was at, where there is more to say */
    bool grouped;                /* it was born into the control group */
    uint64_t start_ticks;        /* its start time, as /proc/PID/stat has it; 0: read it there */
    /* Read ends of out and err, the caller's; -1 when it failed. Of a terminal its master as out,
     * and as err a pipe that has ended already. */
    int fds[2];
};

/* Returns when its program executes, or when that has failed and nothing is left of it.
 *   group     descriptor of its control group; -1: none
 *   pid_seen  set by the child itself, so that no kill of ours can leave a child unknown
 *   pipes     inode numbers of its outputs, set before it is born */
void pm_ground_spawn(const struct pm_ground *ground, const struct pm_spawn *what, int group,
                     volatile int32_t *pid_seen, uint64_t pipes[2], struct pm_birth *out);

/* The read end of a pipe that has ended: a reader sees its end at once. -1: errno is set */
int pm_pipe_ended(void);

/* Default actions. A keeper begins with this: what is ignored would stay so in its children. */
void pm_signals_default(void);
void pm_signals_reset(void); /* and nothing blocked */

#endif
