/* Last words: what a life has written and no brain has moved yet. */
#include <criterion/criterion.h>

#include "tests/unit/deputy_stage.h"

#include "keeper/debts.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* ---- the list ------------------------------------------------------------------------- */

static struct pm_debts debts;

static void given_no_debts(void)
{
    debts = (struct pm_debts){ 0 };
}

TestSuite(debts, .init = given_no_debts);

static struct pm_debt a_debt(uint64_t slot, uint64_t run)
{
    return (struct pm_debt){ .slot = slot, .run = run, .fds = { open("/dev/null", O_RDONLY) } };
}

/* Returns the life that had to go for it; run 0: none had. */
static struct pm_debt when_added(uint64_t slot, uint64_t run)
{
    struct pm_debt debt = a_debt(slot, run), gone = { 0 };

    cr_assert_gt(debt.fds[0], 0);
    (void)!pm_debts_add(&debts, &debt, &gone);
    return gone;
}

static void then_owed(uint64_t slot, const char *expected)
{
    char text[200] = "";
    const struct pm_debt *debt;
    size_t at = 0, n = 0;

    while ((debt = pm_debts_next(&debts, slot, &at)) != NULL)
        n += (size_t)snprintf(text + n, sizeof text - n, "%d ", (int)debt->run);
    cr_expect_str_eq(text, expected);
}

Test(debts, the_oldest_comes_first)
{
    when_added(3, 1);
    when_added(5, 1);
    when_added(3, 2);
    then_owed(3, "1 2 ");
    then_owed(5, "1 ");
    then_owed(4, "");
}

Test(debts, what_is_drained_or_wanted_no_more_is_closed)
{
    int fd;

    when_added(3, 1);
    when_added(3, 2);
    when_added(3, 3);
    fd = debts.at[1].fds[0];
    pm_debts_settle(&debts, 3, 2);
    cr_expect_eq(fcntl(fd, F_GETFD), -1);
    then_owed(3, "1 3 ");
    pm_debts_forget(&debts, 3);
    then_owed(3, "");
    cr_expect_not(pm_debts_drop_oldest(&debts));
}

Test(debts, of_one_slot_the_oldest_goes)
{
    for (uint64_t run = 1; run <= PM_DEBTS_OF_SLOT; run++)
        cr_expect_eq(when_added(3, run).run, 0);
    cr_expect_eq(when_added(2, 9).run, 0);
    cr_expect_eq(when_added(3, 8).run, 1);
    then_owed(3, "2 3 4 8 ");
    then_owed(2, "9 ");
}

Test(debts, of_all_the_oldest_goes)
{
    for (uint64_t slot = 0; slot < PM_DEBTS_MOST; slot++)
        debts.at[debts.n++] = (struct pm_debt){ .slot = slot, .run = 1 };
    cr_expect_eq(when_added(5000, 1).slot, 0);
    cr_expect_eq(debts.n, PM_DEBTS_MOST);
    then_owed(5000, "1 ");
}

/* ---- the keeper ------------------------------------------------------------------------- */

static void then_holds(struct stage *stage, uint64_t run)
{
    struct pm_wire_message message = receive(stage, PM_MSG_HELD);

    cr_expect_eq(((const struct pm_held *)message.msg)->run, run);
    pm_wire_drop(&message);
}

static void then_owes(struct stage *stage, uint64_t run, const char *words)
{
    struct pm_wire_message message = receive(stage, PM_MSG_OWED);
    const struct pm_owed *owed = message.msg;

    cr_expect_eq(owed->run, run);
    cr_assert_eq(message.n_fds, 2);
    then_output(message.fds[0], words);
    pm_wire_drop(&message);
}

Test(keeper, the_last_words_of_a_life_are_kept_over_the_next_until_they_are_drained)
{
    struct stage stage;

    given_a_deputyd(&stage, NULL);
    begin(&stage, 0, 1, "echo last words; exit 1", NULL);
    (void)then_ended(&stage);
    begin(&stage, 0, 2, "sleep 30", NULL);
    lose_brain(&stage);
    meet_brain(&stage);
    then_holds(&stage, 2);
    then_owes(&stage, 1, "last words\n");
    (void)receive(&stage, PM_MSG_READY);
    say(&stage, PM_MSG_DRAINED, &(struct pm_drained){ .slot = 0, .run = 1 });
    lose_brain(&stage);
    meet_brain(&stage);
    then_holds(&stage, 2);
    (void)receive(&stage, PM_MSG_READY);
    say(&stage, PM_MSG_KILL, &(struct pm_kill){ .slot = 0, .run = 2, .signal = SIGKILL });
    (void)then_ended(&stage);
    finish(&stage);
}

Test(keeper, the_last_words_of_a_life_whose_end_is_seen_are_kept_until_they_are_drained)
{
    struct stage stage;
    struct pm_wire_message message;

    given_a_deputyd(&stage, NULL);
    begin(&stage, 0, 1, "echo last words; exit 1", NULL);
    (void)then_ended(&stage);
    lose_brain(&stage);
    meet_brain(&stage);
    message = receive(&stage, PM_MSG_HELD);
    cr_assert_eq(message.n_fds, 2);
    then_output(message.fds[0], "last words\n");
    pm_wire_drop(&message);
    (void)receive(&stage, PM_MSG_READY);
    say(&stage, PM_MSG_DRAINED, &(struct pm_drained){ .slot = 0, .run = 1 });
    lose_brain(&stage);
    meet_brain(&stage);
    message = receive(&stage, PM_MSG_HELD);
    cr_expect_eq(message.n_fds, 0);
    (void)receive(&stage, PM_MSG_READY);
    finish(&stage);
}

Test(keeper, of_many_lives_that_are_never_drained_the_last_few_are_kept)
{
    struct stage stage;
    enum { LIVES = PM_DEBTS_OF_SLOT + 3 };
    char script[40], words[8];

    given_a_deputyd(&stage, NULL);
    for (uint64_t run = 1; run <= LIVES; run++) {
        snprintf(script, sizeof script, "echo %d", (int)run);
        begin(&stage, 0, run, script, NULL);
        (void)then_ended(&stage);
    }
    lose_brain(&stage);
    meet_brain(&stage);
    then_holds(&stage, LIVES);
    for (uint64_t run = LIVES - PM_DEBTS_OF_SLOT; run < LIVES; run++) {
        snprintf(words, sizeof words, "%d\n", (int)run);
        then_owes(&stage, run, words);
    }
    (void)receive(&stage, PM_MSG_READY);
    say(&stage, PM_MSG_NOTE, &(struct pm_note){ .slot = 0 }); /* a free slot owes nothing */
    lose_brain(&stage);
    meet_ready_brain(&stage);
    finish(&stage);
}
