/* What --listen says. */
#ifndef SHERIFFD_LISTEN_H
#define SHERIFFD_LISTEN_H

#include <procman/error.h>

struct listen { char *command, *stream; bool ipv6; }; /* endpoints; heap */

/* "tcp://ADDRESS:PORT"; streams are at PORT + 1. Only addresses of this machine: as long as
 * deputies have no keys, whoever reaches the port could command them all.
 * OK | USAGE | FORBIDDEN *why is a sentence, heap */
enum pm_err listen_parse(const char *text, struct listen *out, char **why) PM_MUST_USE;
void listen_fini(struct listen *listen);

#endif
