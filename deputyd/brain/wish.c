/* What shall run here, as the sheriff said last.
 *
 * Both halves are whole: specs say what there is, wants say what of it is up. Taking one is
 * therefore a comparison, and taking it twice changes nothing. Wants name their specs; those
 * that come before them wait. Both are kept over the brain's death at the end of the turn that
 * obeys them: after the orders to the keeper, because a process's first instruction is more urgent
 * (but before those that promise a life to come, see obey).
 */
#include "brain/inside.h"

#include <stdio.h>

/* All is written each time, a thousand specs in about 2 ms: in a storm of wishes on a large deputy
 * they are kept in bundles, so that writing takes at most a tenth of the time. */
#define KEPT_SPECS_PER_MS 50
/* A deputy that begins obeys what it was told in its former life, unless its sheriff is there to
 * say something newer within this time. */
#define SHERIFF_FIRST_MS 2000

void wish_fini(struct wish *wish)
{
    specs_drop(&wish->specs);
    pm_arena_fini(&wish->wants_arena);
    pm_arena_fini(&wish->pending_arena);
}

void wish_keep_soon(struct brain *b, struct pm_mono now)
{
    size_t pause_ms = specs_list(b->wish.specs).n / KEPT_SPECS_PER_MS;
    struct pm_mono earliest = pm_mono_after(b->wish.kept, (int64_t)pause_ms);

    if (b->wish.keep_at.ms == 0)
        b->wish.keep_at = earliest.ms > now.ms ? earliest : now;
}

void wish_keep(struct brain *b, struct pm_mono now)
{
    struct pm_wish wish = {
        .sheriff_id = b->wish.sheriff_id, .generation = b->wish.generation,
        .specs_generation = b->wish.specs_generation,
        .heard_ms = b->loss.noted ? b->loss.heard.ms : 0,
        .specs = specs_list(b->wish.specs), .wants = b->wish.wants.wants,
    };

    if (b->wish.keep_at.ms == 0)
        return;
    b->wish.keep_at.ms = 0;
    b->wish.kept = now;
    b->port->keep_wish(b->self, &wish);
}

/* The sheriff wants nothing here any more: who begins here next has nothing that a sheriff without
 * a store would adopt. */
void wish_forget(struct brain *b)
{
    b->wish.keep_at.ms = 0;
    b->port->keep_wish(b->self, NULL);
}

/* ---- specs ------------------------------------------------------------------------ */

/* From a sheriff who counts differently, the first wish tells what we obeyed; and the former
 * one's numbers must not meet his specs. */
static void meet_stranger(struct brain *b)
{
    b->wish.wants = (struct pm_wants){ 0 };
    b->wish.generation = 0;
    for (size_t i = 0; i < b->roster.n; i++)
        b->roster.at[i]->order_unknown = true;
}

/* Every process gets its new spec, or learns that it is to go; then what is new comes. */
static void spread_specs(struct brain *b, struct pm_mono now)
{
    struct specs *specs = b->wish.specs;
    struct pm_spec_list list = specs_list(specs);

    for (size_t i = b->roster.n; i-- > 0; ) {
        struct proc *proc = b->roster.at[i];
        const struct pm_spec *spec = specs_find(specs, proc->group, proc->name);
        bool plain = proc->plain;
        uint64_t id = proc->id;
        if (spec != NULL) {
            roster_respec(&b->roster, proc, specs, spec);
            life_limit_output(b, proc);
            proc->life.removing = false;
            request_follow_as(b, proc, id);
            vigil_reconsider(b, proc, now);
            if (proc->id != id)
                link_touch(b, proc);
        } else {
            plain = proc->over; /* it waits to be judged, and so outlasts the next step */
            life_step(b, proc, (struct pm_input){ .event = PM_EVENT_REMOVE, .now = now });
        }
        if (plain)
            slots_take_up(b, proc, now);
    }
    for (size_t i = 0; i < list.n; i++)
        if (roster_find(&b->roster, list.at[i].group, list.at[i].name) == NULL)
            life_new(b, specs, &list.at[i], now);
}

/* ---- wants ------------------------------------------------------------------------ */

/* A former life's wish is the sheriff's word no more for what must not run without him. */
static bool needs_the_sheriff(const struct brain *b, const struct proc *proc,
                              const struct pm_want *want)
{
    return b->wish.loaded && want->up && proc->spec->sheriff_loss_ms != 0;
}

static void spread_wants(struct brain *b, struct pm_mono now)
{
    for (size_t i = 0; i < b->wish.wants.wants.n; i++) {
        const struct pm_want *want = &b->wish.wants.wants.at[i];
        struct proc *proc = roster_by_id(&b->roster, want->id);
        if (proc != NULL && !needs_the_sheriff(b, proc, want))
            life_want(b, proc, want, now);
    }
}

/* A copy in `arena`, which held the one before. */
static bool copy_wants(struct brain *b, const struct pm_wants *from, struct pm_arena *arena,
                       struct pm_wants *to)
{
    pm_arena_fini(arena);
    *to = (struct pm_wants){ 0 };
    if (pm_copy(&pm_wants_desc, from, arena, to) == PM_OK)
        return true;
    brain_say(b, PM_LOG_ERROR, "out of memory for the sheriff's wishes; they are asked for again");
    return false;
}

