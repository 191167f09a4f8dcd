/* Two kinds of time that must never meet, and the only two functions that read a clock. */
#ifndef PROCMAN_TIME_H
#define PROCMAN_TIME_H

#include <procman/base.h>

PM_BEGIN

struct pm_mono { int64_t ms; }; /* since boot, CLOCK_BOOTTIME's epoch; for every timer */
struct pm_wall { int64_t ms; }; /* since 1970 UTC; for people and records only */

/* For shells. Cores take time as an argument. */
PM_API struct pm_mono pm_mono_now(void);
PM_API struct pm_wall pm_wall_now(void);

static inline struct pm_mono pm_mono_after(struct pm_mono from, int64_t ms)
{
    return (struct pm_mono){ .ms = from.ms + ms };
}

static inline int64_t pm_mono_since(struct pm_mono past, struct pm_mono now)
{
    return now.ms > past.ms ? now.ms - past.ms : 0;
}

PM_END
#endif
