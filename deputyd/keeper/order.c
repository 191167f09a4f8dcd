/* `deputyd --upgrade`: asked by a signal, answered by a file. So the keeper need listen to nobody
 * but its brain and the kernel. Its user and root may do both; nobody else can read the file.
 */
#include "keeper/upgrade.h"

#include "keeper/lock.h"
#include "keeper/slots.h"

#include <procman/log.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 20000 /* the new program's answer, the brain's leaving, a busy machine */
#define LOOK_NS     (10 * 1000 * 1000)

/* A program that does not know the signal would die of it: ours have it blocked. */
static bool awaits_signal(pid_t pid)
{
    PM_CLEANUP(pm_free) char *path = pm_printf("/proc/%d/status", (int)pid);
    FILE *status = fopen(path, "re");
    unsigned long long blocked = 0;
    char line[200];

    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "SigBlk: %llx", &blocked) == 1)
            break;
    if (status)
        fclose(status);
    return blocked >> (SIGUSR2 - 1) & 1;
}

/* "ok TEXT", or another word and why not; heap. NULL: nothing there yet. */
static char *read_outcome(const char *path)
{
    char text[1024];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return NULL;
    text[n] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return pm_strdup(text);
}

static char *await_outcome(const char *path, pid_t keeper)
{
    const struct timespec pause = { .tv_nsec = LOOK_NS };
    struct pm_mono until = pm_mono_after(pm_mono_now(), PATIENCE_MS);
    char *outcome = NULL;

    while ((outcome = read_outcome(path)) == NULL && pm_mono_now().ms < until.ms
           && kill(keeper, 0) == 0)
        nanosleep(&pause, NULL);
    return outcome;
}

int pm_upgrade_order(const char *dir, const char *name)
{
    PM_CLEANUP(pm_free) char *path = pm_printf("%s/upgrade", dir), *outcome = NULL;
    pid_t keeper = pm_lock_holder(dir);
    const char *text;

    if (keeper == 0) {
        pm_log_error("no deputyd named %s runs here: nobody holds %s/deputyd.lock", name, dir);
        return 1;
    }
    if (!awaits_signal(keeper)) {
        pm_log_error("the running deputyd, pid %d, is too old to be upgraded in its place; stop "
                     "it with --leave-running and start the new one", (int)keeper);
        return 1;
    }
    if ((unlink(path) != 0 && errno != ENOENT) || kill(keeper, SIGUSR2) != 0) {
        pm_log_error("cannot tell the deputyd %d: %s", (int)keeper, strerror(errno));
        return 1;
    }
    outcome = await_outcome(path, keeper);
    text = outcome ? strchr(outcome, ' ') : NULL;
    if (text == NULL) {
        pm_log_error("the deputyd %d %s", (int)keeper,
                     kill(keeper, 0) == 0 ? "does not answer" : "has ended");
        return 1;
    }
    if (strncmp(outcome, "ok ", 3) != 0) {
        pm_log_error("deputy %s is not upgraded: %s", name, text + 1);
        return 1;
    }
    printf("%s: %s\n", name, text + 1);
    return 0;
}

int pm_upgrade_check(const char *version, const char *fault)
{
    if (fault != NULL) {
        printf("%s\n", fault);
        return 1;
    }
    if (strtol(version, NULL, 10) != PM_SLOTS_VERSION) {
        printf("deputyd " PROCMAN_VERSION " knows the slot table of version %d, not %s; stop the "
               "running one with --leave-running and start this one\n", PM_SLOTS_VERSION, version);
        return 1;
    }
    printf(PROCMAN_VERSION "\n");
    return 0;
}
