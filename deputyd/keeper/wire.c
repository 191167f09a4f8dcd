/* Packets between keeper and brain.
 *
 * Sending never waits and never reorders: once one message is kept, all later ones queue up
 * behind it. A kept message has descriptors of its own, so that the sender may close or free
 * whatever it likes meanwhile. What may be kept is bounded: who reaches the bound talks to somebody
 * who no longer reads.
 */
#include "keeper/wire.h"

#include <procman/limits.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room in the kernel for a burst of a thousand small messages; the queue here takes the rest. */
#define SOCKET_BYTES   (4 << 20)
/* Every slot may have a few things to say at once; large spawns are bounded by bytes. */
#define KEPT_MESSAGES  (8 * PM_LIMIT_SLOTS)
#define KEPT_BYTES     (64u << 20)

struct kept {
    struct kept *next;
    int fds[PM_WIRE_FDS];
    size_t n_fds, n;
    uint8_t bytes[];
};

struct pm_wire {
    int fd;
    struct kept *first, **last;
    size_t kept, kept_bytes;
    bool ended;              /* nothing will be added: the link is shut behind what is kept */
    struct pm_buf out;       /* the packet being made */
    struct pm_arena arena;   /* of the message received last */
    uint8_t in[PM_LIMIT_SPAWN];
};

enum pm_err pm_wire_pair(int fds[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0 ? PM_OK : PM_IO;
}

static void enlarge(int fd, int forced, int polite)
{
    int bytes = SOCKET_BYTES;

    if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof bytes) != 0)
        (void)setsockopt(fd, SOL_SOCKET, polite, &bytes, sizeof bytes);
}

enum pm_err pm_wire_open(int fd, struct pm_wire **out)
{
    struct pm_wire *wire;
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0
        || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return PM_IO;
    wire = calloc(1, sizeof *wire);
    if (wire == NULL)
        return PM_NO_MEMORY;
    enlarge(fd, SO_SNDBUFFORCE, SO_SNDBUF);
    enlarge(fd, SO_RCVBUFFORCE, SO_RCVBUF);
    wire->fd = fd;
    wire->last = &wire->first;
    pm_arena_init(&wire->arena, 0);
    *out = wire;
    return PM_OK;
}

static void close_all(const int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
}

static void drop_first(struct pm_wire *wire)
{
    struct kept *kept = wire->first;

    wire->first = kept->next;
    if (wire->first == NULL)
        wire->last = &wire->first;
    wire->kept--;
    wire->kept_bytes -= kept->n;
    close_all(kept->fds, kept->n_fds);
    free(kept);
}

void pm_wire_close(struct pm_wire **wire)
{
    if (*wire == NULL)
        return;
    while ((*wire)->first)
        drop_first(*wire);
    pm_buf_fini(&(*wire)->out);
    pm_arena_fini(&(*wire)->arena);
    close((*wire)->fd);
    free(*wire);
    *wire = NULL;
}

int pm_wire_fd(const struct pm_wire *wire)
{
    return wire->fd;
}

size_t pm_wire_kept(const struct pm_wire *wire)
{
    return wire->kept;
}

/* ---- sending ------------------------------------------------------------------------ */

union control { /* aligned as CMSG wants it */
    struct cmsghdr header;
    char bytes[CMSG_SPACE(PM_WIRE_FDS * sizeof(int))];
};

/* OK | TIMEOUT the socket takes no more now | GONE */
static enum pm_err put(int fd, const void *bytes, size_t n, const int *fds, size_t n_fds)
{
    struct iovec part = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = n };
    struct msghdr packet = { .msg_iov = &part, .msg_iovlen = 1 };
    union control control = { 0 };

    if (n_fds > 0) {
        packet.msg_control = control.bytes;
        packet.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&packet);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(header), fds, n_fds * sizeof(int));
    }
    while (sendmsg(fd, &packet, MSG_NOSIGNAL) < 0) {
        /* The latter three are the kernel's shortages; they pass. */
        if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM || errno == ETOOMANYREFS)
            return PM_TIMEOUT;
        if (errno != EINTR)
            return PM_GONE;
    }
    return PM_OK;
}

static enum pm_err keep(struct pm_wire *wire, const struct pm_buf *packet, const int *fds,
                        size_t n_fds)
{
    struct kept *kept;

    if (wire->kept >= KEPT_MESSAGES || wire->kept_bytes + packet->n > KEPT_BYTES)
        return PM_LIMIT;
    kept = calloc(1, sizeof *kept + packet->n);
    if (kept == NULL)
        return PM_NO_MEMORY;
    for (; kept->n_fds < n_fds; kept->n_fds++) {
        int copy = fcntl(fds[kept->n_fds], F_DUPFD_CLOEXEC, 0);
        if (copy < 0) {
            close_all(kept->fds, kept->n_fds);
            free(kept);
            return PM_LIMIT;
        }
        kept->fds[kept->n_fds] = copy;
    }
    memcpy(kept->bytes, packet->at, packet->n);
    kept->n = packet->n;
    *wire->last = kept;
    wire->last = &kept->next;
    wire->kept++;
    wire->kept_bytes += kept->n;
    return PM_OK;
}

