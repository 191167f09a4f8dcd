/* Timers, all of them, and the orders that come of them.
 *
 * A start that is due is an order like another: it is stored, with the time it was due for, before
 * the deputy hears of it. So it is given once, whatever becomes of the sheriff. An operator's word
 * counts more: what he has stopped is not started by time until he starts it himself.
 */
#include "sheriffd/timers.h"

#include "sheriffd/follow.h"
#include "sheriffd/timer.h"
#include "sheriffd/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY "due/"                          /* of a note, and the process's number */
#define BY "its schedule"
#define AGAIN_MS 1000                       /* the store has refused */
#define YEAR_S (366 * 86400ll)
#define BACK_S (2 * 86400)                  /* before now: what was missed is looked for there */
#define ZONE_AGE_MS (7 * 86400000ll)        /* then it is read again: zones are changed by law */
#define NO_ZONE_AGE_MS 60000                /* one that was not there may be installed */

struct zone_kept { char *name; struct zone zone; struct pm_mono read; };

/* ---- zones ---------------------------------------------------------------------------- */

static void read_zone(struct sheriff *s, struct zone_kept *kept)
{
    int64_t now_s = s->now.wall.ms / 1000;

    zone_fini(&kept->zone);
    kept->read = s->now.mono;
    if (!s->port->read_zone(s->self, kept->name, now_s - BACK_S, now_s + CRON_YEARS * YEAR_S,
                            &kept->zone))
        kept->zone = (struct zone){ 0 };
}

static bool is_old(const struct sheriff *s, const struct zone_kept *kept)
{
    return pm_mono_since(kept->read, s->now.mono) >
           (kept->zone.n == 0 ? NO_ZONE_AGE_MS : ZONE_AGE_MS);
}

static bool covers(const struct sheriff *s, const struct zone *zone)
{
    int64_t now_s = s->now.wall.ms / 1000;

    return zone->n == 0 || (zone->changes[0].at_s < now_s && now_s + YEAR_S < zone->until_s);
}

static const struct zone *zone_of(struct sheriff *s, const char *name)
{
    struct timers *timers = &s->timers;
    struct zone_kept *kept = NULL;

    for (size_t i = 0; i < timers->n_zones && kept == NULL; i++)
        if (strcmp(timers->zones[i].name, name) == 0)
            kept = &timers->zones[i];
    if (kept == NULL) {
        timers->zones = pm_resize(timers->zones, timers->n_zones + 1, sizeof *timers->zones);
        kept = &timers->zones[timers->n_zones++];
        *kept = (struct zone_kept){ .name = pm_strdup(name) };
        read_zone(s, kept);
    } else if (is_old(s, kept) || !covers(s, &kept->zone)) {
        read_zone(s, kept);
    }
    return &kept->zone;
}

/* ---- the set --------------------------------------------------------------------------- */

static void forget(struct timers *timers, struct wish *wish)
{
    size_t at = 0;

    while (timers->at[at] != wish->timer)
        at++;
    timer_close(&wish->timer);
    timers->at[at] = timers->at[--timers->n];
}

void timers_unlink(struct sheriff *s, struct wish *wish)
{
    if (wish->timer != NULL)
        forget(&s->timers, wish);
}

/* What an earlier sheriff has stored of it counts once: what it is changed to later is new. */
static struct pm_timed take_last(struct timers *timers, uint64_t id)
{
    struct pm_timed last = { 0 };

    for (size_t i = 0; i < timers->n_lasts; i++) {
        if (timers->lasts[i].id != id)
            continue;
        last = timers->lasts[i];
        timers->lasts[i] = timers->lasts[--timers->n_lasts];
        break;
    }
    return last;
}

void timers_link(struct sheriff *s, struct wish *wish)
{
    struct timers *timers = &s->timers;
    struct pm_timed last = take_last(timers, wish->spec.id);

    if (wish->timer != NULL && timer_same(wish->timer, &wish->spec))
        return;
    timers_unlink(s, wish);
    if (!timer_wanted(&wish->spec))
        return;
    wish->timer = timer_open(&wish->spec);
    wish->timer->wish = wish;
    timers->at = pm_resize(timers->at, timers->n + 1, sizeof(struct timer *));
    timers->at[timers->n++] = wish->timer;
    timer_begin(wish->timer, zone_of(s, wish->spec.time_zone), last.last_ms, s->now.mono,
                s->now.wall);
    wish->timer->when.queued = last.queued;
}

