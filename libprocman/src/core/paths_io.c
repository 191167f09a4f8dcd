/* Where things are. Root has the directories of the FHS, everybody else those of the XDG base
 * directory specification, so that a user's fleet never meets the system's.
 */
#include <procman/paths.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool is_root(void)
{
    return geteuid() == 0;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

/* XDG: a relative path there is invalid and to be ignored. */
static char *user_dir(const char *variable, const char *below_home, const char *tail)
{
    const char *base = environment(variable), *home = environment("HOME");

    if (base && *base == '/')
        return pm_printf("%s/procman%s", base, tail);
    return pm_printf("%s/%s/procman%s", home ? home : "", below_home, tail);
}

static char *last_resort(void)
{
    return pm_printf("/tmp/procman-%u", (unsigned)geteuid());
}

char *pm_run_dir(void)
{
    const char *given = environment("PROCMAN_RUN_DIR"), *xdg = environment("XDG_RUNTIME_DIR");

    if (given)
        return pm_strdup(given);
    if (is_root())
        return pm_strdup("/run/procman");
    if (xdg && *xdg == '/')
        return pm_printf("%s/procman", xdg);
    return last_resort();
}

char *pm_state_dir(void)
{
    return is_root() ? pm_strdup("/var/lib/procman")
                     : user_dir("XDG_STATE_HOME", ".local/state", "");
}

char *pm_log_dir(void)
{
    return is_root() ? pm_strdup("/var/log/procman")
                     : user_dir("XDG_STATE_HOME", ".local/state", "/log");
}

char *pm_config_dir(void)
{
    return is_root() ? pm_strdup("/etc/procman") : user_dir("XDG_CONFIG_HOME", ".config", "");
}

enum pm_err pm_socket_endpoint(const char *dir, const char *name, char **out)
{
    struct sockaddr_un address; /* unix(7): the path's terminating zero counts */

    if (strlen(dir) + 1 + strlen(name) >= sizeof address.sun_path)
        return PM_LIMIT;
    *out = pm_printf("ipc://%s/%s", dir, name);
    return PM_OK;
}

/* A link in /tmp counts as much as what it leads to: whose it is, he may turn it elsewhere. */
char *pm_run_dir_fault(const char *dir)
{
    PM_CLEANUP(pm_free) char *judged = last_resort();
    struct stat entry, target;

    if (strcmp(dir, judged) != 0 || lstat(dir, &entry) != 0 || stat(dir, &target) != 0)
        return NULL;
    if (entry.st_uid != geteuid() || target.st_uid != geteuid())
        return pm_printf("%s belongs to another user (uid %u), who could answer there in the "
                         "sheriff's place; have it removed, or name another directory with "
                         "--run-dir", dir, (unsigned)(entry.st_uid != geteuid() ? entry.st_uid
                                                                                : target.st_uid));
    if ((target.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return pm_printf("others may write in %s (mode %04o) and could answer there in the "
                         "sheriff's place; look what is in it and \"chmod 700 %s\", or name "
                         "another directory with --run-dir", dir,
                         (unsigned)(target.st_mode & 07777), dir);
    return NULL;
}

/* Neither a link nor a directory of somebody else will hold our sockets. */
static bool is_ours(const char *path)
{
    struct stat entry, target;

    if (lstat(path, &entry) != 0 || stat(path, &target) != 0)
        return false;
    if (entry.st_uid == geteuid() && target.st_uid == geteuid())
        return true;
    errno = EPERM;
    return false;
}

static bool make_one(const char *path, mode_t mode)
{
    struct stat status;

    if (mkdir(path, mode) == 0)
        return true;
    int why = errno;
    bool exists = stat(path, &status) == 0;
    if (exists && S_ISDIR(status.st_mode))
        return true;
    errno = exists ? ENOTDIR : why;
    return false;
}

enum pm_err pm_make_dir(const char *path, bool is_private)
{
    PM_CLEANUP(pm_free) char *prefix = pm_strdup(path);
    char *slash = prefix + (*prefix == '/');

    for (size_t n = strlen(prefix); n > 1 && prefix[n - 1] == '/'; n--)
        prefix[n - 1] = '\0';
    for (slash = strchr(slash, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (!make_one(prefix, 0755))
            return PM_IO;
        *slash = '/';
    }
    if (!make_one(prefix, is_private ? 0700 : 0755))
        return PM_IO;
    if (is_private && !is_ours(prefix))
        return PM_IO;
    PM_CLEANUP(pm_free) char *fault = is_private ? pm_run_dir_fault(prefix) : NULL;
    if (fault != NULL)
        errno = EPERM;
    return fault != NULL ? PM_IO : PM_OK;
}
