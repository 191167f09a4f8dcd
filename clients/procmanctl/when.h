/* Moments as people write and read them, in local time. */
#ifndef PROCMANCTL_WHEN_H
#define PROCMANCTL_WHEN_H

#include <procman/error.h>
#include <procman/time.h>

/* "10m" "2h" "1h30m" "1d": so long before now; "2026-11-22", "2026-11-22 10:30[:00[.5]]" (also
 * with a T between); "10:30[:00]": today; "@1795343400[.5]": seconds since 1970; "all": 0, which
 * is before everything. Never before 1970.
 * OK | USAGE *why says what is wrong, heap, for the caller to free */
enum pm_err when_parse(const char *text, struct pm_wall now, struct pm_wall *out, char **why)
    PM_MUST_USE;

#define WHEN_SIZE 40
/* "2026-11-22 10:30:00.000" into text; returns it. */
const char *when_text(struct pm_wall when, char *text);
/* ISO 8601 with the distance from UTC: "2026-11-22T10:30:00.000+01:00". */
const char *when_iso(struct pm_wall when, char *text);

#endif
