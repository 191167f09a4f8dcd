/* SQLite holds what must outlive the sheriff: wishes, generations, events, how lives ended.
 *
 * WAL with synchronous=FULL for wishes: when a client hears "done", a power cut cannot undo it.
 * Batches that hold only what happened are written with synchronous=NORMAL, which costs no fsync; a
 * power cut may take the last of them, a crash of the sheriff none.
 *
 * The file is locked for as long as it is open, so two sheriffs can never share one. What is not
 * ours, damaged, of a newer release or without its last changes is refused and left as it is: a
 * sheriff without a store learns from his deputies what he wanted; with a wrong one he does harm.
 */
#include "sheriffd/store_db.h"

#include "sheriffd/store_reached.h"
#include "sheriffd/store_rows.h"

#include <procman/limits.h>

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPLICATION 0x504d616e /* "PMan": pragma application_id of our files */
#define SCHEMA      5          /* pragma user_version */

/* Pages kept in memory, in KiB. Nearly all is written at the ends of tables, and what is read again
 * the kernel has, so SQLite's 2 MiB would only be what a crowd leaves behind for good. */
#define CACHE_KIB "512"
/* Changes are brought from the log into the file when it has this many pages of 4 KiB, so that it
 * does not fill a small disk by itself: one change takes about six. */
#define LOG_PAGES "256"
#define CROWD     256 /* rows of a transaction, after which not even these are kept */

/* What each version added to the one before; a new store is made of all of them. An older one is
 * brought up to date in one transaction, when it was found sound. */
static const char schema_1[] =
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

/* How lives ended, and who gave the orders of those numbers: first, last. */
static const char schema_2[] =
    "CREATE TABLE past(seq INTEGER PRIMARY KEY, token INTEGER NOT NULL UNIQUE,"
    " ended_ms INTEGER NOT NULL, host TEXT NOT NULL, grp TEXT NOT NULL, name TEXT NOT NULL,"
    " run INTEGER NOT NULL, by TEXT NOT NULL, life BLOB NOT NULL);"
    "CREATE INDEX past_of ON past(host, grp, name, ended_ms, run);"
    "CREATE INDEX past_when ON past(ended_ms);"
    "CREATE TABLE orders(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, by TEXT NOT NULL);"
    "PRAGMA user_version = 2;";

/* Pages bear no checksums: a flipped bit in a wish would be believed. No sum: written before. */
static const char schema_3[] =
    "ALTER TABLE meta ADD COLUMN sum INTEGER;"
    "ALTER TABLE specs ADD COLUMN sum INTEGER;"
    "ALTER TABLE wants ADD COLUMN sum INTEGER;"
    "PRAGMA user_version = 3;";

/* What else is to outlive the sheriff, each under a key: see store_notes_io.c. */
static const char schema_4[] =
    "CREATE TABLE notes(key TEXT PRIMARY KEY, value BLOB NOT NULL, sum INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "PRAGMA user_version = 4;";

/* What was applied: see store_revisions_io.c. */
static const char schema_5[] =
    "CREATE TABLE revisions(number INTEGER PRIMARY KEY, head BLOB NOT NULL, body BLOB NOT NULL,"
    " sum INTEGER NOT NULL);"
    "PRAGMA user_version = 5;";

static const char *const schemas[SCHEMA] = { schema_1, schema_2, schema_3, schema_4, schema_5 };

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
                         "it away to begin with what the deputies hold", path,
                         sqlite3_errstr(rc));
        return PM_BAD_CONFIG;
    default:
        *why = pm_printf("%s: %s", path, sqlite3_errmsg(db->handle));
        return PM_IO;
    }
}

/* Before anything is written: is it ours, and do we know it? */
static enum pm_err inspect(struct store_db *db, const char *path, int64_t *out_version, char **why)
{
    int rc;
    int64_t tables = pragma(db, "SELECT count(*) FROM sqlite_master", &rc);
    int64_t application = rc == SQLITE_OK ? pragma(db, "PRAGMA application_id", &rc) : 0;
    int64_t version = rc == SQLITE_OK ? pragma(db, "PRAGMA user_version", &rc) : 0;

    if (rc != SQLITE_OK)
        return refuse(db, path, rc, why);
    *out_version = 0;
    if (tables == 0 && application == 0 && version == 0)
        return PM_OK;
    if (application != APPLICATION) {
        *why = pm_printf("%s: this is not a store of sheriffd; nothing was changed; name another "
                         "--state-dir, or move it away", path);
        return PM_BAD_CONFIG;
    }
    if (version < 1 || version > SCHEMA) {
        *why = pm_printf("%s: the store has version %lld, this sheriffd knows version %d; install "
                         "the release that wrote it; nothing was changed", path,
                         (long long)version, SCHEMA);
        return PM_VERSION;
    }
    *out_version = version;
    return PM_OK;
}

/* Before anything is written, too: are all the changes there that were once stored? */
static enum pm_err must_be_whole(struct store_db *db, const char *path, char **why)
{
    uint64_t reached = store_reached(db->reached);
    int rc;
    uint64_t generation = (uint64_t)pragma(db, "SELECT value FROM meta WHERE key = 'generation'",
                                           &rc);

    if (generation >= reached)
        return PM_OK;
    *why = pm_printf("%s: the store is damaged, or an old copy (it has lost its last changes: it "
                     "ends with generation %llu, and %llu was reached); nothing was changed. If "
                     "you restored it from a backup and its older wishes shall hold, remove "
                     "%s-generation and begin again; else restore it, or move both away to begin "
                     "with what the deputies hold", path, (unsigned long long)generation,
                     (unsigned long long)reached, path);
    return PM_BAD_CONFIG;
}

