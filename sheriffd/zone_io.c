/* The C library knows time zones, but only the one that the environment names: so it is named for
 * as long as it is asked, and as it was before afterwards. It is asked day by day, and where two
 * days differ the change is searched between them.
 *
 * For a name that does not exist the C library takes UTC in silence, so it is looked for first.
 */
#include "sheriffd/zone_io.h"

#include <procman/error.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DAY_S 86400
#define ZONES "/usr/share/zoneinfo" /* tzset(3) */

/* What is no zone the C library takes for UTC as well. */
static bool is_zone(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us */
    char magic[4];
    struct stat st;
    bool is = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
              read(fd, magic, sizeof magic) == sizeof magic &&
              memcmp(magic, "TZif", sizeof magic) == 0;

    if (fd >= 0)
        close(fd);
    return is;
}

static bool exists(const char *name)
{
    const char *dir = getenv("TZDIR");
    char *path PM_CLEANUP(pm_free) = pm_printf("%s/%s", dir != NULL ? dir : ZONES, name);

    if (*name == '\0' || strcmp(name, "UTC") == 0)
        return true;
    return *name != '/' && strstr(name, "..") == NULL && is_zone(path);
}

static int64_t ahead_at(int64_t at_s)
{
    time_t at = (time_t)at_s;
    struct tm local;

    return localtime_r(&at, &local) != NULL ? local.tm_gmtoff : 0;
}

/* The first second in (from, to] that is not like from. */
static int64_t find_change(int64_t from_s, int64_t to_s)
{
    int64_t ahead = ahead_at(from_s);

    while (to_s - from_s > 1) {
        int64_t middle = from_s + (to_s - from_s) / 2;

        if (ahead_at(middle) == ahead)
            from_s = middle;
        else
            to_s = middle;
    }
    return to_s;
}

static void add(struct zone *zone, int64_t at_s)
{
    zone->changes = pm_resize(zone->changes, zone->n + 1, sizeof *zone->changes);
    zone->changes[zone->n++] = (struct zone_change){ .at_s = at_s, .ahead_s = ahead_at(at_s) };
}

static void read_changes(int64_t from_s, int64_t until_s, struct zone *out)
{
    add(out, from_s);
    for (int64_t at = from_s; at < until_s;) {
        int64_t next = at + DAY_S < until_s ? at + DAY_S : until_s;

        if (ahead_at(next) != ahead_at(at)) {
            next = find_change(at, next);
            add(out, next);
        }
        at = next;
    }
}

bool zone_read(const char *name, int64_t from_s, int64_t until_s, struct zone *out)
{
    const char *own = getenv("TZ");
    char *before = own != NULL ? pm_strdup(own) : NULL;

    if (!exists(name)) {
        free(before);
        return false;
    }
    *out = (struct zone){ .until_s = until_s };
    if (*name != '\0')
        setenv("TZ", name, 1);
    tzset();
    read_changes(from_s, until_s, out);
    if (before != NULL)
        setenv("TZ", before, 1);
    else
        unsetenv("TZ");
    tzset();
    free(before);
    return true;
}
