/* Whose process is that? What /proc tells; for shells.
 *
 * Every process of a deputy carries a mark in its environment, and its children inherit it. A pid
 * alone means nothing: it is a process's identity only together with its start time. */
#ifndef PROCMAN_MARKS_H
#define PROCMAN_MARKS_H

#include <procman/error.h>
#include <sys/types.h>

PM_BEGIN

#define PM_MARK_RUN   "PROCMAN_RUN"   /* DEPUTY/SLOT/RUN, by the keeper */
#define PM_MARK_DIR   "PROCMAN_DIR"   /* the deputy's own directory: names alone may repeat */
#define PM_MARK_GROUP "PROCMAN_GROUP" /* group and name of the process, by the brain */
#define PM_MARK_NAME  "PROCMAN_NAME"

struct pm_proc_stat {
    char state;
    pid_t parent, group, session;
    uint64_t start_ticks;      /* since boot; proc(5), field 22 */
};

/* OK | NOT_FOUND there is no such process | IO we cannot look: no descriptors left, no memory */
PM_API enum pm_err pm_proc_stat(pid_t pid, struct pm_proc_stat *out) PM_MUST_USE;

/* And only waits to be buried. */
PM_API bool pm_proc_is_dead(const struct pm_proc_stat *stat);

struct pm_bearer {
    pid_t pid;
    struct pm_proc_stat stat;
    uint64_t slot, run;
    const char *text;          /* PROCMAN_RUN */
    const char *dir;           /* PROCMAN_DIR; never NULL */
    const char *group, *name;  /* NULL: it does not say */
};

struct pm_marks;

PM_API void pm_marks_open(struct pm_marks **out);
PM_API void pm_marks_close(struct pm_marks **marks);

/* The mark of one living process; *out borrows from marks until its next use.
 * OK | NOT_FOUND it bears none, or is no more, or is not ours to read | BUSY it is just beginning a
 * program or ending: ask again, or look for its children | IO we cannot look now, errno is set */
PM_API enum pm_err pm_marks_read(struct pm_marks *marks, pid_t pid, struct pm_bearer *out)
    PM_MUST_USE;

/* The next of all processes that bear one. Looks at `*budget` processes at most and counts it down.
 * OK | TIMEOUT the budget is used up; go on later | GONE that was all: the next call begins anew
 * | BUSY so it was, but not all could be read: who must be sure begins anew | IO likewise, and for
 * some want of ours, errno: the walk was none, and says nothing about whom it has not met */
PM_API enum pm_err pm_marks_next(struct pm_marks *marks, unsigned *budget, struct pm_bearer *out)
    PM_MUST_USE;

/* Of this deputy, that is, of this name and directory? */
PM_API bool pm_mark_is_of(const struct pm_bearer *mark, const char *deputy, const char *dir);

/* Signal that very process, and no other that got its number. */
PM_API void pm_mark_signal(pid_t pid, uint64_t start_ticks, int sig);

PM_END
#endif
