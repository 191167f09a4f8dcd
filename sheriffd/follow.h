/* What follows from an order for those that depend on each other. */
#ifndef SHERIFFD_FOLLOW_H
#define SHERIFFD_FOLLOW_H

#include "sheriffd/inside.h"

/* In a transaction; `wish` and all others that were named have their order. With a start or a
 * restart what it needs and is not up or coming is ordered up, and what that needs. With a stop
 * or a restart goes what was declared to. alone: neither, and it waits for nothing. */
void follow_order(struct sheriff *s, struct wish *wish, enum pm_verb verb, bool alone,
                  const char *by);

/* What a transaction has brought up needs others as well, but not what an operator wants down. */
void follow_applied(struct sheriff *s, const char *by);

void follow_stored(struct sheriff *s, enum pm_err err);
void follow_fini(struct sheriff *s);

#endif
