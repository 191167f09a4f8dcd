/* What is left of a life when its leader is dead: what has escaped its process group.
 *
 * Three ways to find it, the surest first. Its control group holds it. Without one: a process whose
 * parent dies becomes a child of ours, because we are a subreaper (prctl(2)), so whatever the dead
 * leader began is, or hangs below, a child that we did not begin; kill that, and its own children
 * come up in turn. And the life of a former keeper, whose orphans are init's: all processes are
 * looked at for its mark. A life is over when a look that began after the last kill meets nothing.
 *
 * A child of ours is told by its mark; one that has shed its environment, by its session or by the
 * output it holds. Nobody else is touched: what shows none of these is left alone.
 *
 * Who cannot look, because descriptors or memory have run out, has not met nobody: such a look, or
 * walk, does not count, and no life is over before one does.
 *
 * A child's number is its own until we bury it, so it can be killed by number; during a look nobody
 * is buried. All others are held by a pidfd first.
 */
#include "keeper/tree.h"

#include <procman/log.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Nobody can make a process die that hangs in the kernel. */
#define TREE_MS       3000
/* But on a machine so busy that a walk takes a second, all shall have been walked over. */
#define WALKS_LEAST   5
#define WALKS_MS      10000
/* Nor bury a member of the process group whose parent is elsewhere. */
#define GROUP_MS      1000
/* An adopted leader may itself stay a zombie for ever, if whoever inherited it does not care. */
#define ADOPTED_MS    100
#define AGAIN_MS      5    /* what was killed is given this long before it is looked for again */
#define WALK_PORTION  64   /* processes looked at in one turn: about a millisecond */
#define LOOK_SHARE    4    /* looks take at most a fifth of our time: the children are thousands */
#define SHORT_MS      100  /* when we cannot look: until we try again */
#define BLIND_MS      10000 /* it is told, and told again; nobody waits longer for us to begin */

