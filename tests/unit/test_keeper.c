/* The keeper as its brain sees it: the real deputyd, with this test in the brain's place.
 *
 * deputyd begins this very program as its brain (--brain). Before Criterion is even up, that
 * one sends its link here and then only holds its place, until told to go. */
#include <criterion/criterion.h>

#include "keeper/adopt.h"
#include "keeper/wire.h"

#include <procman/limits.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000 /* nothing here takes so long */
#define STAND_IN    "PROCMAN_TEST_BRAIN"

/* ---- the stand-in ------------------------------------------------------------------- */

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return address;
}

/* Its exit status is the byte it is sent; none: it was let go. */
__attribute__((constructor)) static void stand_in_for_the_brain(void)
{
    const char *path = getenv(STAND_IN);
    struct sockaddr_un address = address_of(path ? path : "");
    union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof(int))]; } control = { 0 };
    struct iovec part = { .iov_base = (char[]){ 'b' }, .iov_len = 1 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
                              .msg_controllen = sizeof control };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    int here, link = PM_WIRE_FD;
    unsigned char status = 0;

    if (path == NULL)
        return;
    if (fcntl(PM_WIRE_LOCK_FD, F_GETFD) < 0)
        _exit(97);
    here = socket(AF_UNIX, SOCK_STREAM, 0);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &link, sizeof link);
    if (connect(here, (struct sockaddr *)&address, sizeof address) != 0
        || sendmsg(here, &message, 0) < 0)
        _exit(99);
    close(link);
    (void)!read(here, &status, 1);
    _exit(status);
}

/* ---- the stage ------------------------------------------------------------------------ */

struct stage {
    char dir[64];
    int listener, stand_in;
    pid_t deputyd;
    struct pm_wire *wire;
    struct pm_ready ready;
};

static void begin_deputyd(struct stage *stage, const char *option)
{
    char self[400], deputyd[420], socket_path[100];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    cr_assert(n > 0);
    self[n] = '\0';
    snprintf(deputyd, sizeof deputyd, "%.*s/deputyd", (int)(strrchr(self, '/') - self), self);
    snprintf(socket_path, sizeof socket_path, "%s/brain.sock", stage->dir);
    stage->deputyd = fork();
    if (stage->deputyd == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setenv(STAND_IN, socket_path, 1);
        setenv("NOTIFY_SOCKET", "/nowhere", 1);
        execl(deputyd, "deputyd", "--name", "rig 1", "--run-dir", stage->dir, "--brain", self,
              option, NULL);
        _exit(98);
    }
}

/* The next brain is here: this test. */
static void meet_brain(struct stage *stage)
{
    struct pollfd ready = { .fd = stage->listener, .events = POLLIN };
    union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof(int))]; } control;
    struct iovec part = { .iov_base = (char[1]){ 0 }, .iov_len = 1 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
                              .msg_controllen = sizeof control };
    int link;

    cr_assert_eq(poll(&ready, 1, PATIENCE_MS), 1, "no brain comes");
    stage->stand_in = accept(stage->listener, NULL, NULL);
    cr_assert_eq(recvmsg(stage->stand_in, &message, MSG_CMSG_CLOEXEC), 1);
    memcpy(&link, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof link);
    cr_assert_eq(pm_wire_open(link, &stage->wire), PM_OK);
}

static void lose_brain(struct stage *stage)
{
    pm_wire_close(&stage->wire);
    close(stage->stand_in);
}

static struct pm_wire_message receive(struct stage *stage, enum pm_msg kind)
{
    struct pm_wire_message message;
    enum pm_err err;

    while ((err = pm_wire_receive(stage->wire, &message)) == PM_TIMEOUT) {
        struct pollfd ready = { .fd = pm_wire_fd(stage->wire), .events = POLLIN };
        cr_assert_eq(pm_wire_flush(stage->wire), PM_OK);
        if (pm_wire_kept(stage->wire) > 0)
            ready.events |= POLLOUT;
        cr_assert_gt(poll(&ready, 1, PATIENCE_MS), 0, "no %s comes", pm_msg_desc(kind)->name);
    }
    cr_assert_eq(err, PM_OK, "%s", pm_err_word(err));
    cr_assert_eq(message.kind, kind, "%s came, not %s", pm_msg_desc(message.kind)->name,
                 pm_msg_desc(kind)->name);
    return message;
}

