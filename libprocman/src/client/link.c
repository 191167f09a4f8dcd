/* The two sockets of a client.
 *
 * Requests go through a DEALER that never reconnects by itself and has a pipe only while there is
 * a connection (IMMEDIATE). So "writable" means "connected", and a sheriff that dies while a
 * request is under way is noticed at once instead of being waited for: libzmq would reconnect in
 * silence and the answer would never come. The next request connects anew.
 *
 * The stream is made with the first subscription, because most commands need none and every
 * socket costs start-up time. It reconnects by itself; what it misses the view sees as a gap.
 */
#include "client/client.h"

#include <errno.h>
#include <fcntl.h>
#include <procman/limits.h>
#include <procman/paths.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#define LINGER_MS         200  /* for what is unsent at close; answered requests leave nothing */
#define RECONNECT_MS      100  /* of the stream: first pause */
#define RECONNECT_MOST_MS 1000 /* and the longest: a sheriff's restart is seen within a second */

enum pm_err link_probe(const char *dir, const char *name)
{
    char *path PM_CLEANUP(pm_free) = pm_printf("%s/%s", dir, name);

    if (faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0)
        return PM_OK;
    return errno == EACCES ? PM_FORBIDDEN : PM_UNREACHABLE;
}

static int events_of(void *socket)
{
    int events = 0;
    size_t size = sizeof(events);

    while (zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) != 0)
        if (errno != EINTR)
            return 0;
    return events;
}

static int descriptor_of(void *socket)
{
    int fd = -1;
    size_t size = sizeof(fd);

    pm_assert(zmq_getsockopt(socket, ZMQ_FD, &fd, &size) == 0);
    return fd;
}

static void set_option(void *socket, int option, int value)
{
    pm_assert(zmq_setsockopt(socket, option, &value, sizeof(value)) == 0);
}

static void *new_socket(struct pm_client *client, int type)
{
    struct epoll_event readable = { .events = EPOLLIN };
    int64_t most = PM_LIMIT_FRAME;
    void *socket = client->context ? zmq_socket(client->context, type) : NULL;

    if (!socket)
        return NULL;
    set_option(socket, ZMQ_LINGER, LINGER_MS);
    pm_assert(zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof(most)) == 0);
    if (epoll_ctl(client->watcher, EPOLL_CTL_ADD, descriptor_of(socket), &readable) == 0)
        return socket;
    zmq_close(socket);
    return NULL;
}

/* libzmq closes a socket later, in a thread of its own: the set must forget it now. */
static void drop_socket(struct pm_client *client, void **socket)
{
    if (!*socket)
        return;
    (void)epoll_ctl(client->watcher, EPOLL_CTL_DEL, descriptor_of(*socket), NULL);
    zmq_close(*socket);
    *socket = NULL;
}

static enum pm_err connect_to(void *socket, const char *dir, const char *name)
{
    char *endpoint PM_CLEANUP(pm_free) = NULL;
    enum pm_err err = pm_socket_endpoint(dir, name, &endpoint);

    if (err != PM_OK)
        return err;
    return zmq_connect(socket, endpoint) == 0 ? PM_OK : PM_IO;
}

/* A socket file outlives a killed sheriff, and libzmq keeps to itself that nobody listens. */
static bool nobody_listens(const char *dir, const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool refused;

    if (fd < 0)
        return false;
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", dir, name);
    refused = connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0
              && errno == ECONNREFUSED;
    close(fd);
    return refused;
}

static enum pm_err wait_until_up(struct pm_client *client, int wait_ms)
{
    struct pm_mono deadline = deadline_after(wait_ms);
    enum pm_err err = PM_OK;

    while (err == PM_OK && !link_is_up(client))
        err = link_sleep(client, false, deadline);
    return err;
}

/* The control socket, or the watch socket where that is what was asked for or all there is. */
static enum pm_err choose_socket(const struct pm_client *client, const char **out)
{
    enum pm_err err = client->watch ? PM_FORBIDDEN : link_probe(client->dir, PM_SOCKET_CONTROL);

    if (err == PM_OK)
        *out = PM_SOCKET_CONTROL;
    if (err != PM_FORBIDDEN)
        return err;
    err = link_probe(client->dir, PM_SOCKET_WATCH);
    if (err == PM_OK)
        *out = PM_SOCKET_WATCH;
    return err == PM_UNREACHABLE && !client->watch ? PM_FORBIDDEN : err;
}

