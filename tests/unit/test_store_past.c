/* How lives ended, as the store keeps it. */
#include "store_stage.h"

#include "sheriffd/store_io.h"

#include <criterion/criterion.h>
#include <procman/limits.h>
#include <stdio.h>
#include <string.h>

TestSuite(store_past, .init = store_stage_begin, .fini = store_stage_end);

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

    return answered(history_open_lives(1, &ask));
}

Test(store_past, tells_lives_in_the_order_they_ended)
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

Test(store_past, keeps_an_end_once_however_often_it_is_told_and_adds_its_last_lines)
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

Test(store_past, keeps_the_newest_ends_of_each_process)
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

Test(store_past, keeps_no_more_ends_than_the_limit_of_all)
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

/* So many processes, each with all the ends that are kept of it. */
static void given_full_pasts(size_t processes, const char *reason)
{
    static struct pm_past_life lives[PM_LIMIT_PAST];
    char name[32];

    cr_assert_eq(open_store(), PM_OK);
    for (size_t i = 0; i < processes; i++) {
        snprintf(name, sizeof name, "p%04zu", i);
        for (size_t k = 0; k < PM_LIMIT_PAST; k++) {
            lives[k] = life(1 + i * PM_LIMIT_PAST + k, name, (int64_t)(1000 + k));
            lives[k].reason = reason;
        }
        write_lives(lives, PM_LIMIT_PAST);
    }
}

Test(store_past, answers_whole)
{
    struct history *answer;

    given_full_pasts(200, "exit code 3");
    answer = asked_lives(NULL, 0);
    cr_assert_eq(answer->err, PM_OK, "%s", answer->text);
    cr_assert_eq(answer->lives.n, 200 * PM_LIMIT_PAST);
    history_close(&answer);
}

Test(store_past, says_that_an_answer_would_be_too_large)
{
    static char reason[8000];
    struct history *answer;

    memset(reason, 'x', sizeof reason - 1);
    given_full_pasts(50, reason);
    answer = asked_lives(NULL, 0);
    cr_assert_eq(answer->err, PM_LIMIT);
    cr_assert(strstr(answer->text, "ask for fewer of them"), "%s", answer->text);
    cr_assert_eq(answer->lives.n, 0);
    history_close(&answer);
    answer = asked_lives("p000*", 0);
    cr_assert_eq(answer->lives.n, 10 * PM_LIMIT_PAST);
    history_close(&answer);
}

Test(store_past, knows_who_had_given_an_order_of_that_number)
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

Test(store_past, a_store_of_the_first_version_is_brought_up_to_date_with_all_it_has)
{
    struct pm_past_life one = life(1, "cam", 1000);

    cr_assert_eq(open_store(), PM_OK);
    write_ok(one_process());
    store_close(&store);
    sql("DROP TABLE revisions; DROP TABLE notes; DROP TABLE past; DROP TABLE orders;"
        "ALTER TABLE meta DROP COLUMN sum;"
        "ALTER TABLE specs DROP COLUMN sum; ALTER TABLE wants DROP COLUMN sum;"
        "PRAGMA user_version = 1;");
    cr_assert_eq(open_store(), PM_OK, "%s", why);
    cr_assert_eq(image.n, 1);
    write_lives(&one, 1);
    cr_assert_eq(open_store(), PM_OK, "%s", why);
    cr_assert_eq(image.sheriff_id, 4711);
}
