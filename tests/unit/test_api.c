#include "sheriff_stage.h"

#include "sheriffd/api.h"

#include <criterion/criterion.h>
#include <procman/limits.h>
#include <stdio.h>
#include <string.h>

static struct stage stage;

static void begin(void)
{
    struct pm_spec specs[3];

    stage_begin(&stage, NULL, false);
    specs[0] = spec("camera", "rig08", "true");
    specs[0].group = "drivers/front";
    specs[1] = spec("lidar", "rig08", "true");
    specs[2] = spec("roscore", "robot1", "true");
    client_applies(&stage, PM_APPLY_MODE_MERGE, false, specs, 3);
    forget_said(&stage);
}

static void end(void)
{
    stage_end(&stage);
}

TestSuite(api, .init = begin, .fini = end);

static const struct pm_reply *reply(void)
{
    return heard(&stage, PM_MSG_REPLY);
}

Test(api, suggests_in_the_form_the_word_was_given_in)
{
    static const char *const stories[][2] = {
        { "camrea", "did you mean camera?" },
        { "drivers/front/camear", "did you mean drivers/front/camera?" },
        { "drivers/fornt/", "did you mean drivers/front/?" },
        { "@rgi08", "did you mean @rig08?" },
        { "lidra@rig08", "did you mean lidar@rig08?" },
        { "somethingelse", "no process matches somethingelse" },
    };

    for (size_t i = 0; i < PM_COUNT(stories); i++) {
        client_orders(&stage, PM_VERB_STOP, stories[i][0]);
        settle(&stage);
        cr_assert_str_eq(reply()->error, "not-found");
        cr_assert(strstr(reply()->text, stories[i][1]), "%s", reply()->text);
    }
}

Test(api, takes_an_empty_selection_by_state_as_nothing_to_do)
{
    client_orders(&stage, PM_VERB_START, "%failed");
    settle(&stage);
    cr_assert_str_eq(reply()->error, "ok");
    cr_assert_str_eq(reply()->text, "nothing to do");
}

Test(api, refuses_an_order_that_says_too_little)
{
    const char *word = "lidar";
    struct pm_order orders[] = {
        { .version = PM_PROTOCOL_VERSION, .select = { &word, 1 }, .client = "" },
        { .version = PM_PROTOCOL_VERSION, .verb = PM_VERB_STOP, .client = "" },
        { .version = PM_PROTOCOL_VERSION, .verb = PM_VERB_SIGNAL, .select = { &word, 1 },
          .client = "" },
    };

    for (size_t i = 0; i < PM_COUNT(orders); i++) {
        client_asks(&stage, &operator, PM_MSG_ORDER, &orders[i]);
        cr_assert_str_eq(reply()->error, "usage");
    }
}

Test(api, exports_specs_and_processes_in_one_order)
{
    const char *word = "@rig08";
    struct pm_export export = { .request = 4, .version = PM_PROTOCOL_VERSION,
                                .select = { &word, 1 } };

    client_asks(&stage, &operator, PM_MSG_EXPORT, &export);
    const struct pm_exported *exported = heard(&stage, PM_MSG_EXPORTED);
    cr_assert_eq(exported->request, 4);
    cr_assert_eq(exported->specs.n, 2);
    for (size_t i = 0; i < exported->specs.n; i++)
        cr_assert_str_eq(exported->specs.at[i].name, exported->procs.at[i].name);
}

Test(api, plans_without_changing_anything)
{
    struct pm_spec changed = spec("lidar", "rig08", "false");
    struct pm_apply apply = { .request = 4, .version = PM_PROTOCOL_VERSION, .plan_only = true,
                              .prune = true, .specs = { &changed, 1 }, .client = "",
                              .source = "" };
    size_t stored = stage.stored;

    client_asks(&stage, &operator, PM_MSG_APPLY, &apply);
    const struct pm_plan *plan = heard(&stage, PM_MSG_PLAN);
    cr_assert_eq(plan->changes.n, 3);
    cr_assert_str_eq(reply()->error, "ok");
    settle(&stage);
    cr_assert_eq(stage.stored, stored);
    cr_assert_not_null(seen_by_client(&stage, "roscore"));
}

