/* A simulated fleet in one thread: one sheriff core, many brain cores, a network that delays and
 * cuts, keepers and a store that die and return, an operator who orders at random.
 *
 *   sim              a fixed range of seeds, as the tests run it
 *   sim SEED …       these seeds
 *   sim --seeds N    the first N seeds
 *   --loud           every step
 *
 * Each seed lives through rounds of trouble; after each, when nothing goes wrong any more, all
 * must agree within a bound: what the sheriff shows, what lives, and what was ordered.
 */
#include "sim/invariants.h"
#include "sim/office.h"
#include "sim/operator.h"
#include "sim/orders.h"
#include "sim/trouble.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS       60
#define ROUNDS      3
#define TROUBLE_MS  30000
#define CONVERGE_MS 40000 /* silence of 10 s, a new session, two beats, backoff, a stubborn life */
#define LOOK_MS     250
#define STABLE_MS   15000 /* longer than either end of half a connection believes in it */

static int64_t worst_ms;

static bool agrees(struct world *w, char *why, size_t size)
{
    return office_is_open(w) && has_converged(w, why, size);
}

static void agree(struct world *w, int64_t began_ms)
{
    char why[400] = "the office is closed";

    while (!agrees(w, why, sizeof why)) {
        if (w->now_ms - began_ms > CONVERGE_MS)
            wrong(w, "still not converged after %d ms: %s", CONVERGE_MS, why);
        world_live(w, LOOK_MS);
    }
}

/* At every look, and without a birth. */
static bool stays_so(struct world *w)
{
    int64_t end_ms = w->now_ms + STABLE_MS;
    uint64_t births = w->births;
    char why[400];

    while (w->now_ms < end_ms) {
        world_live(w, LOOK_MS);
        if (!agrees(w, why, sizeof why)) {
            tell(w, "no longer: %s", why);
            return false;
        }
    }
    if (births != w->births)
        wrong(w, "lives begin though nothing happened");
    return true;
}

/* Until it stays so: a connection of which only one end is left looks well for some seconds. */
static void converge(struct world *w)
{
    int64_t began_ms = w->now_ms, agreed_ms;

    do {
        agree(w, began_ms);
        agreed_ms = w->now_ms - began_ms;
    } while (!stays_so(w));
    if (agreed_ms > worst_ms)
        worst_ms = agreed_ms;
    learn_what_is(w);
    tell(w, "converged after %lld ms", (long long)agreed_ms);
}

static void live_through(uint64_t seed, bool loud)
{
    struct world w;

    world_open(&w, seed, loud);
    orders_apply_all(&w);
    for (int round = 0; round < ROUNDS; round++) {
        w.calm = false;
        operator_begin(&w);
        trouble_begin(&w);
        world_live(&w, between(&w, TROUBLE_MS / 3, TROUBLE_MS));
        w.calm = true;
        tell(&w, "calm");
        world_live(&w, trouble_over_ms(&w));
        converge(&w);
    }
    printf("seed %llu: deputies %zu, lives %llu, troubles %llu, requests %llu, letters %llu\n",
           (unsigned long long)seed, w.n_sites, (unsigned long long)w.births,
           (unsigned long long)w.troubles, (unsigned long long)w.operator->answered,
           (unsigned long long)w.letters);
    world_close(&w);
}

int main(int argc, char **argv)
{
    uint64_t seeds = SEEDS;
    bool loud = false, chosen = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--loud") == 0) {
            loud = true;
        } else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc) {
            seeds = strtoull(argv[++i], NULL, 10);
        } else {
            live_through(strtoull(argv[i], NULL, 10), loud);
            chosen = true;
        }
    }
    for (uint64_t seed = 1; !chosen && seed <= seeds; seed++)
        live_through(seed, loud);
    printf("all agree; the longest took %lld ms of their time\n", (long long)worst_ms);
    return EXIT_SUCCESS;
}
