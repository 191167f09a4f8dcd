/* How ends of lives come into the store, and when their deputy may forget them. */
#include "sheriff_stage.h"

#include <criterion/criterion.h>
#include <procman/limits.h>

#include <stdlib.h>
#include <string.h>

static struct stage stage;

static void begin(void)
{
    stage_begin(&stage, NULL, false);
}

static void end(void)
{
    stage_end(&stage);
}

TestSuite(ends, .init = begin, .fini = end);

static struct pm_past_life an_end(uint64_t token, uint64_t order)
{
    return (struct pm_past_life){ .token = token, .group = "", .name = "cam", .run = 3,
                                  .order = order, .exit_code = 7, .age_ms = 400,
                                  .reason = "exit code 7; will be restarted" };
}

static void deputy_tells(const struct fake_deputy *deputy, struct pm_past_life *lives, size_t n)
{
    struct pm_endings endings = { .session = deputy->session, .past = { lives, n } };

    deputy_says(&stage, deputy, PM_MSG_ENDINGS, &endings);
}

/* What the store was given last, and has not answered. */
static const struct pm_past_life *given_to_store(size_t n)
{
    const struct batch_past *past = NULL;

    for (size_t i = 0; i < stage.n_batches; i++)
        if (stage.batches[i]->past != NULL)
            past = stage.batches[i]->past;
    cr_assert_not_null(past);
    cr_assert_eq(past->endings.past.n, n);
    return past->endings.past.at;
}

Test(ends, are_noted_when_they_are_stored_and_not_before)
{
    struct fake_deputy k9 = given_running_cam(&stage);
    struct pm_past_life lives[2] = { an_end(71, 1), an_end(72, 1) };

    deputy_tells(&k9, lives, 2);
    stage.now.mono.ms += 300;
    turn(&stage);
    cr_assert_eq(said_count(&stage, PM_MSG_NOTED), 0);
    settle(&stage);
    const struct pm_noted *noted = heard(&stage, PM_MSG_NOTED);
    cr_assert_eq(noted->session, k9.session);
    cr_assert_eq(noted->past.n, 2);
    cr_assert_eq(noted->past.at[1].token, 72);
}

Test(ends, that_could_not_be_stored_are_not_noted_until_they_are_told_again)
{
    struct fake_deputy k9 = given_running_cam(&stage);
    struct pm_past_life life = an_end(71, 1);

    deputy_tells(&k9, &life, 1);
    stage.now.mono.ms += 300;
    answer_store(&stage, PM_IO, "disk full");
    cr_assert_eq(said_count(&stage, PM_MSG_NOTED), 0);
    deputy_tells(&k9, &life, 1);
    stage.now.mono.ms += 300;
    settle(&stage);
    cr_assert_eq(said_count(&stage, PM_MSG_NOTED), 1);
}

Test(ends, of_a_session_that_is_over_are_noted_to_nobody)
{
    struct fake_deputy k9 = given_running_cam(&stage);
    struct pm_past_life life = an_end(71, 1);

    deputy_tells(&k9, &life, 1);
    stage.now.mono.ms += 300;
    turn(&stage);
    deputy_hello(&stage, &k9, "k9", STAGE_EPOCH, 0);
    settle(&stage);
    cr_assert_eq(said_count(&stage, PM_MSG_NOTED), 0);
}

Test(ends, come_with_the_time_by_our_clock_and_with_who_gave_the_order)
{
    struct fake_deputy k9 = given_running_cam(&stage);
    uint64_t order = want_for(&stage, "cam")->order;
    struct pm_past_life lives[2] = { an_end(71, order), an_end(72, order + 5) };

    deputy_tells(&k9, lives, 2);
    stage.now.mono.ms += 300;
    turn(&stage);
    const struct pm_past_life *stored = given_to_store(2);
    cr_assert_str_eq(stored[0].host, "k9");
    cr_assert_eq(stored[0].ended_ms, stage.now.wall.ms - 400);
    cr_assert(strstr(stored[0].by, "pid") != NULL, "by %s", stored[0].by);
    cr_assert_str_eq(stored[1].by, "", "of another order only the store knows");
    settle(&stage);
}

Test(ends, that_a_deputy_had_to_forget_are_an_event_once)
{
    struct fake_deputy k9 = given_running_cam(&stage);
    struct pm_endings endings = { .session = k9.session, .lost = 12 };

    deputy_says(&stage, &k9, PM_MSG_ENDINGS, &endings);
    settle(&stage);
    cr_assert(event_was(&stage, "ends-lost", "12 lives"));
    forget_said(&stage);
    deputy_says(&stage, &k9, PM_MSG_ENDINGS, &endings);
    settle(&stage);
    cr_assert_not(event_was(&stage, "ends-lost", ""));
}

Test(ends, are_told_to_who_asks_after_what_waits_was_given_to_the_store)
{
    struct fake_deputy k9 = given_running_cam(&stage);
    struct pm_past ask = { .request = 8, .version = PM_PROTOCOL_VERSION };
    struct pm_past_life life = an_end(71, 1), found = an_end(71, 1);

    deputy_tells(&k9, &life, 1);
    client_asks(&stage, &observer, PM_MSG_PAST, &ask);
    (void)given_to_store(1);
    cr_assert_not_null(stage.asked);
    cr_assert(stage.asked->of_lives);
    stage.asked->lives = (struct pm_past_life_list){ &found, 1 };
    sheriff_on_history(stage.sheriff, stage.asked);
    const struct pm_endings *endings = heard(&stage, PM_MSG_ENDINGS);
    cr_assert_eq(endings->request, 8);
    cr_assert_eq(endings->past.at[0].token, 71);
    settle(&stage);
}

Test(ends, of_any_size_a_message_can_have_cost_nothing_but_their_storing)
{
    static char reason[PM_LIMIT_DECODED];
    struct fake_deputy k9 = given_running_cam(&stage);
    struct pm_past_life life = an_end(71, 1);

    memset(reason, 'x', sizeof reason - 1);
    for (size_t less = 0; less < 600; less += 20) { /* beside it author and host must find room */
        life.reason = reason + less;
        deputy_tells(&k9, &life, 1);
        stage.now.mono.ms += 300;
        settle(&stage);
    }
    cr_expect_eq(said_count(&stage, PM_MSG_NOTED), 30);
}
