/* Which of two processes comes first. */
#ifndef TOP_RANK_H
#define TOP_RANK_H

#include "model.h"

/* <0, 0, >0 as strcmp. What one looks for comes first: the largest use, the worst state; names
 * from a to z. Equals are ordered by name, group and host, so rows do not dance. */
int rank_compare(const struct pm_proc *a, const struct pm_proc *b, enum column by, bool inverted);

/* Not running as it should be comes before all else. */
int rank_of_state(enum pm_state state);

#endif
