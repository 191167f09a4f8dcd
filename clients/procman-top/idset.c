#include "idset.h"

#include <stdlib.h>
#include <string.h>

void idset_fini(struct idset *set)
{
    free(set->at);
    *set = (struct idset){ 0 };
}

/* Where it is, or would be. */
static size_t place(const struct idset *set, uint64_t id)
{
    size_t from = 0, to = set->n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (set->at[middle] < id)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

bool idset_has(const struct idset *set, uint64_t id)
{
    size_t at = place(set, id);

    return at < set->n && set->at[at] == id;
}

void idset_put(struct idset *set, uint64_t id, bool in)
{
    size_t at = place(set, id);
    size_t behind = set->n - at;

    if (in == idset_has(set, id))
        return;
    if (in) {
        set->at = pm_resize(set->at, set->n + 1, sizeof *set->at);
        memmove(set->at + at + 1, set->at + at, behind * sizeof *set->at);
        set->at[at] = id;
        set->n++;
    } else {
        memmove(set->at + at, set->at + at + 1, (behind - 1) * sizeof *set->at);
        set->n--;
    }
}
