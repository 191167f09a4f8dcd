/* history: which files were applied, what one of them said, and what lies between two.
 *
 * The sheriff keeps what was said and not the text, so it is written here anew. The difference
 * between two is made here, too: it says what a change from one to the other would mean to
 * processes that are up, whatever is up now.
 */
#include "out.h"
#include "table.h"
#include "verbs.h"
#include "when.h"

#include <procman/config.h>
#include <procman/spec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MOST 64 /* keys of one process that differ */

static const struct column columns[] = {
    { .title = "REVISION", .right = true }, { .title = "APPLIED" }, { .title = "BY" },
    { .title = "CHANGED" }, { .title = "FILE", .cut = true },
};

enum pm_err ask_revision(struct ctl *ctl, const char *text, struct pm_frame *out)
{
    struct pm_revisions request = { 0 };
    char *end;

    request.number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || request.number == 0)
        return ctl_misuse(ctl, "%s is no number of a revision, such as 3; \"procmanctl history\" "
                          "lists them", text);
    enum pm_err err = ctl->client == NULL ? ctl_open(ctl) : PM_OK;

    return err == PM_OK ? ctl_call(ctl, PM_MSG_REVISIONS, &request, PM_MSG_REVISED, out) : err;
}

/* ---- the list ---- */

/* "12 processes: 2 add, 1 restart" */
static const char *changed_text(const struct pm_revision *revision, char *text, size_t size)
{
    const struct { uint64_t n; enum pm_action action; } counts[] = {
        { revision->added, PM_ACTION_ADD }, { revision->removed, PM_ACTION_REMOVE },
        { revision->moved, PM_ACTION_MOVE }, { revision->restarted, PM_ACTION_RESTART },
        { revision->live, PM_ACTION_LIVE },
    };
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < PM_COUNT(counts); ++i)
        if (counts[i].n > 0)
            n += (size_t)snprintf(text + n, size - n, "%s%llu %s", n > 0 ? ", " : "",
                                  (unsigned long long)counts[i].n,
                                  pm_word(&pm_action_words, (int)counts[i].action));
    return text;
}

static void print_list(const struct ctl *ctl, const struct pm_revision_list *revisions)
{
    struct table table;

    table_init(&table, columns, PM_COUNT(columns));
    for (size_t i = 0; i < revisions->n; ++i) {
        const struct pm_revision *revision = &revisions->at[i];
        char when[WHEN_SIZE], changed[160];

        table_addf(&table, "%llu", (unsigned long long)revision->number);
        table_add(&table, SHADE_FAINT, when_text((struct pm_wall){ revision->time_ms }, when));
        table_add(&table, SHADE_NONE, *revision->by ? revision->by : "the sheriff");
        table_add(&table, SHADE_NONE, changed_text(revision, changed, sizeof(changed)));
        if (revision->back_to != 0)
            table_addf(&table, "%s, back to %llu", revision->source,
                       (unsigned long long)revision->back_to);
        else
            table_add(&table, SHADE_NONE, revision->source);
    }
    table_print(&table, ctl->set.plain);
    table_fini(&table);
}

static enum pm_err list(struct ctl *ctl)
{
    struct pm_revisions request = { 0 };
    struct pm_frame frame = { 0 };
    enum pm_err err = ctl_open(ctl);

    if (err == PM_OK)
        err = ctl_call(ctl, PM_MSG_REVISIONS, &request, PM_MSG_REVISED, &frame);
    if (err != PM_OK)
        return err;
    const struct pm_revision_list *revisions = &((const struct pm_revised *)frame.msg)->revisions;

    if (ctl->set.json)
        err = out_json("revisions", &pm_revision_desc, revisions->at, revisions->n);
    else if (revisions->n > 0 || ctl->set.plain)
        print_list(ctl, revisions);
    else
        out_line("no file was applied yet");
    pm_frame_fini(&frame);
    return err;
}

/* ---- one ---- */

static enum pm_err show(struct ctl *ctl)
{
    struct pm_frame frame = { 0 };
    char *text PM_CLEANUP(pm_free) = NULL;
    enum pm_err err = ask_revision(ctl, ctl->words.at[0], &frame);

    if (err != PM_OK)
        return err;
    const struct pm_spec_list *specs = &((const struct pm_revised *)frame.msg)->specs;

    err = pm_config_write(specs->at, specs->n, ctl->set.json, &text);
    if (err == PM_OK)
        out_text(text);
    else
        complain("it cannot be written: %s", pm_err_sentence(err));
    pm_frame_fini(&frame);
    return err;
}

/* ---- two ---- */

static void add(struct pm_change_list *changes, enum pm_action action, const struct pm_spec *spec)
{
    changes->at = pm_resize(changes->at, changes->n + 1, sizeof(*changes->at));
    changes->at[changes->n++] = (struct pm_change){ .action = action, .name = spec->name,
                                                    .group = spec->group, .host = spec->host,
                                                    .from = "" };
}

