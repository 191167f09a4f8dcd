/* One process that is started by time. */
#ifndef SHERIFFD_TIMER_H
#define SHERIFFD_TIMER_H

#include "sheriffd/cron.h"

#include <procman/codec.h>
#include <procman/time.h>

#define TIMER_LATE_MS 3600000 /* a start is made up for so long after it was due */

/* When it was due last, and is next. */
struct timer_when {
    int64_t last_ms;          /* wall clock */
    int64_t next_ms;          /* likewise; 0 = never. Of one that has `every`: for people */
    struct pm_mono next;      /* of one that has `every` */
    bool queued;              /* it was due while it ran, and is to be started when that is over */
};

struct timer {
    struct wish *wish;
    char *schedule, *time_zone;
    uint64_t every_ms;        /* 0: it has a schedule */
    struct pm_schedule fields;
    const char *fault;        /* why it is never due, static; or NULL */
    struct timer_when when;
    struct timer_when before; /* as it was before this transaction … */
    bool touched, ordered;    /* … which has changed it, and ordered a start */
    uint64_t told;            /* order of the life that was said to run into the next */
    char text[CRON_TEXT_SIZE + 100]; /* "next at 2026-11-24 03:00 Europe/Berlin", or why not */
};

/* Is anything of that kind in the spec? */
bool timer_wanted(const struct pm_spec *spec);
bool timer_same(const struct timer *timer, const struct pm_spec *spec);
struct timer *timer_open(const struct pm_spec *spec) PM_MUST_USE;
void timer_close(struct timer **timer);

/* It is due next after now; last_ms: when it was due last, 0 = it is new. Again, when a zone that
 * it lacked is there. */
void timer_begin(struct timer *timer, const struct zone *zone, int64_t last_ms,
                 struct pm_mono mono, struct pm_wall wall);
bool timer_lacks_zone(const struct timer *timer);
bool timer_is_due(const struct timer *timer, struct pm_mono mono, struct pm_wall wall);
/* It was due: then it is next some time after now. false: that was too long ago to be made up
 * for. */
bool timer_advance(struct timer *timer, const struct zone *zone, struct pm_mono mono,
                   struct pm_wall wall);
/* The wall clock was put back by much: what is due next is asked anew. */
void timer_set_back(struct timer *timer, const struct zone *zone, struct pm_wall wall);

#endif
