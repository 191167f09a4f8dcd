/* Which process has to be looked at next: a heap of deadlines that feeds one timer. */
#ifndef BRAIN_DEADLINES_H
#define BRAIN_DEADLINES_H

#include <procman/time.h>

/* Embedded in what has a deadline; `place` is the heap's own. Zero it before the first use. */
struct deadline {
    struct pm_mono at;
    size_t place; /* in the heap, counted from 1; 0 = not in it */
};

struct deadlines {
    struct deadline **at;
    size_t n, cap;
};

void deadlines_fini(struct deadlines *heap);

/* Put it in, move it, or (when.ms = 0) take it out. */
void deadlines_set(struct deadlines *heap, struct deadline *item, struct pm_mono when);

/* The earliest, or NULL. */
struct deadline *deadlines_first(const struct deadlines *heap);

#endif
