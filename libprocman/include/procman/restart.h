/* Should a dead process come back, and when? */
#ifndef PROCMAN_RESTART_H
#define PROCMAN_RESTART_H

#include <procman/schema.h>
#include <procman/time.h>

PM_BEGIN

/* What a life was ended for by its deputy. */
enum pm_ailment {
    PM_AILMENT_NONE,
    PM_AILMENT_UNREADY,     /* it was not ready in time: a failure like another */
    PM_AILMENT_UNHEALTHY,   /* it was not well: it comes back whatever the policy says of ends */
};

/* How a life ended, or why it could not begin. */
struct pm_ending {
    bool unknown;           /* nobody saw it */
    int64_t code;           /* exit code */
    int64_t signal;         /* or the signal that ended it; 0 = it exited */
    bool core_dumped;
    bool oom;               /* the kernel killed it because memory ran out */
    bool oom_near;          /* the kernel killed somebody for that at the time; SIGKILL only */
    enum pm_stage stage;    /* not NONE: it never began; `error` says why */
    int64_t error;          /* errno of that stage */
    const char *detail;     /* what that stage was at, borrowed; NULL or "": the spec says it */
    enum pm_ailment ailment; /* it was we who ended it, for this */
};

struct pm_deaths {      /* in a row, none of them after a settled life */
    unsigned quick;     /* of any kind: the pause grows with them */
    unsigned failures;  /* since the last success; shortages of the machine are none */
};

struct pm_verdict {
    bool again;             /* comes back after wait_ms */
    bool success;           /* the ending counts as a success */
    bool gave_up;           /* would come back, but restart.max_failures is reached */
    int64_t wait_ms;
};

/* lived_ms: how long the life lasted, or was well. chance: 0 ≤ chance < 1. Updates the history. */
PM_API struct pm_verdict pm_restart_judge(const struct pm_spec *spec, struct pm_deaths *seen,
                                          const struct pm_ending *ending, int64_t lived_ms,
                                          double chance) PM_MUST_USE;

/* "exit code 3", "killed by SIGSEGV (core dumped)", "working directory /nope: No such file or
 * directory" … into text; returns it. */
PM_API const char *pm_ending_text(const struct pm_ending *ending, const struct pm_spec *spec,
                                  char *text, size_t size);

PM_END
#endif
