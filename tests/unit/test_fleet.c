#include "sheriffd/fleet.h"
#include "sheriffd/view.h"

#include <criterion/criterion.h>
#include <procman/spec.h>
#include <procman/status.h>
#include <string.h>

static struct desired d;
static struct fleet fleet;
static struct deputy *k9;
static struct wish *cam;
static const struct pm_mono noon = { 1000000 };
static struct { size_t fresh, changed, gone; } noticed;

static void begin(void)
{
    struct pm_spec spec;

    pm_spec_init(&spec);
    spec.id = 7;
    spec.name = "cam";
    spec.host = "k9";
    spec.command = "true";
    desired_init(&d, "hq");
    fleet_init(&fleet);
    cam = desired_load(&d, &spec);
    k9 = fleet_deputy(&fleet, &d, "k9");
    memset(&noticed, 0, sizeof noticed);
}

static void end(void)
{
    fleet_fini(&fleet);
    desired_fini(&d);
}

TestSuite(fleet, .init = begin, .fini = end);

static struct pm_status_row row(const char *name, enum pm_state state)
{
    return (struct pm_status_row){ .group = "", .name = name, .state = state, .run = 1,
                                   .pid = 99, .reason = "", .state_age_ms = 500,
                                   .run_age_ms = 700 };
}

static void notice(void *self, struct seen *seen, const struct pm_status_row *before, bool gone)
{
    (void)self;
    (void)seen;
    noticed.gone += gone;
    noticed.fresh += before == NULL;
    noticed.changed += before != NULL && !gone;
}

static void status(bool full, struct pm_status_row *rows, size_t n)
{
    struct pm_status status = { .full = full, .seq = k9->seq + 1, .procs = { rows, n } };

    fleet_status(&fleet, &d, k9, &status, noon, notice, NULL);
}

Test(fleet, finds_a_deputy_by_name_and_by_connection)
{
    fleet_begin(&fleet, k9, 5, 50, 1, noon);
    cr_assert_eq(fleet_find(&fleet, "k9"), k9);
    cr_assert_eq(fleet_by_peer(&fleet, 5), k9);
    fleet_begin(&fleet, k9, 6, 51, 1, noon);
    cr_assert_null(fleet_by_peer(&fleet, 5));
    cr_assert_eq(fleet_by_peer(&fleet, 6), k9);
    fleet_end(&fleet, k9, PM_LINK_GONE);
    cr_assert_null(fleet_by_peer(&fleet, 6));
}

Test(fleet, keeps_the_digest_of_all_rows_up_to_date)
{
    struct pm_status_row rows[] = { row("cam", PM_STATE_RUNNING), row("x", PM_STATE_STOPPED) };

    status(true, rows, 2);
    cr_assert_eq(k9->digest, pm_status_digest(rows, 2));
    cr_assert_eq(k9->alive, 1);
    rows[0].state = PM_STATE_EXITED;
    status(false, rows, 1);
    cr_assert_eq(k9->digest, pm_status_digest(rows, 2));
    cr_assert_eq(k9->alive, 0);
    status(true, rows, 1);
    cr_assert_eq(k9->digest, pm_status_digest(rows, 1));
}

Test(fleet, notices_what_is_new_what_differs_and_what_is_gone)
{
    struct pm_status_row rows[] = { row("cam", PM_STATE_RUNNING), row("x", PM_STATE_STOPPED) };

    status(true, rows, 2);
    cr_assert_eq(noticed.fresh, 2);
    rows[0].state_age_ms += 1000; /* an age is no news */
    status(false, rows, 2);
    cr_assert_eq(noticed.changed, 0);
    rows[0].reason = "other";
    status(false, rows, 2);
    cr_assert_eq(noticed.changed, 1);
    status(true, rows, 1);
    cr_assert_eq(noticed.gone, 1);
}

Test(fleet, joins_a_row_and_its_wish_whichever_came_first)
{
    struct pm_status_row rows[] = { row("cam", PM_STATE_RUNNING), row("x", PM_STATE_STOPPED) };
    struct pm_spec late;

    status(true, rows, 2);
    cr_assert_eq(cam->seen->wish, cam);
    pm_spec_init(&late);
    late.id = 8;
    late.name = "x";
    late.host = "k9";
    struct wish *x = desired_load(&d, &late);
    cr_assert_null(x->seen);
    fleet_link(&fleet, x);
    cr_assert_str_eq(x->seen->row.name, "x");
    status(true, rows, 1);
    cr_assert_null(x->seen);
}

