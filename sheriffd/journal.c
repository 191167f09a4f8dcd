/* The journal.
 *
 * A deputy coalesces, so between two rows of one process whole lives may have passed. The
 * sentence says so instead of pretending that it saw each of them.
 */
#include "sheriffd/journal.h"

#include <procman/text.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void journal_init(struct journal *journal, uint64_t last)
{
    *journal = (struct journal){ .last = last };
    pm_arena_init(&journal->arena, SIZE_MAX);
}

void journal_fini(struct journal *journal)
{
    free(journal->rows);
    pm_arena_fini(&journal->arena);
}

static const char *keep(struct journal *journal, const char *text)
{
    const char *kept = text != NULL ? pm_arena_str(&journal->arena, text, strlen(text)) : "";

    pm_assert(kept != NULL);
    return kept;
}

/* The store hangs: better to lose old sentences than all memory. */
static void throw_away(struct journal *journal)
{
    journal->lost += journal->n;
    journal->n = journal->published = 0;
    pm_arena_fini(&journal->arena);
}

void journal_add(struct journal *journal, struct pm_wall now, struct journal_about about,
                 const char *what, const char *by, const char *format, ...)
{
    char text[512]; /* a reason's paths are cut at the end */
    va_list values;

    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    if (journal->n == JOURNAL_WAITING && journal->published == journal->n)
        throw_away(journal);
    if (journal->n == journal->cap) {
        journal->cap = journal->cap > 0 ? 2 * journal->cap : 64;
        journal->rows = pm_resize(journal->rows, journal->cap, sizeof(struct pm_event));
    }
    journal->rows[journal->n++] = (struct pm_event){
        .seq = ++journal->last, .time_ms = now.ms, .host = keep(journal, about.host),
        .group = keep(journal, about.group), .name = keep(journal, about.name),
        .what = keep(journal, what), .by = keep(journal, by), .text = keep(journal, text),
    };
}

static bool same_story(const struct pm_status_row *row, const struct pm_status_row *before)
{
    return before != NULL && before->state == row->state && before->run == row->run &&
           strcmp(before->reason, row->reason) == 0;
}

/* ", 3 lives later": those nobody saw begin. */
static const char *missed(const struct pm_status_row *row, const struct pm_status_row *before,
                          char *text, size_t size)
{
    uint64_t lives = before != NULL && row->run > before->run ? row->run - before->run : 0;

    text[0] = '\0';
    if (lives > 1)
        snprintf(text, size, "; %llu lives since the last report", (unsigned long long)lives);
    return text;
}

void journal_row(struct journal *journal, struct pm_wall now, const char *host,
                 const struct pm_status_row *row, const struct pm_status_row *before)
{
    struct journal_about about = { .host = host, .group = row->group, .name = row->name };
    const char *what = pm_state_word(row->state);
    char lives[64], pause[PM_TEXT_SIZE];

    /* A process that was never run appears because it was defined; "added" has said so. */
    if (same_story(row, before) || (before == NULL && row->run == 0))
        return;
    missed(row, before, lives, sizeof lives);
    switch (row->state) {
    case PM_STATE_RUNNING:
        if (before != NULL && before->state == row->state && before->run == row->run)
            journal_add(journal, now, about, what, "", "still running: %s", row->reason);
        else
            journal_add(journal, now, about, what, "", "running with pid %lld, run %llu%s",
                        (long long)row->pid, (unsigned long long)row->run, lives);
        break;
    case PM_STATE_STARTING:
        journal_add(journal, now, about, what, "", "starting run %llu: %s%s",
                    (unsigned long long)row->run, row->reason, lives);
        break;
    case PM_STATE_BACKOFF:
        journal_add(journal, now, about, what, "", "%s in %s%s", row->reason,
                    pm_text_duration(row->next_try_ms, pause), lives);
        break;
    default:
        journal_add(journal, now, about, what, "", "%s%s", row->reason, lives);
    }
}

const struct pm_event *journal_publish(struct journal *journal)
{
    return journal->published < journal->n ? &journal->rows[journal->published++] : NULL;
}

void journal_store(struct journal *journal, struct batch *batch)
{
    if (journal->n == 0)
        return;
    batch_give_events(batch, (struct pm_event_list){ .at = journal->rows, .n = journal->n },
                      &journal->arena);
    journal->rows = NULL;
    journal->n = journal->cap = journal->published = 0;
}
