/* Where a deputy keeps its files: several deputies, and a sheriff, may share a run directory. */
#include "keeper/wire.h"

#include <stdio.h>
#include <string.h>

/* A file name that any name can have: what could be a path, hidden or invisible is %XX. */
static char *encode(const char *name)
{
    char *text = pm_alloc(3 * strlen(name) + 1), *to = text;

    for (const unsigned char *at = (const unsigned char *)name; *at; at++) {
        bool plain = *at >= ' ' && *at != 0x7f && *at != '/' && *at != '%'
                  && (*at != '.' || (const char *)at != name);
        if (plain)
            *to++ = (char)*at;
        else
            to += sprintf(to, "%%%02X", *at);
    }
    return text;
}

char *pm_deputy_log_dir(const char *log_dir, const char *name)
{
    PM_CLEANUP(pm_free) char *encoded = encode(name);

    return pm_printf("%s/%s", log_dir, encoded);
}

char *pm_deputy_notify_path(const char *run_dir, const char *name)
{
    PM_CLEANUP(pm_free) char *encoded = encode(name);

    return pm_printf("%s/notify-%s", run_dir, encoded);
}

char *pm_deputy_dir(const char *run_dir, const char *name)
{
    PM_CLEANUP(pm_free) char *encoded = encode(name);

    return pm_printf("%s/deputy-%s", run_dir, encoded);
}
