/* Start a sheriff as a lone ranger, detached from this terminal. */
#ifndef PROCMANCTL_LAUNCH_H
#define PROCMANCTL_LAUNCH_H

#include <procman/error.h>
#include <sys/types.h>

struct launch {
    const char *run_dir, *state_dir;  /* NULL: the defaults */
    char *log;                        /* heap: where the sheriff's words go */
    pid_t pid;
};

/* OK | IO told */
enum pm_err launch_sheriff(struct launch *launch) PM_MUST_USE;
/* Is it over already? Then its last words are told. */
bool launch_failed(struct launch *launch);
/* Has it ended with another exit status than 0? That; else 0. */
int launch_status(struct launch *launch);

#endif
