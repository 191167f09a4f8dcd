/* Read, decode, say who it is, hand over.
 *
 * What a client may do follows from the socket it could open. Who it is comes from the kernel:
 * libzmq gives the peer's credentials with every frame of a local socket.
 */
#include "sheriffd/clients_io.h"

#include "sheriffd/socket_io.h"
#include "sheriffd/wire_io.h"

#include <procman/limits.h>
#include <procman/paths.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHARE 64         /* messages of one socket before the others have their turn */
#define WATCHER (1ull << 32) /* in a peer's number: it is on the watch socket */
#define USERS 16         /* names remembered, so that nobody is looked up for each message */

/* What costs too much to be made for nobody. */
enum topic { VIEW, EVENT, TOPICS };
static const char *const topics[TOPICS] = { [VIEW] = "view", [EVENT] = "event" };

struct user { bool known; unsigned uid; char name[64]; };

struct clients {
    zsock_t *control, *watch, *stream;
    unsigned heard[TOPICS]; /* bit n: somebody subscribes to the first n bytes of that topic */
    struct user users[USERS];
    size_t next_user;
};

/* ---- opening ---------------------------------------------------------------------- */

static enum pm_err bind_all(struct clients *c, const char *run_dir, char **why)
{
    enum pm_err err = socket_bind_ipc(c->control, run_dir, PM_SOCKET_CONTROL, 0660, why);

    if (err == PM_OK)
        err = socket_bind_ipc(c->watch, run_dir, PM_SOCKET_WATCH, 0660, why);
    if (err == PM_OK)
        err = socket_bind_ipc(c->stream, run_dir, PM_SOCKET_STREAM, 0660, why);
    return err;
}

static enum pm_err admit(const char *run_dir, const char *name, gid_t group, char **why)
{
    char *path PM_CLEANUP(pm_free) = pm_printf("%s/%s", run_dir, name);

    if (chown(path, (uid_t)-1, group) == 0)
        return PM_OK;
    *why = pm_printf("cannot give %s to the observers: %s", path, strerror(errno));
    return PM_IO;
}

static enum pm_err admit_observers(const char *run_dir, const char *observers, char **why)
{
    const struct group *group = getgrnam(observers);

    if (group == NULL) {
        *why = pm_printf("--observers %s: there is no such group", observers);
        return PM_NOT_FOUND;
    }
    gid_t gid = group->gr_gid;
    enum pm_err err = admit(run_dir, PM_SOCKET_WATCH, gid, why);

    return err == PM_OK ? admit(run_dir, PM_SOCKET_STREAM, gid, why) : err;
}

enum pm_err clients_open(const char *run_dir, const char *observers, struct clients **out,
                         char **why)
{
    struct clients *c = pm_alloc(sizeof *c);
    enum pm_err err;

    c->control = socket_open(ZMQ_ROUTER);
    c->watch = socket_open(ZMQ_ROUTER);
    c->stream = socket_open(ZMQ_XPUB);
    /* Each follower of an output is to hear its present end, not only the first. */
    socket_set(c->stream, ZMQ_XPUB_VERBOSE, 1);
    err = bind_all(c, run_dir, why);
    if (err == PM_OK && observers != NULL)
        err = admit_observers(run_dir, observers, why);
    if (err != PM_OK) {
        clients_close(&c);
        return err;
    }
    *out = c;
    return PM_OK;
}

void clients_close(struct clients **clients)
{
    if (*clients == NULL)
        return;
    zsock_destroy(&(*clients)->control);
    zsock_destroy(&(*clients)->watch);
    zsock_destroy(&(*clients)->stream);
    free(*clients);
    *clients = NULL;
}

zsock_t *clients_control(const struct clients *clients)
{
    return clients->control;
}

zsock_t *clients_watch(const struct clients *clients)
{
    return clients->watch;
}

zsock_t *clients_stream(const struct clients *clients)
{
    return clients->stream;
}

/* ---- who is it? ------------------------------------------------------------------- */

/* In /etc/passwd only: getpwuid(3) may ask a directory server, and this loop waits for nobody. */
static bool find_user(unsigned uid, char *name, size_t size)
{
    FILE *file = fopen("/etc/passwd", "re");
    const struct passwd *entry = NULL;

    while (file != NULL && (entry = fgetpwent(file)) != NULL && entry->pw_uid != uid)
        continue;
    if (entry != NULL)
        snprintf(name, size, "%s", entry->pw_name);
    if (file != NULL)
        fclose(file);
    return entry != NULL;
}

