/* One thread takes requests and answers them; see the header. */
#include "fake_sheriff.h"

#define FAKE_LOOK_MS 10 /* how late the thread may see its end */

static void fake_send(void *socket, const void *at, size_t n, int flags)
{
    cr_assert(zmq_send(socket, at, n, flags) >= 0);
}

void fake_say_bytes(struct fake *fake, const char *word, const void *at, size_t n)
{
    fake_send(fake->router, zmq_msg_data(&fake->who), zmq_msg_size(&fake->who), ZMQ_SNDMORE);
    fake_send(fake->router, word, strlen(word), ZMQ_SNDMORE);
    fake_send(fake->router, at, n, 0);
}

void fake_say(struct fake *fake, enum pm_msg kind, const void *msg)
{
    struct pm_buf body = { 0 };

    cr_assert(pm_encode(pm_msg_desc(kind), msg, &body) == PM_OK);
    fake_say_bytes(fake, pm_msg_desc(kind)->name, body.at, body.n);
    pm_buf_fini(&body);
}

void fake_publish(struct fake *fake, const char *topic, enum pm_msg kind, const void *msg)
{
    struct pm_buf body = { 0 };

    cr_assert(pm_encode(pm_msg_desc(kind), msg, &body) == PM_OK);
    fake_send(fake->stream, topic, strlen(topic), ZMQ_SNDMORE);
    fake_send(fake->stream, body.at, body.n, 0);
    pm_buf_fini(&body);
}

void fake_wait_subscribed(struct fake *fake, const char *topic)
{
    char text[128];
    int wait_ms = FAKE_WAIT_MS, n;

    zmq_setsockopt(fake->stream, ZMQ_RCVTIMEO, &wait_ms, sizeof(wait_ms));
    do {
        n = zmq_recv(fake->stream, text, sizeof(text), 0);
        cr_assert(n > 0, "nobody subscribed to %s", topic);
    } while (text[0] != 1 || (size_t)n != strlen(topic) + 1 || memcmp(text + 1, topic, n - 1) != 0);
}

static uint64_t fake_number(enum pm_msg kind, const void *msg)
{
    const struct pm_desc *desc = pm_msg_desc(kind);

    for (size_t i = 0; i < desc->n; ++i)
        if (strcmp(desc->fields[i].key, "request") == 0)
            return *(const uint64_t *)((const char *)msg + desc->fields[i].offset);
    return 0;
}

static void fake_take(struct fake *fake)
{
    zmq_msg_t word, body;
    struct pm_arena arena;
    enum pm_msg kind;
    void *msg;

    zmq_msg_init(&word);
    zmq_msg_init(&body);
    zmq_msg_recv(&fake->who, fake->router, 0);
    zmq_msg_recv(&word, fake->router, 0);
    zmq_msg_recv(&body, fake->router, 0);
    pm_arena_init(&arena, 0);
    kind = pm_msg_from_word(zmq_msg_data(&word), zmq_msg_size(&word));
    cr_assert(kind != PM_MSG_NONE);
    msg = pm_arena_get(&arena, pm_msg_desc(kind)->size);
    cr_assert(pm_decode(pm_msg_desc(kind), zmq_msg_data(&body), zmq_msg_size(&body), &arena, msg,
                        NULL) == PM_OK);
    atomic_fetch_add(&fake->requests, 1);
    if (fake->answer)
        fake->answer(fake, kind, msg, fake_number(kind, msg));
    pm_arena_fini(&arena);
    zmq_msg_close(&word);
    zmq_msg_close(&body);
}

static void *fake_live(void *argument)
{
    struct fake *fake = argument;
    zmq_pollitem_t item = { .socket = fake->router, .events = ZMQ_POLLIN };

    while (!atomic_load(&fake->ending))
        if (zmq_poll(&item, 1, FAKE_LOOK_MS) > 0)
            fake_take(fake);
    return NULL;
}

static void *fake_bind(struct fake *fake, int type, const char *name)
{
    char endpoint[128];
    int none = 0;
    void *socket = zmq_socket(fake->context, type);

    snprintf(endpoint, sizeof(endpoint), "ipc://%s/%s", fake->dir, name);
    zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof(none));
    cr_assert(zmq_bind(socket, endpoint) == 0, "%s", endpoint);
    return socket;
}

void fake_begin(struct fake *fake, const char *control,
                void (*answer)(struct fake *, enum pm_msg, const void *, uint64_t))
{
    if (!*fake->dir) {
        strcpy(fake->dir, "/tmp/procman-client-XXXXXX");
        cr_assert(mkdtemp(fake->dir));
    }
    fake->answer = answer;
    fake->context = zmq_ctx_new();
    fake->router = fake_bind(fake, ZMQ_ROUTER, control);
    fake->stream = fake_bind(fake, ZMQ_XPUB, "stream.sock");
    zmq_msg_init(&fake->who);
    atomic_store(&fake->ending, false);
    cr_assert(pthread_create(&fake->thread, NULL, fake_live, fake) == 0);
}

void fake_end(struct fake *fake)
{
    atomic_store(&fake->ending, true);
    pthread_join(fake->thread, NULL);
    zmq_msg_close(&fake->who);
    zmq_close(fake->router);
    zmq_close(fake->stream);
    zmq_ctx_term(fake->context);
}

void fake_remove(struct fake *fake)
{
    static const char *const names[] = { "control.sock", "watch.sock", "stream.sock" };
    char path[128];

    for (size_t i = 0; i < PM_COUNT(names); ++i) {
        snprintf(path, sizeof(path), "%s/%s", fake->dir, names[i]);
        unlink(path);
    }
    rmdir(fake->dir);
}