Test(api, lists_as_many_changes_as_a_message_holds_and_counts_the_others)
{
    static struct pm_spec specs[40];
    static char names[40][16];

    for (size_t i = 0; i < PM_COUNT(specs); i++) {
        snprintf(names[i], sizeof names[i], "p%zu", i);
        specs[i] = spec(names[i], "rig08", "true");
    }
    stage.client_most = 1000;
    client_applies(&stage, PM_APPLY_MODE_MERGE, false, specs, PM_COUNT(specs));
    const struct pm_plan *plan = heard(&stage, PM_MSG_PLAN);
    cr_assert_gt(plan->changes.n, 0);
    cr_assert_gt(plan->left_out, 0);
    cr_assert_eq(plan->changes.n + plan->left_out, PM_COUNT(specs));
    cr_assert_str_eq(reply()->error, "ok");
}

Test(api, remembers_the_deputies_a_file_expects)
{
    const char *names[] = { "robot7" };
    struct pm_apply apply = { .version = PM_PROTOCOL_VERSION, .deputies = { names, 1 },
                              .client = "", .source = "" };
    struct pm_ask ask = { .version = PM_PROTOCOL_VERSION };
    size_t found = 0;

    client_asks(&stage, &operator, PM_MSG_APPLY, &apply);
    settle(&stage);
    client_asks(&stage, &operator, PM_MSG_ASK, &ask);
    const struct pm_snapshot *snapshot = heard(&stage, PM_MSG_SNAPSHOT);
    for (size_t i = 0; i < snapshot->deputies.n; i++)
        if (strcmp(snapshot->deputies.at[i].name, "robot7") == 0) {
            cr_assert_eq(snapshot->deputies.at[i].state, PM_LINK_NEVER);
            found++;
        }
    cr_assert_eq(found, 1);
}

Test(api, writes_down_who_it_was_without_what_could_upset_a_terminal)
{
    struct sheriff_client client = { .user = "ann", .pid = 12 };
    char *by = api_by(&client, "procmanctl\033[2J stop");

    cr_assert_str_eq(by, "ann (procmanctl\\x1b[2J stop, pid 12)");
    pm_free(&by);
}

Test(api, answers_at_once_who_does_not_want_to_wait)
{
    const char *word = "lidar";
    struct pm_order order = { .request = 6, .version = PM_PROTOCOL_VERSION,
                              .verb = PM_VERB_STOP, .select = { &word, 1 }, .client = "" };

    client_asks(&stage, &operator, PM_MSG_ORDER, &order);
    settle(&stage);
    cr_assert_str_eq(reply()->error, "ok");
    cr_assert_eq(reply()->request, 6);
    cr_assert_not(seen_by_client(&stage, "lidar")->wanted);
}

/* Each deputy can be told its part; the picture of both is more than one message. */
Test(api, says_that_an_answer_is_too_large_and_how_to_ask_for_less)
{
    enum { EACH = 150 };
    static char command[PM_LIMIT_STRING - 500];
    static struct pm_spec specs[2 * EACH];
    static char names[2 * EACH][16];
    const char *word = "@rig08";
    struct pm_export ask = { .request = 81, .version = PM_PROTOCOL_VERSION };

    memset(command, 'x', sizeof command - 1);
    for (size_t i = 0; i < PM_COUNT(specs); i++) {
        snprintf(names[i], sizeof names[i], "p%zu", i);
        specs[i] = spec(names[i], i < EACH ? "rig08" : "robot1", command);
    }
    client_applies(&stage, PM_APPLY_MODE_MERGE, false, specs, PM_COUNT(specs));
    client_asks(&stage, &operator, PM_MSG_EXPORT, &ask);
    cr_assert_eq(reply()->request, 81);
    cr_assert_str_eq(reply()->error, "limit");
    cr_assert(strstr(reply()->text, "16 MiB") && strstr(reply()->text, "selectors"));

    ask.select = (struct pm_strs){ .at = &word, .n = 1 };
    client_asks(&stage, &operator, PM_MSG_EXPORT, &ask);
    cr_assert_eq(((const struct pm_exported *)heard(&stage, PM_MSG_EXPORTED))->specs.n, EACH + 2);
}

Test(api, answers_also_what_is_no_request)
{
    struct pm_snapshot snapshot = { .request = 82, .software = "", .host = "" };

    client_asks(&stage, &operator, PM_MSG_SNAPSHOT, &snapshot);
    cr_assert_eq(reply()->request, 82);
    cr_assert_str_eq(reply()->error, "bad-message");
    cr_assert(strstr(reply()->text, "snapshot"));
}
