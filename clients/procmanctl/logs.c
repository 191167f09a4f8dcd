/* logs: what processes wrote.
 *
 * Without -f the chosen processes are read one after the other, up to the end their output has
 * now. With -f all are followed at once; a view of the fleet says how far each output goes, so
 * that a chunk lost on its way is missed and fetched even when nothing follows it.
 */
#include "interrupt.h"
#include "lines.h"
#include "out.h"
#include "verbs.h"

#include <errno.h>
#include <procman/follow.h>
#include <procman/spec.h>
#include <procman/text.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_LINES 50
#define TICK_MS       200  /* how long a follower's retry may be late */

struct source {              /* one process */
    struct lines lines;
    struct pm_follow *follow;
    enum pm_err err;         /* what was last said about it */
};

struct logs {
    struct ctl *ctl;
    struct pm_proc_list procs;
    struct source *sources;  /* in the order of procs */
    uint64_t lines;
    struct pm_view *view;    /* with -f */
    size_t left;             /* sources whose process still exists */
};

static enum pm_err parse_lines(struct ctl *ctl, uint64_t *out)
{
    const char *text = ctl->set.lines;
    char *end;

    *out = DEFAULT_LINES;
    if (!text)
        return PM_OK;
    if (strcmp(text, "all") == 0) {
        *out = PM_FOLLOW_ALL;
        return PM_OK;
    }
    errno = 0;
    *out = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0)
        return PM_OK;
    return ctl_misuse(ctl, "-n %s is neither a number nor \"all\"", text);
}

/* ---- sources ---- */

static const char *prefix_shade(size_t i)
{
    static const char *const colours[] = { "\033[36m", "\033[33m", "\033[32m", "\033[35m",
                                           "\033[34m", "\033[31m" };

    return *shade_begin(SHADE_GOOD) ? colours[i % PM_COUNT(colours)] : "";
}

/* name@host; with the group where two would look the same. */
static char *prefix_of(const struct pm_proc_list *procs, const struct pm_proc *proc)
{
    char label[PM_LABEL_SIZE], safe[4 * PM_LABEL_SIZE];
    const char *group = "";

    for (size_t i = 0; i < procs->n; ++i)
        if (&procs->at[i] != proc && strcmp(procs->at[i].name, proc->name) == 0
            && strcmp(procs->at[i].host, proc->host) == 0)
            group = proc->group;
    pm_spec_label(group, proc->name, proc->host, label, sizeof(label));
    return pm_strdup(pm_text_safe(label, safe, sizeof(safe)));
}

static void pad_prefixes(struct logs *logs)
{
    size_t width = 0;

    for (size_t i = 0; i < logs->procs.n; ++i)
        if (strlen(logs->sources[i].lines.prefix) > width)
            width = strlen(logs->sources[i].lines.prefix);
    for (size_t i = 0; i < logs->procs.n; ++i) {
        char **prefix = &logs->sources[i].lines.prefix;
        char *padded = pm_printf("%-*s | ", (int)width, *prefix);

        free(*prefix);
        *prefix = padded;
    }
}

static void make_sources(struct logs *logs)
{
    bool json = logs->ctl->set.json;

    logs->sources = pm_alloc((logs->procs.n + 1) * sizeof(*logs->sources));
    for (size_t i = 0; i < logs->procs.n; ++i) {
        struct lines *lines = &logs->sources[i].lines;

        lines->proc = &logs->procs.at[i];
        lines->json = json;
        lines->filter = out_is_terminal();
        lines->shade = prefix_shade(i);
        if (logs->procs.n > 1 && !json)
            lines->prefix = prefix_of(&logs->procs, lines->proc);
    }
    if (logs->procs.n > 1 && !json)
        pad_prefixes(logs);
}

static void on_bytes(void *context, uint64_t offset, const uint8_t *at, size_t n)
{
    struct source *source = context;

    lines_take(&source->lines, offset, at, n);
}

static void on_lost(void *context, uint64_t offset, uint64_t n)
{
    struct source *source = context;

    (void)offset;
    complain("%s: %llu bytes are gone from the log before they could be read",
             source->lines.proc->name, (unsigned long long)n);
}

static enum pm_err open_source(struct logs *logs, struct source *source, bool live)
{
    static const struct pm_follow_calls calls = { .bytes = on_bytes, .lost = on_lost };

    return pm_follow_open(logs->ctl->client, source->lines.proc->id, logs->lines, live, &calls,
                          source, &source->follow);
}

static void close_source(struct source *source)
{
    lines_end(&source->lines);
    pm_follow_close(&source->follow);
    lines_fini(&source->lines);
}

