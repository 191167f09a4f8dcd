/* A keeper is gone, its processes are not: what the next one finds. */
#include <criterion/criterion.h>

#include "tests/unit/deputy_stage.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

Test(adopt, a_killed_keepers_processes_are_adopted_by_the_next)
{
    struct stage stage;
    struct pm_wire_message message;
    int fds[2];

    given_a_deputyd(&stage, NULL);
    pid_t pid = begin(&stage, 7, 2,
                      "trap 'echo two; exit 3' USR1; echo one; while :; do sleep 0.01; done", fds);
    then_output(fds[0], "one\n");
    lose_keeper(&stage);
    close(fds[0]);
    close(fds[1]);
    cr_assert_eq(kill(pid, SIGUSR1), 0, "our death was its death");

    begin_deputyd(&stage, NULL);
    meet_brain(&stage);
    message = receive(&stage, PM_MSG_HELD);
    const struct pm_held *held = message.msg;
    cr_expect_eq(held->slot, 7);
    if (held->pid != 0) { /* it may have ended before anyone came */
        cr_expect_eq(held->pid, pid);
        cr_expect(held->adopted);
        cr_expect_eq(message.n_fds, 2);
    }
    pm_wire_drop(&message);
    for (bool ended = false, ready = false; !ended || !ready;) {
        struct pollfd more = { .fd = pm_wire_fd(stage.wire), .events = POLLIN };
        cr_assert_eq(poll(&more, 1, PATIENCE_MS), 1);
        cr_assert_eq(pm_wire_receive(stage.wire, &message), PM_OK);
        ready |= message.kind == PM_MSG_READY;
        ended |= message.kind == PM_MSG_ENDED && ((const struct pm_ended *)message.msg)->unknown;
    }
    finish(&stage);
}

Test(adopt, no_byte_is_lost_between_two_keepers)
{
    struct stage stage;
    struct pm_wire_message message;
    int fds[2];

    given_a_deputyd(&stage, NULL);
    begin(&stage, 0, 1, "for i in 1 2 3 4 5 6 7 8 9; do echo $i; done; exec sleep 30", fds);
    then_output(fds[0], "1\n2\n3\n");
    lose_keeper(&stage);
    close(fds[0]);
    close(fds[1]);

    begin_deputyd(&stage, NULL);
    meet_brain(&stage);
    message = receive(&stage, PM_MSG_HELD);
    then_output(message.fds[0], "4\n5\n6\n7\n8\n9\n");
    pm_wire_drop(&message);
    (void)receive(&stage, PM_MSG_READY);
    say(&stage, PM_MSG_KILL, &(struct pm_kill){ .slot = 0, .run = 1, .signal = SIGTERM });
    cr_expect(then_ended(&stage).unknown);
    finish(&stage);
}

/* Overwrites the table's first bytes. */
static void damage_slots(const struct stage *stage)
{
    char path[128];

    snprintf(path, sizeof path, "%s/deputy-rig 1/slots", stage->dir);
    int fd = open(path, O_WRONLY);
    cr_assert_geq(fd, 0, "no %s", path);
    cr_assert_eq(write(fd, "garbage", 7), 7);
    close(fd);
}

Test(adopt, a_damaged_table_is_put_aside_and_living_processes_are_found_by_their_marker)
{
    struct stage stage;
    struct pm_wire_message message;
    char path[128];

    given_a_deputyd(&stage, NULL);
    pid_t pid = begin(&stage, 11, 4, "sh -c 'sleep 30' & wait", NULL);
    lose_keeper(&stage);
    damage_slots(&stage);

    begin_deputyd(&stage, NULL);
    meet_brain(&stage);
    message = receive(&stage, PM_MSG_HELD);
    const struct pm_held *held = message.msg;
    cr_expect_eq(held->slot, 11);
    cr_expect_eq(held->run, 4);
    cr_expect_eq(held->pid, pid, "the leader, not its children");
    cr_expect_eq(held->note.n, 0);
    pm_wire_drop(&message);
    (void)receive(&stage, PM_MSG_READY);
    snprintf(path, sizeof path, "%s/deputy-rig 1/slots.bad", stage.dir);
    cr_expect_eq(access(path, F_OK), 0);
    say(&stage, PM_MSG_KILL, &(struct pm_kill){ .slot = 11, .run = 4, .signal = SIGTERM });
    (void)then_ended(&stage);
    finish(&stage);
}

