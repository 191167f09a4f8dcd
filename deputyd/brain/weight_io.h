/* The memory of a process and all that it has begun. */
#ifndef BRAIN_WEIGHT_IO_H
#define BRAIN_WEIGHT_IO_H

#include <stdint.h>

/* Resident bytes of that process and its descendants, as far as they have not lost their parent.
 * What several of them share is counted for each. 0: it is no more */
uint64_t weight_of_tree(int64_t pid);

#endif