/* From the version it has (0: it is new) to ours. */
static int make_schema(struct store_db *db, int64_t version, uint64_t fresh_id)
{
    int rc = exec(db, "BEGIN IMMEDIATE");

    for (int64_t next = version; next < SCHEMA && rc == SQLITE_OK; next++)
        rc = exec(db, schemas[next]);
    if (rc == SQLITE_OK && version == 0)
        rc = store_put_meta(db, "sheriff_id", fresh_id);
    if (rc == SQLITE_ERROR && version > 0) /* it has already what it should not have yet */
        return SQLITE_CORRUPT;
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
    int64_t version = 0;
    enum pm_err err = inspect(db, path, &version, why);
    int rc = SQLITE_OK;

    if (err != PM_OK)
        return err;
    if (version > 0) {
        rc = check(db);
        if (rc == SQLITE_OK && must_be_whole(db, path, why) != PM_OK)
            return PM_BAD_CONFIG;
    }
    if (rc == SQLITE_OK)
        rc = exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                      "PRAGMA wal_autocheckpoint = " LOG_PAGES ";"
                      "PRAGMA cache_size = -" CACHE_KIB);
    if (rc == SQLITE_OK && version < SCHEMA)
        rc = make_schema(db, version, fresh_id);
    if (rc == SQLITE_OK)
        rc = store_prepare(db);
    if (rc == SQLITE_OK)
        rc = store_load(db, out);
    db->durable = true;
    if (rc != SQLITE_OK)
        return refuse(db, path, rc, why);
    store_reached_note(db->reached, out->generation);
    return PM_OK;
}

/* At its end SQLite would tidy up, and with it what a damaged store could be restored from. */
static void keep_log(struct store_db *db, bool keep)
{
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, (int)keep, NULL);
}

/* Specs have the values of environment variables. SQLite gives its other files the same mode. */
static void make_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
}

enum pm_err store_db_open(const char *path, uint64_t fresh_id, struct image *out,
                          struct store_db **out_db, char **why)
{
    struct store_db *db = pm_alloc(sizeof *db);
    struct image image = { .arena = { .limit = SIZE_MAX } };
    enum pm_err err;

    make_private(path);
    int rc = sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

    db->reached = store_reached_open(path);
    keep_log(db, true);
    if (rc == SQLITE_OK)
        rc = exec(db, "PRAGMA locking_mode = EXCLUSIVE;");
    err = rc == SQLITE_OK ? prepare(db, path, fresh_id, &image, why) : refuse(db, path, rc, why);
    if (err != PM_OK) {
        image_fini(&image);
        store_db_close(&db);
        return err;
    }
    keep_log(db, false);
    (void)chmod(path, 0600); /* one that an earlier release has made */
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
    if ((*db)->reached >= 0)
        close((*db)->reached);
    free(*db);
    *db = NULL;
}

void store_db_history(struct store_db *db, struct history *history)
{
    if (history->of_revisions)
        store_db_revisions(db, history);
    else if (history->of_lives)
        store_db_lives(db, history);
    else
        store_db_events(db, history);
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
    if (rc == SQLITE_OK && batch->n_revisions > 0)
        rc = store_put_revisions(db, batch);
    for (size_t i = 0; i < batch->n_notes && rc == SQLITE_OK; i++)
        rc = store_put_note(db, batch, &batch->notes[i]);
    if (rc == SQLITE_OK && batch->n_wants > 0)
        rc = store_put_orders(db, batch);
    for (size_t i = 0; i < batch->events.n && rc == SQLITE_OK; i++)
        rc = store_put_event(db, &batch->events.at[i]);
    if (rc == SQLITE_OK && batch->events.n > 0)
        rc = store_trim(db, batch->events.at[batch->events.n - 1].seq);
    if (rc == SQLITE_OK && batch->past != NULL)
        rc = store_put_past(db, batch->past);
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
    int rc = SQLITE_OK;

    if (db->durable != durable)
        rc = exec(db, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    if (rc == SQLITE_OK)
        db->durable = durable;
    return rc;
}

/* What the last one has left: nobody waits for this, and somebody may for the next. */
static void tidy(struct store_db *db, int changes)
{
    (void)set_durable(db, true); /* else the next one tries again, and is refused */
    if (changes >= CROWD)
        sqlite3_db_release_memory(db->handle);
}

static int write_once(struct store_db *db, const struct batch *batch)
{
    int rc = store_run(db->statements[STORE_BEGIN]);

    if (rc == SQLITE_OK)
        rc = write_all(db, batch);
    if (rc == SQLITE_OK)
        rc = store_run(db->statements[STORE_COMMIT]);
    return rc;
}

static void roll_back(struct store_db *db)
{
    if (!sqlite3_get_autocommit(db->handle))
        exec(db, "ROLLBACK");
}

/* On a full disk: what the log has is brought into the file, and its room is there again. */
static bool makes_room(struct store_db *db)
{
    roll_back(db);
    return sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL)
           == SQLITE_OK;
}

void store_db_write(struct store_db *db, struct batch *batch)
{
    int rc = set_durable(db, batch->wishes), before = sqlite3_total_changes(db->handle);

    if (rc == SQLITE_OK)
        rc = write_once(db, batch);
    if (rc == SQLITE_FULL && makes_room(db))
        rc = write_once(db, batch);
    batch->err = rc == SQLITE_OK ? PM_OK : PM_IO;
    if (rc == SQLITE_OK && batch->wishes)
        store_reached_note(db->reached, batch->generation);
    if (rc != SQLITE_OK)
        batch->text = pm_printf("the store cannot be written: %s", store_fault(db, rc));
    roll_back(db);
    tidy(db, sqlite3_total_changes(db->handle) - before);
}
