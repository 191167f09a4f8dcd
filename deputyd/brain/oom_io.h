/* Has the kernel ended processes for want of memory? It counts them and says nothing of whom. */
#ifndef BRAIN_OOM_IO_H
#define BRAIN_OOM_IO_H

#include <stdbool.h>
#include <stdint.h>

struct oom { int fd; uint64_t older, newer; }; /* what was counted at the last two looks */

void oom_init(struct oom *oom);
void oom_fini(struct oom *oom);
void oom_look(struct oom *oom); /* once a second */
bool oom_ran(struct oom *oom);  /* since a look a second or two ago */

#endif
