#include "sheriffd/store_io.h"

#include <criterion/criterion.h>
#include <procman/limits.h>
#include <procman/spec.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[64], path[96];
static struct store *store;
static struct image image;
static char *why;

static void begin(void)
{
    strcpy(dir, "/tmp/procman-store-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/sheriff.db", dir);
    zsys_handler_set(NULL);
    store = NULL;
    why = NULL;
}

static void end(void)
{
    char command[128];

    store_close(&store);
    image_fini(&image);
    pm_free(&why);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    cr_assert_eq(system(command), 0);
}

TestSuite(store, .init = begin, .fini = end);

static enum pm_err open_store(void)
{
    store_close(&store);
    image_fini(&image);
    pm_free(&why);
    return store_open(path, 4711, &image, &store, &why);
}

/* Waits for the answer; the zmq socket of the store gets it in a moment. */
static struct batch *written(struct batch *batch)
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

static void write_ok(struct batch *batch)
{
    struct batch *answer = written(batch);

    cr_assert_eq(answer->err, PM_OK, "%s", answer->text);
    batch_close(&answer);
}

static struct pm_spec spec(uint64_t id, const char *name)
{
    struct pm_spec made;

    pm_spec_init(&made);
    made.id = id;
    made.name = name;
    made.host = "k9";
    made.command = "true";
    return made;
}

static struct batch *one_process(void)
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

Test(store, gives_back_after_a_restart_what_it_was_given)
{
    cr_assert_eq(open_store(), PM_OK, "%s", why);
    cr_assert_eq(image.sheriff_id, 4711);
    cr_assert_eq(image.n, 0);
    write_ok(one_process());

    cr_assert_eq(open_store(), PM_OK, "%s", why);
    cr_assert_eq(image.sheriff_id, 4711);
    cr_assert_eq(image.generation, 5);
    cr_assert_eq(image.last_id, 7);
    cr_assert_eq(image.last_order, 12);
    cr_assert_eq(image.n, 1);
    cr_assert_str_eq(image.specs[0].name, "cam");
    cr_assert(image.wants[0].up && image.wants[0].held);
    cr_assert_str_eq(image.wants[0].by, "ann");
    cr_assert_str_eq(image.deputies.at[0], "k9");
}

Test(store, forgets_what_is_gone)
{
    struct batch *batch = batch_open(2);

    cr_assert_eq(open_store(), PM_OK);
    write_ok(one_process());
    batch_add_gone(batch, 7);
    batch_add_deputy(batch, "k9", false);
    write_ok(batch);
    cr_assert_eq(open_store(), PM_OK);
    cr_assert_eq(image.n, 0);
    cr_assert_eq(image.deputies.n, 0);
}

static struct history *asked(struct pm_history ask)
{
    struct batch *batch;
    struct history *answer = NULL;

    store_ask(store, history_open(1, &ask));
    while (!store_next(store, &batch, &answer))
        cr_assert(zmq_poll(&(zmq_pollitem_t){ .socket = zsock_resolve(store_socket(store)),
                                              .events = ZMQ_POLLIN }, 1, 5000) == 1);
    return answer;
}

static struct batch *events(uint64_t first, size_t n)
{
    static struct pm_event rows[300];
    struct batch *batch = batch_open(3);

    cr_assert_leq(n, PM_COUNT(rows));
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct pm_event){ .seq = first + i, .time_ms = (int64_t)(1000 + first + i),
                                     .host = "k9", .group = "", .what = "running", .text = "t",
                                     .name = i % 2 ? "lidar" : "cam", .by = "" };
    batch->events = (struct pm_event_list){ rows, n };
    return batch;
}

Test(store, tells_the_newest_events_oldest_first)
{
    struct history *answer;
    const char *word = "lidar";

    cr_assert_eq(open_store(), PM_OK);
    write_ok(events(1, 100));
    answer = asked((struct pm_history){ .most = 3 });
    cr_assert_eq(answer->events.n, 3);
    cr_assert_eq(answer->events.at[0].seq, 98);
    cr_assert_eq(answer->events.at[2].seq, 100);
    history_close(&answer);

    answer = asked((struct pm_history){ .select = { &word, 1 }, .after_seq = 95 });
    cr_assert_eq(answer->events.n, 3);
    cr_assert_eq(answer->events.at[0].seq, 96);
    history_close(&answer);

    answer = asked((struct pm_history){ .since_ms = 1099 });
    cr_assert_eq(answer->events.n, 2);
    history_close(&answer);
    cr_assert_eq(open_store(), PM_OK);
    cr_assert_eq(image.last_event, 100);
}

