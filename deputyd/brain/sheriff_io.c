/* Sockets as libzmq wants them for this use; the numbers and why are in the options below.
 *
 * The deputy always connects, the sheriff always binds. No routing id: a second deputy of the
 * same id would get nothing, for ever, without anyone being told; sessions are the application's.
 */
#include "brain/sheriff_io.h"

#include <procman/limits.h>
#include <procman/log.h>
#include <procman/paths.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#define MONITOR    "inproc://sheriff-link"
#define TOPIC_OUTPUT "output/"
#define TOPIC_MOST 128 /* bytes of a subscription we understand */

struct sheriff_io {
    void *context, *orders, *streams, *monitor;
    char *orders_at;
    struct pm_buf body;      /* of what is sent */
    zmq_msg_t frame;         /* of what was received */
    struct pm_arena arena;
    struct { char *at; size_t n; } msg; /* the decoded struct */
};

/* ---- where ------------------------------------------------------------------------ */

enum pm_err sheriff_endpoints(const char *endpoint, const char *run_dir, char **out_orders,
                              char **out_streams, char **why)
{
    const char *colon;
    char *end;
    unsigned long port;

    if (endpoint == NULL) {
        enum pm_err err = pm_socket_endpoint(run_dir, PM_SOCKET_DEPUTY, out_orders);
        return err == PM_OK ? pm_socket_endpoint(run_dir, PM_SOCKET_FEED, out_streams) : err;
    }
    colon = strrchr(endpoint, ':');
    port = colon != NULL ? strtoul(colon + 1, &end, 10) : 0;
    if (strncmp(endpoint, "tcp://", 6) != 0 || colon < endpoint + 7 || *end != '\0' || port == 0
        || port > 65534) {
        *why = pm_printf("--sheriff %s: not of the form tcp://HOST:PORT", endpoint);
        return PM_USAGE;
    }
    *out_orders = pm_strdup(endpoint);
    *out_streams = pm_printf("%.*s:%lu", (int)(colon - endpoint), endpoint, port + 1);
    return PM_OK;
}

/* ---- opening ---------------------------------------------------------------------- */

struct option { int option, value; };

static const struct option both[] = {
    { ZMQ_RECONNECT_IVL, 100 },
    { ZMQ_RECONNECT_IVL_MAX, 2000 }, /* a sheriff that returns is met soon */
    { ZMQ_CONNECT_TIMEOUT, 2000 },   /* else the kernel's SYN back-off decides, up to minutes */
    { ZMQ_HEARTBEAT_IVL, 1000 }, { ZMQ_HEARTBEAT_TIMEOUT, 3000 }, { ZMQ_HEARTBEAT_TTL, 3000 },
};
static const struct option orders_options[] = {
    { ZMQ_IMMEDIATE, 1 },            /* nothing is queued for a sheriff that is not there */
    { ZMQ_SNDHWM, 1000 }, { ZMQ_RCVHWM, 1000 },
    { ZMQ_LINGER, 300 },             /* a goodbye */
};
static const struct option streams_options[] = {
    { ZMQ_XPUB_VERBOSE, 1 },         /* each new follower is told the present end */
    { ZMQ_SNDHWM, 256 },             /* chunks of 64 KiB: a slow sheriff costs 16 MiB, then bytes */
    { ZMQ_LINGER, 0 },
};

static bool set_all(void *socket, const struct option *options, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (zmq_setsockopt(socket, options[i].option, &options[i].value, sizeof(int)) != 0)
            return false;
    return true;
}

static bool set_up(struct sheriff_io *io, const char *streams)
{
    int64_t longest = PM_LIMIT_FRAME;
    int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED;

    return io->orders && io->streams && io->monitor
        && set_all(io->orders, both, PM_COUNT(both))
        && set_all(io->orders, orders_options, PM_COUNT(orders_options))
        && zmq_setsockopt(io->orders, ZMQ_MAXMSGSIZE, &longest, sizeof longest) == 0
        && set_all(io->streams, both, PM_COUNT(both))
        && set_all(io->streams, streams_options, PM_COUNT(streams_options))
        && zmq_socket_monitor(io->orders, MONITOR, events) == 0
        && zmq_connect(io->monitor, MONITOR) == 0
        && zmq_connect(io->orders, io->orders_at) == 0 && zmq_connect(io->streams, streams) == 0;
}

enum pm_err sheriff_open(const char *orders, const char *streams, struct sheriff_io **out)
{
    struct sheriff_io *io = pm_alloc(sizeof *io);

    io->orders_at = pm_strdup(orders);
    zmq_msg_init(&io->frame);
    pm_arena_init(&io->arena, 0);
    io->context = zmq_ctx_new();
    if (io->context) {
        io->orders = zmq_socket(io->context, ZMQ_DEALER);
        io->streams = zmq_socket(io->context, ZMQ_XPUB);
        io->monitor = zmq_socket(io->context, ZMQ_PAIR);
    }
    if (!set_up(io, streams)) {
        sheriff_close(&io);
        return PM_IO;
    }
    *out = io;
    return PM_OK;
}

static void close_socket(void *socket)
{
    if (socket != NULL)
        zmq_close(socket);
}