/* It is dead before any brain could ask who it is; but it has written. */
Test(adopt, who_lost_its_record_and_died_at_once_is_known_by_its_environment)
{
    static const char *argv[] = { "/bin/sh", "-c", "echo bye; exec sleep 30" };
    static struct pm_var env[] = { { "PROCMAN_GROUP", "drivers" }, { "PROCMAN_NAME", "cam" } };
    struct pm_spawn spawn = { .slot = 2, .run = 6, .argv = { argv, 3 }, .env = { env, 2 } };
    struct stage stage;
    struct pm_wire_message message;

    given_a_deputyd(&stage, NULL);
    say(&stage, PM_MSG_SPAWN, &spawn);
    message = receive(&stage, PM_MSG_SPAWNED);
    pid_t pid = (pid_t)((const struct pm_spawned *)message.msg)->pid;
    pm_wire_drop(&message);
    lose_keeper(&stage);
    damage_slots(&stage);

    begin_deputyd(&stage, NULL);
    meet_brain(&stage);
    cr_assert_eq(kill(pid, SIGKILL), 0);
    lose_brain(&stage);
    cr_assert(is_gone(pid));
    meet_brain(&stage);
    message = receive(&stage, PM_MSG_HELD);
    const struct pm_held *held = message.msg;
    cr_expect_str_eq(held->group, "drivers");
    cr_expect_str_eq(held->name, "cam");
    cr_assert_eq(message.n_fds, 2);
    then_output(message.fds[0], "bye\n");
    pm_wire_drop(&message);
    for (bool ended = false, ready = false; !ended || !ready; pm_wire_drop(&message)) {
        message = receive_any(&stage);
        ready |= message.kind == PM_MSG_READY;
        ended |= message.kind == PM_MSG_ENDED;
    }
    finish(&stage);
}

Test(adopt, who_cannot_look_at_what_lives_does_not_begin_and_ends_nothing)
{
    struct stage stage;
    struct pm_wire_message message;

    given_a_deputyd(&stage, NULL);
    pid_t pid = begin(&stage, 4, 2, "sleep 60", NULL);
    lose_keeper(&stage);
    stage.files = 20; /* with its own it comes to the end of them */
    begin_deputyd(&stage, NULL);
    then_deputyd_exits(&stage, 1);
    cr_assert_eq(kill(pid, 0), 0, "it was called dead because nobody could look");

    stage.files = 0;
    begin_deputyd(&stage, NULL);
    meet_brain(&stage);
    message = receive(&stage, PM_MSG_HELD);
    const struct pm_held *held = message.msg;
    cr_expect_eq(held->pid, pid);
    cr_expect_eq(held->run, 2);
    cr_expect_eq(message.n_fds, 2);
    pm_wire_drop(&message);
    (void)receive(&stage, PM_MSG_READY);
    say(&stage, PM_MSG_KILL, &(struct pm_kill){ .slot = 4, .run = 2, .signal = SIGKILL });
    (void)then_ended(&stage);
    finish(&stage);
}

/* It bears the mark of a life, leads no session, and is nobody's child here. */
static pid_t given_a_daemon_left_by_a_life(const struct stage *stage, uint64_t slot, uint64_t run)
{
    char run_text[64], dir[128];
    static char program[] = "/bin/sleep", seconds[] = "30";
    char *argv[] = { program, seconds, NULL }, *env[] = { run_text, dir, NULL };
    pid_t pid;

    snprintf(run_text, sizeof run_text, "PROCMAN_RUN=rig 1/%llu/%llu", (unsigned long long)slot,
             (unsigned long long)run);
    snprintf(dir, sizeof dir, "PROCMAN_DIR=%s/deputy-rig 1", stage->dir);
    cr_assert_eq(posix_spawn(&pid, program, NULL, NULL, argv, env), 0);
    return pid;
}

