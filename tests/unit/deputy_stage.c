/* The real deputyd with a test in its brain's place. */
#include "tests/unit/deputy_stage.h"

#include <criterion/criterion.h>

#include "keeper/adopt.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define STAND_IN "PROCMAN_TEST_BRAIN"

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

static void find_self(char *self, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", self, size - 1);

    cr_assert(n > 0);
    self[n] = '\0';
}

static void find_deputyd(const struct stage *stage, char *deputyd, size_t size)
{
    char self[400];

    find_self(self, sizeof self);
    if (*stage->program)
        snprintf(deputyd, size, "%s", stage->program);
    else
        snprintf(deputyd, size, "%.*s/deputyd", (int)(strrchr(self, '/') - self), self);
}

void install_deputyd(struct stage *stage)
{
    char built[420], command[700];

    find_deputyd(stage, built, sizeof built);
    snprintf(stage->program, sizeof stage->program, "%s/deputyd", stage->dir);
    snprintf(command, sizeof command, "cp %s %s", built, stage->program);
    cr_assert_eq(system(command), 0);
}

int run_deputyd(const struct stage *stage, const char *option, char *out, size_t size)
{
    char deputyd[420], command[700];
    FILE *pipe;
    size_t n;

    find_deputyd(stage, deputyd, sizeof deputyd);
    snprintf(command, sizeof command, "%s --name 'rig 1' --run-dir %s %s 2>&1", deputyd,
             stage->dir, option);
    pipe = popen(command, "re");
    cr_assert_not_null(pipe);
    n = fread(out, 1, size - 1, pipe);
    out[n] = '\0';
    return WEXITSTATUS(pclose(pipe));
}

void begin_deputyd(struct stage *stage, const char *option)
{
    char self[400], deputyd[420], socket_path[100];

    find_self(self, sizeof self);
    find_deputyd(stage, deputyd, sizeof deputyd);
    snprintf(socket_path, sizeof socket_path, "%s/brain.sock", stage->dir);
    stage->deputyd = fork();
    if (stage->deputyd == 0) {
        struct rlimit files = { stage->files, stage->files };
        if (stage->files > 0)
            (void)setrlimit(RLIMIT_NOFILE, &files);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setenv(STAND_IN, socket_path, 1);
        setenv("NOTIFY_SOCKET", "/nowhere", 1);
        execl(deputyd, "deputyd", "--name", "rig 1", "--run-dir", stage->dir, "--brain", self,
              option, NULL);
        _exit(98);
    }
}

/* The next brain is here: this test. */
void meet_brain(struct stage *stage)
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

void lose_brain(struct stage *stage)
{
    pm_wire_close(&stage->wire);
    close(stage->stand_in);
}

void lose_keeper(struct stage *stage)
{
    kill(stage->deputyd, SIGKILL);
    waitpid(stage->deputyd, NULL, 0);
    lose_brain(stage);
}

struct pm_wire_message receive_any(struct stage *stage)
{
    struct pm_wire_message message;
    enum pm_err err;

    while ((err = pm_wire_receive(stage->wire, &message)) == PM_TIMEOUT) {
        struct pollfd ready = { .fd = pm_wire_fd(stage->wire), .events = POLLIN };
        cr_assert_eq(pm_wire_flush(stage->wire), PM_OK);
        if (pm_wire_kept(stage->wire) > 0)
            ready.events |= POLLOUT;
        cr_assert_gt(poll(&ready, 1, PATIENCE_MS), 0, "nothing comes");
    }
    cr_assert_eq(err, PM_OK, "%s", pm_err_word(err));
    return message;
}

struct pm_wire_message receive(struct stage *stage, enum pm_msg kind)
{
    struct pm_wire_message message = receive_any(stage);

    cr_assert_eq(message.kind, kind, "%s came, not %s", pm_msg_desc(message.kind)->name,
                 pm_msg_desc(kind)->name);
    return message;
}

void meet_ready_brain(struct stage *stage)
{
    meet_brain(stage);
    stage->ready = *(const struct pm_ready *)receive(stage, PM_MSG_READY).msg;
}

void given_a_deputyd(struct stage *stage, const char *option)
{
    given_a_place(stage);
    begin_deputyd(stage, option);
    meet_ready_brain(stage);
}

void given_a_place(struct stage *stage)
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
}

void say(struct stage *stage, enum pm_msg kind, const void *msg)
{
    cr_assert_eq(pm_wire_send(stage->wire, kind, msg, NULL, 0), PM_OK);
}

/* Ask for a life in a slot: sh -c SCRIPT. Its note is the script. */
void ask(struct stage *stage, uint64_t slot, uint64_t run, const char *script)
{
    const char *argv[] = { "/bin/sh", "-c", script };
    struct pm_spawn spawn = { .slot = slot, .run = run, .argv = { argv, 3 },
                              .note = { (const uint8_t *)script, strlen(script) } };

    say(stage, PM_MSG_SPAWN, &spawn);
}

pid_t begin(struct stage *stage, uint64_t slot, uint64_t run, const char *script, int fds[2])
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

struct pm_ended then_ended(struct stage *stage)
{
    struct pm_ended ended = *(const struct pm_ended *)receive(stage, PM_MSG_ENDED).msg;
    struct pm_seen seen = { .slot = ended.slot, .run = ended.run };

    say(stage, PM_MSG_SEEN, &seen);
    return ended;
}

/* Everything until `n` bytes are there or the pipe ends. */
void then_output(int fd, const char *expected)
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

pid_t read_pid(int fd)
{
    char text[16] = "";

    for (size_t n = 0; n < sizeof text - 1 && strchr(text, '\n') == NULL; n++) {
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        cr_assert_eq(poll(&ready, 1, PATIENCE_MS), 1, "got only '%s'", text);
        cr_assert_eq(read(fd, text + n, 1), 1, "it ended after '%s'", text);
    }
    cr_assert_gt(atoi(text), 1, "no pid: '%s'", text);
    return (pid_t)atoi(text);
}

void then_deputyd_exits(struct stage *stage, int expected)
{
    int status = -1, waited = 0;

    for (; waited < PATIENCE_MS && waitpid(stage->deputyd, &status, WNOHANG) == 0; waited++)
        poll(NULL, 0, 1);
    cr_assert_lt(waited, PATIENCE_MS, "deputyd does not end");
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == expected, "status %#x", status);
}

void clear(struct stage *stage)
{
    char command[128];

    close(stage->listener);
    snprintf(command, sizeof command, "rm -rf %s", stage->dir);
    cr_assert_eq(system(command), 0);
}

void finish(struct stage *stage)
{
    struct pm_finished finished = { 0 };

    kill(stage->deputyd, SIGTERM);
    (void)receive(stage, PM_MSG_STOPPING);
    say(stage, PM_MSG_FINISHED, &finished);
    lose_brain(stage);
    then_deputyd_exits(stage, 0);
    clear(stage);
}

bool is_gone(pid_t pid)
{
    struct pm_proc_stat stat;

    for (int i = 0; i < PATIENCE_MS; i++) {
        if (pm_proc_stat(pid, &stat) != PM_OK || stat.state == 'Z')
            return true;
        poll(NULL, 0, 1);
    }
    return false;
}
