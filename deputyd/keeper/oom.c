/* The kernel's log names whom it kills when memory runs out, by number. That is proof, with or
 * without control groups: their counters (memory.events) tell that somebody was killed, not who.
 *
 * Numbers are those of the first pid namespace, and the log is root's: anywhere else nothing is
 * known here, and the brain is left with its guess (brain/oom_io.h). A number is another's before
 * long, so the log is read every few seconds, and what it has told is forgotten soon. A line that a
 * program has written there is of another facility than the kernel's.
 */
#include "keeper/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_NAMESPACE "pid:[4026531836]" /* PROC_PID_INIT_INO of the kernel's proc_ns.h */
#define RECORD_MOST  8192  /* bytes; CONSOLE_EXT_LOG_MAX of the kernel */
#define RECORDS_MOST 4096  /* at once: who floods the log shall not hold us up */
#define KNOWN_MS     10000

static bool is_first_namespace(void)
{
    char name[64];
    ssize_t n = readlink("/proc/self/ns/pid", name, sizeof name - 1);

    name[n > 0 ? n : 0] = '\0';
    return strcmp(name, FIRST_NAMESPACE) == 0;
}

void pm_oom_open(struct pm_oom *out)
{
    *out = (struct pm_oom){ .log = -1 };
    if (is_first_namespace())
        out->log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (out->log < 0 || lseek(out->log, 0, SEEK_END) < 0)
        pm_oom_close(out);
}

void pm_oom_close(struct pm_oom *oom)
{
    if (oom->log > 0)
        close(oom->log);
    oom->log = 0;
}

/* "PRIORITY,NUMBER,MICROSECONDS,FLAGS;TEXT": see the kernel's Documentation/ABI/testing/dev-kmsg.
 * The text: __oom_kill_process() of its mm/oom_kill.c. A priority below 8 is the kernel's own. */
pid_t pm_oom_victim_of(const char *record)
{
    static const char *const begins[] = { "Out of memory", "Memory cgroup out of memory" };
    static const char killed[] = ": Killed process ";
    const char *text = strchr(record, ';'), *name = NULL;

    if (text == NULL || strtoul(record, NULL, 10) >= 8)
        return 0;
    for (size_t i = 0; i < PM_COUNT(begins) && name == NULL; i++)
        if (strncmp(text + 1, begins[i], strlen(begins[i])) == 0)
            name = strstr(text, killed);
    return name ? (pid_t)strtol(name + strlen(killed), NULL, 10) : 0;
}

void pm_oom_read(struct pm_oom *oom, struct pm_mono now)
{
    char record[RECORD_MOST];
    ssize_t n = 0;

    for (int i = 0; oom->log > 0 && i < RECORDS_MOST; i++) {
        n = read(oom->log, record, sizeof record - 1);
        if (n < 0 && errno == EPIPE)
            continue; /* some were overwritten before we came */
        if (n <= 0)
            return;
        record[n] = '\0';
        pid_t pid = pm_oom_victim_of(record);
        if (pid <= 0)
            continue;
        oom->victims[oom->next] = (struct pm_oom_victim){ .pid = pid, .told = now };
        oom->next = (oom->next + 1) % PM_OOM_VICTIMS;
    }
}

bool pm_oom_has_killed(struct pm_oom *oom, pid_t pid, struct pm_mono now)
{
    pm_oom_read(oom, now);
    for (size_t i = 0; i < PM_OOM_VICTIMS; i++)
        if (oom->victims[i].pid == pid && pm_mono_since(oom->victims[i].told, now) < KNOWN_MS) {
            oom->victims[i].pid = 0;
            return true;
        }
    return false;
}