static int64_t us_of(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static int64_t now_us(void)
{
    return us_of(CLOCK_MONOTONIC);
}

void pm_trees_open(struct pm_trees *trees, const char *deputy, const char *dir, bool with_groups)
{
    trees->deputy = deputy;
    trees->dir = dir;
    pm_marks_open(&trees->marks);
    pm_marks_open(&trees->walk);
    trees->groups.root = -1;
    if (with_groups)
        pm_cgroups_open(dir, &trees->groups);
}

void pm_trees_close(struct pm_trees *trees)
{
    pm_marks_close(&trees->marks);
    pm_marks_close(&trees->walk);
    pm_cgroups_close(&trees->groups);
}

void pm_trees_end(struct pm_trees *trees, uint64_t slot, const struct pm_tree *tree)
{
    struct pm_tree *at = &trees->at[slot];
    bool sweep = tree->way == PM_TREE_SWEEP;

    pm_assert(at->since.ms == 0);
    *at = *tree;
    at->place = (uint16_t)trees->n;
    trees->list[trees->n++] = (uint16_t)slot;
    at->since = pm_mono_now();
    at->begun = sweep ? trees->walks : trees->looks;
    at->clean_after = sweep ? trees->walks + trees->walking : trees->looks;
    trees->ending[at->way]++;
}

bool pm_trees_is_ending(const struct pm_trees *trees, uint64_t slot)
{
    return trees->at[slot].since.ms != 0;
}

/* ---- want of descriptors or memory ------------------------------------------------------- */

static void cannot_look(struct pm_trees *trees, int error, struct pm_mono now)
{
    if (trees->shortage == 0)
        trees->blind = trees->told = now;
    trees->shortage = error;
    trees->look_us = now_us() + SHORT_MS * 1000;
    trees->walk_at = pm_mono_after(now, SHORT_MS);
    if (pm_mono_since(trees->told, now) < BLIND_MS)
        return;
    trees->told = now;
    pm_log_error("deputy %s: cannot look whether something is left of lives that have ended: %s; "
                 "slots that wait for that: %zu", trees->deputy, strerror(error), trees->n);
}

/* What could not be seen to die has its time from now on. */
static void can_look(struct pm_trees *trees, struct pm_mono now)
{
    for (size_t i = 0; trees->shortage != 0 && i < trees->n; i++)
        trees->at[trees->list[i]].since = now;
    trees->shortage = 0;
}

/* ---- whose is it ----------------------------------------------------------------------------- */

static struct pm_tree *by_mark(struct pm_trees *trees, const struct pm_bearer *mark)
{
    struct pm_tree *tree = mark->slot < PM_LIMIT_SLOTS ? &trees->at[mark->slot] : NULL;

    return tree && tree->since.ms != 0 && tree->run == mark->run
        && pm_mark_is_of(mark, trees->deputy, trees->dir) ? tree : NULL;
}

static struct pm_tree *by_session(struct pm_trees *trees, pid_t session)
{
    for (size_t i = 0; i < trees->n; i++)
        if (trees->at[trees->list[i]].leader == session)
            return &trees->at[trees->list[i]];
    return NULL;
}

static struct pm_tree *by_pipe(struct pm_trees *trees, uint64_t inode)
{
    for (size_t i = 0; i < trees->n; i++) {
        struct pm_tree *tree = &trees->at[trees->list[i]];
        if (tree->pipes[0] == inode || tree->pipes[1] == inode)
            return tree;
    }
    return NULL;
}

/* OK, *out NULL: it holds no output of ours | IO */
static enum pm_err by_output(struct pm_trees *trees, pid_t pid, struct pm_tree **out)
{
    struct dirent *entry;
    struct stat status;
    char path[64];
    DIR *dir;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    dir = opendir(path);
    if (dir == NULL)
        return errno == ENOENT || errno == ESRCH || errno == EACCES ? PM_OK : PM_IO;
    while (*out == NULL && (entry = readdir(dir)) != NULL)
        if (fstatat(dirfd(dir), entry->d_name, &status, 0) == 0 && S_ISFIFO(status.st_mode))
            *out = by_pipe(trees, status.st_ino);
    closedir(dir);
    return PM_OK;
}

/* ---- our children -------------------------------------------------------------------------- */

static bool can_be_buried(pid_t pid)
{
    siginfo_t info = { 0 };

    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

/* Of a child whose environment says nothing. OK | BUSY it has died just now, and its own children
 * may have come up where we looked before | IO */
static enum pm_err by_kinship(struct pm_trees *trees, pid_t pid, struct pm_tree **out)
{
    struct pm_proc_stat stat;
    enum pm_err err = pm_proc_stat(pid, &stat);

    if (err == PM_IO)
        return err;
    if (err != PM_OK || pm_proc_is_dead(&stat))
        return can_be_buried(pid) ? PM_BUSY : PM_OK;
    *out = by_session(trees, stat.session);
    return *out ? PM_OK : by_output(trees, pid, out);
}

/* OK | BUSY it cannot be told just now: one look is not enough | IO */
static enum pm_err look_at_child(struct pm_trees *trees, pid_t pid)
{
    struct pm_tree *tree = NULL;
    struct pm_bearer mark;
    enum pm_err err;

    if (trees->is_known(trees->self, pid))
        return PM_OK;
    err = pm_marks_read(trees->marks, pid, &mark);
    if (err == PM_OK)
        tree = by_mark(trees, &mark);
    else if (err == PM_NOT_FOUND)
        err = by_kinship(trees, pid, &tree);
    if (tree && tree->way == PM_TREE_CHILDREN) {
        (void)kill(pid, SIGKILL);
        tree->rest = pid;
        tree->clean_after = trees->looks + 1; /* not by this look */
        trees->met = true;
    }
    return err;
}

/* All numbers of the file, as they are read; the worst of what is said of them. */
static enum pm_err look_at_children(struct pm_trees *trees, int fd)
{
    enum pm_err worst = PM_OK, err;
    char text[4096];
    pid_t pid = 0;
    ssize_t n;

    while ((n = read(fd, text, sizeof text)) > 0)
        for (ssize_t i = 0; i < n; i++) {
            if (text[i] >= '0' && text[i] <= '9') {
                pid = pid * 10 + (text[i] - '0');
                continue;
            }
            err = pid > 0 ? look_at_child(trees, pid) : PM_OK;
            if (err == PM_IO)
                return err;
            worst = err != PM_OK ? err : worst;
            pid = 0;
        }
    return n < 0 ? PM_IO : worst;
}

static int open_children(void)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* The kernel has no list of children: marks must do. */
static void sweep_instead(struct pm_trees *trees)
{
    for (size_t i = 0; i < trees->n; i++) {
        struct pm_tree *tree = &trees->at[trees->list[i]];
        if (tree->way != PM_TREE_CHILDREN)
            continue;
        tree->way = PM_TREE_SWEEP;
        tree->begun = trees->walks;
        tree->clean_after = trees->walks + trees->walking;
    }
    trees->ending[PM_TREE_SWEEP] += trees->ending[PM_TREE_CHILDREN];
    trees->ending[PM_TREE_CHILDREN] = 0;
}

/* What is not told by this look, or walk, is told by the next at the earliest. */
static void not_by_this(struct pm_trees *trees, enum pm_tree_way way, uint64_t clean_after)
{
    for (size_t i = 0; i < trees->n; i++)
        if (trees->at[trees->list[i]].way == way)
            trees->at[trees->list[i]].clean_after = clean_after;
}

static void look(struct pm_trees *trees, struct pm_mono now)
{
    int64_t begun = us_of(CLOCK_PROCESS_CPUTIME_ID);
    int fd = open_children(), error = errno;
    enum pm_err err = PM_IO;

    if (fd < 0 && error == ENOENT) {
        sweep_instead(trees);
        return;
    }
    trees->met = false;
    if (fd >= 0) {
        err = look_at_children(trees, fd);
        error = errno;
        close(fd);
    }
    if (err == PM_IO) {
        cannot_look(trees, error, now);
        return;
    }
    if (err != PM_OK)
        not_by_this(trees, PM_TREE_CHILDREN, trees->looks + 1);
    can_look(trees, now);
    trees->looks++;
    trees->look_us = now_us();
    if (err == PM_OK && !trees->met) /* else they are on the run: after them */
        trees->look_us += (us_of(CLOCK_PROCESS_CPUTIME_ID) - begun) * LOOK_SHARE;
}

/* ---- all processes ------------------------------------------------------------------------- */

static void walk(struct pm_trees *trees, struct pm_mono now)
{
    unsigned budget = WALK_PORTION;
    struct pm_bearer mark;
    enum pm_err err;

    trees->walking = true;
    while ((err = pm_marks_next(trees->walk, &budget, &mark)) == PM_OK) {
        struct pm_tree *tree = by_mark(trees, &mark);
        if (tree == NULL || tree->way != PM_TREE_SWEEP)
            continue;
        pm_mark_signal(mark.pid, mark.stat.start_ticks, SIGKILL);
        tree->rest = mark.pid;
        tree->clean_after = trees->walks + 1; /* not by this walk */
    }
    if (err == PM_TIMEOUT)
        return;
    trees->walking = false;
    if (err == PM_IO) {
        cannot_look(trees, errno, now);
        return;
    }
    if (err == PM_BUSY)
        not_by_this(trees, PM_TREE_SWEEP, trees->walks + 1);
    can_look(trees, now);
    trees->walks++;
    trees->walk_at = pm_mono_after(now, AGAIN_MS);
}

void pm_trees_work(struct pm_trees *trees, struct pm_mono now)
{
    if (trees->ending[PM_TREE_CHILDREN] > 0 && now_us() >= trees->look_us)
        look(trees, now);
    if (trees->ending[PM_TREE_SWEEP] > 0 && (trees->walking || now.ms >= trees->walk_at.ms))
        walk(trees, now);
}

int pm_trees_wait_ms(const struct pm_trees *trees)
{
    if (trees->ending[PM_TREE_SWEEP] > 0 && trees->walking)
        return 0;
    if (trees->ending[PM_TREE_CHILDREN] > 0) {
        int64_t left_us = trees->look_us - now_us();
        return left_us > 0 && left_us < AGAIN_MS * 1000 ? (int)(left_us / 1000) + 1 : AGAIN_MS;
    }
    return trees->ending[PM_TREE_SWEEP] + trees->ending[PM_TREE_GROUP] > 0 ? AGAIN_MS : -1;
}

/* ---- over ----------------------------------------------------------------------------------- */

/* The number cannot be another group's: as long as a member is left it is not given away. */
static bool group_lingers(const struct pm_tree *tree, int64_t elapsed_ms)
{
    return elapsed_ms < (tree->way == PM_TREE_SWEEP ? ADOPTED_MS : GROUP_MS)
        && kill(-tree->leader, 0) == 0;
}

/* Have looks or walks that count met nobody? One that forks on may slip through one walk. */
static bool nobody_is_met(const struct pm_trees *trees, const struct pm_tree *tree)
{
    return tree->way == PM_TREE_GROUP
        || (tree->way == PM_TREE_SWEEP ? trees->walks > tree->clean_after + 1
                                       : trees->looks > tree->clean_after);
}

/* What the kernel says. OK | BUSY someone is left | TIMEOUT it was asked just now | IO */
static enum pm_err ask_kernel(struct pm_trees *trees, uint64_t slot, struct pm_tree *tree,
                              struct pm_mono now)
{
    enum pm_err err = PM_BUSY;

    if (now.ms < tree->again.ms)
        return PM_TIMEOUT;
    if (!group_lingers(tree, pm_mono_since(tree->since, now)))
        err = pm_cgroups_end(&trees->groups, slot, &tree->rest);
    if (err == PM_IO)
        cannot_look(trees, errno, now);
    else if (tree->way == PM_TREE_GROUP)
        can_look(trees, now);
    tree->again = pm_mono_after(now, err == PM_IO ? SHORT_MS : AGAIN_MS);
    return err;
}

/* Was it given time enough? Only if we have looked in that time. */
static bool is_time_over(const struct pm_trees *trees, const struct pm_tree *tree,
                         struct pm_mono now)
{
    uint64_t seen = (tree->way == PM_TREE_SWEEP ? trees->walks : trees->looks) - tree->begun;
    uint64_t enough = tree->way == PM_TREE_SWEEP ? WALKS_LEAST : tree->way == PM_TREE_CHILDREN;
    int64_t elapsed_ms = pm_mono_since(tree->since, now);

    if (trees->shortage != 0 || (seen == 0 && enough > 0))
        return false;
    return elapsed_ms >= (seen >= enough ? TREE_MS : WALKS_MS);
}

static void tell_rest(const struct pm_trees *trees, uint64_t slot, const struct pm_tree *tree)
{
    PM_CLEANUP(pm_free) char *who = tree->rest == 0 ? pm_strdup("there was no time to look")
                                  : pm_printf("process %d does not die", (int)tree->rest);

    pm_log_warning("deputy %s: slot %llu: life %llu is over, but perhaps not all that it began: "
                   "%s", trees->deputy, (unsigned long long)slot, (unsigned long long)tree->run,
                   who);
}

static void take_off_list(struct pm_trees *trees, struct pm_tree *tree)
{
    uint16_t last = trees->list[--trees->n];

    trees->list[tree->place] = last;
    trees->at[last].place = tree->place;
    trees->ending[tree->way]--;
    tree->since.ms = 0;
}

bool pm_trees_is_over(struct pm_trees *trees, uint64_t slot, struct pm_mono now)
{
    struct pm_tree *tree = &trees->at[slot];
    enum pm_err err = PM_BUSY;

    if (tree->since.ms == 0)
        return false;
    if (nobody_is_met(trees, tree))
        err = ask_kernel(trees, slot, tree, now);
    if (err != PM_OK && (err != PM_BUSY || !is_time_over(trees, tree, now)))
        return false;
    if (err != PM_OK)
        tell_rest(trees, slot, tree);
    take_off_list(trees, tree);
    return true;
}

bool pm_trees_next_over(struct pm_trees *trees, size_t *at, struct pm_mono now,
                        uint64_t *out_slot)
{
    while (*at < trees->n) {
        *out_slot = trees->list[*at];
        if (pm_trees_is_over(trees, *out_slot, now))
            return true; /* another one has taken its place in the list */
        ++*at;
    }
    return false;
}

enum pm_err pm_trees_clear(struct pm_trees *trees, uint64_t slot)
{
    pid_t rest;

    return pm_cgroups_end(&trees->groups, slot, &rest) == PM_IO ? PM_IO : PM_OK;
}

enum pm_err pm_trees_finish(struct pm_trees *trees)
{
    const struct timespec pause = { .tv_nsec = AGAIN_MS * 1000000 };
    uint64_t slot;

    can_look(trees, pm_mono_now()); /* or so we hope */
    while (trees->n > 0) {
        struct pm_mono now = pm_mono_now();
        size_t at = 0;
        pm_trees_work(trees, now);
        while (pm_trees_next_over(trees, &at, now, &slot))
            ;
        errno = trees->shortage;
        if (errno != 0 && pm_mono_since(trees->blind, now) >= BLIND_MS)
            return PM_IO;
        if (trees->n > 0 && pm_trees_wait_ms(trees) > 0)
            nanosleep(&pause, NULL);
    }
    return PM_OK;
}
