#include "sheriff_stage.h"

#include <criterion/criterion.h>
#include <procman/limits.h>
#include <procman/status.h>
#include <stdio.h>
#include <string.h>

#define NAME_SIZE 16

static struct stage stage;

static void begin(void)
{
    stage_begin(&stage, NULL, false);
    settle(&stage);
}

static void end(void)
{
    stage_end(&stage);
}

TestSuite(sessions, .init = begin, .fini = end);

static const char *const cam[] = { "cam" };
static const struct pm_hello hello_of_another_version = {
    .version = 99, .name = "k9", .hostname = "", .software = "", .boot_id = "",
};

/* ---- deputies come ---------------------------------------------------------------- */

Test(sessions, tells_a_deputy_its_wishes_after_it_has_said_all_it_knows)
{
    struct fake_deputy k9 = { .peer = 1 };

    given_processes(&stage, cam, 1);
    deputy_hello(&stage, &k9, "k9", STAGE_EPOCH, 0);
    cr_assert_eq(((const struct pm_welcome *)heard(&stage, PM_MSG_WELCOME))->sheriff_id, 4711);
    cr_assert_eq(said_count(&stage, PM_MSG_SPECS), 0);

    deputy_status(&stage, &k9, true, NULL, 0);
    cr_assert(want_for(&stage, "cam")->up);
    cr_assert_eq(((const struct pm_wants *)heard(&stage, PM_MSG_WANTS))->specs_generation,
                 ((const struct pm_specs *)heard(&stage, PM_MSG_SPECS))->generation);
    cr_assert(event_was(&stage, "deputy-up", "10.0.0.9"));
}

Test(sessions, refuses_a_second_deputy_of_one_name_while_the_first_is_heard)
{
    struct fake_deputy k9 = given_deputy(&stage, "k9", 1, NULL, 0), other = { .peer = 2 };

    deputy_hello(&stage, &other, "k9", STAGE_EPOCH + 1, 0);
    cr_assert_eq(other.session, 0);
    cr_assert(strstr(((const struct pm_refused *)heard(&stage, PM_MSG_REFUSED))->text, "--name"));
    cr_assert(event_was(&stage, "deputy-refused", "two deputies are called k9"));

    pass(&stage, 4000);
    deputy_hello(&stage, &other, "k9", STAGE_EPOCH + 1, 0);
    cr_assert_neq(other.session, 0);
    cr_assert_neq(other.session, k9.session);
}

/* The row of k9 in a snapshot. */
static struct pm_deputy seen_k9(void)
{
    struct pm_ask ask = { .request = ++stage.request, .version = PM_PROTOCOL_VERSION };

    client_asks(&stage, &operator, PM_MSG_ASK, &ask);
    return ((const struct pm_snapshot *)heard(&stage, PM_MSG_SNAPSHOT))->deputies.at[0];
}

Test(sessions, shows_the_second_of_a_name_and_leaves_the_first_alone)
{
    struct fake_deputy k9 = given_running_cam(&stage), other = { .peer = 2 };
    const struct pm_wants *told = heard(&stage, PM_MSG_WANTS);
    struct pm_beat beat = { .session = k9.session, .generation = told->generation,
                            .specs_generation = told->specs_generation };
    size_t wants = said_count(&stage, PM_MSG_WANTS);

    for (int i = 0; i < 10; i++) {
        pass(&stage, 1000);
        deputy_says(&stage, &k9, PM_MSG_BEAT, &beat);
        deputy_hello(&stage, &other, "k9", STAGE_EPOCH + 1, 0);
    }
    cr_expect_eq(other.session, 0);
    cr_expect_str_eq(seen_k9().second, "k9, from 10.0.0.9");
    cr_expect_eq(seen_by_client(&stage, "cam")->state, PM_STATE_RUNNING);
    cr_expect_eq(said_count(&stage, PM_MSG_WANTS), wants, "the first hears nothing of it");
    for (int i = 0; i < 12; i++) {
        pass(&stage, 1000);
        deputy_says(&stage, &k9, PM_MSG_BEAT, &beat);
    }
    cr_expect_str_eq(seen_k9().second, "", "it has gone away");
}

