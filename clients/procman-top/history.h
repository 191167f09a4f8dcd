/* What each process used in the last two minutes, second by second. */
#ifndef TOP_HISTORY_H
#define TOP_HISTORY_H

#include <procman/schema.h>

#define HISTORY_SECONDS 120

struct history;

struct history *history_new(void) PM_MUST_USE;
void history_close(struct history **history);

/* Once a second: the fleet as it is. Processes that are no more are forgotten. */
void history_sample(struct history *history, const struct pm_proc *procs, size_t n);

struct history_sample { float cpu_pct; uint32_t rss_kib; };

/* Its last n seconds, the oldest first; returns how many are known (at most n). */
size_t history_last(const struct history *history, uint64_t id, size_t n,
                    struct history_sample *out) PM_MUST_USE;

/* The CPU of several processes together: seconds of it into out, the oldest first; returns how many
 * are known. */
size_t history_sum(const struct history *history, const struct pm_proc *const *procs, size_t n,
                   size_t seconds, float *out) PM_MUST_USE;

/* n values of the last `seconds` as a graph of one row in `cells` characters: each shows the most
 * in its share, a full one the most of all, at least 1. to[] holds 3 bytes a cell and a NUL;
 * returns it. ascii: digits in place of blocks. */
const char *history_curve(const float *values, size_t n, size_t seconds, size_t cells, bool ascii,
                          char *to) PM_MUST_USE;

/* The CPU of one process over the last `seconds` (at most HISTORY_SECONDS), as such a graph. */
const char *history_graph(const struct history *history, uint64_t id, size_t seconds,
                          size_t cells, bool ascii, char *to) PM_MUST_USE;

#endif
