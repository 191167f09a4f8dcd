/* Notes: what outlives the sheriff beside his wishes, each under a key of its own.
 *
 * Their values are encoded as on the wire, and what they mean is for those who read them: scripts,
 * the run of one, when schedules were due last. They are stored in the transaction of the wish that
 * they go with.
 */
#include "sheriffd/store_rows.h"

#include <procman/checksum.h>

#include <sqlite3.h>
#include <string.h>

static uint64_t sum_of(const char *key, const void *bytes, size_t n)
{
    return pm_checksum(pm_checksum(PM_CHECKSUM_BASIS, key, strlen(key)), bytes, n);
}

int store_put_note(struct store_db *db, const struct batch *batch, const struct batch_note *note)
{
    sqlite3_stmt *put = db->statements[note->n > 0 ? STORE_NOTE : STORE_NO_NOTE];
    const uint8_t *bytes = batch->bytes.at + note->from;

    sqlite3_bind_text(put, 1, note->key, -1, SQLITE_STATIC);
    if (note->n > 0) {
        sqlite3_bind_blob64(put, 2, bytes, note->n, SQLITE_STATIC);
        sqlite3_bind_int64(put, 3, (sqlite3_int64)sum_of(note->key, bytes, note->n));
    }
    return store_run(put);
}

static int load_note(sqlite3_stmt *row, struct image *out)
{
    struct image_note *note = &out->notes[out->n_notes];
    size_t n = (size_t)sqlite3_column_bytes(row, 1);
    const void *bytes = sqlite3_column_blob(row, 1);
    void *copy = pm_arena_get(&out->arena, n);

    note->key = store_text_at(row, 0, &out->arena);
    pm_assert(copy != NULL && note->key != NULL);
    if (bytes == NULL || (uint64_t)sqlite3_column_int64(row, 2) != sum_of(note->key, bytes, n))
        return SQLITE_CORRUPT;
    note->bytes = memcpy(copy, bytes, n);
    note->n = n;
    out->n_notes++;
    return SQLITE_OK;
}

int store_load_notes(struct store_db *db, struct image *out)
{
    sqlite3_stmt *row = NULL;
    size_t count = 0;
    int rc = sqlite3_prepare_v2(db->handle, "SELECT count(*) FROM notes", -1, &row, NULL);

    if (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW)
        count = (size_t)sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    if (rc != SQLITE_ROW)
        return rc;
    out->notes = pm_arena_get(&out->arena, (count + 1) * sizeof *out->notes);
    pm_assert(out->notes != NULL);
    rc = sqlite3_prepare_v2(db->handle, "SELECT key, value, sum FROM notes ORDER BY key", -1, &row,
                            NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW)
        rc = out->n_notes < count ? load_note(row, out) : SQLITE_CORRUPT;
    sqlite3_finalize(row);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}
