/* herd RUN_DIR DEPUTIES: many deputies in one program, none of which runs anything.
 *
 * Each speaks the real protocol: hello on every connection, status, a beat and statistics once a
 * second, and says of every process it is told of that it runs. It connects as deputyd-brain does,
 * and as eagerly. So what the sheriff costs can be measured alone. */
#include <procman/codec.h>
#include <procman/limits.h>
#include <procman/status.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#define ROWS_MAX    64
#define BEAT_MS     1000
#define NAME_SIZE   24

struct member {                 /* one deputy */
    void *dealer, *feed;
    void *link;                 /* tells when a connection is made */
    char name[NAME_SIZE];
    uint64_t session, seq, generation, specs_generation, sheriff_id;
    size_t n;
    struct pm_status_row rows[ROWS_MAX];
    char names[ROWS_MAX][NAME_SIZE * 2];
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void speak(void *socket, const char *envelope, const struct pm_desc *desc, const void *msg)
{
    struct pm_buf body = { 0 };

    if (pm_encode(desc, msg, &body) == PM_OK
        && zmq_send(socket, envelope, strlen(envelope), ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0)
        zmq_send(socket, body.at, body.n, ZMQ_DONTWAIT);
    pm_buf_fini(&body);
}

static void say_hello(struct member *m)
{
    struct pm_hello hello = { .version = PM_PROTOCOL_VERSION, .name = m->name,
                              .hostname = m->name, .software = "herd",
                              .epoch = (uint64_t)(uintptr_t)m, .sheriff_id = m->sheriff_id,
                              .boot_id = "herd" };

    speak(m->dealer, "hello", &pm_hello_desc, &hello);
}

/* A connection is made, or gone: two frames each, of which the number of the event matters. */
static void hear_link(struct member *m)
{
    uint8_t event[64], address[512];

    while (zmq_recv(m->link, event, sizeof event, ZMQ_DONTWAIT) >= 0
           && zmq_recv(m->link, address, sizeof address, 0) >= 0) {
        m->session = 0;
        if ((event[0] | event[1] << 8) == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
            say_hello(m);
    }
}

static void say_status(struct member *m, bool full)
{
    struct pm_status status = { .session = m->session, .seq = ++m->seq, .full = full,
                                .generation = m->generation,
                                .specs_generation = m->specs_generation,
                                .procs = { m->rows, m->n } };

    speak(m->dealer, "status", &pm_status_desc, &status);
}

static void take_specs(struct member *m, const struct pm_specs *specs)
{
    m->specs_generation = specs->generation;
    m->n = specs->specs.n < ROWS_MAX ? specs->specs.n : ROWS_MAX;
    for (size_t i = 0; i < m->n; i++) {
        snprintf(m->names[i], sizeof m->names[i], "%s", specs->specs.at[i].name);
        m->rows[i] = (struct pm_status_row){ .id = specs->specs.at[i].id, .group = "",
            .name = m->names[i], .state = PM_STATE_STOPPED, .reason = "" };
    }
}

static void take_wants(struct member *m, const struct pm_wants *wants)
{
    m->generation = wants->generation;
    for (size_t i = 0; i < wants->wants.n; i++)
        for (size_t k = 0; k < m->n; k++)
            if (m->rows[k].id == wants->wants.at[i].id) {
                m->rows[k].order = wants->wants.at[i].order;
                m->rows[k].state = wants->wants.at[i].up ? PM_STATE_RUNNING : PM_STATE_STOPPED;
                m->rows[k].pid = wants->wants.at[i].up ? 1000 + (int64_t)k : 0;
                m->rows[k].run = 1;
            }
    say_status(m, false);
}

static void hear(struct member *m, enum pm_msg kind, const void *msg)
{
    switch (kind) {
    case PM_MSG_WELCOME:
        m->session = ((const struct pm_welcome *)msg)->session;
        m->sheriff_id = ((const struct pm_welcome *)msg)->sheriff_id;
        say_status(m, true);
        break;
    case PM_MSG_SPECS:
        take_specs(m, msg);
        break;
    case PM_MSG_WANTS:
        take_wants(m, msg);
        break;
    case PM_MSG_RESYNC:
        say_status(m, true);
        break;
    default:
        break;
    }
}

static void hear_all(struct member *m)
{
    union { struct pm_welcome welcome; struct pm_specs specs; struct pm_wants wants;
            struct pm_resync resync; struct pm_beat beat; } msg;
    zmq_msg_t word, body;

    zmq_msg_init(&word);
    zmq_msg_init(&body);
    while (zmq_msg_recv(&word, m->dealer, ZMQ_DONTWAIT) >= 0
           && zmq_msg_recv(&body, m->dealer, ZMQ_DONTWAIT) >= 0) {
        enum pm_msg kind = pm_msg_from_word(zmq_msg_data(&word), zmq_msg_size(&word));
        const struct pm_desc *desc = pm_msg_desc(kind);
        struct pm_arena arena;

        pm_arena_init(&arena, 0);
        if (desc && desc->size <= sizeof msg
            && pm_decode(desc, zmq_msg_data(&body), zmq_msg_size(&body), &arena, &msg, NULL)
                   == PM_OK)
            hear(m, kind, &msg);
        pm_arena_fini(&arena);
    }
    zmq_msg_close(&word);
    zmq_msg_close(&body);
}

static void beat(struct member *m)
{
    struct pm_beat beat = { .session = m->session, .generation = m->generation,
                            .specs_generation = m->specs_generation, .seq = m->seq,
                            .digest = pm_status_digest(m->rows, m->n) };
    struct pm_usage usage[ROWS_MAX];
    struct pm_stats stats = { .session = m->session, .procs = { usage, m->n },
                              .machine = { .cpu_pct = 10, .mem_total_bytes = 1, .cores = 4 } };
    char topic[NAME_SIZE + 16];

    if (m->session == 0)
        return;
    for (size_t i = 0; i < m->n; i++)
        usage[i] = (struct pm_usage){ .id = m->rows[i].id, .cpu_pct = (double)(m->seq % 7) + 1,
                                      .rss_bytes = 1 << 20, .threads = 1, .output_end = 1000 };
    speak(m->dealer, "beat", &pm_beat_desc, &beat);
    snprintf(topic, sizeof topic, "stats/%s/", m->name);
    speak(m->feed, topic, &pm_stats_desc, &stats);
}

/* As the brain's (sheriff_io.c). */
static void set_eager(void *socket)
{
    static const struct { int option, value; } options[] = {
        { ZMQ_RECONNECT_IVL, 100 }, { ZMQ_RECONNECT_IVL_MAX, 2000 }, { ZMQ_LINGER, 0 },
        { ZMQ_IMMEDIATE, 1 },
    };

    for (size_t i = 0; i < PM_COUNT(options); i++)
        zmq_setsockopt(socket, options[i].option, &options[i].value, sizeof(int));
}

static void open_member(struct member *m, void *context, const char *run_dir, size_t number)
{
    int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED;
    char endpoint[300];

    snprintf(m->name, sizeof m->name, "h%zu", number);
    m->dealer = zmq_socket(context, ZMQ_DEALER);
    m->feed = zmq_socket(context, ZMQ_PUB);
    m->link = zmq_socket(context, ZMQ_PAIR);
    if (!m->dealer || !m->feed || !m->link) {
        fputs("herd: no more sockets\n", stderr);
        exit(1);
    }
    set_eager(m->dealer);
    set_eager(m->feed);
    snprintf(endpoint, sizeof endpoint, "inproc://link-%zu", number);
    zmq_socket_monitor(m->dealer, endpoint, events);
    zmq_connect(m->link, endpoint);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/deputy.sock", run_dir);
    zmq_connect(m->dealer, endpoint);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/feed.sock", run_dir);
    zmq_connect(m->feed, endpoint);
}

int main(int argc, char **argv)
{
    size_t n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    struct member *members = n ? calloc(n, sizeof *members) : NULL;
    zmq_pollitem_t *items = n ? calloc(2 * n, sizeof *items) : NULL;
    void *context = zmq_ctx_new();
    int64_t began = now_ms();
    size_t beaten = 0;

    if (!members || !items) {
        fputs("usage: herd RUN_DIR DEPUTIES\n", stderr);
        return 2;
    }
    zmq_ctx_set(context, ZMQ_MAX_SOCKETS, (int)(4 * n + 16));
    for (size_t i = 0; i < n; i++) {
        open_member(&members[i], context, argv[1], i);
        items[i] = (zmq_pollitem_t){ .socket = members[i].dealer, .events = ZMQ_POLLIN };
        items[n + i] = (zmq_pollitem_t){ .socket = members[i].link, .events = ZMQ_POLLIN };
    }
    for (;;) {                  /* beats are spread evenly over the second, until killed */
        size_t due = (size_t)((now_ms() - began) * (int64_t)n / BEAT_MS);

        zmq_poll(items, (int)(2 * n), 5);
        for (size_t i = 0; i < n; i++) {
            if (items[n + i].revents & ZMQ_POLLIN)
                hear_link(&members[i]);
            if (items[i].revents & ZMQ_POLLIN)
                hear_all(&members[i]);
        }
        for (; beaten < due; beaten++)
            beat(&members[beaten % n]);
    }
}
