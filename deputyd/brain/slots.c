/* What the keeper says about its slots.
 *
 * A new brain first hears what there is: HELD for each slot in use, ENDED for each life whose end
 * was not seen, OWED for each earlier life whose last words are still in its pipes, READY. Nothing
 * is decided before READY, because only then it is known whether an order to end is under way. The
 * notes are as old as the last change: what was alive in one and is dead without an ENDED (a spawn
 * that failed while no brain listened) has ended, nobody knows how.
 *
 * Nor is a life judged whose spec nobody knows, because the kept wish was lost: what shall come
 * of its end waits for the sheriff, and so does the keeper's memory of it.
 *
 * The slot of a removed process is left to its pipes: the keeper holds them, for the case of our
 * death, until they are drained. When one of that name comes back before, it takes up its old
 * place, so that a name has one slot, one count of lives and one writer of its file.
 *
 * A slot whose note says nothing to us is foreign: never used, never touched, freed when what
 * lives in it is over.
 */
#include "brain/inside.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void free_note(struct brain *b, uint64_t slot)
{
    struct pm_note note = { .slot = slot };

    brain_tell_keeper(b, PM_MSG_NOTE, &note);
}

/* ---- giving up ---------------------------------------------------------------------- */

/* Takes `output` over. */
static void leave(struct brain *b, uint64_t slot, uint64_t run, const char *group,
                  const char *name, struct output_file *output)
{
    b->left = pm_resize(b->left, b->n_left + 1, sizeof *b->left);
    b->left[b->n_left++] = (struct left_slot){ slot, run, pm_strdup(group), pm_strdup(name),
                                               output };
}

bool slots_give_up(struct brain *b, struct proc *proc)
{
    if (proc->slot == NO_SLOT)
        return false;
    if (b->port->drained(b->self, proc->output, 0)
        || !roster_set_foreign(&b->roster, proc->slot, true)) {
        free_note(b, proc->slot);
        return false;
    }
    leave(b, proc->slot, proc->life.run, proc->group, proc->name, proc->output);
    proc->output = NULL;
    return true;
}

static struct left_slot *left_at(const struct brain *b, uint64_t slot)
{
    for (size_t i = 0; i < b->n_left; i++)
        if (b->left[i].slot == slot)
            return &b->left[i];
    return NULL;
}

static struct left_slot *find_left(const struct brain *b, const char *group, const char *name)
{
    for (size_t i = 0; i < b->n_left; i++)
        if (strcmp(b->left[i].group, group) == 0 && strcmp(b->left[i].name, name) == 0)
            return &b->left[i];
    return NULL;
}

static void forget_left(struct brain *b, struct left_slot *left)
{
    if (left->output != NULL)
        b->port->drop(b->self, left->output);
    free(left->group);
    free(left->name);
    *left = b->left[--b->n_left];
}

bool slots_take_back(struct brain *b, struct proc *proc)
{
    struct left_slot *left = find_left(b, proc->group, proc->name);

    if (left == NULL)
        return false;
    pm_assert(roster_set_foreign(&b->roster, left->slot, false));
    pm_assert(roster_take_slot(&b->roster, proc, left->slot)); /* nobody else could */
    proc->life.run = left->run;
    proc->output = left->output;
    left->output = NULL;
    forget_left(b, left);
    return true;
}

static void free_left(struct brain *b, struct left_slot *left)
{
    uint64_t slot = left->slot;

    forget_left(b, left);
    free_note(b, slot);
    pm_assert(roster_set_foreign(&b->roster, slot, false)); /* it was, so there is room */
}

/* Those with nothing in their pipes, as it turned out. */
static void free_drained(struct brain *b)
{
    for (size_t i = b->n_left; i-- > 0; )
        if (b->port->drained(b->self, b->left[i].output, 0))
            free_left(b, &b->left[i]);
}

void slots_fini(struct brain *b)
{
    while (b->n_left > 0)
        forget_left(b, &b->left[0]);
    free(b->left);
}

/* ---- taking over ------------------------------------------------------------------ */

