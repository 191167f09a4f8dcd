/* Stories of processes that a file gives another host. */
#include "order_stage.h"

#include "sheriffd/inside.h"

#include <criterion/criterion.h>

static struct order_stage o;

static void begin(void)
{
    order_begin(&o);
}

static void end(void)
{
    order_end(&o);
}

TestSuite(moves, .init = begin, .fini = end);

static void given_a_move(void)
{
    define(&o, "cam", 0, "");
    apply(&o);
    becomes_ready(&o, "cam");
    then_order(&o, "+cam ");
    o.specs[0].host = "rig1";
    apply(&o);
}

Test(moves, what_moves_begins_there_when_it_has_ended_here)
{
    given_a_move();
    then_order(&o, "");
    then_state(&o, "cam", PM_STATE_WAITING, "for cam@rig0: it moves, and is stopping there");
    ends(&o, "cam");
    then_order(&o, "-cam +cam ");
}

Test(moves, what_moves_still_waits_when_another_sheriff_begins)
{
    given_a_move();
    order_restart(&o, false);
    connect_host(&o, 1);
    live(&o, 3000);
    then_order(&o, "");
    then_state(&o, "cam", PM_STATE_WAITING, "for cam@rig0: deputy rig0 has not connected, so it "
               "may still run there; if it does not, start it with --no-deps");
    connect_host(&o, 0);
    live(&o, 1000);
    then_order(&o, "");
    ends(&o, "cam");
    then_order(&o, "-cam +cam ");
}

Test(moves, what_left_a_lost_machine_begins_when_an_operator_says_so)
{
    define(&o, "cam", 0, "");
    apply(&o);
    becomes_ready(&o, "cam");
    lose_host(&o, 0);
    o.specs[0].host = "rig1";
    apply(&o);
    then_order(&o, "+cam ");
    then_state(&o, "cam", PM_STATE_WAITING, "for cam@rig0: deputy rig0 is not heard, so it may "
               "still run there; if it does not, start it with --no-deps");
    order(&o, PM_VERB_START, "cam@rig1", true);
    then_order(&o, "+cam ");
}

Test(moves, what_goes_on_before_it_could_begin_waits_for_where_it_began)
{
    given_a_move();
    o.specs[0].host = "rig2";
    apply(&o);
    then_order(&o, "");
    then_state(&o, "cam", PM_STATE_WAITING, "for cam@rig0: it moves, and is stopping there");
    ends(&o, "cam");
    then_order(&o, "-cam +cam ");
}

Test(moves, what_goes_back_waits_likewise)
{
    given_a_move();
    ends(&o, "cam");
    becomes_ready(&o, "cam");
    then_order(&o, "-cam +cam ");
    o.specs[0].host = "rig0";
    apply(&o);
    then_order(&o, "");
    then_state(&o, "cam", PM_STATE_WAITING, "for cam@rig1: it moves, and is stopping there");
    ends(&o, "cam");
    then_order(&o, "-cam +cam ");
}

Test(moves, who_moved_once_waits_no_more_for_where_it_was)
{
    given_a_move();
    ends(&o, "cam");
    becomes_ready(&o, "cam");
    order_restart(&o, false);
    connect_host(&o, 1);
    order(&o, PM_VERB_STOP, "cam", false);
    ends(&o, "cam");
    order(&o, PM_VERB_START, "cam", false);
    then_order(&o, "-cam +cam -cam +cam ");
}

/* As `edit --set host=rigN` does. */
static void edit_host(int host)
{
    struct pm_spec edited = desired_find(&o.stage.sheriff->desired, o.specs[0].host, "",
                                         "cam")->spec;

    o.specs[0].host = edited.host = o.hosts[host].name;
    o.asked = o.stage.request + 1;
    client_applies(&o.stage, PM_APPLY_MODE_EDIT, false, &edited, 1);
    pump(&o);
    cr_assert_str_eq(o.reply_error, "ok", "%s", o.reply);
}

static void given_cam_without_autostart(int host)
{
    define(&o, "cam", host, "")->autostart = false;
    apply(&o);
    order(&o, PM_VERB_START, "cam", false);
    becomes_ready(&o, "cam");
    then_order(&o, "+cam ");
}

Test(moves, what_is_up_stays_up_wherever_its_new_host_is_in_the_order)
{
    given_cam_without_autostart(1);
    edit_host(2);
    ends(&o, "cam");
    then_order(&o, "-cam +cam ");
    becomes_ready(&o, "cam");
    edit_host(0);
    ends(&o, "cam");
    then_order(&o, "-cam +cam ");
}

