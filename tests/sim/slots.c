/* One slot of the table, between two lives and between two keepers: keeper/slots.c and debts.c.
 */
#include "sim/keeper_model.h"

#include "sim/site.h"

#include <string.h>

bool slot_lives(const struct slot *slot)
{
    return slot->phase == SLOT_LIVE && !slot->dead;
}

/* The life before this one may still have last words in its pipes. */
static void owe(struct slot *slot)
{
    if (!slot->piped)
        return;
    if (slot->n_owed == SIM_OWED)
        memmove(&slot->owed[0], &slot->owed[1], --slot->n_owed * sizeof slot->owed[0]);
    slot->owed[slot->n_owed++] = slot->run;
    slot->piped = false;
}

void slot_renew(struct slot *slot, uint64_t run)
{
    struct slot before;

    owe(slot);
    before = *slot;
    *slot = (struct slot){ .phase = SLOT_IDLE, .run = run, .n_owed = before.n_owed };
    memcpy(slot->owed, before.owed, sizeof slot->owed);
}

void slot_drained(struct site *site, struct slot *slot, uint64_t run)
{
    size_t kept = 0;

    if (slot->run == run && slot_lives(slot))
        wrong(site->w, "%s: the output of %s, which lives, is drained", site->name, slot->name);
    slot->piped = slot->piped && slot->run != run;
    for (size_t i = 0; i < slot->n_owed; i++)
        if (slot->owed[i] != run)
            slot->owed[kept++] = slot->owed[i];
    slot->n_owed = kept;
}

void slot_take_over(struct slot *slot, enum keeper_memory memory)
{
    bool lives = slot_lives(slot) && memory != KEEPER_REBOOTED;

    slot->piped = lives; /* a pipe that nobody has open is gone */
    slot->n_owed = 0;
    slot->named = false;
    if (!lives && memory != KEEPER_REMEMBERS) {
        *slot = (struct slot){ 0 };
    } else if (lives) {
        slot->adopted = true;
        if (memory == KEEPER_LOST_TABLE)
            slot->note_n = 0;
        slot->named = slot->note_n == 0;
    } else if (slot->phase == SLOT_LIVE) {
        slot->phase = SLOT_ENDED;
        slot->dead = false;
        slot->unknown = true;
        slot->exit_code = slot->exit_signal = 0;
    }
}
