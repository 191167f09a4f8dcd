/* Marks are read from /proc/PID/environ, which shows the environment as it was at exec. Between
 * fork and exec a process shows its parent's, so no process of a life is ever without its mark,
 * unless it sheds it on purpose; but for a moment within exec its environment is empty, and then
 * only the kernel's own view of it says that this is not meant.
 *
 * A walk over all processes is cut into portions by its caller: ten thousand of them take a tenth
 * of a second, for which no loop may stand still. The kernel lists them by number, and who begins
 * meanwhile may get a lower one than those that are still to come: so all are listed again, and who
 * is new is looked at, until nobody is, or often enough. One may begin behind the walk's back:
 * who must be sure walks again until a whole walk has found nothing.
 *
 * Who could not be looked at is not a stranger. When it is we who are short of something, such as
 * descriptors, that is told apart from all a process can be: it says nothing about anyone.
 */
#include <procman/marks.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define ENVIRON_BYTES (256 << 10) /* a mark behind more than this much is not found */
#define LATER_MOST    256         /* processes within exec at one moment */
#define LISTINGS_MOST 4           /* on a machine where somebody always begins */
#define OF_KERNEL     0x00200000u /* PF_KTHREAD of the kernel's sched.h */

struct pm_marks {
    DIR *proc;                   /* kept open: the next walk shall not fail for want of it */
    bool is_walking;
    bool is_listed;              /* nobody is left to be looked at, but for later ones */
    unsigned listings;           /* of this walk */
    struct list {
        pid_t *at;               /* ascending, as the kernel lists them */
        size_t n, room;
    } before, listed;            /* by the listing before this one; by this one, so far */
    size_t place;                /* in `before` */
    bool news;                   /* this one has somebody who is not in `before` */
    bool missed;                 /* in this walk someone could not be read, twice */
    int shortage;                /* and this errno is why; 0: for no want of ours */
    pid_t later[LATER_MOST];
    size_t n_later;
    char env[ENVIRON_BYTES];
};

/* The kernel, or our limit, has no room now: that tells nothing about any process. */
static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

static ssize_t read_file(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    ssize_t sum;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    errno = 0;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    sum = read(fd, text, size - 1); /* these files give all that fits at once */
    close(fd);
    text[sum > 0 ? sum : 0] = '\0';
    return sum;
}

enum pm_err pm_proc_stat(pid_t pid, struct pm_proc_stat *out)
{
    char text[1024];
    const char *after;
    long long parent, group, session;
    unsigned long long start;
    char state;

    if (read_file(pid, "stat", text, sizeof text) <= 0)
        return is_shortage(errno) ? PM_IO : PM_NOT_FOUND;
    after = strrchr(text, ')'); /* a program's name may hold anything, ')' and newlines too */
    if (after == NULL
        || sscanf(after + 1, " %c %lld %lld %lld %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d"
                  " %*d %*d %*d %*d %llu", &state, &parent, &group, &session, &start) != 5)
        return PM_NOT_FOUND;
    *out = (struct pm_proc_stat){ .state = state, .parent = (pid_t)parent, .group = (pid_t)group,
                                  .session = (pid_t)session, .start_ticks = start };
    return PM_OK;
}

bool pm_proc_is_dead(const struct pm_proc_stat *stat)
{
    return stat->state == 'Z' || stat->state == 'X';
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
    (*out)->proc = opendir("/proc"); /* or at the first walk */
}

void pm_marks_close(struct pm_marks **marks)
{
    if (*marks && (*marks)->proc)
        closedir((*marks)->proc);
    if (*marks) {
        free((*marks)->before.at);
        free((*marks)->listed.at);
    }
    pm_free(marks);
}

/* The n-th field of /proc/PID/stat, from 4 on; `after` is behind the state. */
static unsigned long long field(const char *after, int n)
{
    for (int i = 4; i < n && after; i++)
        after = strchr(after + 1, ' ');
    return after ? strtoull(after + 1, NULL, 10) : 0;
}

/* No thread of the kernel (field 9), and not dead; but where its environment ends (field 51) is not
 * set yet, or no more: BUSY. Else its environment is empty because it wants it so: NOT_FOUND. */
static enum pm_err why_empty(pid_t pid)
{
    char text[2048];
    const char *after;
    bool in_between;

    if (read_file(pid, "stat", text, sizeof text) <= 0)
        return is_shortage(errno) ? PM_IO : PM_NOT_FOUND;
    after = strrchr(text, ')');
    in_between = after && strchr("ZX", after[2]) == NULL
              && (field(after + 3, 9) & OF_KERNEL) == 0 && field(after + 3, 51) == 0;
    return in_between ? PM_BUSY : PM_NOT_FOUND;
}

/* Its mark into marks->env, of which *n bytes are used. Errors: as of pm_marks_read(). */
static enum pm_err read_mark(struct pm_marks *marks, pid_t pid, const char **out, size_t *n)
{
    ssize_t got = read_file(pid, "environ", marks->env, sizeof marks->env);

