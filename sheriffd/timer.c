/* Timers.
 *
 * A schedule goes by the wall clock and its zone, `every` by the monotonic one. Between two looks
 * any time may have passed, because the sheriff was away or the wall clock was put forward: of all
 * the times that were missed at most one is made up for, the last, and only when it is not longer
 * ago than TIMER_LATE_MS. A clock that is put back by less than that makes no time come twice.
 */
#include "sheriffd/timer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_MS 1000

static const char no_zone[] = "there is no such time zone on the sheriff's machine";

bool timer_wanted(const struct pm_spec *spec)
{
    return *spec->schedule != '\0' || spec->every_ms > 0;
}

bool timer_same(const struct timer *timer, const struct pm_spec *spec)
{
    return strcmp(timer->schedule, spec->schedule) == 0 && timer->every_ms == spec->every_ms &&
           strcmp(timer->time_zone, spec->time_zone) == 0;
}

struct timer *timer_open(const struct pm_spec *spec)
{
    struct timer *timer = pm_alloc(sizeof *timer);

    timer->schedule = pm_strdup(spec->schedule);
    timer->time_zone = pm_strdup(spec->time_zone);
    timer->every_ms = spec->every_ms;
    if (timer->every_ms == 0)
        timer->fault = pm_schedule_parse(spec->schedule, &timer->fields, NULL);
    return timer;
}

void timer_close(struct timer **timer)
{
    if (*timer == NULL)
        return;
    free((*timer)->schedule);
    free((*timer)->time_zone);
    free(*timer);
    *timer = NULL;
}

/* ---- when --------------------------------------------------------------------------- */

static void describe(struct timer *timer, const struct zone *zone)
{
    char next[CRON_TEXT_SIZE];
    int64_t next_s = timer->when.next_ms / SECOND_MS;

    if (timer->fault != NULL)
        snprintf(timer->text, sizeof timer->text, "never started by time: %s", timer->fault);
    else if (timer->when.next_ms == 0)
        snprintf(timer->text, sizeof timer->text, "its schedule is over");
    else
        snprintf(timer->text, sizeof timer->text, "next at %s%s%.60s",
                 cron_text(zone_local(zone, next_s), next), *timer->time_zone != '\0' ? " " : "",
                 timer->time_zone);
}

static int64_t next_of(const struct timer *timer, const struct zone *zone, int64_t after_ms)
{
    int64_t next_s;

    if (timer->fault != NULL)
        return 0;
    next_s = cron_next(&timer->fields, zone, after_ms / SECOND_MS);
    return next_s < 0 ? 0 : next_s * SECOND_MS;
}

static void set_next(struct timer *timer, const struct zone *zone, int64_t in_ms,
                     struct pm_mono mono, struct pm_wall wall)
{
    timer->when.next = pm_mono_after(mono, in_ms);
    timer->when.next_ms = wall.ms + in_ms;
    describe(timer, zone);
}

void timer_begin(struct timer *timer, const struct zone *zone, int64_t last_ms,
                 struct pm_mono mono, struct pm_wall wall)
{
    int64_t every = (int64_t)timer->every_ms, since = last_ms > 0 ? wall.ms - last_ms : INT64_MAX;
    bool known = last_ms > 0 && since >= -TIMER_LATE_MS;

    if (timer_lacks_zone(timer))
        timer->fault = NULL;
    if (zone->n == 0 && timer->fault == NULL)
        timer->fault = no_zone;
    timer->when.last_ms = known ? last_ms : wall.ms;
    if (every > 0) {
        if (since < 0) /* the wall clock was put back, nobody knows by how much */
            since = 0;
        set_next(timer, zone, since < every ? every - since : 0, mono, wall);
        return;
    }
    timer->when.next_ms = next_of(timer, zone, timer->when.last_ms);
    describe(timer, zone);
}

bool timer_lacks_zone(const struct timer *timer)
{
    return timer->fault == no_zone;
}

bool timer_is_due(const struct timer *timer, struct pm_mono mono, struct pm_wall wall)
{
    if (timer->fault != NULL)
        return false;
    if (timer->every_ms > 0)
        return mono.ms >= timer->when.next.ms;
    return timer->when.next_ms != 0 && wall.ms >= timer->when.next_ms;
}

bool timer_advance(struct timer *timer, const struct zone *zone, struct pm_mono mono,
                   struct pm_wall wall)
{
    int64_t every = (int64_t)timer->every_ms, due_ms = timer->when.next_ms;

    timer->when.last_ms = wall.ms;
    if (every > 0) {
        int64_t late = pm_mono_since(timer->when.next, mono);

        set_next(timer, zone, every - late % every, mono, wall);
        return true;
    }
    timer->when.next_ms = next_of(timer, zone, wall.ms);
    describe(timer, zone);
    if (wall.ms - due_ms <= TIMER_LATE_MS)
        return true;
    due_ms = next_of(timer, zone, wall.ms - TIMER_LATE_MS); /* a later one that was missed too */
    return due_ms != 0 && due_ms <= wall.ms;
}

void timer_set_back(struct timer *timer, const struct zone *zone, struct pm_wall wall)
{
    if (timer->every_ms > 0)
        return;
    timer->when.next_ms = next_of(timer, zone, wall.ms);
    describe(timer, zone);
}
