#include "sheriffd/journal.h"

#include <criterion/criterion.h>
#include <string.h>

static struct journal journal;
static const struct pm_wall noon = { 1700000000000 };

static void begin(void)
{
    journal_init(&journal, 40);
}

static void end(void)
{
    journal_fini(&journal);
}

TestSuite(journal, .init = begin, .fini = end);

static struct pm_status_row row(enum pm_state state, uint64_t run, const char *reason)
{
    return (struct pm_status_row){ .group = "g", .name = "cam", .state = state, .run = run,
                                   .pid = 99, .reason = reason, .next_try_ms = 20 };
}

struct story { struct pm_status_row before, after; const char *what, *text; };

Test(journal, tells_each_transition_in_a_sentence)
{
    const struct story stories[] = {
        { row(PM_STATE_STOPPED, 0, "never run"), row(PM_STATE_STARTING, 1, "ordered up"),
          "starting", "starting run 1: ordered up" },
        { row(PM_STATE_STARTING, 1, "ordered up"), row(PM_STATE_RUNNING, 1, "executing"),
          "running", "running with pid 99, run 1" },
        { row(PM_STATE_RUNNING, 1, "executing"),
          row(PM_STATE_BACKOFF, 1, "exit code 3; will be restarted"),
          "backoff", "exit code 3; will be restarted in 20ms" },
        { row(PM_STATE_RUNNING, 1, "executing"), row(PM_STATE_RUNNING, 5, "executing"),
          "running", "running with pid 99, run 5; 4 lives since the last report" },
        { row(PM_STATE_RUNNING, 1, "executing"),
          row(PM_STATE_RUNNING, 1, "executing; cannot write its log"),
          "running", "still running: executing; cannot write its log" },
        { row(PM_STATE_STOPPING, 1, "ordered down"), row(PM_STATE_STOPPED, 1, "stopped"),
          "stopped", "stopped" },
    };

    for (size_t i = 0; i < PM_COUNT(stories); i++) {
        journal_row(&journal, noon, "k9", &stories[i].after, &stories[i].before);
        const struct pm_event *event = journal_publish(&journal);
        cr_assert_not_null(event);
        cr_assert_str_eq(event->what, stories[i].what);
        cr_assert_str_eq(event->text, stories[i].text);
        cr_assert_str_eq(event->group, "g");
        cr_assert_eq(event->seq, 41 + i);
        cr_assert_eq(event->time_ms, noon.ms);
    }
}

Test(journal, says_nothing_of_what_is_no_news)
{
    struct pm_status_row running = row(PM_STATE_RUNNING, 1, "executing");
    struct pm_status_row defined = row(PM_STATE_STOPPED, 0, "never run");

    journal_row(&journal, noon, "k9", &running, &running);
    journal_row(&journal, noon, "k9", &defined, NULL);
    cr_assert_null(journal_publish(&journal));
}

Test(journal, publishes_each_row_once_and_gives_all_to_the_store)
{
    struct journal_about k9 = { .host = "k9" };
    struct batch *batch = batch_open(1);

    journal_add(&journal, noon, k9, "deputy-up", "", "deputy %s has connected", "k9");
    journal_add(&journal, noon, k9, "ordered", "ann (test, pid 4)", "stop ordered");
    cr_assert_eq(journal_publish(&journal)->seq, 41);
    cr_assert_str_eq(journal_publish(&journal)->by, "ann (test, pid 4)");
    cr_assert_null(journal_publish(&journal));
    journal_store(&journal, batch);
    cr_assert_eq(batch->events.n, 2);
    cr_assert_str_eq(batch->events.at[0].text, "deputy k9 has connected");
    cr_assert_not(batch->wishes);
    cr_assert_eq(journal.n, 0);
    batch_close(&batch);
}

Test(journal, throws_the_oldest_away_when_nobody_takes_them)
{
    struct journal_about nobody = { 0 };

    for (int i = 0; i <= JOURNAL_WAITING; i++) {
        journal_add(&journal, noon, nobody, "x", "", "%d", i);
        journal_publish(&journal);
    }
    cr_assert_leq(journal.n, JOURNAL_WAITING);
    cr_assert_eq(journal.lost, JOURNAL_WAITING);
}