Test(sessions, shows_no_second_once_that_one_is_the_deputy)
{
    given_running_cam(&stage);
    struct fake_deputy other = { .peer = 2 };

    deputy_hello(&stage, &other, "k9", STAGE_EPOCH + 1, 0);
    cr_assert_str_eq(seen_k9().second, "k9, from 10.0.0.9");
    pass(&stage, 4000);
    deputy_hello(&stage, &other, "k9", STAGE_EPOCH + 1, 0);
    cr_assert_neq(other.session, 0, "the first is not heard any more");
    cr_expect_str_eq(seen_k9().second, "");
}

Test(sessions, keeps_a_name_for_a_deputy_whose_connection_broke_just_now)
{
    struct fake_deputy k9 = given_deputy(&stage, "k9", 1, NULL, 0), other = { .peer = 2 };

    stage.deaf = true;
    pass(&stage, 1000); /* the beat cannot be sent: its session is over */
    stage.deaf = false;
    deputy_hello(&stage, &other, "k9", STAGE_EPOCH + 1, 0);
    cr_expect_eq(other.session, 0);
    deputy_hello(&stage, &k9, "k9", STAGE_EPOCH, 4711);
    cr_expect_neq(k9.session, 0);
}

Test(sessions, takes_the_same_deputy_again_at_once_when_its_brain_was_replaced)
{
    struct fake_deputy k9 = given_running_cam(&stage), again = { .peer = 9 };
    size_t before = said_count(&stage, PM_MSG_SPECS);

    deputy_hello(&stage, &again, "k9", STAGE_EPOCH, 4711);
    cr_assert_neq(again.session, 0);
    deputy_status(&stage, &k9, true, NULL, 0); /* from the former connection: nobody listens */
    cr_assert_eq(seen_by_client(&stage, "cam")->state, PM_STATE_RUNNING);
    cr_assert_eq(said_count(&stage, PM_MSG_SPECS), before);
}

Test(sessions, refuses_another_version_with_both_numbers)
{
    struct fake_deputy k9 = { .peer = 1 };

    deputy_says(&stage, &k9, PM_MSG_HELLO, &hello_of_another_version);
    const struct pm_refused *refused = heard(&stage, PM_MSG_REFUSED);
    cr_assert_str_eq(refused->error, "version");
    cr_assert(strstr(refused->text, "99") != NULL && strstr(refused->text, "version 1") != NULL);
}

Test(sessions, speaks_once_of_a_stranger_that_asks_again_and_again)
{
    struct fake_deputy k9 = { .peer = 1 };
    size_t before;

    deputy_says(&stage, &k9, PM_MSG_HELLO, &hello_of_another_version);
    pass(&stage, 1000);
    before = said_count(&stage, PM_MSG_HAPPENED);
    deputy_says(&stage, &k9, PM_MSG_HELLO, &hello_of_another_version);
    pass(&stage, 1000);
    cr_assert_eq(said_count(&stage, PM_MSG_REFUSED), 2);
    cr_assert_eq(said_count(&stage, PM_MSG_HAPPENED), before);
}

Test(sessions, refuses_a_name_that_cannot_be_one)
{
    struct fake_deputy bad = { .peer = 1 };

    deputy_hello(&stage, &bad, "a/b", 1, 0);
    cr_assert_eq(bad.session, 0);
    cr_assert_str_eq(((const struct pm_refused *)heard(&stage, PM_MSG_REFUSED))->error, "usage");
}

/* k9 comes from another sheriff, whose order of that number runs lidar there; the store has not
 * answered. */
static void given_a_strangers_lidar(uint64_t order)
{
    struct fake_deputy k9 = { .peer = 1 };
    struct pm_spec held = spec("lidar", "k9", "sleep 9");
    struct pm_want want = { .id = 33, .up = true, .order = order };
    struct pm_status_row running = row("lidar", PM_STATE_RUNNING, order);

    held.id = 33;
    deputy_hello(&stage, &k9, "k9", STAGE_EPOCH, 1);
    struct pm_holding holding = { .session = k9.session, .specs = { &held, 1 },
                                  .wants = { &want, 1 } };
    struct pm_status status = { .session = k9.session, .seq = 1, .full = true,
                                .procs = { &running, 1 } };

    deputy_says(&stage, &k9, PM_MSG_HOLDING, &holding);
    deputy_says(&stage, &k9, PM_MSG_STATUS, &status);
}

static void given_a_change_on_its_way_to_the_disk(void)
{
    struct pm_spec other = spec("x", "k8", "true");
    struct pm_apply apply = { .version = PM_PROTOCOL_VERSION, .specs = { &other, 1 },
                              .client = "", .source = "" };

    client_asks(&stage, &operator, PM_MSG_APPLY, &apply);
    turn(&stage);
}