Test(fleet, believes_numbers_only_from_the_deputy_that_has_the_process)
{
    struct pm_status_row rows[] = { row("cam", PM_STATE_RUNNING) };
    struct pm_usage usage = { .id = 7, .rss_bytes = 4096, .output_end = 12 };
    struct deputy *k8 = fleet_deputy(&fleet, &d, "k8");

    status(true, rows, 1);
    cr_assert_null(fleet_usage(&d, k8, &usage));
    cr_assert_eq(fleet_usage(&d, k9, &usage), cam);
    cr_assert_eq(cam->seen->usage.rss_bytes, 4096);
    rows[0].state = PM_STATE_EXITED;
    status(false, rows, 1);
    cr_assert_eq(cam->seen->usage.rss_bytes, 0);
    cr_assert_eq(cam->seen->usage.output_end, 12);
}

/* ---- what clients see of it (view.c) ---------------------------------------------- */

static struct pm_proc shown(int64_t later_ms)
{
    struct pm_arena arena = { 0 };
    struct pm_proc proc;

    view_process(cam, pm_mono_after(noon, later_ms), &arena, &proc);
    proc.reason = NULL; /* its text goes with the arena */
    pm_arena_fini(&arena);
    return proc;
}

Test(fleet, shows_ages_by_the_sheriffs_own_clock)
{
    struct pm_status_row rows[] = { row("cam", PM_STATE_RUNNING) };

    fleet_begin(&fleet, k9, 5, 50, 1, noon);
    status(true, rows, 1);
    cr_assert_eq(shown(250).state_age_ms, 750);
    cr_assert_eq(shown(250).uptime_ms, 950);
}

Test(fleet, shows_waiting_lost_and_stopped_as_the_sheriffs_own_words)
{
    struct pm_status_row rows[] = { row("cam", PM_STATE_RUNNING) };

    cr_assert_eq(view_state(cam), PM_STATE_STOPPED);
    cam->up = true;
    cr_assert_eq(view_state(cam), PM_STATE_WAITING);
    fleet_begin(&fleet, k9, 5, 50, 1, noon);
    cr_assert_eq(view_state(cam), PM_STATE_WAITING);
    status(true, rows, 1);
    cr_assert_eq(view_state(cam), PM_STATE_RUNNING);
    fleet_end(&fleet, k9, PM_LINK_LOST);
    cr_assert_eq(view_state(cam), PM_STATE_LOST);
    cr_assert_eq(shown(9000).state_age_ms, 9000);
    k9->left_running = true;
    k9->link = PM_LINK_GONE;
    cr_assert_eq(view_state(cam), PM_STATE_LOST);
    k9->left_running = false;
    cr_assert_eq(view_state(cam), PM_STATE_WAITING);
}

Test(fleet, collects_changes_and_waits_a_little_between_deltas)
{
    struct view view;
    struct pm_arena arena = { 0 };
    struct pm_delta delta;

    view_init(&view, 1);
    cr_assert_eq(view_due_in(&view, noon), -1);
    view_touch(&view, cam);
    view_touch(&view, cam);
    view_touch_post(&view, cam->post);
    cr_assert_eq(view_due_in(&view, noon), 0);
    cr_assert_eq(view_delta(&view, noon, &arena, &delta), PM_OK);
    cr_assert_eq(delta.procs.n, 1);
    cr_assert_eq(delta.deputies.n, 1);
    cr_assert_eq(delta.seq, 1);
    view_touch(&view, cam);
    cr_assert_eq(view_due_in(&view, pm_mono_after(noon, 20)), VIEW_PERIOD_MS - 20);
    view_remove(&view, cam);
    view_skip(&view, noon);
    cr_assert_eq(view.seq, 2);
    cr_assert_eq(cam->stale, 0);
    pm_arena_fini(&arena);
    view_fini(&view);
}
