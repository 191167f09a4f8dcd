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
    uint64_t budget;           /* bytes of all output; 0 = by the size of the disk */
    _Atomic uint64_t disk_used, disk_total;
    _Atomic uint64_t flying;   /* bytes of chunks the loop has not taken yet */
};

enum mover_order_kind {
    MOVER_OPEN, MOVER_CLOSE, MOVER_LIMITS, MOVER_TAKE, MOVER_FOLLOW, MOVER_READ, MOVER_LAST,
    MOVER_SEEK,
};

struct mover_order {
    enum mover_order_kind kind;
    struct output_file *file;
    struct output_run *run;                   /* TAKE */
    int fds[2];
    uint64_t max_bytes, keep;                 /* LIMITS */
    uint64_t id;                              /* FOLLOW */
    bool on;
    uint64_t number;                          /* LAST, SEEK: the run */
    char *pattern;                            /* SEEK: heap, given away; NULL: no more */
    struct pm_read read;                      /* READ */
};

struct mover_news { /* one frame; then, if any, one of data and one of marks */
    enum output_news_kind kind;
    uint64_t id, begin, offset, end, request, run, dropped;
    int64_t time_ms;
    enum pm_stream stream;
    enum pm_err err;
    bool over;
    char group[PM_LIMIT_GROUP + 1], name[PM_LIMIT_NAME + 1];
    char text[MOVER_TEXT];
};

struct output_run {            /* one life's pipes; made and forgotten by the loop */
    uint64_t number;
    _Atomic unsigned pipes;    /* not yet drained; the actor's last touch is to count down */
    struct output_run *next;
};

struct output_file {
    char *group, *name, *path; /* constant */
    _Atomic uint64_t end;
    struct output_run *runs;   /* the loop's */
    uint64_t max_bytes, keep;  /* the loop's: told last */

    /* The actor's only. */
    struct output_log *log;    /* shared when a process of that name was removed and is back */
    struct tap *taps;
    unsigned asks;             /* for last lines, not answered yet */
    struct seek *seek;         /* a line is sought; see mover_seek_io.c */
    uint64_t id;
    bool followed, closing;
    uint64_t unsaid;           /* bytes lost that no chunk has told of */
    struct pm_mono retry;      /* when to try to write again; 0 = no trouble */
    int error;                 /* the trouble: an errno */
    struct pm_mono patient_until; /* for other troubles than a full disk */
    uint64_t lost;             /* bytes in this trouble */
    struct output_file *next, **link; /* among all files */
};

void output_file_free(struct output_file *file); /* output_io.c, for the actor */

/* The actor; args is a struct mover_shared. */
void mover_run(zsock_t *pipe, void *args);

#endif
