/* Which generation the store had reached, told beside it.
 *
 * A log of SQLite's that was cut short or damaged looks like one that ends there: the changes
 * behind are gone, and nothing says so. A sheriff who believed that would have old wishes obeyed.
 * So each commit is followed by its number in a file of its own; it is not synced, and whenever it
 * is behind or cannot be read it says nothing. */
#ifndef SHERIFFD_STORE_REACHED_H
#define SHERIFFD_STORE_REACHED_H

#include <stdint.h>

/* A descriptor of the file beside this store; -1: there will be no such file. */
int store_reached_open(const char *store_path);
/* 0: unknown */
uint64_t store_reached(int fd);
void store_reached_note(int fd, uint64_t generation);

#endif
