/* Open addressing with linear probing, at most three quarters full.
 *
 * Invariant: between an item's home slot and the slot it is in, no slot is empty. Dropping an
 * item moves its followers back instead of leaving a tombstone, so a table that lives for
 * months is as quick as a new one.
 */
#include "sheriffd/table.h"

#include <stdlib.h>

#define FIRST_CAP 16 /* a power of two, as every capacity is */

void table_fini(struct table *table)
{
    free(table->slots);
    *table = (struct table){ 0 };
}

static size_t home(const struct table *table, uint64_t hash)
{
    return (size_t)hash & (table->cap - 1);
}

static size_t next(const struct table *table, size_t i)
{
    return (i + 1) & (table->cap - 1);
}

void *table_find(const struct table *table, uint64_t hash, table_same *same, const void *key)
{
    if (table->cap == 0)
        return NULL;
    for (size_t i = home(table, hash); table->slots[i].item != NULL; i = next(table, i))
        if (table->slots[i].hash == hash && same(table->slots[i].item, key))
            return table->slots[i].item;
    return NULL;
}

static void place(struct table *table, uint64_t hash, void *item)
{
    size_t i = home(table, hash);

    while (table->slots[i].item != NULL)
        i = next(table, i);
    table->slots[i] = (struct table_slot){ .hash = hash, .item = item };
}

static void grow(struct table *table)
{
    struct table old = *table;

    table->cap = old.cap > 0 ? 2 * old.cap : FIRST_CAP;
    table->slots = pm_alloc(table->cap * sizeof *table->slots);
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i].item != NULL)
            place(table, old.slots[i].hash, old.slots[i].item);
    free(old.slots);
}

void table_put(struct table *table, uint64_t hash, void *item)
{
    if (4 * (table->n + 1) > 3 * table->cap)
        grow(table);
    place(table, hash, item);
    table->n++;
}

void table_drop(struct table *table, uint64_t hash, const void *item)
{
    size_t hole = home(table, hash);

    pm_assert(table->n > 0);
    while (table->slots[hole].item != item) {
        pm_assert(table->slots[hole].item != NULL);
        hole = next(table, hole);
    }
    for (size_t i = next(table, hole); table->slots[i].item != NULL; i = next(table, i)) {
        size_t from_home = (i - home(table, table->slots[i].hash)) & (table->cap - 1);
        size_t from_hole = (i - hole) & (table->cap - 1);

        if (from_home >= from_hole) {
            table->slots[hole] = table->slots[i];
            hole = i;
        }
    }
    table->slots[hole].item = NULL;
    table->n--;
}

void *table_next(const struct table *table, size_t *at)
{
    while (*at < table->cap)
        if (table->slots[(*at)++].item != NULL)
            return table->slots[*at - 1].item;
    return NULL;
}

/* The finalizer of MurmurHash3, 64 bits: every input bit reaches the low bits we index with. */
uint64_t table_hash_number(uint64_t number)
{
    number = (number ^ (number >> 33)) * 0xff51afd7ed558ccdu;
    number = (number ^ (number >> 33)) * 0xc4ceb9fe1a85ec53u;
    return number ^ (number >> 33);
}

/* FNV-1a with its end, so that ("a", "bc") and ("ab", "c") differ when chained. */
uint64_t table_hash_text(uint64_t seed, const char *text)
{
    uint64_t hash = seed ^ 0xcbf29ce484222325u;

    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 0x100000001b3u;
    return table_hash_number(hash);
}
