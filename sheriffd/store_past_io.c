/* How lives ended, as rows: their encoding, and beside it what is asked by.
 *
 * An end is stored once, by its token, however often it is told. Of each process the newest are
 * kept, and of all together (the others go now and then, not each time); they outlive their
 * process, so one that is removed by mistake and defined again still has its story. An answer
 * holds all that was asked for, or says that it cannot.
 *
 * Who had ordered a life or its end is known by the number of the order. The orders of one command
 * have numbers in a row, so a thousand of them are one row of the table `orders`.
 */
#include "sheriffd/store_rows.h"

#include <procman/limits.h>
#include <procman/select.h>

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define LIFE_AROUND 128        /* bytes of an encoded end around its texts and what is stored */
#define ORDERS_KEPT 100000     /* numbers back from the last */
#define TRIM_ONE_IN 8          /* ends: so many more than its own may a process have for a while */
#define TRIM_ALL_ONE_IN 256    /* and so many more all of them: it is a walk through the index */

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

static void bind_number(sqlite3_stmt *statement, int at, uint64_t number)
{
    sqlite3_bind_int64(statement, at, (sqlite3_int64)number);
}

/* ---- orders ------------------------------------------------------------------------- */

static int put_orders(struct store_db *db, uint64_t first, uint64_t last, const char *by)
{
    sqlite3_stmt *put = db->statements[STORE_ORDERS];

    bind_number(put, 1, first);
    bind_number(put, 2, last);
    bind_text(put, 3, by);
    return store_run(put);
}

int store_put_orders(struct store_db *db, const struct batch *batch)
{
    sqlite3_stmt *trim = db->statements[STORE_TRIM_ORDERS];
    int rc = SQLITE_OK;

    for (size_t i = 0, next; i < batch->n_wants && rc == SQLITE_OK; i = next) {
        const struct batch_want *first = &batch->wants[i];

        for (next = i + 1; next < batch->n_wants; next++)
            if (batch->wants[next].order != first->order + (next - i)
                || strcmp(batch->wants[next].by, first->by) != 0)
                break;
        rc = put_orders(db, first->order, first->order + (next - i - 1), first->by);
    }
    if (rc != SQLITE_OK || batch->last_order <= ORDERS_KEPT)
        return rc;
    bind_number(trim, 1, batch->last_order - ORDERS_KEPT);
    return store_run(trim);
}

/* ---- putting ------------------------------------------------------------------------ */

static void bind_name(sqlite3_stmt *statement, const struct pm_past_life *life)
{
    bind_text(statement, 1, life->host);
    bind_text(statement, 2, life->group);
    bind_text(statement, 3, life->name);
}

static int put_life(struct store_db *db, const struct pm_past_life *life, struct pm_buf *bytes)
{
    sqlite3_stmt *put = db->statements[STORE_LIFE];
    struct pm_past_life kept = *life;

    kept.host = kept.group = kept.name = kept.by = ""; /* these have columns, as has the time */
    kept.ended_ms = 0;
    kept.age_ms = 0;
    bytes->n = 0;
    if (pm_encode(&pm_past_life_desc, &kept, bytes) != PM_OK)
        return SQLITE_TOOBIG; /* it came in a message, so it is not; never noted, at any rate */
    bind_number(put, 1, life->token);
    sqlite3_bind_int64(put, 2, life->ended_ms);
    bind_text(put, 3, life->host);
    bind_text(put, 4, life->group);
    bind_text(put, 5, life->name);
    bind_number(put, 6, life->run);
    bind_text(put, 7, life->by);
    bind_number(put, 8, life->order);
    sqlite3_bind_blob64(put, 9, bytes->at, bytes->n, SQLITE_STATIC);
    return store_run(put);
}

static int trim_of(struct store_db *db, const struct pm_past_life *life)
{
    sqlite3_stmt *trim = db->statements[STORE_TRIM_LIVES_OF];

    bind_name(trim, life);
    bind_number(trim, 4, PM_LIMIT_PAST);
    return store_run(trim);
}

/* Tokens are random, so some number of ends apart this is true of one. */
static bool is_one_in(uint64_t token, uint64_t number)
{
    return (token >> 32) % number == 0;
}

int store_put_past(struct store_db *db, const struct batch_past *past)
{
    PM_CLEANUP(pm_buf_fini) struct pm_buf bytes = { 0 };
    sqlite3_stmt *trim = db->statements[STORE_TRIM_LIVES];
    bool trim_all = false;
    int rc = SQLITE_OK;

    for (; past != NULL; past = past->next) {
        const struct pm_past_life_list *lives = &past->endings.past;

        for (size_t i = 0; i < lives->n && rc == SQLITE_OK; i++)
            rc = put_life(db, &lives->at[i], &bytes);
        for (size_t i = 0; i < lives->n && rc == SQLITE_OK; i++) {
            trim_all |= is_one_in(lives->at[i].token, TRIM_ALL_ONE_IN);
            if (is_one_in(lives->at[i].token, TRIM_ONE_IN))
                rc = trim_of(db, &lives->at[i]);
        }
    }
    if (rc != SQLITE_OK || !trim_all)
        return rc;
    bind_number(trim, 1, PM_LIMIT_PAST_ALL);
    return store_run(trim);
}

/* ---- asking ------------------------------------------------------------------------- */

struct search {
    struct store_db *db;
    struct history *history;
    struct pm_select *select;    /* NULL: everything */
    struct pm_past_life *lives;  /* found so far, in no order */
    size_t n, cap;
    size_t bytes;                /* their answer will have */
    uint64_t most;               /* of each process */
};

