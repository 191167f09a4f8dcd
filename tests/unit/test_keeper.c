/* The keeper as its brain sees it. */
#include <criterion/criterion.h>

#include "tests/unit/deputy_stage.h"

#include <procman/limits.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

Test(keeper, a_first_brain_hears_that_nothing_is_held)
{
    struct stage stage;

    given_a_deputyd(&stage, NULL);
    cr_expect_eq(stage.ready.version, PM_PROTOCOL_VERSION);
    cr_expect_eq(stage.ready.held, 0);
    cr_expect_eq(stage.ready.slots, PM_LIMIT_SLOTS);
    cr_expect_eq(stage.ready.brains, 1);
    cr_expect(!stage.ready.stopping);
    finish(&stage);
}

Test(keeper, a_life_is_begun_heard_and_over)
{
    struct stage stage;
    int fds[2];

    given_a_deputyd(&stage, NULL);
    pid_t pid = begin(&stage, 3, 1,
                      "echo $PROCMAN_RUN ${NOTIFY_SOCKET-none}; echo oops >&2; exit 7", fds);
    then_output(fds[0], "rig 1/3/1 none\n");
    then_output(fds[1], "oops\n");
    struct pm_ended ended = then_ended(&stage);
    cr_expect_eq(ended.slot, 3);
    cr_expect_eq(ended.pid, pid);
    cr_expect_eq(ended.exit_code, 7);
    cr_expect(!ended.unknown);
    cr_expect_gt(ended.peak_bytes, 0);
    finish(&stage);
}

Test(keeper, what_cannot_begin_says_where_and_why)
{
    static const char *nothing[] = { "/no/such/program" };
    static const char *sleeper[] = { "sleep", "30" };
    static const struct {
        struct pm_spawn spawn;
        enum pm_stage stage;
        int error;
    } rows[] = {
        { { .slot = 0, .run = 1, .argv = { nothing, 1 } }, PM_STAGE_EXEC, ENOENT },
        { { .slot = 0, .run = 2, .argv = { sleeper, 2 }, .dir = "/nope" }, PM_STAGE_DIRECTORY,
          ENOENT },
        { { .slot = 0, .run = 2, .argv = { sleeper, 2 } }, PM_STAGE_SLOT, EINVAL },
        { { .slot = 9999, .run = 1, .argv = { sleeper, 2 } }, PM_STAGE_SLOT, ENOSPC },
        { { .slot = 0, .run = 3 }, PM_STAGE_EXEC, EINVAL },
        { { .slot = 0, .run = 4, .argv = { sleeper, 2 } }, PM_STAGE_NONE, 0 },
        { { .slot = 0, .run = 5, .argv = { sleeper, 2 } }, PM_STAGE_SLOT, EBUSY },
    };
    struct stage stage;

    given_a_deputyd(&stage, NULL);
    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        say(&stage, PM_MSG_SPAWN, &rows[i].spawn);
        struct pm_wire_message message = receive(&stage, PM_MSG_SPAWNED);
        const struct pm_spawned *spawned = message.msg;
        cr_expect_eq(spawned->stage, rows[i].stage, "row %zu: %d", i, spawned->stage);
        cr_expect_eq(spawned->error, rows[i].error, "row %zu: %d", i, (int)spawned->error);
        pm_wire_drop(&message);
    }
    say(&stage, PM_MSG_KILL, &(struct pm_kill){ .slot = 0, .run = 3, .signal = SIGTERM });
    say(&stage, PM_MSG_KILL, &(struct pm_kill){ .slot = 0, .run = 4, .signal = SIGINT });
    cr_expect_eq(then_ended(&stage).exit_signal, SIGINT, "an old run's signal must miss");
    finish(&stage);
}

