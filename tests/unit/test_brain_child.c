/* A brain that is there but not alive. */
#include <criterion/criterion.h>

#include "tests/unit/deputy_stage.h"

#include "keeper/brain_child.h"

#include <poll.h>

#define LOOK 4000 /* ms between two looks */

static struct pm_brain brain;
static struct pm_mono now;

static void given_a_brain_that_has_spoken(void)
{
    now.ms = 100000;
    brain = (struct pm_brain){ .pid = 77, .heard = true, .look_at = { now.ms + LOOK } };
}

TestSuite(brain_child, .init = given_a_brain_that_has_spoken);

static enum pm_err when_looked_after(int64_t ms)
{
    now.ms += ms;
    return pm_brain_look(&brain, now);
}

Test(brain_child, silence_is_asked_about_and_then_not_borne)
{
    cr_expect_eq(when_looked_after(LOOK), PM_OK);
    cr_expect_eq(when_looked_after(LOOK), PM_TIMEOUT);
    cr_expect_eq(when_looked_after(LOOK), PM_GONE);
}

Test(brain_child, who_answers_is_left_in_peace)
{
    for (int i = 0; i < 10; i++) {
        cr_expect_eq(when_looked_after(LOOK), PM_OK);
        cr_expect_eq(when_looked_after(LOOK), PM_TIMEOUT);
        brain.silent = 0;
    }
}

Test(brain_child, silence_while_we_were_away_ourselves_is_nobodys_fault)
{
    cr_expect_eq(when_looked_after(LOOK), PM_OK);
    cr_expect_eq(when_looked_after(LOOK), PM_TIMEOUT);
    cr_expect_eq(when_looked_after(3600 * 1000), PM_OK); /* the lid was closed */
    cr_expect_eq(when_looked_after(LOOK), PM_TIMEOUT);
    cr_expect_eq(when_looked_after(LOOK + 900), PM_GONE); /* a busy machine is no excuse */
}

Test(keeper, a_brain_that_hangs_is_replaced)
{
    struct stage stage;
    struct pollfd ready;
    struct pm_wire_message message;

    given_a_deputyd(&stage, NULL);
    begin(&stage, 0, 1, "sleep 30", NULL);
    (void)receive(&stage, PM_MSG_AWAKE); /* and says nothing */
    ready = (struct pollfd){ .fd = pm_wire_fd(stage.wire), .events = POLLIN };
    cr_assert_eq(poll(&ready, 1, PATIENCE_MS), 1);
    cr_assert_eq(pm_wire_receive(stage.wire, &message), PM_GONE);
    lose_brain(&stage);
    meet_brain(&stage);
    message = receive(&stage, PM_MSG_HELD);
    pm_wire_drop(&message);
    (void)receive(&stage, PM_MSG_READY);
    say(&stage, PM_MSG_KILL, &(struct pm_kill){ .slot = 0, .run = 1, .signal = SIGKILL });
    (void)then_ended(&stage);
    finish(&stage);
}
