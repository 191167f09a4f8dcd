/* Find again what an earlier keeper of this deputy began. */
#ifndef KEEPER_ADOPT_H
#define KEEPER_ADOPT_H

#include "keeper/slots.h"
#include "keeper/spawn.h"

#include <procman/marks.h>

/* Is the process of the slot's record alive? A record that was not finished is proven by the
 * process's own marker.
 *   out_pidfd  of it
 * OK | NOT_FOUND it is not | IO that cannot be told, errno is why */
enum pm_err pm_adopt(struct pm_slot *slot, uint64_t number, const struct pm_ground *ground,
                     int *out_pidfd) PM_MUST_USE;

/* Something could not be told: waits, until that is worth trying again. False: too often, and for
 * longer than it should take to pass. *tries begins with 0. */
bool pm_adopt_pause(int *tries);

/* Just after an adopted leader died: may its group be signalled, right now? Not if the number
 * belongs to a stranger, or that cannot be told. */
bool pm_adopt_group_is_ours(const struct pm_slot *slot);

/* What its environment says it is; heap. Untouched when it says nothing, or is gone. */
void pm_adopt_names(pid_t pid, char **out_group, char **out_name);

/* Another reader of a pipe that process has open, found by its inode number, also when it is no
 * longer its descriptor 1 or 2. An ended pipe when there is none, so that a reader sees its end.
 * -1: not even that */
int pm_pipe_reopen(pid_t pid, uint64_t inode);

/* The table was lost: put every process that carries our marker into the slot the marker names.
 * OK | BUSY so it was, but somebody could not be read: the table may lack one | IO it cannot be
 * told who lives, errno is why */
enum pm_err pm_adopt_lost(struct pm_slots *slots, const struct pm_ground *ground) PM_MUST_USE;

#endif
