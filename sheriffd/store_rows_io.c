/* From structs to rows and back. Specs are kept in the encoding of the wire: what a deputy
 * understands, a later sheriff does too. */
#include "sheriffd/store_rows.h"

#include <procman/checksum.h>
#include <procman/limits.h>
#include <procman/select.h>

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define HISTORY_MOST 20000 /* events of one answer; it must fit one message */

static const char *const texts[STORE_STATEMENTS] = {
    [STORE_META]      = "INSERT OR REPLACE INTO meta VALUES(?1, ?2, ?3)",
    [STORE_SPEC]      = "INSERT OR REPLACE INTO specs VALUES(?1, ?2, ?3)",
    [STORE_WANT]      = "INSERT OR REPLACE INTO wants VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [STORE_DEPUTY]    = "INSERT OR IGNORE INTO deputies VALUES(?1)",
    [STORE_NO_DEPUTY] = "DELETE FROM deputies WHERE name = ?1",
    [STORE_EVENT]     = "INSERT OR REPLACE INTO events VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [STORE_NO_SPEC]   = "DELETE FROM specs WHERE id = ?1",
    [STORE_NO_WANT]   = "DELETE FROM wants WHERE id = ?1",
    [STORE_TRIM]      = "DELETE FROM events WHERE seq <= ?1",
    [STORE_HISTORY]   = "SELECT seq, time_ms, host, grp, name, what, text, by FROM events"
                        " WHERE seq > ?1 AND time_ms >= ?2 ORDER BY seq DESC",
    [STORE_ORDERS]    = "INSERT OR REPLACE INTO orders VALUES(?1, ?2, ?3)",
    [STORE_TRIM_ORDERS] = "DELETE FROM orders WHERE last <= ?1",
    /* Told again with its last lines, it replaces the same end without; time and author stay. */
    [STORE_LIFE]      = "INSERT INTO past(token, ended_ms, host, grp, name, run, by, life)"
                        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, CASE WHEN ?7 <> '' THEN ?7 ELSE coalesce("
                        "(SELECT CASE WHEN last >= ?8 THEN by ELSE '' END"
                        " FROM orders WHERE first <= ?8 ORDER BY first DESC LIMIT 1), '') END, ?9)"
                        " ON CONFLICT(token) DO UPDATE SET life = excluded.life"
                        " WHERE length(excluded.life) >= length(life)",
    [STORE_TRIM_LIVES_OF] = "DELETE FROM past WHERE seq IN (SELECT seq FROM past"
                        " WHERE host = ?1 AND grp = ?2 AND name = ?3"
                        " ORDER BY ended_ms DESC, run DESC LIMIT -1 OFFSET ?4)",
    [STORE_TRIM_LIVES] = "DELETE FROM past WHERE seq IN (SELECT seq FROM past"
                        " ORDER BY ended_ms DESC LIMIT -1 OFFSET ?1)",
    [STORE_NEXT_NAME] = "SELECT host, grp, name FROM past WHERE (host, grp, name) > (?1, ?2, ?3)"
                        " ORDER BY host, grp, name LIMIT 1",
    [STORE_LIVES_OF]  = "SELECT ended_ms, by, life FROM past WHERE host = ?1 AND grp = ?2"
                        " AND name = ?3 ORDER BY ended_ms DESC, run DESC LIMIT ?4",
    [STORE_BEGIN]     = "BEGIN IMMEDIATE",
    [STORE_COMMIT]    = "COMMIT",
    [STORE_NOTE]      = "INSERT OR REPLACE INTO notes VALUES(?1, ?2, ?3)",
    [STORE_NO_NOTE]   = "DELETE FROM notes WHERE key = ?1",
    [STORE_REVISION]  = "INSERT INTO revisions(head, body, sum) VALUES(?1, ?2, ?3)",
    /* The newest stays, however large it is. */
    [STORE_TRIM_REVISIONS] = "DELETE FROM revisions WHERE number IN (SELECT number FROM (SELECT"
                        " number, sum(length(body)) OVER newest AS bytes, row_number() OVER newest"
                        " AS nth FROM revisions WINDOW newest AS (ORDER BY number DESC))"
                        " WHERE nth > ?1 OR (nth > 1 AND bytes > ?2))",
    [STORE_REVISIONS] = "SELECT number, head FROM revisions ORDER BY number",
    [STORE_REVISION_OF] = "SELECT number, head, body, sum FROM revisions WHERE number = ?1",
};

static int prepare(struct store_db *db, enum store_statement which)
{
    if (db->statements[which] != NULL)
        return SQLITE_OK;
    return sqlite3_prepare_v3(db->handle, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                              &db->statements[which], NULL);
}

int store_prepare(struct store_db *db)
{
    int rc = SQLITE_OK;

    for (int i = 0; i < STORE_STATEMENTS && rc == SQLITE_OK; i++)
        rc = prepare(db, (enum store_statement)i);
    return rc;
}

void store_finish(struct store_db *db)
{
    for (int i = 0; i < STORE_STATEMENTS; i++)
        sqlite3_finalize(db->statements[i]);
}

/* ---- sums -------------------------------------------------------------------------- */

static uint64_t sum_of_number(const char *key, uint64_t value)
{
    return pm_checksum(pm_checksum(PM_CHECKSUM_BASIS, key, strlen(key)), &value, sizeof value);
}

static uint64_t sum_of_spec(uint64_t id, const void *bytes, size_t n)
{
    return pm_checksum(pm_checksum(PM_CHECKSUM_BASIS, &id, sizeof id), bytes, n);
}

static uint64_t sum_of_want(const struct batch_want *want)
{
    uint64_t said[] = { want->id, want->up, want->held, want->order };

    return pm_checksum(pm_checksum(PM_CHECKSUM_BASIS, said, sizeof said), want->by,
                       strlen(want->by));
}

/* A row of an earlier version has none. */
static bool sum_holds(sqlite3_stmt *row, int column, uint64_t sum)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ||
           (uint64_t)sqlite3_column_int64(row, column) == sum;
}

