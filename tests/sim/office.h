/* Where the sheriff sits: the real core, its store, its clients. */
#ifndef SIM_OFFICE_H
#define SIM_OFFICE_H

#include "sim/pipe.h"
#include "sim/world.h"

struct connection;
struct letter;

void office_open(struct world *w);
void office_close(struct world *w);

bool office_is_open(const struct world *w);  /* the sheriff runs */
uint64_t office_life(const struct world *w); /* tag of deeds about this sheriff */

void office_crash(struct world *w, int64_t back_in_ms, bool store_lost);
void office_on_deputy(struct world *w, struct connection *c, struct letter *letter);
void office_on_client(struct world *w, enum pm_msg kind, const void *msg);
void office_on_stored(struct world *w, uint64_t number, enum pm_err err);

#endif
