/* FNV-1a, 64 bits (draft-eastlake-fnv): tells damage and difference, not malice. Begin with
 * PM_CHECKSUM_BASIS; pieces may be added one after the other. */
#ifndef PROCMAN_CHECKSUM_H
#define PROCMAN_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#define PM_CHECKSUM_BASIS 0xcbf29ce484222325u

static inline uint64_t pm_checksum(uint64_t sum, const void *bytes, size_t n)
{
    const uint8_t *at = (const uint8_t *)bytes; /* also for C++ */

    while (n-- > 0)
        sum = (sum ^ *at++) * 0x100000001b3u;
    return sum;
}

#endif
