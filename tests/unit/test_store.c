/* What the store keeps, and what it refuses. */
#include "store_stage.h"

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

TestSuite(store, .init = store_stage_begin, .fini = store_stage_end);

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
    return answered(history_open(1, &ask));
}

static struct batch *events(uint64_t first, size_t n)
{
    struct pm_event *rows = pm_alloc(n * sizeof *rows);
    struct batch *batch = batch_open(3);

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

/* ---- what was applied ------------------------------------------------------------- */

static struct batch *revision(const char *source, const char *name)
{
    struct batch *batch = batch_open(4);
    struct pm_revision head = { .time_ms = 1234, .by = "ann", .source = source, .added = 1 };
    struct pm_spec one = spec(7, name);
    struct pm_revised body = { .specs = { &one, 1 } };
    struct pm_buf head_bytes = { 0 }, body_bytes = { 0 };

    cr_assert_eq(pm_encode(&pm_revision_desc, &head, &head_bytes), PM_OK);
    cr_assert_eq(pm_encode(&pm_revised_desc, &body, &body_bytes), PM_OK);
    batch_give_revision(batch, &head_bytes, &body_bytes);
    return batch;
}

Test(store, keeps_the_last_so_many_revisions_and_counts_on_for_ever)
{
    struct history *answer;

    cr_assert_eq(open_store(), PM_OK);
    for (size_t i = 0; i < PM_LIMIT_REVISIONS + 3; i++)
        write_ok(revision("fleet.yaml", i == 10 ? "tenth" : "cam"));
    cr_assert_eq(open_store(), PM_OK);
    answer = answered(history_open_revisions(1, 0));
    cr_assert_eq(answer->revised.revisions.n, PM_LIMIT_REVISIONS);
    cr_assert_eq(answer->revised.revisions.at[0].number, 4);
    cr_assert_str_eq(answer->revised.revisions.at[0].by, "ann");
    cr_assert_eq(answer->revised.specs.n, 0);
    history_close(&answer);
    answer = answered(history_open_revisions(2, 11));
    cr_assert_eq(answer->revised.revisions.n, 1);
    cr_assert_str_eq(answer->revised.specs.at[0].name, "tenth");
    history_close(&answer);
    answer = answered(history_open_revisions(3, 3));
    cr_assert_eq(answer->err, PM_NOT_FOUND);
    history_close(&answer);
}

Test(store, tells_a_damaged_revision_and_still_lists_it)
{
    struct history *answer;

    cr_assert_eq(open_store(), PM_OK);
    write_ok(revision("fleet.yaml", "cam"));
    store_close(&store);
    sql("UPDATE revisions SET sum = sum + 1");
    cr_assert_eq(open_store(), PM_OK);
    answer = answered(history_open_revisions(1, 1));
    cr_assert_eq(answer->err, PM_IO);
    history_close(&answer);
    answer = answered(history_open_revisions(2, 0));
    cr_assert_eq(answer->err, PM_OK);
    cr_assert_eq(answer->revised.revisions.n, 1);
    history_close(&answer);
}

Test(store, is_for_its_owner_alone)
{
    struct stat about;

    cr_assert_eq(open_store(), PM_OK);
    cr_assert_eq(stat(path, &about), 0);
    cr_assert_eq(about.st_mode & 0777, 0600);
    cr_assert_eq(chmod(path, 0644), 0);
    cr_assert_eq(open_store(), PM_OK);
    cr_assert_eq(stat(path, &about), 0);
    cr_assert_eq(about.st_mode & 0777, 0600);
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
    cr_assert(strstr(why, "version 9") && strstr(why, "version 5"), "%s", why);
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

static void copy_to(const char *to, const char *from)
{
    char command[400];

    snprintf(command, sizeof command, "cp %s %s", from, to);
    cr_assert_eq(system(command), 0);
}

Test(store, says_what_to_do_with_a_copy_from_a_backup_and_then_takes_it)
{
    struct batch *later = one_process();
    char backup[128], beside[128], said[192];

    snprintf(backup, sizeof backup, "%s/backup", dir);
    cr_assert_eq(open_store(), PM_OK);
    write_ok(one_process());
    store_close(&store);
    copy_to(backup, path);
    cr_assert_eq(open_store(), PM_OK);
    later->generation = 6;
    write_ok(later);
    store_close(&store);
    copy_to(path, backup);
    cr_assert_eq(open_store(), PM_BAD_CONFIG);
    snprintf(beside, sizeof beside, "%s-generation", path);
    snprintf(said, sizeof said, "remove %s and begin again", beside);
    cr_assert(strstr(why, said), "%s", why);

    cr_assert_eq(unlink(beside), 0);
    cr_assert_eq(open_store(), PM_OK, "%s", why);
    cr_assert_eq(image.generation, 5);
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
