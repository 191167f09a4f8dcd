/* Memory that was freed, and that the allocator has kept. */
#ifndef PROCMAN_SPARE_H
#define PROCMAN_SPARE_H

#include <procman/base.h>

#include <stddef.h>

struct pm_spare { size_t left; }; /* bytes that could not be given back; begins at 0 */

/* For a daemon's loop, about once a second: after a crowd its memory goes back to the system. */
void pm_spare_look(struct pm_spare *spare);

#endif