static bool load_life(struct search *search, sqlite3_stmt *row, const struct pm_past_life *name)
{
    struct pm_arena *arena = &search->history->arena;
    size_t n = (size_t)sqlite3_column_bytes(row, 2);
    const uint8_t *stored = sqlite3_column_blob(row, 2);
    uint8_t *bytes = pm_arena_get(arena, n + 1); /* the tail borrows from them */
    struct pm_past_life life;

    if (stored == NULL || bytes == NULL)
        return false;
    memcpy(bytes, stored, n);
    if (pm_decode(&pm_past_life_desc, bytes, n, arena, &life, NULL) != PM_OK)
        return false;
    life.host = name->host;
    life.group = name->group;
    life.name = name->name;
    life.ended_ms = sqlite3_column_int64(row, 0);
    life.by = store_text_at(row, 1, arena);
    if (life.by == NULL)
        return false;
    if (search->n == search->cap) {
        search->cap = search->cap > 0 ? 2 * search->cap : 64;
        search->lives = pm_resize(search->lives, search->cap, sizeof *search->lives);
    }
    search->lives[search->n++] = life;
    search->bytes += n + strlen(life.host) + strlen(life.group) + strlen(life.name)
                     + strlen(life.by) + LIFE_AROUND;
    return true;
}

/* False: one message does not hold what was found. */
static bool fits(const struct search *search)
{
    return search->n <= PM_LIMIT_LIST && search->bytes <= PM_LIMIT_FRAME;
}

static int find_lives_of(struct search *search, const struct pm_past_life *name)
{
    sqlite3_stmt *row = search->db->statements[STORE_LIVES_OF];
    bool sound = true;
    int rc = SQLITE_ROW;

    bind_name(row, name);
    bind_number(row, 4, search->most);
    while (sound && fits(search) && (rc = sqlite3_step(row)) == SQLITE_ROW)
        sound = load_life(search, row, name);
    sqlite3_reset(row);
    sqlite3_clear_bindings(row);
    if (!sound)
        return SQLITE_CORRUPT;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* From one name to the next by the index: what is not asked for costs one step each. */
static int next_name(struct search *search, struct pm_past_life *name)
{
    struct pm_arena *arena = &search->history->arena;
    sqlite3_stmt *row = search->db->statements[STORE_NEXT_NAME];
    int rc;

    bind_name(row, name);
    rc = sqlite3_step(row);
    if (rc == SQLITE_ROW) {
        name->host = store_text_at(row, 0, arena);
        name->group = store_text_at(row, 1, arena);
        name->name = store_text_at(row, 2, arena);
        if (name->host == NULL || name->group == NULL || name->name == NULL)
            rc = SQLITE_NOMEM;
    }
    sqlite3_reset(row);
    sqlite3_clear_bindings(row);
    return rc;
}

static int find_lives(struct search *search)
{
    struct pm_past_life name = { .host = "", .group = "", .name = "" };
    int rc = SQLITE_DONE;

    while (fits(search) && (rc = next_name(search, &name)) == SQLITE_ROW) {
        if (search->select == NULL || pm_select_match(search->select, name.group, name.name,
                                                      name.host, PM_STATE_NOWHERE))
            rc = find_lives_of(search, &name);
        if (rc != SQLITE_ROW && rc != SQLITE_OK)
            return rc;
    }
    return rc == SQLITE_DONE || rc == SQLITE_OK ? SQLITE_OK : rc;
}

static int by_time(const void *a, const void *b)
{
    const struct pm_past_life *one = a, *other = b;

    if (one->ended_ms != other->ended_ms)
        return one->ended_ms > other->ended_ms ? 1 : -1;
    return (one->run > other->run) - (one->run < other->run);
}

static void answer(struct search *search)
{
    struct history *history = search->history;
    struct pm_past_life *lives = pm_arena_get(&history->arena, (search->n + 1) * sizeof *lives);

    if (lives == NULL) {
        history->err = PM_NO_MEMORY;
        history->text = pm_strdup("the answer needs more memory than is to be had");
        return;
    }
    if (search->n > 0) {
        qsort(search->lives, search->n, sizeof *lives, by_time);
        memcpy(lives, search->lives, search->n * sizeof *lives);
    }
    history->lives = (struct pm_past_life_list){ .at = lives, .n = search->n };
}

void store_db_lives(struct store_db *db, struct history *history)
{
    const struct pm_past *ask = &history->ask_lives;
    struct search search = { .db = db, .history = history,
                             .most = ask->most > 0 && ask->most < PM_LIMIT_PAST ? ask->most
                                                                                : PM_LIMIT_PAST };
    int rc = SQLITE_OK;

    if (ask->select.n > 0)
        history->err = pm_select_open(&ask->select, &search.select, &history->text);
    if (history->err == PM_OK)
        rc = find_lives(&search);
    if (rc != SQLITE_OK) {
        history->err = PM_IO;
        history->text = pm_printf("the store cannot be read: %s", store_fault(db, rc));
    } else if (history->err == PM_OK && !fits(&search)) {
        history->err = PM_LIMIT;
        history->text = pm_printf("how these processes ended is more than the %u MiB one answer "
                                  "holds; ask for fewer of them, or for fewer ends of each",
                                  PM_LIMIT_FRAME >> 20);
    }
    if (history->err == PM_OK)
        answer(&search);
    pm_select_close(&search.select);
    free(search.lives);
}
