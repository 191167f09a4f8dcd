/* The processes in the slots: beginning, signalling, and noting their ends. */
#ifndef KEEPER_LIVES_H
#define KEEPER_LIVES_H

#include "keeper/debts.h"
#include "keeper/oom.h"
#include "keeper/slots.h"
#include "keeper/spawn.h"
#include "keeper/tree.h"

#include <signal.h>

#define PM_LIVES_BUCKETS 4096

struct pm_life {
    pid_t pid;     /* of the leader; 0: it is dead */
    int pidfd;     /* of an adopted one; else 0 */
    bool grouped;  /* it was born into its slot's control group */
    uint16_t next; /* in its bucket: that slot + 1 */
    int fds[2];    /* read ends of out and err, open until they are drained; else 0 */
    char *group, *name; /* of an adopted one whose note is lost: as its environment says; heap */
};

struct pm_lives {
    struct pm_slots *slots;
    struct pm_ground ground;
    int epoll;                   /* tells the ends of adopted ones; data: PM_LIVES_EVENT + slot */
    struct pm_trees trees;       /* what the dead have left */
    size_t living;               /* lives with a leader, or something left of them */
    struct pm_oom oom;
    struct pm_debts debts;       /* pipes of lives before the present ones */
    uint16_t buckets[PM_LIVES_BUCKETS]; /* leaders by pid: the first's slot + 1 */
    struct pm_life at[PM_LIMIT_SLOTS];
};
#define PM_LIVES_EVENT 16u /* epoll data below are the caller's */

/* Take over what an earlier keeper left, or the program that was in our place, whose descriptors
 * are there already: adopt who lives, note who does not.
 *   made  the table is new: look for its processes everywhere
 * OK | IO it cannot be told who lives, errno is why: nothing may be begun */
enum pm_err pm_lives_take_over(struct pm_lives *lives, bool made) PM_MUST_USE;

/* Begin a life; out->fds stay ours. What cannot be is answered in out: stage SLOT with EBUSY
 * (something lives there), EINVAL (an old run), EMSGSIZE (note), ENOSPC (no such slot). */
void pm_lives_spawn(struct pm_lives *lives, const struct pm_spawn *what, struct pm_birth *out);

/* To the whole group; nothing when that life is over. */
void pm_lives_signal(struct pm_lives *lives, uint64_t number, uint64_t run, int sig);
void pm_lives_kill_all(struct pm_lives *lives);

/* The slot in which it lives, or -1. */
int pm_lives_find(const struct pm_lives *lives, pid_t pid);

/* Its leader is dead: kill its group, begin to end what has left that, and note its end. A child
 * of ours must not be reaped before, or the group's number could be another's; but then, for as a
 * zombie it is still of its group. The life is over when its tree is. info NULL: an adopted
 * one. */
void pm_lives_end(struct pm_lives *lives, size_t number, const siginfo_t *info,
                  const struct rusage *used);

void pm_lives_seen(struct pm_lives *lives, uint64_t number, uint64_t run);
void pm_lives_drained(struct pm_lives *lives, uint64_t number, uint64_t run);
void pm_lives_note(struct pm_lives *lives, uint64_t number, struct pm_blob note);

/* Was it found where no leader of its life lived? */
bool pm_lives_is_leftover(const struct pm_lives *lives, size_t number);

/* For messages. Their note borrows from the slot. False: not in use, not ended. */
bool pm_lives_held(const struct pm_lives *lives, size_t number, struct pm_held *out);
bool pm_lives_ended(const struct pm_lives *lives, size_t number, struct pm_ended *out);

#endif
