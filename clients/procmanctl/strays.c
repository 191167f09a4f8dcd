/* strays: processes of earlier runs that nobody looks after any more.
 *
 * The sheriff asks the deputies, and each looks on its own machine. When no sheriff answers
 * strays are most likely, so then this machine is looked at from here (strays_here.c).
 */
#include "strays.h"
#include "table.h"
#include "verbs.h"

#include <procman/text.h>
#include <procman/time.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SWEEP_WAIT_MS 12000 /* beyond the sheriff's own limit */

static const struct column columns[] = {
    { .title = "HOST" }, { .title = "PID", .right = true }, { .title = "MARK" },
    { .title = "PROCESS" }, { .title = "AGE", .right = true }, { .title = "COMMAND", .cut = true },
};

void found_add(struct found *found, const struct pm_stray *stray)
{
    if (found->n == found->cap) {
        found->cap = found->cap ? 2 * found->cap : 16;
        found->at = pm_resize(found->at, found->cap, sizeof *found->at);
    }
    pm_assert(pm_copy(&pm_stray_desc, stray, &found->arena, &found->at[found->n++]) == PM_OK);
}

/* ---- from the deputies ------------------------------------------------------------- */

static enum pm_err take_reply(const struct pm_reply *reply)
{
    enum pm_err err = pm_err_from_word(reply->error);

    if (err != PM_OK)
        complain("%s", *reply->text != '\0' ? reply->text : pm_err_sentence(err));
    return err;
}

static enum pm_err wait_for_all(struct ctl *ctl, uint64_t request, struct found *found)
{
    struct pm_mono deadline = pm_mono_after(pm_mono_now(), SWEEP_WAIT_MS);

    for (;;) {
        struct pm_frame frame;
        int64_t left = pm_mono_since(pm_mono_now(), deadline);
        enum pm_err err = pm_client_wait(ctl->client, request, left > 0 ? (int)left : 0, &frame);

        if (err != PM_OK)
            return ctl_fail(ctl, err);
        if (frame.kind == PM_MSG_REPLY) {
            err = take_reply(frame.msg);
            pm_frame_fini(&frame);
            return err;
        }
        if (frame.kind == PM_MSG_STRAYS) {
            const struct pm_strays *strays = frame.msg;
            for (size_t i = 0; i < strays->strays.n; i++)
                found_add(found, &strays->strays.at[i]);
        }
        pm_frame_fini(&frame);
    }
}

static enum pm_err ask_deputies(struct ctl *ctl, struct found *found)
{
    struct pm_sweep sweep = { .hosts = ctl->words, .kill = ctl->set.kill };
    uint64_t request;
    enum pm_err err = pm_client_send(ctl->client, PM_MSG_SWEEP, &sweep, &request);

    return err == PM_OK ? wait_for_all(ctl, request, found) : ctl_fail(ctl, err);
}

/* ---- printing ---------------------------------------------------------------------- */

static int by_host_and_pid(const void *a, const void *b)
{
    const struct pm_stray *one = a, *other = b;
    int order = strcmp(one->host, other->host);

    return order != 0 ? order : (one->pid > other->pid) - (one->pid < other->pid);
}

static void print_table(const struct found *found, bool plain)
{
    struct table table;
    char age[PM_TEXT_SIZE];

    table_init(&table, columns, PM_COUNT(columns));
    for (size_t i = 0; i < found->n; i++) {
        const struct pm_stray *stray = &found->at[i];
        bool has_group = *stray->group != '\0';
        table_add(&table, SHADE_NONE, stray->host);
        table_addf(&table, "%lld", (long long)stray->pid);
        table_add(&table, SHADE_NONE, stray->mark);
        table_addf(&table, "%s%s%s", stray->group, has_group ? "/" : "",
                   *stray->name != '\0' ? stray->name : "-");
        table_add(&table, SHADE_NONE, pm_text_age(stray->age_ms, age));
        table_add(&table, SHADE_NONE, stray->command);
    }
    table_print(&table, plain);
    table_fini(&table);
}

/* What was to be ended and lives on is a failure. */
static enum pm_err count_ended(const struct found *found)
{
    size_t ended = 0;

    for (size_t i = 0; i < found->n; i++)
        ended += found->at[i].killed;
    if (ended == found->n)
        complain("%zu %s ended", ended, ended == 1 ? "process was" : "processes were");
    else
        complain("%zu of %zu processes were ended; the others could not be", ended, found->n);
    return ended == found->n ? PM_OK : PM_FAILED;
}

static enum pm_err print(const struct ctl *ctl, struct found *found)
{
    if (found->n > 0)
        qsort(found->at, found->n, sizeof *found->at, by_host_and_pid);
    if (ctl->set.json)
        return out_json("strays", &pm_stray_desc, found->at, found->n);
    if (found->n > 0)
        print_table(found, ctl->set.plain);
    else if (!ctl->set.plain)
        complain("no strays");
    return ctl->set.kill && found->n > 0 ? count_ended(found) : PM_OK;
}

enum pm_err verb_strays(struct ctl *ctl)
{
    struct found found = { 0 };
    enum pm_err err = pm_client_open(ctl->set.run_dir, false, ctl->name, &ctl->client);
    enum pm_err printed;

    pm_arena_init(&found.arena, SIZE_MAX);
    if (err == PM_OK)
        err = ask_deputies(ctl, &found);
    else
        err = strays_here(ctl, err, &found);
    if (err != PM_OK && found.n == 0)
        printed = err;
    else
        printed = print(ctl, &found);
    pm_arena_fini(&found.arena);
    free(found.at);
    return err == PM_OK ? printed : err;
}