static struct proc *new_from_note(struct brain *b, const struct pm_slot_note *note,
                                  struct pm_mono now)
{
    struct specs *specs = NULL;
    const struct pm_spec *spec = specs_find(b->wish.specs, note->group, note->name);

    if (spec != NULL)
        return life_new(b, b->wish.specs, spec, now);
    specs = specs_open_plain(note->group, note->name);
    struct proc *proc = life_new(b, specs, specs_list(specs).at, now);
    specs_drop(&specs); /* the process holds it */
    proc->plain = true;
    proc->id = note->id;
    request_follow_as(b, proc, 0);
    return proc;
}

/* Known from its own environment only: it runs, and that is how it was wished. */
static bool is_bare(const struct pm_slot_note *note)
{
    return note->state == PM_STATE_NOWHERE;
}

static void adopt(struct brain *b, const struct pm_held *held, const struct pm_slot_note *note,
                  struct pm_mono now)
{
    struct left_slot *namesake = find_left(b, note->group, note->name);
    struct proc *proc;

    if (namesake != NULL) /* a name has one slot: who lives has it */
        free_left(b, namesake);
    proc = new_from_note(b, note, now);
    if (!roster_take_slot(&b->roster, proc, held->slot))
        return; /* the caller made sure it is free */
    if (is_bare(note)) {
        proc->order_unknown = true;
        proc->life.up = true;
        proc->life.state = PM_STATE_RUNNING;
        proc->life.started = now;
    } else {
        pm_process_load(&proc->life, note);
    }
    proc->life.run = held->run;
    proc->life_hash = note->spec_hash;
    proc->token = note->token;
    proc->pid = held->pid;
    proc->start_ticks = held->start_ticks;
    proc->adopted = held->adopted;
    b->port->collect(b->self, proc->output, held->run);
}

/* Its name may be another's by now, so it becomes no process: only its pipes matter. */
static void take_up_left(struct brain *b, const struct pm_held *held,
                         const struct pm_slot_note *note)
{
    struct output_file *output = b->port->file(b->self, note->group, note->name);

    b->port->collect(b->self, output, held->run);
    if (roster_set_foreign(&b->roster, held->slot, true))
        leave(b, held->slot, held->run, note->group, note->name, output);
    else
        b->port->drop(b->self, output);
}

/* OK: what the slot holds is a process of ours; else *why not. */
static enum pm_err read_note(struct brain *b, const struct pm_held *held, struct pm_arena *arena,
                             struct pm_slot_note *out, const char **why)
{
    enum pm_err err = PM_OK;

    *why = "its record is lost, and its environment says nothing";
    if (held->note.n == 0) /* lost; its environment says only what is certain */
        *out = (struct pm_slot_note){ .group = held->group, .name = held->name };
    else
        err = pm_decode(&pm_slot_note_desc, held->note.at, held->note.n, arena, out, why);
    if (err != PM_OK || *out->name == '\0')
        return PM_BAD_MESSAGE;
    *why = "its name or slot is in use";
    if (pm_name_fault(out->name) != NULL || pm_group_fault(out->group) != NULL
        || held->slot >= PM_LIMIT_SLOTS || roster_by_slot(&b->roster, held->slot) != NULL)
        return PM_EXISTS;
    if (is_bare(out))
        brain_say(b, PM_LOG_WARNING, "slot %llu had lost its record; it is of %s%s%s",
                  (unsigned long long)held->slot, out->group, *out->group ? "/" : "", out->name);
    return PM_OK;
}

