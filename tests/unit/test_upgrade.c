/* Another program takes the keeper's place, and no process notices. */
#include <criterion/criterion.h>

#include "tests/unit/deputy_stage.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TALKER "trap 'exit 7' USR1; trap 'echo two' USR2; echo one; while :; do sleep 0.01; done"

/* deputyd in a place of its own, with one process in slot 0 that says `one`, `two` when told, and
 * exits with 7 when told. */
static pid_t given_a_talker(struct stage *stage, int fds[2])
{
    pid_t pid;

    given_a_place(stage);
    install_deputyd(stage);
    begin_deputyd(stage, NULL);
    meet_ready_brain(stage);
    pid = begin(stage, 0, 1, TALKER, fds);
    then_output(fds[0], "one\n");
    return pid;
}

static void given_installed(const struct stage *stage, const char *script)
{
    char fresh[160];
    int fd;

    snprintf(fresh, sizeof fresh, "%s.new", stage->program);
    fd = open(fresh, O_WRONLY | O_CREAT, 0755);
    cr_assert_eq(write(fd, script, strlen(script)), (ssize_t)strlen(script));
    close(fd);
    cr_assert_eq(rename(fresh, stage->program), 0);
}

static void then_answer(struct stage *stage, const char *error, const char *text)
{
    const struct pm_done *done = receive(stage, PM_MSG_DONE).msg;

    cr_expect_eq(done->request, 5);
    cr_expect_str_eq(done->error, error, "%s", done->text);
    cr_expect_not_null(strstr(done->text, text), "%s", done->text);
}

static void then_link_ends(struct stage *stage)
{
    struct pollfd ready = { .fd = pm_wire_fd(stage->wire), .events = POLLIN };
    struct pm_wire_message message;

    cr_assert_eq(poll(&ready, 1, PATIENCE_MS), 1);
    cr_expect_eq(pm_wire_receive(stage->wire, &message), PM_GONE);
}

/* What the new program's first brain hears of slot 0. */
static struct pm_held then_held(struct stage *stage, int *out)
{
    struct pm_wire_message message = receive(stage, PM_MSG_HELD);
    struct pm_held held = *(const struct pm_held *)message.msg;

    cr_assert_eq(message.n_fds, 2);
    *out = message.fds[0];
    close(message.fds[1]);
    return held;
}

Test(upgrade, processes_stay_children_and_keep_their_pipes)
{
    struct stage stage;
    int fds[2], out;

    pid_t pid = given_a_talker(&stage, fds);
    say(&stage, PM_MSG_UPGRADE, &(struct pm_upgrade){ .request = 5 });
    then_answer(&stage, "ok", "takes the place of");
    then_link_ends(&stage);
    cr_assert_eq(kill(pid, SIGUSR2), 0); /* it writes while nobody reads */
    close(fds[0]);
    close(fds[1]);
    lose_brain(&stage);

    meet_brain(&stage);
    struct pm_held held = then_held(&stage, &out);
    cr_expect_eq(held.pid, pid);
    cr_expect(!held.adopted);
    then_output(out, "two\n");
    close(out);
    const struct pm_ready *ready = receive(&stage, PM_MSG_READY).msg;
    cr_expect_eq(ready->brains, 2);
    cr_expect_eq(ready->epoch, stage.ready.epoch);
    cr_assert_eq(kill(pid, SIGUSR1), 0);
    struct pm_ended ended = then_ended(&stage);
    cr_expect(!ended.unknown);
    cr_expect_eq(ended.exit_code, 7);
    finish(&stage);
}

Test(upgrade, last_words_and_ends_that_nobody_has_seen_are_handed_on)
{
    struct stage stage;
    struct pm_wire_message message;
    int fds[2], out;

    pid_t pid = given_a_talker(&stage, fds);
    begin(&stage, 1, 1, "echo first; exit 1", NULL);
    (void)then_ended(&stage);
    begin(&stage, 1, 2, "echo second; exit 9", NULL);
    (void)receive(&stage, PM_MSG_ENDED); /* which is not noted */
    say(&stage, PM_MSG_UPGRADE, &(struct pm_upgrade){ .request = 5 });
    then_answer(&stage, "ok", "");
    then_link_ends(&stage);
    cr_assert_eq(kill(pid, SIGUSR1), 0); /* it dies while no brain is there */
    cr_assert(is_gone(pid));
    lose_brain(&stage);

    meet_brain(&stage);
    (void)then_held(&stage, &out);
    close(out);
    cr_expect_eq(then_ended(&stage).exit_code, 7);
    (void)then_held(&stage, &out);
    then_output(out, "second\n");
    close(out);
    cr_expect_eq(then_ended(&stage).exit_code, 9);
    message = receive(&stage, PM_MSG_OWED);
    cr_expect_eq(((const struct pm_owed *)message.msg)->run, 1);
    then_output(message.fds[0], "first\n");
    pm_wire_drop(&message);
    (void)receive(&stage, PM_MSG_READY);
    finish(&stage);
}

