/* Framing.
 *
 * A peer is known by the routing id libzmq gave it: a zero byte and four more, which make a
 * number. Who brings a routing id of its own choice is not listened to. Peer-Address is read
 * from a later frame than the first, on which libzmq 4.3.4 forgets it.
 */
#include "sheriffd/wire_io.h"

#include <procman/limits.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUTING_ID 5 /* bytes */

_Static_assert(PM_COUNT(((struct frames *)0)->at) == PM_LIMIT_FRAMES + 1, "routing id and frames");

/* ---- receiving -------------------------------------------------------------------- */

bool frames_recv(void *socket, struct frames *out)
{
    bool more = true;

    out->n = 0;
    out->too_many = false;
    while (more) {
        zmq_msg_t frame;

        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&frame);
            break;
        }
        more = zmq_msg_more(&frame);
        if (out->n < PM_COUNT(out->at)) {
            zmq_msg_init(&out->at[out->n]);
            zmq_msg_move(&out->at[out->n++], &frame);
        } else {
            out->too_many = true;
        }
        zmq_msg_close(&frame);
    }
    return out->n > 0;
}

void frames_fini(struct frames *frames)
{
    for (size_t i = 0; i < frames->n; i++)
        zmq_msg_close(&frames->at[i]);
    frames->n = 0;
}

static bool peer_of(zmq_msg_t *id, uint64_t *out)
{
    const uint8_t *bytes = zmq_msg_data(id);

    if (zmq_msg_size(id) != ROUTING_ID || bytes[0] != 0)
        return false;
    *out = (uint64_t)bytes[1] << 24 | (uint64_t)bytes[2] << 16 | (uint64_t)bytes[3] << 8 | bytes[4];
    return true;
}

static bool decode(struct frames *frames, struct wire *out)
{
    const char *address = frames->n > 1 ? zmq_msg_gets(&frames->at[1], "Peer-Address") : NULL;
    const struct pm_desc *desc;

    out->why = "a message is a word and a map";
    if (!peer_of(&frames->at[0], &out->peer) || frames->too_many || frames->n < 3)
        return false;
    snprintf(out->address, sizeof out->address, "%s", address != NULL ? address : "");
    out->kind = pm_msg_from_word(zmq_msg_data(&frames->at[1]), zmq_msg_size(&frames->at[1]));
    desc = pm_msg_desc(out->kind);
    if (desc == NULL) {
        out->why = "there is no such message";
        return false;
    }
    out->msg = pm_alloc(desc->size);
    zmq_msg_move(&out->body, &frames->at[2]);
    return pm_decode(desc, zmq_msg_data(&out->body), zmq_msg_size(&out->body), &out->arena,
                     out->msg, &out->why) == PM_OK;
}

enum wire_result wire_recv(void *router, struct wire *out)
{
    struct frames frames;
    bool good;

    if (!frames_recv(router, &frames))
        return WIRE_NOTHING;
    memset(out, 0, sizeof *out);
    zmq_msg_init(&out->body);
    good = decode(&frames, out);
    frames_fini(&frames);
    return good ? WIRE_TAKEN : WIRE_BAD;
}

void wire_fini(struct wire *wire)
{
    pm_arena_fini(&wire->arena);
    free(wire->msg);
    wire->msg = NULL;
    zmq_msg_close(&wire->body);
}

/* ---- sending ---------------------------------------------------------------------- */

static void free_bytes(void *bytes, void *hint)
{
    (void)hint;
    free(bytes);
}

static bool send_frame(void *socket, const void *bytes, size_t n, int more)
{
    return zmq_send(socket, bytes, n, ZMQ_DONTWAIT | more) >= 0;
}

/* Gives the bytes away. */
static bool send_body(void *socket, struct pm_buf *body)
{
    zmq_msg_t frame;
    int rc = body->n > 0 ? zmq_msg_init_data(&frame, body->at, body->n, free_bytes, NULL)
                         : zmq_msg_init(&frame);

    pm_assert(rc == 0);
    *body = (struct pm_buf){ 0 };
    if (zmq_msg_send(&frame, socket, ZMQ_DONTWAIT) >= 0)
        return true;
    zmq_msg_close(&frame);
    return false;
}

enum pm_err wire_send(void *router, uint64_t peer, enum pm_msg kind, const void *msg)
{
    uint8_t id[ROUTING_ID] = { 0, (uint8_t)(peer >> 24), (uint8_t)(peer >> 16),
                               (uint8_t)(peer >> 8), (uint8_t)peer };
    const struct pm_desc *desc = pm_msg_desc(kind);
    struct pm_buf body = { 0 };
    enum pm_err err = pm_encode(desc, msg, &body);

    if (err == PM_OK)
        err = send_frame(router, id, sizeof id, ZMQ_SNDMORE) &&
              send_frame(router, desc->name, strlen(desc->name), ZMQ_SNDMORE) &&
              send_body(router, &body) ? PM_OK : PM_GONE;
    pm_buf_fini(&body);
    return err;
}

void wire_publish(void *publisher, const char *topic, enum pm_msg kind, const void *msg)
{
    struct pm_buf body = { 0 };

    if (pm_encode(pm_msg_desc(kind), msg, &body) == PM_OK &&
        send_frame(publisher, topic, strlen(topic), ZMQ_SNDMORE))
        (void)send_body(publisher, &body);
    pm_buf_fini(&body);
}
