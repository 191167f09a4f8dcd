/* What a child may use is settled while it has our rights still: only root may give more than we
 * have, and a limit that it could not be given is no reason to begin without.
 *
 * Niceness first: what is written for it needs a descriptor, which a limit may forbid. And the
 * mask last, because it cannot fail.
 */
#include "keeper/means.h"

#include <procman/limits.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct { const char *name; int number; } limits[] = {
    { "as", RLIMIT_AS }, { "core", RLIMIT_CORE }, { "cpu", RLIMIT_CPU }, { "data", RLIMIT_DATA },
    { "fsize", RLIMIT_FSIZE }, { "locks", RLIMIT_LOCKS }, { "memlock", RLIMIT_MEMLOCK },
    { "msgqueue", RLIMIT_MSGQUEUE }, { "nice", RLIMIT_NICE }, { "nofile", RLIMIT_NOFILE },
    { "nproc", RLIMIT_NPROC }, { "rss", RLIMIT_RSS }, { "rtprio", RLIMIT_RTPRIO },
    { "rttime", RLIMIT_RTTIME }, { "sigpending", RLIMIT_SIGPENDING }, { "stack", RLIMIT_STACK },
};
_Static_assert((rlim_t)PM_UNLIMITED == RLIM_INFINITY, "unlimited is the same word to both");

/* A session of its own is a group of its own to the scheduler, where it has autogroups: there
 * niceness counts within the session only, and that of the group against others (sched(7)). Where
 * there is no such thing nothing is to be done. */
static void be_a_nice_group(int nice)
{
    char text[8];
    int n = 0, fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
    ssize_t done = 0;

    if (fd < 0)
        return;
    if (nice < 0)
        text[n++] = '-';
    nice = nice < 0 ? -nice : nice;
    if (nice >= 10)
        text[n++] = (char)('0' + nice / 10);
    text[n++] = (char)('0' + nice % 10);
    done = write(fd, text, (size_t)n);
    (void)done;
    close(fd);
}

bool pm_means_be_nice(const struct pm_spawn *what)
{
    int now;

    if (what->nice == 0)
        return true;
    errno = 0;
    now = nice((int)what->nice);
    if (now == -1 && errno != 0)
        return false;
    be_a_nice_group(now);
    return true;
}

/* -1: this keeper knows no such limit. */
static int number_of(const char *name)
{
    for (size_t i = 0; i < PM_COUNT(limits); i++)
        if (strcmp(limits[i].name, name) == 0)
            return limits[i].number;
    return -1;
}

bool pm_means_limit(const struct pm_spawn *what, const struct rlimit *files,
                    volatile size_t *refused)
{
    *refused = what->limits.n;
    if (setrlimit(RLIMIT_NOFILE, files) != 0)
        return false;
    for (size_t i = 0; i < what->limits.n; i++) {
        const struct pm_limit *limit = &what->limits.at[i];
        struct rlimit to = { .rlim_cur = limit->soft, .rlim_max = limit->hard };
        int number = number_of(limit->name);
        *refused = i;
        errno = EINVAL;
        if (number < 0 || setrlimit((__rlimit_resource_t)number, &to) != 0)
            return false;
    }
    return true;
}

void pm_means_mask(const struct pm_spawn *what)
{
    if (what->umask != 0)
        (void)umask((mode_t)(what->umask & 0777));
}

/* ---- afterwards ------------------------------------------------------------------------ */

static const char *value_text(uint64_t value, char *text, size_t size)
{
    if (value == PM_UNLIMITED)
        return "unlimited";
    snprintf(text, size, "%" PRIu64, value);
    return text;
}

static void tell_limit(const struct pm_limit *limit, char *text)
{
    char soft[24], hard[24];

    if (limit->soft == limit->hard)
        snprintf(text, PM_MEANS_TEXT, "%.12s to %s", limit->name,
                 value_text(limit->soft, soft, sizeof soft));
    else
        snprintf(text, PM_MEANS_TEXT, "%.12s to %s, at most %s", limit->name,
                 value_text(limit->soft, soft, sizeof soft),
                 value_text(limit->hard, hard, sizeof hard));
}

void pm_means_tell(const struct pm_spawn *what, enum pm_stage stage, size_t refused,
                   char text[PM_MEANS_TEXT])
{
    text[0] = '\0';
    if (stage == PM_STAGE_LIMIT && refused < what->limits.n)
        tell_limit(&what->limits.at[refused], text);
    else if (stage == PM_STAGE_NICE)
        snprintf(text, PM_MEANS_TEXT, "%" PRId64, what->nice);
    else if (stage == PM_STAGE_DIRECTORY && what->dir != NULL)
        snprintf(text, PM_MEANS_TEXT, "%s", what->dir);
    else if (stage == PM_STAGE_EXEC && what->argv.n > 0)
        snprintf(text, PM_MEANS_TEXT, "%s", what->argv.at[0]);
}
