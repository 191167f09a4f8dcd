/* What readers ask: by address, from a time, from a life, or the last lines.
 *
 * Each of these is a place, and the latest of them counts. Only that place is looked for; the
 * answer holds what fits from there on, and the asker goes on by address. How far it is looked
 * for is bounded, because others wait.
 */
#include "brain/output_read.h"

#include "brain/output.h"
#include "brain/output_reader.h"

#include <procman/limits.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK        ((size_t)64 << 10)
#define FAR_BACK     ((uint64_t)64 << 20) /* lines are not looked for further back */
#define RECORDS      1024                 /* in one look at an index */
#define RECORDS_MOST ((size_t)2 << 20)    /* a life is not looked for further back */
#define WORDS_MOST   ((size_t)128 << 10)  /* nor are its last words, for which nobody asked */

/* ---- lines ------------------------------------------------------------------------ */

/* Counts newlines backwards in block[0..n). Returns the place behind the newline that ends the
 * line before the wanted ones, or -1 when it is not in this block. */
static ssize_t search_back(const char *block, size_t n, uint64_t *lines)
{
    while (n > 0) {
        const char *found = memrchr(block, '\n', n);
        if (found == NULL)
            return -1;
        n = (size_t)(found - block);
        if ((*lines)-- == 0)
            return (ssize_t)n + 1;
    }
    return -1;
}

/* Address of the first of the last `lines` lines. A newline at the very end ends the last line,
 * it does not begin another. */
static uint64_t find_lines(struct reader *r, uint64_t lines)
{
    uint64_t end = r->log->end, stop = reader_begin(r), at = end;
    PM_CLEANUP(pm_free) char *block = pm_resize(NULL, BLOCK, 1);

    stop = end - stop > FAR_BACK ? end - FAR_BACK : stop;
    if (end > stop && reader_read(r, end - 1, block, 1) == 1 && *block != '\n')
        lines--;
    while (at > stop) {
        size_t n = at - stop < BLOCK ? (size_t)(at - stop) : BLOCK;
        ssize_t place;
        if (reader_read(r, at - n, block, n) != n)
            return reader_kept(r, at); /* somebody made a hole */
        place = search_back(block, n, &lines);
        at -= n;
        if (place >= 0)
            return at + (uint64_t)place;
    }
    return stop;
}

/* ---- times and lives -------------------------------------------------------------- */

/* From the newest piece back, until one begins before that time. */
static uint64_t find_time(const struct reader *r, int64_t since_ms)
{
    uint64_t found = r->log->end, begin;

    for (size_t piece = reader_pieces(r); piece-- > 0; ) {
        struct index_source source;
        struct index_record record;
        size_t i;
        if (!reader_index(r, piece, &begin, &source))
            continue;
        i = index_find_time(&source, since_ms);
        if (i < source.n && source.get(source.self, i, &record))
            found = begin + record.offset;
        log_shut_index(&source);
        if (i > 0)
            break;
    }
    return found;
}

typedef bool step_fn(void *self, uint64_t begin, const struct index_record *record);

/* At most so many records, newest first, until `step` (which returns true to go on) has enough. */
static void walk_back(const struct reader *r, size_t most, step_fn *step, void *self)
{
    PM_CLEANUP(pm_free) struct index_record *records = pm_resize(NULL, RECORDS, sizeof *records);
    size_t seen = 0;
    bool on = true;

    for (size_t piece = reader_pieces(r); on && piece-- > 0; ) {
        struct index_source source;
        uint64_t begin;
        if (!reader_index(r, piece, &begin, &source))
            continue;
        for (size_t end = source.n; on && end > 0; ) {
            size_t n = end < RECORDS ? end : RECORDS;
            n = log_records(&source, end - n, n, records) == n ? n : 0;
            for (size_t i = n; on && i-- > 0; )
                on = step(self, begin, &records[i]) && ++seen < most;
            end = n > 0 ? end - n : 0;
        }
        log_shut_index(&source);
    }
}

static bool hunt_step(void *self, uint64_t begin, const struct index_record *record)
{
    struct index_hunt *hunt = self;

    index_hunt_step(hunt, begin, record);
    return !hunt->over;
}

static uint64_t find_run(const struct reader *r, uint64_t run)
{
    struct index_hunt hunt;

    index_hunt_init(&hunt, run);
    walk_back(r, RECORDS_MOST, hunt_step, &hunt);
    return hunt.found ? hunt.address : r->log->end;
}

/* ---- marks ------------------------------------------------------------------------ */

/* A stretch of no bytes is a loss, which belongs to the bytes after it. */
static void add_mark(struct output_answer *out, uint64_t address,
                     const struct index_record *record)
{
    struct pm_mark *mark = &out->marks[out->n_marks];
    uint64_t dropped = 0;

    if (out->n_marks > 0 && mark[-1].length == 0 && mark[-1].offset == address) {
        dropped = mark[-1].dropped;
        mark--;
    } else {
        out->n_marks++;
    }
    *mark = (struct pm_mark){ .offset = address, .length = record->length,
                              .time_ms = record->time_ms, .stream = record->stream,
                              .run = record->run, .dropped = dropped + record->dropped };
}

/* The first record of interest: with the losses just before it. */
static size_t first_record(const struct index_source *source, uint64_t offset)
{
    size_t i = index_find_offset(source, offset);
    struct index_record record;

    while (i > 0 && source->get(source->self, i - 1, &record) && record.length == 0
           && record.offset >= offset)
        i--;
    return i;
}

