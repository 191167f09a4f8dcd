/* Messages of the protocol over ROUTER and XPUB sockets: [routing id] [word] [map]. */
#ifndef SHERIFFD_WIRE_IO_H
#define SHERIFFD_WIRE_IO_H

#include <procman/codec.h>

#include <zmq.h>

/* A received message. It owns what msg points to. */
struct wire {
    uint64_t peer;
    char address[64];        /* libzmq's Peer-Address: an IP, or localhost:UID:GID:PID */
    enum pm_msg kind;
    void *msg;
    struct pm_arena arena;
    zmq_msg_t body;
    const char *why;         /* BAD: what is wrong with it */
};

enum wire_result { WIRE_NOTHING, WIRE_TAKEN, WIRE_BAD }; /* BAD: only peer (0: unknown) and why */

/* Never waits. Unless NOTHING: wire_fini. */
enum wire_result wire_recv(void *router, struct wire *out);
void wire_fini(struct wire *wire);

/* OK | GONE the peer is away, or does not read | LIMIT larger than a message may be */
enum pm_err wire_send(void *router, uint64_t peer, enum pm_msg kind, const void *msg) PM_MUST_USE;
void wire_publish(void *publisher, const char *topic, enum pm_msg kind, const void *msg);

/* Frames of one message, at most PM_LIMIT_FRAMES + 1; all of a longer one are read. */
struct frames { zmq_msg_t at[4]; size_t n; bool too_many; };
bool frames_recv(void *socket, struct frames *out); /* false: nothing there */
void frames_fini(struct frames *frames);

#endif
