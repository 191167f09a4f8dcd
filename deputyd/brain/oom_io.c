/* The counter is oom_kill of /proc/vmstat (Linux 4.13 and later; also kills within one memory
 * cgroup). It is looked at every second, so that a kill of long ago is nobody's explanation. Where
 * it cannot be read, nothing is said.
 */
#include "brain/oom_io.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VMSTAT_MOST 16384 /* bytes; it has about 4,000 */

static uint64_t count(const struct oom *oom)
{
    char text[VMSTAT_MOST];
    const char *at;
    ssize_t n = oom->fd >= 0 ? pread(oom->fd, text, sizeof text - 1, 0) : -1;

    if (n <= 0)
        return 0;
    text[n] = '\0';
    at = strstr(text, "\noom_kill ");
    return at != NULL ? strtoull(at + strlen("\noom_kill "), NULL, 10) : 0;
}

void oom_init(struct oom *oom)
{
    oom->fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
    oom->older = oom->newer = count(oom);
}

void oom_fini(struct oom *oom)
{
    if (oom->fd >= 0)
        close(oom->fd);
}

void oom_look(struct oom *oom)
{
    oom->older = oom->newer;
    oom->newer = count(oom);
}

bool oom_ran(struct oom *oom)
{
    return count(oom) > oom->older;
}
