/* All chosen processes up to now, merged by time.
 *
 * Of each process one answer is held, and one line of it competes with the others' for being the
 * earliest: memory does not grow with what is read. Many processes get smaller answers each.
 */
#include "logs.h"

#define MOST_AHEAD 128 /* first answers under way: a client keeps 1,024 */

void past_merge(struct logs *logs, bool wait)
{
    size_t i;

    for (i = 0; i < logs->n; ++i) {
        if (wait && i + MOST_AHEAD < logs->n)
            (void)source_open(logs->sources[i + MOST_AHEAD]);
        if (source_next(logs->sources[i], wait))
            merge_push(&logs->merge, logs->sources[i]->line.time_ms, i);
    }
    while (merge_pop(&logs->merge, &i)) {
        struct source *source = logs->sources[i];

        show_line(source);
        if (source_next(source, wait))
            merge_push(&logs->merge, source->line.time_ms, i);
    }
}

enum pm_err past_read(struct logs *logs)
{
    for (size_t i = 0; i < logs->n && i < MOST_AHEAD; ++i)
        (void)source_open(logs->sources[i]);
    past_merge(logs, true);
    for (size_t i = 0; i < logs->n; ++i)
        if (logs->sources[i]->err != PM_OK)
            return logs->sources[i]->err;
    return PM_OK;
}
