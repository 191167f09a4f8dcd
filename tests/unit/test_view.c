/* The view is the sheriff's picture or knows that it is not: gaps, repeats, another life of his,
 * and his absence. */
#include "fake_sheriff.h"

#include <procman/time.h>

#define PUMPS_MOST 200

static struct fake fake;
static struct pm_client *client;
static struct pm_view *view;

/* What the fake sheriff's next snapshot says. */
static struct pm_proc cam = { .id = 1, .group = "drivers", .name = "cam", .host = "rig08",
                              .state = PM_STATE_RUNNING, .pid = 4711, .uptime_ms = 1000 };
static struct pm_proc lidar = { .id = 2, .group = "drivers", .name = "lidar", .host = "rig08",
                                .state = PM_STATE_STOPPED };
static struct pm_proc procs[4];
static size_t n_procs;
static uint64_t seq, epoch;

static char story[1024]; /* what the callbacks heard */

static void tell(const char *sign, const char *name)
{
    snprintf(story + strlen(story), sizeof(story) - strlen(story), "%s%s ", sign, name);
}

static void on_process(void *context, const struct pm_proc *before, const struct pm_proc *after)
{
    (void)context;
    tell(!before ? "+" : !after ? "-" : "~", after ? after->name : before->name);
}

static void on_deputy(void *context, const struct pm_deputy *before, const struct pm_deputy *after)
{
    (void)context, (void)before;
    tell("deputy:", after->name);
}

static void on_reset(void *context)
{
    (void)context;
    tell("reset", "");
}

static void on_run(void *context, const struct pm_script_run *run)
{
    (void)context;
    tell("run:", run->script);
}

static void answer_picture(struct fake *sheriff, enum pm_msg kind, const void *request,
                           uint64_t number)
{
    struct pm_snapshot snapshot = { .request = number, .seq = seq, .epoch = epoch,
                                    .procs = { .at = procs, .n = n_procs } };

    (void)request;
    cr_assert(kind == PM_MSG_ASK);
    fake_say(sheriff, PM_MSG_SNAPSHOT, &snapshot);
}

static void given_a_view_of(size_t n, const struct pm_proc *rows)
{
    static const struct pm_view_calls calls = { .process = on_process, .deputy = on_deputy,
                                                .reset = on_reset, .run = on_run };

    memcpy(procs, rows, n * sizeof(*rows));
    n_procs = n;
    seq = 10;
    epoch = 1;
    fake_begin(&fake, "control.sock", answer_picture);
    cr_assert(pm_client_open(fake.dir, false, "test view", &client) == PM_OK);
    cr_assert(pm_view_open(client, &calls, NULL, FAKE_WAIT_MS, &view) == PM_OK);
    fake_wait_subscribed(&fake, "view");
}

static void when_delta(uint64_t number, const struct pm_proc *row)
{
    struct pm_proc rows[1] = { row ? *row : (struct pm_proc){ 0 } };
    struct pm_delta delta = { .seq = number, .epoch = epoch,
                              .procs = { .at = rows, .n = row != NULL } };

    fake_publish(&fake, "view", PM_MSG_DELTA, &delta);
}

/* Until the callbacks have told exactly this. */
static void then_one_hears(const char *expected)
{
    for (int i = 0; i < PUMPS_MOST && strcmp(story, expected) != 0; ++i)
        (void)!pm_view_pump(view, FAKE_WAIT_MS / PUMPS_MOST, NULL);
    cr_expect_str_eq(story, expected);
    story[0] = '\0';
}

static const struct pm_proc *row(size_t i)
{
    size_t n;
    const struct pm_proc *rows = pm_view_processes(view, &n);

    cr_assert_lt(i, n);
    return &rows[i];
}

static void then_all_is_over(void)
{
    pm_view_close(&view);
    pm_client_close(&client);
    fake_end(&fake);
    fake_remove(&fake);
}

Test(view, begins_with_a_sorted_picture)
{
    struct pm_proc rows[] = { lidar, cam };

    given_a_view_of(2, rows);
    then_one_hears("reset ");
    cr_expect_str_eq(row(0)->name, "cam");
    cr_expect_str_eq(row(1)->name, "lidar");
    then_all_is_over();
}

