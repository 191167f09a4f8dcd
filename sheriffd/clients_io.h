/* The sockets clients connect to. */
#ifndef SHERIFFD_CLIENTS_IO_H
#define SHERIFFD_CLIENTS_IO_H

#include "sheriffd/deputies_io.h"

struct clients;

/* observers: group that may look, NULL = whom the run directory admits.
 * OK | NOT_FOUND no such group | LIMIT | IO *why is a sentence, heap */
enum pm_err clients_open(const char *run_dir, const char *observers, struct clients **out,
                         char **why) PM_MUST_USE;
void clients_close(struct clients **clients);

zsock_t *clients_control(const struct clients *clients); /* ROUTER: command and look */
zsock_t *clients_watch(const struct clients *clients);   /* ROUTER: look */
zsock_t *clients_stream(const struct clients *clients);  /* XPUB: live */

/* What is there, up to a fair share. socket: control or watch. */
void clients_read(struct clients *clients, zsock_t *socket, struct sheriff *s,
                  struct sheriff_now now);
void clients_read_stream(struct clients *clients, struct sheriff *s, struct deputies *deputies);

/* OK, also when nobody reads it: who does not read loses it | LIMIT larger than a message may be */
enum pm_err clients_send(struct clients *clients, uint64_t peer, enum pm_msg kind,
                         const void *msg) PM_MUST_USE;
void clients_publish(struct clients *clients, const char *topic, enum pm_msg kind,
                     const void *msg);

#endif
