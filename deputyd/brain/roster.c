/* One sorted array of pointers is the truth: statuses go out in its order and a name is found
 * by halving. The index by number is made when first asked for after a change, because changes
 * come in bursts (a whole list of specs) and questions too (a whole list of wants).
 */
#include "brain/roster.h"

#include <stdlib.h>
#include <string.h>

void roster_init(struct roster *roster)
{
    *roster = (struct roster){ .stale = true };
}

static void free_proc(struct proc *proc)
{
    specs_drop(&proc->specs);
    free(proc->early);
    free(proc->trouble);
    free(proc->group);
    free(proc->name);
    free(proc);
}

void roster_fini(struct roster *roster)
{
    for (size_t i = 0; i < roster->n; i++)
        free_proc(roster->at[i]);
    free(roster->at);
    free(roster->by_id);
    free(roster->slots);
    free(roster->foreign);
    roster_init(roster);
}

/* ---- by name ---------------------------------------------------------------------- */

static int name_order(const struct proc *proc, const char *group, const char *name)
{
    int order = strcmp(proc->group, group);

    return order ? order : strcmp(proc->name, name);
}

/* Where it is, or where it would have to be. */
static size_t place_of(const struct roster *roster, const char *group, const char *name)
{
    size_t low = 0, high = roster->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (name_order(roster->at[middle], group, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct proc *roster_find(const struct roster *roster, const char *group, const char *name)
{
    size_t place = place_of(roster, group, name);

    if (place == roster->n || name_order(roster->at[place], group, name) != 0)
        return NULL;
    return roster->at[place];
}

struct proc *roster_add(struct roster *roster, struct specs *specs, const struct pm_spec *spec,
                        struct pm_mono now)
{
    size_t place = place_of(roster, spec->group, spec->name);
    struct proc *proc = pm_alloc(sizeof *proc);

    proc->group = pm_strdup(spec->group);
    proc->name = pm_strdup(spec->name);
    proc->slot = NO_SLOT;
    pm_process_init(&proc->life, now);
    roster_respec(roster, proc, specs, spec);

    if (roster->n == roster->cap) {
        roster->cap = roster->cap ? 2 * roster->cap : 16;
        roster->at = pm_resize(roster->at, roster->cap, sizeof *roster->at);
    }
    memmove(&roster->at[place + 1], &roster->at[place],
            (roster->n - place) * sizeof *roster->at);
    roster->at[place] = proc;
    roster->n++;
    return proc;
}

void roster_remove(struct roster *roster, struct proc *proc)
{
    size_t place = place_of(roster, proc->group, proc->name);

    pm_assert(place < roster->n && roster->at[place] == proc);
    roster_free_slot(roster, proc);
    roster->n--;
    memmove(&roster->at[place], &roster->at[place + 1],
            (roster->n - place) * sizeof *roster->at);
    roster->stale = true;
    free_proc(proc);
}

void roster_respec(struct roster *roster, struct proc *proc, struct specs *specs,
                   const struct pm_spec *spec)
{
    struct specs *before = proc->specs;

    proc->specs = specs_hold(specs);
    proc->spec = spec;
    proc->plain = false;
    proc->id = spec->id;
    specs_drop(&before);
    roster->stale = true;
}

/* ---- by number -------------------------------------------------------------------- */

static int id_order(const void *a, const void *b)
{
    const struct proc *one = *(struct proc *const *)a, *other = *(struct proc *const *)b;

    if (one->id != other->id)
        return one->id > other->id ? 1 : -1;
    return one->life.removing - other->life.removing;
}

/* Two may have one number: what is being removed has it from a former sheriff, and another
 * sheriff counts from the beginning. Then it is the other one's. */
static void index_ids(struct roster *roster)
{
    size_t n = 0;

    roster->by_id = pm_resize(roster->by_id, roster->n, sizeof *roster->by_id);
    memcpy(roster->by_id, roster->at, roster->n * sizeof *roster->by_id);
    qsort(roster->by_id, roster->n, sizeof *roster->by_id, id_order);
    for (size_t i = 0; i < roster->n; i++)
        if (n == 0 || roster->by_id[n - 1]->id != roster->by_id[i]->id)
            roster->by_id[n++] = roster->by_id[i];
    roster->n_by_id = n;
    roster->stale = false;
}

struct proc *roster_by_id(struct roster *roster, uint64_t id)
{
    size_t low = 0, high;

    if (id == 0 || roster->n == 0)
        return NULL;
    if (roster->stale)
        index_ids(roster);
    high = roster->n_by_id;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (roster->by_id[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < roster->n_by_id && roster->by_id[low]->id == id ? roster->by_id[low] : NULL;
}

/* ---- by slot ---------------------------------------------------------------------- */

void roster_resize(struct roster *roster, size_t slots)
{
    if (slots <= roster->n_slots)
        return;
    roster->slots = pm_resize(roster->slots, slots, sizeof *roster->slots);
    roster->foreign = pm_resize(roster->foreign, slots, sizeof *roster->foreign);
    for (size_t i = roster->n_slots; i < slots; i++) {
        roster->slots[i] = NULL;
        roster->foreign[i] = false;
    }
    roster->n_slots = slots;
}

static bool room_for(struct roster *roster, uint64_t slot)
{
    if (slot >= PM_LIMIT_SLOTS)
        return false;
    roster_resize(roster, slot + 1);
    return true;
}

struct proc *roster_by_slot(const struct roster *roster, uint64_t slot)
{
    return slot < roster->n_slots ? roster->slots[slot] : NULL;
}

bool roster_take_slot(struct roster *roster, struct proc *proc, uint64_t slot)
{
    if (!room_for(roster, slot) || roster->slots[slot] != NULL || proc->slot != NO_SLOT)
        return false;
    roster->slots[slot] = proc;
    proc->slot = slot;
    return true;
}

uint64_t roster_any_slot(struct roster *roster)
{
    size_t slot = roster->free_from;

    while (slot < roster->n_slots && (roster->slots[slot] != NULL || roster->foreign[slot]))
        slot++;
    roster->free_from = slot;
    return slot < roster->n_slots ? slot : NO_SLOT;
}

bool roster_take_any_slot(struct roster *roster, struct proc *proc)
{
    uint64_t slot = roster_any_slot(roster);

    return slot != NO_SLOT && roster_take_slot(roster, proc, slot);
}

void roster_free_slot(struct roster *roster, struct proc *proc)
{
    if (proc->slot == NO_SLOT)
        return;
    roster->slots[proc->slot] = NULL;
    if (proc->slot < roster->free_from)
        roster->free_from = proc->slot;
    proc->slot = NO_SLOT;
}

bool roster_set_foreign(struct roster *roster, uint64_t slot, bool foreign)
{
    if (!room_for(roster, slot))
        return false;
    roster->foreign[slot] = foreign;
    if (!foreign && slot < roster->free_from)
        roster->free_from = slot;
    return true;
}
