/* Which of many sorted sources comes next? */
#ifndef PROCMANCTL_MERGE_H
#define PROCMANCTL_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct merge_head { int64_t time_ms; size_t source; };

/* A heap of the sources' first elements. Begin with { 0 }. */
struct merge { struct merge_head *heads; size_t n, room; };

void merge_push(struct merge *merge, int64_t time_ms, size_t source);
/* The earliest; of equally early ones the lowest source. false: there is none. */
bool merge_pop(struct merge *merge, size_t *out_source);
void merge_fini(struct merge *merge);

#endif
