/* Find processes that bear a mark and are nobody's any more; end them, when asked to. For shells.
 *
 * In steps of a few milliseconds, so that a loop can go on with its other work between them. */
#ifndef PROCMAN_HUNT_H
#define PROCMAN_HUNT_H

#include <procman/marks.h>
#include <procman/schema.h>
#include <procman/time.h>

PM_BEGIN

struct pm_hunt_rule {
    bool (*is_stray)(void *self, const struct pm_bearer *bearer);
    void *self;                /* borrowed until close */
    bool kill;                 /* SIGTERM, and a second later SIGKILL */
};

struct pm_hunt;

PM_API void pm_hunt_open(const struct pm_hunt_rule *rule, struct pm_hunt **out);
PM_API void pm_hunt_close(struct pm_hunt **hunt);

/* True: it is over. False: the next step is due at *out_next. */
PM_API bool pm_hunt_step(struct pm_hunt *hunt, struct pm_mono now, struct pm_mono *out_next);

/* Why not everyone could be looked at, so that there may be more than was found; borrowed.
 * NULL: everyone was. */
PM_API const char *pm_hunt_fault(const struct pm_hunt *hunt);

/* Sorted by pid, host empty, at most PM_LIMIT_STRAYS; borrowed until close. */
PM_API const struct pm_stray_list *pm_hunt_found(const struct pm_hunt *hunt);

PM_END
#endif
