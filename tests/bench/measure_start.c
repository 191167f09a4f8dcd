/* From wanting a process to its first instruction, from the command line and from a program. */
#include "bench.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

#define ROUNDS 60
#define REST_US 3000 /* between rounds: what is measured is used once in a while, not in a row */
#define MS(ns) ((double)(ns) / 1e6)

static void *echo(void *socket)
{
    for (;;) {
        zmq_msg_t frame;
        int more;

        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, socket, 0) < 0)
            break;
        more = zmq_msg_more(&frame);
        zmq_msg_send(&frame, socket, more ? ZMQ_SNDMORE : 0);
    }
    zmq_close(socket);
    return NULL;
}

/* What a request program on libzmq costs before it does anything of use. */
static double bare_request_ms(struct fleet *fleet, const char *endpoint)
{
    struct samples samples = { .n = 0 };

    for (int i = 0; i < ROUNDS; i++) {
        const char *const argv[] = { tool_path(fleet, "ping"), endpoint, NULL };

        sample_add(&samples, MS(run_program_ns(argv)));
    }
    return sample_median(&samples);
}

/* Two hops, as an order takes them: from the client to the sheriff and on to the deputy. */
static double bare_hops_ms(void *context, const char *endpoint)
{
    struct samples samples = { .n = 0 };
    void *dealer = zmq_socket(context, ZMQ_DEALER);
    char answer[16];

    if (zmq_connect(dealer, endpoint) != 0)
        die("cannot connect to %s", endpoint);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t begin = now_ns();

        if (zmq_send(dealer, "ping", 4, 0) != 4 || zmq_recv(dealer, answer, sizeof answer, 0) < 0)
            die("no echo from %s", endpoint);
        sample_add(&samples, MS(now_ns() - begin));
        usleep(REST_US);
    }
    zmq_close(dealer);
    return sample_median(&samples);
}

struct bare { double request, hops; };

static struct bare bare_zmq_ms(struct fleet *fleet)
{
    void *context = zmq_ctx_new(), *router = zmq_socket(context, ZMQ_ROUTER);
    char endpoint[600];
    struct bare bare;
    pthread_t thread;

    snprintf(endpoint, sizeof endpoint, "ipc://%s", fleet_path(fleet, "echo.sock"));
    if (zmq_bind(router, endpoint) != 0 || pthread_create(&thread, NULL, echo, router) != 0)
        die("cannot bind %s", endpoint);
    bare.request = bare_request_ms(fleet, endpoint);
    bare.hops = bare_hops_ms(context, endpoint);
    zmq_ctx_shutdown(context);
    pthread_join(thread, NULL);
    zmq_ctx_term(context);
    return bare;
}

static double bare_exec_ms(struct fleet *fleet)
{
    struct samples samples = { .n = 0 };

    for (int i = 0; i < ROUNDS; i++)
        sample_add(&samples, MS(bare_spawn_ns(fleet, 1)));
    return sample_median(&samples);
}

/* An order is on the disk before it is obeyed: a frame of a write-ahead log for the wish and one
 * for its number, and a sync. */
static double bare_sync_ms(struct fleet *fleet)
{
    static const char frames[2 * (24 + 4096)];
    struct samples samples = { .n = 0 };
    int fd = open(fleet_path(fleet, "sync"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    for (int i = 0; i < ROUNDS; i++) {
        int64_t begin = now_ns();

        if (fd < 0 || write(fd, frames, sizeof frames) != sizeof frames || fdatasync(fd) != 0)
            die("cannot write to the disk");
        sample_add(&samples, MS(now_ns() - begin));
        usleep(REST_US);
    }
    close(fd);
    return sample_median(&samples);
}

static double by_command_line_ms(struct fleet *fleet, const char *stamps)
{
    struct samples samples = { .n = 0 };

    for (int i = 0; i < ROUNDS; i++) {
        const char *const argv[] = { program_path(fleet, "procmanctl"), "start", "one0", NULL };
        int64_t begin;

        stamps_clear(stamps);
        begin = now_ns();
        reap(spawn_program(argv, "/dev/null"));
        sample_add(&samples, MS(stamps_last(stamps, 1) - begin));
        fleet_order(fleet, PM_VERB_STOP, "one0");
    }
    return sample_median(&samples);
}

static double by_library_ms(struct fleet *fleet, const char *stamps)
{
    struct samples samples = { .n = 0 };

    for (int i = 0; i < ROUNDS; i++) {
        int64_t begin;

        stamps_clear(stamps);
        begin = now_ns();
        fleet_order(fleet, PM_VERB_START, "one0");
        sample_add(&samples, MS(stamps_last(stamps, 1) - begin));
        fleet_order(fleet, PM_VERB_STOP, "one0");
    }
    return sample_median(&samples);
}

void measure_start(struct fleet *fleet)
{
    const char *stamps = fleet_path(fleet, "one.stamps");
    const char *const argv[] = { tool_path(fleet, "stamp"), stamps, "stay", NULL };
    struct bare zmq = bare_zmq_ms(fleet);
    double exec = bare_exec_ms(fleet), disk = bare_sync_ms(fleet);

    fleet_define(fleet, "one", 1, argv, NULL);
    figure_print(&(struct figure){ "procmanctl start to first instruction",
        by_command_line_ms(fleet, stamps), "ms", "zmq request program", zmq.request, "<= 6 ms" });
    figure_print(&(struct figure){ "library start to first instruction",
        by_library_ms(fleet, stamps), "ms", "zmq hops, sync, fork+exec", zmq.hops + disk + exec,
        "<= 1.2 ms" });
}

static void comes_back_at_once(struct pm_spec *spec)
{
    spec->auto_restart = PM_AUTO_RESTART_ALWAYS;
    spec->restart_delay_ms = 0;
    spec->restart_max_delay_ms = 0;
    spec->restart_settle_ms = 0; /* every life was a good one: no pause grows */
}

void measure_replace(struct fleet *fleet)
{
    const char *stamps = fleet_path(fleet, "again.stamps");
    const char *const argv[] = { tool_path(fleet, "stamp"), stamps, "stay", NULL };
    double exec = bare_exec_ms(fleet);
    struct samples samples = { .n = 0 };

    fleet_define(fleet, "again", 1, argv, comes_back_at_once);
    fleet_order(fleet, PM_VERB_START, "again0");
    for (int i = 0; i < ROUNDS; i++) {
        pid_t pid = (pid_t)fleet_row(fleet, "again0").pid;
        int64_t begin;

        stamps_clear(stamps);
        begin = now_ns();
        if (pid <= 0 || kill(pid, SIGKILL) != 0)
            continue;
        sample_add(&samples, MS(stamps_last(stamps, 1) - begin));
    }
    figure_print(&(struct figure){ "kill -9 to the replacement's first instruction",
        sample_median(&samples), "ms", "fork+exec", exec, "ratio <= 2" });
}