Test(adopt, without_a_table_leaders_are_told_before_what_others_left_behind)
{
    struct stage stage;
    struct pm_wire_message message;
    char path[128];
    pid_t pid;

    given_a_deputyd(&stage, NULL);
    pid_t daemon = given_a_daemon_left_by_a_life(&stage, 3, 1);
    pid = begin(&stage, 5, 1, "sleep 30", NULL);
    lose_keeper(&stage);
    snprintf(path, sizeof path, "%s/deputy-rig 1/slots", stage.dir);
    cr_assert_eq(unlink(path), 0);

    begin_deputyd(&stage, NULL);
    meet_brain(&stage);
    message = receive(&stage, PM_MSG_HELD);
    cr_expect_eq(((const struct pm_held *)message.msg)->pid, pid);
    pm_wire_drop(&message);
    message = receive(&stage, PM_MSG_HELD);
    cr_expect_eq(((const struct pm_held *)message.msg)->slot, 3);
    pm_wire_drop(&message);
    (void)receive(&stage, PM_MSG_READY);
    for (uint64_t slot = 3; slot <= 5; slot += 2) {
        say(&stage, PM_MSG_KILL, &(struct pm_kill){ .slot = slot, .run = 1, .signal = SIGKILL });
        (void)then_ended(&stage);
    }
    cr_expect_eq(waitpid(daemon, NULL, 0), daemon);
    finish(&stage);
}

Test(adopt, without_a_table_a_leader_is_found_beside_what_a_higher_run_left_behind)
{
    struct stage stage;
    struct pm_wire_message message;
    char path[128];
    pid_t pid;

    given_a_deputyd(&stage, NULL);
    pid_t daemon = given_a_daemon_left_by_a_life(&stage, 3, 9);
    pid = begin(&stage, 3, 1, "sleep 30", NULL); /* the slot was freed, and its runs with it */
    lose_keeper(&stage);
    snprintf(path, sizeof path, "%s/deputy-rig 1/slots", stage.dir);
    cr_assert_eq(unlink(path), 0);

    begin_deputyd(&stage, NULL);
    meet_brain(&stage);
    message = receive(&stage, PM_MSG_HELD);
    cr_expect_eq(((const struct pm_held *)message.msg)->pid, pid);
    pm_wire_drop(&message);
    (void)receive(&stage, PM_MSG_READY);
    say(&stage, PM_MSG_KILL, &(struct pm_kill){ .slot = 3, .run = 1, .signal = SIGKILL });
    (void)then_ended(&stage);
    cr_expect_eq(waitpid(daemon, NULL, WNOHANG), 0, "another life's daemon is not its to end");
    kill(daemon, SIGKILL);
    finish(&stage);
}

Test(adopt, leave_running_leaves_them_and_the_next_deputyd_has_them)
{
    struct stage stage;
    struct pm_wire_message message;

    given_a_deputyd(&stage, "--leave-running");
    pid_t pid = begin(&stage, 0, 1, "sleep 30", NULL);
    kill(stage.deputyd, SIGTERM);
    cr_expect(((const struct pm_stopping *)receive(&stage, PM_MSG_STOPPING).msg)->leave_running);
    say(&stage, PM_MSG_FINISHED, &(struct pm_finished){ .leave_running = true });
    lose_brain(&stage);
    then_deputyd_exits(&stage, 0);
    cr_expect_eq(kill(pid, 0), 0);

    begin_deputyd(&stage, NULL);
    meet_brain(&stage);
    message = receive(&stage, PM_MSG_HELD);
    cr_expect_eq(((const struct pm_held *)message.msg)->pid, pid);
    pm_wire_drop(&message);
    (void)receive(&stage, PM_MSG_READY);
    say(&stage, PM_MSG_FINISHED, &(struct pm_finished){ 0 }); /* nothing stays behind by mistake */
    (void)receive(&stage, PM_MSG_ENDED);
    lose_brain(&stage);
    then_deputyd_exits(&stage, 0);
    cr_expect(is_gone(pid));
    clear(&stage);
}
