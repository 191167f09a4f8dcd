/* The sockets deputies connect to. */
#ifndef SHERIFFD_DEPUTIES_IO_H
#define SHERIFFD_DEPUTIES_IO_H

#include "sheriffd/listen.h"
#include "sheriffd/sheriff.h"

#include <czmq.h>

struct deputies;

/* listen: NULL = only this machine's. OK | LIMIT | IO *why is a sentence, heap */
enum pm_err deputies_open(const char *run_dir, const struct listen *listen,
                          struct deputies **out, char **why) PM_MUST_USE;
void deputies_close(struct deputies **deputies);

zsock_t *deputies_orders(const struct deputies *deputies); /* ROUTER: orders and status */
zsock_t *deputies_feed(const struct deputies *deputies);   /* XSUB: statistics and output */

/* What is there, up to a fair share. */
void deputies_read_orders(struct deputies *deputies, struct sheriff *s, struct sheriff_now now);
/* Output goes on to the stream, unchanged. */
void deputies_read_feed(struct deputies *deputies, struct sheriff *s, zsock_t *stream);

bool deputies_send(struct deputies *deputies, uint64_t peer, enum pm_msg kind, const void *msg);
/* Somebody follows an output, or the last one who did no longer does: what a subscription frame
 * says. Other topics are not the deputies' business. */
void deputies_subscribe(struct deputies *deputies, const void *frame, size_t n);

#endif
