/* When a deputy knows more than its sheriff: a fresh one, or one whose store was lost. */
#ifndef SHERIFFD_ADOPT_H
#define SHERIFFD_ADOPT_H

#include "sheriffd/inside.h"

/* A deputy says what it holds: copied. Until all of it is stored the deputy is told nothing, or
 * it would stop what it holds; a store that refuses is tried again. */
void adopt_take(struct sheriff *s, struct deputy *deputy, const struct pm_holding *holding);

bool adopt_is_due(const struct sheriff *s);
void adopt_stored(struct sheriff *s, enum pm_err err); /* the transaction, or why it is undone */
void adopt_fini(struct sheriff *s);

/* Both within a transaction. */
void adopt_enter(struct sheriff *s);  /* what is due */
void adopt_orders(struct sheriff *s); /* raise what a deputy has obeyed a higher order of */

#endif
