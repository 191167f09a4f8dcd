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
    enum pm_err err;

    site->wish.n = 0;
    err = pm_encode(&pm_wish_desc, wish, &site->wish);
    pm_assert(err == PM_OK);
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

static void last(void *self, struct output_file *output, uint64_t run)
{
    (void)self, (void)output, (void)run;
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
    .keep_wish = keep_wish, .resolve = resolve, .chance = die, .log = log_line, .file = mover_file,
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

void site_on_sheriff(struct site *site, struct letter *letter)
{
    struct opened opened;
    uint64_t spoken = site->spoken, session;

    letter_open(letter, &opened);
    if (site->brain != NULL) {
        tell(site->w, "%s ← sheriff: %s", site->name, pm_msg_desc(letter->kind)->name);
        session = brain_session(site->brain);
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
    site->turn_at_ms = INT64_MAX;
    brain_open(&setup, world_now(site->w), &site->brain);
    load_wish(site);
    network_dial(site);
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
        pm_buf_fini(&w->sites[i].wish);
    }
    free(w->sites);
}
