/* A table of texts, and the two ways to show it. */
#ifndef PROCMANCTL_TABLE_H
#define PROCMANCTL_TABLE_H

#include "out.h"

struct column {
    const char *title;
    bool right;     /* numbers */
    bool cut;       /* the one that gives way when a terminal is too narrow */
};

struct cell { const char *text; enum shade shade; };

struct table {
    const struct column *columns;
    size_t n_columns;
    struct cell *cells;  /* row after row */
    size_t n_cells, cap;
    struct pm_arena arena;
};

void table_init(struct table *table, const struct column *columns, size_t n);
void table_fini(struct table *table);
void table_add(struct table *table, enum shade shade, const char *text); /* the next cell */
void table_addf(struct table *table, const char *format, ...) PM_PRINTF(2, 3);

/* plain: a line a row, tabs between, no heading, nothing cut. Otherwise columns for people. */
void table_print(const struct table *table, bool plain);

void render_plain(const struct table *table);   /* render_plain.c */
void render_columns(const struct table *table); /* render_columns.c */

#endif
