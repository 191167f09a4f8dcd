/* Time zones of this machine. */
#ifndef SHERIFFD_ZONE_IO_H
#define SHERIFFD_ZONE_IO_H

#include "sheriffd/cron.h"

/* The zone of that name (empty: this machine's own) from one time to another.
 * false: there is none of that name */
bool zone_read(const char *name, int64_t from_s, int64_t until_s, struct zone *out) PM_MUST_USE;

#endif
