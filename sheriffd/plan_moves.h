/* What a file said before of a process that it still names, and says no longer. */
#ifndef SHERIFFD_PLAN_MOVES_H
#define SHERIFFD_PLAN_MOVES_H

#include "sheriffd/plan.h"

/* Did that file, or one it includes, define it? NULL: no. */
bool plan_is_of(const struct wish *wish, const char *source) PM_MUST_USE;

/* The item is what `from` becomes on another host; a second one, for its end there, is added. */
void plan_move(struct plan *plan, struct plan_item *item, struct wish *from,
               const struct plan_request *request);

/* The plan is sorted; what is added to it is not. */
void plan_find_moves(const struct desired *d, const struct plan_request *request,
                     struct plan *plan);

#endif
