/* When is a schedule due next, in a time zone? */
#ifndef SHERIFFD_CRON_H
#define SHERIFFD_CRON_H

#include <procman/schedule.h>

#include <stddef.h>

#define CRON_YEARS 9 /* from one 29 February to the next, where a century has none */

/* A time zone for a span of time: from `at_s` on (s since 1970) its clocks are so far ahead of UTC.
 * The first change is the beginning of the span. */
struct zone_change { int64_t at_s; int64_t ahead_s; };
struct zone { struct zone_change *changes; size_t n; int64_t until_s; }; /* changes is heap */
void zone_fini(struct zone *zone);

/* What a clock shows there, as s since 1970 as if it were UTC. */
int64_t zone_local(const struct zone *zone, int64_t at_s);

/* The first minute after `after_s` at which it is due; -1: none in the span of the zone.
 * What falls into an hour that clocks leave out is due when they have; in an hour that comes twice
 * it is due the first time only. A schedule for every hour takes the hours as they come. */
int64_t cron_next(const struct pm_schedule *schedule, const struct zone *zone, int64_t after_s);

/* "2026-11-24 03:00" of a local time. Returns text. */
#define CRON_TEXT_SIZE 48
const char *cron_text(int64_t local_s, char *text);

#endif
