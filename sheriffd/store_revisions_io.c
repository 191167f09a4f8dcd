/* Revisions: what was applied, by whom and when, so that one can look at it and go back.
 *
 * A row has what a list of them shows apart from all that the file said, which may be large. What
 * it said is kept as specs in the encoding of the wire: with what it included, and not as its text,
 * which would mean something else in another directory. The last so many are kept.
 */
#include "sheriffd/store_rows.h"

#include <procman/checksum.h>
#include <procman/limits.h>

#include <sqlite3.h>
#include <string.h>

static uint64_t sum_of(const void *head, size_t head_n, const void *body, size_t body_n)
{
    return pm_checksum(pm_checksum(PM_CHECKSUM_BASIS, head, head_n), body, body_n);
}

static int put(struct store_db *db, const struct batch_revision *revision)
{
    sqlite3_stmt *statement = db->statements[STORE_REVISION];
    const struct pm_buf *head = &revision->head, *body = &revision->body;

    sqlite3_bind_blob64(statement, 1, head->at, head->n, SQLITE_STATIC);
    sqlite3_bind_blob64(statement, 2, body->at, body->n, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3,
                       (sqlite3_int64)sum_of(head->at, head->n, body->at, body->n));
    return store_run(statement);
}

int store_put_revisions(struct store_db *db, const struct batch *batch)
{
    sqlite3_stmt *trim = db->statements[STORE_TRIM_REVISIONS];
    int rc = SQLITE_OK;

    for (size_t i = 0; i < batch->n_revisions && rc == SQLITE_OK; i++)
        rc = put(db, &batch->revisions[i]);
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_int64(trim, 1, PM_LIMIT_REVISIONS);
    sqlite3_bind_int64(trim, 2, PM_LIMIT_REVISIONS_ALL);
    return store_run(trim);
}

/* A copy in the arena of a blob of the row: what is decoded borrows from it. */
static const void *blob_at(sqlite3_stmt *row, int column, struct pm_arena *arena, size_t *out_n)
{
    const void *bytes = sqlite3_column_blob(row, column);

    *out_n = (size_t)sqlite3_column_bytes(row, column);
    void *copy = pm_arena_get(arena, *out_n + 1);

    return copy != NULL && bytes != NULL ? memcpy(copy, bytes, *out_n) : NULL;
}

static bool load(sqlite3_stmt *row, struct history *history, struct pm_revision *out)
{
    size_t n;
    const void *head = blob_at(row, 1, &history->arena, &n);

    if (head == NULL ||
        pm_decode(&pm_revision_desc, head, n, &history->arena, out, NULL) != PM_OK)
        return false;
    out->number = (uint64_t)sqlite3_column_int64(row, 0);
    return true;
}

static bool load_body(sqlite3_stmt *row, struct history *history)
{
    size_t head_n, n;
    const void *head = blob_at(row, 1, &history->arena, &head_n);
    const void *body = blob_at(row, 2, &history->arena, &n);

    return head != NULL && body != NULL &&
           (uint64_t)sqlite3_column_int64(row, 3) == sum_of(head, head_n, body, n) &&
           pm_decode(&pm_revised_desc, body, n, &history->arena, &history->revised, NULL) ==
               PM_OK;
}

static int find(struct history *history, sqlite3_stmt *row, bool *sound)
{
    struct pm_revision *found = pm_arena_get(&history->arena,
                                             PM_LIMIT_REVISIONS * sizeof *found);
    size_t n = 0;
    int rc = SQLITE_DONE;

    pm_assert(found != NULL);
    while (*sound && n < PM_LIMIT_REVISIONS && (rc = sqlite3_step(row)) == SQLITE_ROW) {
        if (history->revision != 0)
            *sound = load_body(row, history);
        *sound = *sound && load(row, history, &found[n]);
        n += *sound;
    }
    history->revised.revisions = (struct pm_revision_list){ .at = found, .n = n };
    return rc;
}

void store_db_revisions(struct store_db *db, struct history *history)
{
    sqlite3_stmt *row = db->statements[history->revision != 0 ? STORE_REVISION_OF
                                                              : STORE_REVISIONS];
    bool sound = true;

    if (history->revision != 0)
        sqlite3_bind_int64(row, 1, (sqlite3_int64)history->revision);
    int rc = find(history, row, &sound);

    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        history->err = PM_IO;
        history->text = pm_printf("the store cannot be read: %s", store_fault(db, rc));
    } else if (!sound) {
        history->err = PM_IO;
        history->text = pm_strdup("what was applied then is damaged in the store; apply a file "
                                  "instead");
    } else if (history->revision != 0 && history->revised.revisions.n == 0) {
        history->err = PM_NOT_FOUND;
        history->text = pm_printf("there is no revision %llu, or no longer; \"procmanctl history\" "
                                  "lists them", (unsigned long long)history->revision);
    }
    sqlite3_reset(row);
    sqlite3_clear_bindings(row);
}