/* Is a life to be followed by a new one? */
static bool promises_a_life(struct brain *b)
{
    for (size_t i = 0; i < b->wish.wants.wants.n; i++) {
        const struct pm_want *want = &b->wish.wants.wants.at[i];
        const struct proc *proc = roster_by_id(&b->roster, want->id);
        if (proc != NULL && want->up && want->order > proc->life.order
            && pm_state_alive(proc->life.state))
            return true;
    }
    return false;
}

/* The note of a life that is being stopped says that its order is obeyed; the new life comes
 * later, perhaps of another brain, which must know the new spec. So that is kept first. */
static void obey(struct brain *b, const struct pm_wants *wants, struct pm_mono now)
{
    bool specs_are_new = b->wish.keep_at.ms != 0;

    if (!copy_wants(b, wants, &b->wish.wants_arena, &b->wish.wants))
        return;
    b->wish.generation = wants->generation;
    b->wish.loaded = false;
    b->wish.obey_at.ms = 0;
    b->link.changed = true; /* a status that answers this generation, even if nothing changes */
    wish_keep_soon(b, now);
    if (specs_are_new && promises_a_life(b))
        wish_keep(b, now);
    spread_wants(b, now);
}

/* ---- from the sheriff ------------------------------------------------------------- */

/* In a session generations never go back: this would undo what was said after it. Between
 * sessions they may, when a sheriff's store was restored from a copy; there orders decide. */
static bool is_stale(struct brain *b, uint64_t generation, uint64_t *told)
{
    if (generation < *told) {
        b->link.dropped++;
        return true;
    }
    *told = generation;
    return false;
}

void wish_take_specs(struct brain *b, const struct pm_specs *specs, struct pm_mono now)
{
    struct specs *fresh;
    char text[400] = "out of memory";

    if (b->ending || is_stale(b, specs->generation, &b->link.specs_told))
        return;
    if (specs_open(&specs->specs, text, sizeof text, &fresh) != PM_OK) {
        brain_say(b, PM_LOG_ERROR, "specs of generation %llu are refused, the former stay: %s",
                  (unsigned long long)specs->generation, text);
        return;
    }
    if (b->wish.sheriff_id != 0 && b->wish.sheriff_id != b->link.sheriff_id)
        meet_stranger(b);
    b->wish.sheriff_id = b->link.sheriff_id;
    b->wish.specs_generation = specs->generation;
    b->wish.loaded = false; /* the former life's wants do not go with these specs */
    b->wish.obey_at.ms = 0;
    specs_drop(&b->wish.specs);
    b->wish.specs = fresh;
    b->link.changed = true;
    wish_keep_soon(b, now);
    spread_specs(b, now);
    loss_count(b);

    if (b->wish.pending.generation != 0 && b->wish.pending.specs_generation == specs->generation) {
        obey(b, &b->wish.pending, now);
        b->wish.pending = (struct pm_wants){ 0 };
    }
}

void wish_take_wants(struct brain *b, const struct pm_wants *wants, struct pm_mono now)
{
    if (b->ending || is_stale(b, wants->generation, &b->link.wants_told))
        return;
    if (b->wish.sheriff_id == b->link.sheriff_id
        && wants->specs_generation == b->wish.specs_generation)
        obey(b, wants, now);
    else if (!copy_wants(b, wants, &b->wish.pending_arena, &b->wish.pending))
        b->wish.pending.generation = 0;
}

/* ---- from our former life --------------------------------------------------------- */

void brain_load_wish(struct brain *b, const struct pm_wish *wish)
{
    struct pm_wants wants = { .generation = wish->generation, .wants = wish->wants };
    struct specs *specs;
    char text[400] = "out of memory";

    if (specs_open(&wish->specs, text, sizeof text, &specs) != PM_OK) {
        brain_say(b, PM_LOG_ERROR, "the kept wish is not used: %s", text);
        return;
    }
    specs_drop(&b->wish.specs);
    b->wish.specs = specs;
    b->wish.sheriff_id = wish->sheriff_id;
    b->wish.specs_generation = wish->specs_generation;
    b->wish.loaded = copy_wants(b, &wants, &b->wish.wants_arena, &b->wish.wants);
    b->wish.generation = b->wish.loaded ? wish->generation : 0;
    b->loss.heard.ms = wish->heard_ms;
}

void wish_begin(struct brain *b, bool warm, struct pm_mono now)
{
    if (!b->wish.loaded || b->ending)
        return;
    spread_specs(b, now);
    if (warm)
        wish_obey_loaded(b, now);
    else
        b->wish.obey_at = pm_mono_after(now, SHERIFF_FIRST_MS);
}

void wish_obey_loaded(struct brain *b, struct pm_mono now)
{
    b->wish.obey_at.ms = 0;
    if (!b->wish.loaded || b->ending)
        return;
    spread_wants(b, now);
    b->wish.loaded = false;
}
