/* What the sheriff's store is told in one transaction, and what it told at the start. */
#ifndef SHERIFFD_BATCH_H
#define SHERIFFD_BATCH_H

#include <procman/codec.h>

struct batch_spec { uint64_t id; size_t from, n; }; /* its encoding, in batch.bytes */
struct batch_want { uint64_t id, order; bool up, held; const char *by; };
struct batch_name { const char *name; bool expected; };
struct batch_note { const char *key; size_t from, n; }; /* in batch.bytes; n 0: it is no more */

/* Ends of lives, as one message told them; by, host and ended_ms are filled in. */
struct batch_past { struct batch_past *next; struct pm_endings endings; struct pm_arena arena; };

/* A file that was applied: encodings of a pm_revision without number, and of a pm_revised. */
struct batch_revision { struct pm_buf head, body; };

struct batch {
    bool wishes;                  /* holds more than what happened: must survive a power cut */
    uint64_t number;              /* repeated in the answer */
    uint64_t generation, last_id, last_order;
    struct batch_spec *specs;
    struct batch_want *wants;
    uint64_t *gone;               /* ids of wishes to forget */
    struct batch_name *deputies;  /* names the configuration expects, or no longer */
    struct batch_revision *revisions; /* the oldest first */
    size_t n_revisions;
    struct batch_note *notes;     /* scripts, the run of one, when schedules were due */
    size_t n_specs, n_wants, n_gone, n_deputies, n_notes;
    struct pm_event_list events;  /* its array is heap */
    struct batch_past *past;      /* the last first */
    struct pm_buf bytes;
    struct pm_arena arena;        /* holds the texts of wishes */
    struct pm_arena event_arena;  /* and of events */
    enum pm_err err;              /* the store's answer: OK, or nothing of it happened … */
    char *text;                   /* … because of this; heap */
};

struct batch *batch_open(uint64_t number);
void batch_close(struct batch **batch);

/* OK | LIMIT it is too large to be encoded */
enum pm_err batch_add_spec(struct batch *batch, const struct pm_spec *spec) PM_MUST_USE;
void batch_add_want(struct batch *batch, const struct batch_want *want); /* by is copied */
void batch_add_gone(struct batch *batch, uint64_t id);
void batch_add_deputy(struct batch *batch, const char *name, bool expected);

/* What is kept under a key, in place of what was: `note` of that kind, or NULL for nothing.
 * OK | LIMIT it is too large to be encoded */
enum pm_err batch_add_note(struct batch *batch, const char *key, const struct pm_desc *desc,
                           const void *note) PM_MUST_USE;

/* Given away, with the arena their texts are in, which is empty then; once a batch. */
void batch_give_events(struct batch *batch, struct pm_event_list events, struct pm_arena *arena);

/* Everything in the store, when the sheriff begins. */
struct image {
    uint64_t sheriff_id, generation, last_id, last_order, last_event;
    struct pm_spec *specs;        /* sorted by id */
    struct batch_want *wants;     /* of the same processes, in the same order */
    size_t n;
    struct pm_strs deputies;
    struct image_note { const char *key; const void *bytes; size_t n; } *notes; /* by key */
    size_t n_notes;
    struct pm_arena arena;        /* holds all of it */
};
void image_fini(struct image *image);

/* Given away; both are empty then. */
void batch_give_revision(struct batch *batch, struct pm_buf *head, struct pm_buf *body);

void batch_add_past(struct batch *batch, struct batch_past *past); /* given away */
struct batch_past *batch_past_open(const struct pm_endings *endings); /* copied; NULL: too large */
void batch_past_close(struct batch_past **past);

/* A question about the past: events, ends of lives, or what was applied. */
struct history {
    uint64_t number;              /* repeated in the answer */
    struct pm_history ask;        /* in the arena */
    bool of_lives;
    struct pm_past ask_lives;     /* in the arena */
    bool of_revisions;
    uint64_t revision;            /* only this one, with all of it; 0 = all */
    enum pm_err err;              /* the answer: OK, or why not, in text */
    char *text;
    struct pm_event_list events;  /* in the arena, oldest first */
    struct pm_past_life_list lives; /* likewise */
    struct pm_revised revised;    /* likewise */
    struct pm_arena arena;
};
struct history *history_open(uint64_t number, const struct pm_history *ask);
struct history *history_open_lives(uint64_t number, const struct pm_past *ask);
struct history *history_open_revisions(uint64_t number, uint64_t revision);
void history_close(struct history **history);

#endif