/* The answer is cut where there would be too many marks. True to go on behind these. */
static bool mark_records(struct output_answer *out, uint64_t begin,
                         const struct index_record *records, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t address = begin + records[i].offset;
        if (address >= out->offset + out->n)
            return false;
        if (records[i].length == 0 && records[i].dropped == 0)
            continue;
        if (out->n_marks == READ_MARKS_MOST && address > out->offset) {
            out->n = address - out->offset;
            if (out->marks[out->n_marks - 1].offset == address)
                out->n_marks--; /* a loss: the next answer says it */
            return false;
        }
        if (out->n_marks < READ_MARKS_MOST)
            add_mark(out, address, &records[i]);
    }
    return true;
}

/* The marks of one piece: all of them, for bytes without one would be passed over by who asks. */
static void mark_piece(struct output_answer *out, uint64_t begin,
                       const struct index_source *source)
{
    PM_CLEANUP(pm_free) struct index_record *records = pm_resize(NULL, RECORDS, sizeof *records);
    size_t i = first_record(source, out->offset > begin ? out->offset - begin : 0);
    size_t n;

    do {
        n = source->n - i < RECORDS ? source->n - i : RECORDS;
        n = log_records(source, i, n, records);
        i += n;
    } while (mark_records(out, begin, records, n) && n == RECORDS);
}

static void mark(const struct reader *r, struct output_answer *out)
{
    size_t piece = segments_find(&r->log->segments, out->offset);

    out->marks = pm_resize(NULL, READ_MARKS_MOST, sizeof *out->marks);
    for (; piece < reader_pieces(r); piece++) {
        struct index_source source;
        uint64_t begin;
        if (!reader_index(r, piece, &begin, &source))
            continue;
        if (begin < out->offset + out->n)
            mark_piece(out, begin, &source);
        log_shut_index(&source);
    }
}

/* ---- answers ---------------------------------------------------------------------- */

static void later(uint64_t *place, uint64_t other)
{
    *place = other > *place ? other : *place;
}

enum pm_err output_read(struct output_log *log, const struct pm_read *read,
                        struct output_answer *out)
{
    size_t most = read->most && read->most < PM_LIMIT_READ ? read->most : PM_LIMIT_READ;
    uint64_t from = read->lines ? 0 : read->offset;
    struct reader r;

    log_write_index(log);
    log_look(log);
    reader_init(&r, log);
    *out = (struct output_answer){ .begin = reader_begin(&r), .end = log->end };
    if (read->lines > 0)
        later(&from, find_lines(&r, read->lines));
    if (read->since_ms != 0)
        later(&from, find_time(&r, read->since_ms));
    if (read->run != 0)
        later(&from, find_run(&r, read->run));
    out->offset = reader_kept(&r, from);
    if (out->offset < out->end) {
        most = out->end - out->offset < most ? out->end - out->offset : most;
        out->data = pm_resize(NULL, most, 1);
        out->n = reader_read(&r, out->offset, out->data, most);
    }
    if (read->marked && out->n > 0)
        mark(&r, out);
    reader_fini(&r);
    if (out->n > 0 || r.error == 0)
        return PM_OK;
    snprintf(out->text, sizeof out->text, "cannot read %.300s: %s", log->path,
             strerror(r.error));
    return PM_IO;
}

/* ---- last words ------------------------------------------------------------------- */

struct last_words {
    struct reader *reader;
    uint64_t run, end;
    char text[OUTPUT_LAST_BYTES];
    size_t n;                   /* bytes, at the end of text */
    bool whole;                 /* there is nothing before them */
    unsigned strangers;
};

static bool words_step(void *self, uint64_t begin, const struct index_record *record)
{
    struct last_words *last = self;
    size_t room = sizeof last->text - last->n;
    size_t n = record->length < room ? (size_t)record->length : room;
    uint64_t end = begin + record->offset + record->length;

    if (record->run != last->run) /* newer lives are passed over; beyond older ones it is not */
        return (last->end == 0 && record->run > last->run)
               || ++last->strangers <= INDEX_RUN_LATE;
    if (record->length == 0)
        return true;
    last->strangers = 0;
    last->end = last->end ? last->end : end;
    last->whole = n == record->length;
    if (reader_read(last->reader, end - n, last->text + room - n, n) != n)
        return false;
    last->n += n;
    return last->whole;
}

/* Whole lines, few enough; of a line that is longer than all room, its end. */
static const char *begin_of_last(const char *text, size_t n, bool whole)
{
    const char *first = whole ? text : memchr(text, '\n', n);
    uint64_t lines = OUTPUT_LAST_LINES;
    ssize_t place;

    if (first == NULL || (!whole && first + 1 == text + n))
        first = text;
    else if (!whole)
        first++;
    if (n > 0 && text[n - 1] != '\n')
        lines--;
    place = search_back(text, n, &lines);
    return place >= 0 && text + place > first ? text + place : first;
}

void output_read_last(struct output_log *log, uint64_t run, uint64_t *out_end, uint8_t **out,
                      size_t *out_n)
{
    struct last_words last = { .run = run, .whole = true };
    const char *text, *first;
    struct reader r;

    log_write_index(log);
    reader_init(&r, log);
    last.reader = &r;
    walk_back(&r, WORDS_MOST, words_step, &last);
    reader_fini(&r);
    *out_end = last.end;
    *out = NULL;
    *out_n = 0;
    if (last.n == 0)
        return;
    text = last.text + sizeof last.text - last.n;
    first = begin_of_last(text, last.n, last.whole);
    *out_n = (size_t)(text + last.n - first);
    *out = pm_resize(NULL, *out_n, 1);
    memcpy(*out, first, *out_n);
}
