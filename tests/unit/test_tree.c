/* What a life began ends with it, however far it has run: with control groups where this machine
 * lets us make them, and without. */
#include <criterion/criterion.h>

#include "tests/unit/deputy_stage.h"

#include "keeper/tree.h"

#include <procman/marks.h>

#include <errno.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLEEPER "sleep 30 & echo $!"

/* Each prints the pid of what it leaves behind, and goes on. */
static const char *const escapes[] = {
    "trap '' TERM; (" SLEEPER "); sleep 30",                       /* a double fork */
    "setsid sh -c 'trap \"\" TERM; " SLEEPER "; wait' & sleep 30", /* another session */
    "setsid sh -c '(" SLEEPER ")'; sleep 30",                      /* both: a daemon */
    "env -i sh -c '" SLEEPER "'; sleep 30",                        /* no mark */
    "env -i setsid sh -c '(" SLEEPER ")'; sleep 30",               /* nor the session */
    "deep='setsid sh -c \"sleep 30 & echo \\$!; wait\" & wait';"   /* one below the other */
    " setsid sh -c \"$deep\" & sleep 30",
};

static const char *const ways[] = { NULL, "--no-cgroups" };

/* True: nobody on this machine bears a mark of that stage's deputy. */
static bool nobody_is_left(const struct stage *stage)
{
    PM_CLEANUP(pm_marks_close) struct pm_marks *marks;
    struct pm_bearer bearer;
    unsigned budget = ~0u;
    bool found = false;
    char dir[128];

    snprintf(dir, sizeof dir, "%s/deputy-rig 1", stage->dir);
    pm_marks_open(&marks);
    while (pm_marks_next(marks, &budget, &bearer) == PM_OK)
        found |= pm_mark_is_of(&bearer, "rig 1", dir);
    return !found;
}

static void end_life(struct stage *stage, uint64_t run)
{
    say(stage, PM_MSG_KILL, &(struct pm_kill){ .run = run, .signal = SIGKILL });
    (void)then_ended(stage);
}

Test(tree, nothing_escapes_the_end_of_its_life)
{
    for (size_t way = 0; way < PM_COUNT(ways); way++) {
        struct stage stage;
        given_a_deputyd(&stage, ways[way]);
        for (size_t i = 0; i < PM_COUNT(escapes); i++) {
            int fds[2];
            (void)begin(&stage, 0, i + 1, escapes[i], fds);
            pid_t left = read_pid(fds[0]);
            cr_assert_eq(kill(left, 0), 0, "row %zu", i);
            end_life(&stage, i + 1);
            cr_expect(kill(left, 0) != 0 && errno == ESRCH, "way %zu, row %zu", way, i);
            cr_expect(nobody_is_left(&stage), "way %zu, row %zu", way, i);
            close(fds[0]);
            close(fds[1]);
        }
        finish(&stage);
    }
}

Test(tree, what_a_living_life_has_begun_is_left_alone)
{
    for (size_t way = 0; way < PM_COUNT(ways); way++) {
        struct stage stage;
        int fds[2];
        given_a_deputyd(&stage, ways[way]);
        begin(&stage, 1, 1, "setsid sh -c '(" SLEEPER ")'; sleep 30", fds);
        pid_t daemon = read_pid(fds[0]);
        begin(&stage, 0, 1, "(sleep 30 &) ; exit 0", NULL);
        (void)then_ended(&stage);
        cr_expect_eq(kill(daemon, 0), 0);
        say(&stage, PM_MSG_KILL, &(struct pm_kill){ .slot = 1, .run = 1, .signal = SIGTERM });
        (void)then_ended(&stage);
        cr_expect(is_gone(daemon));
        finish(&stage);
    }
}

Test(tree, a_stranger_is_not_touched)
{
    for (size_t way = 0; way < PM_COUNT(ways); way++) {
        struct stage stage;
        given_a_deputyd(&stage, ways[way]);
        pid_t stranger = fork();
        if (stranger == 0) {
            setsid();
            execl("/bin/sleep", "sleep", "30", NULL);
            _exit(1);
        }
        begin(&stage, 0, 1, "(sleep 30 &); exit 0", NULL);
        (void)then_ended(&stage);
        cr_expect_eq(waitpid(stranger, NULL, WNOHANG), 0);
        kill(stranger, SIGKILL);
        cr_expect_eq(waitpid(stranger, NULL, 0), stranger);
        finish(&stage);
    }
}

