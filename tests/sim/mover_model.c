/* A pipe comes to its end a while after its life is over, and only if somebody has collected it.
 * What nobody has collected, and no keeper holds any more, is lost: see note() in keeper_model.c.
 */
#include "sim/mover_model.h"

#include "brain/brain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRAIN_MS  50   /* until the last byte of a dead process is in its file */
#define LINGER_MS 5000 /* or a daemon it left behind has ended */
#define RUNS_MOST 64   /* of one file at a time */
#define SIM_RUNS ((uint64_t)1 << 24) /* more lives than a slot ever has */

struct output_file {
    char group[SIM_NAME], name[SIM_NAME];
    uint64_t runs[RUNS_MOST];
    size_t n;
    bool dropped;
    struct output_file *next;
};

static bool is_named(const struct output_file *output, const struct slot *slot)
{
    return strcmp(output->name, slot->name) == 0 && strcmp(output->group, slot->group) == 0;
}

static size_t place_of(const struct output_file *output, uint64_t run)
{
    size_t i = 0;

    while (i < output->n && output->runs[i] != run)
        i++;
    return i;
}

static void sweep(struct site *site)
{
    struct output_file **link = &site->outputs;

    while (*link != NULL) {
        struct output_file *output = *link;
        if (output->dropped && output->n == 0) {
            *link = output->next;
            free(output);
        } else {
            link = &output->next;
        }
    }
}

/* tag: a life of the brain, a slot, a run. */
static void drain(struct world *w, void *subject, uint64_t tag)
{
    struct site *site = subject;
    struct slot *slot = &site->keeper.slots[tag / SIM_RUNS % SIM_SLOTS];
    uint64_t run = tag % SIM_RUNS;
    size_t found = 0;

    (void)w;
    if (site->brain == NULL || tag / SIM_RUNS / SIM_SLOTS != site->life)
        return;
    for (struct output_file *output = site->outputs; output; output = output->next) {
        size_t place = place_of(output, run);
        if (!is_named(output, slot) || place == output->n)
            continue;
        output->runs[place] = output->runs[--output->n];
        found++;
    }
    sweep(site);
    if (found > 0)
        brain_on_drained(site->brain, slot->group, slot->name, run);
    site_wake_soon(site);
}

static void drain_soon(struct site *site, size_t slot, uint64_t run)
{
    struct world *w = site->w;

    later(w, between(w, 1, trouble(w, 10) ? LINGER_MS : DRAIN_MS), drain, site,
          (site->life * SIM_SLOTS + slot) * SIM_RUNS + run);
}

void mover_on_end(struct site *site, size_t slot)
{
    drain_soon(site, slot, site->keeper.slots[slot].run);
}

void mover_die(struct site *site)
{
    for (struct output_file *output = site->outputs; output; output = output->next) {
        output->dropped = true;
        output->n = 0;
    }
    sweep(site);
}

/* ---- the port --------------------------------------------------------------------- */

struct output_file *mover_file(void *self, const char *group, const char *name)
{
    struct site *site = self;
    struct output_file *output = pm_alloc(sizeof *output);

    snprintf(output->group, sizeof output->group, "%s", group);
    snprintf(output->name, sizeof output->name, "%s", name);
    output->next = site->outputs;
    site->outputs = output;
    return output;
}

void mover_collect(void *self, struct output_file *output, uint64_t run)
{
    struct site *site = self;
    size_t number = 0;

    if (!site->pipes_in_hand)
        return;
    site->pipes_in_hand = false;
    if (output->n == RUNS_MOST || place_of(output, run) < output->n)
        wrong(site->w, "%s: the pipes of %s (run %llu) are collected twice, or never drained",
              site->name, output->name, (unsigned long long)run);
    output->runs[output->n++] = run;
    while (number < SIM_SLOTS && !is_named(output, &site->keeper.slots[number]))
        number++;
    if (number == SIM_SLOTS)
        wrong(site->w, "%s: pipes of nobody are collected for %s", site->name, output->name);
    const struct slot *slot = &site->keeper.slots[number];
    if (slot->run != run || !slot_lives(slot))
        drain_soon(site, number, run);
}

bool mover_drained(void *self, struct output_file *output, uint64_t run)
{
    (void)self;
    return run == 0 ? output->n == 0 : place_of(output, run) == output->n;
}

void mover_drop(void *self, struct output_file *output)
{
    output->dropped = true;
    sweep(self);
}
