/* One deputy of a name in a run directory: who has its lock. */
#ifndef KEEPER_LOCK_H
#define KEEPER_LOCK_H

#include <procman/error.h>

#include <sys/types.h>

/* Take it, or end the program with a sentence: somebody has it, or it cannot be opened.
 * Returns its descriptor, above the fixed numbers of a brain. */
int pm_lock_take(const char *dir, const char *name);

/* The living keeper that has it; 0: none. */
pid_t pm_lock_holder(const char *dir);

#endif