void slots_on_held(struct brain *b, const struct pm_held *held, struct pm_mono now)
{
    PM_CLEANUP(pm_arena_fini) struct pm_arena arena;
    struct pm_slot_note note;
    const char *why;
    bool understood;

    pm_arena_init(&arena, 0);
    if (errand_on_held(b, held))
        return;
    understood = read_note(b, held, &arena, &note, &why) == PM_OK;
    /* Whose end is yet to be told is adopted, and leaves when it is judged. */
    if (understood && held->pid == 0 && note.removing && !pm_state_alive(note.state)) {
        take_up_left(b, held, &note);
        return;
    }
    if (understood && roster_find(&b->roster, note.group, note.name) == NULL) {
        adopt(b, held, &note, now);
        return;
    }
    if (held->pid == 0) {
        free_note(b, held->slot);
        return;
    }
    brain_say(b, PM_LOG_ERROR, "slot %llu holds process %lld, whose note cannot be understood "
              "(%s); it is left alone", (unsigned long long)held->slot, (long long)held->pid, why);
    if (!roster_set_foreign(&b->roster, held->slot, true))
        brain_say(b, PM_LOG_ERROR, "the keeper's table is larger than ours");
}

void slots_on_owed(struct brain *b, const struct pm_owed *owed)
{
    struct proc *proc = roster_by_slot(&b->roster, owed->slot);
    struct left_slot *left = left_at(b, owed->slot);

    if (proc != NULL)
        b->port->collect(b->self, proc->output, owed->run);
    else if (left != NULL)
        b->port->collect(b->self, left->output, owed->run);
}

/* What a note and the keeper together say has happened since the note was written. */
static enum pm_process_event since_note(const struct proc *proc)
{
    if (pm_state_alive(proc->life.state) && (proc->over || proc->pid == 0))
        return PM_EVENT_ENDED;
    if (proc->pid != 0) /* whether one that is born must be ready, too, its spec says */
        return proc->life.state == PM_STATE_STARTING && !(proc->plain && proc->life.born)
                   ? PM_EVENT_SPAWNED : PM_EVENT_NOTHING;
    return proc->life.removing ? PM_EVENT_REMOVE : PM_EVENT_NOTHING;
}

/* The end is noted: the keeper may forget it. */
static void say_seen(struct brain *b, uint64_t slot, uint64_t run)
{
    struct pm_seen seen = { .slot = slot, .run = run };

    brain_tell_keeper(b, PM_MSG_SEEN, &seen);
}

/* Its last byte is in the file. Until then the pipes must not depend on our life. */
static void say_drained(struct brain *b, uint64_t slot, uint64_t run)
{
    struct pm_drained drained = { .slot = slot, .run = run };

    brain_tell_keeper(b, PM_MSG_DRAINED, &drained);
}

void brain_on_drained(struct brain *b, const char *group, const char *name, uint64_t run)
{
    struct proc *proc = roster_find(&b->roster, group, name);
    struct left_slot *left = find_left(b, group, name);

    if (left != NULL)
        say_drained(b, left->slot, run);
    else if (proc != NULL && proc->slot != NO_SLOT)
        say_drained(b, proc->slot, run);
    if (left != NULL && b->port->drained(b->self, left->output, 0))
        free_left(b, left);
}

/* Shall it be up, and nobody knows by which policy? */
static bool is_unguided(const struct proc *proc)
{
    return proc->plain && proc->life.up && pm_state_alive(proc->life.state);
}

/* Judge its end, or leave that for when its spec is known. */
static void judge(struct brain *b, struct proc *proc, struct pm_ending how, struct pm_mono now)
{
    struct pm_input in = { .event = PM_EVENT_ENDED, .now = now, .ending = how };
    uint64_t slot = proc->slot, run = proc->life.run;

    proc->over = is_unguided(proc);
    proc->how = how;
    proc->pid = 0;
    if (proc->over) {
        link_touch(b, proc);
        return;
    }
    life_step(b, proc, in); /* which notes it; only then may the keeper forget it */
    say_seen(b, slot, run);
}

void slots_take_up(struct brain *b, struct proc *proc, struct pm_mono now)
{
    struct pm_input in = { .event = since_note(proc), .now = now };

    deadlines_set(&b->deadlines, &proc->deadline, proc->life.deadline);
    if (proc->over || in.event == PM_EVENT_ENDED)
        judge(b, proc, proc->over ? proc->how : (struct pm_ending){ .unknown = true }, now);
    else
        life_step(b, proc, in);
}

