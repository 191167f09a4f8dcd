/* Strays, from wherever they were found. */
#ifndef PROCMANCTL_STRAYS_H
#define PROCMANCTL_STRAYS_H

#include "ctl.h"

struct found { struct pm_arena arena; struct pm_stray *at; size_t n, cap; };

void found_add(struct found *found, const struct pm_stray *stray); /* copied */

/* Look on this machine, because no sheriff answers; the error is why. Users are told. */
enum pm_err strays_here(struct ctl *ctl, enum pm_err no_sheriff, struct found *found) PM_MUST_USE;

#endif