Test(keeper, the_next_brain_finds_what_the_one_before_left)
{
    struct stage stage;
    struct pm_wire_message message;
    int fds[2];

    given_a_deputyd(&stage, NULL);
    pid_t pid = begin(&stage, 0, 5, "echo one; read line < /dev/null; sleep 30", fds);
    then_output(fds[0], "one\n");
    begin(&stage, 1, 1, "exit 9", NULL);
    (void)receive(&stage, PM_MSG_ENDED); /* and dies before it is noted */
    say(&stage, PM_MSG_NOTE, &(struct pm_note){ .slot = 40, .note = { (const uint8_t *)"n", 1 } });
    lose_brain(&stage);

    meet_brain(&stage);
    message = receive(&stage, PM_MSG_HELD);
    const struct pm_held *held = message.msg;
    cr_expect_eq(held->pid, pid);
    cr_expect_eq(held->run, 5);
    cr_expect_gt(held->start_ticks, 0);
    cr_expect(!held->adopted);
    cr_expect_eq(message.n_fds, 2);
    cr_expect_eq(memcmp(held->note.at, "echo one", 8), 0);
    pm_wire_drop(&message);
    message = receive(&stage, PM_MSG_HELD);
    cr_expect_eq(((const struct pm_held *)message.msg)->pid, 0);
    pm_wire_drop(&message);
    cr_expect_eq(then_ended(&stage).exit_code, 9);
    cr_expect_eq(((const struct pm_held *)receive(&stage, PM_MSG_HELD).msg)->slot, 40);
    const struct pm_ready *ready = receive(&stage, PM_MSG_READY).msg;
    cr_expect_eq(ready->held, 3);
    cr_expect_eq(ready->brains, 2);
    say(&stage, PM_MSG_NOTE, &(struct pm_note){ .slot = 1 });
    lose_brain(&stage);

    meet_brain(&stage);
    message = receive(&stage, PM_MSG_HELD);
    pm_wire_drop(&message);
    (void)receive(&stage, PM_MSG_HELD);
    (void)receive(&stage, PM_MSG_READY); /* slot 1 is free, its end was seen */
    say(&stage, PM_MSG_KILL, &(struct pm_kill){ .slot = 0, .run = 5, .signal = SIGKILL });
    cr_expect_eq(then_ended(&stage).exit_signal, SIGKILL);
    finish(&stage);
}

Test(keeper, the_rest_of_the_group_dies_with_its_leader)
{
    struct stage stage;
    int fds[2];

    given_a_deputyd(&stage, NULL);
    begin(&stage, 0, 1, "(trap '' TERM; sleep 30) & echo $!; exit 0", fds);
    (void)then_ended(&stage);
    cr_expect(is_gone(read_pid(fds[0])));
    finish(&stage);
}

/* The leader is over at once; a member of its group stays a zombie until its parent, which has left
 * the group, has waited for it, `pause` seconds later. */
#define GROUP_THAT_LINGERS(pause) \
    "exec perl -e '$| = 1; pipe(R, W); unless (fork) { setpgrp(0, 0); $m = fork;" \
    " unless ($m) { sleep 30; exit } setpgrp($m, getppid); syswrite(W, 1);" \
    " select(undef, undef, undef, " pause "); exit } sysread(R, $x, 1)'"

Test(keeper, an_end_is_told_when_the_whole_group_is_gone)
{
    struct stage stage;

    given_a_deputyd(&stage, NULL);
    pid_t pid = begin(&stage, 0, 1, GROUP_THAT_LINGERS("0.4"), NULL);
    cr_expect_eq(then_ended(&stage).exit_code, 0);
    cr_expect(kill(-pid, 0) != 0 && errno == ESRCH, "somebody is left");
    finish(&stage);
}

/* A member of the group that we trace: killed, it is a zombie until we have waited for it, and
 * nobody else can. Its leader is over. Returns the leader. */
static pid_t given_a_member_that_cannot_be_buried(struct stage *stage, pid_t *member)
{
    int fds[2];
    pid_t pid = begin(stage, 0, 1, "sleep 30 & echo $!; read x < /dev/null; wait", fds);

    *member = read_pid(fds[0]);
    close(fds[0]);
    close(fds[1]);
    cr_assert_eq(ptrace(PTRACE_SEIZE, *member, NULL, NULL), 0);
    cr_assert_eq(kill(pid, SIGKILL), 0);
    return pid;
}

Test(keeper, a_member_that_cannot_be_buried_does_not_hide_the_end_for_ever)
{
    struct stage stage;
    pid_t member;

    given_a_deputyd(&stage, NULL);
    pid_t pid = given_a_member_that_cannot_be_buried(&stage, &member);
    (void)then_ended(&stage);
    cr_expect_eq(kill(-pid, 0), 0, "it was waited for until the group was gone");
    begin(&stage, 0, 2, "exit 0", NULL);
    (void)then_ended(&stage);
    cr_assert_eq(waitpid(member, NULL, __WALL), member);
    finish(&stage);
}

Test(keeper, a_brain_that_begins_while_a_group_lingers_hears_of_one_end)
{
    struct stage stage;
    struct pm_wire_message message;
    pid_t member;

    given_a_deputyd(&stage, NULL);
    pid_t pid = given_a_member_that_cannot_be_buried(&stage, &member);
    while (kill(pid, 0) == 0) /* the leader is reaped, its group is not over */
        usleep(1000);
    lose_brain(&stage);
    meet_brain(&stage);
    message = receive(&stage, PM_MSG_HELD);
    cr_expect_eq(((const struct pm_held *)message.msg)->pid, pid, "or it would pass for dead");
    pm_wire_drop(&message);
    (void)receive(&stage, PM_MSG_READY);
    cr_expect_eq(then_ended(&stage).run, 1);
    cr_assert_eq(waitpid(member, NULL, __WALL), member);
    finish(&stage);
}