Test(store, answers_a_senseless_selector_with_a_sentence)
{
    const char *word = "%nonsense";
    struct history *answer;

    cr_assert_eq(open_store(), PM_OK);
    answer = asked((struct pm_history){ .select = { &word, 1 } });
    cr_assert_eq(answer->err, PM_USAGE);
    cr_assert_not_null(answer->text);
    history_close(&answer);
}

Test(store, keeps_no_more_events_than_the_limit)
{
    struct history *answer;

    cr_assert_eq(open_store(), PM_OK);
    write_ok(events(1, 10));
    write_ok(events(PM_LIMIT_EVENTS + 5, 1));
    answer = asked((struct pm_history){ 0 });
    cr_assert_eq(answer->events.n, 6);
    cr_assert_eq(answer->events.at[0].seq, 6);
    history_close(&answer);
}

/* ---- what it refuses -------------------------------------------------------------- */

static void write_file(const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

Test(store, refuses_a_file_that_is_no_store_and_leaves_it_alone)
{
    char text[64] = "";

    write_file("this is a letter to my aunt, and quite a long one at that");
    cr_assert_eq(open_store(), PM_BAD_CONFIG);
    cr_assert(strstr(why, "nothing was changed"), "%s", why);
    int fd = open(path, O_RDONLY);
    cr_assert(read(fd, text, sizeof text - 1) > 0);
    close(fd);
    cr_assert_eq(strncmp(text, "this is a letter", 16), 0);
}

static void sql(const char *statement)
{
    sqlite3 *db = NULL;

    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, statement, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

Test(store, refuses_somebody_elses_database)
{
    sql("CREATE TABLE recipes(x)");
    cr_assert_eq(open_store(), PM_BAD_CONFIG);
    cr_assert(strstr(why, "not a store of sheriffd"), "%s", why);
}

Test(store, refuses_a_store_of_a_newer_release_with_both_versions)
{
    cr_assert_eq(open_store(), PM_OK);
    store_close(&store);
    sql("PRAGMA user_version = 9");
    cr_assert_eq(open_store(), PM_VERSION);
    cr_assert(strstr(why, "version 9") && strstr(why, "version 1"), "%s", why);
}

Test(store, refuses_a_damaged_store)
{
    struct batch *batch = one_process();
    static char garbage[8192];

    cr_assert_eq(open_store(), PM_OK);
    write_ok(batch);
    store_close(&store);
    memset(garbage, 0x5a, sizeof garbage);
    int fd = open(path, O_WRONLY);
    cr_assert_eq(pwrite(fd, garbage, sizeof garbage, 4096), (ssize_t)sizeof garbage);
    close(fd);
    cr_assert_eq(open_store(), PM_BAD_CONFIG);
    cr_assert(strstr(why, "damaged"), "%s", why);
}

Test(store, refuses_to_share_a_store_with_another_sheriff)
{
    struct store *other = NULL;
    struct image second = { 0 };

    cr_assert_eq(open_store(), PM_OK);
    cr_assert_eq(store_open(path, 1, &second, &other, &why), PM_BUSY);
    cr_assert(strstr(why, "another sheriff"), "%s", why);
}

Test(store, says_why_a_change_cannot_be_stored_and_stores_nothing_of_it)
{
    struct batch *answer;

    cr_assert_eq(open_store(), PM_OK);
    write_ok(one_process());
    store_close(&store);
    sql("CREATE TRIGGER full BEFORE INSERT ON wants BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    cr_assert_eq(open_store(), PM_OK);
    struct batch *batch = batch_open(2);
    struct pm_spec lidar = spec(8, "lidar");
    cr_assert_eq(batch_add_spec(batch, &lidar), PM_OK);
    batch_add_want(batch, &(struct batch_want){ .id = 8, .by = "" });
    answer = written(batch);
    cr_assert_eq(answer->err, PM_IO);
    cr_assert(strstr(answer->text, "disk full"), "%s", answer->text);
    batch_close(&answer);
    cr_assert_eq(open_store(), PM_OK);
    cr_assert_eq(image.n, 1);
}
