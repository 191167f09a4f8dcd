/* Every rule here is one of keeper/lives.c or keeper/keeper.c; what those do with the kernel is
 * done with the agenda.
 */
#include "sim/keeper_model.h"

#include "sim/graves.h"
#include "sim/mover_model.h"
#include "sim/network.h"
#include "sim/operator.h"
#include "sim/site.h"

#include "brain/brain.h"

#include <procman/marks.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIRE_MS     2     /* a packet between keeper and brain */
#define STOP_MS     300   /* a process that heeds its stop signal */
#define LIFETIME_MS 20000
#define REBEGIN_MS  4000  /* until somebody starts the deputy again */

struct slot *keeper_find(struct site *site, const char *group, const char *name)
{
    for (size_t i = 0; i < SIM_SLOTS; i++) {
        struct slot *slot = &site->keeper.slots[i];
        if (slot_lives(slot) && strcmp(slot->name, name) == 0 && strcmp(slot->group, group) == 0)
            return slot;
    }
    return NULL;
}

void keeper_fini(struct keeper *keeper)
{
    pipe_fini(&keeper->to_brain);
    pipe_fini(&keeper->to_keeper);
}

/* ---- to the brain ----------------------------------------------------------------- */

static void arrive_at_brain(struct world *w, void *subject, uint64_t tag)
{
    struct site *site = subject;
    struct letter letter;

    if (site->brain != NULL && tag == site->life
        && pipe_take(&site->keeper.to_brain, w->now_ms, &letter))
        site_on_keeper(site, &letter);
}

static void tell_brain(struct site *site, enum pm_msg kind, const void *msg)
{
    struct world *w = site->w;

    if (site->brain == NULL)
        return;
    later(w, pipe_put(&site->keeper.to_brain, w->now_ms + between(w, 0, WIRE_MS), kind, msg)
          - w->now_ms, arrive_at_brain, site, site->life);
}

static void tell_ended(struct site *site, size_t number)
{
    const struct slot *slot = &site->keeper.slots[number];
    struct pm_ended ended = { .slot = number, .run = slot->run, .pid = slot->pid,
                              .exit_code = slot->exit_code, .exit_signal = slot->exit_signal,
                              .unknown = slot->unknown };

    if (slot->phase == SLOT_ENDED)
        tell_brain(site, PM_MSG_ENDED, &ended);
}

static void tell_owed(struct site *site, size_t number)
{
    const struct slot *slot = &site->keeper.slots[number];

    for (size_t i = 0; i < slot->n_owed; i++)
        tell_brain(site, PM_MSG_OWED, &(struct pm_owed){ .slot = number, .run = slot->owed[i] });
}

bool keeper_gave_pipes(const struct site *site, enum pm_msg kind, const void *msg)
{
    const struct pm_held *held = msg;
    const struct pm_spawned *spawned = msg;

    if (kind == PM_MSG_HELD)
        return site->keeper.slots[held->slot].piped
            && site->keeper.slots[held->slot].run == held->run;
    return kind == PM_MSG_OWED || (kind == PM_MSG_SPAWNED && spawned->pid != 0);
}

static void tell_inventory(struct site *site)
{
    struct keeper *keeper = &site->keeper;
    struct pm_ready ready = { .version = PM_PROTOCOL_VERSION, .slots = SIM_SLOTS,
                              .epoch = keeper->epoch, .brains = ++keeper->brains,
                              .stopping = keeper->stage == KEEPER_STOPPING,
                              .leave_running = keeper->leave_running };

    for (size_t i = 0; i < SIM_SLOTS; i++) {
        const struct slot *slot = &keeper->slots[i];
        struct pm_held held = { .slot = i, .run = slot->run, .adopted = slot->adopted,
                                .pid = slot->phase == SLOT_LIVE ? slot->pid : 0,
                                .note = { slot->note, slot->note_n },
                                .group = slot->named ? slot->group : "",
                                .name = slot->named ? slot->name : "" };
        if (slot->phase == SLOT_FREE)
            continue;
        ready.held++;
        tell_brain(site, PM_MSG_HELD, &held);
        tell_ended(site, i);
        tell_owed(site, i);
    }
    tell_brain(site, PM_MSG_READY, &ready);
}

