/* The brain's shell, as boring as the real one: read, decode, hand over, give it its turn.
 */
#include "sim/site.h"

#include "sim/invariants.h"
#include "sim/mover_model.h"
#include "sim/network.h"

#include "brain/brain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MS 300 /* until its last lines are read */

/* ---- the brain's way out ---------------------------------------------------------- */

static bool to_keeper(void *self, enum pm_msg kind, const void *msg)
{
    struct site *site = self;

    site->spoken++;
    keeper_from_brain(site, kind, msg);
    return true;
}

static bool to_sheriff(void *self, enum pm_msg kind, const void *msg)
{
    struct site *site = self;

    tell(site->w, "%s → sheriff: %s%s", site->name, pm_msg_desc(kind)->name,
         site->line == NULL ? ", but there is no connection" : "");
    return network_to_sheriff(site, kind, msg);
}

static void reconnect(void *self)
{
    struct site *site = self;

    tell(site->w, "%s gives its connection up", site->name);
    network_hang_up(site);
    network_dial(site);
}

static void keep_wish(void *self, const struct pm_wish *wish)
{
    struct site *site = self;
    enum pm_err err = PM_OK;

    site->wish.n = 0;
    if (wish != NULL)
        err = pm_encode(&pm_wish_desc, wish, &site->wish);
    pm_assert(err == PM_OK);
}

static void copy_past(struct site *site, const struct pm_kept_end *at, size_t n)
{
    site->past = pm_resize(site->past, site->n_past + n + 1, sizeof *site->past);
    for (size_t i = 0; i < n; i++) {
        enum pm_err err = pm_copy(&pm_kept_end_desc, &at[i], &site->past_arena,
                                  &site->past[site->n_past++]);
        pm_assert(err == PM_OK);
    }
}

static void keep_past(void *self, const struct pm_kept_end *at, size_t n, bool anew)
{
    struct site *site = self;

    if (anew) {
        pm_arena_fini(&site->past_arena);
        site->n_past = 0;
    }
    copy_past(site, at, n);
}

static bool oom_ran(void *self)
{
    return chance(((struct site *)self)->w, 10);
}

static const char *resolve(void *self, const struct pm_spec *spec, struct pm_arena *arena,
                           struct brain_ids *out, char *text, size_t size)
{
    (void)self, (void)spec, (void)arena, (void)out, (void)text, (void)size;
    return NULL;
}

static double die(void *self)
{
    return (double)roll(((struct site *)self)->w, 1000) / 1000;
}

static void log_line(void *self, enum pm_log_level level, const char *text)
{
    (void)level;
    tell(((struct site *)self)->w, "%s", text);
}

static void limits(void *self, struct output_file *output, uint64_t max_bytes, uint64_t keep)
{
    (void)self, (void)output, (void)max_bytes, (void)keep;
}

/* The last lines of the life a slot held last; nobody has any of an earlier one. */
static void tell_last(struct world *w, void *subject, uint64_t tag)
{
    struct site *site = subject;
    const struct slot *slot = &site->keeper.slots[tag % SIM_SLOTS];
    struct pm_blob lines = { (const uint8_t *)slot->name, strlen(slot->name) };

    if (site->brain == NULL || tag / SIM_SLOTS != site->life)
        return;
    brain_on_last(site->brain, slot->group, slot->name, slot->run, slot->run, lines, world_now(w));
    site_wake_soon(site);
}

static void last(void *self, struct output_file *output, uint64_t run)
{
    struct site *site = self;

    (void)output;
    for (size_t i = 0; i < SIM_SLOTS; i++)
        if (site->keeper.slots[i].run == run)
            later(site->w, between(site->w, 1, LINES_MS), tell_last, site,
                  site->life * SIM_SLOTS + i);
}

static void follow(void *self, struct output_file *output, uint64_t id, bool on)
{
    (void)self, (void)output, (void)id, (void)on;
}

static void read_output(void *self, struct output_file *output, const struct pm_read *read)
{
    (void)self, (void)output, (void)read;
}

static const struct brain_port port = {
    .to_keeper = to_keeper, .to_sheriff = to_sheriff, .reconnect = reconnect,
    .keep_wish = keep_wish, .keep_past = keep_past, .oom_ran = oom_ran, .resolve = resolve,
    .chance = die, .log = log_line, .file = mover_file,
    .limits = limits, .collect = mover_collect, .follow = follow, .read = read_output, .last = last,
    .drained = mover_drained, .drop = mover_drop,
};

/* ---- turns ------------------------------------------------------------------------ */

static void wake(struct site *site, int64_t at_ms);

static void take_turn(struct world *w, void *subject, uint64_t tag)
{
    struct site *site = subject;

    if (site->brain == NULL || tag != site->life || site->turn_at_ms > w->now_ms)
        return;
    site->turn_at_ms = INT64_MAX;
    brain_turn(site->brain, world_now(w));
    if (site->hears_ms != 0)
        site->heard_ms = site->hears_ms;
    site->hears_ms = 0;
    check_attended(site);
    wake(site, brain_next(site->brain).ms);
}

