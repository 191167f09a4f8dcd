/* Ends of lives, from the deputies into the store; a deputy may forget what is stored. */
#ifndef SHERIFFD_ENDS_H
#define SHERIFFD_ENDS_H

#include "sheriffd/inside.h"

void ends_take(struct sheriff *s, struct deputy *deputy, const struct pm_endings *told);
bool ends_waits(const struct sheriff *s);                        /* for the next batch */
void ends_store(struct sheriff *s, struct batch *batch);         /* as much as one may hold */
void ends_stored(struct sheriff *s, uint64_t number, enum pm_err err);
void ends_fini(struct sheriff *s);

#endif
