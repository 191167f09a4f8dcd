/* Nothing here is remembered: whatever is said is in the slot table, and said again to the next
 * brain.
 */
#include "keeper/voice.h"

#include <procman/limits.h>
#include <procman/log.h>
#include <procman/notify.h>

#include <signal.h>

void pm_voice_drop(struct pm_keeper *keeper, const char *why)
{
    if (keeper->stage < PM_KEEPER_LEAVING && why)
        pm_log_error("deputy %s: the brain %s; it is ended", keeper->name, why);
    pm_wire_close(&keeper->brain.wire);
    if (keeper->brain.pid > 0)
        (void)kill(keeper->brain.pid, SIGKILL);
}

void pm_voice_tell(struct pm_keeper *keeper, enum pm_msg kind, const void *msg, const int *fds)
{
    enum pm_err err;
    size_t n_fds = 0;

    if (keeper->brain.wire == NULL)
        return;
    for (size_t i = 0; fds && i < PM_WIRE_FDS; i++)
        n_fds += fds[i] > 0;
    err = pm_wire_send(keeper->brain.wire, kind, msg, fds, n_fds);
    if (err != PM_OK && err != PM_GONE) /* what a dead one has still said is heard first */
        pm_voice_drop(keeper, "does not listen");
}

void pm_voice_ended(struct pm_keeper *keeper, size_t number)
{
    struct pm_ended ended;

    if (pm_lives_ended(&keeper->lives, number, &ended))
        pm_voice_tell(keeper, PM_MSG_ENDED, &ended, NULL);
}

static void tell_owed(struct pm_keeper *keeper, size_t number)
{
    const struct pm_debt *debt;
    size_t at = 0;

    while ((debt = pm_debts_next(&keeper->lives.debts, number, &at)) != NULL) {
        struct pm_owed owed = { .slot = number, .run = debt->run };
        pm_voice_tell(keeper, PM_MSG_OWED, &owed, debt->fds);
    }
}

static void tell_ready(struct pm_keeper *keeper, uint64_t brains)
{
    struct pm_slots *slots = keeper->lives.slots;
    struct pm_ready ready = {
        .version = PM_PROTOCOL_VERSION, .slots = PM_LIMIT_SLOTS, .epoch = pm_slots_epoch(slots),
        .brains = brains, .stopping = keeper->stage != PM_KEEPER_KEEPING,
        .leave_running = keeper->stage != PM_KEEPER_KEEPING && keeper->leave_running,
    };
    struct pm_held held;

    for (size_t i = 0; i < pm_slots_used(slots); i++)
        ready.held += pm_lives_held(&keeper->lives, i, &held);
    keeper->told = true;
    pm_voice_tell(keeper, PM_MSG_READY, &ready, NULL);
    if (keeper->begun == 1 && keeper->stage == PM_KEEPER_KEEPING)
        pm_notify("READY=1");
}

/* In two rounds: when two slots claim to be one process, the brain believes the first, and that
 * shall not be a leftover. */
void pm_voice_inventory(struct pm_keeper *keeper)
{
    struct pm_held held;

    while (!keeper->told && keeper->brain.wire && pm_wire_kept(keeper->brain.wire) == 0) {
        size_t used = pm_slots_used(keeper->lives.slots), step = keeper->inventory++;
        size_t number = step < used ? step : step - used;
        if (step >= 2 * used)
            tell_ready(keeper, pm_slots_count_brain(keeper->lives.slots));
        else if (pm_lives_is_leftover(&keeper->lives, number) == (step >= used)
                 && pm_lives_held(&keeper->lives, number, &held)) {
            pm_voice_tell(keeper, PM_MSG_HELD, &held, keeper->lives.at[number].fds);
            pm_voice_ended(keeper, number);
            tell_owed(keeper, number);
        }
    }
}
