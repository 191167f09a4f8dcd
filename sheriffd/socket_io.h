/* Making sockets that guard themselves. */
#ifndef SHERIFFD_SOCKET_IO_H
#define SHERIFFD_SOCKET_IO_H

#include <procman/error.h>

#include <czmq.h>
#include <sys/stat.h>

/* ROUTER, XPUB or XSUB with our limits. Never NULL. */
zsock_t *socket_open(int type);
void socket_set(zsock_t *socket, int option, int value);

/* Bind DIR/NAME for those whom mode admits; whatever is there is replaced, so hold the lock.
 * OK | LIMIT | IO *why is a sentence, heap */
enum pm_err socket_bind_ipc(zsock_t *socket, const char *dir, const char *name, mode_t mode,
                            char **why) PM_MUST_USE;
enum pm_err socket_bind_tcp(zsock_t *socket, const char *endpoint, bool ipv6, char **why)
    PM_MUST_USE;

#endif
