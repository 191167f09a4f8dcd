/* A pipe whose writers are all dead lives as long as somebody has its read end. The brain has it,
 * and moves what is in it into a file; but a brain may die while doing so. So each pipe is kept
 * here, too, until the brain says that it is empty.
 *
 * A pipe that is never empty belongs to something a life has left behind, which still writes.
 * So what is kept is bounded, and the oldest goes: the brain of today still has it.
 */
#include "keeper/debts.h"

#include <string.h>
#include <unistd.h>

void pm_read_ends_close(int fds[2])
{
    for (int i = 0; i < 2; i++) {
        if (fds[i] > 0)
            close(fds[i]);
        fds[i] = 0;
    }
}

static void drop(struct pm_debts *debts, size_t place)
{
    pm_read_ends_close(debts->at[place].fds);
    debts->n--;
    memmove(&debts->at[place], &debts->at[place + 1], (debts->n - place) * sizeof debts->at[0]);
}

/* The place of the one that must go first; n: none. */
static size_t one_too_many(const struct pm_debts *debts, uint64_t slot)
{
    size_t of_slot = 0, oldest = debts->n;

    for (size_t i = debts->n; i-- > 0; ) {
        if (debts->at[i].slot != slot)
            continue;
        of_slot++;
        oldest = i;
    }
    if (of_slot >= PM_DEBTS_OF_SLOT)
        return oldest;
    return debts->n == PM_DEBTS_MOST ? 0 : debts->n;
}

bool pm_debts_add(struct pm_debts *debts, const struct pm_debt *debt, struct pm_debt *out_gone)
{
    size_t place = one_too_many(debts, debt->slot);
    bool is_full = place < debts->n;

    if (is_full) {
        *out_gone = debts->at[place];
        drop(debts, place);
    }
    debts->at[debts->n++] = *debt;
    return is_full;
}

void pm_debts_settle(struct pm_debts *debts, uint64_t slot, uint64_t run)
{
    for (size_t i = debts->n; i-- > 0; )
        if (debts->at[i].slot == slot && debts->at[i].run == run)
            drop(debts, i);
}

void pm_debts_forget(struct pm_debts *debts, uint64_t slot)
{
    for (size_t i = debts->n; i-- > 0; )
        if (debts->at[i].slot == slot)
            drop(debts, i);
}

bool pm_debts_drop_oldest(struct pm_debts *debts)
{
    if (debts->n == 0)
        return false;
    drop(debts, 0);
    return true;
}

const struct pm_debt *pm_debts_next(const struct pm_debts *debts, uint64_t slot, size_t *at)
{
    while (*at < debts->n) {
        const struct pm_debt *debt = &debts->at[(*at)++];
        if (debt->slot == slot)
            return debt;
    }
    return NULL;
}
