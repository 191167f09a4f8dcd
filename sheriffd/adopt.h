/* When a deputy knows more than its sheriff: a fresh one, or one whose store was lost. */
#ifndef SHERIFFD_ADOPT_H
#define SHERIFFD_ADOPT_H

#include "sheriffd/inside.h"

/* Both within a transaction. */
void adopt_holding(struct sheriff *s, struct deputy *deputy, const struct pm_holding *holding);
void adopt_orders(struct sheriff *s); /* raise what a deputy has obeyed a higher order of */

#endif
