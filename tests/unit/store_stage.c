#include "store_stage.h"

#include <criterion/criterion.h>
#include <procman/spec.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char dir[64], path[96];
struct store *store;
struct image image;
char *why;

void store_stage_begin(void)
{
    strcpy(dir, "/tmp/procman-store-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/sheriff.db", dir);
    zsys_handler_set(NULL);
    store = NULL;
    why = NULL;
}

void store_stage_end(void)
{
    char command[128];

    store_close(&store);
    image_fini(&image);
    pm_free(&why);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    cr_assert_eq(system(command), 0);
}

enum pm_err open_store(void)
{
    store_close(&store);
    image_fini(&image);
    pm_free(&why);
    return store_open(path, 4711, &image, &store, &why);
}

/* Waits for the answer; the zmq socket of the store gets it in a moment. */
struct batch *written(struct batch *batch)
{
    struct batch *answer = NULL;
    struct history *history;

    store_write(store, batch);
    zsock_set_rcvtimeo(store_socket(store), 5000);
    while (!store_next(store, &answer, &history))
        cr_assert(zmq_poll(&(zmq_pollitem_t){ .socket = zsock_resolve(store_socket(store)),
                                              .events = ZMQ_POLLIN }, 1, 5000) == 1);
    return answer;
}

void write_ok(struct batch *batch)
{
    struct batch *answer = written(batch);

    cr_assert_eq(answer->err, PM_OK, "%s", answer->text);
    batch_close(&answer);
}

struct pm_spec spec(uint64_t id, const char *name)
{
    struct pm_spec made;

    pm_spec_init(&made);
    made.id = id;
    made.name = name;
    made.host = "k9";
    made.command = "true";
    return made;
}

struct batch *one_process(void)
{
    struct batch *batch = batch_open(1);
    struct pm_spec cam = spec(7, "cam");

    cr_assert_eq(batch_add_spec(batch, &cam), PM_OK);
    batch_add_want(batch, &(struct batch_want){ .id = 7, .order = 12, .up = true, .held = true,
                                                .by = "ann" });
    batch_add_deputy(batch, "k9", true);
    batch->generation = 5;
    batch->last_id = 7;
    batch->last_order = 12;
    return batch;
}

struct history *answered(struct history *question)
{
    struct batch *batch;
    struct history *answer = NULL;

    store_ask(store, question);
    while (!store_next(store, &batch, &answer))
        cr_assert(zmq_poll(&(zmq_pollitem_t){ .socket = zsock_resolve(store_socket(store)),
                                              .events = ZMQ_POLLIN }, 1, 5000) == 1);
    return answer;
}

void sql(const char *statement)
{
    sqlite3 *db = NULL;

    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, statement, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}
