/* A stray is who bears this deputy's mark, name and directory, and belongs to no life of the
 * present. Whether it does is asked of the brain at the moment it is met: a life that begins
 * during the search is known by then.
 *
 * A search that could not look at everyone is not answered: who asks hears that nothing was said,
 * not that nobody is there.
 *
 * One search at a time; those who ask for the same while it has not begun share its answer.
 */
#include "brain/sweep_io.h"

#include "brain/brain_looks.h"

#include <procman/log.h>

#include <stdlib.h>
#include <string.h>

void sweep_init(struct sweep *sweep, const char *name, char *dir)
{
    *sweep = (struct sweep){ .name = name, .dir = dir };
}

void sweep_fini(struct sweep *sweep)
{
    pm_hunt_close(&sweep->hunt);
    pm_free(&sweep->dir);
}

void sweep_ask(struct sweep *sweep, uint64_t request, bool kill)
{
    if (sweep->n < SWEEP_ASKED_MOST)
        sweep->asked[sweep->n++] = (struct sweep_ask){ .request = request, .kill = kill };
}

static bool is_stray(void *self, const struct pm_bearer *bearer)
{
    const struct sweep *sweep = self;

    if (!pm_mark_is_of(bearer, sweep->name, sweep->dir))
        return false;
    if (brain_has_errand(sweep->brain, bearer->slot, bearer->run))
        return false;
    for (size_t i = 0; i < brain_count(sweep->brain); i++) {
        struct brain_life life = brain_life(sweep->brain, i);
        if (life.alive && life.slot == bearer->slot && life.run == bearer->run)
            return false;
    }
    return true;
}

static void begin(struct sweep *sweep, struct pm_mono now)
{
    struct pm_hunt_rule rule = { .is_stray = is_stray, .self = sweep,
                                 .kill = sweep->asked[0].kill };

    while (sweep->answering < sweep->n && sweep->asked[sweep->answering].kill == rule.kill)
        sweep->answering++;
    sweep->next = now;
    pm_hunt_open(&rule, &sweep->hunt);
}

static void finish(struct sweep *sweep, struct brain *brain)
{
    const char *fault = pm_hunt_fault(sweep->hunt);

    if (fault)
        pm_log_error("deputy %s: strays: %s; ask again when there are fewer", sweep->name, fault);
    for (size_t i = 0; i < sweep->answering && fault == NULL; i++)
        brain_on_swept(brain, sweep->asked[i].request, pm_hunt_found(sweep->hunt));
    sweep->n -= sweep->answering;
    memmove(sweep->asked, sweep->asked + sweep->answering, sweep->n * sizeof sweep->asked[0]);
    sweep->answering = 0;
    pm_hunt_close(&sweep->hunt);
}

void sweep_turn(struct sweep *sweep, struct brain *brain, struct pm_mono now)
{
    sweep->brain = brain;
    if (sweep->hunt != NULL && now.ms >= sweep->next.ms
        && pm_hunt_step(sweep->hunt, now, &sweep->next))
        finish(sweep, brain);
    if (sweep->hunt == NULL && sweep->n > 0)
        begin(sweep, now);
}

struct pm_mono sweep_next(const struct sweep *sweep)
{
    return sweep->hunt ? sweep->next : (struct pm_mono){ INT64_MAX };
}