static void add_difference(struct pm_change_list *changes, const struct pm_spec *before,
                           const struct pm_spec *after)
{
    const char **fields = pm_alloc(FIELDS_MOST * sizeof(*fields));
    bool restarts;
    size_t n = pm_spec_diff(before, after, fields, FIELDS_MOST, &restarts);

    if (n == 0) {
        free(fields);
        return;
    }
    add(changes, restarts ? PM_ACTION_RESTART : PM_ACTION_LIVE, after);
    changes->at[changes->n - 1].fields = (struct pm_strs){ .at = fields, .n = n };
}

static int by_label(const void *a, const void *b)
{
    return pm_spec_order(a, b);
}

static void sort(const struct pm_spec_list *specs)
{
    if (specs->n > 1)
        qsort(specs->at, specs->n, sizeof(*specs->at), by_label);
}

static void compare(const struct pm_spec_list *before, const struct pm_spec_list *after,
                    struct pm_change_list *out)
{
    size_t i = 0, k = 0;

    sort(before);
    sort(after);
    while (i < before->n || k < after->n) {
        int order = i == before->n ? 1 : k == after->n ? -1
                    : pm_spec_order(&before->at[i], &after->at[k]);

        if (order < 0)
            add(out, PM_ACTION_REMOVE, &before->at[i++]);
        else if (order > 0)
            add(out, PM_ACTION_ADD, &after->at[k++]);
        else
            add_difference(out, &before->at[i++], &after->at[k++]);
    }
}

/* Removed on one host and added on another: it was moved. */
static void find_moves(struct pm_change_list *changes)
{
    size_t kept = 0;

    for (size_t i = 0; i < changes->n; ++i) {
        struct pm_change *one = &changes->at[i], *next = one + 1;
        bool pair = i + 1 < changes->n && strcmp(one->name, next->name) == 0
                    && strcmp(one->group, next->group) == 0
                    && ((one->action == PM_ACTION_REMOVE && next->action == PM_ACTION_ADD)
                        || (one->action == PM_ACTION_ADD && next->action == PM_ACTION_REMOVE));

        if (pair) {
            struct pm_change *to = one->action == PM_ACTION_ADD ? one : next;

            to->from = to == one ? next->host : one->host;
            to->action = PM_ACTION_MOVE;
            changes->at[kept++] = *to;
            ++i;
        } else {
            changes->at[kept++] = *one;
        }
    }
    changes->n = kept;
}

static enum pm_err print_difference(struct ctl *ctl, const struct pm_revised *before,
                                    const struct pm_revised *after)
{
    struct pm_change_list changes = { 0 };
    enum pm_err err = PM_OK;

    compare(&before->specs, &after->specs, &changes);
    find_moves(&changes);
    if (ctl->set.json)
        err = out_json("plan", &pm_change_desc, changes.at, changes.n);
    else if (changes.n > 0)
        apply_print(ctl, &changes);
    else if (!ctl->set.plain)
        out_line("they say the same");
    for (size_t i = 0; i < changes.n; ++i)
        free(changes.at[i].fields.at);
    free(changes.at);
    return err;
}

/* The number of the last one, as text. */
static enum pm_err ask_last(struct ctl *ctl, char *text, size_t size)
{
    struct pm_revisions request = { 0 };
    struct pm_frame frame = { 0 };
    enum pm_err err = ctl_call(ctl, PM_MSG_REVISIONS, &request, PM_MSG_REVISED, &frame);

    if (err != PM_OK)
        return err;
    const struct pm_revision_list *all = &((const struct pm_revised *)frame.msg)->revisions;

    snprintf(text, size, "%llu", (unsigned long long)(all->n > 0 ? all->at[all->n - 1].number : 0));
    pm_frame_fini(&frame);
    return PM_OK;
}

static enum pm_err diff(struct ctl *ctl)
{
    struct pm_frame before = { 0 }, after = { 0 };
    char last[24];
    enum pm_err err;

    if (ctl->words.n == 0)
        return ctl_misuse(ctl, "--diff needs the number of a revision, or of two");
    err = ask_revision(ctl, ctl->words.at[0], &before);
    if (err == PM_OK && ctl->words.n == 1)
        err = ask_last(ctl, last, sizeof(last));
    if (err == PM_OK)
        err = ask_revision(ctl, ctl->words.n == 1 ? last : ctl->words.at[1], &after);
    if (err == PM_OK)
        err = print_difference(ctl, before.msg, after.msg);
    pm_frame_fini(&before);
    pm_frame_fini(&after);
    return err;
}

enum pm_err verb_history(struct ctl *ctl)
{
    if (ctl->set.diff)
        return diff(ctl);
    if (ctl->words.n > 1)
        return ctl_misuse(ctl, "one revision, or two with --diff");
    return ctl->words.n == 1 ? show(ctl) : list(ctl);
}