void slots_on_ready(struct brain *b, const struct pm_ready *ready, struct pm_mono now)
{
    if (b->ready)
        return;
    b->ready = true;
    b->epoch = ready->epoch;
    roster_resize(&b->roster, ready->slots < PM_LIMIT_SLOTS ? ready->slots : PM_LIMIT_SLOTS);
    if (ready->version != PM_PROTOCOL_VERSION)
        brain_say(b, PM_LOG_WARNING, "the keeper speaks version %llu, this brain %d",
                  (unsigned long long)ready->version, PM_PROTOCOL_VERSION);
    if (ready->stopping) {
        b->ending = true;
        b->leave_running = ready->leave_running;
        if (!b->leave_running)
            life_end_all(b, now);
    }
    free_drained(b);
    for (size_t i = b->roster.n; i-- > 0; )
        slots_take_up(b, b->roster.at[i], now);
    past_begin(b, now);
    /* A deputy that begins lets its sheriff speak first; one that only lost its brain does not. */
    bool warm = ready->held > 0 || ready->brains > 1;
    wish_begin(b, warm, now);
    loss_begin(b, warm, now);
    b->link.hello_at = now;
}

/* ---- lives ------------------------------------------------------------------------ */

void slots_on_spawned(struct brain *b, const struct pm_spawned *spawned, struct pm_mono now)
{
    struct proc *proc = roster_by_slot(&b->roster, spawned->slot);
    struct pm_input in = { .event = PM_EVENT_SPAWNED, .now = now };

    if (errand_on_spawned(b, spawned, now) || proc == NULL || proc->life.run != spawned->run)
        return;
    if (spawned->stage != PM_STAGE_NONE) {
        in.event = PM_EVENT_SPAWN_FAILED;
        in.ending = (struct pm_ending){ .stage = spawned->stage, .error = spawned->error,
                                        .detail = spawned->detail };
    } else {
        proc->pid = spawned->pid;
        proc->start_ticks = spawned->start_ticks;
        link_touch(b, proc);
        b->port->collect(b->self, proc->output, spawned->run);
    }
    life_step(b, proc, in);
}

/* Ended without being known to us: free its place, if it was foreign. */
static void end_unknown(struct brain *b, const struct pm_ended *ended)
{
    bool foreign = roster_by_slot(&b->roster, ended->slot) == NULL;

    say_seen(b, ended->slot, ended->run);
    if (foreign && roster_set_foreign(&b->roster, ended->slot, false))
        free_note(b, ended->slot);
}

/* A SIGKILL of ours explains itself. */
static struct pm_ending how_of(struct brain *b, const struct proc *proc,
                               const struct pm_ended *ended)
{
    bool riddle = ended->exit_signal == SIGKILL && !ended->oom && !proc->killed;

    return (struct pm_ending){
        .unknown = ended->unknown, .code = ended->exit_code, .signal = ended->exit_signal,
        .core_dumped = ended->core_dumped, .oom = ended->oom,
        .oom_near = riddle && b->port->oom_ran(b->self),
    };
}

void slots_on_ended(struct brain *b, const struct pm_ended *ended, struct pm_mono now)
{
    struct proc *proc = roster_by_slot(&b->roster, ended->slot);
    struct pm_ending how;

    if (left_at(b, ended->slot) != NULL) {
        say_seen(b, ended->slot, ended->run);
        return;
    }
    if (proc == NULL || proc->life.run != ended->run) {
        errand_on_ended(b, ended, now);
        end_unknown(b, ended);
        return;
    }
    how = how_of(b, proc, ended);
    proc->cpu_ms = ended->cpu_ms;
    proc->peak_bytes = ended->peak_bytes;
    if (b->ready) {
        judge(b, proc, how, now);
        return;
    }
    proc->over = true;
    proc->how = how;
    proc->pid = 0;
}

void slots_finish(struct brain *b)
{
    for (size_t i = 0; i < b->roster.n; i++)
        if (b->roster.at[i]->slot != NO_SLOT && !pm_state_alive(b->roster.at[i]->life.state))
            free_note(b, b->roster.at[i]->slot);
}
