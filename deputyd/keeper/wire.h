/* The one link between keeper and brain: a seqpacket socket pair, one message a packet.
 *
 * A packet is one byte n, the message's word of n bytes, and its body as a msgpack map, see the
 * last chapter of messages.def. Descriptors travel beside it.
 *
 * Neither side ever waits for the other: what the socket does not take is kept here, in order,
 * and sent when it is writable. So two sides that both have much to say cannot block each other,
 * as long as each goes on reading.
 *
 * How a brain is born: its socket is descriptor PM_WIRE_FD; descriptor PM_WIRE_LOCK_FD is the
 * deputy's lock, to be left open and never passed on; PM_WIRE_NOTIFY_FD, if it is a datagram
 * socket, is where processes say how they are (sd_notify); it dies with its keeper (PDEATHSIG). It
 * is given --name, --run-dir, --state-dir and --log-dir always, the directories absolute, and
 * --sheriff and --leave-running when deputyd was. Then come HELD for each slot in use, ENDED for
 * each life whose end no brain has SEEN, OWED for each earlier life whose output no brain has
 * DRAINED, and READY. HELD with an empty note is a process whose record was lost: what its
 * environment says is beside it. A brain that exits with 2 before anything else (a usage error)
 * ends a deputyd that holds nothing; otherwise it is begun again. */
#ifndef KEEPER_WIRE_H
#define KEEPER_WIRE_H

#include <procman/codec.h>

#define PM_WIRE_FD      3
#define PM_WIRE_LOCK_FD 4
#define PM_WIRE_NOTIFY_FD 5
#define PM_WIRE_FDS     2 /* descriptors beside one message, at most: out, err */

struct pm_wire;

/* A received message: `msg` is struct pm_<kind>, valid until the next receive. The descriptors
 * (close-on-exec) belong to the caller: keep them or pm_wire_drop() them. */
struct pm_wire_message {
    enum pm_msg kind;
    const void *msg;
    int fds[PM_WIRE_FDS];
    size_t n_fds;
    bool fds_lost; /* there were some, and we have no room for descriptors; n_fds is 0 */
};

/* Both ends of a new link, close-on-exec. OK | IO errno is set */
enum pm_err pm_wire_pair(int fds[2]) PM_MUST_USE;

/* Take over one end: makes it non-blocking, enlarges its buffers. OK | NO_MEMORY | IO */
enum pm_err pm_wire_open(int fd, struct pm_wire **out) PM_MUST_USE;
void pm_wire_close(struct pm_wire **wire); /* what was not sent yet is lost */
int pm_wire_fd(const struct pm_wire *wire);

/* Send, or keep until the socket takes it. Descriptors stay the caller's.
 * OK | LIMIT message over PM_LIMIT_SPAWN, or too much is kept already (the other side does not
 * read) | NO_MEMORY | GONE */
enum pm_err pm_wire_send(struct pm_wire *wire, enum pm_msg kind, const void *msg,
                         const int *fds, size_t n_fds) PM_MUST_USE;

/* Messages kept: while there are any, poll for writing and call pm_wire_flush(). */
size_t pm_wire_kept(const struct pm_wire *wire);
enum pm_err pm_wire_flush(struct pm_wire *wire) PM_MUST_USE; /* OK (some may remain) | GONE */

/* We have said all: the other side finds the end behind it, also behind what is kept and is sent by
 * later flushes. Its own words still come. */
void pm_wire_end(struct pm_wire *wire);

/* The next message. OK | TIMEOUT nothing there now | GONE | NO_MEMORY
 * | BAD_MESSAGE it was dropped; go on */
enum pm_err pm_wire_receive(struct pm_wire *wire, struct pm_wire_message *out) PM_MUST_USE;
void pm_wire_drop(struct pm_wire_message *message); /* closes its descriptors */

/* The deputy's own directory, RUN_DIR/deputy-NAME, NAME percent-encoded; heap. */
char *pm_deputy_dir(const char *run_dir, const char *name) PM_MUST_USE;
/* The socket on which they say how they are, RUN_DIR/notify-NAME; heap. */
char *pm_deputy_notify_path(const char *run_dir, const char *name) PM_MUST_USE;
/* Where its processes' output goes unless told otherwise, LOG_DIR/NAME; heap. */
char *pm_deputy_log_dir(const char *log_dir, const char *name) PM_MUST_USE;

#endif
