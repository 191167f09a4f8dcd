/* Stories of what the sheriff asks about one process. */
#include "brain_stage.h"

TestSuite(request, .init = stage_setup, .fini = stage_teardown);

Test(request, signals_reach_what_lives_and_are_answered_always)
{
    struct pm_spec spec = a_spec(1, "cam");
    struct pm_signal ask = { .session = SESSION, .request = 5, .id = 1, .signal = SIGHUP };

    given_running(&spec);
    brain_on_sheriff(t.brain, PM_MSG_SIGNAL, &ask, t.now);
    then_said("kill 0/1 1\ndone 5 ok\n");
    ask.id = 2;
    brain_on_sheriff(t.brain, PM_MSG_SIGNAL, &ask, t.now);
    then_said("done 5 not-found\n");
    when_ended(0, 1, 0, 0);
    t.said[0] = '\0';
    ask.id = 1;
    brain_on_sheriff(t.brain, PM_MSG_SIGNAL, &ask, t.now);
    then_said("done 5 not-running\n");
}

Test(request, following_may_come_before_the_process_and_moves_with_its_number)
{
    struct pm_spec spec = a_spec(1, "cam"), renumbered = a_spec(7, "cam");
    struct pm_read ask = { .session = SESSION, .id = 7, .offset = 3 };

    given_deputy();
    brain_on_follow(t.brain, 7, true);
    when_specs(1, &spec, 1);
    quiet();
    when_specs(2, &renumbered, 1);
    then_said("follow cam 7\n");
    brain_on_sheriff(t.brain, PM_MSG_READ, &ask, t.now);
    then_said("read cam 3\n");
    brain_on_follow(t.brain, 7, false);
    then_said("unfollow cam 7\n");
    ask.id = 99;
    brain_on_sheriff(t.brain, PM_MSG_READ, &ask, t.now);
    then_said("bytes not-found\n");
}
