#include "sheriffd/store_io.h"

#include <criterion/criterion.h>
#include <procman/limits.h>
#include <procman/spec.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* ---- how lives ended ---------------------------------------------------------------- */

static struct pm_past_life life(uint64_t token, const char *name, int64_t ended_ms)
{
    return (struct pm_past_life){ .token = token, .host = "k9", .group = "tools", .name = name,
                                  .run = token, .exit_code = 3, .ended_ms = ended_ms,
                                  .reason = "exit code 3", .by = "" };
}

static void write_lives(struct pm_past_life *lives, size_t n)
{
    struct batch *batch = batch_open(5);
    struct pm_endings endings = { .past = { lives, n } };

    batch_add_past(batch, batch_past_open(&endings));
    write_ok(batch);
}

static struct history *asked_lives(const char *word, uint64_t most)
{
    struct pm_past ask = { .select = { &word, word != NULL }, .most = most };
    struct batch *batch;
    struct history *answer = NULL;

    store_ask(store, history_open_lives(1, &ask));
    while (!store_next(store, &batch, &answer))
        cr_assert(zmq_poll(&(zmq_pollitem_t){ .socket = zsock_resolve(store_socket(store)),
                                              .events = ZMQ_POLLIN }, 1, 5000) == 1);
    return answer;
}

Test(store, tells_how_lives_ended_in_the_order_they_did)
{
    struct pm_past_life lives[3] = { life(1, "cam", 1000), life(2, "lidar", 3000),
                                     life(3, "cam", 2000) };
    struct history *answer;

    cr_assert_eq(open_store(), PM_OK);
    write_lives(lives, 3);
    cr_assert_eq(open_store(), PM_OK);
    answer = asked_lives(NULL, 0);
    cr_assert_eq(answer->lives.n, 3);
    cr_assert_eq(answer->lives.at[1].token, 3);
    cr_assert_str_eq(answer->lives.at[1].name, "cam");
    cr_assert_str_eq(answer->lives.at[1].host, "k9");
    cr_assert_eq(answer->lives.at[1].exit_code, 3);
    history_close(&answer);

    answer = asked_lives("tools/cam@k9", 1);
    cr_assert_eq(answer->lives.n, 1);
    cr_assert_eq(answer->lives.at[0].token, 3);
    history_close(&answer);

    answer = asked_lives("%nonsense", 0);
    cr_assert_eq(answer->err, PM_USAGE);
    history_close(&answer);
}

Test(store, keeps_an_end_once_however_often_it_is_told_and_adds_its_last_lines)
{
    struct pm_past_life bare = life(1, "cam", 1000), whole = life(1, "cam", 1007);
    struct history *answer;

    whole.tail = (struct pm_blob){ (const uint8_t *)"ouch\n", 5 };
    whole.output_end = 5;
    cr_assert_eq(open_store(), PM_OK);
    write_lives(&bare, 1);
    write_lives(&whole, 1);
    write_lives(&bare, 1); /* by a brain that knew no lines */
    answer = asked_lives(NULL, 0);
    cr_assert_eq(answer->lives.n, 1);
    cr_assert_eq(answer->lives.at[0].ended_ms, 1000);
    cr_assert_eq(answer->lives.at[0].tail.n, 5);
    cr_assert_eq(memcmp(answer->lives.at[0].tail.at, "ouch\n", 5), 0);
    history_close(&answer);
}

Test(store, keeps_the_newest_ends_of_each_process)
{
    struct pm_past_life lives[PM_LIMIT_PAST + 10];
    struct history *answer;

    for (size_t i = 0; i < PM_COUNT(lives); i++)
        lives[i] = life(i + 1, "cam", (int64_t)(1000 + i));
    cr_assert_eq(open_store(), PM_OK);
    write_lives(lives, PM_COUNT(lives));
    answer = asked_lives(NULL, 0);
    cr_assert_eq(answer->lives.n, PM_LIMIT_PAST);
    cr_assert_eq(answer->lives.at[0].token, 11);
    history_close(&answer);
}

Test(store, keeps_no_more_ends_than_the_limit_of_all)
{
    static struct pm_past_life lives[5000];
    static char names[5000][16];
    struct history *answer;
    uint64_t token = 0;

    cr_assert_eq(open_store(), PM_OK);
    for (int round = 0; round < 5; round++) {
        for (size_t i = 0; i < PM_COUNT(lives); i++) {
            snprintf(names[i], sizeof names[i], "p%04u-%d", (unsigned)i, round);
            token++;
            lives[i] = life(token, names[i], (int64_t)(1000 + token));
        }
        write_lives(lives, PM_COUNT(lives));
    }
    answer = asked_lives("p*-0", 0);
    cr_assert_eq(answer->lives.n, 0, "the oldest have gone");
    history_close(&answer);
    answer = asked_lives("p0000-1", 0);
    cr_assert_eq(answer->lives.n, 1, "and no others");
    history_close(&answer);
}

