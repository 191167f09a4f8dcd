/* Between the loop's side of the output (output_io.c) and the actor (mover_io.c). */
#ifndef BRAIN_MOVER_H
#define BRAIN_MOVER_H

#include "brain/output.h"

#include <czmq.h>
#include <procman/limits.h>
#include <procman/time.h>
#include <stdatomic.h>

#define MOVER_TEXT 400 /* bytes of a sentence in news */

struct mover_shared {
    char *dir;
    _Atomic uint64_t disk_used, disk_total;
    _Atomic uint64_t flying;   /* bytes of chunks the loop has not taken yet */
};

enum mover_order_kind {
    MOVER_OPEN, MOVER_CLOSE, MOVER_LIMITS, MOVER_TAKE, MOVER_FOLLOW, MOVER_READ, MOVER_LAST,
};

struct mover_order {
    enum mover_order_kind kind;
    struct output_file *file;
    struct output_run *run;                   /* TAKE */
    int fds[2];
    uint64_t max_bytes, keep;                 /* LIMITS */
    uint64_t id;                              /* FOLLOW */
    bool on;
    uint64_t number;                          /* LAST: the run */
    struct pm_read read;                      /* READ */
};

struct mover_news {            /* one frame; the data, if any, is the next frame */
    enum output_news_kind kind;
    uint64_t id, offset, end, request, run;
    int64_t time_ms;
    enum pm_stream stream;
    enum pm_err err;
    bool over;
    char group[PM_LIMIT_GROUP + 1], name[PM_LIMIT_NAME + 1];
    char text[MOVER_TEXT];
};

struct tap;                    /* one pipe */

struct output_run {            /* one life's pipes; made and forgotten by the loop */
    uint64_t number;
    _Atomic unsigned pipes;    /* not yet drained; the actor's last touch is to count down */
    struct output_run *next;
    uint64_t begin, end;       /* the actor's: where its first byte went; after its last one */
};


struct output_file {
    char *group, *name, *path; /* constant */
    _Atomic uint64_t end;
    struct output_run *runs;   /* the loop's */
    uint64_t max_bytes, keep;  /* the loop's: told last */

    /* The actor's only. */
    int fd;                    /* -1: closed */
    struct tap *taps;
    uint64_t id;
    bool followed, closing;
    struct output_run past;    /* drained last; only its numbers */
    struct pm_mono retry;      /* when to try to write again; 0 = no trouble */
    struct output_file *next, **link; /* among all files */
};

/* The actor; args is a struct mover_shared. */
void mover_run(zsock_t *pipe, void *args);

/* output_file_io.c: the file's part. errno is set on IO. */
enum pm_err output_file_ready(struct output_file *file) PM_MUST_USE; /* open, and not unlinked */
/* One move of at most `most` bytes to the end of the file; *out of them, from file->end - *out.
 * OK (0 bytes: the pipe's other ends are closed) | TIMEOUT nothing there now | IO */
enum pm_err output_file_splice(struct output_file *file, int pipe, size_t most, size_t *out)
    PM_MUST_USE;
void output_file_shut(struct output_file *file);  /* its descriptor */
void output_file_free(struct output_file *file);

/* output_read_io.c: carry out a read. *out_data is heap, or NULL. */
void output_read(const struct output_file *file, const struct pm_read *read,
                 struct mover_news *out, void **out_data, size_t *out_n);

/* The last lines of what lies between the run's begin and end. *out is heap, or NULL. */
void output_read_last(const struct output_file *file, const struct output_run *run, void **out,
                      size_t *out_n);

#endif
