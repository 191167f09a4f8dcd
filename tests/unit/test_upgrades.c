/* Stories of deputies that put a new program in place of their own. */
#include "sheriff_stage.h"

#include <criterion/criterion.h>
#include <procman/limits.h>
#include <string.h>

static struct stage stage;
static struct fake_deputy k9;

static void begin(void)
{
    stage_begin(&stage, NULL, false);
    settle(&stage);
    k9 = given_running_cam(&stage);
    forget_said(&stage);
}

static void end(void)
{
    stage_end(&stage);
}

TestSuite(upgrades, .init = begin, .fini = end);

static void when_upgrade_of(const char *host)
{
    struct pm_upgrade ask = { .request = ++stage.request, .version = PM_PROTOCOL_VERSION,
                              .host = host, .client = "procmanctl deputy" };

    client_asks(&stage, &operator, PM_MSG_UPGRADE, &ask);
}

static const struct pm_upgrade *passed_on(void)
{
    return heard(&stage, PM_MSG_UPGRADE);
}

static void when_deputy_says_done(const struct fake_deputy *deputy, uint64_t request,
                                  const char *error, const char *text)
{
    struct pm_done done = { .session = deputy->session, .request = request, .error = error,
                            .text = text };

    deputy_says(&stage, deputy, PM_MSG_DONE, &done);
    turn(&stage);
}

static void then_answered(const char *error, const char *part)
{
    cr_assert_eq(said_count(&stage, PM_MSG_REPLY), 1);
    cr_expect_str_eq(last_reply(&stage)->error, error, "%s", last_reply(&stage)->text);
    cr_expect(strstr(last_reply(&stage)->text, part) != NULL, "%s", last_reply(&stage)->text);
}

Test(upgrades, are_over_when_the_deputy_is_back_with_all_it_had)
{
    struct pm_status_row cam = row("cam", PM_STATE_RUNNING, 1);
    struct fake_deputy again = { .peer = 9 };

    when_upgrade_of("k9");
    when_deputy_says_done(&k9, passed_on()->request, "ok", "");
    cr_assert_eq(said_count(&stage, PM_MSG_REPLY), 0, "it has only begun");
    deputy_hello(&stage, &again, "k9", STAGE_EPOCH, 4711);
    cr_assert_eq(said_count(&stage, PM_MSG_REPLY), 0, "what it runs is not known yet");
    deputy_status(&stage, &again, true, &cam, 1);
    turn(&stage);
    then_answered("ok", "");
    cr_expect(event_was(&stage, "deputy-upgrade", "deputy k9 is upgraded from "));
    cr_expect_eq(seen_by_client(&stage, "cam")->state, PM_STATE_RUNNING);
}

Test(upgrades, are_not_taken_for_done_because_a_connection_broke)
{
    struct fake_deputy again = { .peer = 9 };

    when_upgrade_of("k9");
    deputy_hello(&stage, &again, "k9", STAGE_EPOCH, 4711);
    deputy_status(&stage, &again, true, NULL, 0);
    turn(&stage);
    then_answered("lost", "deputy k9 is not upgraded: its connection broke before");
    cr_expect_not(event_was(&stage, "deputy-upgrade", "is upgraded from"));
}

Test(upgrades, that_another_order_began_are_not_this_ones)
{
    struct fake_deputy again = { .peer = 9 };

    when_upgrade_of("k9");
    when_deputy_says_done(&k9, passed_on()->request + 1, "ok", "");
    deputy_hello(&stage, &again, "k9", STAGE_EPOCH, 4711);
    deputy_status(&stage, &again, true, NULL, 0);
    turn(&stage);
    then_answered("lost", "is not upgraded");
}

Test(upgrades, fail_at_once_when_the_order_does_not_reach_the_deputy)
{
    struct fake_deputy again = { .peer = 9 };

    stage.deaf = true;
    when_upgrade_of("k9");
    then_answered("lost", "deputy k9 is not upgraded: the order did not reach it");
    stage.deaf = false;
    deputy_hello(&stage, &again, "k9", STAGE_EPOCH, 4711);
    deputy_status(&stage, &again, true, NULL, 0);
    turn(&stage);
    cr_expect_eq(said_count(&stage, PM_MSG_REPLY), 1);
    cr_expect_not(event_was(&stage, "deputy-upgrade", "is upgraded from"));
}

Test(upgrades, that_cannot_be_are_told_and_change_nothing)
{
    when_upgrade_of("k9");
    when_deputy_says_done(&k9, passed_on()->request, "io", "/usr/bin/deputyd: no such file");
    then_answered("io", "deputy k9 is not upgraded: /usr/bin/deputyd: no such file");
    cr_expect(event_was(&stage, "deputy-upgrade", "is not upgraded"));
    pass(&stage, 30000);
    cr_expect_eq(said_count(&stage, PM_MSG_REPLY), 1);
}

Test(upgrades, of_a_deputy_that_is_not_there_are_refused)
{
    when_upgrade_of("k8");
    then_answered("not-found", "there is no deputy called k8");
    forget_said(&stage);
    pass(&stage, 4000);
    when_upgrade_of("k9");
    then_answered("lost", "deputy k9 is not connected");
}

Test(upgrades, come_one_at_a_time)
{
    when_upgrade_of("k9");
    when_upgrade_of("k9");
    then_answered("busy", "deputy k9 is being upgraded already");
}

Test(upgrades, have_a_limit_of_time)
{
    when_upgrade_of("k9");
    for (int i = 0; i < 25; i++) {
        struct pm_beat beat = { .session = k9.session };
        pass(&stage, 1000);
        deputy_says(&stage, &k9, PM_MSG_BEAT, &beat);
    }
    then_answered("timeout", "it does not answer");
}

Test(upgrades, do_not_mistake_another_deputy_for_the_upgraded)
{
    struct fake_deputy other = { .peer = 9 };

    when_upgrade_of("k9");
    when_deputy_says_done(&k9, passed_on()->request, "ok", "");
    pass(&stage, 4000);
    deputy_hello(&stage, &other, "k9", STAGE_EPOCH + 1, 0);
    deputy_status(&stage, &other, true, NULL, 0);
    turn(&stage);
    then_answered("failed", "another deputy of that name has come");
}

Test(upgrades, are_not_for_who_may_only_look)
{
    struct pm_upgrade ask = { .request = ++stage.request, .version = PM_PROTOCOL_VERSION,
                              .host = "k9", .client = "" };

    client_asks(&stage, &observer, PM_MSG_UPGRADE, &ask);
    then_answered("forbidden", "for looking");
}
