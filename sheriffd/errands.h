/* Questions to deputies and to the store on behalf of clients. */
#ifndef SHERIFFD_ERRANDS_H
#define SHERIFFD_ERRANDS_H

#include "sheriffd/inside.h"

void errands_read(struct sheriff *s, const struct sheriff_client *client,
                  const struct pm_read *ask);
void errands_past(struct sheriff *s, const struct sheriff_client *client,
                  const struct pm_past *ask);
void errands_history(struct sheriff *s, const struct sheriff_client *client,
                     const struct pm_history *ask);

/* What becomes of it is said by orders_signalled, perhaps at once. */
void errands_revisions(struct sheriff *s, const struct sheriff_client *client,
                       const struct pm_revisions *ask);
void errands_signal(struct sheriff *s, struct target *target, const struct wish *wish,
                    int64_t signal);
void errands_forget(struct sheriff *s, const struct target *target); /* it is no more */

void errands_on_bytes(struct sheriff *s, const struct deputy *deputy, const struct pm_bytes *msg);
void errands_on_done(struct sheriff *s, const struct deputy *deputy, const struct pm_done *msg);
void errands_on_history(struct sheriff *s, const struct history *answer);
void errands_check(struct sheriff *s); /* once a second: who waited too long */
void errands_fini(struct sheriff *s);

#endif
