/* The sheriff's database, as seen by one thread. */
#ifndef SHERIFFD_STORE_DB_H
#define SHERIFFD_STORE_DB_H

#include "sheriffd/batch.h"

struct store_db;

/* Open the file, make it when there is none, and load everything.
 * OK | BUSY another sheriff uses it | IO | VERSION | BAD_CONFIG it is damaged or none of ours;
 * *why is a sentence, heap. The file is not changed by a failure. */
enum pm_err store_db_open(const char *path, uint64_t fresh_id, struct image *out,
                          struct store_db **out_db, char **why) PM_MUST_USE;
void store_db_close(struct store_db **db);

/* All of it in one transaction, or nothing; err and text of the batch say which. */
void store_db_write(struct store_db *db, struct batch *batch);

/* Fill in the answer. */
void store_db_history(struct store_db *db, struct history *history);

#endif