static enum pm_err make_packet(struct pm_buf *packet, enum pm_msg kind, const void *msg)
{
    const struct pm_desc *desc = pm_msg_desc(kind);
    uint8_t n = (uint8_t)strlen(desc->name);
    enum pm_err err;

    packet->n = 0;
    if ((err = pm_buf_add(packet, &n, 1)) || (err = pm_buf_add(packet, desc->name, n))
        || (err = pm_encode(desc, msg, packet)))
        return err;
    return packet->n > PM_LIMIT_SPAWN ? PM_LIMIT : PM_OK;
}

enum pm_err pm_wire_send(struct pm_wire *wire, enum pm_msg kind, const void *msg,
                         const int *fds, size_t n_fds)
{
    enum pm_err err = make_packet(&wire->out, kind, msg);

    pm_assert(n_fds <= PM_WIRE_FDS);
    if (err != PM_OK)
        return err;
    if (wire->ended)
        return PM_GONE;
    err = wire->first ? PM_TIMEOUT : put(wire->fd, wire->out.at, wire->out.n, fds, n_fds);
    return err == PM_TIMEOUT ? keep(wire, &wire->out, fds, n_fds) : err;
}

enum pm_err pm_wire_flush(struct pm_wire *wire)
{
    while (wire->first) {
        const struct kept *kept = wire->first;
        enum pm_err err = put(wire->fd, kept->bytes, kept->n, kept->fds, kept->n_fds);
        if (err != PM_OK)
            return err == PM_TIMEOUT ? PM_OK : err;
        drop_first(wire);
    }
    if (wire->ended)
        (void)shutdown(wire->fd, SHUT_WR);
    return PM_OK;
}

void pm_wire_end(struct pm_wire *wire)
{
    wire->ended = true;
    (void)!pm_wire_flush(wire); /* gone: then it has ended, too */
}

/* ---- receiving ---------------------------------------------------------------------- */

static void take_fds(struct msghdr *packet, struct pm_wire_message *out)
{
    for (struct cmsghdr *header = CMSG_FIRSTHDR(packet); header;
         header = CMSG_NXTHDR(packet, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        out->n_fds = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(out->fds, CMSG_DATA(header), out->n_fds * sizeof(int));
    }
}

static enum pm_err decode(struct pm_wire *wire, size_t n, struct pm_wire_message *out)
{
    size_t word = wire->in[0];
    const struct pm_desc *desc;
    void *msg;

    if (1 + word > n)
        return PM_BAD_MESSAGE;
    out->kind = pm_msg_from_word(wire->in + 1, word);
    desc = pm_msg_desc(out->kind);
    if (desc == NULL)
        return PM_BAD_MESSAGE;
    pm_arena_fini(&wire->arena);
    msg = pm_arena_get(&wire->arena, desc->size);
    if (msg == NULL)
        return PM_NO_MEMORY;
    out->msg = msg;
    return pm_decode(desc, wire->in + 1 + word, n - 1 - word, &wire->arena, msg, NULL);
}

enum pm_err pm_wire_receive(struct pm_wire *wire, struct pm_wire_message *out)
{
    struct iovec part = { .iov_base = wire->in, .iov_len = sizeof wire->in };
    union control control;
    struct msghdr packet = { .msg_iov = &part, .msg_iovlen = 1,
                             .msg_control = control.bytes, .msg_controllen = sizeof control };
    struct pm_wire_message message = { 0 };
    enum pm_err err = PM_BAD_MESSAGE;
    ssize_t n;

    do
        n = recvmsg(wire->fd, &packet, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return n < 0 && errno == EAGAIN ? PM_TIMEOUT : PM_GONE;

    take_fds(&packet, &message);
    message.fds_lost = (packet.msg_flags & MSG_CTRUNC) != 0;
    if (message.fds_lost)
        pm_wire_drop(&message); /* all or none: which of two is missing cannot be seen */
    if (!(packet.msg_flags & MSG_TRUNC))
        err = decode(wire, (size_t)n, &message);
    if (err != PM_OK) {
        pm_wire_drop(&message);
        return err;
    }
    *out = message;
    return PM_OK;
}

void pm_wire_drop(struct pm_wire_message *message)
{
    close_all(message->fds, message->n_fds);
    message->n_fds = 0;
}
