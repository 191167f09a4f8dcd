/* Output must never be the reason that a disk is full or a process stands still. So the oldest
 * goes first, whosever it is, and at the very end what cannot be kept is counted and let go.
 *
 * The figures for the disk are those of journald (journald.conf(5), SystemMaxUse), which has the
 * same task; a very small disk gets a floor, since a tenth of it would hold nothing.
 */
#include "brain/output_budget.h"

#define MIB             ((uint64_t)1 << 20)
#define SHARE_OF_DISK   10             /* a tenth */
#define MOST            (4096 * MIB)
#define LEAST           (16 * MIB)
#define DEFAULT_BYTES   (10 * MIB)     /* of a live file */
#define LEAST_LIVE      (MIB / 16)     /* a live file rotated below that would hold nothing */
#define PAGE            4096

uint64_t budget_of_disk(uint64_t disk_bytes)
{
    uint64_t share = disk_bytes / SHARE_OF_DISK;

    if (disk_bytes == 0 || share > MOST)
        return MOST;
    return share > LEAST ? share : LEAST;
}

uint64_t budget_live(uint64_t max_bytes, uint64_t budget, size_t files)
{
    uint64_t share = budget / 2 / (files > 0 ? files : 1);

    if (max_bytes == 0)
        max_bytes = DEFAULT_BYTES;
    share = share > LEAST_LIVE ? share : LEAST_LIVE;
    return max_bytes < share ? max_bytes : share;
}

bool budget_goes_before(const struct segment *one, const struct segment *other)
{
    return one->written_ms != other->written_ms ? one->written_ms < other->written_ms
                                                : one->size > other->size;
}

/* A full pipe holds at least half of its capacity: any two pages in a row that were not merged
 * hold more than one. The first page may have been read in part, so one less counts as half. */
bool budget_must_drop(uint64_t waiting, uint64_t capacity)
{
    uint64_t half = capacity / 2;

    return waiting > 0 && waiting >= (half > 2 * PAGE ? half - PAGE : half);
}