Test(moves, what_goes_on_while_it_waits_for_others_still_waits_for_where_it_began)
{
    define(&o, "cam", 0, "");
    apply(&o);
    becomes_ready(&o, "cam");
    define(&o, "cam", 1, "ready:lidar@1");
    define(&o, "lidar", 1, "");
    apply(&o);
    then_order(&o, "+cam +lidar ");
    o.specs[0].host = "rig2";
    apply(&o);
    becomes_ready(&o, "lidar");
    then_order(&o, "");
    ends(&o, "cam");
    then_order(&o, "-cam +cam ");
}

Test(moves, what_goes_on_from_a_machine_that_never_came_waits_for_where_it_began)
{
    lose_host(&o, 1);
    given_a_move();
    o.specs[0].host = "rig2";
    apply(&o);
    then_order(&o, "");
    ends(&o, "cam");
    then_order(&o, "-cam +cam ");
}

Test(moves, what_was_ordered_down_by_its_move_still_waits_for_its_end)
{
    define(&o, "cam", 0, "")->autostart = false;
    apply(&o);
    order(&o, PM_VERB_START, "cam", false);
    becomes_ready(&o, "cam");
    order(&o, PM_VERB_STOP, "cam", false);
    o.specs[0].host = "rig1";
    apply(&o);
    then_order(&o, "+cam ");
    order_restart(&o, false);
    connect_host(&o, 1);
    order(&o, PM_VERB_START, "cam", false);
    then_order(&o, "");
    connect_host(&o, 0);
    ends(&o, "cam");
    then_order(&o, "-cam +cam ");
}

Test(moves, where_it_was_is_no_word_of_a_client)
{
    define(&o, "cam", 0, "")->moved_from = "nowhere";
    apply(&o);
    then_order(&o, "+cam ");
    cr_assert_null(desired_find_post(&o.stage.sheriff->desired, "nowhere"));
}

Test(moves, what_is_wished_for_is_told_when_what_its_deputy_had_beside_is_adopted)
{
    struct pm_spec old = spec("old", "rig1", "sleep 1");
    struct pm_want want = { .id = 33, .order = 7 };

    define(&o, "lidar", 1, "");
    define(&o, "cam", 1, "ready:lidar@1");
    apply(&o);
    becomes_ready(&o, "lidar");
    then_order(&o, "+lidar +cam ");
    o.hosts[1].n = 0; /* its machine begins anew */
    order_restart(&o, false);
    live(&o, 3500); /* so long it waits for the deputy that held its wishes */
    old.id = 33;
    o.hosts[1].connected = true;
    deputy_hello(&o.stage, &o.hosts[1].link, "rig1", STAGE_EPOCH, 1);
    struct pm_holding holding = { .session = o.hosts[1].link.session, .specs = { &old, 1 },
                                  .wants = { &want, 1 } };

    deputy_says(&o.stage, &o.hosts[1].link, PM_MSG_HOLDING, &holding);
    deputy_status(&o.stage, &o.hosts[1].link, true, NULL, 0);
    pump(&o);
    becomes_ready(&o, "lidar");
    then_order(&o, "+lidar +cam ");
}

Test(moves, what_comes_back_while_it_is_being_removed_waits_for_its_end_elsewhere)
{
    define(&o, "cam", 0, "");
    struct pm_spec both[] = { o.specs[0], o.specs[0] };

    both[1].host = "rig1";
    client_applies(&o.stage, PM_APPLY_MODE_MERGE, false, both, 2);
    pump(&o);
    then_order(&o, "+cam +cam ");
    client_applies(&o.stage, PM_APPLY_MODE_MERGE, false, &both[1], 1);
    client_applies(&o.stage, PM_APPLY_MODE_MERGE, false, &both[0], 1); /* rig0 says nothing yet */
    pump(&o);
    ends(&o, "cam");
    then_order(&o, "-cam ");
    ends(&o, "cam");
    then_order(&o, "-cam +cam ");
}

Test(moves, what_is_to_wait_only_now_is_told_no_older_order)
{
    uint64_t told;

    define(&o, "lidar", 1, "");
    define(&o, "cam", 1, "");
    client_applies(&o.stage, PM_APPLY_MODE_MERGE, false, o.specs, 2);
    told = want_for(&o.stage, "cam")->order;
    define(&o, "cam", 1, "ready:lidar@1");
    client_applies(&o.stage, PM_APPLY_MODE_MERGE, false, o.specs, 2);
    cr_assert_geq(want_for(&o.stage, "cam")->order, told);
    pump(&o);
    then_order(&o, "+cam +lidar "); /* the first was told already */
}