/* Thirty chains of processes, each link of which forks the next one and is gone. */
#define CHAINS "perl -e 'for (1 .. 30) { next if fork; setpgrp; for (1 .. 300) { exit if fork;" \
               " select undef, undef, undef, 0.001 } sleep 30; exit }' & echo $!; sleep 30"

Test(tree, a_tree_that_goes_on_forking_is_ended)
{
    for (size_t way = 0; way < PM_COUNT(ways); way++) {
        struct stage stage;
        int fds[2];
        given_a_deputyd(&stage, ways[way]);
        begin(&stage, 0, 1, CHAINS, fds);
        (void)read_pid(fds[0]);
        end_life(&stage, 1);
        cr_expect(nobody_is_left(&stage), "way %zu", way);
        close(fds[0]);
        close(fds[1]);
        finish(&stage);
    }
}

Test(tree, a_tree_that_goes_on_forking_is_ended_by_the_next_keeper)
{
    for (size_t way = 0; way < PM_COUNT(ways); way++) {
        struct stage stage;
        struct pm_wire_message message;
        int fds[2];
        given_a_deputyd(&stage, ways[way]);
        pid_t leader = begin(&stage, 0, 1, CHAINS, fds);
        (void)read_pid(fds[0]);
        kill(leader, SIGKILL);
        cr_assert(is_gone(leader)); /* else the next keeper may meet it alive */
        lose_keeper(&stage);
        close(fds[0]);
        close(fds[1]);
        begin_deputyd(&stage, ways[way]);
        meet_brain(&stage);
        message = receive(&stage, PM_MSG_HELD);
        pm_wire_drop(&message);
        (void)then_ended(&stage);
        cr_expect(nobody_is_left(&stage), "way %zu", way);
        (void)receive(&stage, PM_MSG_READY);
        finish(&stage);
    }
}

Test(tree, the_next_keeper_ends_it_too)
{
    for (size_t way = 0; way < PM_COUNT(ways); way++) {
        struct stage stage;
        struct pm_wire_message message;
        int fds[2];
        given_a_deputyd(&stage, ways[way]);
        begin(&stage, 0, 1, "setsid sh -c '(" SLEEPER ")'; sleep 30", fds);
        pid_t daemon = read_pid(fds[0]);
        lose_keeper(&stage);
        close(fds[0]);
        close(fds[1]);
        begin_deputyd(&stage, ways[way]);
        meet_brain(&stage);
        message = receive(&stage, PM_MSG_HELD);
        pm_wire_drop(&message);
        (void)receive(&stage, PM_MSG_READY);
        cr_expect_eq(kill(daemon, 0), 0);
        end_life(&stage, 1);
        cr_expect(is_gone(daemon));
        cr_expect(nobody_is_left(&stage));
        finish(&stage);
    }
}

Test(tree, what_a_leader_left_while_no_keeper_was_there_is_ended_first)
{
    for (size_t way = 0; way < PM_COUNT(ways); way++) {
        struct stage stage;
        struct pm_wire_message message;
        int fds[2];
        given_a_deputyd(&stage, ways[way]);
        pid_t leader = begin(&stage, 0, 1, "setsid sh -c '(" SLEEPER ")'; sleep 30", fds);
        pid_t daemon = read_pid(fds[0]);
        lose_keeper(&stage);
        close(fds[0]);
        close(fds[1]);
        kill(leader, SIGKILL);
        cr_assert(is_gone(leader));
        begin_deputyd(&stage, ways[way]);
        meet_brain(&stage);
        cr_expect(is_gone(daemon), "before a brain could begin the next life");
        message = receive(&stage, PM_MSG_HELD);
        pm_wire_drop(&message);
        cr_expect(then_ended(&stage).unknown);
        (void)receive(&stage, PM_MSG_READY);
        finish(&stage);
    }
}

Test(tree, an_orderly_end_leaves_no_control_group)
{
    static struct pm_cgroups groups; /* too large for a stack */
    struct stage stage;
    char dir[128], below[512];

    given_a_deputyd(&stage, NULL);
    snprintf(dir, sizeof dir, "%s/deputy-rig 1", stage.dir);
    pm_cgroups_open(dir, &groups);
    PM_CLEANUP(pm_free) char *path = pm_strdup(groups.path);
    bool used = groups.root >= 0;
    if (used)
        close(groups.root);
    pm_free(&groups.path);

    begin(&stage, 0, 1, "exit 0", NULL);
    (void)then_ended(&stage);
    cr_expect_eq(access(path, F_OK) == 0, used);
    snprintf(below, sizeof below, "%s/0", path);
    cr_expect_eq(rmdir(below) == 0, used, "somebody tidies up");
    begin(&stage, 0, 2, "exit 0", NULL);
    (void)then_ended(&stage);
    snprintf(below, sizeof below, "%s/0/below", path);
    cr_expect_eq(mkdir(below, 0755) == 0, used);
    finish(&stage);
    cr_expect(access(path, F_OK) != 0, "%s", path);
}

