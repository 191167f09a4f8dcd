/* Who is born into a control group cannot leave it by any fork, setsid or exec: the group is the
 * tree. A kill of the group reaches all of it at once, even one that forks faster than we look.
 *
 * Groups are named <own group>/<deputy's directory>.<its checksum>/<slot>, so the next keeper finds
 * them though every file of this one is lost. No controller is enabled in them, therefore the rule
 * that a group with processes of its own has no children with controllers (cgroups(7)) does not
 * concern us, and neither service managers nor limits see a difference.
 *
 * A group lasts as long as its slot is used: a new one for each life would cost a tenth of a start.
 * But once killed it is never entered again: some kernels (seen on 6.18) take whoever is born into
 * such a group for one who was being born when it was killed.
 */
#include "keeper/cgroup.h"

#include <procman/base.h>
#include <procman/checksum.h>
#include <procman/marks.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define NAME_BYTES 64 /* "slot/cgroup.events" */
#define DEPTH_MOST 8  /* of groups below one of ours that we clear away */

/* ---- where ------------------------------------------------------------------------------- */

/* Our own group: the line "0::/path" of /proc/self/cgroup; heap. */
static char *own_group(void)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    PM_CLEANUP(pm_free) char *line = NULL;
    char *group = NULL;
    size_t size = 0;

    while (file && group == NULL && getline(&line, &size, file) > 0)
        if (strncmp(line, "0::/", 4) == 0) {
            line[strcspn(line, "\n")] = '\0';
            group = pm_strdup(strcmp(line + 3, "/") == 0 ? "" : line + 3);
        }
    if (file)
        fclose(file);
    return group;
}

