/* Sorted, contiguous rows of one kind, whose texts live in an arena of the caller's.
 *
 * A changed row takes over the texts that stayed the same, which is nearly all of them: a second
 * of statistics costs no memory. */
#ifndef PROCMAN_CLIENT_ROWS_H
#define PROCMAN_CLIENT_ROWS_H

#include <procman/codec.h>

union any_row { struct pm_proc proc; struct pm_deputy deputy; };

struct rows {
    const struct pm_desc *desc;  /* its rows hold texts, numbers and parts of numbers only */
    int (*order)(const void *a, const void *b);
    char *at;
    size_t n, cap;
};

extern const struct rows no_procs, no_deputies; /* to begin with; by group, name, host; by name */
void rows_fini(struct rows *rows);

void *row_at(const struct rows *rows, size_t i);
/* All rows anew, in any order. */
void rows_fill(struct rows *rows, const void *from, size_t n, struct pm_arena *arena);
/* Put one row in its place. Returns it; *out_before is what was there, if *out_known. */
void *rows_put(struct rows *rows, void *row, struct pm_arena *arena, union any_row *out_before,
               bool *out_known);
void rows_remove(struct rows *rows, size_t place);
/* Move all texts into another arena. */
void rows_move(struct rows *rows, struct pm_arena *arena);

#endif