/* Say an error once, and again only when it went well in between. */
static void note(struct logs *logs, struct source *source, enum pm_err err)
{
    char label[PM_LABEL_SIZE];
    const struct pm_proc *proc = source->lines.proc;
    const char *text = pm_client_text(logs->ctl->client);

    if (logs->view && (err == PM_GONE || err == PM_UNREACHABLE))
        return; /* the view says so for all of them */
    if (err != PM_OK && err != source->err)
        complain("%s: %s", pm_spec_label(proc->group, proc->name, proc->host, label, sizeof(label)),
                 *text ? text : pm_err_sentence(err));
    if (err != PM_OK || pm_follow_done(source->follow))
        source->err = err;
}

/* ---- up to the end ---- */

static enum pm_err read_source(struct logs *logs, struct source *source)
{
    enum pm_err err = open_source(logs, source, false);

    if (err == PM_OK)
        err = pm_follow_finish(source->follow, ANSWER_WAIT_MS);
    note(logs, source, err);
    lines_end(&source->lines);
    pm_follow_close(&source->follow);
    return err;
}

static enum pm_err read_all(struct logs *logs)
{
    enum pm_err worst = PM_OK;

    for (size_t i = 0; i < logs->procs.n; ++i) {
        enum pm_err err = read_source(logs, &logs->sources[i]);

        if (worst == PM_OK)
            worst = err;
    }
    return worst;
}

/* ---- and on ---- */

static struct source *source_of(struct logs *logs, uint64_t id)
{
    for (size_t i = 0; i < logs->procs.n; ++i)
        if (logs->procs.at[i].id == id)
            return &logs->sources[i];
    return NULL;
}

static void on_live(void *context, const struct pm_frame *frame)
{
    struct logs *logs = context;
    struct source *source = NULL;

    if (frame->kind == PM_MSG_CHUNK)
        source = source_of(logs, ((const struct pm_chunk *)frame->msg)->id);
    if (source)
        (void)pm_follow_feed(source->follow, frame);
}

/* A process that was removed is over, also when another one has its name since. */
static void on_process(void *context, const struct pm_proc *before, const struct pm_proc *after)
{
    struct logs *logs = context;
    struct source *source = source_of(logs, before ? before->id : after->id);
    bool same = after && before && before->id == after->id;

    if (!source)
        return;
    if (same) {
        pm_follow_reaches(source->follow, after->output_end);
    } else if (before) {
        complain("%s was removed", source->lines.proc->name);
        logs->left--;
    }
}

static enum pm_err open_all(struct logs *logs)
{
    enum pm_err err = PM_OK;

    for (size_t i = 0; i < logs->procs.n && err == PM_OK; ++i)
        err = open_source(logs, &logs->sources[i], true);
    logs->left = logs->procs.n;
    return err;
}

/* A sheriff that is away is waited for: he comes back with the same processes. */
static void note_sheriff(enum pm_err err, bool *away)
{
    if (err == PM_OK && *away)
        complain("the sheriff is back");
    else if (err != PM_OK && err != PM_TIMEOUT && !*away)
        complain("the sheriff is away (%s); waiting for him", pm_err_sentence(err));
    *away = err == PM_TIMEOUT ? *away : err != PM_OK;
}

static void follow(struct logs *logs)
{
    bool away = false;

    while (logs->left > 0) {
        enum pm_err err = pm_view_pump(logs->view, TICK_MS, on_live);

        note_sheriff(err, &away);
        for (size_t i = 0; i < logs->procs.n && !away; ++i) {
            struct source *source = &logs->sources[i];

            note(logs, source, pm_follow_pump(source->follow));
        }
        out_flush();
    }
}

static enum pm_err follow_all(struct logs *logs)
{
    static const struct pm_view_calls calls = { .process = on_process };
    enum pm_err err = pm_view_open(logs->ctl->client, &calls, logs, ANSWER_WAIT_MS, &logs->view);

    if (err == PM_OK)
        err = open_all(logs);
    if (err != PM_OK)
        return ctl_fail(logs->ctl, err);
    interrupt_says(NULL);
    follow(logs);
    pm_view_close(&logs->view);
    return PM_OK;
}

enum pm_err verb_logs(struct ctl *ctl)
{
    struct logs logs = { .ctl = ctl };
    struct pm_frame frame = { 0 };
    enum pm_err err = parse_lines(ctl, &logs.lines), found = PM_OK;

    if (err == PM_OK)
        err = ctl_snapshot(ctl, &frame);
    if (err != PM_OK)
        return err;
    found = pick(ctl, &((const struct pm_snapshot *)frame.msg)->procs, &logs.procs);
    if (logs.procs.n > 0) {
        make_sources(&logs);
        err = ctl->set.follow ? follow_all(&logs) : read_all(&logs);
    }
    for (size_t i = 0; i < logs.procs.n; ++i)
        close_source(&logs.sources[i]);
    free(logs.sources);
    free(logs.procs.at);
    pm_frame_fini(&frame);
    return found == PM_OK ? err : found;
}
