/* One record, written over and over in one piece; a checksum tells it from damage. */
#include "sheriffd/store_reached.h"

#include <procman/base.h>
#include <procman/checksum.h>

#include <fcntl.h>
#include <unistd.h>

struct record { uint64_t generation, sum; };

static uint64_t sum_of(uint64_t generation)
{
    return pm_checksum(PM_CHECKSUM_BASIS, &generation, sizeof generation);
}

int store_reached_open(const char *store_path)
{
    PM_CLEANUP(pm_free) char *path = pm_printf("%s-generation", store_path);

    return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

uint64_t store_reached(int fd)
{
    struct record record;

    if (fd < 0 || pread(fd, &record, sizeof record, 0) != sizeof record ||
        record.sum != sum_of(record.generation))
        return 0;
    return record.generation;
}

/* What cannot be written is only missing when something else fails, too. */
void store_reached_note(int fd, uint64_t generation)
{
    struct record record = { generation, sum_of(generation) };

    if (fd >= 0 && pwrite(fd, &record, sizeof record, 0) != sizeof record)
        return;
}
