/* What Tab makes of a word that has been begun. */
#ifndef TOP_COMPLETE_H
#define TOP_COMPLETE_H

#include <procman/base.h>

#define COMPLETE_BYTES 400

/* Begin with { .begun = word }; offer every candidate; then `common` is what all that begin so
 * have in common, and `listed` the first of them as a line for people. */
struct complete {
    const char *begun;
    size_t found;
    char common[COMPLETE_BYTES + 1];
    char listed[COMPLETE_BYTES / 2];
};

void complete_offer(struct complete *complete, const char *candidate);

#endif
