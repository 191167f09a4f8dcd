/* A binary heap: the head at i is not after those at 2i+1 and 2i+2. Every source has one head in
 * it at most, so what a source gives is never reordered, whatever its clock did. */
#include "merge.h"

#include <procman/base.h>
#include <stdlib.h>

static bool is_before(const struct merge_head *a, const struct merge_head *b)
{
    return a->time_ms != b->time_ms ? a->time_ms < b->time_ms : a->source < b->source;
}

static void swap(struct merge *merge, size_t i, size_t j)
{
    struct merge_head head = merge->heads[i];

    merge->heads[i] = merge->heads[j];
    merge->heads[j] = head;
}

void merge_push(struct merge *merge, int64_t time_ms, size_t source)
{
    size_t i = merge->n;

    if (merge->n == merge->room) {
        merge->room = merge->room ? 2 * merge->room : 16;
        merge->heads = pm_resize(merge->heads, merge->room, sizeof(*merge->heads));
    }
    merge->heads[merge->n++] = (struct merge_head){ time_ms, source };
    for (; i > 0 && is_before(&merge->heads[i], &merge->heads[(i - 1) / 2]); i = (i - 1) / 2)
        swap(merge, i, (i - 1) / 2);
}

static void sink(struct merge *merge)
{
    size_t i = 0;

    for (;;) {
        size_t child = 2 * i + 1;

        if (child + 1 < merge->n && is_before(&merge->heads[child + 1], &merge->heads[child]))
            child++;
        if (child >= merge->n || !is_before(&merge->heads[child], &merge->heads[i]))
            return;
        swap(merge, i, child);
        i = child;
    }
}

bool merge_pop(struct merge *merge, size_t *out_source)
{
    if (merge->n == 0)
        return false;
    *out_source = merge->heads[0].source;
    merge->heads[0] = merge->heads[--merge->n];
    sink(merge);
    return true;
}

void merge_fini(struct merge *merge)
{
    free(merge->heads);
    *merge = (struct merge){ 0 };
}
