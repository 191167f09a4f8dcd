/* What the keeper says to its brain. */
#ifndef KEEPER_VOICE_H
#define KEEPER_VOICE_H

#include "keeper/keeper.h"

/* A brain that cannot be told something must go: the next one is told everything. Its wire is
 * closed, and it is killed. why: ends "the brain …" in the log; NULL: not worth a line */
void pm_voice_drop(struct pm_keeper *keeper, const char *why);

/* fds: the read ends beside it, out and err, where they are above 0; or NULL */
void pm_voice_tell(struct pm_keeper *keeper, enum pm_msg kind, const void *msg, const int *fds);

void pm_voice_ended(struct pm_keeper *keeper, size_t number); /* of that slot, if it has ended */

/* One slot after the other as the socket takes them, then READY. To be called whenever the
 * socket may take more. */
void pm_voice_inventory(struct pm_keeper *keeper);

#endif