/* ---- putting ---------------------------------------------------------------------- */

int store_run(sqlite3_stmt *statement)
{
    int rc = sqlite3_step(statement);

    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

const char *store_fault(const struct store_db *db, int rc)
{
    bool is_last = (sqlite3_errcode(db->handle) & 0xff) == (rc & 0xff);

    return is_last ? sqlite3_errmsg(db->handle) : sqlite3_errstr(rc);
}

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

static void bind_number(sqlite3_stmt *statement, int at, uint64_t number)
{
    sqlite3_bind_int64(statement, at, (sqlite3_int64)number);
}

int store_put_meta(struct store_db *db, const char *key, uint64_t value)
{
    int rc = prepare(db, STORE_META);
    sqlite3_stmt *put = db->statements[STORE_META];

    if (rc != SQLITE_OK)
        return rc;
    bind_text(put, 1, key);
    bind_number(put, 2, value);
    bind_number(put, 3, sum_of_number(key, value));
    return store_run(put);
}

int store_put_spec(struct store_db *db, const struct batch *batch, const struct batch_spec *spec)
{
    sqlite3_stmt *put = db->statements[STORE_SPEC];

    bind_number(put, 1, spec->id);
    sqlite3_bind_blob64(put, 2, batch->bytes.at + spec->from, spec->n, SQLITE_STATIC);
    bind_number(put, 3, sum_of_spec(spec->id, batch->bytes.at + spec->from, spec->n));
    return store_run(put);
}

int store_put_want(struct store_db *db, const struct batch_want *want)
{
    sqlite3_stmt *put = db->statements[STORE_WANT];

    bind_number(put, 1, want->id);
    bind_number(put, 2, want->up);
    bind_number(put, 3, want->held);
    bind_number(put, 4, want->order);
    bind_text(put, 5, want->by);
    bind_number(put, 6, sum_of_want(want));
    return store_run(put);
}

int store_put_deputy(struct store_db *db, const struct batch_name *deputy)
{
    sqlite3_stmt *put = db->statements[deputy->expected ? STORE_DEPUTY : STORE_NO_DEPUTY];

    bind_text(put, 1, deputy->name);
    return store_run(put);
}

int store_put_event(struct store_db *db, const struct pm_event *event)
{
    sqlite3_stmt *put = db->statements[STORE_EVENT];

    bind_number(put, 1, event->seq);
    sqlite3_bind_int64(put, 2, event->time_ms);
    bind_text(put, 3, event->host);
    bind_text(put, 4, event->group);
    bind_text(put, 5, event->name);
    bind_text(put, 6, event->what);
    bind_text(put, 7, event->text);
    bind_text(put, 8, event->by);
    return store_run(put);
}

static int drop(struct store_db *db, enum store_statement which, uint64_t key)
{
    bind_number(db->statements[which], 1, key);
    return store_run(db->statements[which]);
}

int store_drop(struct store_db *db, uint64_t id)
{
    int rc = drop(db, STORE_NO_SPEC, id);

    return rc == SQLITE_OK ? drop(db, STORE_NO_WANT, id) : rc;
}

int store_trim(struct store_db *db, uint64_t last_seq)
{
    return last_seq > PM_LIMIT_EVENTS ? drop(db, STORE_TRIM, last_seq - PM_LIMIT_EVENTS)
                                      : SQLITE_OK;
}

/* ---- loading ---------------------------------------------------------------------- */

const char *store_text_at(sqlite3_stmt *row, int column, struct pm_arena *arena)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return text != NULL ? pm_arena_str(arena, text, (size_t)sqlite3_column_bytes(row, column))
                        : "";
}

