/* SQLite holds what must outlive the sheriff: wishes, generations, events.
 *
 * WAL with synchronous=FULL for wishes: when a client hears "done", a power cut cannot undo it.
 * Batches that hold only events are written with synchronous=NORMAL, which costs no fsync; a
 * power cut may take the last of them, a crash of the sheriff none.
 *
 * The file is locked for as long as it is open, so two sheriffs can never share one. What is not
 * ours, damaged or of a newer release is refused and left as it is.
 */
#include "sheriffd/store_db.h"

#include "sheriffd/store_rows.h"

#include <procman/limits.h>

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define APPLICATION 0x504d616e /* "PMan": pragma application_id of our files */
#define SCHEMA      1          /* pragma user_version */

static const char schema[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE specs(id INTEGER PRIMARY KEY, spec BLOB NOT NULL);"
    "CREATE TABLE wants(id INTEGER PRIMARY KEY, up INTEGER NOT NULL, held INTEGER NOT NULL,"
    " number INTEGER NOT NULL, by TEXT NOT NULL);"
    "CREATE TABLE deputies(name TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE events(seq INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, host TEXT NOT NULL,"
    " grp TEXT NOT NULL, name TEXT NOT NULL, what TEXT NOT NULL, text TEXT NOT NULL,"
    " by TEXT NOT NULL);"
    "PRAGMA application_id = 1347248494;"
    "PRAGMA user_version = 1;";

_Static_assert(APPLICATION == 1347248494, "the schema says the same number");

/* ---- opening ---------------------------------------------------------------------- */

static int exec(struct store_db *db, const char *sql)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
}

static int64_t pragma(struct store_db *db, const char *sql, int *rc)
{
    sqlite3_stmt *row = NULL;
    int64_t value = 0;

    *rc = sqlite3_prepare_v2(db->handle, sql, -1, &row, NULL);
    if (*rc == SQLITE_OK && (*rc = sqlite3_step(row)) == SQLITE_ROW) {
        value = sqlite3_column_int64(row, 0);
        *rc = SQLITE_OK;
    }
    sqlite3_finalize(row);
    return value;
}

static enum pm_err refuse(struct store_db *db, const char *path, int rc, char **why)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        *why = pm_printf("%s: another sheriff is using it", path);
        return PM_BUSY;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        *why = pm_printf("%s: the store is damaged (%s); nothing was changed; restore it, or move "
                         "it away to begin with an empty one", path, sqlite3_errmsg(db->handle));
        return PM_BAD_CONFIG;
    default:
        *why = pm_printf("%s: %s", path, sqlite3_errmsg(db->handle));
        return PM_IO;
    }
}

/* Before anything is written: is it ours, and do we know it? */
static enum pm_err inspect(struct store_db *db, const char *path, bool *out_fresh, char **why)
{
    int rc;
    int64_t tables = pragma(db, "SELECT count(*) FROM sqlite_master", &rc);
    int64_t application = rc == SQLITE_OK ? pragma(db, "PRAGMA application_id", &rc) : 0;
    int64_t version = rc == SQLITE_OK ? pragma(db, "PRAGMA user_version", &rc) : 0;

    if (rc != SQLITE_OK)
        return refuse(db, path, rc, why);
    *out_fresh = tables == 0 && application == 0 && version == 0;
    if (*out_fresh)
        return PM_OK;
    if (application != APPLICATION) {
        *why = pm_printf("%s: this is not a store of sheriffd; nothing was changed", path);
        return PM_BAD_CONFIG;
    }
    if (version != SCHEMA) {
        *why = pm_printf("%s: the store has version %lld, this sheriffd knows version %d; install "
                         "the release that wrote it; nothing was changed", path,
                         (long long)version, SCHEMA);
        return PM_VERSION;
    }
    return PM_OK;
}

static int make_schema(struct store_db *db, uint64_t fresh_id)
{
    int rc = exec(db, "BEGIN IMMEDIATE");

    if (rc == SQLITE_OK)
        rc = exec(db, schema);
    if (rc == SQLITE_OK)
        rc = store_put_meta(db, "sheriff_id", fresh_id);
    return rc == SQLITE_OK ? exec(db, "COMMIT") : rc;
}

