/* Find again what an earlier keeper of this deputy began. */
#ifndef KEEPER_ADOPT_H
#define KEEPER_ADOPT_H

#include "keeper/slots.h"

#include <procman/marks.h>

/* Is the process of the slot's record alive? Then a pidfd of it, else -1. A record that was not
 * finished is proven by the process's own marker. */
int pm_adopt(struct pm_slot *slot, uint64_t number, const char *deputy, const char *dir);

/* May the group of an adopted life be signalled, right now? Yes while its leader lives, and just
 * after it died: until the number belongs to a stranger. */
bool pm_adopt_group_is_ours(const struct pm_slot *slot);

/* What its environment says it is; heap. Untouched when it says nothing, or is gone. */
void pm_adopt_names(pid_t pid, char **out_group, char **out_name);

/* Another reader of a pipe that process has open, found by its inode number, also when it is no
 * longer its descriptor 1 or 2. An ended pipe when there is none, so that a reader sees its end.
 * -1: not even that */
int pm_pipe_reopen(pid_t pid, uint64_t inode);

/* The table was lost: put every process that carries our marker into the slot the marker names.
 * Returns how many. */
size_t pm_adopt_lost(struct pm_slots *slots, const char *deputy, const char *dir);

#endif
