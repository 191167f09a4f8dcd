/* The store in a thread of its own: the loop never waits for the disk. */
#ifndef SHERIFFD_STORE_IO_H
#define SHERIFFD_STORE_IO_H

#include "sheriffd/batch.h"

#include <czmq.h>

struct store;

/* Open the database (see store_db_open) and start the thread. */
enum pm_err store_open(const char *path, uint64_t fresh_id, struct image *out,
                       struct store **out_store, char **why) PM_MUST_USE;
void store_close(struct store **store); /* after everything it was given is done */

/* Given away; done in this order. */
void store_write(struct store *store, struct batch *batch);
void store_ask(struct store *store, struct history *history);

/* Readable when an answer may be there. store_next fills exactly one of the two, which is the
 * caller's then; false: nothing yet. */
zsock_t *store_socket(const struct store *store);
bool store_next(struct store *store, struct batch **out_batch, struct history **out_history);

#endif
