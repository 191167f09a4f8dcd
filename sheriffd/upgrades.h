/* Deputies that are to put a new program in place of their own. */
#ifndef SHERIFFD_UPGRADES_H
#define SHERIFFD_UPGRADES_H

#include "sheriffd/inside.h"

void upgrades_take(struct sheriff *s, const struct sheriff_client *client,
                   const struct pm_upgrade *ask);
/* False: this is not about an upgrade. */
bool upgrades_on_done(struct sheriff *s, const struct deputy *deputy, const struct pm_done *done)
    PM_MUST_USE;
void upgrades_on_full(struct sheriff *s, struct deputy *deputy); /* it has told all it knows */
void upgrades_check(struct sheriff *s); /* once a second: who waited too long */
void upgrades_fini(struct sheriff *s);

#endif
