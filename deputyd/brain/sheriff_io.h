/* The sockets to the sheriff: orders and status on one, statistics and output on the other. */
#ifndef BRAIN_SHERIFF_IO_H
#define BRAIN_SHERIFF_IO_H

#include <procman/codec.h>

struct sheriff_io;

/* Where the sheriff is: "tcp://HOST:PORT" (streams at PORT + 1), or NULL: the sheriff of this run
 * directory. Heap. OK | USAGE *why is a sentence, heap | LIMIT the path is too long for a socket */
enum pm_err sheriff_endpoints(const char *endpoint, const char *run_dir, char **out_orders,
                              char **out_streams, char **why) PM_MUST_USE;

/* Neither call waits for the sheriff to be there. OK | IO zmq_errno() is set */
enum pm_err sheriff_open(const char *orders, const char *streams, struct sheriff_io **out)
    PM_MUST_USE;
void sheriff_close(struct sheriff_io **io); /* what was said last gets a moment to leave */
void sheriff_reconnect(struct sheriff_io *io);

/* For zloop: raw libzmq sockets. */
void *sheriff_orders(struct sheriff_io *io);
void *sheriff_streams(struct sheriff_io *io);
void *sheriff_monitor(struct sheriff_io *io);

/* false: nobody there, or no room; nothing was sent. */
bool sheriff_send(struct sheriff_io *io, enum pm_msg kind, const void *msg) PM_MUST_USE;
/* What nobody listens to is not sent; what does not fit is lost. */
void sheriff_publish(struct sheriff_io *io, const char *topic, enum pm_msg kind, const void *msg);

/* The next message; valid until the next call.
 * OK | TIMEOUT nothing there now | BAD_MESSAGE it was dropped; go on */
enum pm_err sheriff_receive(struct sheriff_io *io, enum pm_msg *out_kind, const void **out)
    PM_MUST_USE;

/* The next change of the connection. false: there is none now. */
bool sheriff_link_change(struct sheriff_io *io, bool *out_connected);

/* The next change of what is followed. false: there is none now. */
bool sheriff_follow_change(struct sheriff_io *io, uint64_t *out_id, bool *out_on);

#endif
