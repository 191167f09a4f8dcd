/* Records are of one size and in the order of their addresses, so any of them is found by halving.
 *
 * The index is a convenience beside the truth, which is the bytes: a record that is torn, missing
 * or overtaken by what somebody did to the file means an unknown time, never a wrong byte. So
 * each carries a sum of itself, and what does not fit is passed over.
 *
 *   0 offset  6 length  12 time  18 dropped  24 run  28 stream  29 nothing  30 sum
 */
#include "brain/output_index.h"

#include <string.h>

#define WIDE 6 /* bytes of a number: 256 TiB, or the year 10889 */
#define RUN  4

static void put(uint8_t **to, uint64_t value, size_t n)
{
    for (; n > 0; n--, value >>= 8)
        *(*to)++ = (uint8_t)value;
}

static uint64_t get(const uint8_t **from, size_t n)
{
    uint64_t value = 0;

    for (size_t i = 0; i < n; i++)
        value |= (uint64_t)*(*from)++ << 8 * i;
    return value;
}

/* FNV-1a of all but itself, folded. */
static uint16_t sum(const uint8_t bytes[INDEX_RECORD])
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < INDEX_RECORD - 2; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return (uint16_t)(hash ^ hash >> 16);
}

void index_encode(const struct index_record *record, uint8_t out[INDEX_RECORD])
{
    uint8_t *to = out;

    put(&to, record->offset, WIDE);
    put(&to, record->length, WIDE);
    put(&to, (uint64_t)record->time_ms, WIDE);
    put(&to, record->dropped, WIDE);
    put(&to, record->run, RUN);
    put(&to, record->stream, 1);
    put(&to, 0, 1);
    put(&to, sum(out), 2);
}

bool index_decode(const uint8_t bytes[INDEX_RECORD], struct index_record *out)
{
    const uint8_t *from = bytes;
    struct index_record record;

    record.offset = get(&from, WIDE);
    record.length = get(&from, WIDE);
    record.time_ms = (int64_t)get(&from, WIDE);
    record.dropped = get(&from, WIDE);
    record.run = get(&from, RUN);
    record.stream = (enum pm_stream)get(&from, 1);
    from++;
    if (get(&from, 2) != sum(bytes))
        return false;
    *out = record;
    return true;
}

bool index_merge(struct index_record *open, int64_t since_ms, const struct index_record *next)
{
    if (next->stream != open->stream || next->run != open->run || next->dropped > 0
        || next->offset != open->offset + open->length || next->time_ms < since_ms
        || next->time_ms - since_ms >= INDEX_MERGE_MS)
        return false;
    open->length += next->length;
    open->time_ms = next->time_ms;
    return true;
}

/* ---- searching -------------------------------------------------------------------- */

static bool ends_after(const struct index_record *record, uint64_t offset)
{
    return record->offset + record->length > offset;
}

/* The first of all records that is true, when those before it are false. An unreadable one is as
 * the readable one before it. */
static size_t halve(const struct index_source *source, uint64_t offset, const int64_t *time_ms)
{
    size_t low = 0, high = source->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2, at = middle;
        struct index_record record;
        bool readable = source->get(source->self, at, &record);
        while (!readable && at > low)
            readable = source->get(source->self, --at, &record);
        if (readable && (time_ms ? record.time_ms >= *time_ms : ends_after(&record, offset)))
            high = at;
        else
            low = middle + 1;
    }
    return low;
}

size_t index_find_offset(const struct index_source *source, uint64_t offset)
{
    return halve(source, offset, NULL);
}

size_t index_find_time(const struct index_source *source, int64_t time_ms)
{
    return halve(source, 0, &time_ms);
}

void index_hunt_init(struct index_hunt *hunt, uint64_t run)
{
    *hunt = (struct index_hunt){ .wanted = run, .lowest = UINT64_MAX };
}

void index_hunt_step(struct index_hunt *hunt, uint64_t begin, const struct index_record *record)
{
    if (record->length == 0)
        return;
    if (record->run < hunt->wanted || record->run > hunt->lowest) {
        hunt->over = ++hunt->strangers > INDEX_RUN_LATE;
        return;
    }
    hunt->strangers = 0;
    hunt->lowest = record->run;
    hunt->found = true;
    hunt->address = begin + record->offset;
}
