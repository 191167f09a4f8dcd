#include "sim/network.h"

#include "sim/office.h"
#include "sim/site.h"
#include "sim/twin.h"

#include <stdlib.h>

#define HEARTBEAT_MS 3000 /* ZMQ_HEARTBEAT_TIMEOUT of both sides */
#define QUICK_MS     5    /* most letters */
#define SLOW_MS      400  /* some */
#define RETRY_MS     2000 /* ZMQ_RECONNECT_IVL_MAX */

void network_open(struct world *w)
{
    w->network = pm_alloc(sizeof *w->network);
}

void network_close(struct world *w)
{
    struct network *network = w->network;

    for (size_t i = 0; i < network->n; i++) {
        pipe_fini(&network->at[i]->to_deputy);
        pipe_fini(&network->at[i]->to_sheriff);
        free(network->at[i]);
    }
    free(network->at);
    free(network);
}

struct connection *network_peer(const struct world *w, uint64_t peer)
{
    return peer > 0 && peer <= w->network->n ? w->network->at[peer - 1] : NULL;
}

/* ---- delivery --------------------------------------------------------------------- */

static bool is_silent(const struct site *site)
{
    return site->silent_until_ms > site->w->now_ms;
}

static bool is_held_up(const struct connection *c)
{
    return c->twin == 0 && is_silent(c->site);
}

static int64_t travel_ms(struct world *w)
{
    return between(w, 0, trouble(w, 3) ? SLOW_MS : QUICK_MS);
}

static void arrive_at_sheriff(struct world *w, void *subject, uint64_t tag)
{
    struct connection *c = subject;
    struct letter letter;

    if (is_held_up(c)) {
        later(w, c->site->silent_until_ms - w->now_ms, arrive_at_sheriff, c, tag);
        return;
    }
    if (pipe_take(&c->to_sheriff, w->now_ms, &letter))
        office_on_deputy(w, c, &letter);
}

static void arrive_at_deputy(struct world *w, void *subject, uint64_t tag)
{
    struct connection *c = subject;
    struct letter letter;

    if (is_held_up(c)) {
        later(w, c->site->silent_until_ms - w->now_ms, arrive_at_deputy, c, tag);
        return;
    }
    if (!pipe_take(&c->to_deputy, w->now_ms, &letter))
        return;
    if (c->twin != 0)
        twin_hear(c, &letter);
    else
        site_on_sheriff(c->site, &letter);
}

bool network_say(struct connection *c, enum pm_msg kind, const void *msg)
{
    struct world *w = c->site->w;

    w->letters++;
    later(w, pipe_put(&c->to_sheriff, w->now_ms + travel_ms(w), kind, msg) - w->now_ms,
          arrive_at_sheriff, c, 0);
    return true;
}

bool network_to_sheriff(struct site *site, enum pm_msg kind, const void *msg)
{
    return site->line != NULL && !trouble(site->w, 1) && network_say(site->line, kind, msg);
}

bool network_to_deputy(struct world *w, uint64_t peer, enum pm_msg kind, const void *msg)
{
    struct connection *c = network_peer(w, peer);

    if (c == NULL || !c->at_sheriff || (trouble(w, 1) && chance(w, 20)))
        return false;
    w->letters++;
    later(w, pipe_put(&c->to_deputy, w->now_ms + travel_ms(w), kind, msg) - w->now_ms,
          arrive_at_deputy, c, 0);
    return true;
}

/* ---- the end of a connection ------------------------------------------------------ */

/* How long until the other end notices: at once, or when heartbeats fail. */
static int64_t notice_ms(const struct site *site)
{
    struct world *w = site->w;
    int64_t silent_ms = site->silent_until_ms - w->now_ms;

    if (silent_ms > HEARTBEAT_MS)
        silent_ms = HEARTBEAT_MS;
    return (silent_ms > 0 ? silent_ms : 0) + between(w, 0, 30);
}

