/* Every life that was begun, and whether its end is in the sheriff's store. */
#ifndef SIM_GRAVES_H
#define SIM_GRAVES_H

#include "sim/keeper_model.h"

struct batch;

/* A life begins with this note in that slot, or is tried to. */
void grave_dig(struct site *site, struct slot *slot);
void grave_fill(struct site *site, const struct slot *slot); /* it is over */

/* Nobody can know any more: its keeper's record is gone; the machine was restarted; the sheriff's
 * store is lost. */
void graves_excuse(struct site *site);
void graves_forget(struct site *site);
void graves_lost(struct world *w);

void graves_store(struct world *w, const struct batch *batch); /* that is in the store now */

/* The first whose end is not stored, or NULL. */
const char *graves_open(struct world *w);
void graves_fini(struct world *w);

#endif
