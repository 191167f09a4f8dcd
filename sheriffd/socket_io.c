/* Options and binds; why each option: see the line. */
#include "sheriffd/socket_io.h"

#include <procman/limits.h>
#include <procman/paths.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE       1000 /* messages for one peer; who has more waiting does not read */
#define HANDSHAKE_MS 3000 /* silent connections are thrown out after this long */
#define HEARTBEAT_MS 1000 /* a peer that vanished without a word is noticed after 3 of these */
#define LINGER_MS     500 /* last answers still go out when the sheriff ends */
#define BACKLOG      4096 /* a whole fleet may reconnect at once */

void socket_set(zsock_t *socket, int option, int value)
{
    int rc = zmq_setsockopt(zsock_resolve(socket), option, &value, sizeof value);

    pm_assert(rc == 0);
}

zsock_t *socket_open(int type)
{
    zsock_t *socket = zsock_new(type);
    int64_t largest = PM_LIMIT_FRAME;

    pm_assert(socket != NULL);
    pm_assert(zmq_setsockopt(zsock_resolve(socket), ZMQ_MAXMSGSIZE, &largest, sizeof largest) == 0);
    socket_set(socket, ZMQ_SNDHWM, QUEUE);
    socket_set(socket, ZMQ_RCVHWM, QUEUE);
    socket_set(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
    socket_set(socket, ZMQ_LINGER, LINGER_MS);
    socket_set(socket, ZMQ_BACKLOG, BACKLOG);
    if (type == ZMQ_ROUTER)
        socket_set(socket, ZMQ_ROUTER_MANDATORY, 1); /* or what cannot be delivered vanishes */
    return socket;
}

static enum pm_err bind_at(zsock_t *socket, const char *endpoint, char **why)
{
    if (zmq_bind(zsock_resolve(socket), endpoint) == 0)
        return PM_OK;
    *why = pm_printf("cannot listen on %s: %s", endpoint, zmq_strerror(errno));
    return PM_IO;
}

enum pm_err socket_bind_ipc(zsock_t *socket, const char *dir, const char *name, mode_t mode,
                            char **why)
{
    char *endpoint = NULL;
    enum pm_err err = pm_socket_endpoint(dir, name, &endpoint);
    mode_t before;

    if (err != PM_OK) {
        *why = pm_printf("%s/%s: the path is too long for a socket", dir, name);
        return err;
    }
    before = umask(0777 & ~mode);
    err = bind_at(socket, endpoint, why);
    umask(before);
    free(endpoint);
    return err;
}

enum pm_err socket_bind_tcp(zsock_t *socket, const char *endpoint, bool ipv6, char **why)
{
    socket_set(socket, ZMQ_IPV6, ipv6);
    socket_set(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS);
    socket_set(socket, ZMQ_HEARTBEAT_TIMEOUT, 3 * HEARTBEAT_MS);
    socket_set(socket, ZMQ_HEARTBEAT_TTL, 3 * HEARTBEAT_MS);
    return bind_at(socket, endpoint, why);
}