static void lose_beginning(struct world *w, struct pipe *pipe)
{
    pipe_cut(pipe, roll(w, pipe_count(pipe) + 1));
}

static void end_at_deputy(struct world *w, void *subject, uint64_t tag)
{
    struct connection *c = subject;

    (void)w;
    (void)tag;
    if (!c->at_deputy)
        return;
    c->at_deputy = false;
    if (c->site->line != c)
        return;
    c->site->line = NULL;
    site_on_link(c->site, false);
    network_dial(c->site);
}

/* A ROUTER is told nothing; its next word to that peer fails. */
static void end_at_sheriff(struct world *w, void *subject, uint64_t tag)
{
    (void)w;
    (void)tag;
    ((struct connection *)subject)->at_sheriff = false;
}

void network_leave(struct connection *c)
{
    struct world *w = c->site->w;

    c->at_deputy = false;
    pipe_cut(&c->to_deputy, 0);
    lose_beginning(w, &c->to_sheriff);
    later(w, notice_ms(c->site), end_at_sheriff, c, 0);
}

void network_hang_up(struct site *site)
{
    struct connection *c = site->line;

    site->dials++;
    if (c == NULL)
        return;
    site->line = NULL;
    network_leave(c);
}

void network_cut(struct site *site)
{
    struct connection *c = site->line;

    if (c == NULL)
        return;
    lose_beginning(site->w, &c->to_sheriff);
    lose_beginning(site->w, &c->to_deputy);
    later(site->w, notice_ms(site), end_at_sheriff, c, 0);
    later(site->w, notice_ms(site), end_at_deputy, c, 0);
}

static void heartbeats_fail(struct world *w, void *subject, uint64_t tag)
{
    struct site *site = subject;

    (void)w;
    if (is_silent(site) && site->line != NULL && site->line->number == tag)
        network_cut(site);
}

void network_silence(struct site *site, int64_t ms)
{
    if (is_silent(site))
        return;
    site->silent_until_ms = site->w->now_ms + ms;
    if (site->line != NULL)
        later(site->w, HEARTBEAT_MS, heartbeats_fail, site, site->line->number);
}

void network_sheriff_died(struct world *w)
{
    for (size_t i = 0; i < w->network->n; i++) {
        struct connection *c = w->network->at[i];

        pipe_cut(&c->to_sheriff, 0);
        if (!c->at_sheriff)
            continue;
        c->at_sheriff = false;
        lose_beginning(w, &c->to_deputy);
        later(w, notice_ms(c->site), end_at_deputy, c, 0);
    }
}

/* ---- the beginning ---------------------------------------------------------------- */

static struct connection *connect(struct site *site)
{
    struct network *network = site->w->network;
    struct connection *c = pm_alloc(sizeof *c);

    if (network->n == network->cap) {
        network->cap = network->cap ? 2 * network->cap : 64;
        network->at = pm_resize(network->at, network->cap, sizeof *network->at);
    }
    network->at[network->n++] = c;
    c->site = site;
    c->number = network->n;
    c->at_deputy = c->at_sheriff = true;
    return c;
}

static void connect_to_sheriff(struct site *site)
{
    site->line = connect(site);
    site_on_link(site, true);
}

struct connection *network_connect_twin(struct site *site)
{
    struct connection *c = connect(site);

    c->twin = roll(site->w, UINT32_MAX) + 1;
    return c;
}

static void try_to_connect(struct world *w, void *subject, uint64_t tag)
{
    struct site *site = subject;

    if (tag != site->dials || site->brain == NULL || site->line != NULL)
        return;
    if (!is_silent(site) && office_is_open(w))
        connect_to_sheriff(site);
    else
        later(w, between(w, 100, RETRY_MS), try_to_connect, site, tag);
}

void network_dial(struct site *site)
{
    later(site->w, between(site->w, 1, 200), try_to_connect, site, ++site->dials);
}
