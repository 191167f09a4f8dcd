/* Read, decode, hand over.
 *
 * One ROUTER and one XSUB serve the local socket and tcp alike. Subscriptions travel to the
 * deputies, which then publish only what somebody follows; statistics are always subscribed.
 */
#include "sheriffd/deputies_io.h"

#include "sheriffd/socket_io.h"
#include "sheriffd/table.h"
#include "sheriffd/wire_io.h"

#include <procman/limits.h>
#include <procman/log.h>
#include <procman/paths.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHARE 256 /* messages of one socket before the others have their turn */
#define STATS  "stats/"
#define OUTPUT "output/"

#define TOPIC_MOST   64   /* bytes; "output/" and the longest number have 28 */
#define FOLLOWS_MOST 8192 /* topics followed at once; more are not passed on */

struct deputies {
    zsock_t *orders, *feed;
    struct table followed;   /* topics, heap strings */
};

static enum pm_err bind_all(struct deputies *d, const char *run_dir, const struct listen *listen,
                            char **why)
{
    enum pm_err err = socket_bind_ipc(d->orders, run_dir, PM_SOCKET_DEPUTY, 0600, why);

    if (err == PM_OK)
        err = socket_bind_ipc(d->feed, run_dir, PM_SOCKET_FEED, 0600, why);
    if (err == PM_OK && listen != NULL)
        err = socket_bind_tcp(d->orders, listen->command, listen->ipv6, why);
    if (err == PM_OK && listen != NULL)
        err = socket_bind_tcp(d->feed, listen->stream, listen->ipv6, why);
    return err;
}

enum pm_err deputies_open(const char *run_dir, const struct listen *listen, struct deputies **out,
                          char **why)
{
    struct deputies *d = pm_alloc(sizeof *d);
    enum pm_err err;

    d->orders = socket_open(ZMQ_ROUTER);
    d->feed = socket_open(ZMQ_XSUB);
    err = bind_all(d, run_dir, listen, why);
    if (err != PM_OK) {
        deputies_close(&d);
        return err;
    }
    zmq_send(zsock_resolve(d->feed), "\1" STATS, 1 + strlen(STATS), ZMQ_DONTWAIT);
    *out = d;
    return PM_OK;
}

void deputies_close(struct deputies **deputies)
{
    size_t at = 0;

    if (*deputies == NULL)
        return;
    zsock_destroy(&(*deputies)->orders);
    zsock_destroy(&(*deputies)->feed);
    for (char *topic; (topic = table_next(&(*deputies)->followed, &at)) != NULL;)
        free(topic);
    table_fini(&(*deputies)->followed);
    free(*deputies);
    *deputies = NULL;
}

zsock_t *deputies_orders(const struct deputies *deputies)
{
    return deputies->orders;
}

zsock_t *deputies_feed(const struct deputies *deputies)
{
    return deputies->feed;
}

/* "localhost:UID:GID:PID" of a local peer says more than is of interest. */
static const char *shown(const char *address)
{
    return strncmp(address, "localhost:", strlen("localhost:")) == 0 ? "this machine" : address;
}

void deputies_read_orders(struct deputies *deputies, struct sheriff *s, struct sheriff_now now)
{
    struct wire wire;

    for (int i = 0; i < SHARE; i++) {
        enum wire_result result = wire_recv(zsock_resolve(deputies->orders), &wire);

        if (result == WIRE_NOTHING)
            return;
        if (result == WIRE_TAKEN)
            sheriff_on_deputy(s, wire.peer, shown(wire.address), wire.kind, wire.msg, now);
        else
            sheriff_on_bad_message(s);
        wire_fini(&wire);
    }
}

/* ---- the feed --------------------------------------------------------------------- */

static bool topic_is(zmq_msg_t *topic, const char *begin)
{
    return zmq_msg_size(topic) > strlen(begin) &&
           memcmp(zmq_msg_data(topic), begin, strlen(begin)) == 0;
}

static bool take_stats(struct sheriff *s, zmq_msg_t *topic, zmq_msg_t *body)
{
    const char *name = (const char *)zmq_msg_data(topic) + strlen(STATS);
    size_t n = zmq_msg_size(topic) - strlen(STATS);
    char text[PM_LIMIT_NAME + 1];
    struct pm_arena arena = { 0 };
    struct pm_stats stats;

    if (name[n - 1] == '/')
        n--;
    if (n > PM_LIMIT_NAME)
        return false;
    memcpy(text, name, n);
    text[n] = '\0';
    enum pm_err err = pm_decode(&pm_stats_desc, zmq_msg_data(body), zmq_msg_size(body), &arena,
                                &stats, NULL);
    if (err == PM_OK)
        sheriff_on_stats(s, text, &stats);
    pm_arena_fini(&arena);
    return err == PM_OK;
}

