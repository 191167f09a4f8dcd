/* Who is born into a control group cannot leave it by any fork, setsid or exec: the group is the
 * tree. Only who may write to other groups can move out, as a container's runtime may: that is on
 * its own. A kill of the group reaches all of it at once, even one that forks faster than we look.
 *
 * Groups are named <own group>/<deputy's directory>.<its checksum>/<slot>, so the next keeper finds
 * them though every file of this one is lost, if it is begun in the same place, as by the same
 * service. No controller is enabled in them, therefore the rule that a group with processes of its
 * own has no children with controllers (cgroups(7)) does not concern us, and neither service
 * managers nor limits see a difference.
 *
 * A group lasts as long as its slot is used: a new one for each life would cost a tenth of a start.
 * But once killed it is never entered again: some kernels (seen on 6.18) take whoever is born into
 * such a group for one who was being born when it was killed.
 */
#include "keeper/cgroup.h"

#include <procman/base.h>
#include <procman/checksum.h>
#include <procman/log.h>
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

static bool make_below(struct pm_cgroups *groups, const char *mount, const char *group,
                       const char *name)
{
    pm_free(&groups->path);
    groups->path = pm_printf("%s%s/%s", mount, group, name);
    return mkdir(groups->path, 0755) == 0 || errno == EEXIST;
}

/* Ours are made in our own group; or in the one around it, if our own is called `keeper`: it was
 * made so that the one around it has no processes, see limits.c. */
