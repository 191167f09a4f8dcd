/* Marks are read from /proc/PID/environ, which shows the environment as it was at exec. Between
 * fork and exec a process shows its parent's, so no process of a life is ever without its mark,
 * unless it sheds it on purpose; but for a moment within exec its environment is empty, and then
 * only the kernel's own view of it says that this is not meant.
 *
 * A walk over all processes is cut into portions by its caller: ten thousand of them take a tenth
 * of a second, for which no loop may stand still. A process that begins behind the walk's back is
 * not met; who must be sure walks again until a whole walk has found nothing.
 */
#include <procman/marks.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define ENVIRON_BYTES (256 << 10) /* a mark behind more than this much is not found */
#define LATER_MOST    256         /* processes within exec at one moment */
#define OF_KERNEL     0x00200000u /* PF_KTHREAD of the kernel's sched.h */

struct pm_marks {
    DIR *walk;                   /* NULL: none under way */
    bool is_empty;               /* what was read last */
    bool is_listed;              /* the walk has come to its end */
    bool missed;                 /* in this walk someone could not be read, twice */
    pid_t later[LATER_MOST];
    size_t n_later;
    char env[ENVIRON_BYTES];
};

static ssize_t read_file(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    ssize_t sum;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    sum = read(fd, text, size - 1); /* these files give all that fits at once */
    close(fd);
    text[sum > 0 ? sum : 0] = '\0';
    return sum;
}

bool pm_proc_stat(pid_t pid, struct pm_proc_stat *out)
{
    char text[1024];
    const char *after;
    long long parent, group, session;
    unsigned long long start;
    char state;

    if (read_file(pid, "stat", text, sizeof text) <= 0)
        return false;
    after = strrchr(text, ')'); /* a program's name may hold anything, ')' and newlines too */
    if (after == NULL
        || sscanf(after + 1, " %c %lld %lld %lld %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d"
                  " %*d %*d %*d %*d %llu", &state, &parent, &group, &session, &start) != 5)
        return false;
    *out = (struct pm_proc_stat){ .state = state, .parent = (pid_t)parent, .group = (pid_t)group,
                                  .session = (pid_t)session, .start_ticks = start };
    return true;
}

static const char *variable(const char *env, size_t n, const char *name)
{
    size_t name_n = strlen(name);

    for (const char *at = env; at < env + n; at += strlen(at) + 1)
        if (strncmp(at, name, name_n) == 0 && at[name_n] == '=')
            return at + name_n + 1;
    return NULL;
}

/* "deputy/slot/run"; a deputy's name has no '/'. */
static bool parse(const char *text, struct pm_bearer *mark)
{
    const char *numbers = strchr(text, '/');
    unsigned long long slot, run;

    if (numbers == NULL || sscanf(numbers, "/%llu/%llu", &slot, &run) != 2)
        return false;
    mark->text = text;
    mark->slot = slot;
    mark->run = run;
    return true;
}

void pm_marks_open(struct pm_marks **out)
{
    *out = pm_alloc(sizeof **out);
}

void pm_marks_close(struct pm_marks **marks)
{
    if (*marks && (*marks)->walk)
        closedir((*marks)->walk);
    pm_free(marks);
}

/* Into marks->env. NULL: it has none, or cannot be read. */
static const char *read_mark(struct pm_marks *marks, pid_t pid, size_t *n)
{
    ssize_t got = read_file(pid, "environ", marks->env, sizeof marks->env);

    marks->is_empty = got == 0;
    *n = got > 0 ? (size_t)got : 0;
    return variable(marks->env, *n, PM_MARK_RUN);
}

/* The n-th field of /proc/PID/stat, from 4 on; `after` is behind the state. */
static unsigned long long field(const char *after, int n)
{
    for (int i = 4; i < n && after; i++)
        after = strchr(after + 1, ' ');
    return after ? strtoull(after + 1, NULL, 10) : 0;
}

/* No thread of the kernel (field 9), and not dead; but where its environment ends (field 51) is not
 * set yet, or no more. */