static const char *user_name(struct clients *c, unsigned uid)
{
    struct user *user;

    for (size_t i = 0; i < USERS; i++)
        if (c->users[i].known && c->users[i].uid == uid)
            return c->users[i].name;
    user = &c->users[c->next_user++ % USERS];
    user->known = true;
    user->uid = uid;
    if (!find_user(uid, user->name, sizeof user->name))
        snprintf(user->name, sizeof user->name, "uid %u", uid);
    return user->name;
}

static struct sheriff_client identify(struct clients *c, const struct wire *wire, bool watches)
{
    struct sheriff_client client = { .peer = wire->peer | (watches ? WATCHER : 0),
                                     .may_change = !watches, .user = "somebody" };
    unsigned uid, gid;
    long pid;

    if (sscanf(wire->address, "localhost:%u:%u:%ld", &uid, &gid, &pid) == 3) {
        client.user = user_name(c, uid);
        client.pid = pid;
    }
    return client;
}

/* ---- reading ---------------------------------------------------------------------- */

/* It cannot be known which request that was; the sender still hears what is wrong. */
static void refuse(struct clients *c, uint64_t peer, const char *why)
{
    struct pm_reply reply = { .error = pm_err_word(PM_BAD_MESSAGE), .text = why,
                              .version = PM_PROTOCOL_VERSION };

    (void)!clients_send(c, peer, PM_MSG_REPLY, &reply);
}

void clients_read(struct clients *clients, zsock_t *socket, struct sheriff *s,
                  struct sheriff_now now)
{
    struct wire wire;

    for (int i = 0; i < SHARE; i++) {
        enum wire_result result = wire_recv(zsock_resolve(socket), &wire);
        struct sheriff_client client;

        if (result == WIRE_NOTHING)
            return;
        client = identify(clients, &wire, socket == clients->watch);
        if (result == WIRE_TAKEN) {
            sheriff_on_client(s, &client, wire.kind, wire.msg, now);
        } else {
            sheriff_on_bad_message(s);
            refuse(clients, client.peer, wire.why);
        }
        wire_fini(&wire);
    }
}

/* A topic's end comes when its last subscriber has left it. Returns whether somebody is new. */
static bool note_listener(struct clients *c, enum topic topic, zmq_msg_t *frame)
{
    const uint8_t *bytes = zmq_msg_data(frame);
    size_t n = zmq_msg_size(frame) - 1;

    if (n > strlen(topics[topic]) || memcmp(bytes + 1, topics[topic], n) != 0)
        return false;
    if (bytes[0] == 1)
        c->heard[topic] |= 1u << n;
    else if (bytes[0] == 0)
        c->heard[topic] &= ~(1u << n);
    return bytes[0] == 1;
}

void clients_read_stream(struct clients *clients, struct sheriff *s, struct deputies *deputies)
{
    struct frames frames;
    bool fresh = false;

    for (int i = 0; i < SHARE && frames_recv(zsock_resolve(clients->stream), &frames); i++) {
        if (frames.n == 1 && zmq_msg_size(&frames.at[0]) > 0) {
            fresh |= note_listener(clients, VIEW, &frames.at[0]);
            (void)note_listener(clients, EVENT, &frames.at[0]);
            deputies_subscribe(deputies, zmq_msg_data(&frames.at[0]),
                               zmq_msg_size(&frames.at[0]));
        }
        frames_fini(&frames);
    }
    sheriff_on_audience(s, clients->heard[VIEW] != 0, fresh);
}

/* ---- out -------------------------------------------------------------------------- */

enum pm_err clients_send(struct clients *clients, uint64_t peer, enum pm_msg kind,
                         const void *msg)
{
    zsock_t *socket = (peer & WATCHER) != 0 ? clients->watch : clients->control;
    enum pm_err err = wire_send(zsock_resolve(socket), peer & ~WATCHER, kind, msg);

    return err == PM_GONE ? PM_OK : err;
}

void clients_publish(struct clients *clients, const char *topic, enum pm_msg kind,
                     const void *msg)
{
    for (size_t i = 0; i < TOPICS; i++)
        if (clients->heard[i] == 0 && strcmp(topics[i], topic) == 0)
            return;
    wire_publish(zsock_resolve(clients->stream), topic, kind, msg);
}