static void meet_ready_brain(struct stage *stage)
{
    meet_brain(stage);
    stage->ready = *(const struct pm_ready *)receive(stage, PM_MSG_READY).msg;
}

static void given_a_deputyd(struct stage *stage, const char *option)
{
    struct sockaddr_un address;
    char path[100];

    *stage = (struct stage){ .dir = "/tmp/procman-keeper-XXXXXX" };
    cr_assert_not_null(mkdtemp(stage->dir));
    snprintf(path, sizeof path, "%s/brain.sock", stage->dir);
    address = address_of(path);
    stage->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(stage->listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(stage->listener, 4), 0);
    begin_deputyd(stage, option);
    meet_ready_brain(stage);
}

static void say(struct stage *stage, enum pm_msg kind, const void *msg)
{
    cr_assert_eq(pm_wire_send(stage->wire, kind, msg, NULL, 0), PM_OK);
}

/* Ask for a life in a slot: sh -c SCRIPT. Its note is the script. */
static void ask(struct stage *stage, uint64_t slot, uint64_t run, const char *script)
{
    const char *argv[] = { "/bin/sh", "-c", script };
    struct pm_spawn spawn = { .slot = slot, .run = run, .argv = { argv, 3 },
                              .note = { (const uint8_t *)script, strlen(script) } };

    say(stage, PM_MSG_SPAWN, &spawn);
}

static pid_t begin(struct stage *stage, uint64_t slot, uint64_t run, const char *script, int fds[2])
{
    struct pm_wire_message message;
    const struct pm_spawned *spawned;

    ask(stage, slot, run, script);
    message = receive(stage, PM_MSG_SPAWNED);
    spawned = message.msg;
    cr_assert_eq(spawned->stage, PM_STAGE_NONE, "stage %d, errno %d", spawned->stage,
                 (int)spawned->error);
    cr_assert_eq(spawned->slot, slot);
    cr_assert_eq(message.n_fds, 2);
    if (fds)
        memcpy(fds, message.fds, 2 * sizeof *fds);
    else
        pm_wire_drop(&message);
    return (pid_t)spawned->pid;
}

static struct pm_ended then_ended(struct stage *stage)
{
    struct pm_ended ended = *(const struct pm_ended *)receive(stage, PM_MSG_ENDED).msg;
    struct pm_seen seen = { .slot = ended.slot, .run = ended.run };

    say(stage, PM_MSG_SEEN, &seen);
    return ended;
}

/* Everything until `n` bytes are there or the pipe ends. */
static void then_output(int fd, const char *expected)
{
    char text[4096] = "";
    size_t sum = 0, n = strlen(expected);

    while (sum < n) {
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        cr_assert_eq(poll(&ready, 1, PATIENCE_MS), 1, "got only '%s'", text);
        ssize_t got = read(fd, text + sum, n - sum);
        cr_assert_gt(got, 0, "it ended after '%s'", text);
        sum += (size_t)got;
    }
    cr_assert_str_eq(text, expected);
}

static void then_deputyd_exits(struct stage *stage, int expected)
{
    int status = -1, waited = 0;

    for (; waited < PATIENCE_MS && waitpid(stage->deputyd, &status, WNOHANG) == 0; waited++)
        poll(NULL, 0, 1);
    cr_assert_lt(waited, PATIENCE_MS, "deputyd does not end");
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == expected, "status %#x", status);
}

static void clear(struct stage *stage)
{
    char command[128];

    close(stage->listener);
    snprintf(command, sizeof command, "rm -rf %s", stage->dir);
    cr_assert_eq(system(command), 0);
}