static void wake(struct site *site, int64_t at_ms)
{
    struct world *w = site->w;

    if (at_ms <= w->now_ms)
        at_ms = w->now_ms + 1;
    if (at_ms >= site->turn_at_ms)
        return;
    site->turn_at_ms = at_ms;
    later(w, at_ms - w->now_ms, take_turn, site, site->life);
}

/* Often several messages come before a turn. */
void site_wake_soon(struct site *site)
{
    wake(site, site->w->now_ms + between(site->w, 0, 2));
}

/* ---- what is heard ---------------------------------------------------------------- */

void site_on_keeper(struct site *site, struct letter *letter)
{
    struct opened opened;

    letter_open(letter, &opened);
    site->pipes_in_hand = keeper_gave_pipes(site, letter->kind, opened.msg);
    brain_on_keeper(site->brain, letter->kind, opened.msg, world_now(site->w));
    letter_close(letter, &opened);
    site_wake_soon(site);
}

static uint64_t session_in(enum pm_msg kind, const void *msg)
{
    const struct pm_desc *desc = pm_msg_desc(kind);

    for (size_t i = 0; i < desc->n; i++)
        if (strcmp(desc->fields[i].key, "session") == 0)
            return *(const uint64_t *)((const char *)msg + desc->fields[i].offset);
    return 0;
}

void site_on_sheriff(struct site *site, struct letter *letter)
{
    struct opened opened;
    uint64_t spoken = site->spoken, session;

    letter_open(letter, &opened);
    if (site->brain != NULL) {
        tell(site->w, "%s ← sheriff: %s", site->name, pm_msg_desc(letter->kind)->name);
        session = brain_session(site->brain);
        if (letter->kind != PM_MSG_WELCOME && session != 0
            && session_in(letter->kind, opened.msg) == session)
            site->hears_ms = site->told_ms = site->w->now_ms;
        brain_on_sheriff(site->brain, letter->kind, opened.msg, world_now(site->w));
        if (spoken != site->spoken)
            check_obeyed(site, session, letter->kind, opened.msg);
        site_wake_soon(site);
    }
    letter_close(letter, &opened);
}

void site_on_link(struct site *site, bool connected)
{
    if (site->brain == NULL)
        return;
    tell(site->w, "%s is %s", site->name, connected ? "connected" : "disconnected");
    brain_on_link(site->brain, connected, world_now(site->w));
    site_wake_soon(site);
}

/* ---- a brain's life --------------------------------------------------------------- */

static void load_wish(struct site *site)
{
    struct pm_arena arena;
    struct pm_wish wish;
    enum pm_err err;

    if (site->wish.n == 0)
        return;
    pm_arena_init(&arena, 0);
    err = pm_decode(&pm_wish_desc, site->wish.at, site->wish.n, &arena, &wish, NULL);
    pm_assert(err == PM_OK);
    brain_load_wish(site->brain, &wish);
    pm_arena_fini(&arena);
}

void site_begin_brain(struct site *site)
{
    struct brain_setup setup = { .name = site->name, .hostname = site->name, .boot_id = "boot",
                                 .port = &port, .self = site };

    tell(site->w, "%s: a brain begins", site->name);
    site->life++;
    site->born_ms = site->w->now_ms;
    site->turn_at_ms = INT64_MAX;
    brain_open(&setup, world_now(site->w), &site->brain);
    load_wish(site);
    for (size_t i = 0; i < site->n_past; i++)
        brain_load_past(site->brain, &site->past[i]);
    network_dial(site);
}

void site_forget(struct site *site)
{
    pm_buf_fini(&site->wish);
    pm_arena_fini(&site->past_arena);
    site->n_past = 0;
}

/* A killed brain keeps no wish: what closing would write is thrown away. */
void site_kill_brain(struct site *site)
{
    struct pm_buf kept = site->wish;

    if (site->brain == NULL)
        return;
    tell(site->w, "%s: the brain dies", site->name);
    site->wish = (struct pm_buf){ 0 };
    brain_close(&site->brain);
    mover_die(site);
    site->hears_ms = 0;
    pm_buf_fini(&site->wish);
    site->wish = kept;
    site->life++;
    pipe_cut(&site->keeper.to_brain, 0);
    network_hang_up(site);
}

void sites_open(struct world *w)
{
    w->sites = pm_alloc(w->n_sites * sizeof *w->sites);
    for (size_t i = 0; i < w->n_sites; i++) {
        struct site *site = &w->sites[i];
        site->w = w;
        snprintf(site->name, sizeof site->name, "s%02u", (unsigned)i);
        keeper_begin(site, KEEPER_REBOOTED);
    }
}

void sites_close(struct world *w)
{
    for (size_t i = 0; i < w->n_sites; i++) {
        site_kill_brain(&w->sites[i]);
        keeper_fini(&w->sites[i].keeper);
        site_forget(&w->sites[i]);
        free(w->sites[i].past);
    }
    free(w->sites);
}
