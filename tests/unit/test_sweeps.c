/* Stories of a look for strays on several deputies. */
#include "sheriff_stage.h"

#include <criterion/criterion.h>
#include <procman/limits.h>
#include <string.h>

static struct stage stage;
static struct fake_deputy k9, k8;

static void begin(void)
{
    stage_begin(&stage, NULL, false);
    settle(&stage);
    k9 = given_deputy(&stage, "k9", 1, NULL, 0);
    k8 = given_deputy(&stage, "k8", 2, NULL, 0);
    forget_said(&stage);
}

static void end(void)
{
    stage_end(&stage);
}

TestSuite(sweeps, .init = begin, .fini = end);

static void when_sweep(const struct sheriff_client *client, const char **hosts, size_t n,
                       bool kill)
{
    struct pm_sweep ask = { .request = ++stage.request, .version = PM_PROTOCOL_VERSION,
                            .hosts = { hosts, n }, .kill = kill, .client = "procmanctl strays" };

    client_asks(&stage, client, PM_MSG_SWEEP, &ask);
}

static void when_found(const struct fake_deputy *deputy, size_t n, bool killed)
{
    struct pm_stray found[2] = { { .pid = 7, .host = "", .mark = "k9/0/1", .group = "",
                                   .name = "cam", .command = "camd", .killed = killed } };
    struct pm_strays strays = {
        .session = deputy->session, .host = "someone", .strays = { found, n },
        .request = ((const struct pm_sweep *)heard(&stage, PM_MSG_SWEEP))->request,
    };

    found[1] = found[0];
    deputy_says(&stage, deputy, PM_MSG_STRAYS, &strays);
    turn(&stage);
}

static void then_replied(const char *error, const char *part)
{
    cr_assert_eq(said_count(&stage, PM_MSG_REPLY), 1);
    cr_expect_str_eq(last_reply(&stage)->error, error, "%s", last_reply(&stage)->text);
    cr_expect(strstr(last_reply(&stage)->text, part) != NULL, "%s", last_reply(&stage)->text);
}

Test(sweeps, tell_what_each_deputy_found_and_end_with_the_last)
{
    when_sweep(&operator, NULL, 0, false);
    cr_assert_eq(said_count(&stage, PM_MSG_SWEEP), 2);
    when_found(&k9, 1, false);
    const struct pm_strays *strays = heard(&stage, PM_MSG_STRAYS);
    cr_expect_eq(strays->request, stage.request);
    cr_expect_str_eq(strays->strays.at[0].host, "k9", "it does not speak for another");
    cr_expect_eq(said_count(&stage, PM_MSG_REPLY), 0);
    when_found(&k8, 0, false);
    then_replied("ok", "");
    cr_expect_not(event_was(&stage, "strays-ended", ""));
}

Test(sweeps, name_who_does_not_answer)
{
    when_sweep(&operator, NULL, 0, false);
    when_found(&k9, 1, false);
    pass(&stage, 9000);
    then_replied("lost", "no answer from k8");
    when_found(&k8, 1, false); /* too late: nobody listens */
    cr_expect_eq(said_count(&stage, PM_MSG_STRAYS), 1);
}

Test(sweeps, do_not_wait_for_who_is_not_there)
{
    const char *hosts[] = { "k9", "k8" };
    struct pm_bye bye = { .session = k8.session };

    deputy_says(&stage, &k8, PM_MSG_BYE, &bye);
    when_sweep(&operator, hosts, 2, false);
    when_found(&k9, 0, false);
    pass(&stage, 1000);
    then_replied("lost", "no answer from k8");
    forget_said(&stage);
    when_sweep(&operator, &hosts[1], 1, false);
    then_replied("lost", "no answer from k8"); /* at once: nobody is left to wait for */
}

Test(sweeps, ask_only_those_that_are_named)
{
    const char *hosts[] = { "k8", "k8" }, *nobody[] = { "k7" };

    when_sweep(&operator, hosts, 2, false);
    cr_assert_eq(said_count(&stage, PM_MSG_SWEEP), 1);
    when_found(&k8, 0, false);
    then_replied("ok", "");
    forget_said(&stage);
    when_sweep(&operator, nobody, 1, false);
    then_replied("not-found", "there is no deputy called k7");
    cr_expect_eq(said_count(&stage, PM_MSG_SWEEP), 0);
}

Test(sweeps, that_end_something_are_on_record)
{
    when_sweep(&operator, NULL, 0, true);
    cr_assert(((const struct pm_sweep *)heard(&stage, PM_MSG_SWEEP))->kill);
    when_found(&k9, 2, true);
    cr_expect(event_was(&stage, "strays-ended", "2 processes of earlier runs were ended"));
}

Test(sweeps, let_an_observer_look_but_not_kill)
{
    when_sweep(&observer, NULL, 0, true);
    then_replied("forbidden", "for looking");
    cr_expect_eq(said_count(&stage, PM_MSG_SWEEP), 0);
    when_sweep(&observer, NULL, 0, false);
    cr_expect_eq(said_count(&stage, PM_MSG_SWEEP), 2);
}

Test(sweeps, listen_only_to_the_session_that_was_asked)
{
    struct fake_deputy again = { .peer = 9 };

    when_sweep(&operator, NULL, 0, false);
    deputy_hello(&stage, &again, "k9", STAGE_EPOCH, 0);
    deputy_status(&stage, &again, true, NULL, 0);
    when_found(&again, 1, false);
    cr_expect_eq(said_count(&stage, PM_MSG_STRAYS), 0);
    when_found(&k8, 0, false);
    pass(&stage, 1000);
    then_replied("lost", "no answer from k9");
}
