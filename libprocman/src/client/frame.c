/* One message between a zmq socket and a C struct.
 *
 * A request is [envelope: the message's word][body: msgpack]; a live message is [topic][body].
 * What is received owns its bytes (the zmq message itself, not a copy) and the arena its strings
 * live in, so it can be kept, queued and freed as one thing.
 */
#include "client/client.h"

#include <errno.h>
#include <procman/limits.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

static void free_buffer(void *bytes, void *unused)
{
    (void)unused;
    free(bytes);
}

static bool send_part(void *socket, zmq_msg_t *part, int flags)
{
    while (zmq_msg_send(part, socket, ZMQ_DONTWAIT | flags) < 0) {
        if (errno == EINTR)
            continue;
        zmq_msg_close(part);
        return false;
    }
    return true;
}

enum pm_err frame_send(void *socket, enum pm_msg kind, const void *request)
{
    const struct pm_desc *desc = pm_msg_desc(kind);
    struct pm_buf body = { 0 };
    zmq_msg_t part;
    enum pm_err err = pm_encode(desc, request, &body);

    if (err == PM_OK && body.n > PM_LIMIT_FRAME)
        err = PM_LIMIT;
    if (err != PM_OK) {
        pm_buf_fini(&body);
        return err;
    }
    pm_assert(zmq_msg_init_size(&part, strlen(desc->name)) == 0);
    memcpy(zmq_msg_data(&part), desc->name, strlen(desc->name));
    if (!send_part(socket, &part, ZMQ_SNDMORE)) {
        pm_buf_fini(&body);
        return PM_GONE;
    }
    pm_assert(zmq_msg_init_data(&part, body.at, body.n, free_buffer, NULL) == 0);
    return send_part(socket, &part, 0) ? PM_OK : PM_GONE;
}

static bool receive_part(void *socket, zmq_msg_t *part)
{
    while (zmq_msg_recv(part, socket, ZMQ_DONTWAIT) < 0)
        if (errno != EINTR)
            return false;
    return true;
}

/* All parts of the next message. Those over `most` are dropped; *n counts them nevertheless. */
static bool receive_parts(void *socket, zmq_msg_t *parts, size_t most, size_t *n)
{
    zmq_msg_t spare;
    bool more = true;

    for (*n = 0; more; ++*n) {
        zmq_msg_t *part = *n < most ? &parts[*n] : &spare;

        zmq_msg_init(part);
        if (!receive_part(socket, part)) {
            zmq_msg_close(part);
            return *n > 0;
        }
        more = zmq_msg_more(part);
        if (*n >= most)
            zmq_msg_close(part);
    }
    return true;
}

static enum pm_msg kind_of(bool live, zmq_msg_t *first)
{
    const char *topic = zmq_msg_data(first);
    size_t n = zmq_msg_size(first);
    static const char output[] = "output/";

    if (!live)
        return pm_msg_from_word(topic, n);
    if (n == 4 && memcmp(topic, "view", n) == 0)
        return PM_MSG_DELTA;
    if (n == 5 && memcmp(topic, "event", n) == 0)
        return PM_MSG_HAPPENED;
    if (n > strlen(output) && memcmp(topic, output, strlen(output)) == 0)
        return PM_MSG_CHUNK;
    return PM_MSG_NONE;
}

/* Takes the body in any case. */
static enum pm_err decode(enum pm_msg kind, zmq_msg_t *body, struct pm_frame *out, char **why)
{
    const struct pm_desc *desc = pm_msg_desc(kind);
    struct pm_frame frame = { .kind = kind };
    const char *fault = "";
    void *msg;
    enum pm_err err;

    pm_arena_init(&frame.arena, 0);
    frame.bytes = pm_alloc(sizeof(zmq_msg_t));
    zmq_msg_init(frame.bytes);
    zmq_msg_move(frame.bytes, body);
    zmq_msg_close(body);
    msg = pm_arena_get(&frame.arena, desc->size);
    err = !msg ? PM_NO_MEMORY
               : pm_decode(desc, zmq_msg_data(frame.bytes), zmq_msg_size(frame.bytes),
                           &frame.arena, msg, &fault);
    if (err != PM_OK) {
        *why = pm_printf("a %s that cannot be read (%s)", desc->name, fault);
        pm_frame_fini(&frame);
        return PM_BAD_MESSAGE;
    }
    frame.msg = msg;
    *out = frame;
    return PM_OK;
}

enum pm_err frame_take(void *socket, bool live, struct pm_frame *out, char **why)
{
    zmq_msg_t parts[2];
    size_t n;
    enum pm_msg kind;

    if (!receive_parts(socket, parts, PM_COUNT(parts), &n))
        return PM_TIMEOUT;
    kind = kind_of(live, &parts[0]);
    if (kind != PM_MSG_NONE && n == PM_COUNT(parts)) {
        zmq_msg_close(&parts[0]);
        return decode(kind, &parts[1], out, why);
    }
    *why = pm_printf("a message of %zu parts and unknown kind", n);
    for (size_t i = 0; i < n && i < PM_COUNT(parts); ++i)
        zmq_msg_close(&parts[i]);
    return PM_BAD_MESSAGE;
}

uint64_t *frame_request(enum pm_msg kind, void *msg)
{
    const struct pm_desc *desc = pm_msg_desc(kind);

    for (size_t i = 0; i < desc->n; ++i)
        if (strcmp(desc->fields[i].key, "request") == 0)
            return (uint64_t *)((char *)msg + desc->fields[i].offset);
    return NULL;
}

void pm_frame_fini(struct pm_frame *frame)
{
    if (frame->bytes)
        zmq_msg_close(frame->bytes);
    free(frame->bytes);
    pm_arena_fini(&frame->arena);
    *frame = (struct pm_frame){ 0 };
}