Test(sessions, adopts_what_a_deputy_of_a_lost_sheriff_holds)
{
    given_a_strangers_lidar(17);
    settle(&stage);

    cr_assert(want_for(&stage, "lidar")->up);
    cr_assert_eq(want_for(&stage, "lidar")->order, 17); /* obeyed already: nothing happens */
    cr_assert_eq(seen_by_client(&stage, "lidar")->state, PM_STATE_RUNNING);
    cr_assert_eq(stage.stored, 1);
}

/* The i-th of many with a long command. */
static struct pm_spec one_of_many(size_t i, char name[NAME_SIZE], const char *command)
{
    snprintf(name, NAME_SIZE, "p%zu", i);
    return spec(name, "k9", command);
}

Test(sessions, adopts_no_more_than_a_deputy_can_be_told_and_says_what_it_stops)
{
    enum { FULL = PM_LIMIT_WISH / PM_LIMIT_STRING }; /* so many heavy ones fit */
    static char command[PM_LIMIT_STRING - 500];
    struct fake_deputy k9 = { .peer = 1 };
    struct pm_spec specs[FULL];
    struct pm_spec held[] = { spec("light", "k9", "true"), spec("heavy", "k9", command) };
    char names[FULL][NAME_SIZE];

    memset(command, 'x', sizeof command - 1);
    for (size_t i = 0; i < FULL; i++)
        specs[i] = one_of_many(i, names[i], command);
    client_applies(&stage, PM_APPLY_MODE_MERGE, false, specs, FULL);
    held[0].id = 33;
    held[1].id = 34;
    deputy_hello(&stage, &k9, "k9", STAGE_EPOCH, 1);
    struct pm_holding holding = { .session = k9.session, .specs = { held, 2 } };

    deputy_says(&stage, &k9, PM_MSG_HOLDING, &holding);
    deputy_status(&stage, &k9, true, NULL, 0);
    cr_assert_not_null(want_for(&stage, "light"));
    cr_assert_null(want_for(&stage, "heavy"));
    cr_assert(event_was(&stage, "removed", "no room"));
}

Test(sessions, says_what_it_does_not_adopt_for_the_number_of_its_order)
{
    size_t logged = stage.logged;

    given_a_strangers_lidar(UINT64_MAX);
    settle(&stage);
    cr_expect(event_was(&stage, "removed", "not adopted from deputy k9: the number of its order"));
    cr_expect_gt(stage.logged, logged);
}

Test(sessions, tells_a_deputy_nothing_while_it_is_being_adopted)
{
    given_a_change_on_its_way_to_the_disk();
    given_a_strangers_lidar(17);
    turn(&stage);
    cr_assert_eq(said_count(&stage, PM_MSG_SPECS), 0);
    settle(&stage);
    cr_assert_not_null(want_for(&stage, "lidar"));
}

Test(sessions, a_deputy_is_told_nothing_until_a_full_disk_has_taken_what_it_holds)
{
    given_a_strangers_lidar(17);
    answer_store(&stage, PM_IO, "disk full");
    cr_assert_eq(said_count(&stage, PM_MSG_SPECS), 0); /* empty ones would stop everything */
    pass(&stage, 1000);
    cr_assert(want_for(&stage, "lidar")->up);
    cr_assert_eq(want_for(&stage, "lidar")->order, 17);
}

Test(sessions, a_signal_to_what_could_not_be_adopted_is_answered)
{
    const char *word = "lidar";
    struct pm_order order = { .request = 7, .version = PM_PROTOCOL_VERSION, .client = "test",
                              .verb = PM_VERB_SIGNAL, .signal = 15, .select = { &word, 1 } };

    given_a_strangers_lidar(17);
    turn(&stage);
    client_asks(&stage, &operator, PM_MSG_ORDER, &order);
    answer_store(&stage, PM_IO, "disk full");
    turn(&stage);
    cr_assert_eq(last_reply(&stage)->request, 7);
    cr_assert_str_eq(last_reply(&stage)->error, "failed");
    pass(&stage, 6000); /* when a signal without an answer would be given up */
}

