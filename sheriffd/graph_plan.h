/* Would what depends on each other still fit together, were this done? */
#ifndef SHERIFFD_GRAPH_PLAN_H
#define SHERIFFD_GRAPH_PLAN_H

#include "sheriffd/graph.h"
#include "sheriffd/plan.h"

/* The plan is sorted. OK | BAD_CONFIG a process would depend on one that is not there, or on
 * itself: *why is a sentence, heap */
enum pm_err graph_plan_check(const struct desired *d, const struct plan *plan, char **why)
    PM_MUST_USE;

/* What is restarted with those the plan restarts is restarted too: enters the plan, unsorted. */
void graph_plan_spread(const struct plan_request *request, struct plan *plan);

/* All of them at once. OK | BUSY another process depends on one: *why as above */
enum pm_err graph_can_remove(struct desired *d, struct wish **wishes, size_t n, char **why)
    PM_MUST_USE;

#endif
