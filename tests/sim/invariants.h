/* What must hold: at every moment, and when nothing has gone wrong for a while. */
#ifndef SIM_INVARIANTS_H
#define SIM_INVARIANTS_H

#include "sim/world.h"

#include <procman/schema.h>

/* The sheriff says this to that deputy: its numbers never go back, its ids always mean the same. */
void check_sent(struct world *w, struct site *site, enum pm_msg kind, const void *msg);
/* The sheriff hears this from that deputy. */
void check_said(struct world *w, const struct site *site, enum pm_msg kind, const void *msg);
/* The brain acted on this message: it must be of its session. */
void check_obeyed(const struct site *site, uint64_t session, enum pm_msg kind, const void *msg);
/* What must not run without the sheriff does not, as far as this machine can know. */
void check_attended(struct site *site);
void checks_forget(struct world *w);   /* another store: its numbers are its own */
void checks_fini(struct world *w);

/* Is the sheriff's view the truth, and the truth what was ordered? Else why not, in a sentence. */
bool has_converged(struct world *w, char *why, size_t size);
/* After that: what the operator was not sure of, he believes. */
void learn_what_is(struct world *w);

#endif
