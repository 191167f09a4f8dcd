/* A second deputy that claims a name: a copy of a machine, or a mistake in a unit file.
 *
 * It runs nothing, says so as soon as it is believed, and goes after a while, with a word or
 * without. While the right one is heard it must be refused; and whatever the sheriff believed
 * meanwhile, afterwards all must agree again. */
#ifndef SIM_TWIN_H
#define SIM_TWIN_H

#include "sim/pipe.h"
#include "sim/world.h"

struct connection;

void twin_come(struct site *site);
void twin_hear(struct connection *c, struct letter *letter); /* closes the letter */

#endif
