/* How much all output takes, and what goes when that is too much.
 *
 * The oldest goes first, whosever it is: rotated segments, and of a process that is gone the live
 * file, too, after its segments. Who is gone cannot be known at our beginning, when the processes
 * are still being opened one after the other: for a while nobody is.
 *
 * What we do changes the count. What others do to the files does not, and an administrator who made
 * room shall not lose more of it: before anything goes, all is counted anew, a little in each
 * turn, unless that was done a moment ago.
 */
#include "brain/output_store.h"

#include "brain/output_budget.h"

#include <errno.h>

#define REMOVE_MOST 8     /* in one turn: others wait */
#define COUNT_MOST  32    /* processes whose files are looked at in one turn, likewise */
#define COUNT_MS    10000 /* a count is good for so long */

bool store_is_full(int error)
{
    return error == ENOSPC || error == EDQUOT;
}

static bool is_gone(const struct output_log *log, struct pm_mono now)
{
    return log->users == 0 && !log->fresh && now.ms >= log->store->gone_from.ms;
}

/* What of it would go next: has_data says whether anything may. */
static struct segment oldest_of(const struct output_log *log, struct pm_mono now)
{
    if (log->segments.n > 0)
        return log->segments.at[0];
    return (struct segment){ .size = log->size, .written_ms = log->written_ms,
                             .has_data = log->size > 0 && is_gone(log, now) };
}

bool store_give_up_oldest(struct output_store *store)
{
    struct pm_mono now = pm_mono_now();
    struct output_log *oldest = NULL;
    struct segment goes = { 0 };

    for (size_t i = 0; i < store->n; i++) {
        struct segment one = oldest_of(store->logs[i], now);
        if (one.has_data && (oldest == NULL || budget_goes_before(&one, &goes))) {
            oldest = store->logs[i];
            goes = one;
        }
    }
    if (oldest == NULL)
        return false;
    if (oldest->segments.n > 0) {
        log_remove_segment(oldest, 0);
    } else {
        log_remove_live(oldest);
        store_forget(oldest);
    }
    return true;
}

/* ---- counting --------------------------------------------------------------------- */

/* true: who was gone has nothing left, and is forgotten. */
static bool count_one(struct output_log *log, struct pm_mono now)
{
    log_count(log);
    if (!is_gone(log, now) || log->size > 0 || log->segments.n > 0)
        return false;
    log_remove_live(log); /* an index without bytes */
    store_forget(log);
    return true;
}

/* true: all of it was counted a moment ago. */
static bool count(struct output_store *store, struct pm_mono now)
{
    if (!store->counting && store->counted.ms != 0 && now.ms < store->counted.ms + COUNT_MS)
        return true;
    if (!store->counting)
        store->next_count = 0;
    store->counting = true;
    for (int i = 0; i < COUNT_MOST && store->next_count < store->n; i++)
        store->next_count += !count_one(store->logs[store->next_count], now);
    if (store->next_count < store->n)
        return false;
    store->counting = false;
    store->counted = now;
    store->tight = false;
    return true;
}

void store_keep_budget(struct output_store *store)
{
    int removed = 0;

    if (store->used <= store->budget)
        store->tight = store->counting = false;
    else if (count(store, pm_mono_now()))
        while (store->used > store->budget && removed++ < REMOVE_MOST && !store->tight)
            store->tight = !store_give_up_oldest(store);
}