Test(view, goes_on_with_every_delta)
{
    struct pm_proc changed = lidar, fresh = cam;
    int64_t gone[] = { 1 };
    struct pm_deputy rig = { .name = "rig08", .state = PM_LINK_UP };
    struct pm_delta last = { .seq = 13, .epoch = 1, .removed = { gone, 1 },
                             .deputies = { &rig, 1 } };

    given_a_view_of(2, (struct pm_proc[]){ cam, lidar });
    changed.state = PM_STATE_FAILED;
    changed.reason = "exit code 3";
    fresh.id = 3;
    fresh.name = "Cam 2";
    when_delta(11, &changed);
    when_delta(12, &fresh);
    then_one_hears("reset ~lidar +Cam 2 ");
    cr_expect_str_eq(row(0)->name, "Cam 2");
    cr_expect_str_eq(row(2)->reason, "exit code 3");
    fake_publish(&fake, "view", PM_MSG_DELTA, &last);
    then_one_hears("-cam deputy:rig08 ");
    cr_expect_str_eq(row(1)->name, "lidar");
    then_all_is_over();
}

Test(view, ignores_what_it_knows_already)
{
    given_a_view_of(1, &cam);
    when_delta(9, &lidar);
    when_delta(10, &lidar);
    when_delta(11, &cam);
    then_one_hears("reset ~cam ");
    then_all_is_over();
}

Test(view, asks_anew_after_a_gap)
{
    given_a_view_of(1, &cam);
    then_one_hears("reset ");
    procs[1] = lidar;
    n_procs = 2;
    seq = 14;
    when_delta(13, &lidar);
    then_one_hears("reset ~cam +lidar ");
    when_delta(14, &lidar);
    when_delta(15, &lidar);
    then_one_hears("~lidar ");
    then_all_is_over();
}

Test(view, asks_anew_when_the_sheriff_begins_another_life)
{
    given_a_view_of(1, &cam);
    then_one_hears("reset ");
    epoch = 2;
    seq = 1;
    when_delta(11, &lidar);
    then_one_hears("reset ~cam ");
    then_all_is_over();
}

Test(view, outlives_the_sheriff_and_says_so_once)
{
    int gone = 0;

    given_a_view_of(1, &cam);
    then_one_hears("reset ");
    fake_end(&fake);
    for (int i = 0; i < 5; ++i)
        gone += pm_view_pump(view, 20, NULL) == PM_GONE;
    cr_expect_eq(gone, 1);
    cr_expect_str_eq(row(0)->name, "cam", "the last picture stays");

    epoch = 2;
    procs[0] = lidar;
    fake_begin(&fake, "control.sock", answer_picture);
    then_one_hears("reset -cam +lidar ");
    cr_expect_str_eq(row(0)->name, "lidar");
    then_all_is_over();
}

Test(view, ages_go_on_with_the_clock)
{
    given_a_view_of(2, (struct pm_proc[]){ cam, lidar });
    then_one_hears("reset ");
    cr_expect_eq(pm_view_pump(view, 30, NULL), PM_TIMEOUT);
    cr_expect_geq(row(0)->uptime_ms, 1030);
    cr_expect_geq(row(1)->state_age_ms, 30);
    cr_expect_eq(row(1)->uptime_ms, 0, "it does not run");
    then_all_is_over();
}

Test(view, is_itself_after_its_memory_was_swept)
{
    struct pm_proc changing = cam;
    char reason[400];

    given_a_view_of(1, &cam);
    then_one_hears("reset ");
    changing.reason = reason;
    for (uint64_t i = 0; i < 10000; ++i) {
        snprintf(reason, sizeof(reason), "%0300d", (int)i);
        when_delta(11 + i, &changing);
        while (strcmp(row(0)->reason, reason) != 0)
            cr_assert(pm_view_pump(view, FAKE_WAIT_MS, NULL) == PM_OK);
        story[0] = '\0';
    }
    cr_expect_str_eq(row(0)->host, "rig08");
    then_all_is_over();
}

Test(view, knows_the_script_that_is_being_run)
{
    struct pm_run_step step = { .text = "start cam", .state = PM_RUN_STATE_DOING };
    struct pm_delta begun = { .seq = 11, .epoch = 1, .run = { .number = 7, .script = "go",
                              .state = PM_RUN_STATE_DOING, .steps = { &step, 1 } } };

    given_a_view_of(1, (struct pm_proc[]){ cam });
    cr_expect_eq(pm_view_run(view)->number, 0);
    fake_publish(&fake, "view", PM_MSG_DELTA, &begun);
    when_delta(12, &lidar); /* says nothing about it, so it is as it was */
    then_one_hears("reset run:go +lidar ");
    cr_expect_eq(pm_view_run(view)->number, 7);
    cr_expect_str_eq(pm_view_run(view)->steps.at[0].text, "start cam");
    then_all_is_over();
}
