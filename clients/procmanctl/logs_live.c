/* logs -f: the past of all, then all of them at once, and those that come to match.
 *
 * A view of the fleet says who comes and goes and how far each output goes, so that a chunk lost
 * on its way is missed and fetched even when nothing follows it. What has come for several
 * processes by the time we look is merged by time, like the past.
 */
#include "logs.h"
#include "out.h"

#include <procman/select.h>
#include <procman/spec.h>
#include <string.h>

#define TICK_MS    200               /* how late a retry, or our reader's end, may be seen */
#define HELD_BYTES ((size_t)1 << 20) /* of one process, before they are shown in between */

struct live {
    struct logs *logs;
    struct pm_select *select;
    struct pm_view *view;
    bool away;               /* the sheriff */
};

/* Words that name processes name them all; a pattern may come to match others. */
static bool is_pattern(const char *word)
{
    return strpbrk(word, "*?[%!") || *word == '@' || strcmp(word, "all") == 0
           || (*word && word[strlen(word) - 1] == '/');
}

static bool may_others_come(const struct ctl *ctl)
{
    for (size_t i = 0; i < ctl->words.n; ++i)
        if (is_pattern(ctl->words.at[i]))
            return true;
    return false;
}

/* ---- who comes and goes ---- */

static void rearrange(struct logs *logs)
{
    if (logs->n > 1 && !logs->by_line) {
        show_break(logs);
        logs->by_line = true;
        for (size_t i = 0; i < logs->n; ++i)
            logs->sources[i]->take = source_queue;
    }
    logs->renamed = true;
}

/* fresh: nobody has seen any of its output. */
static void join(struct live *live, const struct pm_proc *proc, bool fresh)
{
    struct logs *logs = live->logs;
    struct source *source;

    if (!pm_select_match(live->select, proc->group, proc->name, proc->host, proc->state))
        return;
    source = source_add(logs, proc);
    source->take = logs->by_line ? source_queue : show_bytes;
    if (fresh)
        source->how.lines = PM_FOLLOW_ALL;
    if (source_begin(source, true) != PM_OK) {
        source_remove(logs, logs->n - 1); /* the sheriff is away: the view tells us of it again */
        return;
    }
    rearrange(logs);
}

static void leave(struct live *live, struct source *source)
{
    struct logs *logs = live->logs;
    char label[PM_LABEL_SIZE];

    past_merge(logs, false);
    while (lines_last(&source->lines, &source->line))
        show_line(source);
    if (logs->open == &source->cleaners[0] || logs->open == &source->cleaners[1])
        show_break(logs);
    complain("%s was removed",
             pm_spec_label(source->group, source->name, source->host, label, sizeof(label)));
    for (size_t i = 0; i < logs->n; ++i)
        if (logs->sources[i] == source)
            source_remove(logs, i);
    logs->renamed = true;
}

/* A process that was removed is over, also when another one has its name since. */
static void on_process(void *context, const struct pm_proc *before, const struct pm_proc *after)
{
    struct live *live = context;
    struct source *source = after ? source_of(live->logs, after->id) : NULL;

    if (before && (!after || after->id != before->id) && source_of(live->logs, before->id))
        leave(live, source_of(live->logs, before->id));
    if (source && source->follow)
        pm_follow_reaches(source->follow, after->output_end);
    else if (after && !source)
        join(live, after, !before || before->id != after->id);
}

/* ---- their output ---- */

static void on_live(void *context, const struct pm_frame *frame)
{
    struct live *live = context;
    struct source *source = NULL;

    if (frame->kind == PM_MSG_CHUNK)
        source = source_of(live->logs, ((const struct pm_chunk *)frame->msg)->id);
    if (!source)
        return;
    (void)pm_follow_feed(source->follow, frame);
    if (source->lines.bytes.n > HELD_BYTES)
        past_merge(live->logs, false);
}

/* A sheriff that is away is waited for: he comes back with the same processes. */
static void note_sheriff(struct live *live, enum pm_err err)
{
    if (err == PM_TIMEOUT)
        return;
    if (err == PM_OK && live->away)
        complain("the sheriff is back");
    else if (err != PM_OK && !live->away)
        complain("the sheriff is away (%s); waiting for him", pm_err_sentence(err));
    live->away = err != PM_OK;
}

/* GONE and UNREACHABLE are the sheriff's, and the view says so once for all. */
static void pump(struct source *source)
{
    enum pm_err err = pm_follow_pump(source->follow);

    if (err != PM_GONE && err != PM_UNREACHABLE)
        source_note(source, err);
}

static void go_on(struct live *live)
{
    struct logs *logs = live->logs;
    bool others = may_others_come(logs->ctl);

    while ((logs->n > 0 || others) && out_is_read()) {
        note_sheriff(live, pm_view_pump(live->view, TICK_MS, on_live));
        for (size_t i = 0; i < logs->n && !live->away; ++i)
            pump(logs->sources[i]);
        past_merge(logs, false);
        out_flush();
    }
}

/* Go on with what the past has ended at; what could not be read is tried again. */
static enum pm_err go_live(struct logs *logs)
{
    enum pm_err err = PM_OK;

    for (size_t i = 0; i < logs->n && err == PM_OK; ++i) {
        struct source *source = logs->sources[i];

        err = source->follow ? pm_follow_go_live(source->follow) : source_begin(source, true);
    }
    return err;
}

/* Processes that came between the first look at the fleet and the view of it. */
static void join_missed(struct live *live)
{
    size_t n;
    const struct pm_proc *procs = pm_view_processes(live->view, &n);

    for (size_t i = 0; i < n; ++i)
        if (!source_of(live->logs, procs[i].id))
            join(live, &procs[i], true);
}

static enum pm_err begin(struct live *live)
{
    static const struct pm_view_calls calls = { .process = on_process };
    struct ctl *ctl = live->logs->ctl;
    enum pm_err err = pm_view_open(ctl->client, &calls, live, ANSWER_WAIT_MS, &live->view);

    if (err == PM_OK)
        err = go_live(live->logs);
    if (err != PM_OK)
        return ctl_fail(ctl, err);
    join_missed(live);
    return PM_OK;
}

enum pm_err live_follow(struct logs *logs)
{
    struct live live = { .logs = logs };
    char *why PM_CLEANUP(pm_free) = NULL;
    enum pm_err err = pm_select_open(&logs->ctl->words, &live.select, &why);

    if (err != PM_OK)
        return ctl_misuse(logs->ctl, "%s", why);
    (void)!past_read(logs);
    logs->follows = true;
    out_flush();
    err = begin(&live);
    if (err == PM_OK)
        go_on(&live);
    pm_view_close(&live.view);
    pm_select_close(&live.select);
    return err;
}
