/* What the mover says: bytes to followers, answers to readers, last words.
 *
 * Followers' bytes are read back from the file after they are there: the live view can lose
 * a chunk, the file cannot. Chunks the loop has not taken yet are bounded, and over that they are
 * dropped: whoever is slow sees the gap and reads.
 *
 * Last words may be asked for by the thousand, when a brain begins that has many ends to tell. They
 * are looked for in what time a turn has left, and not any more when nobody waits for them.
 */
#include "brain/mover_inside.h"

#include "brain/output_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES  ((size_t)64 << 10)
#define FLYING_BYTES ((size_t)8 << 20)   /* chunks the loop has not taken yet */
#define LAST_MS      5                   /* of one turn: bytes wait no longer for last words */

static void free_data(void *data, void *hint)
{
    (void)hint;
    free(data);
}

static void send_frame(struct mover *m, void *data, size_t n, int flags)
{
    zmq_msg_t frame;

    if (zmq_msg_init_data(&frame, data, n, free_data, NULL) != 0) {
        free(data);
        zmq_msg_init(&frame);
    }
    if (zmq_msg_send(&frame, m->socket, flags) < 0)
        zmq_msg_close(&frame);
}

void mover_tell(struct mover *m, const struct mover_news *news, void *data, size_t n,
                void *marks, size_t n_marks)
{
    bool more = data != NULL || marks != NULL;

    if (zmq_send(m->socket, news, sizeof *news, more ? ZMQ_SNDMORE : 0) < 0) {
        free(data);
        free(marks);
        return;
    }
    if (more)
        send_frame(m, data, n, marks != NULL ? ZMQ_SNDMORE : 0);
    if (marks != NULL)
        send_frame(m, marks, n_marks, 0);
}

void mover_name(const struct output_file *file, struct mover_news *news)
{
    snprintf(news->group, sizeof news->group, "%s", file->group);
    snprintf(news->name, sizeof news->name, "%s", file->name);
}

/* ---- following -------------------------------------------------------------------- */

void mover_show_end(struct mover *m, const struct output_file *file, uint64_t id)
{
    struct mover_news news = { .kind = OUTPUT_CHUNK, .id = id, .offset = file->log->end };

    mover_tell(m, &news, NULL, 0, NULL, 0);
}

void mover_show(struct mover *m, const struct tap *tap, size_t n)
{
    struct output_file *file = tap->file;
    const struct output_log *log = file->log;
    uint64_t from = log->end - n;

    while (n > 0 && atomic_load(&m->shared->flying) < FLYING_BYTES) {
        struct mover_news news = { .kind = OUTPUT_CHUNK, .id = file->id, .offset = from,
                                   .stream = tap->stream, .run = tap->run->number,
                                   .time_ms = pm_wall_now().ms, .dropped = file->unsaid };
        size_t wanted = n < CHUNK_BYTES ? n : CHUNK_BYTES;
        void *data = pm_resize(NULL, wanted, 1);
        ssize_t got = pread(log->fd, data, wanted, (off_t)(from - log->begin));
        if (got <= 0) {
            free(data);
            return; /* somebody cut the file short: the follower will find out by reading */
        }
        atomic_fetch_add(&m->shared->flying, (uint64_t)got);
        file->unsaid = 0;
        mover_tell(m, &news, data, (size_t)got, NULL, 0);
        from += (uint64_t)got;
        n -= (size_t)got;
    }
}

/* ---- reading ---------------------------------------------------------------------- */

void mover_answer_read(struct mover *m, struct output_file *file, const struct pm_read *read)
{
    struct mover_news news = { .kind = OUTPUT_BYTES, .id = read->id, .request = read->request };
    struct output_answer answer;

    news.err = output_read(file->log, read, &answer);
    news.begin = answer.begin;
    news.end = answer.end;
    news.offset = answer.offset;
    snprintf(news.text, sizeof news.text, "%s", answer.text);
    atomic_store(&file->end, answer.end);
    mover_tell(m, &news, answer.data, answer.n, answer.marks,
               answer.n_marks * sizeof *answer.marks);
}

/* ---- last words ------------------------------------------------------------------- */

static void tell_last(struct mover *m, const struct output_file *file, uint64_t run)
{
    struct mover_news news = { .kind = OUTPUT_LAST, .run = run };
    uint8_t *data;
    size_t n;

    mover_name(file, &news);
    output_read_last(file->log, run, &news.end, &data, &n);
    mover_tell(m, &news, data, n, NULL, 0);
}

static bool has_pipes(const struct output_file *file, uint64_t run)
{
    const struct tap *tap = file->taps;

    while (tap != NULL && tap->run->number != run)
        tap = tap->next;
    return tap != NULL;
}

static void make_due(struct mover *m, struct asked *asked)
{
    if (m->due == NULL)
        m->last_due = &m->due;
    asked->next = NULL;
    *m->last_due = asked;
    m->last_due = &asked->next;
}

void mover_ask_last(struct mover *m, struct output_file *file, uint64_t run)
{
    struct asked *asked = pm_alloc(sizeof *asked);

    *asked = (struct asked){ .file = file, .run = run, .asked = pm_mono_now() };
    file->asks++;
    if (!has_pipes(file, run)) {
        make_due(m, asked);
        return;
    }
    asked->next = m->waiting;
    m->waiting = asked;
}

void mover_last_drained(struct mover *m, const struct output_file *file, uint64_t run)
{
    for (struct asked **link = &m->waiting; *link != NULL; ) {
        struct asked *asked = *link;
        if (asked->file != file || asked->run != run) {
            link = &asked->next;
            continue;
        }
        *link = asked->next;
        make_due(m, asked);
    }
}

static void end_waiting(struct mover *m, struct pm_mono now)
{
    for (struct asked **link = &m->waiting; *link != NULL; ) {
        struct asked *asked = *link;
        if (now.ms < pm_mono_after(asked->asked, OUTPUT_LAST_MS).ms) {
            link = &asked->next;
            continue;
        }
        *link = asked->next;
        make_due(m, asked);
    }
}

static void forget_one(struct mover *m, struct asked **list)
{
    struct asked *asked = *list;

    *list = asked->next;
    if (--asked->file->asks == 0 && asked->file->closing)
        m->emptied = true;
    free(asked);
}

void mover_answer_last(struct mover *m, struct pm_mono now)
{
    struct pm_mono enough = pm_mono_after(now, LAST_MS);

    end_waiting(m, now);
    for (; m->due != NULL && pm_mono_now().ms < enough.ms; forget_one(m, &m->due))
        if (now.ms < pm_mono_after(m->due->asked, OUTPUT_LAST_LATE_MS).ms)
            tell_last(m, m->due->file, m->due->run);
}

void mover_forget_asked(struct mover *m)
{
    while (m->waiting != NULL)
        forget_one(m, &m->waiting);
    while (m->due != NULL)
        forget_one(m, &m->due);
}
