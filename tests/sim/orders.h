/* Orders at random. */
#ifndef SIM_ORDERS_H
#define SIM_ORDERS_H

#include "sim/world.h"

void orders_give(struct world *w);      /* one, of any kind */
void orders_apply_all(struct world *w); /* every ward is to exist */

#endif