static void begin_brain(struct world *w, void *subject, uint64_t tag)
{
    struct site *site = subject;

    (void)w;
    if (tag != site->keeper.life || site->keeper.stage == KEEPER_DOWN || site->brain != NULL)
        return;
    site_begin_brain(site);
    tell_inventory(site);
}

/* ---- lives ------------------------------------------------------------------------ */

static void end_life(struct site *site, size_t number, int64_t code, int64_t by_signal)
{
    struct slot *slot = &site->keeper.slots[number];

    tell(site->w, "%s: %s (run %d) ends with %d/%d", site->name, slot->name, (int)slot->run,
         (int)code, (int)by_signal);
    grave_fill(site, slot);
    if (site->keeper.stage == KEEPER_DOWN) {
        slot->dead = true;
        return;
    }
    slot->unknown = slot->adopted;
    slot->exit_code = slot->adopted ? 0 : code;
    slot->exit_signal = slot->adopted ? 0 : by_signal;
    slot->phase = SLOT_ENDED;
    tell_ended(site, number);
    mover_on_end(site, number);
}

static bool find_life(struct site *site, uint64_t life, size_t *out)
{
    for (size_t i = 0; i < SIM_SLOTS; i++) {
        *out = i;
        if (slot_lives(&site->keeper.slots[i]) && site->keeper.slots[i].life == life)
            return true;
    }
    return false;
}

static void die_of_itself(struct world *w, void *subject, uint64_t tag)
{
    struct site *site = subject;
    size_t number;

    if (w->calm || !find_life(site, tag, &number))
        return;
    switch (roll(w, 3)) {
    case 0: end_life(site, number, 0, 0); break;
    case 1: end_life(site, number, 3, 0); break;
    default: end_life(site, number, 0, SIGSEGV); break;
    }
}

static void die_of_stop(struct world *w, void *subject, uint64_t tag)
{
    size_t number;

    (void)w;
    if (find_life(subject, tag, &number))
        end_life(subject, number, 0, SIGTERM);
}

static void die_of_kill(struct world *w, void *subject, uint64_t tag)
{
    size_t number;

    (void)w;
    if (find_life(subject, tag, &number))
        end_life(subject, number, 0, SIGKILL);
}

void keeper_end_random(struct site *site)
{
    struct slot *slot = &site->keeper.slots[roll(site->w, SIM_SLOTS)];

    if (slot_lives(slot))
        die_of_itself(site->w, site, slot->life);
}

static void kill_life(struct site *site, const struct pm_kill *kill)
{
    struct world *w = site->w;
    struct slot *slot = kill->slot < SIM_SLOTS ? &site->keeper.slots[kill->slot] : NULL;

    if (slot == NULL || !slot_lives(slot) || slot->run != kill->run)
        return;
    tell(w, "%s: %s (run %d) is sent signal %d", site->name, slot->name, (int)slot->run,
         (int)kill->signal);
    if (!slot->told)
        operator_on_stop(site, slot);
    slot->told = true;
    if (kill->signal == SIGKILL)
        later(w, between(w, 0, 5), die_of_kill, site, slot->life);
    else if (!slot->stubborn)
        later(w, between(w, 0, STOP_MS), die_of_stop, site, slot->life);
}

/* ---- from the brain --------------------------------------------------------------- */

static const char *variable(const struct pm_spawn *spawn, const char *name)
{
    for (size_t i = 0; i < spawn->env.n; i++)
        if (strcmp(spawn->env.at[i].name, name) == 0)
            return spawn->env.at[i].value;
    return "";
}

static void take_note(struct slot *slot, struct pm_blob note)
{
    pm_assert(note.n <= sizeof slot->note);
    if (note.n > 0)
        memcpy(slot->note, note.at, note.n);
    slot->note_n = note.n;
    slot->named = false;
}

