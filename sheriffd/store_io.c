/* An actor that owns the database. Pointers go in and come back with their answers; whoever
 * holds the pointer owns what it points to, so nothing is shared. */
#include "sheriffd/store_io.h"

#include "sheriffd/store_db.h"

#include <stdlib.h>
#include <string.h>

#define LAST_ANSWER_MS 5000

struct store {
    struct store_db *db;
    zactor_t *actor;
    size_t given;      /* and not returned yet */
};

static void obey(struct store_db *db, zsock_t *pipe, const char *what, void *pointer)
{
    if (strcmp(what, "write") == 0)
        store_db_write(db, pointer);
    else
        store_db_history(db, pointer);
    zsock_send(pipe, "sp", what, pointer);
}

static void run(zsock_t *pipe, void *args)
{
    struct store_db *db = args;
    bool ending = false;

    zsock_signal(pipe, 0);
    while (!ending) {
        char *what = NULL;
        void *pointer = NULL;

        if (zsock_recv(pipe, "sp", &what, &pointer) != 0 || pointer == NULL)
            ending = true; /* "$TERM" comes alone */
        else
            obey(db, pipe, what, pointer);
        zstr_free(&what);
    }
}

enum pm_err store_open(const char *path, uint64_t fresh_id, struct image *out,
                       struct store **out_store, char **why)
{
    struct store_db *db = NULL;
    enum pm_err err = store_db_open(path, fresh_id, out, &db, why);

    if (err != PM_OK)
        return err;
    struct store *store = pm_alloc(sizeof *store);

    store->db = db;
    store->actor = zactor_new(run, db);
    pm_assert(store->actor != NULL);
    *out_store = store;
    return PM_OK;
}

static void give(struct store *store, const char *what, void *pointer)
{
    int rc = zsock_send(store->actor, "sp", what, pointer);

    pm_assert(rc == 0);
    store->given++;
}

void store_write(struct store *store, struct batch *batch)
{
    give(store, "write", batch);
}

void store_ask(struct store *store, struct history *history)
{
    give(store, "ask", history);
}

zsock_t *store_socket(const struct store *store)
{
    return zactor_sock(store->actor);
}

/* Takes one answer; may wait for it. */
static bool take(struct store *store, struct batch **out_batch, struct history **out_history)
{
    char *what = NULL;
    void *pointer = NULL;

    *out_batch = NULL;
    *out_history = NULL;
    if (zsock_recv(store_socket(store), "sp", &what, &pointer) == 0 && pointer != NULL) {
        store->given--;
        if (strcmp(what, "write") == 0)
            *out_batch = pointer;
        else
            *out_history = pointer;
    }
    zstr_free(&what);
    return pointer != NULL;
}

bool store_next(struct store *store, struct batch **out_batch, struct history **out_history)
{
    if ((zsock_events(store_socket(store)) & ZMQ_POLLIN) == 0)
        return false;
    return take(store, out_batch, out_history);
}

/* What was given is done before the thread ends; a disk that hangs is not waited for for ever. */
void store_close(struct store **store)
{
    struct batch *batch;
    struct history *history;

    if (*store == NULL)
        return;
    zsock_set_rcvtimeo(store_socket(*store), LAST_ANSWER_MS);
    while ((*store)->given > 0 && take(*store, &batch, &history)) {
        batch_close(&batch);
        history_close(&history);
    }
    zsock_set_rcvtimeo(store_socket(*store), -1);
    zactor_destroy(&(*store)->actor);
    store_db_close(&(*store)->db);
    free(*store);
    *store = NULL;
}
