/* Processes that are started by time. */
#ifndef SHERIFFD_TIMERS_H
#define SHERIFFD_TIMERS_H

#include "sheriffd/inside.h"

/* Its spec is new or has changed; or it is no more. */
void timers_link(struct sheriff *s, struct wish *wish);
void timers_unlink(struct sheriff *s, struct wish *wish);

/* From the store, one of its notes, before timers_link; as scripts_load. */
bool timers_load(struct sheriff *s, const struct image_note *note);

/* Is one due, and may it be ordered? Then do that in a transaction. */
bool timers_is_due(struct sheriff *s);
void timers_enter(struct sheriff *s);
int64_t timers_next(const struct sheriff *s); /* ms until one may be; -1: there is none */

enum pm_err timers_store(struct sheriff *s, struct batch *batch) PM_MUST_USE;
void timers_stored(struct sheriff *s, enum pm_err err);
void timers_fini(struct sheriff *s);

#endif