void sheriff_close(struct sheriff_io **sheriff)
{
    struct sheriff_io *io = *sheriff;

    *sheriff = NULL;
    if (io == NULL)
        return;
    if (io->orders != NULL)
        zmq_socket_monitor(io->orders, NULL, 0);
    close_socket(io->monitor);
    close_socket(io->orders);
    close_socket(io->streams);
    if (io->context != NULL)
        zmq_ctx_term(io->context);
    zmq_msg_close(&io->frame);
    pm_arena_fini(&io->arena);
    pm_buf_fini(&io->body);
    free(io->msg.at);
    free(io->orders_at);
    free(io);
}

void sheriff_reconnect(struct sheriff_io *io)
{
    (void)zmq_disconnect(io->orders, io->orders_at); /* fails when libzmq gave it up already */
    if (zmq_connect(io->orders, io->orders_at) != 0)
        pm_log_error("cannot connect to %s: %s", io->orders_at, zmq_strerror(zmq_errno()));
}

void *sheriff_orders(struct sheriff_io *io)
{
    return io->orders;
}

void *sheriff_streams(struct sheriff_io *io)
{
    return io->streams;
}

void *sheriff_monitor(struct sheriff_io *io)
{
    return io->monitor;
}

/* ---- sending ---------------------------------------------------------------------- */

static bool send_two(struct sheriff_io *io, void *socket, const char *first, enum pm_msg kind,
                     const void *msg)
{
    enum pm_err err;

    io->body.n = 0;
    err = pm_encode(pm_msg_desc(kind), msg, &io->body);
    if (err != PM_OK) {
        pm_log_error("cannot send %s: %s", pm_msg_desc(kind)->name, pm_err_sentence(err));
        return true; /* trying again would not help */
    }
    return zmq_send(socket, first, strlen(first), ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0
        && zmq_send(socket, io->body.at, io->body.n, ZMQ_DONTWAIT) >= 0;
}

bool sheriff_send(struct sheriff_io *io, enum pm_msg kind, const void *msg)
{
    return send_two(io, io->orders, pm_msg_desc(kind)->name, kind, msg);
}

void sheriff_publish(struct sheriff_io *io, const char *topic, enum pm_msg kind, const void *msg)
{
    (void)send_two(io, io->streams, topic, kind, msg);
}

/* ---- receiving -------------------------------------------------------------------- */

/* The body of the next message in io->frame, its kind by the envelope before it. */
static enum pm_err receive_frames(struct sheriff_io *io, enum pm_msg *kind)
{
    size_t frames = 0;

    *kind = PM_MSG_NONE;
    do {
        if (zmq_msg_recv(&io->frame, io->orders, ZMQ_DONTWAIT) < 0)
            return PM_TIMEOUT;
        if (frames == 0)
            *kind = pm_msg_from_word(zmq_msg_data(&io->frame), zmq_msg_size(&io->frame));
        frames++;
    } while (zmq_msg_more(&io->frame));
    return frames == 2 && *kind != PM_MSG_NONE ? PM_OK : PM_BAD_MESSAGE;
}

enum pm_err sheriff_receive(struct sheriff_io *io, enum pm_msg *out_kind, const void **out)
{
    const struct pm_desc *desc;
    const char *why = "its frames are not those of a message";
    enum pm_err err = receive_frames(io, out_kind);

    if (err == PM_TIMEOUT)
        return err;
    pm_arena_fini(&io->arena);
    if (err == PM_OK) {
        desc = pm_msg_desc(*out_kind);
        if (io->msg.n < desc->size) {
            io->msg.at = pm_resize(io->msg.at, desc->size, 1);
            io->msg.n = desc->size;
        }
        err = pm_decode(desc, zmq_msg_data(&io->frame), zmq_msg_size(&io->frame), &io->arena,
                        io->msg.at, &why);
    }
    if (err != PM_OK) {
        pm_log_warning("a message of the sheriff is dropped: %s", why);
        return PM_BAD_MESSAGE;
    }
    *out = io->msg.at;
    return PM_OK;
}

bool sheriff_link_change(struct sheriff_io *io, bool *out_connected)
{
    uint16_t event = 0;
    zmq_msg_t frame;
    bool more = true, first = true;

    /* Two frames: 16 bits of event and 32 of value; and the address. */
    while (more) {
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, io->monitor, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&frame);
            return false;
        }
        if (first && zmq_msg_size(&frame) >= sizeof event)
            memcpy(&event, zmq_msg_data(&frame), sizeof event);
        first = false;
        more = zmq_msg_more(&frame);
        zmq_msg_close(&frame);
    }
    *out_connected = event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
    return true;
}

/* "output/ID/" exactly; other topics are no process's. */
static bool topic_id(const char *topic, uint64_t *out)
{
    char *end;

    if (strncmp(topic, TOPIC_OUTPUT, strlen(TOPIC_OUTPUT)) != 0)
        return false;
    *out = strtoull(topic + strlen(TOPIC_OUTPUT), &end, 10);
    return *out != 0 && strcmp(end, "/") == 0;
}

bool sheriff_follow_change(struct sheriff_io *io, uint64_t *out_id, bool *out_on)
{
    char frame[TOPIC_MOST];

    for (;;) {
        int n = zmq_recv(io->streams, frame, sizeof frame - 1, ZMQ_DONTWAIT);
        if (n < 0)
            return false;
        if (n == 0 || n >= (int)sizeof frame)
            continue;
        frame[n] = '\0';
        *out_on = frame[0] == 1;
        if (topic_id(frame + 1, out_id))
            return true;
    }
}
