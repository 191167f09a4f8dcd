/* What a keeper does, in memory: slots that remember lives over the deaths of brains and keepers.
 *
 * The processes are here too, because they, like the slot table, outlive the keeper. */
#ifndef SIM_KEEPER_MODEL_H
#define SIM_KEEPER_MODEL_H

#include "sim/pipe.h"
#include "sim/world.h"

#include <procman/limits.h>

#define SIM_SLOTS 32
#define SIM_OWED  4 /* PM_DEBTS_OF_SLOT */
#define SIM_NAME  8 /* names and groups here are short */

enum slot_phase { SLOT_FREE, SLOT_IDLE, SLOT_LIVE, SLOT_ENDED };

struct slot {
    enum slot_phase phase;
    uint64_t run, life;          /* life: its number in this world; tag of deeds about it */
    uint64_t token;              /* in the note it was begun with */
    int64_t pid, born_ms;
    bool adopted, dead;          /* dead: and no keeper was there to see it */
    bool stubborn, told;         /* does not heed its stop signal; was sent one */
    bool unknown;
    bool piped;                  /* its output is held for the brain */
    uint64_t owed[SIM_OWED];     /* so is that of these earlier runs */
    size_t n_owed;
    bool named;                  /* adopted without its note: known by its environment */
    bool forgotten;              /* no brain knows any more which order it was begun by */
    int64_t exit_code, exit_signal;
    char group[SIM_NAME], name[SIM_NAME];
    unsigned version;            /* of the spec it was started with */
    uint8_t note[PM_LIMIT_NOTE];
    size_t note_n;
};

enum keeper_stage { KEEPER_DOWN, KEEPER_KEEPING, KEEPER_STOPPING };
enum keeper_memory { KEEPER_REMEMBERS, KEEPER_LOST_TABLE, KEEPER_REBOOTED };

struct keeper {
    enum keeper_stage stage;
    bool leave_running;
    uint64_t life;               /* tag of deeds about this keeper */
    uint64_t epoch, brains;
    struct slot slots[SIM_SLOTS];
    struct pipe to_brain, to_keeper;
};

void keeper_begin(struct site *site, enum keeper_memory memory);
void keeper_die(struct site *site);                        /* and its brain with it */
void keeper_terminate(struct site *site, bool leave_running);
void keeper_brain_died(struct site *site);
void keeper_from_brain(struct site *site, enum pm_msg kind, const void *msg);
/* Are there read ends beside this message? */
bool keeper_gave_pipes(const struct site *site, enum pm_msg kind, const void *msg);
void keeper_fini(struct keeper *keeper);

bool slot_lives(const struct slot *slot);
void slot_renew(struct slot *slot, uint64_t run); /* the next life begins in it */
void slot_drained(struct site *site, struct slot *slot, uint64_t run);
void slot_take_over(struct slot *slot, enum keeper_memory memory); /* by the next keeper */
struct slot *keeper_find(struct site *site, const char *group, const char *name); /* who lives */
void keeper_end_random(struct site *site);                 /* a process dies by itself */

#endif
