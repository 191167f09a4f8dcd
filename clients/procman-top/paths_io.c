#include "paths.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* Is it a directory? What is behind it can be completed then. */
static bool is_dir(const char *path)
{
    DIR *dir = opendir(path);

    if (dir != NULL)
        closedir(dir);
    return dir != NULL;
}

void paths_offer(struct complete *into)
{
    const char *begun = into->begun, *slash = strrchr(begun, '/'), *home = getenv("HOME");
    size_t n = slash ? (size_t)(slash + 1 - begun) : 0;
    bool at_home = strncmp(begun, "~/", 2) == 0 && home != NULL;
    PM_CLEANUP(pm_free) char *where = pm_printf("%s%.*s", at_home ? home : n > 0 ? "" : "./",
                                                (int)(n - at_home), begun + at_home);
    DIR *dir = opendir(where);
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        PM_CLEANUP(pm_free) char *there = pm_printf("%s%s", where, entry->d_name);
        PM_CLEANUP(pm_free) char *candidate = pm_printf("%.*s%s%s", (int)n, begun, entry->d_name,
                                                        is_dir(there) ? "/" : "");
        if (*entry->d_name != '.' || begun[n] == '.')
            complete_offer(into, candidate);
    }
    if (dir != NULL)
        closedir(dir);
}
