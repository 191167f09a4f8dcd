/* Putting the installed new program in our place, over its running processes. */
#ifndef KEEPER_UPGRADE_H
#define KEEPER_UPGRADE_H

#include <procman/error.h>
#include <procman/time.h>

#include <signal.h>
#include <sys/types.h>

struct pm_keeper;

struct pm_upgrading {
    const char *program;       /* the path it is installed at; the file may be another by now */
    char **argv;               /* for it */
    const char *outcome;       /* the file that says what came of the last one */
    int lock_fd;               /* the deputy's, to be held throughout */
    uint64_t request;          /* the brain's number for it; 0: a signal asked */
    pid_t checker;             /* the program, asked whether it can; 0: nobody is asked */
    int words;                 /* what it says, a file */
    bool granted;              /* it can; we go as soon as we are alone */
    struct pm_mono deadline;   /* of the checker, or of the brain's leaving; ms 0: none */
};

/* Somebody asks for it; request 0: by the signal. Whatever comes of it is answered. */
void pm_upgrade_ask(struct pm_keeper *keeper, uint64_t request);

/* Is it the checker that died? Then its word is taken. */
bool pm_upgrade_on_death(struct pm_keeper *keeper, const siginfo_t *info);

void pm_upgrade_on_time(struct pm_keeper *keeper, struct pm_mono now);
void pm_upgrade_cancel(struct pm_keeper *keeper); /* we are told to end */

/* We are the new program, and it is done. from: the version before */
void pm_upgrade_succeeded(struct pm_keeper *keeper, const char *from);

/* `deputyd --upgrade`: tell the keeper whose directory that is, and wait for what comes of it,
 * which is printed. Returns the exit status. */
int pm_upgrade_order(const char *dir, const char *name);

/* `deputyd --can-take-over VERSION`: says so, or why not. fault: of the installation, or NULL.
 * Returns the exit status. */
int pm_upgrade_check(const char *version, const char *fault);

#endif