/* ---- want of descriptors ------------------------------------------------------------------ */

#define SLOT 4
#define RUN  9

static struct pm_trees trees; /* too large for a stack */
static struct rlimit plenty;

static bool knows_nobody(const void *self, pid_t pid)
{
    (void)self;
    (void)pid;
    return false;
}

static void given_trees(bool with_groups)
{
    static char dir[64];

    snprintf(dir, sizeof dir, "/nowhere/tree-%d", (int)getpid());
    trees.is_known = knows_nobody;
    pm_trees_open(&trees, "rig", dir, with_groups);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &plenty), 0);
}

/* A child of ours with the mark of that life, which is left of it. */
static pid_t given_a_rest(void)
{
    static char program[] = "/bin/sleep", seconds[] = "30", dir[80], run[32];
    char *argv[] = { program, seconds, NULL }, *env[] = { run, dir, NULL };
    pid_t pid;

    snprintf(run, sizeof run, "PROCMAN_RUN=rig/%d/%d", SLOT, RUN);
    snprintf(dir, sizeof dir, "PROCMAN_DIR=%s", trees.dir);
    cr_assert_eq(posix_spawn(&pid, program, NULL, NULL, argv, env), 0);
    return pid;
}

static void into_its_group(pid_t pid)
{
    char path[500];
    FILE *procs;
    int fd = pm_cgroups_enter(&trees.groups, SLOT);

    cr_assert_geq(fd, 0);
    close(fd);
    snprintf(path, sizeof path, "%s/%d/cgroup.procs", trees.groups.path, SLOT);
    procs = fopen(path, "we");
    cr_assert_not_null(procs);
    fprintf(procs, "%d", (int)pid);
    cr_assert_eq(fclose(procs), 0);
}

static void given_descriptors(rlim_t most)
{
    struct rlimit files = { .rlim_cur = most, .rlim_max = plenty.rlim_max };

    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
}

/* It is asked once in a while, for that long. The clock is ours. */
static bool is_over_within(struct pm_mono *now, int64_t ms)
{
    struct pm_mono end = pm_mono_after(*now, ms);

    for (; now->ms < end.ms; now->ms += 10) {
        pm_trees_work(&trees, *now);
        if (pm_trees_is_over(&trees, SLOT, *now))
            return true;
        poll(NULL, 0, 1); /* a look has times of its own */
    }
    return false;
}

Test(tree, no_life_is_over_before_somebody_could_look)
{
    for (int way = 0; way < PM_TREE_WAYS; way++) {
        struct pm_tree tree = { .run = RUN, .leader = INT32_MAX, .way = (enum pm_tree_way)way };
        struct pm_mono now = pm_mono_now();
        given_trees(way == PM_TREE_GROUP);
        if (way == PM_TREE_GROUP && trees.groups.root < 0)
            continue; /* not on this machine */
        pid_t rest = given_a_rest();
        if (way == PM_TREE_GROUP)
            into_its_group(rest);
        pm_trees_end(&trees, SLOT, &tree);
        given_descriptors(0);
        cr_expect(!is_over_within(&now, 15000), "way %d", way);
        cr_expect_eq(waitpid(rest, NULL, WNOHANG), 0, "way %d", way);
        cr_expect(trees.shortage == EMFILE, "way %d", way);
        given_descriptors(plenty.rlim_cur);
        while (waitpid(rest, NULL, WNOHANG) == 0)
            cr_assert(!is_over_within(&now, 10), "way %d", way);
        cr_expect(is_over_within(&now, 15000), "way %d", way);
        pm_trees_close(&trees);
    }
}

Test(tree, a_keeper_that_cannot_look_does_not_begin)
{
    struct pm_tree tree = { .run = RUN, .leader = INT32_MAX, .way = PM_TREE_SWEEP };

    given_trees(false);
    pm_trees_end(&trees, SLOT, &tree);
    given_descriptors(0);
    cr_expect_eq(pm_trees_finish(&trees), PM_IO);
    cr_expect_eq(errno, EMFILE);
    given_descriptors(plenty.rlim_cur);
    cr_expect_eq(pm_trees_finish(&trees), PM_OK);
    pm_trees_close(&trees);
}