bool timers_load(struct sheriff *s, const struct image_note *note)
{
    struct timers *timers = &s->timers;
    struct pm_arena arena = { .limit = SIZE_MAX };
    struct pm_timed timed;
    bool ok = strncmp(note->key, KEY, strlen(KEY)) == 0 &&
              pm_decode(&pm_timed_desc, note->bytes, note->n, &arena, &timed, NULL) == PM_OK;

    if (ok) {
        timers->lasts = pm_resize(timers->lasts, timers->n_lasts + 1, sizeof *timers->lasts);
        timers->lasts[timers->n_lasts++] = timed;
    }
    pm_arena_fini(&arena);
    return ok;
}

void timers_fini(struct sheriff *s)
{
    struct timers *timers = &s->timers;

    while (timers->n > 0)
        forget(timers, timers->at[0]->wish);
    for (size_t i = 0; i < timers->n_zones; i++) {
        zone_fini(&timers->zones[i].zone);
        free(timers->zones[i].name);
    }
    free(timers->zones);
    free(timers->at);
    free(timers->lasts);
}

/* ---- due ------------------------------------------------------------------------------- */

/* Its deputy has it in hand: it lives, is about to, or is tried again. */
static bool is_busy(const struct wish *wish)
{
    return verdict_is_coming(wish) ||
           (wish->up && wish->seen != NULL && wish->seen->row.state == PM_STATE_BACKOFF);
}

static bool wants_turn(const struct timer *timer, const struct sheriff *s)
{
    return timer_is_due(timer, s->now.mono, s->now.wall) ||
           (timer->when.queued && !is_busy(timer->wish));
}

/* By more than what is made up for: between two looks the monotonic clock says what has passed. */
static void look_for_leaps(struct sheriff *s)
{
    struct timers *timers = &s->timers;
    int64_t passed = pm_mono_since(timers->looked.mono, s->now.mono);
    int64_t back = timers->looked.wall.ms + passed - s->now.wall.ms;

    if (timers->looked.wall.ms != 0 && back > TIMER_LATE_MS)
        for (size_t i = 0; i < timers->n; i++) {
            timer_set_back(timers->at[i], zone_of(s, timers->at[i]->time_zone), s->now.wall);
            view_touch(&s->view, timers->at[i]->wish);
        }
    timers->looked = s->now;
}

static void look_for_zones(struct sheriff *s)
{
    for (size_t i = 0; i < s->timers.n; i++) {
        struct timer *timer = s->timers.at[i];
        const struct zone *zone = timer_lacks_zone(timer) ? zone_of(s, timer->time_zone) : NULL;

        if (zone == NULL || zone->n == 0)
            continue;
        timer_begin(timer, zone, timer->when.last_ms, s->now.mono, s->now.wall);
        view_touch(&s->view, timer->wish);
    }
}

bool timers_is_due(struct sheriff *s)
{
    struct timers *timers = &s->timers;

    if (timers->n == 0 || s->commit.in_flight || s->end.asked ||
        s->now.mono.ms < timers->again.ms)
        return false;
    look_for_leaps(s);
    look_for_zones(s);
    for (size_t i = 0; i < timers->n; i++)
        if (!timers->at[i]->wish->removing && wants_turn(timers->at[i], s))
            return true;
    return false;
}

static int64_t left_of(const struct sheriff *s, const struct timer *timer)
{
    if (timer->fault != NULL || timer->when.next_ms == 0 || timer->wish->removing)
        return -1;
    int64_t left = timer->every_ms > 0 ? pm_mono_since(s->now.mono, timer->when.next)
                                       : timer->when.next_ms - s->now.wall.ms;
    return left > 0 ? left : 0;
}

int64_t timers_next(const struct sheriff *s)
{
    int64_t next = -1, pause = pm_mono_since(s->now.mono, s->timers.again);

    if (s->commit.in_flight || s->end.asked)
        return -1; /* the store's answer is the next thing to come, or nothing is */
    for (size_t i = 0; i < s->timers.n; i++) {
        int64_t left = left_of(s, s->timers.at[i]);

        if (left >= 0 && (next < 0 || left < next))
            next = left;
    }
    return next >= 0 && next < pause ? pause : next;
}

