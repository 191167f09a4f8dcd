/* The brain as a child: begun, and begun again when it dies, less and less eagerly. */
#ifndef KEEPER_BRAIN_CHILD_H
#define KEEPER_BRAIN_CHILD_H

#include "keeper/wire.h"

#include <procman/time.h>
#include <sys/types.h>

struct pm_brain {
    const char *path;        /* its program */
    char **argv, **env;
    int lock_fd, null_fd, notify_fd; /* notify_fd 0: there is none */
    pid_t pid;               /* 0: there is none */
    struct pm_wire *wire;    /* NULL: there is none, or it is no longer listened to */
    bool heard;              /* this one has said something */
    unsigned silent;         /* looks since it said anything */
    struct pm_mono look_at;  /* the next one */
    struct pm_mono begun;
    struct pm_mono next;     /* when to begin another one */
    int64_t pause_ms;        /* before that */
};

/* OK | IO it cannot be begun: logged, and `next` is set as after a death */
enum pm_err pm_brain_begin(struct pm_brain *brain, struct pm_mono now) PM_MUST_USE;

/* It is dead, or could not be begun: decides `next`. Quick deaths double the pause. */
void pm_brain_ended(struct pm_brain *brain, struct pm_mono now);

/* Not before look_at: is it alive, not only there?
 * OK | TIMEOUT it has said nothing for a while: ask it | GONE it was asked, and says nothing */
enum pm_err pm_brain_look(struct pm_brain *brain, struct pm_mono now) PM_MUST_USE;

/* It works: it has said something, or lives long enough to be believed. */
bool pm_brain_is_up(const struct pm_brain *brain, struct pm_mono now);

#endif