/* Clients must be able to believe the topic. */
static bool is_chunk(zmq_msg_t *topic, zmq_msg_t *body)
{
    char expected[48];
    struct pm_arena arena = { 0 };
    struct pm_chunk chunk;
    enum pm_err err = pm_decode(&pm_chunk_desc, zmq_msg_data(body), zmq_msg_size(body), &arena,
                                &chunk, NULL);

    pm_arena_fini(&arena);
    if (err != PM_OK)
        return false;
    size_t n = (size_t)snprintf(expected, sizeof expected, OUTPUT "%llu/",
                                (unsigned long long)chunk.id);
    return zmq_msg_size(topic) == n && memcmp(zmq_msg_data(topic), expected, n) == 0;
}

static void pass_on(struct frames *frames, zsock_t *stream)
{
    void *to = zsock_resolve(stream);

    if (zmq_msg_send(&frames->at[0], to, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0)
        (void)zmq_msg_send(&frames->at[1], to, ZMQ_DONTWAIT);
}

static bool take_feed(struct sheriff *s, struct frames *frames, zsock_t *stream)
{
    if (frames->too_many || frames->n != 2)
        return false;
    if (topic_is(&frames->at[0], STATS))
        return take_stats(s, &frames->at[0], &frames->at[1]);
    if (!topic_is(&frames->at[0], OUTPUT) || !is_chunk(&frames->at[0], &frames->at[1]))
        return false;
    pass_on(frames, stream);
    return true;
}

void deputies_read_feed(struct deputies *deputies, struct sheriff *s, zsock_t *stream)
{
    struct frames frames;

    for (int i = 0; i < SHARE && frames_recv(zsock_resolve(deputies->feed), &frames); i++) {
        if (!take_feed(s, &frames, stream))
            sheriff_on_bad_message(s);
        frames_fini(&frames);
    }
}

/* ---- out -------------------------------------------------------------------------- */

bool deputies_send(struct deputies *deputies, uint64_t peer, enum pm_msg kind, const void *msg)
{
    enum pm_err err = wire_send(zsock_resolve(deputies->orders), peer, kind, msg);

    if (err == PM_LIMIT) /* the core measures what may grow; this costs the session */
        pm_log_error("a %s is too large to be sent to a deputy", pm_msg_desc(kind)->name);
    return err == PM_OK;
}

static bool same_topic(const void *item, const void *key)
{
    return strcmp(item, key) == 0;
}

static void tell_feed(struct deputies *d, char begin, const char *topic)
{
    char frame[1 + TOPIC_MOST];
    size_t n = strlen(topic);

    frame[0] = begin;
    memcpy(frame + 1, topic, n);
    (void)zmq_send(zsock_resolve(d->feed), frame, 1 + n, ZMQ_DONTWAIT);
}

/* The socket counts subscriptions: one that is there already is told to the deputies, so that
 * they say the present end, and taken back here, where it then changes nothing. */
static void begin_follow(struct deputies *d, const char *topic)
{
    uint64_t hash = table_hash_text(0, topic);
    bool again = table_find(&d->followed, hash, same_topic, topic) != NULL;

    if (!again && d->followed.n >= FOLLOWS_MOST)
        return;
    tell_feed(d, 1, topic);
    if (again)
        tell_feed(d, 0, topic);
    else
        table_put(&d->followed, hash, pm_strdup(topic));
}

static void end_follow(struct deputies *d, const char *topic)
{
    uint64_t hash = table_hash_text(0, topic);
    char *known = table_find(&d->followed, hash, same_topic, topic);

    if (known == NULL)
        return;
    tell_feed(d, 0, topic);
    table_drop(&d->followed, hash, known);
    free(known);
}

void deputies_subscribe(struct deputies *deputies, const void *frame, size_t n)
{
    const char *bytes = frame;
    char topic[TOPIC_MOST] = "";

    /* The first byte says whether it begins or ends. */
    if (n <= strlen(OUTPUT) || n > sizeof topic ||
        memcmp(bytes + 1, OUTPUT, strlen(OUTPUT)) != 0 || memchr(bytes + 1, '\0', n - 1) != NULL)
        return;
    memcpy(topic, bytes + 1, n - 1);
    if (bytes[0] == 1)
        begin_follow(deputies, topic);
    else if (bytes[0] == 0)
        end_follow(deputies, topic);
}
