/* Every process's output: moved from its pipes into its file, and shown to who follows it.
 *
 * The mover is an actor, because a disk may block and the loop may not. This is its handle for
 * the loop: orders go in without waiting, news come out. A byte is in the pipe or in the file,
 * never in our memory only; its address is its place in the file. */
#ifndef BRAIN_OUTPUT_H
#define BRAIN_OUTPUT_H

#include <procman/error.h>
#include <procman/schema.h>

struct output;
struct output_file; /* one process's output */

#define OUTPUT_LAST_BYTES 2048
#define OUTPUT_LAST_LINES 10
#define OUTPUT_LAST_MS    200
#define OUTPUT_LAST_LATE_MS 5000

/* dir: where the files are, made when needed. budget: bytes all of them may take; 0 = by the size
 * of the disk. NO_MEMORY when no actor can be had. */
enum pm_err output_open(const char *dir, uint64_t budget, struct output **out) PM_MUST_USE;
/* Moves what is still in the pipes (within bounds: what others write meanwhile may stay there
 * for the next mover), then ends. */
void output_close(struct output **output);

/* For zloop_reader: readable when output_next() has news. */
void *output_socket(struct output *output);

/* ---- orders: all are carried out in the order given, later ---- */

struct output_file *output_file_open(struct output *output, const char *group, const char *name);
/* Nothing is lost: it ends when its pipes are drained. The pointer is no longer the caller's. */
void output_file_close(struct output *output, struct output_file **file);

/* From its spec: rotated at max_bytes (0: the usual), `keep` rotated files stay. Until told, none
 * of them goes for being too many. */
void output_file_limits(struct output *output, struct output_file *file, uint64_t max_bytes,
                        uint64_t keep);

/* The read ends of the pipes of one run, or its terminal and -1; the mover's from now on. What was
 * read from a terminal is lost when we are killed before it is written: 4 KiB at most. */
void output_file_take(struct output *output, struct output_file *file, uint64_t run, int out,
                      int err);
/* The last lines (OUTPUT_LAST_BYTES, OUTPUT_LAST_LINES at most) this run wrote. Answered by one
 * OUTPUT_LAST as soon as its pipes are drained, or when something has held them open for
 * OUTPUT_LAST_MS more. Not at all when so much is asked that OUTPUT_LAST_LATE_MS have passed. */
void output_file_last(struct output *output, struct output_file *file, uint64_t run);
/* Tell by OUTPUT_FOUND when the first line of what this run writes, or has written, matches; once.
 * pattern NULL: no longer. One at a time for each file. */
void output_file_seek(struct output *output, struct output_file *file, uint64_t run,
                      const char *pattern);
/* on: say where the end is now (an empty chunk), and from then on show every byte, under that
 * number. */
void output_file_follow(struct output *output, struct output_file *file, uint64_t id, bool on);
/* Answered by OUTPUT_BYTES. */
void output_file_read(struct output *output, struct output_file *file,
                      const struct pm_read *read);

/* ---- what can be known at any time ---- */

uint64_t output_file_end(const struct output_file *file);    /* address of the next byte */
/* No pipe of this run (0: of any) is open any more. */
bool output_file_drained(const struct output_file *file, uint64_t run);
/* The file system the files are on, about a second ago. */
void output_disk(const struct output *output, uint64_t *used_bytes, uint64_t *total_bytes);

/* ---- news ---- */

enum output_news_kind {
    OUTPUT_CHUNK,   /* chunk */
    OUTPUT_BYTES,   /* bytes; all but the session is filled in */
    OUTPUT_DRAINED, /* group, name, run: all pipes of that run came to their end */
    OUTPUT_LAST,    /* group, name, run, end, data: what was asked for by output_file_last */
    OUTPUT_FOUND,   /* group, name, run: the line that was sought has come */
    OUTPUT_TROUBLE, /* text: a file cannot be written, or can again */
};

struct output_news {
    enum output_news_kind kind;
    struct pm_chunk chunk;
    struct pm_bytes bytes;
    const char *group, *name;
    uint64_t run;
    uint64_t end;           /* LAST: address after the last byte the run wrote; 0: it wrote none */
    struct pm_blob data;    /* LAST */
    const char *text;
    bool over;      /* TROUBLE: it can be written again */
};

/* The next piece of news, valid until the next call. false: there is none now. */
bool output_next(struct output *output, struct output_news *out);

#endif
