/* One question goes through stages: its host becomes addresses, each of which is tried until one
 * takes the connection; with a URL a request is sent and the first line of the answer read.
 *
 * Whatever happens, and be it at once, becomes an answer that waits to be fetched: so nothing is
 * told to somebody who is just asking. Events name their question by number; one that was left
 * meanwhile is simply not found.
 */
#include "brain/asker_io.h"

#include "brain/http.h"
#include "brain/names_io.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAMES_EVENT 0  /* epoll data; questions are numbered from 1 */
#define EVENTS_MOST 32

enum stage { NAMING, CONNECTING, SENDING, READING, DONE };

struct ask {
    struct asker_answer answer; /* with its number */
    enum stage stage;
    union name_address at[NAMES_MOST];
    size_t n, next;            /* addresses; the next to be tried */
    uint16_t port;
    int fd;                    /* -1: none */
    int error;                 /* of the first address that did not take us */
    char *request;             /* NULL: the connection is all */
    size_t sent;
    char head[HTTP_HEAD_BYTES];
    size_t n_head;
    struct ask *follower;
};

struct asker {
    int epoll;
    struct names names;
    bool names_watched;
    struct ask *asks;
    size_t done;
};

enum pm_err asker_open(struct asker **out)
{
    struct asker *asker = pm_alloc(sizeof *asker);

    asker->names.fd = -1;
    asker->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (asker->epoll < 0) {
        pm_free(&asker);
        return PM_IO;
    }
    *out = asker;
    return PM_OK;
}

static void free_ask(struct ask *ask)
{
    if (ask->fd >= 0)
        close(ask->fd);
    free(ask->request);
    free(ask);
}

void asker_close(struct asker **asker)
{
    struct asker *gone = *asker;

    *asker = NULL;
    if (gone == NULL)
        return;
    while (gone->asks != NULL) {
        struct ask *ask = gone->asks;
        gone->asks = ask->follower;
        free_ask(ask);
    }
    names_close(&gone->names);
    close(gone->epoll);
    free(gone);
}

int asker_fd(const struct asker *asker)
{
    return asker->epoll;
}

/* ---- answers -------------------------------------------------------------------------- */

static void finish(struct asker *asker, struct ask *ask, bool good)
{
    if (ask->fd >= 0)
        close(ask->fd); /* leaves the epoll set with it */
    ask->fd = -1;
    ask->answer.good = good;
    ask->stage = DONE;
    asker->done++;
}

static void fail(struct asker *asker, struct ask *ask, const char *why)
{
    snprintf(ask->answer.why, sizeof ask->answer.why, "%s", why);
    finish(asker, ask, false);
}

/* "connection refused": the words of the C library, within a sentence. */
static void fail_with(struct asker *asker, struct ask *ask, int error)
{
    fail(asker, ask, strerror(error));
    ask->answer.why[0] = (char)tolower((unsigned char)ask->answer.why[0]);
}

bool asker_next(struct asker *asker, struct asker_answer *out)
{
    for (struct ask **link = &asker->asks; asker->done > 0 && *link; link = &(*link)->follower) {
        struct ask *ask = *link;
        if (ask->stage != DONE)
            continue;
        *link = ask->follower;
        *out = ask->answer;
        asker->done--;
        free_ask(ask);
        return true;
    }
    return false;
}

void asker_leave(struct asker *asker, uint64_t number)
{
    for (struct ask **link = &asker->asks; *link; link = &(*link)->follower) {
        struct ask *ask = *link;
        if (ask->answer.number != number)
            continue;
        *link = ask->follower;
        asker->done -= ask->stage == DONE;
        free_ask(ask);
        return;
    }
}

/* ---- a connection --------------------------------------------------------------------- */

static bool watch(const struct asker *asker, int how, const struct ask *ask, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.u64 = ask->answer.number };

    return epoll_ctl(asker->epoll, how, ask->fd, &event) == 0;
}

static void read_some(struct asker *asker, struct ask *ask)
{
    ssize_t n = recv(ask->fd, ask->head + ask->n_head, sizeof ask->head - ask->n_head, 0);
    enum http_answer answer;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0) {
        fail_with(asker, ask, errno);
        return;
    }
    ask->n_head += (size_t)n;
    answer = http_read(ask->head, ask->n_head, n == 0, ask->answer.why, sizeof ask->answer.why);
    if (answer != HTTP_MORE)
        finish(asker, ask, answer == HTTP_GOOD);
}

static void send_some(struct asker *asker, struct ask *ask)
{
    size_t left = strlen(ask->request) - ask->sent;
    ssize_t n = send(ask->fd, ask->request + ask->sent, left, MSG_NOSIGNAL);

    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        fail_with(asker, ask, errno);
        return;
    }
    ask->sent += n > 0 ? (size_t)n : 0;
    if (ask->request[ask->sent] != '\0')
        return;
    ask->stage = READING;
    if (!watch(asker, EPOLL_CTL_MOD, ask, EPOLLIN))
        fail_with(asker, ask, errno);
}

/* Where nobody listens on a port that the kernel gives out, it may give us that very port: then we
 * are connected with ourselves. */
