/* Everything that goes wrong in a fleet, at random. */
#ifndef SIM_TROUBLE_H
#define SIM_TROUBLE_H

#include "sim/world.h"

void trouble_begin(struct world *w);    /* until it is calm */
int64_t trouble_over_ms(struct world *w); /* when calm: until the last silence ends */

#endif
