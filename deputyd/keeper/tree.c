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

    *at = *tree;
    at->since = pm_mono_now();
    at->begun = trees->walks;
    at->clean_after = tree->way == PM_TREE_SWEEP ? trees->walks + trees->walking : trees->looks;
    trees->ending[at->way]++;
    if (trees->used <= slot)
        trees->used = slot + 1;
}

bool pm_trees_is_ending(const struct pm_trees *trees, uint64_t slot)
{
    return trees->at[slot].since.ms != 0;
}

/* ---- whose is it ----------------------------------------------------------------------------- */

static struct pm_tree *by_mark(struct pm_trees *trees, const struct pm_bearer *mark)
{
    struct pm_tree *tree = mark->slot < trees->used ? &trees->at[mark->slot] : NULL;

    return tree && tree->since.ms != 0 && tree->run == mark->run
        && pm_mark_is_of(mark, trees->deputy, trees->dir) ? tree : NULL;
}

static struct pm_tree *by_session(struct pm_trees *trees, pid_t session)
{
    for (size_t i = 0; i < trees->used; i++)
        if (trees->at[i].since.ms != 0 && trees->at[i].leader == session)
            return &trees->at[i];
    return NULL;
}

static struct pm_tree *by_pipe(struct pm_trees *trees, uint64_t inode)
{
    for (size_t i = 0; i < trees->used; i++)
        if (trees->at[i].since.ms != 0
            && (trees->at[i].pipes[0] == inode || trees->at[i].pipes[1] == inode))
            return &trees->at[i];
    return NULL;
}

static struct pm_tree *by_output(struct pm_trees *trees, pid_t pid)
{
    struct pm_tree *tree = NULL;
    struct dirent *entry;
    struct stat status;
    char path[64];
    DIR *dir;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    dir = opendir(path);
    while (dir && tree == NULL && (entry = readdir(dir)) != NULL)
        if (fstatat(dirfd(dir), entry->d_name, &status, 0) == 0 && S_ISFIFO(status.st_mode))
            tree = by_pipe(trees, status.st_ino);
    if (dir)
        closedir(dir);
    return tree;
}

/* ---- our children -------------------------------------------------------------------------- */

static bool can_be_buried(pid_t pid)
{
    siginfo_t info = { 0 };

    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

/* False: it cannot be told, or it has died just now, and its own children may have come up where we
 * looked before. */
static bool look_at_child(struct pm_trees *trees, pid_t pid)
{
    struct pm_tree *tree = NULL;
    struct pm_proc_stat stat;
    struct pm_bearer mark;
    enum pm_err err;

    if (trees->is_known(trees->self, pid))
        return true;
    err = pm_marks_read(trees->marks, pid, &mark);
    if (err == PM_OK)
        tree = by_mark(trees, &mark);
    else if (err == PM_BUSY)
        return false;
    else if (!pm_proc_stat(pid, &stat) || stat.state == 'Z' || stat.state == 'X')
        return !can_be_buried(pid);
    else if ((tree = by_session(trees, stat.session)) == NULL)
        tree = by_output(trees, pid);
    if (tree && tree->way == PM_TREE_CHILDREN) {
        (void)kill(pid, SIGKILL);
        tree->rest = pid;
        tree->clean_after = trees->looks + 1; /* not by this look */
        trees->met = true;
    }
    return true;
}

/* All numbers of the file, as they are read. False: one look is not enough. */
static bool look_at_children(struct pm_trees *trees, int fd)
{
    char text[4096];
    bool settled = true;
    pid_t pid = 0;
    ssize_t n;

    while ((n = read(fd, text, sizeof text)) > 0)
        for (ssize_t i = 0; i < n; i++) {
            if (text[i] >= '0' && text[i] <= '9') {
                pid = pid * 10 + (text[i] - '0');
                continue;
            }
            if (pid > 0)
                settled = look_at_child(trees, pid) && settled;
            pid = 0;
        }
    return settled;
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
    for (size_t i = 0; i < trees->used; i++)
        if (trees->at[i].since.ms != 0 && trees->at[i].way == PM_TREE_CHILDREN) {
            trees->at[i].way = PM_TREE_SWEEP;
            trees->at[i].clean_after = trees->walks + trees->walking;
        }
    trees->ending[PM_TREE_SWEEP] += trees->ending[PM_TREE_CHILDREN];
    trees->ending[PM_TREE_CHILDREN] = 0;
}

static void look(struct pm_trees *trees)
{
    int64_t begun = us_of(CLOCK_PROCESS_CPUTIME_ID);
    int fd = open_children();
    bool settled;

    if (fd < 0) {
        sweep_instead(trees);
        return;
    }
    trees->met = false;
    settled = look_at_children(trees, fd);
    for (size_t i = 0; !settled && i < trees->used; i++)
        if (trees->at[i].way == PM_TREE_CHILDREN)
            trees->at[i].clean_after = trees->looks + 1;
    close(fd);
    trees->looks++;
    trees->look_us = now_us();
    if (settled && !trees->met) /* else they are on the run: after them */
        trees->look_us += (us_of(CLOCK_PROCESS_CPUTIME_ID) - begun) * LOOK_SHARE;
}

/* ---- all processes ------------------------------------------------------------------------- */

/* Not after this walk. */
static void walk_again(struct pm_trees *trees)
{
    for (size_t i = 0; i < trees->used; i++)
        if (trees->at[i].way == PM_TREE_SWEEP)
            trees->at[i].clean_after = trees->walks + 1;
}

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
    if (err == PM_BUSY)
        walk_again(trees);
    trees->walking = false;
    trees->walks++;
    trees->walk_at = pm_mono_after(now, AGAIN_MS);
}

