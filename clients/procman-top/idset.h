/* A set of numbers. Zero it to begin, idset_fini() to end. */
#ifndef TOP_IDSET_H
#define TOP_IDSET_H

#include <procman/base.h>

struct idset {
    uint64_t *at; /* sorted */
    size_t n;
};

void idset_fini(struct idset *set);
bool idset_has(const struct idset *set, uint64_t id) PM_MUST_USE;
void idset_put(struct idset *set, uint64_t id, bool in); /* in, or out of it */

#endif