/* A new socket each time: after a refusal libzmq never tries again, and does not say so. */
static enum pm_err try_connect(struct pm_client *client, const char *name, int wait_ms)
{
    enum pm_err err;

    drop_socket(client, &client->requests);
    client->requests = new_socket(client, ZMQ_DEALER);
    if (!client->requests)
        return PM_IO;
    set_option(client->requests, ZMQ_IMMEDIATE, 1);
    set_option(client->requests, ZMQ_RECONNECT_IVL, -1);
    set_option(client->requests, ZMQ_SNDHWM, 0); /* never "not writable" for being slow */
    err = connect_to(client->requests, client->dir, name);
    return err == PM_OK ? wait_until_up(client, wait_ms) : err;
}

static bool is_trusted(const char *dir)
{
    char *fault PM_CLEANUP(pm_free) = pm_run_dir_fault(dir);

    return fault == NULL;
}

enum pm_err link_connect(struct pm_client *client)
{
    const char *name = NULL;
    enum pm_err err;

    if (client->requests && link_is_up(client))
        return PM_OK;
    link_disconnect(client);
    err = is_trusted(client->dir) ? choose_socket(client, &name) : PM_FORBIDDEN;
    if (err != PM_OK)
        return err;
    if (!client->context)
        client->context = zmq_ctx_new();
    err = try_connect(client, name, CONNECT_USUAL_MS);
    if (err == PM_TIMEOUT && !nobody_listens(client->dir, name)) /* he is slow, or just came */
        err = try_connect(client, name, CONNECT_WAIT_MS);
    if (err == PM_TIMEOUT)
        err = PM_UNREACHABLE;
    if (err != PM_OK)
        drop_socket(client, &client->requests);
    else
        client->may_command = name[0] == PM_SOCKET_CONTROL[0];
    return err;
}

void link_disconnect(struct pm_client *client)
{
    drop_socket(client, &client->requests);
    client->up = false;
    client->gone_request = client->last_request;
}

enum pm_err link_open_stream(struct pm_client *client)
{
    enum pm_err err;

    if (client->stream)
        return PM_OK;
    client->stream = new_socket(client, ZMQ_SUB);
    if (!client->stream)
        return PM_IO;
    set_option(client->stream, ZMQ_RECONNECT_IVL, RECONNECT_MS);
    set_option(client->stream, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MOST_MS);
    err = connect_to(client->stream, client->dir, PM_SOCKET_STREAM);
    if (err != PM_OK)
        drop_socket(client, &client->stream);
    return err;
}

void link_close(struct pm_client *client)
{
    drop_socket(client, &client->requests);
    drop_socket(client, &client->stream);
    if (client->context)
        zmq_ctx_term(client->context);
    if (client->watcher >= 0)
        close(client->watcher);
}

bool link_is_up(struct pm_client *client)
{
    client->up = client->requests && (events_of(client->requests) & ZMQ_POLLOUT);
    return client->up;
}

/* libzmq's descriptors only say "look again", and looking takes the word back: so look at both
 * sockets before every sleep, or one of them stays readable for ever and this spins. */
static bool has_news(struct pm_client *client, bool live_too)
{
    int requests = client->requests ? events_of(client->requests) : 0;
    int stream = client->stream ? events_of(client->stream) : 0;
    bool was_up = client->up;

    client->up = requests & ZMQ_POLLOUT;
    return client->up != was_up || (requests & ZMQ_POLLIN) || (live_too && (stream & ZMQ_POLLIN));
}

enum pm_err link_sleep(struct pm_client *client, bool live_too, struct pm_mono deadline)
{
    struct epoll_event news[2];
    int64_t left = -1;
    int n;

    while (!has_news(client, live_too)) {
        if (deadline.ms >= 0)
            left = pm_mono_since(pm_mono_now(), deadline);
        if (left == 0)
            return PM_TIMEOUT;
        n = epoll_wait(client->watcher, news, PM_COUNT(news),
                       left > INT32_MAX ? INT32_MAX : (int)left);
        if (n < 0 && errno != EINTR) /* a signal, or Ctrl-Z and fg: the wait goes on */
            return PM_IO;
    }
    return PM_OK;
}