static bool is_in_between(pid_t pid)
{
    char text[2048];
    const char *after = NULL;

    if (read_file(pid, "stat", text, sizeof text) > 0)
        after = strrchr(text, ')');
    return after && strchr("ZX", after[2]) == NULL && (field(after + 3, 9) & OF_KERNEL) == 0
        && field(after + 3, 51) == 0;
}

enum pm_err pm_marks_read(struct pm_marks *marks, pid_t pid, struct pm_bearer *out)
{
    struct pm_bearer mark = { .pid = pid };
    const char *text;
    size_t n;

    /* Most have none. Of one that has it the start time is read before the mark, or the number
     * could change hands between the two, and the mark would be laid at another's door. */
    if (read_mark(marks, pid, &n) == NULL)
        return marks->is_empty && is_in_between(pid) ? PM_BUSY : PM_NOT_FOUND;
    if (!pm_proc_stat(pid, &mark.stat) || mark.stat.state == 'Z' || mark.stat.state == 'X')
        return PM_BUSY;
    text = read_mark(marks, pid, &n);
    if (text == NULL)
        return PM_BUSY;
    if (!parse(text, &mark))
        return PM_NOT_FOUND;
    mark.dir = variable(marks->env, n, PM_MARK_DIR);
    mark.group = variable(marks->env, n, PM_MARK_GROUP);
    mark.name = variable(marks->env, n, PM_MARK_NAME);
    if (mark.dir == NULL)
        return PM_NOT_FOUND;
    *out = mark;
    return PM_OK;
}

/* Who could not be read is asked once more when all others have been. */
static void put_off(struct pm_marks *marks, pid_t pid)
{
    if (marks->n_later < LATER_MOST)
        marks->later[marks->n_later++] = pid;
    else
        marks->missed = true;
}

static enum pm_err next_later(struct pm_marks *marks, unsigned *budget, struct pm_bearer *out)
{
    while (*budget > 0 && marks->n_later > 0) {
        enum pm_err err = pm_marks_read(marks, marks->later[--marks->n_later], out);
        --*budget;
        if (err == PM_OK)
            return PM_OK;
        marks->missed |= err == PM_BUSY;
    }
    if (marks->n_later > 0)
        return PM_TIMEOUT;
    closedir(marks->walk);
    marks->walk = NULL;
    return marks->missed ? PM_BUSY : PM_GONE;
}

static bool begin_walk(struct pm_marks *marks)
{
    if (marks->walk == NULL) {
        marks->walk = opendir("/proc");
        marks->is_listed = marks->missed = false;
    }
    return marks->walk != NULL;
}

enum pm_err pm_marks_next(struct pm_marks *marks, unsigned *budget, struct pm_bearer *out)
{
    if (!begin_walk(marks))
        return PM_IO;
    while (!marks->is_listed && *budget > 0) {
        struct dirent *entry = readdir(marks->walk);
        pid_t pid = entry ? (pid_t)strtol(entry->d_name, NULL, 10) : 0;
        enum pm_err err;
        marks->is_listed = entry == NULL;
        if (pid <= 1)
            continue;
        --*budget;
        err = pm_marks_read(marks, pid, out);
        if (err == PM_OK)
            return PM_OK;
        if (err == PM_BUSY)
            put_off(marks, pid);
    }
    return marks->is_listed ? next_later(marks, budget, out) : PM_TIMEOUT;
}

bool pm_mark_is_of(const struct pm_bearer *mark, const char *deputy, const char *dir)
{
    size_t n = strlen(deputy);

    return strcmp(mark->dir, dir) == 0 && strncmp(mark->text, deputy, n) == 0
        && mark->text[n] == '/';
}

void pm_mark_signal(pid_t pid, uint64_t start_ticks, int sig)
{
    struct pm_proc_stat stat;
    int fd = pid > 1 ? pidfd_open(pid, 0) : -1;

    if (fd < 0)
        return;
    /* Looked at after it was taken hold of: now the number cannot change its owner. */
    if (pm_proc_stat(pid, &stat) && stat.start_ticks == start_ticks)
        (void)pidfd_send_signal(fd, sig, NULL, 0);
    close(fd);
}
