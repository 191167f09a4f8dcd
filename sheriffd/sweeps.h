/* Looking for strays on many deputies at once. */
#ifndef SHERIFFD_SWEEPS_H
#define SHERIFFD_SWEEPS_H

#include "sheriffd/inside.h"

void sweeps_take(struct sheriff *s, const struct sheriff_client *client,
                 const struct pm_sweep *ask);
void sweeps_on_strays(struct sheriff *s, struct deputy *deputy,
                      const struct pm_strays *strays);
void sweeps_check(struct sheriff *s); /* once a second: who waited too long */
void sweeps_fini(struct sheriff *s);

#endif
