/* Specs that clients and files give. */
#ifndef SHERIFFD_APPLIES_H
#define SHERIFFD_APPLIES_H

#include "sheriffd/inside.h"

/* In a transaction, unless it is only a plan. */
void applies_take(struct sheriff *s, const struct sheriff_client *client,
                  const struct pm_apply *ask);

/* In a transaction: a file, for nobody who waits for an answer.
 * OK it is on its way | why not, *why is a sentence, heap */
enum pm_err applies_file(struct sheriff *s, const struct pm_config *config, const char *source,
                         char **why) PM_MUST_USE;

/* What was applied in this transaction goes with it, for the history. */
void applies_store(struct sheriff *s, struct batch *batch);

/* The transaction is stored, or will not be. */
void applies_stored(struct sheriff *s, enum pm_err err, const char *text);

#endif
