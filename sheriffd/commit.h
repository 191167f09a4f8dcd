/* One change of the wish at a time, stored before anybody hears of it. */
#ifndef SHERIFFD_COMMIT_H
#define SHERIFFD_COMMIT_H

#include "sheriffd/inside.h"

/* May the wish be changed now? Begins a transaction if none is open; commit_turn ends it, so
 * all changes of one turn are one. false: one is on its way to the disk. */
bool commit_open(struct sheriff *s);

/* Then keep the message until it may; it is copied. false: too many wait. */
bool commit_queue(struct sheriff *s, const struct sheriff_client *client, enum pm_msg kind,
                  const void *msg);

/* In a transaction: the configuration expects a deputy of that name, or no longer. */
void commit_expect(struct sheriff *s, const char *name, bool expected);

void commit_turn(struct sheriff *s);
void commit_check(struct sheriff *s);  /* once a second: does the store answer? */
void commit_note(struct sheriff *s);   /* what happened goes to the store when it is time … */
void commit_events(struct sheriff *s); /* … or now */
void commit_fini(struct sheriff *s);   /* who waits is told, what happened is stored */

#endif
