/* "Did you mean …": the known word nearest to a mistyped one. */
#ifndef PROCMAN_SUGGEST_H
#define PROCMAN_SUGGEST_H

#include <procman/base.h>

PM_BEGIN

/* Feed candidates one by one; state { .wrong = word }. best stays NULL unless one is near
 * enough: optimal string alignment distance (insert, delete, replace, swap neighbours, each 1;
 * a change of case 0) of at most a third of the word's length, and at least 1 allowed, but never
 * as far as the word is long: one letter is not like another. */
struct pm_suggest { const char *wrong, *best; unsigned distance; };
PM_API void pm_suggest_try(struct pm_suggest *suggest, const char *candidate);

PM_END
#endif
