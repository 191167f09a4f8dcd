/* Lists that grow and are thrown away whole. */
#include "sheriffd/batch.h"

#include <stdlib.h>
#include <string.h>

struct batch *batch_open(uint64_t number)
{
    struct batch *batch = pm_alloc(sizeof *batch);

    batch->number = number;
    pm_arena_init(&batch->arena, SIZE_MAX);
    pm_arena_init(&batch->event_arena, SIZE_MAX);
    return batch;
}

void batch_close(struct batch **batch)
{
    struct batch *old = *batch;

    if (old == NULL)
        return;
    while (old->past != NULL) {
        struct batch_past *past = old->past;

        old->past = past->next;
        batch_past_close(&past);
    }
    free(old->specs);
    free(old->wants);
    free(old->gone);
    free(old->deputies);
    for (size_t i = 0; i < old->n_revisions; i++) {
        pm_buf_fini(&old->revisions[i].head);
        pm_buf_fini(&old->revisions[i].body);
    }
    free(old->revisions);
    free(old->notes);
    free(old->events.at);
    free(old->text);
    pm_buf_fini(&old->bytes);
    pm_arena_fini(&old->event_arena);
    pm_arena_fini(&old->arena);
    free(old);
    *batch = NULL;
}

/* Room for one more: capacities are powers of two, so n says when one is full. */
static void *room(void *items, size_t n, size_t size)
{
    if (n > 0 && (n & (n - 1)) != 0)
        return items;
    return pm_resize(items, n > 0 ? 2 * n : 1, size);
}

static const char *keep(struct pm_arena *arena, const char *text)
{
    const char *kept = pm_arena_str(arena, text, strlen(text));

    pm_assert(kept != NULL);
    return kept;
}

enum pm_err batch_add_spec(struct batch *batch, const struct pm_spec *spec)
{
    size_t from = batch->bytes.n;
    enum pm_err err = pm_encode(&pm_spec_desc, spec, &batch->bytes);

    if (err != PM_OK)
        return err;
    batch->specs = room(batch->specs, batch->n_specs, sizeof *batch->specs);
    batch->specs[batch->n_specs++] = (struct batch_spec){ .id = spec->id, .from = from,
                                                          .n = batch->bytes.n - from };
    batch->wishes = true;
    return PM_OK;
}

void batch_add_want(struct batch *batch, const struct batch_want *want)
{
    batch->wants = room(batch->wants, batch->n_wants, sizeof *batch->wants);
    batch->wants[batch->n_wants] = *want;
    batch->wants[batch->n_wants++].by = keep(&batch->arena, want->by);
    batch->wishes = true;
}

void batch_add_gone(struct batch *batch, uint64_t id)
{
    batch->gone = room(batch->gone, batch->n_gone, sizeof *batch->gone);
    batch->gone[batch->n_gone++] = id;
    batch->wishes = true;
}

void batch_add_deputy(struct batch *batch, const char *name, bool expected)
{
    batch->deputies = room(batch->deputies, batch->n_deputies, sizeof *batch->deputies);
    batch->deputies[batch->n_deputies++] = (struct batch_name){
        .name = keep(&batch->arena, name), .expected = expected };
    batch->wishes = true;
}

enum pm_err batch_add_note(struct batch *batch, const char *key, const struct pm_desc *desc,
                           const void *note)
{
    size_t from = batch->bytes.n;
    enum pm_err err = note != NULL ? pm_encode(desc, note, &batch->bytes) : PM_OK;

    if (err != PM_OK)
        return err;
    batch->notes = room(batch->notes, batch->n_notes, sizeof *batch->notes);
    batch->notes[batch->n_notes++] = (struct batch_note){
        .key = keep(&batch->arena, key), .from = from, .n = batch->bytes.n - from };
    batch->wishes = true;
    return PM_OK;
}

void batch_give_events(struct batch *batch, struct pm_event_list events, struct pm_arena *arena)
{
    batch->events = events;
    batch->event_arena = *arena;
    pm_arena_init(arena, arena->limit);
}

void batch_give_revision(struct batch *batch, struct pm_buf *head, struct pm_buf *body)
{
    batch->revisions = room(batch->revisions, batch->n_revisions, sizeof *batch->revisions);
    batch->revisions[batch->n_revisions++] = (struct batch_revision){ *head, *body };
    *head = *body = (struct pm_buf){ 0 };
    batch->wishes = true;
}

struct batch_past *batch_past_open(const struct pm_endings *endings)
{
    struct batch_past *past = pm_alloc(sizeof *past);

    pm_arena_init(&past->arena, SIZE_MAX); /* it came in a message; more will be added to each */
    if (pm_copy(&pm_endings_desc, endings, &past->arena, &past->endings) != PM_OK)
        batch_past_close(&past);
    return past;
}

void batch_past_close(struct batch_past **past)
{
    pm_arena_fini(&(*past)->arena);
    pm_free(past);
}

void batch_add_past(struct batch *batch, struct batch_past *past)
{
    past->next = batch->past;
    batch->past = past;
}

void image_fini(struct image *image)
{
    pm_arena_fini(&image->arena);
    *image = (struct image){ 0 };
}

/* The question came in one message, and of answers there are so many at most: no limit needed. */
static struct history *open_history(uint64_t number)
{
    struct history *history = pm_alloc(sizeof *history);

    history->number = number;
    pm_arena_init(&history->arena, SIZE_MAX);
    return history;
}

struct history *history_open(uint64_t number, const struct pm_history *ask)
{
    struct history *history = open_history(number);
    enum pm_err err = pm_copy(&pm_history_desc, ask, &history->arena, &history->ask);

    pm_assert(err == PM_OK);
    return history;
}

struct history *history_open_lives(uint64_t number, const struct pm_past *ask)
{
    struct history *history = open_history(number);
    enum pm_err err = pm_copy(&pm_past_desc, ask, &history->arena, &history->ask_lives);

    pm_assert(err == PM_OK);
    history->of_lives = true;
    return history;
}

struct history *history_open_revisions(uint64_t number, uint64_t revision)
{
    struct history *history = open_history(number);

    history->of_revisions = true;
    history->revision = revision;
    return history;
}

void history_close(struct history **history)
{
    if (*history == NULL)
        return;
    free((*history)->text);
    pm_arena_fini(&(*history)->arena);
    free(*history);
    *history = NULL;
}
