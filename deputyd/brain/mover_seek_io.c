/* Lines that somebody waits for, in what one life writes.
 *
 * They are read back from where they were written, by address: so there is one way for what a life
 * wrote before anybody asked, or before a brain died, and for what it writes now. The index says
 * which bytes are that life's, and of which stream. A portion a turn: output that was waiting must
 * not hold up what comes.
 */
#include "brain/mover_inside.h"

#include "brain/output_read.h"
#include "brain/sought.h"

#include <stdlib.h>

struct seek {
    struct pm_pattern *pattern;
    uint64_t run, from;        /* the life; address of the next byte */
    bool begun;                /* from is known */
    struct sought lines[2];    /* by stream */
};

void mover_seek_end(struct mover *m, struct output_file *file)
{
    struct seek *seek = file->seek;

    file->seek = NULL;
    if (seek == NULL)
        return;
    m->seeking--;
    pm_pattern_close(&seek->pattern);
    free(seek);
}

void mover_seek(struct mover *m, struct output_file *file, uint64_t run, char *pattern)
{
    PM_CLEANUP(pm_free) char *text = pattern;
    struct seek *seek;

    mover_seek_end(m, file);
    if (text == NULL)
        return;
    seek = pm_alloc(sizeof *seek);
    seek->run = run;
    if (pm_pattern_open(text, &seek->pattern) != PM_OK) {
        free(seek); /* a spec with such a pattern is refused: it is never found */
        return;
    }
    file->seek = seek;
    m->seeking++;
}

static void tell_found(struct mover *m, const struct output_file *file)
{
    struct mover_news news = { .kind = OUTPUT_FOUND, .run = file->seek->run };

    mover_name(file, &news);
    mover_tell(m, &news, NULL, 0, NULL, 0);
}

/* The part of an answer that is in both. */
static bool search_mark(struct seek *seek, const struct output_answer *answer,
                        const struct pm_mark *mark)
{
    uint64_t begin = mark->offset > answer->offset ? mark->offset : answer->offset;
    uint64_t end = mark->offset + mark->length, answer_end = answer->offset + answer->n;

    end = end < answer_end ? end : answer_end;
    if (mark->run != seek->run || begin >= end)
        return false;
    return sought_take(&seek->lines[mark->stream == PM_STREAM_ERR], seek->pattern,
                       (const char *)answer->data + (begin - answer->offset),
                       (size_t)(end - begin));
}

/* true: found */
static bool search(struct output_file *file)
{
    struct seek *seek = file->seek;
    struct pm_read read = { .marked = true, .offset = seek->begun ? seek->from : 0,
                            .run = seek->begun ? 0 : seek->run };
    struct output_answer answer;
    bool found = false;

    if (output_read(file->log, &read, &answer) != PM_OK || answer.n == 0)
        answer.offset = answer.end; /* what cannot be read is passed over */
    for (size_t i = 0; i < answer.n_marks && !found; i++)
        found = search_mark(seek, &answer, &answer.marks[i]);
    seek->begun = true;
    seek->from = answer.offset + answer.n;
    free(answer.data);
    free(answer.marks);
    return found;
}

static bool is_behind(const struct output_file *file)
{
    return file->seek != NULL && (!file->seek->begun || file->seek->from < file->log->end);
}

bool mover_seek_on(struct mover *m)
{
    bool more = false;

    for (struct output_file *file = m->files; file && m->seeking > 0; file = file->next) {
        if (is_behind(file) && search(file)) {
            tell_found(m, file);
            mover_seek_end(m, file);
        }
        more = more || is_behind(file);
    }
    return more;
}
