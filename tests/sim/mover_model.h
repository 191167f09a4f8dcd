/* What a brain's mover does, in memory: the pipes of lives, open until those are over and a moment
 * has passed. */
#ifndef SIM_MOVER_MODEL_H
#define SIM_MOVER_MODEL_H

#include "sim/site.h"

/* Of the brain's port; self is a struct site. */
struct output_file *mover_file(void *self, const char *group, const char *name);
void mover_collect(void *self, struct output_file *output, uint64_t run);
bool mover_drained(void *self, struct output_file *output, uint64_t run);
void mover_drop(void *self, struct output_file *output);

void mover_on_end(struct site *site, size_t slot); /* the life in it is over */
void mover_die(struct site *site);                 /* with its brain */

#endif
