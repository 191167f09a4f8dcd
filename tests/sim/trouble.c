#include "sim/trouble.h"

#include "sim/network.h"
#include "sim/office.h"
#include "sim/operator.h"
#include "sim/site.h"
#include "sim/twin.h"

#define PAUSE_MS        1000  /* between two troubles, at most */
#define BLINK_MS        2500  /* a silence that heartbeats survive */
#define SILENCE_MS      9000
#define LONG_SILENCE_MS 15000 /* longer than the deputy's patience */
#define AWAY_MS         4000  /* until a dead daemon is started again */
#define LEAP_MS         (366 * 86400000ll)

static struct site *somebody(struct world *w)
{
    return &w->sites[roll(w, w->n_sites)];
}

static void kill_brain(struct site *site)
{
    if (site->brain == NULL)
        return;
    site_kill_brain(site);
    keeper_brain_died(site);
}

/* ---- keepers ---------------------------------------------------------------------- */

static void come_back(struct world *w, void *subject, uint64_t tag)
{
    struct site *site = subject;
    enum keeper_memory memory = tag % 4;

    (void)w;
    if (tag / 4 == site->keeper.life && site->keeper.stage == KEEPER_DOWN)
        keeper_begin(site, memory);
}

/* Whose slot is forgotten has obeyed nobody knows what. */
static void forget(struct site *site)
{
    for (size_t i = 0; i < SIM_SLOTS; i++)
        site->keeper.slots[i].forgotten = true;
    if (chance(site->w, 30))
        site->wish.n = 0;
}

static void kill_keeper(struct site *site)
{
    struct world *w = site->w;
    enum keeper_memory memory = chance(w, 10) ? KEEPER_LOST_TABLE
                                : chance(w, 10) ? KEEPER_REBOOTED : KEEPER_REMEMBERS;

    if (site->keeper.stage == KEEPER_DOWN)
        return;
    tell(w, "%s: the keeper dies%s", site->name,
         memory == KEEPER_LOST_TABLE ? ", and its table is lost"
         : memory == KEEPER_REBOOTED ? " with the whole machine" : "");
    keeper_die(site);
    if (memory == KEEPER_LOST_TABLE)
        forget(site);
    later(w, between(w, 20, AWAY_MS), come_back, site, site->keeper.life * 4 + memory);
}

/* ---- at random -------------------------------------------------------------------- */

static void strike(struct world *w)
{
    struct site *site = somebody(w);
    uint64_t what = roll(w, 100);

    w->troubles++;
    if (what < 25)
        kill_brain(site);
    else if (what < 40)
        kill_keeper(site);
    else if (what < 55)
        network_cut(site);
    else if (what < 65)
        network_silence(site, between(w, 10, BLINK_MS));
    else if (what < 72)
        network_silence(site, between(w, BLINK_MS, SILENCE_MS));
    else if (what < 75)
        network_silence(site, between(w, SILENCE_MS, LONG_SILENCE_MS));
    else if (what < 80)
        office_crash(w, between(w, 10, AWAY_MS), chance(w, 4));
    else if (what < 84)
        keeper_terminate(site, chance(w, 50));
    else if (what < 86)
        w->wall_ms = between(w, -LEAP_MS, LEAP_MS);
    else if (what < 89)
        twin_come(site);
    else
        keeper_end_random(site);
}

static void go_wrong(struct world *w, void *subject, uint64_t tag)
{
    if (w->calm)
        return;
    strike(w);
    if (chance(w, 10)) /* troubles come in company */
        for (size_t i = 0; i < w->n_sites; i++)
            strike(w);
    later(w, between(w, 5, PAUSE_MS), go_wrong, subject, tag);
}

void trouble_begin(struct world *w)
{
    later(w, 1, go_wrong, NULL, 0);
}

int64_t trouble_over_ms(struct world *w)
{
    int64_t last_ms = 0;

    for (size_t i = 0; i < w->n_sites; i++)
        if (w->sites[i].silent_until_ms - w->now_ms > last_ms)
            last_ms = w->sites[i].silent_until_ms - w->now_ms;
    return last_ms;
}
