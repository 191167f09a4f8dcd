/* The rules of store_db_io.c and store_rows_io.c: a batch is written whole or not at all.
 */
#include "sim/store_model.h"

#include "sim/graves.h"
#include "sim/office.h"

#include <stdlib.h>
#include <string.h>

#define QUICK_MS 20
#define SLOW_MS  1500
#define HUNG_MS  14000 /* longer than the sheriff lets its clients wait */

void store_model_init(struct store_model *store, uint64_t sheriff_id)
{
    *store = (struct store_model){ .sheriff_id = sheriff_id };
}

static void free_row(struct store_row *row)
{
    free(row->by);
    pm_buf_fini(&row->spec);
}

void store_model_fini(struct store_model *store)
{
    for (size_t i = 0; i < store->n_waiting; i++)
        batch_close(&store->waiting[i]);
    for (size_t i = 0; i < store->n; i++)
        free_row(&store->rows[i]);
    free(store->rows);
}

/* ---- rows ------------------------------------------------------------------------- */

static size_t place_of(const struct store_model *store, uint64_t id)
{
    size_t i = 0;

    while (i < store->n && store->rows[i].id < id)
        i++;
    return i;
}

static struct store_row *row_of(struct store_model *store, uint64_t id)
{
    size_t place = place_of(store, id);

    if (place < store->n && store->rows[place].id == id)
        return &store->rows[place];
    if (store->n == store->cap) {
        store->cap = store->cap ? 2 * store->cap : 64;
        store->rows = pm_resize(store->rows, store->cap, sizeof *store->rows);
    }
    memmove(&store->rows[place + 1], &store->rows[place],
            (store->n++ - place) * sizeof *store->rows);
    store->rows[place] = (struct store_row){ .id = id };
    return &store->rows[place];
}

static void drop(struct store_model *store, uint64_t id)
{
    size_t place = place_of(store, id);

    if (place == store->n || store->rows[place].id != id)
        return;
    free_row(&store->rows[place]);
    memmove(&store->rows[place], &store->rows[place + 1],
            (--store->n - place) * sizeof *store->rows);
}

static void put_spec(struct store_model *store, const struct batch *batch, size_t at)
{
    const struct batch_spec *spec = &batch->specs[at];
    struct store_row *row = row_of(store, spec->id);
    enum pm_err err;

    row->spec.n = 0;
    row->has_spec = true;
    err = pm_buf_add(&row->spec, batch->bytes.at + spec->from, spec->n);
    pm_assert(err == PM_OK);
}

static void put_want(struct store_model *store, const struct batch_want *want)
{
    struct store_row *row = row_of(store, want->id);

    free(row->by);
    row->by = pm_strdup(want->by);
    row->up = want->up;
    row->held = want->held;
    row->order = want->order;
    row->has_want = true;
}

static void write_batch(struct store_model *store, const struct batch *batch)
{
    for (size_t i = 0; i < batch->n_gone; i++)
        drop(store, batch->gone[i]);
    for (size_t i = 0; i < batch->n_specs; i++)
        put_spec(store, batch, i);
    for (size_t i = 0; i < batch->n_wants; i++)
        put_want(store, &batch->wants[i]);
    if (batch->events.n > 0)
        store->last_event = batch->events.at[batch->events.n - 1].seq;
    if (!batch->wishes)
        return;
    store->generation = batch->generation;
    store->last_id = batch->last_id;
    store->last_order = batch->last_order;
}

/* ---- time ------------------------------------------------------------------------- */

static int64_t takes_ms(struct world *w)
{
    if (trouble(w, 2))
        return between(w, SLOW_MS, chance(w, 20) ? HUNG_MS : SLOW_MS);
    return between(w, 0, trouble(w, 10) ? SLOW_MS : QUICK_MS);
}

static struct batch *first(struct store_model *store)
{
    struct batch *batch = store->waiting[0];

    memmove(store->waiting, store->waiting + 1, --store->n_waiting * sizeof *store->waiting);
    return batch;
}

static void answer(struct world *w, void *subject, uint64_t tag)
{
    struct store_model *store = subject;
    struct batch *batch;
    bool refused = trouble(w, 5);

    if (!office_is_open(w) || tag != office_life(w))
        return;
    batch = first(store);
    if (!refused) {
        write_batch(store, batch);
        graves_store(w, batch);
    }
    if (store->n_waiting > 0)
        later(w, takes_ms(w), answer, store, tag);
    office_on_stored(w, batch->number, refused ? PM_IO : PM_OK);
    batch_close(&batch);
}

void store_model_give(struct world *w, struct store_model *store, struct batch *batch)
{
    pm_assert(store->n_waiting < PM_COUNT(store->waiting));
    store->waiting[store->n_waiting++] = batch;
    if (store->n_waiting == 1)
        later(w, takes_ms(w), answer, store, office_life(w));
}

void store_model_die(struct world *w, struct store_model *store)
{
    size_t written = roll(w, store->n_waiting + 1);

    for (; store->n_waiting > 0; written -= written > 0) {
        struct batch *batch = first(store);
        if (written > 0) {
            write_batch(store, batch);
            graves_store(w, batch);
        }
        batch_close(&batch);
    }
}

/* ---- the next sheriff --------------------------------------------------------------- */

void store_model_load(const struct store_model *store, struct image *out)
{
    *out = (struct image){ .sheriff_id = store->sheriff_id, .generation = store->generation,
                           .last_id = store->last_id, .last_order = store->last_order,
                           .last_event = store->last_event, .arena = { .limit = SIZE_MAX } };
    out->specs = pm_arena_get(&out->arena, (store->n + 1) * sizeof *out->specs);
    out->wants = pm_arena_get(&out->arena, (store->n + 1) * sizeof *out->wants);
    pm_assert(out->specs != NULL && out->wants != NULL);
    for (size_t i = 0; i < store->n; i++) {
        const struct store_row *row = &store->rows[i];
        enum pm_err err;

        pm_assert(row->has_spec && row->has_want);
        err = pm_decode(&pm_spec_desc, row->spec.at, row->spec.n, &out->arena, &out->specs[i],
                        NULL);
        pm_assert(err == PM_OK);
        out->wants[i] = (struct batch_want){ .id = row->id, .order = row->order, .up = row->up,
                                             .held = row->held, .by = row->by };
    }
    out->n = store->n;
}
