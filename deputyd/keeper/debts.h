/* What is still owed to a brain: the pipes of lives that are over, with last words in them. */
#ifndef KEEPER_DEBTS_H
#define KEEPER_DEBTS_H

#include <procman/base.h>

#define PM_DEBTS_OF_SLOT 4    /* lives of one slot */
#define PM_DEBTS_MOST    1024 /* lives of all: 2 descriptors each */

struct pm_debt {
    uint64_t slot, run;
    int fds[2];              /* read ends of out and err; 0: none */
};

struct pm_debts { /* the oldest first */
    size_t n;
    struct pm_debt at[PM_DEBTS_MOST];
};

/* Keep these read ends, ours from now on. true: another one, the oldest, had to go for it, and
 * *out_gone says which. */
bool pm_debts_add(struct pm_debts *debts, const struct pm_debt *debt, struct pm_debt *out_gone)
    PM_MUST_USE;

void pm_debts_settle(struct pm_debts *debts, uint64_t slot, uint64_t run); /* it is drained */
void pm_debts_forget(struct pm_debts *debts, uint64_t slot);               /* nobody wants it */
bool pm_debts_drop_oldest(struct pm_debts *debts); /* descriptors run short; false: none to drop */

/* The slot's next one, from place *at on, which is moved behind it. NULL: that was all */
const struct pm_debt *pm_debts_next(const struct pm_debts *debts, uint64_t slot, size_t *at);

void pm_read_ends_close(int fds[2]);

#endif