void pm_trees_work(struct pm_trees *trees, struct pm_mono now)
{
    if (trees->ending[PM_TREE_CHILDREN] > 0 && now_us() >= trees->look_us)
        look(trees);
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

static bool is_gone(struct pm_trees *trees, uint64_t slot, struct pm_tree *tree)
{
    if (!pm_cgroups_end(&trees->groups, slot, &tree->rest))
        return false;
    if (tree->way == PM_TREE_SWEEP) /* one that forks on may slip through one walk */
        return trees->walks > tree->clean_after + 1;
    return tree->way == PM_TREE_GROUP || trees->looks > tree->clean_after;
}

static bool is_time_over(const struct pm_trees *trees, const struct pm_tree *tree,
                         int64_t elapsed_ms)
{
    bool walked = tree->way != PM_TREE_SWEEP || trees->walks >= tree->begun + WALKS_LEAST;

    return elapsed_ms >= (walked ? TREE_MS : WALKS_MS);
}

static void tell_rest(const struct pm_trees *trees, uint64_t slot, const struct pm_tree *tree)
{
    PM_CLEANUP(pm_free) char *who = tree->rest == 0 ? pm_strdup("there was no time to look")
                                  : pm_printf("process %d does not die", (int)tree->rest);

    pm_log_warning("deputy %s: slot %llu: life %llu is over, but perhaps not all that it began: "
                   "%s", trees->deputy, (unsigned long long)slot, (unsigned long long)tree->run,
                   who);
}

bool pm_trees_is_over(struct pm_trees *trees, uint64_t slot, struct pm_mono now)
{
    struct pm_tree *tree = &trees->at[slot];
    int64_t elapsed_ms = pm_mono_since(tree->since, now);
    bool gone;

    if (tree->since.ms == 0 || group_lingers(tree, elapsed_ms))
        return false;
    gone = is_gone(trees, slot, tree);
    if (!gone && !is_time_over(trees, tree, elapsed_ms))
        return false;
    if (!gone)
        tell_rest(trees, slot, tree);
    tree->since.ms = 0;
    trees->ending[tree->way]--;
    return true;
}

void pm_trees_clear(struct pm_trees *trees, uint64_t slot)
{
    pid_t rest;

    (void)pm_cgroups_end(&trees->groups, slot, &rest);
}

void pm_trees_finish(struct pm_trees *trees)
{
    const struct timespec pause = { .tv_nsec = AGAIN_MS * 1000000 };
    size_t left;

    for (;;) {
        struct pm_mono now = pm_mono_now();
        pm_trees_work(trees, now);
        left = 0;
        for (size_t i = 0; i < trees->used; i++)
            left += trees->at[i].since.ms != 0 && !pm_trees_is_over(trees, i, now);
        if (left == 0)
            return;
        if (pm_trees_wait_ms(trees) > 0)
            nanosleep(&pause, NULL);
    }
}
