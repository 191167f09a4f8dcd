#include "client/rows.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROWS 64

static int order_procs(const void *left, const void *right)
{
    const struct pm_proc *a = left, *b = right;
    int order = strcmp(a->group, b->group);

    if (order == 0)
        order = strcmp(a->name, b->name);
    return order ? order : strcmp(a->host, b->host);
}

static int order_deputies(const void *left, const void *right)
{
    const struct pm_deputy *a = left, *b = right;

    return strcmp(a->name, b->name);
}

const struct rows no_procs = { .desc = &pm_proc_desc, .order = order_procs };
const struct rows no_deputies = { .desc = &pm_deputy_desc, .order = order_deputies };

void rows_fini(struct rows *rows)
{
    free(rows->at);
    rows->at = NULL;
    rows->n = rows->cap = 0;
}

void *row_at(const struct rows *rows, size_t i)
{
    return rows->at + i * rows->desc->size;
}

/* Where the row with that key is, or where it belongs. */
static bool find(const struct rows *rows, const void *key, size_t *out)
{
    size_t low = 0, high = rows->n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = rows->order(key, row_at(rows, middle));

        *out = middle;
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    *out = low;
    return false;
}

static const char **text_of(const struct pm_field *field, const void *row)
{
    if (field->kind != PM_KIND_STR)
        return NULL;
    return (const char **)((char *)row + field->offset);
}

static void own_texts(const struct pm_desc *desc, void *row, const void *before,
                      struct pm_arena *arena)
{
    for (size_t i = 0; i < desc->n; ++i) {
        const char **text = text_of(&desc->fields[i], row);
        const char **old = before ? text_of(&desc->fields[i], before) : NULL;

        if (!text)
            continue;
        if (old && strcmp(*old, *text) == 0)
            *text = *old;
        else
            *text = pm_arena_str(arena, *text, strlen(*text));
        pm_assert(*text);
    }
}

static void make_room(struct rows *rows, size_t n)
{
    if (n <= rows->cap)
        return;
    rows->cap = n > 2 * rows->cap ? n : 2 * rows->cap;
    if (rows->cap < FIRST_ROWS)
        rows->cap = FIRST_ROWS;
    rows->at = pm_resize(rows->at, rows->cap, rows->desc->size);
}

void rows_fill(struct rows *rows, const void *from, size_t n, struct pm_arena *arena)
{
    rows->n = n;
    make_room(rows, n);
    if (n == 0)
        return;
    memcpy(rows->at, from, n * rows->desc->size);
    rows_move(rows, arena);
    qsort(rows->at, n, rows->desc->size, rows->order);
}

void rows_move(struct rows *rows, struct pm_arena *arena)
{
    for (size_t i = 0; i < rows->n; ++i)
        own_texts(rows->desc, row_at(rows, i), NULL, arena);
}

void *rows_put(struct rows *rows, void *row, struct pm_arena *arena, union any_row *out_before,
               bool *out_known)
{
    size_t size = rows->desc->size, place;
    bool known = find(rows, row, &place);

    pm_assert(size <= sizeof(*out_before));
    if (known)
        memcpy(out_before, row_at(rows, place), size);
    own_texts(rows->desc, row, known ? out_before : NULL, arena);
    if (!known) {
        make_room(rows, rows->n + 1);
        memmove(row_at(rows, place + 1), row_at(rows, place), (rows->n - place) * size);
        rows->n++;
    }
    *out_known = known;
    return memcpy(row_at(rows, place), row, size);
}

void rows_remove(struct rows *rows, size_t place)
{
    rows->n--;
    memmove(row_at(rows, place), row_at(rows, place + 1), (rows->n - place) * rows->desc->size);
}
