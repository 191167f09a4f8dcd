/* Was it the kernel that killed a process, because memory ran out? */
#ifndef KEEPER_OOM_H
#define KEEPER_OOM_H

#include <procman/time.h>

#include <sys/types.h>

#define PM_OOM_VICTIMS 64

struct pm_oom {
    int log;                   /* the kernel's; 0: it is not ours to read, and nothing is known */
    size_t next;               /* the place of the oldest */
    struct pm_oom_victim { pid_t pid; struct pm_mono told; } victims[PM_OOM_VICTIMS];
};

void pm_oom_open(struct pm_oom *out);
void pm_oom_close(struct pm_oom *oom);

/* What the log has told since; to be called every few seconds. */
void pm_oom_read(struct pm_oom *oom, struct pm_mono now);

/* True: it says so of this process, which has died of SIGKILL just now. False: it is not known. */
bool pm_oom_has_killed(struct pm_oom *oom, pid_t pid, struct pm_mono now);

/* The process that a record of /dev/kmsg tells of as killed; 0: it tells of something else. */
pid_t pm_oom_victim_of(const char *record);

#endif