Test(store, knows_who_had_given_an_order_of_that_number)
{
    struct batch *batch = one_process();
    struct pm_past_life lives[3] = { life(1, "cam", 1000), life(2, "cam", 2000),
                                     life(3, "cam", 3000) };
    struct history *answer;

    for (uint64_t i = 0; i < 3; i++)
        batch_add_want(batch, &(struct batch_want){ .id = 20 + i, .order = 100 + i,
                                                    .by = "ann (procmanctl stop, pid 7)" });
    cr_assert_eq(open_store(), PM_OK);
    write_ok(batch);
    lives[0].order = 101;
    lives[1].order = 103;
    lives[2].order = 102;
    lives[2].by = "bob";
    write_lives(lives, 3);
    answer = asked_lives(NULL, 0);
    cr_assert_str_eq(answer->lives.at[0].by, "ann (procmanctl stop, pid 7)");
    cr_assert_str_eq(answer->lives.at[1].by, "");
    cr_assert_str_eq(answer->lives.at[2].by, "bob");
    history_close(&answer);
}

static void sql(const char *statement)
{
    sqlite3 *db = NULL;

    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, statement, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

Test(store, of_the_first_version_is_brought_up_to_date_with_all_it_has)
{
    struct pm_past_life one = life(1, "cam", 1000);

    cr_assert_eq(open_store(), PM_OK);
    write_ok(one_process());
    store_close(&store);
    sql("DROP TABLE past; DROP TABLE orders; ALTER TABLE meta DROP COLUMN sum;"
        "ALTER TABLE specs DROP COLUMN sum; ALTER TABLE wants DROP COLUMN sum;"
        "PRAGMA user_version = 1;");
    cr_assert_eq(open_store(), PM_OK, "%s", why);
    cr_assert_eq(image.n, 1);
    write_lives(&one, 1);
    cr_assert_eq(open_store(), PM_OK, "%s", why);
    cr_assert_eq(image.sheriff_id, 4711);
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
    cr_assert(strstr(why, "version 9") && strstr(why, "version 3"), "%s", why);
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

/* What a killed sheriff leaves: nobody tidies up. */
static void copy_as_left(void)
{
    char command[400];

    snprintf(command, sizeof command, "mkdir %s/left && cp %s/sheriff.db* %s/left", dir, dir, dir);
    cr_assert_eq(system(command), 0);
    store_close(&store);
    snprintf(path, sizeof path, "%s/left/sheriff.db", dir);
}

static uint64_t sum_of_files(void)
{
    char command[400], line[64];

    snprintf(command, sizeof command, "cat %s %s-wal | cksum", path, path);
    FILE *pipe = popen(command, "r");
    cr_assert(pipe != NULL && fgets(line, sizeof line, pipe) != NULL);
    pclose(pipe);
    return strtoull(line, NULL, 10);
}

Test(store, refuses_a_store_without_its_last_changes_and_leaves_it_alone)
{
    struct batch *stopped = one_process();
    struct stat left;
    char log[128];

    cr_assert_eq(open_store(), PM_OK);
    write_ok(one_process());
    stopped->generation = 6;
    stopped->wants[0].up = false;
    write_ok(stopped);
    copy_as_left();
    snprintf(log, sizeof log, "%s-wal", path);
    cr_assert_eq(stat(log, &left), 0);
    cr_assert_eq(truncate(log, left.st_size - 1), 0);
    uint64_t sum = sum_of_files();

    cr_assert_eq(open_store(), PM_BAD_CONFIG);
    cr_assert(strstr(why, "6 was reached"), "%s", why);
    cr_assert_eq(sum_of_files(), sum);
}

static bool is_as_it_was(void)
{
    return image.sheriff_id == 4711 && image.generation == 5 && image.last_id == 7 &&
           image.last_order == 12 && image.n == 1 && strcmp(image.specs[0].name, "cam") == 0 &&
           strcmp(image.specs[0].command, "true") == 0 && image.specs[0].id == 7 &&
           image.wants[0].up && image.wants[0].held && image.wants[0].order == 12;
}

static void flip_bit(off_t at, unsigned bit)
{
    int fd = open(path, O_RDWR);
    uint8_t byte;

    cr_assert_eq(pread(fd, &byte, 1, at), 1);
    byte ^= (uint8_t)(1 << bit);
    cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

Test(store, with_a_flipped_bit_is_refused_or_as_it_was)
{
    static uint8_t sound[1 << 17];
    size_t refused = 0, n;

    cr_assert_eq(open_store(), PM_OK);
    write_ok(one_process());
    store_close(&store);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    n = fread(sound, 1, sizeof sound, file);
    fclose(file);
    cr_assert(n > 4096 && n < sizeof sound);
    for (size_t at = 0; at < n; at += sound[at] == 0 ? 211 : 3) { /* most is empty */
        flip_bit((off_t)at, (unsigned)at % 8);
        if (open_store() != PM_OK)
            refused++;
        else
            cr_assert(is_as_it_was(), "bit %zu of byte %zu is believed", at % 8, at);
        store_close(&store);
        file = fopen(path, "w");
        cr_assert(file != NULL && fwrite(sound, 1, n, file) == n && fclose(file) == 0);
    }
    cr_assert(refused > 100, "only %zu", refused);
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
