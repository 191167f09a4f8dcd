/* When room is short: how much there may be, and what goes. */
#ifndef BRAIN_OUTPUT_BUDGET_H
#define BRAIN_OUTPUT_BUDGET_H

#include "brain/output_segments.h"

/* Bytes all output on a disk of that size may take; 0: its size is not known. */
uint64_t budget_of_disk(uint64_t disk_bytes);

/* Bytes after which a live file is rotated: what its process was given, but all live files together
 * leave half of the budget to rotated ones, or nothing could go. */
uint64_t budget_live(uint64_t max_bytes, uint64_t budget, size_t files);

/* Which of two segments, of whatever process, goes first: true, the first. */
bool budget_goes_before(const struct segment *one, const struct segment *other);

/* While a file cannot be written: must what waits in a pipe go, so that its writer never waits? */
bool budget_must_drop(uint64_t waiting, uint64_t capacity);

#endif