/* NULL: no cgroup v2 here, alone or beside v1. */
static const char *mount_point(void)
{
    static const char *const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
    struct statfs info;

    for (size_t i = 0; i < PM_COUNT(places); i++)
        if (statfs(places[i], &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC)
            return places[i];
    return NULL;
}

/* What a keeper before us has made. */
static void find_made(struct pm_cgroups *groups)
{
    int fd = openat(groups->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;

    while (dir && (entry = readdir(dir)) != NULL) {
        char *end;
        unsigned long slot = strtoul(entry->d_name, &end, 10);
        if (end != entry->d_name && *end == '\0' && slot < PM_LIMIT_SLOTS)
            groups->at[slot] = PM_CGROUP_USED;
    }
    if (dir)
        closedir(dir);
    else if (fd >= 0)
        close(fd);
}

void pm_cgroups_open(const char *dir, struct pm_cgroups *out)
{
    PM_CLEANUP(pm_free) char *own = own_group();
    const char *mount = mount_point(), *base = strrchr(dir, '/');
    unsigned long long sum = pm_checksum(PM_CHECKSUM_BASIS, dir, strlen(dir));

    memset(out->at, PM_CGROUP_NONE, sizeof out->at);
    out->root = -1;
    out->path = NULL;
    if (own == NULL || mount == NULL)
        return;
    out->path = pm_printf("%s%s/%s.%016llx", mount, own, base ? base + 1 : dir, sum);
    if (mkdir(out->path, 0755) != 0 && errno != EEXIST)
        return;
    out->root = open(out->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (out->root >= 0)
        find_made(out);
}

void pm_cgroups_close(struct pm_cgroups *groups)
{
    if (groups->root >= 0) {
        for (size_t i = 0; i < PM_LIMIT_SLOTS; i++)
            pm_cgroups_remove(groups, i);
        close(groups->root);
        (void)rmdir(groups->path);
    }
    groups->root = -1;
    pm_free(&groups->path);
}

/* ---- one group ------------------------------------------------------------------------------ */

static int open_file(const struct pm_cgroups *groups, uint64_t slot, const char *name, int flags)
{
    char path[NAME_BYTES];

    snprintf(path, sizeof path, "%llu/%s", (unsigned long long)slot, name);
    return openat(groups->root, path, flags | O_CLOEXEC);
}

static bool is_populated(const struct pm_cgroups *groups, uint64_t slot)
{
    char text[256] = "";
    int fd = open_file(groups, slot, "cgroup.events", O_RDONLY);

    if (fd < 0)
        return false;
    if (read(fd, text, sizeof text - 1) < 0)
        text[0] = '\0';
    close(fd);
    return strstr(text, "populated 1") != NULL;
}

/* Of a process that may be gone, and its number another's: only if it is in that group. */
static void kill_member(const struct pm_cgroups *groups, uint64_t slot, pid_t pid)
{
    char path[64], text[512] = "", tail[NAME_BYTES];
    struct pm_proc_stat stat;
    int fd;

    if (!pm_proc_stat(pid, &stat))
        return;
    snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
    snprintf(tail, sizeof tail, "%s/%llu\n", strrchr(groups->path, '.'), (unsigned long long)slot);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, text, sizeof text - 1) > 0 && strstr(text, tail) != NULL)
        pm_mark_signal(pid, stat.start_ticks, SIGKILL);
    if (fd >= 0)
        close(fd);
}

/* Linux before 5.14 has no cgroup.kill. */
static void kill_each(const struct pm_cgroups *groups, uint64_t slot, int procs)
{
    FILE *file = fdopen(procs, "r");
    long pid;

    if (file == NULL) {
        close(procs);
        return;
    }
    while (fscanf(file, "%ld", &pid) == 1)
        kill_member(groups, slot, (pid_t)pid);
    fclose(file);
}

static void kill_all(const struct pm_cgroups *groups, uint64_t slot)
{
    int fd = open_file(groups, slot, "cgroup.kill", O_WRONLY), procs;
    bool done = fd >= 0 && write(fd, "1", 1) == 1;

    if (fd >= 0)
        close(fd);
    if (!done && (procs = open_file(groups, slot, "cgroup.procs", O_RDONLY)) >= 0)
        kill_each(groups, slot, procs);
}

static pid_t first_of(const struct pm_cgroups *groups, uint64_t slot)
{
    char text[32] = "";
    int fd = open_file(groups, slot, "cgroup.procs", O_RDONLY);

    if (fd < 0)
        return 0;
    if (read(fd, text, sizeof text - 1) < 0)
        text[0] = '\0';
    close(fd);
    return (pid_t)strtol(text, NULL, 10);
}

int pm_cgroups_enter(struct pm_cgroups *groups, uint64_t slot)
{
    char name[NAME_BYTES];
    int fd;

    if (groups->root < 0 || slot >= PM_LIMIT_SLOTS)
        return -1;
    if (groups->at[slot] == PM_CGROUP_USED)
        pm_cgroups_remove(groups, slot);
    snprintf(name, sizeof name, "%llu", (unsigned long long)slot);
    if (groups->at[slot] == PM_CGROUP_NONE && mkdirat(groups->root, name, 0755) != 0)
        return -1;
    groups->at[slot] = PM_CGROUP_CLEAN;
    fd = openat(groups->root, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && mkdirat(groups->root, name, 0755) == 0) /* tidied away */
        fd = openat(groups->root, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd;
}

bool pm_cgroups_end(struct pm_cgroups *groups, uint64_t slot, pid_t *out_rest)
{
    if (groups->root < 0 || groups->at[slot] == PM_CGROUP_NONE || !is_populated(groups, slot))
        return true;
    *out_rest = first_of(groups, slot);
    groups->at[slot] = PM_CGROUP_USED;
    kill_all(groups, slot);
    return !is_populated(groups, slot);
}

/* With the groups that its processes have made in it, as a container's or another deputy's. */
static void remove_with_all(int at, const char *name, int depth)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;

    while (dir && depth > 0 && (entry = readdir(dir)) != NULL)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            remove_with_all(fd, entry->d_name, depth - 1);
    if (dir)
        closedir(dir);
    else if (fd >= 0)
        close(fd);
    (void)unlinkat(at, name, AT_REMOVEDIR); /* EBUSY: someone is left running in it */
}

void pm_cgroups_remove(struct pm_cgroups *groups, uint64_t slot)
{
    char name[NAME_BYTES];

    if (groups->root < 0 || slot >= PM_LIMIT_SLOTS || groups->at[slot] == PM_CGROUP_NONE)
        return;
    snprintf(name, sizeof name, "%llu", (unsigned long long)slot);
    if (unlinkat(groups->root, name, AT_REMOVEDIR) != 0 && errno == EBUSY)
        remove_with_all(groups->root, name, DEPTH_MOST);
    groups->at[slot] = PM_CGROUP_NONE;
}