Test(keeper, who_was_killed_for_want_of_memory_is_known)
{
    static const char make[] = "mkdir /sys/fs/cgroup/memory/pm-%d 2>/dev/null && echo 8388608 > "
                               "/sys/fs/cgroup/memory/pm-%d/memory.limit_in_bytes";
    static const char eat[] = "echo $$ > /sys/fs/cgroup/memory/pm-%d/cgroup.procs && "
                              "exec tail /dev/zero";
    int self = (int)getpid();
    char script[300], group[64];
    struct stage stage;

    snprintf(script, sizeof script, make, self, self);
    if (system(script) != 0 || access("/dev/kmsg", R_OK) != 0)
        return; /* not on this machine */
    given_a_deputyd(&stage, NULL);
    snprintf(script, sizeof script, eat, self);
    begin(&stage, 0, 1, script, NULL);
    struct pm_ended ended = then_ended(&stage);
    cr_expect_eq(ended.exit_signal, SIGKILL);
    cr_expect(ended.oom);
    begin(&stage, 0, 2, "kill -9 $$", NULL);
    ended = then_ended(&stage);
    cr_expect_eq(ended.exit_signal, SIGKILL);
    cr_expect(!ended.oom, "somebody did it");
    finish(&stage);
    snprintf(group, sizeof group, "/sys/fs/cgroup/memory/pm-%d", self);
    cr_expect_eq(rmdir(group), 0);
}

Test(keeper, a_second_deputyd_is_refused_and_the_first_unharmed)
{
    struct stage stage;
    struct stage second;

    given_a_deputyd(&stage, NULL);
    second = stage;
    begin_deputyd(&second, NULL);
    then_deputyd_exits(&second, 1);
    begin(&stage, 0, 1, "exit 0", NULL);
    (void)then_ended(&stage);
    finish(&stage);
}

Test(keeper, told_to_end_twice_it_kills_what_does_not_stop)
{
    struct stage stage;

    given_a_deputyd(&stage, NULL);
    pid_t pid = begin(&stage, 0, 1, "trap '' TERM; sleep 30", NULL);
    kill(stage.deputyd, SIGTERM);
    (void)receive(&stage, PM_MSG_STOPPING);
    kill(stage.deputyd, SIGTERM);
    (void)receive(&stage, PM_MSG_ENDED);
    close(stage.stand_in);
    then_deputyd_exits(&stage, 0);
    cr_expect(is_gone(pid));
    pm_wire_close(&stage.wire);
    clear(&stage);
}

Test(keeper, a_brain_born_while_ending_is_told_so)
{
    struct stage stage;

    given_a_deputyd(&stage, NULL);
    kill(stage.deputyd, SIGTERM);
    (void)receive(&stage, PM_MSG_STOPPING);
    lose_brain(&stage);
    meet_ready_brain(&stage);
    cr_expect(stage.ready.stopping);
    say(&stage, PM_MSG_FINISHED, &(struct pm_finished){ 0 });
    lose_brain(&stage);
    then_deputyd_exits(&stage, 0);
    clear(&stage);
}

Test(keeper, a_usage_error_of_the_brain_ends_it_all)
{
    struct stage stage;
    unsigned char usage = 2;

    given_a_deputyd(&stage, NULL);
    cr_assert_eq(write(stage.stand_in, &usage, 1), 1);
    then_deputyd_exits(&stage, 2);
    lose_brain(&stage);
    clear(&stage);
}

Test(keeper, a_burst_of_spawns_loses_nothing)
{
    enum { MANY = 500 };
    struct stage stage;
    int begun = 0, ended = 0;

    given_a_deputyd(&stage, NULL);
    for (uint64_t i = 0; i < MANY; i++)
        ask(&stage, i, 1, "exit 1");
    while (begun < MANY || ended < MANY) {
        struct pollfd ready = { .fd = pm_wire_fd(stage.wire), .events = POLLIN };
        struct pm_wire_message message;
        cr_assert_eq(pm_wire_flush(stage.wire), PM_OK);
        if (pm_wire_kept(stage.wire) > 0)
            ready.events |= POLLOUT;
        cr_assert_gt(poll(&ready, 1, PATIENCE_MS), 0, "%d begun, %d ended", begun, ended);
        while (pm_wire_receive(stage.wire, &message) == PM_OK) {
            begun += message.kind == PM_MSG_SPAWNED;
            ended += message.kind == PM_MSG_ENDED;
            pm_wire_drop(&message);
        }
    }
    finish(&stage);
}
