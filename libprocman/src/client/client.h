/* Inside the client: one connection to a sheriff, shared by client.c, link.c and frame.c. */
#ifndef PROCMAN_CLIENT_CLIENT_H
#define PROCMAN_CLIENT_CLIENT_H

#include <procman/client.h>
#include <procman/time.h>

/* How long a sheriff may take to accept a connection. It does so in a fraction of a millisecond;
 * after the usual time it is worth asking whether anybody listens at all; a machine that swaps
 * needs longer. */
#define CONNECT_USUAL_MS 30
#define CONNECT_WAIT_MS  3000
/* Answers kept for requests nobody is waiting for just now; more are dropped, oldest first. */
#define MOST_ANSWERS    1024

struct answer;

struct pm_client {
    void *context;
    void *requests;         /* DEALER; NULL while there is no connection */
    void *stream;           /* SUB; NULL before the first subscription */
    int watcher;            /* epoll set over the descriptors of both */
    char *dir, *program;
    bool watch;             /* asked for the watch socket */
    bool may_command;       /* connected to the control socket */
    bool up;                /* connected, when last looked at */
    uint64_t last_request;
    uint64_t gone_request;  /* requests up to this one died with an earlier connection */
    struct answer *answers; /* received, not yet asked for; oldest first */
    size_t n_answers;
    char *text;             /* the sheriff's last sentence about an error, or NULL */
};

/* ---- link.c: sockets ---- */

/* May the sheriff's socket of that name be opened? OK | UNREACHABLE none there | FORBIDDEN */
enum pm_err link_probe(const char *dir, const char *name) PM_MUST_USE;
/* OK | UNREACHABLE | FORBIDDEN | IO | LIMIT; without effect when connected. */
enum pm_err link_connect(struct pm_client *client) PM_MUST_USE;
void link_disconnect(struct pm_client *client);
enum pm_err link_open_stream(struct pm_client *client) PM_MUST_USE;
void link_close(struct pm_client *client);
bool link_is_up(struct pm_client *client);
/* Sleep until there is an answer or, when asked for, a live message, or the connection came or
 * went. Signals do not end it. deadline.ms < 0: none. OK | TIMEOUT the deadline is over | IO */
enum pm_err link_sleep(struct pm_client *client, bool live_too, struct pm_mono deadline)
    PM_MUST_USE;

/* ---- frame.c: messages ---- */

enum pm_err frame_send(void *socket, enum pm_msg kind, const void *request) PM_MUST_USE;
/* The next message of a socket. live: from the stream, where a topic stands for the kind.
 * OK | TIMEOUT there is none | BAD_MESSAGE dropped, *why is heap */
enum pm_err frame_take(void *socket, bool live, struct pm_frame *out, char **why) PM_MUST_USE;
/* The number of the request a message belongs to, where it has one; else NULL. */
uint64_t *frame_request(enum pm_msg kind, void *msg);

/* ---- client.c ---- */

void client_say(struct pm_client *client, char *heap_text); /* takes the text; NULL forgets */
/* Move what has come for requests into client->answers. OK | GONE | BAD_MESSAGE */
enum pm_err client_collect(struct pm_client *client) PM_MUST_USE;

static inline struct pm_mono deadline_after(int wait_ms)
{
    return wait_ms < 0 ? (struct pm_mono){ -1 } : pm_mono_after(pm_mono_now(), wait_ms);
}

#endif
