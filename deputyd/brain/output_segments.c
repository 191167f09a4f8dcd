/* A crash at any moment of a rotation, or a file that somebody removed, leaves names from which
 * everything follows: nothing but this list is ever made from them.
 */
#include "brain/output_segments.h"

#include <stdlib.h>
#include <string.h>

void segments_fini(struct segments *segments)
{
    free(segments->at);
    *segments = (struct segments){ 0 };
}

/* The first that does not begin before that. */
static size_t place_of(const struct segments *segments, uint64_t begin)
{
    size_t low = 0, high = segments->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (segments->at[middle].begin < begin)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct segment *segments_meet(struct segments *segments, uint64_t begin)
{
    size_t place = place_of(segments, begin);

    if (place < segments->n && segments->at[place].begin == begin)
        return &segments->at[place];
    if (segments->n == segments->cap) {
        segments->cap = segments->cap > 0 ? 2 * segments->cap : 8;
        segments->at = pm_resize(segments->at, segments->cap, sizeof *segments->at);
    }
    memmove(&segments->at[place + 1], &segments->at[place],
            (segments->n - place) * sizeof *segments->at);
    segments->n++;
    segments->at[place] = (struct segment){ .begin = begin };
    return &segments->at[place];
}

void segments_remove(struct segments *segments, size_t i)
{
    segments->n--;
    memmove(&segments->at[i], &segments->at[i + 1], (segments->n - i) * sizeof *segments->at);
}

uint64_t segments_live_begin(const struct segments *segments)
{
    uint64_t begin = 0;

    for (size_t i = 0; i < segments->n; i++) {
        uint64_t end = segments->at[i].begin + segments->at[i].size; /* an index alone has none */
        begin = end > begin ? end : begin;
    }
    return begin;
}

size_t segments_orphan(const struct segments *segments)
{
    size_t i = 0;

    while (i < segments->n && segments->at[i].has_data)
        i++;
    return i;
}

size_t segments_find(const struct segments *segments, uint64_t address)
{
    size_t place = address < UINT64_MAX ? place_of(segments, address + 1) : segments->n;

    if (place > 0 && segments->at[place - 1].begin + segments->at[place - 1].size > address)
        return place - 1;
    return place;
}
