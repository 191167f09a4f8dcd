/* A hash table of pointers: who keeps the items is somebody else's business.
 *
 * The caller hashes and compares, so one table serves ids, names and pairs of names. */
#ifndef SHERIFFD_TABLE_H
#define SHERIFFD_TABLE_H

#include <procman/base.h>

struct table_slot { uint64_t hash; void *item; };
struct table { struct table_slot *slots; size_t n, cap; }; /* { 0 } is empty */

typedef bool table_same(const void *item, const void *key);

void table_fini(struct table *table);

/* The item with this hash for which same(item, key) holds, or NULL. */
void *table_find(const struct table *table, uint64_t hash, table_same *same, const void *key);
void table_put(struct table *table, uint64_t hash, void *item);        /* must not be in it */
void table_drop(struct table *table, uint64_t hash, const void *item); /* must be in it */

/* All items, in no order: start with *at = 0; NULL at the end. Nothing may be put meanwhile. */
void *table_next(const struct table *table, size_t *at);

uint64_t table_hash_number(uint64_t number);
uint64_t table_hash_text(uint64_t seed, const char *text);

#endif
