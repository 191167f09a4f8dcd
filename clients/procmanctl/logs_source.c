/* One process: its output is read, what is not wanted is left out, the rest is shown as bytes or
 * cut into lines.
 *
 * Bytes whose origin nobody knows any more may be from anywhere: they are left out where one life
 * or stream was asked for, and that is said.
 */
#include "logs.h"
#include "out.h"

#include <procman/spec.h>
#include <procman/text.h>
#include <stdlib.h>
#include <string.h>

struct source *source_add(struct logs *logs, const struct pm_proc *proc)
{
    struct source *source = pm_alloc(sizeof(*source));

    *source = (struct source){ .logs = logs, .id = proc->id, .group = pm_strdup(proc->group),
                               .name = pm_strdup(proc->name), .host = pm_strdup(proc->host),
                               .run = proc->run, .output_end = proc->output_end,
                               .how = logs->wanted.how, .shade = "" };
    logs->sources = pm_resize(logs->sources, logs->n + 1, sizeof(*logs->sources));
    logs->sources[logs->n++] = source;
    return source;
}

void source_remove(struct logs *logs, size_t i)
{
    struct source *source = logs->sources[i];

    pm_follow_close(&source->follow);
    lines_fini(&source->lines);
    free(source->group);
    free(source->name);
    free(source->host);
    free(source->prefix);
    free(source);
    memmove(&logs->sources[i], &logs->sources[i + 1],
            (--logs->n - i) * sizeof(struct source *));
}

struct source *source_of(struct logs *logs, uint64_t id)
{
    for (size_t i = 0; i < logs->n; ++i)
        if (logs->sources[i]->id == id)
            return logs->sources[i];
    return NULL;
}

static const char *label_of(const struct source *source, char *text)
{
    return pm_spec_label(source->group, source->name, source->host, text, PM_LABEL_SIZE);
}

void source_note(struct source *source, enum pm_err err)
{
    const char *text = pm_client_text(source->logs->ctl->client);
    char label[PM_LABEL_SIZE];

    if (err == PM_BUSY && source->logs->follows)
        return; /* it asks again */
    if (err != PM_OK && err != source->err)
        complain("%s: %s", label_of(source, label), *text ? text : pm_err_sentence(err));
    if (err != PM_OK || pm_follow_done(source->follow))
        source->err = err;
}

/* ---- choosing ---- */

/* What a life's children write may come after the next life has begun: that one ends nothing. */
static bool is_wanted(struct source *source, const struct pm_stretch *stretch)
{
    const struct wanted *wanted = &source->logs->wanted;

    if (wanted->until_ms && stretch->time_ms >= wanted->until_ms)
        source->over = true;
    if (source->over)
        return false;
    if (stretch->run == 0 && (wanted->previous || wanted->only_err)) {
        source->unknown += stretch->n;
        return false;
    }
    return (!wanted->previous || stretch->run == source->how.run)
           && (!wanted->only_err || stretch->stream == PM_STREAM_ERR);
}

static void on_bytes(void *context, const struct pm_stretch *stretch)
{
    struct source *source = context;

    if (source->first == source->next)
        source->first = stretch->offset;
    source->next = stretch->offset + stretch->n;
    if (is_wanted(source, stretch))
        source->take(source, stretch);
}

static void on_missing(void *context, enum pm_missing why, uint64_t n)
{
    static const char *const what[] = {
        [PM_MISSING_OLD] = "bytes no longer kept",
        [PM_MISSING_FULL] = "bytes dropped: disk full",
        [PM_MISSING_SHORT] = "bytes shown before are not in its file any more",
    };
    struct source *source = context;
    char number[COUNT_SIZE];

    if (!source->quiet && !source->over)
        show_notice(source, "%s %s", count_text(n, number), what[why]);
}

void source_queue(struct source *source, const struct pm_stretch *stretch)
{
    lines_put(&source->lines, stretch);
}

/* ---- reading ---- */

static bool counts_chosen_lines(const struct source *source)
{
    const struct wanted *wanted = &source->logs->wanted;

    return source->how.lines != PM_FOLLOW_ALL && source->how.lines > 0
           && (wanted->grep || wanted->only_err || wanted->previous || wanted->until_ms);
}

static enum pm_err find_beginning(struct source *source)
{
    char label[PM_LABEL_SIZE];

    if (source->logs->wanted.previous && source->run <= 1) {
        complain("%s has had no life before %s one", label_of(source, label),
                 source->run ? "this" : "its first");
        return PM_FAILED;
    }
    if (source->logs->wanted.previous)
        source->how.run = source->run - 1;
    return counts_chosen_lines(source) ? tail_find(source) : PM_OK;
}

enum pm_err source_begin(struct source *source, bool live)
{
    static const struct pm_follow_calls calls = { .bytes = on_bytes, .missing = on_missing };
    enum pm_err err = pm_follow_open(source->logs->ctl->client, source->id, &source->how, live,
                                     &calls, source, &source->follow);

    source->ended = err != PM_OK;
    source->over = false;
    source->first = source->next = source->unknown = 0;
    if (err != PM_OK)
        source_note(source, err);
    return err;
}

enum pm_err source_open(struct source *source)
{
    enum pm_err err = find_beginning(source);

    source->take = source->logs->by_line ? source_queue : show_bytes;
    if (err == PM_OK)
        err = source_begin(source, false);
    source->ended = err != PM_OK;
    source->err = err;
    return err;
}

static bool is_chosen(struct source *source)
{
    regex_t *grep = source->logs->wanted.grep;
    const struct line *line = &source->line;
    struct cleaner cleaner = { 0 };
    regmatch_t text = { 0 };
    uint8_t *seen;
    bool matches;

    if (!grep)
        return true;
    seen = pm_alloc(CLEAN_ROOM(line->n));
    text.rm_eo = (regoff_t)clean(&cleaner, line->at, line->n, seen);
    matches = regexec(grep, (const char *)seen, 1, &text, REG_STARTEND) == 0;
    free(seen);
    return matches;
}

static void read_on(struct source *source)
{
    enum pm_err err = pm_follow_step(source->follow, QUESTION_WAIT_MS);
    char number[COUNT_SIZE];

    source_note(source, err);
    source->ended = err != PM_OK || source->over || pm_follow_done(source->follow);
    if (source->ended && source->unknown > 0 && !source->quiet)
        show_notice(source, "%s bytes left out: their origin is not known any more",
                    count_text(source->unknown, number));
}

static bool take_line(struct source *source)
{
    bool last = source->ended && !source->logs->ctl->set.follow;

    return lines_get(&source->lines, &source->line)
           || (last && lines_last(&source->lines, &source->line));
}

bool source_next(struct source *source, bool wait)
{
    for (;;) {
        while (take_line(source))
            if (is_chosen(source))
                return true;
        if (source->ended || !wait)
            return false;
        read_on(source);
    }
}