Test(sessions, a_hung_disk_makes_no_deputy_forgotten)
{
    given_a_change_on_its_way_to_the_disk();
    given_a_strangers_lidar(17);
    for (int second = 0; second < 15; second++) {
        stage.now.mono.ms += 1000;
        turn(&stage);
    }
    settle(&stage);
    pass(&stage, 1000);
    cr_assert_not_null(want_for(&stage, "lidar"));
}

Test(sessions, never_lags_behind_an_order_a_deputy_has_obeyed)
{
    struct fake_deputy k9;
    struct pm_status_row rows[] = { row("cam", PM_STATE_RUNNING, 900) };

    given_processes(&stage, cam, 1);
    k9 = given_deputy(&stage, "k9", 1, rows, 1);
    cr_assert_eq(want_for(&stage, "cam")->order, 900); /* it lives as wished: no new life */
    client_orders(&stage, PM_VERB_RESTART, "cam");
    settle(&stage);
    cr_assert_gt(want_for(&stage, "cam")->order, 900);
    (void)k9;
}

/* cam on k9, in the store of the sheriff before. */
static void given_sheriff_begins_again(void)
{
    static struct pm_spec spec_of_cam;
    static struct batch_want want = { .id = 1, .order = 1, .up = true, .by = "" };
    struct image image = { .sheriff_id = 4711, .generation = 9, .last_id = 1, .last_order = 1,
                           .specs = &spec_of_cam, .wants = &want, .n = 1 };

    spec_of_cam = spec("cam", "k9", "sleep 9");
    spec_of_cam.id = 1;
    stage_end(&stage);
    stage_begin(&stage, &image, false);
    settle(&stage);
}

Test(sessions, of_a_sheriff_that_begins_again_are_first_for_those_who_hold_his_wishes)
{
    struct fake_deputy clone = { .peer = 1 }, k9 = { .peer = 2 };

    given_sheriff_begins_again();
    deputy_hello(&stage, &clone, "k9", STAGE_EPOCH + 1, 0);
    cr_expect_eq(clone.session, 0);
    const struct pm_refused *refused = heard(&stage, PM_MSG_REFUSED);
    cr_expect(strstr(refused->text, "ask again"), "%s", refused->text);
    cr_expect_not(event_was(&stage, "deputy-refused", ""));
    pass(&stage, 1000);
    deputy_hello(&stage, &k9, "k9", STAGE_EPOCH, 4711);
    cr_expect_neq(k9.session, 0);
    pass(&stage, 1000);
    deputy_hello(&stage, &clone, "k9", STAGE_EPOCH + 1, 0);
    cr_expect_eq(clone.session, 0);
    cr_expect(event_was(&stage, "deputy-refused", "two deputies are called k9"));
}

Test(sessions, of_a_sheriff_that_begins_again_are_soon_for_all)
{
    struct fake_deputy k9 = { .peer = 1 }, other = { .peer = 2 };

    given_sheriff_begins_again();
    deputy_hello(&stage, &other, "k8", STAGE_EPOCH, 0);
    cr_expect_neq(other.session, 0, "nobody had wishes under this name");
    pass(&stage, 3000);
    deputy_hello(&stage, &k9, "k9", STAGE_EPOCH + 1, 0);
    cr_expect_neq(k9.session, 0, "its machine was begun anew");
}

/* An older sheriff may have stored more than fits one message. */
Test(sessions, a_deputy_that_cannot_be_told_its_specs_keeps_its_session_and_somebody_hears_of_it)
{
    enum { MANY = PM_LIMIT_FRAME / (PM_LIMIT_STRING / 2) + 1 };
    static char command[PM_LIMIT_STRING / 2];
    static struct pm_spec specs[MANY];
    static struct batch_want wants[MANY];
    static char names[MANY][NAME_SIZE];
    struct image image = { .sheriff_id = 4711, .specs = specs, .wants = wants, .n = MANY };
    struct fake_deputy k9;

    memset(command, 'x', sizeof command - 1);
    for (size_t i = 0; i < MANY; i++) {
        specs[i] = one_of_many(i, names[i], command);
        specs[i].id = wants[i].id = i + 1;
        wants[i].by = "";
    }
    stage_end(&stage);
    stage_begin(&stage, &image, false);
    settle(&stage);
    k9 = given_deputy(&stage, "k9", 1, NULL, 0);
    size_t logged = stage.logged;
    cr_assert_gt(logged, 0);
    cr_assert_eq(said_count(&stage, PM_MSG_SPECS), 0);
    cr_assert_eq(said_count(&stage, PM_MSG_WANTS), 0);
    for (int second = 0; second < 3; second++) {
        struct pm_beat beat = { .session = k9.session, .seq = k9.seq, .generation = 5 };

        deputy_says(&stage, &k9, PM_MSG_BEAT, &beat);
        pass(&stage, 1000);
    }
    cr_assert_eq(stage.logged, logged, "it was said once");
    cr_assert_eq(seen_by_client(&stage, "p7")->state, PM_STATE_STOPPED);
}