static bool make_root(struct pm_cgroups *groups, const char *mount, char *own, const char *name)
{
    char *last = strrchr(own, '/');

    if (last && strcmp(last, "/keeper") == 0) {
        *last = '\0';
        if (make_below(groups, mount, own, name))
            return true;
        *last = '/'; /* that one is not for us */
    }
    return make_below(groups, mount, own, name);
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

/* What a keeper before us has made; any may be there when that cannot be told. */
static void find_made(struct pm_cgroups *groups)
{
    int fd = openat(groups->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    int error = errno; /* of one that could not be opened */

    while (dir && (errno = 0, entry = readdir(dir)) != NULL) {
        char *end;
        unsigned long slot = strtoul(entry->d_name, &end, 10);
        if (end != entry->d_name && *end == '\0' && slot < PM_LIMIT_SLOTS)
            groups->at[slot] = PM_CGROUP_USED;
    }
    error = dir ? errno : error;
    if (error != 0) {
        memset(groups->at, PM_CGROUP_USED, sizeof groups->at);
        pm_log_warning("cannot list %s: %s; each group in it is asked for by its number",
                       groups->path, strerror(error));
    }
    if (dir)
        closedir(dir);
    else if (fd >= 0)
        close(fd);
}

void pm_cgroups_open(const char *dir, struct pm_cgroups *out)
{
    PM_CLEANUP(pm_free) char *own = own_group(), *name = NULL;
    const char *mount = mount_point(), *base = strrchr(dir, '/');
    unsigned long long sum = pm_checksum(PM_CHECKSUM_BASIS, dir, strlen(dir));

    memset(out->at, PM_CGROUP_NONE, sizeof out->at);
    out->root = -1;
    out->path = NULL;
    if (own == NULL || mount == NULL)
        return;
    name = pm_printf("%s.%016llx", base ? base + 1 : dir, sum);
    if (!make_root(out, mount, own, name))
        return;
    out->root = open(out->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (out->root < 0)
        return;
    out->kills = faccessat(out->root, "cgroup.kill", W_OK, 0) == 0;
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

/* OK nobody is in it, or it is no more | BUSY | IO */
static enum pm_err is_empty(const struct pm_cgroups *groups, uint64_t slot)
{
    char text[256];
    int fd = open_file(groups, slot, "cgroup.events", O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    int error = errno;

    if (fd >= 0)
        close(fd);
    errno = error;
    if (n < 0)
        return error == ENOENT || error == ENODEV ? PM_OK : PM_IO;
    text[n] = '\0';
    return strstr(text, "populated 1") ? PM_BUSY : PM_OK;
}

/* Of a process that may be gone, and its number another's: only if it is in that group, or in one
 * that was made in it. */
static void kill_member(const struct pm_cgroups *groups, uint64_t slot, pid_t pid)
{
    char path[64], text[4096] = "", part[NAME_BYTES];
    struct pm_proc_stat stat;
    const char *found = NULL;
    int fd;

    if (pm_proc_stat(pid, &stat) != PM_OK)
        return;
    snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
    snprintf(part, sizeof part, "%s/%llu", strrchr(groups->path, '.'), (unsigned long long)slot);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, text, sizeof text - 1) > 0)
        found = strstr(text, part);
    if (found && strchr("/\n", found[strlen(part)]))
        pm_mark_signal(pid, stat.start_ticks, SIGKILL);
    if (fd >= 0)
        close(fd);
}

static void kill_listed(const struct pm_cgroups *groups, uint64_t slot, int group)
{
    int fd = openat(group, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    FILE *file = fd >= 0 ? fdopen(fd, "re") : NULL;
    long pid;

    while (file && fscanf(file, "%ld", &pid) == 1)
        kill_member(groups, slot, (pid_t)pid);
    if (file)
        fclose(file);
    else if (fd >= 0)
        close(fd);
}

/* A group and the groups in it, which its processes have made, as a container's or another
 * deputy's; the innermost first. */
static void visit(const struct pm_cgroups *groups, uint64_t slot, int at, const char *name,
                  int depth, bool removes)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;

    while (dir && depth > 0 && (entry = readdir(dir)) != NULL)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            visit(groups, slot, fd, entry->d_name, depth - 1, removes);
    if (dir && !removes)
        kill_listed(groups, slot, fd);
    if (dir)
        closedir(dir);
    else if (fd >= 0)
        close(fd);
    if (removes)
        (void)unlinkat(at, name, AT_REMOVEDIR);
}

static void kill_all(const struct pm_cgroups *groups, uint64_t slot)
{
    int fd = groups->kills ? open_file(groups, slot, "cgroup.kill", O_WRONLY) : -1;
    bool done = fd >= 0 && write(fd, "1", 1) == 1;
    char name[NAME_BYTES];

    if (fd >= 0)
        close(fd);
    snprintf(name, sizeof name, "%llu", (unsigned long long)slot);
    if (!done) /* Linux before 5.14 has no cgroup.kill */
        visit(groups, slot, groups->root, name, DEPTH_MOST, false);
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
    int fd = -1;

    if (groups->root < 0 || slot >= PM_LIMIT_SLOTS)
        return -1;
    if (groups->at[slot] >= PM_CGROUP_USED)
        pm_cgroups_remove(groups, slot);
    if (groups->at[slot] >= PM_CGROUP_USED)
        return -1;
    snprintf(name, sizeof name, "%llu", (unsigned long long)slot);
    if (groups->at[slot] == PM_CGROUP_CLEAN)
        fd = openat(groups->root, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && mkdirat(groups->root, name, 0755) == 0) /* or it was tidied away */
        fd = openat(groups->root, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    else if (fd < 0 && errno == EEXIST)
        groups->at[slot] = PM_CGROUP_USED; /* by whom is not known; the next life has a new one */
    if (fd >= 0)
        groups->at[slot] = PM_CGROUP_CLEAN;
    return fd;
}

enum pm_err pm_cgroups_look(const struct pm_cgroups *groups, uint64_t slot)
{
    return pm_cgroups_has(groups, slot) ? is_empty(groups, slot) : PM_OK;
}

bool pm_cgroups_has(const struct pm_cgroups *groups, uint64_t slot)
{
    return groups->root >= 0 && slot < PM_LIMIT_SLOTS && groups->at[slot] != PM_CGROUP_NONE;
}

enum pm_err pm_cgroups_end(struct pm_cgroups *groups, uint64_t slot, pid_t *out_rest)
{
    enum pm_err err;

    if (!pm_cgroups_has(groups, slot))
        return PM_OK;
    err = is_empty(groups, slot);
    if (err != PM_BUSY)
        return err;
    *out_rest = first_of(groups, slot);
    groups->at[slot] = PM_CGROUP_USED;
    kill_all(groups, slot);
    return is_empty(groups, slot);
}

void pm_cgroups_remove(struct pm_cgroups *groups, uint64_t slot)
{
    char name[NAME_BYTES];
    bool gone;

    if (!pm_cgroups_has(groups, slot))
        return;
    snprintf(name, sizeof name, "%llu", (unsigned long long)slot);
    gone = unlinkat(groups->root, name, AT_REMOVEDIR) == 0 || errno == ENOENT;
    if (!gone && errno == EBUSY && is_empty(groups, slot) == PM_OK) { /* else they are in use */
        visit(groups, slot, groups->root, name, DEPTH_MOST, true);
        gone = faccessat(groups->root, name, F_OK, 0) != 0 && errno == ENOENT;
    }
    groups->at[slot] = gone ? PM_CGROUP_NONE : PM_CGROUP_USED;
}