/* Every page: a damaged one must be found now and not in the middle of a wish. */
static int check(struct store_db *db)
{
    sqlite3_stmt *row = NULL;
    int rc = sqlite3_prepare_v2(db->handle, "PRAGMA quick_check(1)", -1, &row, NULL);

    if (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW)
        rc = strcmp((const char *)sqlite3_column_text(row, 0), "ok") == 0 ? SQLITE_OK
                                                                          : SQLITE_CORRUPT;
    sqlite3_finalize(row);
    return rc;
}

static enum pm_err prepare(struct store_db *db, const char *path, uint64_t fresh_id,
                           struct image *out, char **why)
{
    bool fresh = false;
    enum pm_err err = inspect(db, path, &fresh, why);
    int rc = SQLITE_OK;

    if (err != PM_OK)
        return err;
    if (!fresh)
        rc = check(db);
    if (rc == SQLITE_OK)
        rc = exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    if (rc == SQLITE_OK && fresh)
        rc = make_schema(db, fresh_id);
    if (rc == SQLITE_OK)
        rc = store_prepare(db);
    if (rc == SQLITE_OK)
        rc = store_load(db, out);
    db->durable = true;
    return rc == SQLITE_OK ? PM_OK : refuse(db, path, rc, why);
}

enum pm_err store_db_open(const char *path, uint64_t fresh_id, struct image *out,
                          struct store_db **out_db, char **why)
{
    struct store_db *db = pm_alloc(sizeof *db);
    struct image image = { .arena = { .limit = SIZE_MAX } };
    enum pm_err err;
    int rc = sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

    if (rc == SQLITE_OK)
        rc = exec(db, "PRAGMA locking_mode = EXCLUSIVE;");
    err = rc == SQLITE_OK ? prepare(db, path, fresh_id, &image, why) : refuse(db, path, rc, why);
    if (err != PM_OK) {
        image_fini(&image);
        store_db_close(&db);
        return err;
    }
    *out = image;
    *out_db = db;
    return PM_OK;
}

void store_db_close(struct store_db **db)
{
    if (*db == NULL)
        return;
    store_finish(*db);
    sqlite3_close((*db)->handle);
    free(*db);
    *db = NULL;
}

/* ---- writing ---------------------------------------------------------------------- */

static int write_all(struct store_db *db, const struct batch *batch)
{
    int rc = SQLITE_OK;

    for (size_t i = 0; i < batch->n_gone && rc == SQLITE_OK; i++)
        rc = store_drop(db, batch->gone[i]);
    for (size_t i = 0; i < batch->n_specs && rc == SQLITE_OK; i++)
        rc = store_put_spec(db, batch, &batch->specs[i]);
    for (size_t i = 0; i < batch->n_wants && rc == SQLITE_OK; i++)
        rc = store_put_want(db, &batch->wants[i]);
    for (size_t i = 0; i < batch->n_deputies && rc == SQLITE_OK; i++)
        rc = store_put_deputy(db, &batch->deputies[i]);
    for (size_t i = 0; i < batch->events.n && rc == SQLITE_OK; i++)
        rc = store_put_event(db, &batch->events.at[i]);
    if (rc == SQLITE_OK && batch->events.n > 0)
        rc = store_trim(db, batch->events.at[batch->events.n - 1].seq);
    if (rc == SQLITE_OK && batch->wishes)
        rc = store_put_meta(db, "generation", batch->generation);
    if (rc == SQLITE_OK && batch->wishes)
        rc = store_put_meta(db, "last_id", batch->last_id);
    if (rc == SQLITE_OK && batch->wishes)
        rc = store_put_meta(db, "last_order", batch->last_order);
    return rc;
}

static int set_durable(struct store_db *db, bool durable)
{
    if (db->durable == durable)
        return SQLITE_OK;
    db->durable = durable;
    return exec(db, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
}

void store_db_write(struct store_db *db, struct batch *batch)
{
    int rc = set_durable(db, batch->wishes);

    if (rc == SQLITE_OK)
        rc = exec(db, "BEGIN IMMEDIATE");
    if (rc == SQLITE_OK)
        rc = write_all(db, batch);
    if (rc == SQLITE_OK)
        rc = exec(db, "COMMIT");
    batch->err = rc == SQLITE_OK ? PM_OK : PM_IO;
    if (rc == SQLITE_OK)
        return;
    batch->text = pm_printf("the store cannot be written: %s", sqlite3_errmsg(db->handle));
    if (!sqlite3_get_autocommit(db->handle))
        exec(db, "ROLLBACK");
}
