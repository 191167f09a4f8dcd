#include "table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELL_SIZE 64 /* of formatted cells: numbers, ages, sizes */

void table_init(struct table *table, const struct column *columns, size_t n)
{
    *table = (struct table){ .columns = columns, .n_columns = n };
    pm_arena_init(&table->arena, SIZE_MAX);
}

void table_fini(struct table *table)
{
    free(table->cells);
    pm_arena_fini(&table->arena);
    *table = (struct table){ 0 };
}

void table_add(struct table *table, enum shade shade, const char *text)
{
    if (table->n_cells == table->cap) {
        table->cap = table->cap ? 2 * table->cap : 16 * table->n_columns;
        table->cells = pm_resize(table->cells, table->cap, sizeof(*table->cells));
    }
    text = pm_arena_str(&table->arena, text, strlen(text));
    pm_assert(text);
    table->cells[table->n_cells++] = (struct cell){ .text = text, .shade = shade };
}

void table_addf(struct table *table, const char *format, ...)
{
    char text[CELL_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    table_add(table, SHADE_NONE, text);
}

void table_print(const struct table *table, bool plain)
{
    if (plain)
        render_plain(table);
    else
        render_columns(table);
}
