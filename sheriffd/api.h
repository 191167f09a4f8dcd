/* What clients ask: who may, what it means, and the short answers. */
#ifndef SHERIFFD_API_H
#define SHERIFFD_API_H

#include "sheriffd/inside.h"

void api_on_message(struct sheriff *s, const struct sheriff_client *client, enum pm_msg kind,
                    const void *msg);

/* A change whose turn has come: in a transaction. */
void api_change(struct sheriff *s, const struct sheriff_client *client, enum pm_msg kind,
                const void *msg);

void api_reply(struct sheriff *s, uint64_t peer, uint64_t request, enum pm_err err,
               const char *format, ...) PM_PRINTF(5, 6);
/* An answer that may be large. When it is too large for a message the client is told so instead,
 * and this is false: it was the last answer. */
bool api_answer(struct sheriff *s, uint64_t peer, enum pm_msg kind, const void *msg);
uint64_t api_request(enum pm_msg kind, const void *msg); /* its number */

/* "USER (CLIENT, pid PID)", for the record; heap. */
char *api_by(const struct sheriff_client *client, const char *program) PM_MUST_USE;

#endif