static void bear(struct site *site, struct slot *slot, const struct pm_spawn *spawn)
{
    struct world *w = site->w;

    slot->phase = SLOT_LIVE;
    slot->piped = true;
    slot->life = ++w->births;
    slot->pid = 100 + (int64_t)w->births;
    slot->born_ms = w->now_ms;
    slot->stubborn = chance(w, 15);
    slot->version = (unsigned)strtoul(spawn->argv.at[1] + 1, NULL, 10);
    tell(w, "%s: %s begins run %d as %d, version %u", site->name, slot->name, (int)slot->run,
         (int)slot->pid, slot->version);
    if (trouble(w, 30))
        later(w, between(w, 0, chance(w, 30) ? 50 : LIFETIME_MS), die_of_itself, site, slot->life);
}

static void spawn(struct site *site, const struct pm_spawn *what)
{
    struct world *w = site->w;
    struct slot *slot = &site->keeper.slots[what->slot];
    struct pm_spawned spawned = { .slot = what->slot, .run = what->run };
    const char *group = variable(what, PM_MARK_GROUP), *name = variable(what, PM_MARK_NAME);

    if (keeper_find(site, group, name) != NULL)
        wrong(w, "%s: a second life of %s/%s is begun", site->name, group, name);
    if (slot->phase == SLOT_LIVE)
        wrong(w, "%s: %s is begun in a slot where %s lives", site->name, name, slot->name);
    if (what->run <= slot->run)
        wrong(w, "%s: %s begins run %llu after %llu", site->name, name,
              (unsigned long long)what->run, (unsigned long long)slot->run);
    slot_renew(slot, what->run);
    take_note(slot, what->note);
    snprintf(slot->group, sizeof slot->group, "%s", group);
    snprintf(slot->name, sizeof slot->name, "%s", name);
    grave_dig(site, slot);
    if (trouble(w, 4)) {
        spawned.stage = PM_STAGE_EXEC;
        spawned.error = ENOENT;
        grave_fill(site, slot);
    } else {
        bear(site, slot, what);
        spawned.pid = slot->pid;
    }
    tell_brain(site, PM_MSG_SPAWNED, &spawned);
}

static void note(struct site *site, struct slot *slot, struct pm_blob text)
{
    if (text.n == 0 && slot->phase != SLOT_LIVE) {
        if (site->keeper.stage == KEEPER_KEEPING && (slot->piped || slot->n_owed > 0))
            wrong(site->w, "%s: the slot of %s is free, and the last words in its pipes are lost",
                  site->name, slot->name);
        *slot = (struct slot){ 0 };
        return;
    }
    take_note(slot, text);
    if (slot->phase == SLOT_FREE)
        slot->phase = SLOT_IDLE;
}

static void seen(struct slot *slot, uint64_t run)
{
    if (slot->run == run && slot->phase == SLOT_ENDED)
        slot->phase = SLOT_IDLE;
}

static void start_again(struct world *w, void *subject, uint64_t tag)
{
    struct site *site = subject;

    (void)w;
    if (tag == site->keeper.life && site->keeper.stage == KEEPER_DOWN)
        keeper_begin(site, KEEPER_REMEMBERS);
}

static void finish(struct site *site, bool leave_running)
{
    struct keeper *keeper = &site->keeper;

    for (size_t i = 0; i < SIM_SLOTS; i++)
        if (!leave_running && slot_lives(&keeper->slots[i]))
            wrong(site->w, "%s: the brain has finished, but %s lives", site->name,
                  keeper->slots[i].name);
    tell(site->w, "%s: the deputy has ended", site->name);
    keeper->stage = KEEPER_DOWN;
    if (!leave_running)
        keeper->brains = 0;
    site_kill_brain(site);
    pipe_cut(&keeper->to_keeper, 0);
    pipe_cut(&keeper->to_brain, 0);
    later(site->w, between(site->w, 100, REBEGIN_MS), start_again, site, ++keeper->life);
}

