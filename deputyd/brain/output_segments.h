/* What is kept of one process's output, beside the file that is being written: segments, sorted
 * by the address of their first byte. Addresses count over all that was ever written. */
#ifndef BRAIN_OUTPUT_SEGMENTS_H
#define BRAIN_OUTPUT_SEGMENTS_H

#include <procman/base.h>

struct segment {
    uint64_t begin;
    uint64_t size;             /* bytes of output */
    uint64_t index_bytes;
    int64_t written_ms;        /* wall clock of its last byte */
    bool has_data, has_index;  /* which of its two files is there */
};

struct segments { struct segment *at; size_t n, cap; };

void segments_fini(struct segments *segments);

/* The one that begins there; made when needed, and then zero but for that. */
struct segment *segments_meet(struct segments *segments, uint64_t begin);
void segments_remove(struct segments *segments, size_t i);

/* After all files have been met. The address at which the live file begins: behind the last
 * segment, or where an index says that a segment begins. */
uint64_t segments_live_begin(const struct segments *segments);
/* The first entry that has an index but no data; n when there is none. */
size_t segments_orphan(const struct segments *segments);

/* The first segment that ends after this address; n when only the live file can. */
size_t segments_find(const struct segments *segments, uint64_t address);

#endif