static void record(struct sheriff *s, const struct wish *wish, const char *what, const char *text)
{
    struct journal_about about = { wish->spec.host, wish->spec.group, wish->spec.name };

    journal_add(&s->journal, s->now.wall, about, what, BY, "%s", text);
}

static void order(struct sheriff *s, struct timer *timer)
{
    struct wish *wish = timer->wish;

    timer->when.queued = false;
    timer->ordered = true;
    desired_order(&s->desired, wish, true, BY);
    follow_order(s, wish, PM_VERB_START, false, BY);
}

/* What was said of a life that runs into the next start is not said again. */
static void leave_out(struct sheriff *s, struct timer *timer)
{
    if (timer->told != timer->wish->order)
        record(s, timer->wish, "left-out", "not started by its schedule: it still runs");
    timer->told = timer->wish->order;
}

static void fire(struct sheriff *s, struct timer *timer)
{
    struct wish *wish = timer->wish;
    bool due = timer_is_due(timer, s->now.mono, s->now.wall), busy = is_busy(wish);

    timer->before = timer->when;
    timer->touched = true;
    if (due && !timer_advance(timer, zone_of(s, timer->time_zone), s->now.mono, s->now.wall)) {
        record(s, wish, "left-out", "not started by its schedule: it was due too long ago");
        due = false;
    }
    view_touch(&s->view, wish);
    if (wish->held) {
        timer->when.queued = false;
        return;
    }
    if (!busy && (due || timer->when.queued))
        order(s, timer);
    else if (due && wish->spec.overlap == PM_OVERLAP_REPLACE)
        order(s, timer);
    else if (due && wish->spec.overlap == PM_OVERLAP_QUEUE)
        timer->when.queued = true;
    else if (due)
        leave_out(s, timer);
}

void timers_enter(struct sheriff *s)
{
    for (size_t i = 0; i < s->timers.n; i++)
        if (!s->timers.at[i]->wish->removing && wants_turn(s->timers.at[i], s))
            fire(s, s->timers.at[i]);
    s->timers.touched = true;
}

/* ---- the transaction --------------------------------------------------------------------- */

static enum pm_err store_one(struct batch *batch, uint64_t id, const struct pm_timed *timed)
{
    char key[sizeof KEY + 24];

    snprintf(key, sizeof key, KEY "%llu", (unsigned long long)id);
    return batch_add_note(batch, key, &pm_timed_desc, timed);
}

/* What is new is due from now on, be the sheriff there or not. */
static enum pm_err store_touch(struct sheriff *s, const struct touch *touch, struct batch *batch)
{
    const struct wish *wish = touch->wish;
    struct pm_timed timed = { .id = wish->spec.id, .last_ms = s->now.wall.ms };
    bool wanted = !wish->removing && timer_wanted(&wish->spec);

    if (wanted && (wish->timer == NULL || !timer_same(wish->timer, &wish->spec)))
        return store_one(batch, wish->spec.id, &timed);
    return !wanted && wish->timer != NULL ? store_one(batch, wish->spec.id, NULL) : PM_OK;
}

enum pm_err timers_store(struct sheriff *s, struct batch *batch)
{
    enum pm_err err = PM_OK;

    for (size_t i = 0; i < s->desired.n_touched && err == PM_OK; i++)
        err = store_touch(s, &s->desired.touched[i], batch);
    for (size_t i = 0; i < s->timers.n && s->timers.touched && err == PM_OK; i++) {
        const struct timer *timer = s->timers.at[i];
        struct pm_timed timed = { .id = timer->wish->spec.id, .last_ms = timer->when.last_ms,
                                  .queued = timer->when.queued };

        if (timer->touched)
            err = store_one(batch, timed.id, &timed);
    }
    return err;
}

void timers_stored(struct sheriff *s, enum pm_err err)
{
    if (!s->timers.touched)
        return;
    s->timers.touched = false;
    for (size_t i = 0; i < s->timers.n; i++) {
        struct timer *timer = s->timers.at[i];

        if (timer->touched && err != PM_OK)
            timer->when = timer->before;
        else if (timer->ordered)
            record(s, timer->wish, "ordered", "start ordered by its schedule");
        timer->touched = timer->ordered = false;
    }
    if (err != PM_OK)
        s->timers.again = pm_mono_after(s->now.mono, AGAIN_MS);
}
