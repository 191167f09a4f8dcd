/* Orders to start, stop, restart, signal and remove, and how they turn out. */
#ifndef SHERIFFD_ORDERS_H
#define SHERIFFD_ORDERS_H

#include "sheriffd/inside.h"

/* In a transaction; its answers come when it is stored. */
void orders_take(struct sheriff *s, const struct sheriff_client *client,
                 const struct pm_order *ask);
/* What a verb does to one wish, in a transaction. Returns whether that is anything. */
bool orders_enter(struct sheriff *s, struct wish *wish, enum pm_verb verb, const char *by);
void orders_stored(struct sheriff *s, enum pm_err err, const char *text);

void orders_look(struct sheriff *s, struct wish *wish); /* something about it changed */
void orders_end(struct sheriff *s, struct wish *wish);  /* it is no more */
void orders_signalled(struct sheriff *s, struct target *target, enum pm_err err,
                      const char *text);
void orders_renumber(struct wish *wish, uint64_t before); /* its order has another number now */

void orders_check(struct sheriff *s);         /* whose time is over */
void orders_turn(struct sheriff *s);          /* tell what became known */
int64_t orders_next(const struct sheriff *s); /* ms to the next deadline, or -1 */
void orders_fini(struct sheriff *s);

#endif