static bool met_itself(const struct ask *ask)
{
    union name_address own, peer;
    socklen_t own_n = sizeof own, peer_n = sizeof peer;

    memset(&own, 0, sizeof own);
    memset(&peer, 0, sizeof peer);
    return getsockname(ask->fd, &own.any, &own_n) == 0
        && getpeername(ask->fd, &peer.any, &peer_n) == 0 && own_n == peer_n
        && memcmp(&own, &peer, own_n) == 0;
}

static void try_next(struct asker *asker, struct ask *ask);

static void refuse(struct asker *asker, struct ask *ask, int error)
{
    if (ask->error == 0)
        ask->error = error;
    close(ask->fd);
    ask->fd = -1;
    try_next(asker, ask);
}

static void connected(struct asker *asker, struct ask *ask)
{
    if (met_itself(ask)) {
        refuse(asker, ask, ECONNREFUSED);
        return;
    }
    if (ask->request == NULL) {
        finish(asker, ask, true);
        return;
    }
    ask->stage = SENDING;
    send_some(asker, ask);
}

static void try_next(struct asker *asker, struct ask *ask)
{
    union name_address *at = &ask->at[ask->next];
    bool v4;

    if (ask->next >= ask->n) {
        fail_with(asker, ask, ask->error);
        return;
    }
    ask->next++;
    ask->stage = CONNECTING;
    v4 = at->any.sa_family == AF_INET;
    if (v4)
        at->v4.sin_port = htons(ask->port);
    else
        at->v6.sin6_port = htons(ask->port);
    ask->fd = socket(at->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (ask->fd < 0) {
        ask->error = ask->error != 0 ? ask->error : errno;
        try_next(asker, ask);
    } else if (!watch(asker, EPOLL_CTL_ADD, ask, EPOLLOUT)) {
        refuse(asker, ask, errno);
    } else if (connect(ask->fd, &at->any, v4 ? sizeof at->v4 : sizeof at->v6) == 0) {
        connected(asker, ask);
    } else if (errno != EINPROGRESS) {
        refuse(asker, ask, errno);
    }
}

static void on_connect(struct asker *asker, struct ask *ask)
{
    int error = 0;
    socklen_t n = sizeof error;

    if (getsockopt(ask->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
        error = errno;
    if (error != 0)
        refuse(asker, ask, error);
    else
        connected(asker, ask);
}

/* ---- questions ------------------------------------------------------------------------ */

static bool watch_names(struct asker *asker)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = NAMES_EVENT };

    if (!asker->names_watched)
        asker->names_watched = epoll_ctl(asker->epoll, EPOLL_CTL_ADD, asker->names.fd,
                                         &event) == 0;
    return asker->names_watched;
}

static void find_host(struct asker *asker, struct ask *ask, const char *host)
{
    ask->n = names_plain(host, ask->at);
    if (ask->n > 0)
        try_next(asker, ask);
    else if (!names_ask(&asker->names, ask->answer.number, host) || !watch_names(asker))
        fail(asker, ask, "too many names of hosts are being looked up");
}

void asker_ask(struct asker *asker, uint64_t number, const struct pm_probe *probe)
{
    struct ask *ask = pm_alloc(sizeof *ask);
    const char *text = probe->text != NULL ? probe->text : "", *fault;
    struct pm_url url;

    ask->answer.number = number;
    ask->fd = -1;
    ask->port = (uint16_t)probe->port;
    ask->follower = asker->asks;
    asker->asks = ask;
    if (probe->kind != PM_PROBE_KIND_HTTP) {
        find_host(asker, ask, text);
        return;
    }
    fault = pm_url_parse(text, &url);
    if (fault != NULL) {
        fail(asker, ask, fault);
        return;
    }
    ask->port = url.port;
    ask->request = http_request(&url);
    find_host(asker, ask, url.host);
}

/* ---- work ----------------------------------------------------------------------------- */

static struct ask *find(const struct asker *asker, uint64_t number)
{
    struct ask *ask = asker->asks;

    while (ask != NULL && ask->answer.number != number)
        ask = ask->follower;
    return ask;
}

static void hear_names(struct asker *asker)
{
    struct name_answer answer;

    while (names_next(&asker->names, &answer)) {
        struct ask *ask = find(asker, answer.number);
        if (ask == NULL || ask->stage != NAMING)
            continue;
        memcpy(ask->at, answer.at, sizeof ask->at);
        ask->n = answer.n;
        if (answer.n == 0)
            fail(asker, ask, answer.why);
        else
            try_next(asker, ask);
    }
}

static void go_on(struct asker *asker, struct ask *ask)
{
    if (ask->stage == CONNECTING)
        on_connect(asker, ask);
    else if (ask->stage == SENDING)
        send_some(asker, ask);
    else if (ask->stage == READING)
        read_some(asker, ask);
}

void asker_work(struct asker *asker)
{
    struct epoll_event events[EVENTS_MOST];
    int n = epoll_wait(asker->epoll, events, EVENTS_MOST, 0);

    for (int i = 0; i < n; i++) {
        struct ask *ask = find(asker, events[i].data.u64);
        if (events[i].data.u64 == NAMES_EVENT)
            hear_names(asker);
        else if (ask != NULL)
            go_on(asker, ask);
    }
}