static void take_request(struct site *site, enum pm_msg kind, const void *msg)
{
    struct slot *slots = site->keeper.slots;

    switch (kind) {
    case PM_MSG_SPAWN:
        pm_assert(((const struct pm_spawn *)msg)->slot < SIM_SLOTS);
        spawn(site, msg);
        break;
    case PM_MSG_KILL:
        kill_life(site, msg);
        break;
    case PM_MSG_NOTE:
        note(site, &slots[((const struct pm_note *)msg)->slot],
             ((const struct pm_note *)msg)->note);
        break;
    case PM_MSG_DRAINED:
        slot_drained(site, &slots[((const struct pm_drained *)msg)->slot],
                     ((const struct pm_drained *)msg)->run);
        break;
    case PM_MSG_SEEN:
        seen(&slots[((const struct pm_seen *)msg)->slot], ((const struct pm_seen *)msg)->run);
        break;
    case PM_MSG_FINISHED:
        finish(site, ((const struct pm_finished *)msg)->leave_running);
        break;
    default:
        wrong(site->w, "%s: the brain speaks out of turn", site->name);
    }
}

static void take_next(struct site *site)
{
    struct letter letter;
    struct opened opened;

    if (!pipe_take(&site->keeper.to_keeper, INT64_MAX, &letter))
        return;
    letter_open(&letter, &opened);
    take_request(site, letter.kind, opened.msg);
    letter_close(&letter, &opened);
}

static void arrive_at_keeper(struct world *w, void *subject, uint64_t tag)
{
    struct site *site = subject;

    (void)w;
    if (tag == site->life && site->keeper.stage != KEEPER_DOWN)
        take_next(site);
}

void keeper_from_brain(struct site *site, enum pm_msg kind, const void *msg)
{
    struct world *w = site->w;

    later(w, pipe_put(&site->keeper.to_keeper, w->now_ms + between(w, 0, WIRE_MS), kind, msg)
          - w->now_ms, arrive_at_keeper, site, site->life);
}

/* ---- deaths ----------------------------------------------------------------------- */

/* Its last words are heard; a few it may not have got rid of. */
void keeper_brain_died(struct site *site)
{
    struct keeper *keeper = &site->keeper;
    struct world *w = site->w;

    if (chance(w, 30))
        pipe_cut(&keeper->to_keeper, roll(w, pipe_count(&keeper->to_keeper) + 1));
    while (pipe_count(&keeper->to_keeper) > 0 && keeper->stage != KEEPER_DOWN)
        take_next(site);
    if (keeper->stage != KEEPER_DOWN)
        later(w, between(w, 10, 1000), begin_brain, site, keeper->life);
}

void keeper_die(struct site *site)
{
    struct keeper *keeper = &site->keeper;

    if (keeper->stage == KEEPER_DOWN)
        return;
    keeper->stage = KEEPER_DOWN;
    keeper->life++;
    site_kill_brain(site);
    pipe_cut(&keeper->to_keeper, 0);
    pipe_cut(&keeper->to_brain, 0);
}

void keeper_terminate(struct site *site, bool leave_running)
{
    struct pm_stopping stopping = { .leave_running = leave_running };

    if (site->keeper.stage != KEEPER_KEEPING)
        return;
    if (!leave_running)
        operator_pardon(site);
    site->keeper.stage = KEEPER_STOPPING;
    site->keeper.leave_running = leave_running;
    tell_brain(site, PM_MSG_STOPPING, &stopping);
}

/* ---- the next one ----------------------------------------------------------------- */

void keeper_begin(struct site *site, enum keeper_memory memory)
{
    struct keeper *keeper = &site->keeper;

    if (memory == KEEPER_LOST_TABLE)
        graves_excuse(site);
    if (memory == KEEPER_REBOOTED)
        graves_forget(site);
    for (size_t i = 0; i < SIM_SLOTS; i++)
        slot_take_over(&keeper->slots[i], memory);
    if (memory != KEEPER_REMEMBERS || keeper->epoch == 0) {
        keeper->epoch = roll(site->w, 0) | 1;
        keeper->brains = 0;
    }
    if (memory == KEEPER_REBOOTED)
        site_forget(site);
    keeper->stage = KEEPER_KEEPING;
    keeper->leave_running = false;
    begin_brain(site->w, site, ++keeper->life);
}