    if (got == 0)
        return why_empty(pid);
    if (got < 0 && errno == EIO)
        return PM_BUSY; /* its memory cannot be read in */
    if (got < 0)
        return is_shortage(errno) ? PM_IO : PM_NOT_FOUND;
    *n = (size_t)got;
    *out = variable(marks->env, *n, PM_MARK_RUN);
    return *out ? PM_OK : PM_NOT_FOUND;
}

enum pm_err pm_marks_read(struct pm_marks *marks, pid_t pid, struct pm_bearer *out)
{
    struct pm_bearer mark = { .pid = pid };
    const char *text;
    size_t n;
    enum pm_err err;

    /* Most have none. Of one that has it the start time is read before the mark, or the number
     * could change hands between the two, and the mark would be laid at another's door. */
    err = read_mark(marks, pid, &text, &n);
    if (err != PM_OK)
        return err;
    err = pm_proc_stat(pid, &mark.stat);
    if (err == PM_OK && !pm_proc_is_dead(&mark.stat))
        err = read_mark(marks, pid, &text, &n);
    else if (err == PM_OK)
        err = PM_NOT_FOUND;
    if (err != PM_OK)
        return err == PM_NOT_FOUND ? PM_BUSY : err; /* it had one a moment ago */
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

/* ---- walks --------------------------------------------------------------------------------- */

static void miss(struct pm_marks *marks, enum pm_err err)
{
    marks->missed = true;
    if (err == PM_IO)
        marks->shortage = errno;
}

/* Who could not be read is asked once more when all others have been. */
static void put_off(struct pm_marks *marks, pid_t pid, enum pm_err err)
{
    if (marks->n_later < LATER_MOST)
        marks->later[marks->n_later++] = pid;
    else
        miss(marks, err);
}

static enum pm_err next_later(struct pm_marks *marks, unsigned *budget, struct pm_bearer *out)
{
    while (*budget > 0 && marks->n_later > 0) {
        enum pm_err err = pm_marks_read(marks, marks->later[--marks->n_later], out);
        --*budget;
        if (err == PM_OK)
            return PM_OK;
        if (err != PM_NOT_FOUND)
            miss(marks, err);
    }
    if (marks->n_later > 0)
        return PM_TIMEOUT;
    marks->is_walking = false;
    errno = marks->shortage;
    return errno != 0 ? PM_IO : marks->missed ? PM_BUSY : PM_GONE;
}

static bool begin_walk(struct pm_marks *marks)
{
    if (marks->is_walking)
        return true;
    if (marks->proc == NULL)
        marks->proc = opendir("/proc");
    else
        rewinddir(marks->proc);
    marks->is_walking = marks->proc != NULL;
    marks->is_listed = marks->missed = marks->news = false;
    marks->shortage = 0;
    marks->before.n = marks->listed.n = marks->place = 0;
    marks->listings = 1;
    return marks->is_walking;
}

static void end_listing(struct pm_marks *marks)
{
    struct list spare = marks->before;

    marks->is_listed = !marks->news || ++marks->listings > LISTINGS_MOST;
    marks->before = marks->listed;
    marks->listed = spare;
    marks->listed.n = marks->place = 0;
    marks->news = false;
    rewinddir(marks->proc);
}

static bool put_down(struct list *list, pid_t pid)
{
    size_t room = list->room ? 2 * list->room : 512;
    pid_t *at = list->n < list->room ? list->at : realloc(list->at, room * sizeof *at);

    if (at == NULL)
        return false;
    if (list->n == list->room)
        list->room = room;
    list->at = at;
    list->at[list->n++] = pid;
    return true;
}

static bool is_new(struct pm_marks *marks, pid_t pid)
{
    const struct list *before = &marks->before;

    while (marks->place < before->n && before->at[marks->place] < pid)
        marks->place++;
    return marks->place == before->n || before->at[marks->place] != pid;
}

/* The next one who is to be looked at; 0: ask again, or this is listed. */
static pid_t next_number(struct pm_marks *marks)
{
    struct dirent *entry;
    pid_t pid;

    errno = 0;
    entry = readdir(marks->proc);
    pid = entry ? (pid_t)strtol(entry->d_name, NULL, 10) : 0;
    if ((entry == NULL && errno != 0) || (pid > 1 && !put_down(&marks->listed, pid)))
        miss(marks, PM_IO); /* there may be more */
    if (entry == NULL)
        end_listing(marks);
    if (pid <= 1 || !is_new(marks, pid))
        return 0;
    marks->news = true;
    return pid;
}

enum pm_err pm_marks_next(struct pm_marks *marks, unsigned *budget, struct pm_bearer *out)
{
    if (!begin_walk(marks))
        return PM_IO;
    while (!marks->is_listed && *budget > 0) {
        pid_t pid = next_number(marks);
        enum pm_err err;
        if (pid == 0)
            continue;
        --*budget;
        err = pm_marks_read(marks, pid, out);
        if (err == PM_OK)
            return PM_OK;
        if (err != PM_NOT_FOUND)
            put_off(marks, pid, err);
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
    if (pm_proc_stat(pid, &stat) == PM_OK && stat.start_ticks == start_ticks)
        (void)pidfd_send_signal(fd, sig, NULL, 0);
    close(fd);
}
