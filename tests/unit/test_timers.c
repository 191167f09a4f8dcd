/* Starts by time in the sheriff: they are orders, stored with the time they were due for. */
#include "sheriff_stage.h"

#include <criterion/criterion.h>
#include <string.h>

static struct stage stage;
static struct fake_deputy k9;

static void begin(void)
{
    stage_begin(&stage, NULL, false);
    settle(&stage);
}

static void end(void)
{
    stage_end(&stage);
}

TestSuite(timers, .init = begin, .fini = end);

/* ---- the stage ------------------------------------------------------------------------ */

static void given_job(const char *schedule, uint64_t every_ms, enum pm_overlap overlap)
{
    struct pm_spec job = spec("job", "k9", "true");

    job.schedule = schedule;
    job.every_ms = every_ms;
    job.overlap = overlap;
    job.autostart = true;
    client_applies(&stage, PM_APPLY_MODE_MERGE, false, &job, 1);
    settle(&stage);
    k9 = given_deputy(&stage, "k9", 1, NULL, 0);
    settle(&stage);
}

static uint64_t orders(void)
{
    return want_for(&stage, "job") != NULL ? want_for(&stage, "job")->order : 0;
}

static void job_is(enum pm_state state)
{
    deputy_reports(&stage, &k9, row("job", state, orders()));
    settle(&stage);
}

/* ---- the stories ---------------------------------------------------------------------- */

Test(timers, a_file_does_not_start_what_is_started_by_time)
{
    given_job("0 0 1 1 *", 0, PM_OVERLAP_SKIP);
    cr_assert(want_for(&stage, "job") == NULL || !want_for(&stage, "job")->up);
    job_is(PM_STATE_STOPPED);
    cr_assert(strstr(seen_by_client(&stage, "job")->reason, "next at 2024-01-01 00:00") != NULL,
              "%s", seen_by_client(&stage, "job")->reason);
}

Test(timers, a_start_is_ordered_when_it_is_due_and_once)
{
    given_job("* * * * *", 0, PM_OVERLAP_SKIP);
    pass(&stage, 60000);
    cr_assert(want_for(&stage, "job")->up);
    cr_assert(event_was(&stage, "ordered", "start ordered by its schedule"));
    uint64_t first = orders();
    job_is(PM_STATE_EXITED);
    pass(&stage, 1000);
    cr_assert_eq(orders(), first);
    pass(&stage, 60000);
    cr_assert_gt(orders(), first);
}

Test(timers, what_still_runs_is_left_alone_and_that_is_told_once)
{
    given_job("", 10000, PM_OVERLAP_SKIP);
    uint64_t first = orders();
    job_is(PM_STATE_RUNNING);
    forget_said(&stage);
    pass(&stage, 10000);
    cr_assert(event_was(&stage, "left-out", "it still runs"));
    forget_said(&stage);
    pass(&stage, 10000);
    cr_assert_not(event_was(&stage, "left-out", ""));
    deputy_reports(&stage, &k9, row("job", PM_STATE_EXITED, first));
    pass(&stage, 10000);
    cr_assert_gt(said_count(&stage, PM_MSG_WANTS), 0);
}

Test(timers, what_still_runs_is_replaced)
{
    given_job("", 10000, PM_OVERLAP_REPLACE);
    uint64_t first = orders();
    job_is(PM_STATE_RUNNING);
    pass(&stage, 10000);
    cr_assert_gt(orders(), first);
}

Test(timers, what_is_queued_is_started_when_it_has_ended_and_once)
{
    given_job("", 10000, PM_OVERLAP_QUEUE);
    uint64_t first = orders();
    job_is(PM_STATE_RUNNING);
    pass(&stage, 10000);
    pass(&stage, 10000);
    cr_assert_eq(orders(), first);
    job_is(PM_STATE_EXITED);
    pass(&stage, 1000);
    cr_assert_eq(orders(), first + 1);
    job_is(PM_STATE_EXITED);
    pass(&stage, 1000);
    cr_assert_eq(orders(), first + 1);
}

Test(timers, an_operator_who_stops_it_has_the_last_word)
{
    given_job("", 10000, PM_OVERLAP_SKIP);
    job_is(PM_STATE_EXITED);
    client_orders(&stage, PM_VERB_STOP, "job");
    settle(&stage);
    job_is(PM_STATE_STOPPED);
    uint64_t stopped = orders();
    pass(&stage, 60000);
    cr_assert_eq(orders(), stopped);
    cr_assert_eq(seen_by_client(&stage, "job")->next_start_ms, 0);
    client_orders(&stage, PM_VERB_START, "job");
    settle(&stage);
    job_is(PM_STATE_EXITED);
    uint64_t started = orders();
    pass(&stage, 10000);
    cr_assert_gt(orders(), started);
}

Test(timers, a_store_that_refuses_is_asked_again)
{
    given_job("* * * * *", 0, PM_OVERLAP_SKIP);
    stage.now.mono.ms += 60000;
    stage.now.wall.ms += 60000;
    answer_store(&stage, PM_IO, "the disk is full");
    cr_assert(want_for(&stage, "job") == NULL || !want_for(&stage, "job")->up);
    pass(&stage, 2000);
    cr_assert(want_for(&stage, "job")->up);
}

Test(timers, the_sheriff_sleeps_until_something_is_due)
{
    given_job("", 900, PM_OVERLAP_SKIP);
    job_is(PM_STATE_RUNNING);
    cr_assert_gt(turn(&stage), 1);
    stage.now.mono.ms += 900;
    turn(&stage); /* it is on its way to the store, which takes its time */
    cr_assert_gt(turn(&stage), 1);
    answer_store(&stage, PM_IO, "the disk is full");
    cr_assert_gt(turn(&stage), 1);
}

Test(timers, a_time_that_was_stored_is_not_due_again)
{
    struct pm_timed timed = { .id = 1, .last_ms = 1700000000000 };
    struct pm_spec job = spec("job", "k9", "true");
    struct batch_want want = { .id = 1, .order = 5, .up = true, .by = "" };
    struct pm_buf bytes = { 0 };
    struct image_note note = { .key = "due/1" };

    job.id = 1;
    job.schedule = "";
    job.every_ms = 30000;
    cr_assert_eq(pm_encode(&pm_timed_desc, &timed, &bytes), PM_OK);
    note.bytes = bytes.at;
    note.n = bytes.n;
    struct image image = { .sheriff_id = 4711, .generation = 3, .last_id = 1, .last_order = 5,
                           .specs = &job, .wants = &want, .n = 1, .notes = &note, .n_notes = 1 };
    stage_end(&stage);
    stage_begin(&stage, &image, false);
    pm_buf_fini(&bytes);
    struct pm_status_row ended = row("job", PM_STATE_EXITED, 5);
    k9 = given_deputy(&stage, "k9", 1, &ended, 1);
    pass(&stage, 20000);
    cr_assert_eq(orders(), 5);
    pass(&stage, 10000);
    cr_assert_eq(orders(), 6);
}

Test(timers, a_zone_that_is_installed_later_is_found)
{
    struct pm_spec job = spec("job", "k9", "true");

    job.schedule = "* * * * *";
    job.time_zone = "nowhere";
    client_applies(&stage, PM_APPLY_MODE_MERGE, false, &job, 1);
    settle(&stage);
    k9 = given_deputy(&stage, "k9", 1, NULL, 0);
    pass(&stage, 200000);
    cr_assert(want_for(&stage, "job") == NULL || !want_for(&stage, "job")->up);
    stage.installed = true;
    pass(&stage, 61000);
    pass(&stage, 60000);
    cr_assert(want_for(&stage, "job")->up);
}