static void finish(struct stage *stage)
{
    struct pm_finished finished = { 0 };

    kill(stage->deputyd, SIGTERM);
    (void)receive(stage, PM_MSG_STOPPING);
    say(stage, PM_MSG_FINISHED, &finished);
    lose_brain(stage);
    then_deputyd_exits(stage, 0);
    clear(stage);
}

static bool is_gone(pid_t pid)
{
    struct pm_proc_stat stat;

    for (int i = 0; i < PATIENCE_MS; i++) {
        if (!pm_proc_stat(pid, &stat) || stat.state == 'Z')
            return true;
        poll(NULL, 0, 1);
    }
    return false;
}

/* ---- stories --------------------------------------------------------------------------- */

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
    pid_t pid = begin(&stage, 3, 1, "echo $PROCMAN_RUN ${NOTIFY_SOCKET-none}; echo oops >&2; exit 7",
                      fds);
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
        { { .slot = 0, .run = 2, .argv = { sleeper, 2 }, .dir = "/nope" }, PM_STAGE_DIRECTORY, ENOENT },
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
    char pid_text[16] = "";
    int fds[2];

    given_a_deputyd(&stage, NULL);
    begin(&stage, 0, 1, "(trap '' TERM; echo; sleep 30) & read x < /dev/null; echo $!; exit 0", fds);
    (void)then_ended(&stage);
    for (size_t n = 0; n < sizeof pid_text - 1 && read(fds[0], pid_text + n, 1) == 1;)
        n += pid_text[n] != '\n';
    cr_assert_gt(atoi(pid_text), 1);
    cr_expect(is_gone(atoi(pid_text)));
    finish(&stage);
}

Test(keeper, a_killed_keepers_processes_are_adopted_by_the_next)
{
    struct stage stage;
    struct pm_wire_message message;
    int fds[2];

    given_a_deputyd(&stage, NULL);
    pid_t pid = begin(&stage, 7, 2, "trap 'echo two; exit 3' USR1; echo one; while :; do sleep 0.01; done",
                      fds);
    then_output(fds[0], "one\n");
    kill(stage.deputyd, SIGKILL);
    waitpid(stage.deputyd, NULL, 0);
    lose_brain(&stage);
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

Test(keeper, no_byte_is_lost_between_two_keepers)
{
    struct stage stage;
    struct pm_wire_message message;
    int fds[2];

    given_a_deputyd(&stage, NULL);
    begin(&stage, 0, 1, "for i in 1 2 3 4 5 6 7 8 9; do echo $i; done; exec sleep 30", fds);
    then_output(fds[0], "1\n2\n3\n");
    kill(stage.deputyd, SIGKILL);
    waitpid(stage.deputyd, NULL, 0);
    lose_brain(&stage);
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

    snprintf(path, sizeof path, "%s/deputy-rig%%201/slots", stage->dir);
    int fd = open(path, O_WRONLY);
    cr_assert_geq(fd, 0, "no %s", path);
    cr_assert_eq(write(fd, "garbage", 7), 7);
    close(fd);
}

Test(keeper, a_damaged_table_is_put_aside_and_living_processes_are_found_by_their_marker)
{
    struct stage stage;
    struct pm_wire_message message;
    char path[128];

    given_a_deputyd(&stage, NULL);
    pid_t pid = begin(&stage, 11, 4, "sh -c 'sleep 30' & wait", NULL);
    kill(stage.deputyd, SIGKILL);
    waitpid(stage.deputyd, NULL, 0);
    lose_brain(&stage);
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
    snprintf(path, sizeof path, "%s/deputy-rig%%201/slots.bad", stage.dir);
    cr_expect_eq(access(path, F_OK), 0);
    say(&stage, PM_MSG_KILL, &(struct pm_kill){ .slot = 11, .run = 4, .signal = SIGTERM });
    (void)then_ended(&stage);
    finish(&stage);
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

Test(keeper, leave_running_leaves_them_and_the_next_deputyd_has_them)
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
