/* Rows of the store, both ways. Functions return SQLite's result codes. */
#ifndef SHERIFFD_STORE_ROWS_H
#define SHERIFFD_STORE_ROWS_H

#include "sheriffd/store_db.h"

struct sqlite3;
struct sqlite3_stmt;

enum store_statement { STORE_META, STORE_SPEC, STORE_WANT, STORE_DEPUTY, STORE_NO_DEPUTY,
                       STORE_EVENT, STORE_NO_SPEC, STORE_NO_WANT, STORE_TRIM, STORE_HISTORY,
                       STORE_ORDERS, STORE_TRIM_ORDERS, STORE_LIFE, STORE_TRIM_LIVES_OF,
                       STORE_TRIM_LIVES, STORE_NEXT_NAME, STORE_LIVES_OF, STORE_BEGIN,
                       STORE_COMMIT, STORE_NOTE, STORE_NO_NOTE, STORE_REVISION,
                       STORE_TRIM_REVISIONS, STORE_REVISIONS, STORE_REVISION_OF,
                       STORE_STATEMENTS };

struct store_db {
    struct sqlite3 *handle;
    struct sqlite3_stmt *statements[STORE_STATEMENTS];
    int reached;             /* see store_reached.h */
    bool durable;            /* commits wait for the disk */
};

int store_prepare(struct store_db *db);
void store_finish(struct store_db *db);
int store_load(struct store_db *db, struct image *out);

int store_put_meta(struct store_db *db, const char *key, uint64_t value);
int store_put_spec(struct store_db *db, const struct batch *batch, const struct batch_spec *spec);
int store_put_want(struct store_db *db, const struct batch_want *want);
int store_put_deputy(struct store_db *db, const struct batch_name *deputy);
int store_put_event(struct store_db *db, const struct pm_event *event);
int store_drop(struct store_db *db, uint64_t id);
int store_trim(struct store_db *db, uint64_t last_seq);

/* store_revisions_io.c: what was applied */
int store_put_revisions(struct store_db *db, const struct batch *batch);
void store_db_revisions(struct store_db *db, struct history *history);

/* store_notes_io.c: what has no table of its own */
int store_put_note(struct store_db *db, const struct batch *batch, const struct batch_note *note);
int store_load_notes(struct store_db *db, struct image *out);

/* store_past_io.c: how lives ended, and who had ordered them */
int store_put_orders(struct store_db *db, const struct batch *batch);
int store_put_past(struct store_db *db, const struct batch_past *past);
void store_db_lives(struct store_db *db, struct history *history);
void store_db_events(struct store_db *db, struct history *history);

/* For all: a value of a row, in the arena or static; NULL without memory. */
const char *store_text_at(struct sqlite3_stmt *row, int column, struct pm_arena *arena);
int store_run(struct sqlite3_stmt *statement); /* for its effect; its values are forgotten */
/* The sentence of that very code: what SQLite remembers may be about another call. */
const char *store_fault(const struct store_db *db, int rc);

#endif
