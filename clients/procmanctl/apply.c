/* apply: a file becomes the wish. The sheriff compares and decides; here the file is read and
 * what he says is printed: for each process none, live, restart and why, move, add, remove. */
#include "out.h"
#include "table.h"
#include "verbs.h"

#include <procman/config.h>
#include <procman/spec.h>
#include <stdlib.h>
#include <string.h>

static const struct column columns[] = {
    { .title = "ACTION" }, { .title = "NAME" }, { .title = "HOST" },
    { .title = "CHANGES", .cut = true },
};

static enum shade shade_of_action(enum pm_action action)
{
    switch (action) {
    case PM_ACTION_ADD:
        return SHADE_GOOD;
    case PM_ACTION_LIVE:
    case PM_ACTION_RESTART:
    case PM_ACTION_MOVE:
        return SHADE_CHANGING;
    case PM_ACTION_REMOVE:
        return SHADE_BAD;
    default:
        return SHADE_FAINT;
    }
}

/* "from robot1, command, env" */
static char *what_changes(const struct pm_change *change)
{
    const struct pm_strs *words = &change->fields;
    char *text = *change->from ? pm_printf("from %s", change->from) : pm_strdup("");

    for (size_t i = 0; i < words->n; ++i) {
        char *longer = pm_printf("%s%s%s", text, *text ? ", " : "", words->at[i]);

        free(text);
        text = longer;
    }
    return text;
}

void apply_print(const struct ctl *ctl, const struct pm_change_list *changes)
{
    struct table table;

    table_init(&table, columns, PM_COUNT(columns));
    for (size_t i = 0; i < changes->n; ++i) {
        const struct pm_change *change = &changes->at[i];
        char *fields PM_CLEANUP(pm_free) = what_changes(change);
        char label[PM_LABEL_SIZE];

        table_add(&table, shade_of_action(change->action),
                  pm_word(&pm_action_words, (int)change->action));
        table_add(&table, SHADE_NONE,
                  pm_spec_label(change->group, change->name, "", label, sizeof(label)));
        table_add(&table, SHADE_NONE, change->host);
        table_add(&table, SHADE_NONE, fields);
    }
    table_print(&table, ctl->set.plain);
    table_fini(&table);
}

/* "2 add, 1 restart, 7 none" */
static void print_sum(const struct pm_change_list *changes, bool plan_only)
{
    size_t counts[pm_action_count] = { 0 };
    char *text PM_CLEANUP(pm_free) = pm_strdup("");

    for (size_t i = 0; i < changes->n; ++i)
        counts[changes->at[i].action]++;
    for (size_t action = pm_action_count; action-- > 0;) {
        char *longer;

        if (counts[action] == 0)
            continue;
        longer = pm_printf("%s%s%zu %s", text, *text ? ", " : "", counts[action],
                           pm_word(&pm_action_words, (int)action));
        free(text);
        text = longer;
    }
    out_line("%s%s", plan_only ? "would be: " : "", *text ? text : "nothing to do");
}

static enum pm_err print_plan(const struct ctl *ctl, const struct pm_plan *plan, bool plan_only)
{
    if (plan->left_out > 0)
        complain("%llu more changes %s than one answer holds; they are not listed",
                 (unsigned long long)plan->left_out, plan_only ? "would be made" : "were made");
    if (ctl->set.json)
        return out_json("plan", &pm_change_desc, plan->changes.at, plan->changes.n);
    if (plan->changes.n > 0)
        apply_print(ctl, &plan->changes);
    if (!ctl->set.plain)
        print_sum(&plan->changes, plan_only);
    return PM_OK;
}

enum pm_err apply_specs(struct ctl *ctl, struct pm_apply *request, bool show_plan)
{
    char *why PM_CLEANUP(pm_free) = NULL;
    enum pm_err err = apply_or_say(ctl, request, show_plan, &why);

    if (why)
        complain("%s", why);
    return err;
}

enum pm_err apply_or_say(struct ctl *ctl, struct pm_apply *request, bool show_plan, char **why)
{
    uint64_t number;
    enum pm_err err = pm_client_send(ctl->client, PM_MSG_APPLY, request, &number);
    bool more = true;

    if (err != PM_OK)
        return ctl_fail(ctl, err);
    while (more) {
        struct pm_frame frame;
        const struct pm_reply *reply;

        err = pm_client_wait(ctl->client, number,
                             request->plan_only ? ANSWER_WAIT_MS : CHANGE_WAIT_MS, &frame);
        if (err != PM_OK)
            return ctl_fail(ctl, err == PM_TIMEOUT ? PM_UNREACHABLE : err);
        reply = frame.msg;
        more = frame.kind != PM_MSG_REPLY;
        if (frame.kind == PM_MSG_PLAN && show_plan) {
            err = print_plan(ctl, frame.msg, request->plan_only);
        } else if (!more && pm_err_from_word(reply->error) != PM_OK) {
            err = pm_err_from_word(reply->error);
            *why = pm_strdup(*reply->text ? reply->text : pm_err_sentence(err));
        }
        pm_frame_fini(&frame);
    }
    return err;
}

/* What the same file has added since goes, and what it said then holds again. */
static enum pm_err apply_revision(struct ctl *ctl)
{
    struct pm_frame frame = { 0 };
    enum pm_err err;

    if (ctl->words.n > 0)
        return ctl_misuse(ctl, "a FILE or --revision, not both");
    if (ctl->set.prune)
        return ctl_misuse(ctl, "--revision removes what the file did not have then; --prune is for "
                          "a FILE");
    err = ask_revision(ctl, ctl->set.revision, &frame);
    if (err != PM_OK)
        return err;
    const struct pm_revised *revised = frame.msg;
    const struct pm_revision *head = &revised->revisions.at[0];
    struct pm_apply request = { .mode = PM_APPLY_MODE_MERGE, .plan_only = ctl->set.plan,
                                .prune_own = !ctl->set.no_prune, .specs = revised->specs,
                                .deputies = revised->deputies, .scripts = revised->scripts,
                                .source = head->source, .revision = head->number };

    err = apply_specs(ctl, &request, true);
    pm_frame_fini(&frame);
    return err;
}

enum pm_err verb_apply(struct ctl *ctl)
{
    const char *path;
    char *source PM_CLEANUP(pm_free) = NULL;
    struct pm_config config = { 0 };
    struct pm_apply request;
    enum pm_err err;

    if (ctl->set.prune && ctl->set.no_prune)
        return ctl_misuse(ctl, "--prune and --no-prune are opposites");
    if (ctl->set.revision)
        return apply_revision(ctl);
    if (ctl->words.n == 0)
        return ctl_misuse(ctl, "apply needs a FILE");
    path = ctl->words.at[0];
    err = load_config(ctl, path, &config);
    if (err != PM_OK)
        return err;
    source = realpath(path, NULL);
    request = (struct pm_apply){ .mode = PM_APPLY_MODE_MERGE, .plan_only = ctl->set.plan,
                                 .prune = ctl->set.prune, .specs = config.specs,
                                 .deputies = config.deputies, .scripts = config.scripts,
                                 .source = source ? source : path };
    err = ctl_open(ctl);
    if (err == PM_OK)
        err = apply_specs(ctl, &request, true);
    pm_config_fini(&config);
    return err;
}
