/* The keeper: parent of the brain and of every process. */
#ifndef KEEPER_KEEPER_H
#define KEEPER_KEEPER_H

#include "keeper/brain_child.h"
#include "keeper/lives.h"
#include "keeper/upgrade.h"

enum pm_keeper_stage {
    PM_KEEPER_KEEPING,
    PM_KEEPER_STOPPING,  /* the brain was told to end everything */
    PM_KEEPER_KILLING,   /* patience is over: every group was killed */
    PM_KEEPER_LEAVING,   /* nothing left to keep: the brain was told to go */
    PM_KEEPER_GONE,
};

struct pm_keeper {
    struct pm_lives lives;
    struct pm_brain brain;
    struct pm_upgrading upgrade;
    const char *name;
    bool leave_running;          /* end without ending the processes */
    int epoll, signals;          /* signals: a signalfd */
    uint32_t watched;            /* events of the brain's link that epoll tells of */
    enum pm_keeper_stage stage;
    struct pm_mono deadline;     /* of the stage; ms 0: none */
    size_t inventory;            /* next slot to tell a new brain of */
    bool told;                   /* it was told of all and has READY */
    unsigned begun;              /* brains begun by this keeper */
    int exit_status;
};

/* Keep, until told to end. Everything in `keeper` is set up by the caller: lives taken over,
 * brain.path, argv, env, descriptors; epoll and signals open, signals not yet in epoll.
 * Returns the exit status. */
int pm_keeper_run(struct pm_keeper *keeper);

#endif
