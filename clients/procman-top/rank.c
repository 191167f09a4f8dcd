#include "rank.h"

#include <string.h>

int rank_of_state(enum pm_state state)
{
    static const int ranks[PM_STATE_COUNT] = {
        [PM_STATE_FAILED] = 1, [PM_STATE_LOST] = 2, [PM_STATE_BACKOFF] = 3,
        [PM_STATE_STOPPING] = 4, [PM_STATE_STARTING] = 5, [PM_STATE_WAITING] = 6,
        [PM_STATE_RUNNING] = 7, [PM_STATE_EXITED] = 8, [PM_STATE_STOPPED] = 9,
    };

    return (unsigned)state < PM_STATE_COUNT ? ranks[state] : 0;
}

static int more_first(double a, double b)
{
    return (a < b) - (a > b);
}

static int by_column(const struct pm_proc *a, const struct pm_proc *b, enum column by)
{
    switch (by) {
    case COLUMN_HOST:
        return strcmp(a->host, b->host);
    case COLUMN_STATE:
        return rank_of_state(a->state) - rank_of_state(b->state);
    case COLUMN_PID:
        return (a->pid > b->pid) - (a->pid < b->pid);
    case COLUMN_UPTIME:
        return more_first((double)a->uptime_ms, (double)b->uptime_ms);
    case COLUMN_CPU:
    case COLUMN_TREND:
        return more_first(a->cpu_pct, b->cpu_pct);
    case COLUMN_MEMORY:
        return more_first((double)a->rss_bytes, (double)b->rss_bytes);
    case COLUMN_RESTARTS:
        return more_first((double)a->restarts, (double)b->restarts);
    case COLUMN_LAST:
        return strcmp(a->reason, b->reason);
    default:
        return 0;
    }
}

static int by_name(const struct pm_proc *a, const struct pm_proc *b)
{
    int order = strcmp(a->name, b->name);

    if (order == 0)
        order = strcmp(a->group, b->group);
    return order ? order : strcmp(a->host, b->host);
}

int rank_compare(const struct pm_proc *a, const struct pm_proc *b, enum column by, bool inverted)
{
    int order = by_column(a, b, by);

    if (order == 0 && by != COLUMN_NAME)
        return by_name(a, b);
    if (order == 0)
        order = by_name(a, b);
    return inverted ? -order : order;
}
