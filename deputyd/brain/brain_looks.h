/* What the brain is told of how its processes are. */
#ifndef BRAIN_BRAIN_LOOKS_H
#define BRAIN_BRAIN_LOOKS_H

#include "brain/brain.h"
#include "brain/notify.h"

/* How the look with this number came out; why: a few words, when it was bad. */
void brain_on_look(struct brain *brain, uint64_t look, bool good, const char *why,
                   struct pm_mono now);
/* That run of the process has written a line that was sought. */
void brain_on_found(struct brain *brain, const char *group, const char *name, uint64_t run,
                    struct pm_mono now);

struct brain_kin {            /* of whoever says something: itself, or one it comes from */
    int64_t pid, session;
    bool marked;              /* a child of the keeper's, and what its mark says */
    uint64_t slot, run;
};
/* false: no process here is that one, or leads its session */
bool brain_on_notice(struct brain *brain, const struct brain_kin *kin, const struct notice *notice,
                     struct pm_mono now);
/* Who says something is known, and is one of those. Before, nobody's word is to be taken. */
bool brain_knows_its_own(const struct brain *brain);
/* The time of some sign is over: what has come until now is to be told before the next turn. */
bool brain_misses_a_sign(const struct brain *brain, struct pm_mono now);
/* The memory of the process at that index and its children. */
void brain_on_weight(struct brain *brain, size_t index, uint64_t bytes, struct pm_mono now);

/* Does a command that looks live there? */
bool brain_has_errand(const struct brain *brain, uint64_t slot, uint64_t run);

#endif
