/* Strays of this machine, found without a sheriff.
 *
 * A deputy that lives holds a lock in its directory, and knows best which processes are its own;
 * all that bears the mark of a deputy that does not live is a stray. It may only just be between
 * two lives, and would take up its processes again: so nobody but people decides to end them.
 */
#include "strays.h"
#include "out.h"

#include <procman/hunt.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define HOST_SIZE 256

/* Does a deputy hold the lock of that directory? Our own try lasts no longer than the question,
 * and a deputy that begins at that very moment tries more than once. */
static bool lives(const char *dir)
{
    PM_CLEANUP(pm_free) char *path = pm_printf("%s/deputyd.lock", dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    bool taken = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;

    if (fd >= 0)
        close(fd);
    return taken;
}

static bool is_stray(void *self, const struct pm_bearer *bearer)
{
    (void)self;
    return !lives(bearer->dir);
}

static void sleep_until(struct pm_mono when)
{
    struct timespec at = { .tv_sec = when.ms / 1000, .tv_nsec = when.ms % 1000 * 1000000 };

    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static void hunt(const struct pm_hunt_rule *rule, struct found *found)
{
    struct pm_hunt *hunt;
    struct pm_mono next;
    char host[HOST_SIZE] = "";

    (void)!gethostname(host, sizeof host - 1);
    pm_hunt_open(rule, &hunt);
    while (!pm_hunt_step(hunt, pm_mono_now(), &next))
        sleep_until(next);
    const struct pm_stray_list *strays = pm_hunt_found(hunt);
    for (size_t i = 0; i < strays->n; i++) {
        struct pm_stray stray = strays->at[i];
        stray.host = host;
        found_add(found, &stray);
    }
    pm_hunt_close(&hunt);
}

enum pm_err strays_here(struct ctl *ctl, enum pm_err no_sheriff, struct found *found)
{
    struct pm_hunt_rule rule = { .is_stray = is_stray, .kill = ctl->set.kill };
    char *why PM_CLEANUP(pm_free) = pm_client_fault(no_sheriff, ctl->set.run_dir);

    complain("%s", why);
    if (no_sheriff != PM_UNREACHABLE || ctl->words.n > 0)
        return no_sheriff;
    complain("so only this machine is searched, for processes of deputies that do not live");
    hunt(&rule, found);
    return PM_OK;
}
