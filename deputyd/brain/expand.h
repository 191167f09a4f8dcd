/* What a process is begun with, here and now. */
#ifndef BRAIN_EXPAND_H
#define BRAIN_EXPAND_H

#include "brain/brain.h"

/* The texts of a spec, filled in; env of *out is all that is added to the deputy's own, what counts
 * more last. ids: of whom it runs as. NULL: done; else why not, perhaps in `text` */
const char *expand_spec(struct brain *brain, const struct pm_spec *spec,
                        const struct brain_ids *ids, struct pm_arena *arena, struct pm_spec *out,
                        char *text, size_t size);

#endif
