/* The five fields of a cron line: at which minutes something is due. No clock, no time zone. */
#ifndef PROCMAN_SCHEDULE_H
#define PROCMAN_SCHEDULE_H

#include <procman/base.h>

PM_BEGIN

/* Bit n: the value n is meant. weekdays: 0 is Sunday. */
struct pm_schedule {
    uint64_t minutes;
    uint32_t hours, days, months, weekdays;
    bool every_day, every_weekday;  /* the field began with '*' */
};

/* "MINUTE HOUR DAY MONTH WEEKDAY" as crontab(5) has them: '*', numbers, names of months and
 * weekdays, ranges, steps behind '*' or a range, lists of all these.
 *   where   if not NULL: on failure the offset of the field that is wrong
 * NULL: it is one; otherwise the sentence why not, static, and out is untouched. */
PM_API const char *pm_schedule_parse(const char *text, struct pm_schedule *out, size_t *where)
    PM_MUST_USE;

/* Is it due in that minute? month 1 to 12, weekday 0 to 6, from Sunday. As cron has it, one of
 * day and weekday suffices where both are restricted. */
PM_API bool pm_schedule_due(const struct pm_schedule *schedule, unsigned minute, unsigned hour,
                            unsigned day, unsigned month, unsigned weekday);

PM_END
#endif