/* ---- deputies go ------------------------------------------------------------------ */

Test(sessions, calls_a_silent_deputy_lost_and_believes_it_again_when_it_speaks)
{
    struct fake_deputy k9 = given_running_cam(&stage);
    struct pm_beat beat = { .session = k9.session, .seq = k9.seq };

    pass(&stage, 2000);
    cr_assert_eq(seen_by_client(&stage, "cam")->state, PM_STATE_RUNNING);
    pass(&stage, 2000);
    cr_assert_eq(seen_by_client(&stage, "cam")->state, PM_STATE_LOST);
    cr_assert_eq(seen_by_client(&stage, "cam")->state_age_ms, 4000);
    cr_assert(strstr(seen_by_client(&stage, "cam")->reason, "k9 is not heard"));
    cr_assert(event_was(&stage, "deputy-lost", "k9"));

    deputy_says(&stage, &k9, PM_MSG_BEAT, &beat);
    cr_assert_eq(seen_by_client(&stage, "cam")->state, PM_STATE_RUNNING);
    pass(&stage, 100);
    cr_assert(event_was(&stage, "deputy-up", "back"));
}

Test(sessions, keeps_calm_for_a_moment_when_a_connection_is_gone)
{
    given_running_cam(&stage);
    stage.deaf = true;
    pass(&stage, 1000);
    cr_assert_eq(seen_by_client(&stage, "cam")->state, PM_STATE_RUNNING);
    pass(&stage, 3000);
    cr_assert_eq(seen_by_client(&stage, "cam")->state, PM_STATE_LOST);
}

Test(sessions, knows_that_nothing_runs_on_a_deputy_that_said_goodbye)
{
    struct fake_deputy k9 = given_running_cam(&stage);
    struct pm_bye bye = { .session = k9.session };

    deputy_says(&stage, &k9, PM_MSG_BYE, &bye);
    cr_assert_eq(seen_by_client(&stage, "cam")->state, PM_STATE_WAITING);
    cr_assert_eq(seen_by_client(&stage, "cam")->pid, 0);
}

Test(sessions, asks_for_everything_when_digests_differ_twice)
{
    struct fake_deputy k9 = given_running_cam(&stage);
    struct pm_status_row now = row("cam", PM_STATE_FAILED, 2);
    const struct pm_wants *wants = heard(&stage, PM_MSG_WANTS);
    struct pm_beat beat = { .session = k9.session, .seq = k9.seq,
                            .generation = wants->generation,
                            .specs_generation = wants->specs_generation,
                            .digest = pm_status_digest(&now, 1) };

    deputy_says(&stage, &k9, PM_MSG_BEAT, &beat);
    cr_assert_eq(said_count(&stage, PM_MSG_RESYNC), 0);
    deputy_says(&stage, &k9, PM_MSG_BEAT, &beat);
    cr_assert_eq(said_count(&stage, PM_MSG_RESYNC), 1);
}

Test(sessions, repeats_wishes_a_deputy_does_not_hold)
{
    struct fake_deputy k9 = given_running_cam(&stage);
    struct pm_beat beat = { .session = k9.session, .seq = k9.seq };
    size_t before = said_count(&stage, PM_MSG_WANTS);

    deputy_says(&stage, &k9, PM_MSG_BEAT, &beat);
    deputy_says(&stage, &k9, PM_MSG_BEAT, &beat);
    turn(&stage);
    cr_assert_eq(said_count(&stage, PM_MSG_WANTS), before + 1);
}

Test(sessions, beats_each_second_and_acknowledges_what_it_heard)
{
    struct fake_deputy k9 = given_running_cam(&stage);

    pass(&stage, 1000);
    const struct pm_beat *beat = heard(&stage, PM_MSG_BEAT);
    cr_assert_eq(beat->seq, k9.seq);
    cr_assert_eq(beat->session, k9.session);
}
