/* The sheriff's shell, as boring as the real one.
 */
#include "sim/office.h"

#include "sim/graves.h"
#include "sim/invariants.h"
#include "sim/network.h"
#include "sim/operator.h"
#include "sim/site.h"
#include "sim/store_model.h"

#include "sheriffd/sheriff.h"

#include <stdlib.h>

#define CLIENT      1
#define BEGAN_WALL 1700000000000

struct office {
    struct sheriff *sheriff;   /* NULL: crashed */
    bool dying;                /* what closing would still say and store is not heard */
    struct store_model store;
    uint64_t life;
    int64_t turn_at_ms;
};

bool office_is_open(const struct world *w)
{
    return w->office->sheriff != NULL;
}

uint64_t office_life(const struct world *w)
{
    return w->office->life;
}

static struct sheriff_now now(const struct world *w)
{
    return (struct sheriff_now){ .mono = world_now(w),
                                 .wall = { BEGAN_WALL + w->now_ms + w->wall_ms } };
}

/* ---- the sheriff's way out ---------------------------------------------------------- */

static bool to_deputy(void *self, uint64_t peer, enum pm_msg kind, const void *msg)
{
    struct world *w = self;
    struct connection *c = network_peer(w, peer);

    if (w->office->dying)
        return false;
    check_sent(w, c->site, kind, msg);
    return network_to_deputy(w, peer, kind, msg);
}

static enum pm_err to_client(void *self, uint64_t peer, enum pm_msg kind, const void *msg)
{
    (void)peer;
    operator_hear(self, kind, msg);
    return PM_OK;
}

static void publish(void *self, const char *topic, enum pm_msg kind, const void *msg)
{
    if (kind == PM_MSG_HAPPENED)
        tell(self, "%s: %s", topic, ((const struct pm_happened *)msg)->event.text);
}

static void store(void *self, struct batch *batch)
{
    struct world *w = self;

    if (w->office->dying)
        batch_close(&batch);
    else
        store_model_give(w, &w->office->store, batch);
}

static void ask_history(void *self, struct history *history)
{
    (void)self;
    history_close(&history);
}

static uint64_t number(void *self)
{
    return (roll(self, 0) >> 1) + 1;
}

static void log_line(void *self, enum pm_log_level level, const char *text)
{
    (void)level;
    tell(self, "sheriff: %s", text);
}

static void finish(void *self)
{
    wrong(self, "the sheriff ends, and nobody told it to");
}

/* Nothing is started by time here. */
static bool no_zone(void *self, const char *name, int64_t from_s, int64_t until_s,
                    struct zone *out)
{
    (void)self, (void)name, (void)from_s, (void)until_s, (void)out;
    return false;
}

static const struct sheriff_port port = {
    .to_deputy = to_deputy, .to_client = to_client, .publish = publish, .store = store,
    .ask_history = ask_history, .random = number, .read_zone = no_zone,
    .log = log_line, .finish = finish,
};

/* ---- turns ------------------------------------------------------------------------ */

static void wake(struct world *w, int64_t in_ms);

static void take_turn(struct world *w, void *subject, uint64_t tag)
{
    struct office *office = subject;

    if (office->sheriff == NULL || tag != office->life || office->turn_at_ms > w->now_ms)
        return;
    office->turn_at_ms = INT64_MAX;
    wake(w, sheriff_turn(office->sheriff, now(w)));
}

static void wake(struct world *w, int64_t in_ms)
{
    struct office *office = w->office;

    if (w->now_ms + in_ms >= office->turn_at_ms)
        return;
    office->turn_at_ms = w->now_ms + in_ms;
    later(w, in_ms, take_turn, office, office->life);
}

static void wake_soon(struct world *w)
{
    wake(w, between(w, 0, 2));
}

/* ---- what is heard ---------------------------------------------------------------- */

void office_on_deputy(struct world *w, struct connection *c, struct letter *letter)
{
    struct opened opened;

    letter_open(letter, &opened);
    if (w->office->sheriff != NULL) {
        tell(w, "sheriff ← %s: %s", c->site->name, pm_msg_desc(letter->kind)->name);
        check_said(w, c->site, letter->kind, opened.msg);
        sheriff_on_deputy(w->office->sheriff, c->number, c->site->name, letter->kind, opened.msg,
                          now(w));
        wake_soon(w);
    }
    letter_close(letter, &opened);
}

void office_on_client(struct world *w, enum pm_msg kind, const void *msg)
{
    struct sheriff_client client = { .peer = CLIENT, .may_change = true, .user = "ann",
                                     .pid = 42 };

    sheriff_on_client(w->office->sheriff, &client, kind, msg, now(w));
    wake_soon(w);
}

void office_on_stored(struct world *w, uint64_t batch, enum pm_err err)
{
    sheriff_on_stored(w->office->sheriff, batch, err, err != PM_OK ? "the disk is full" : "",
                      now(w));
    wake_soon(w);
}

/* ---- life ------------------------------------------------------------------------- */

static void kill_sheriff(struct office *office)
{
    office->dying = true;
    sheriff_close(&office->sheriff);
    office->dying = false;
}

static void begin(struct world *w, void *subject, uint64_t tag)
{
    struct office *office = subject;
    struct sheriff_setup setup = { .name = "s00", .port = &port, .self = w };
    struct image image;

    if (tag != office->life || office->sheriff != NULL)
        return;
    tell(w, "a sheriff begins");
    store_model_load(&office->store, &image);
    setup.image = &image;
    office->life++;
    office->turn_at_ms = INT64_MAX;
    sheriff_open(&setup, now(w), &office->sheriff);
    sheriff_on_audience(office->sheriff, chance(w, 50), true);
    image_fini(&image);
    wake_soon(w);
}

void office_crash(struct world *w, int64_t back_in_ms, bool store_lost)
{
    struct office *office = w->office;

    if (office->sheriff == NULL)
        return;
    tell(w, "the sheriff dies%s", store_lost ? ", and its store is lost" : "");
    operator_sheriff_died(w, store_lost);
    store_model_die(w, &office->store);
    kill_sheriff(office);
    network_sheriff_died(w);
    if (store_lost) {
        graves_lost(w);
        store_model_fini(&office->store);
        store_model_init(&office->store, number(w));
    }
    later(w, back_in_ms, begin, office, ++office->life);
}

void office_open(struct world *w)
{
    w->office = pm_alloc(sizeof *w->office);
    store_model_init(&w->office->store, number(w));
    begin(w, w->office, 0);
}

void office_close(struct world *w)
{
    kill_sheriff(w->office);
    store_model_fini(&w->office->store);
    free(w->office);
}