static int load_number(struct store_db *db, const char *sql, uint64_t *out)
{
    sqlite3_stmt *row = NULL;
    int rc = sqlite3_prepare_v2(db->handle, sql, -1, &row, NULL);

    if (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW)
        *out = (uint64_t)sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int load_meta(struct store_db *db, const char *key, uint64_t *out, size_t *found)
{
    sqlite3_stmt *row = NULL;
    int rc = sqlite3_prepare_v2(db->handle, "SELECT value, sum FROM meta WHERE key = ?1", -1, &row,
                                NULL);

    if (rc == SQLITE_OK) {
        bind_text(row, 1, key);
        rc = sqlite3_step(row);
    }
    if (rc == SQLITE_ROW) {
        *out = (uint64_t)sqlite3_column_int64(row, 0);
        ++*found;
        rc = sum_holds(row, 1, sum_of_number(key, *out)) ? SQLITE_DONE : SQLITE_CORRUPT;
    }
    sqlite3_finalize(row);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int load_wish(sqlite3_stmt *row, struct image *out)
{
    struct pm_spec *spec = &out->specs[out->n];
    struct batch_want *want = &out->wants[out->n];
    size_t n = (size_t)sqlite3_column_bytes(row, 1);
    const void *bytes = sqlite3_column_blob(row, 1);

    if (bytes == NULL || sqlite3_column_type(row, 4) == SQLITE_NULL || /* it has no want */
        pm_decode(&pm_spec_desc, bytes, n, &out->arena, spec, NULL) != PM_OK)
        return SQLITE_CORRUPT;
    spec->id = (uint64_t)sqlite3_column_int64(row, 0);
    *want = (struct batch_want){
        .id = spec->id, .up = sqlite3_column_int(row, 2) != 0,
        .held = sqlite3_column_int(row, 3) != 0,
        .order = (uint64_t)sqlite3_column_int64(row, 4), .by = store_text_at(row, 5, &out->arena),
    };
    out->n++;
    return sum_holds(row, 6, sum_of_spec(spec->id, bytes, n)) &&
                   sum_holds(row, 7, sum_of_want(want)) ? SQLITE_OK : SQLITE_CORRUPT;
}

static int load_wishes(struct store_db *db, struct image *out)
{
    sqlite3_stmt *row = NULL;
    uint64_t count = 0;
    int rc = load_number(db, "SELECT count(*) FROM specs", &count);

    out->specs = pm_arena_get(&out->arena, (size_t)count * sizeof *out->specs);
    out->wants = pm_arena_get(&out->arena, (size_t)count * sizeof *out->wants);
    pm_assert(out->specs != NULL && out->wants != NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(db->handle, "SELECT id, spec, up, held, number, by, specs.sum,"
                                " wants.sum FROM specs LEFT JOIN wants USING(id) ORDER BY id", -1,
                                &row, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW)
        rc = out->n < count ? load_wish(row, out) : SQLITE_CORRUPT;
    sqlite3_finalize(row);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int load_deputies(struct store_db *db, struct image *out)
{
    sqlite3_stmt *row = NULL;
    uint64_t count = 0;
    int rc = load_number(db, "SELECT count(*) FROM deputies", &count);

    out->deputies.at = pm_arena_get(&out->arena, (size_t)count * sizeof *out->deputies.at);
    pm_assert(out->deputies.at != NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(db->handle, "SELECT name FROM deputies", -1, &row, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
        rc = SQLITE_OK;
        if (out->deputies.n < count)
            out->deputies.at[out->deputies.n++] = store_text_at(row, 0, &out->arena);
    }
    sqlite3_finalize(row);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int store_load(struct store_db *db, struct image *out)
{
    struct { const char *key; uint64_t *out; } numbers[] = {
        { "sheriff_id", &out->sheriff_id }, { "generation", &out->generation },
        { "last_id", &out->last_id }, { "last_order", &out->last_order },
    };
    size_t found = 0;
    int rc = SQLITE_OK;

    for (size_t i = 0; i < PM_COUNT(numbers) && rc == SQLITE_OK; i++)
        rc = load_meta(db, numbers[i].key, numbers[i].out, &found);
    if (rc == SQLITE_OK && found != PM_COUNT(numbers) && !(found == 1 && out->sheriff_id != 0))
        rc = SQLITE_CORRUPT; /* the first comes with the store, the others with its first wish */
    if (rc == SQLITE_OK)
        rc = load_number(db, "SELECT max(seq) FROM events", &out->last_event);
    if (rc == SQLITE_OK)
        rc = load_wishes(db, out);
    if (rc == SQLITE_OK)
        rc = load_deputies(db, out);
    return rc == SQLITE_OK ? store_load_notes(db, out) : rc;
}

/* ---- history ---------------------------------------------------------------------- */

static bool load_event(sqlite3_stmt *row, struct pm_arena *arena, struct pm_event *out)
{
    *out = (struct pm_event){
        .seq = (uint64_t)sqlite3_column_int64(row, 0), .time_ms = sqlite3_column_int64(row, 1),
        .host = store_text_at(row, 2, arena), .group = store_text_at(row, 3, arena),
        .name = store_text_at(row, 4, arena), .what = store_text_at(row, 5, arena),
        .text = store_text_at(row, 6, arena), .by = store_text_at(row, 7, arena),
    };
    return out->host != NULL && out->group != NULL && out->name != NULL && out->what != NULL &&
           out->text != NULL && out->by != NULL;
}

static bool is_asked_for(sqlite3_stmt *row, const struct pm_select *select)
{
    return select == NULL ||
           pm_select_match(select, (const char *)sqlite3_column_text(row, 3),
                           (const char *)sqlite3_column_text(row, 4),
                           (const char *)sqlite3_column_text(row, 2), PM_STATE_NOWHERE);
}

/* Newest first out of the table, oldest first into the answer. */
static void reverse(struct pm_event *events, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        struct pm_event other = events[n - 1 - i];

        events[n - 1 - i] = events[i];
        events[i] = other;
    }
}

void store_db_events(struct store_db *db, struct history *history)
{
    const struct pm_history *ask = &history->ask;
    sqlite3_stmt *row = db->statements[STORE_HISTORY];
    size_t most = ask->most > 0 && ask->most < HISTORY_MOST ? (size_t)ask->most : HISTORY_MOST;
    struct pm_event *events = pm_resize(NULL, most, sizeof *events);
    struct pm_select *select = NULL;
    size_t n = 0;
    int rc = SQLITE_DONE;

    if (ask->select.n > 0)
        history->err = pm_select_open(&ask->select, &select, &history->text);
    bind_number(row, 1, ask->after_seq);
    sqlite3_bind_int64(row, 2, ask->since_ms);
    while (history->err == PM_OK && n < most && (rc = sqlite3_step(row)) == SQLITE_ROW)
        if (is_asked_for(row, select) && load_event(row, &history->arena, &events[n]))
            n++;
    if (history->err == PM_OK && rc != SQLITE_DONE && rc != SQLITE_ROW) {
        history->err = PM_IO;
        history->text = pm_printf("the store cannot be read: %s", store_fault(db, rc));
    }
    sqlite3_reset(row);
    pm_select_close(&select);
    reverse(events, n);
    history->events.at = pm_arena_get(&history->arena, n * sizeof *events);
    if (history->events.at != NULL && n > 0) {
        memcpy(history->events.at, events, n * sizeof *events);
        history->events.n = n;
    }
    free(events);
}
