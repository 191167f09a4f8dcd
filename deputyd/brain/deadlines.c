/* A binary heap whose items know their place, so that a changed mind costs O(log n) too:
 * most deadlines never pass, they are taken back (a process stops long before its SIGKILL).
 *
 * Invariant: heap->at[item->place - 1] == item for every item in it, and no item is earlier
 * than its parent.
 */
#include "brain/deadlines.h"

#include <stdlib.h>

void deadlines_fini(struct deadlines *heap)
{
    free(heap->at);
    *heap = (struct deadlines){ 0 };
}

static void put(struct deadlines *heap, size_t place, struct deadline *item)
{
    heap->at[place - 1] = item;
    item->place = place;
}

static void rise(struct deadlines *heap, struct deadline *item)
{
    size_t place = item->place;

    while (place > 1 && item->at.ms < heap->at[place / 2 - 1]->at.ms) {
        put(heap, place, heap->at[place / 2 - 1]);
        place /= 2;
    }
    put(heap, place, item);
}

static void sink(struct deadlines *heap, struct deadline *item)
{
    size_t place = item->place;

    while (2 * place <= heap->n) {
        size_t child = 2 * place;
        if (child < heap->n && heap->at[child]->at.ms < heap->at[child - 1]->at.ms)
            child++;
        if (heap->at[child - 1]->at.ms >= item->at.ms)
            break;
        put(heap, place, heap->at[child - 1]);
        place = child;
    }
    put(heap, place, item);
}

static void take_out(struct deadlines *heap, struct deadline *item)
{
    struct deadline *last = heap->at[--heap->n];
    size_t hole = item->place;

    item->place = 0;
    if (last == item)
        return;
    put(heap, hole, last);
    rise(heap, last);
    sink(heap, last);
}

void deadlines_set(struct deadlines *heap, struct deadline *item, struct pm_mono when)
{
    if (item->place != 0 && when.ms == 0)
        take_out(heap, item);
    item->at = when;
    if (when.ms == 0)
        return;
    if (item->place == 0) {
        if (heap->n == heap->cap) {
            heap->cap = heap->cap ? 2 * heap->cap : 16;
            heap->at = pm_resize(heap->at, heap->cap, sizeof *heap->at);
        }
        put(heap, ++heap->n, item);
    }
    rise(heap, item);
    sink(heap, item);
}

struct deadline *deadlines_first(const struct deadlines *heap)
{
    return heap->n > 0 ? heap->at[0] : NULL;
}
