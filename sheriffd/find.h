/* Which processes do these words mean? */
#ifndef SHERIFFD_FIND_H
#define SHERIFFD_FIND_H

#include "sheriffd/inside.h"

/* Wishes the words select, sorted; not those being removed. OK | USAGE | NOT_FOUND *why, heap.
 * Words may be none, which is all. *out is heap. */
enum pm_err find_wishes(struct sheriff *s, const struct pm_strs *words, struct wish ***out,
                        size_t *out_n, char **why) PM_MUST_USE;

#endif