Test(upgrade, it_is_ordered_on_the_command_line)
{
    struct stage stage;
    char said[1000];
    int fds[2], out;

    pid_t pid = given_a_talker(&stage, fds);
    /* The test is the brain, so it cannot leave while it waits for the answer: it is killed. */
    cr_expect_eq(run_deputyd(&stage, "--upgrade", said, sizeof said), 0, "%s", said);
    cr_expect_not_null(strstr(said, "has taken the place of"), "%s", said);
    lose_brain(&stage);
    meet_brain(&stage);
    cr_expect_eq(then_held(&stage, &out).pid, pid);
    (void)receive(&stage, PM_MSG_READY);
    cr_assert_eq(kill(pid, SIGUSR1), 0);
    cr_expect_eq(then_ended(&stage).exit_code, 7);
    finish(&stage);
}

Test(upgrade, a_program_that_cannot_is_refused_and_nothing_changes)
{
    static const struct { const char *script, *why; } rows[] = {
        { "#!/bin/sh\necho it is made of cheese; exit 1\n", "it is made of cheese" },
        { "#!/bin/sh\nkill -9 $$\n", "dies without a word" },
        { "#!/nowhere\n", "cannot run" },
    };
    struct stage stage;
    char said[1000];
    int fds[2];

    pid_t pid = given_a_talker(&stage, fds);
    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        given_installed(&stage, rows[i].script);
        say(&stage, PM_MSG_UPGRADE, &(struct pm_upgrade){ .request = 5 });
        then_answer(&stage, "failed", rows[i].why);
    }
    *stage.program = '\0';
    cr_expect_eq(run_deputyd(&stage, "--upgrade", said, sizeof said), 1);
    cr_expect_not_null(strstr(said, "cannot run"), "%s", said);
    cr_assert_eq(kill(pid, SIGUSR1), 0);
    cr_expect_eq(then_ended(&stage).exit_code, 7);
    finish(&stage);
}

Test(upgrade, a_program_that_vanishes_at_the_last_moment_costs_a_brain_and_no_more)
{
    struct stage stage;
    int fds[2], out;

    pid_t pid = given_a_talker(&stage, fds);
    given_installed(&stage, "#!/bin/sh\nrm $0; echo 9.9\n");
    say(&stage, PM_MSG_UPGRADE, &(struct pm_upgrade){ .request = 5 });
    then_answer(&stage, "ok", "deputyd 9.9 takes the place");
    then_link_ends(&stage);
    lose_brain(&stage);
    meet_brain(&stage);
    cr_expect_eq(then_held(&stage, &out).pid, pid);
    (void)receive(&stage, PM_MSG_READY);
    cr_assert_eq(kill(pid, SIGUSR1), 0);
    cr_expect_eq(then_ended(&stage).exit_code, 7);
    finish(&stage);
}

Test(upgrade, an_adopted_process_is_adopted_again_with_its_pipe)
{
    struct stage stage;
    int fds[2], out;

    pid_t pid = given_a_talker(&stage, fds);
    lose_keeper(&stage);
    begin_deputyd(&stage, NULL);
    meet_brain(&stage);
    (void)then_held(&stage, &out);
    close(out);
    (void)receive(&stage, PM_MSG_READY);
    say(&stage, PM_MSG_UPGRADE, &(struct pm_upgrade){ .request = 5 });
    then_answer(&stage, "ok", "");
    lose_brain(&stage);
    meet_brain(&stage);
    cr_expect(then_held(&stage, &out).adopted);
    cr_assert_eq(kill(pid, SIGUSR2), 0);
    then_output(out, "two\n");
    (void)receive(&stage, PM_MSG_READY);
    cr_assert_eq(kill(pid, SIGUSR1), 0);
    cr_expect(then_ended(&stage).unknown);
    finish(&stage);
}

Test(upgrade, who_is_not_there_or_too_different_is_told_apart)
{
    struct stage stage;
    char said[1000];

    given_a_place(&stage);
    cr_expect_eq(run_deputyd(&stage, "--upgrade", said, sizeof said), 1);
    cr_expect_not_null(strstr(said, "no deputyd named rig 1 runs here"), "%s", said);
    cr_expect_eq(run_deputyd(&stage, "--brain x --can-take-over 999", said, sizeof said), 1);
    cr_expect_not_null(strstr(said, "not 999"), "%s", said);
    clear(&stage);
}
