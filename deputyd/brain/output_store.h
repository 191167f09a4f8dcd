/* All output on the disk: of each process a live file, rotated segments, and an index of each.
 *
 *   NAME.log                          where bytes arrive; always just bytes
 *   NAME.log.ADDRESS                  a rotated segment, named by the address of its first byte
 *   .NAME.log.ADDRESS.index           where and when the bytes of the segment there came from
 *
 * The names tell everything, at any moment somebody may be killed; nothing else is kept. Only the
 * mover's actor uses this. errno is set where IO is returned. */
#ifndef BRAIN_OUTPUT_STORE_H
#define BRAIN_OUTPUT_STORE_H

#include "brain/output_index.h"
#include "brain/output_segments.h"

#include <procman/codec.h>
#include <procman/error.h>
#include <procman/time.h>

struct output_store;

/* One process's output on the disk. Addresses never go back, whatever is done to the files. */
struct output_log {
    struct output_store *store;
    char *path;                     /* of the live file; constant */
    struct segments segments;       /* rotated; all with data, once it was met */
    uint64_t begin, size;           /* the live file: address of its first byte, bytes in it */
    uint64_t end;                   /* address of the next byte */
    uint64_t index_bytes;           /* of the live file's index, written */
    bool has_index;                 /* the live file's index exists */
    bool settled, met;              /* its names are understood; its size was looked at */
    int fd;                         /* of the live file; -1: closed */
    struct pm_mono looked;          /* when its name was seen to be this file's */
    struct pm_mono rotate_at;       /* not before; a rotation has failed */

    uint64_t max_bytes, keep;
    bool has_loss, loss_saved;      /* bytes are lost behind the end; the index says all of it */
    struct index_record loss;       /* which grows in its place in the index */
    uint64_t loss_at;               /* that place */
    bool has_open;                  /* a record that may still grow */
    struct index_record open;
    int64_t opened_ms;              /* wall clock */
    uint64_t last_run;              /* of the last record */
    struct pm_buf unwritten;        /* encoded records */
    bool fresh;                     /* it has records to write, and is among the fresh */
    struct pm_mono write_at;
    struct output_log *next_fresh;
    unsigned users;
    int64_t written_ms;             /* without users: wall clock of the live file's last byte */
};

struct output_store {
    char *dir;
    struct output_log **logs;       /* sorted by path */
    size_t n, cap;
    char **scanned;                 /* directories whose files are known */
    size_t n_scanned;
    uint64_t used, budget;          /* bytes of all files; what they may be */
    bool tight;                     /* they are more, and nothing is left to go */
    struct pm_mono gone_from;       /* whom nobody has opened by then is gone */
    struct pm_mono counted;         /* when all was counted anew; 0 = never */
    bool counting;
    size_t next_count;              /* of logs */
    struct output_log *fresh, **last_fresh; /* in the order of write_at */
};

void store_init(struct output_store *store, const char *dir); /* no budget yet */
void store_fini(struct output_store *store);       /* writes what is unwritten */
void store_scan(struct output_store *store);       /* once: what others of us have left */
struct output_log *store_use(struct output_store *store, const char *path);
void store_leave(struct output_log *log);
void store_forget(struct output_log *log);         /* without users; its files are not touched */
/* Records that have waited long enough. Returns when the next ones will have; 0 = there are none */
struct pm_mono store_write_fresh(struct output_store *store, struct pm_mono now);

/* ---- what goes: output_keep_io.c ---- */

/* The oldest output of any process goes until all fits, a little at a time. */
void store_keep_budget(struct output_store *store);
bool store_is_full(int error);                     /* does this errno say that the disk is? */
/* The oldest output of any process is removed. false: there is none that may go */
bool store_give_up_oldest(struct output_store *store);

/* ---- one log: output_log_io.c ---- */

/* The live file, open and still the one of that name. */
enum pm_err log_ready(struct output_log *log) PM_MUST_USE;
/* One move of at most `most` bytes from a pipe, or write of n, to the end; *out of them.
 * OK (splice, 0 bytes: the pipe's other ends are closed) | TIMEOUT nothing there now | IO */
enum pm_err log_splice(struct output_log *log, int pipe, size_t most, size_t *out) PM_MUST_USE;
enum pm_err log_write(struct output_log *log, const void *bytes, size_t n, size_t *out)
    PM_MUST_USE;
/* After trouble: is there room for more? What was lost is in the index then. */
enum pm_err log_probe(struct output_log *log) PM_MUST_USE;
bool log_is_full(const struct output_log *log);    /* the next byte begins a new file */
void log_shut(struct output_log *log);             /* its descriptor */
void log_limits(struct output_log *log, uint64_t max_bytes, uint64_t keep);
void log_remove_segment(struct output_log *log, size_t i);
void log_remove_live(struct output_log *log);      /* of whom nobody will write to it */
void log_count(struct output_log *log);            /* what others have left of all its files */
void log_compare(struct output_log *log);          /* with what is on the disk, once */
void log_look(struct output_log *log);             /* how long the live file is now */

/* ---- its index: output_index_io.c ---- */

/* Where the n bytes before the end came from, and when. */
void log_note(struct output_log *log, enum pm_stream stream, uint64_t run, size_t n,
              struct pm_wall now);
/* So many bytes behind the end are lost. It goes to the disk now, or is tried again later. */
void log_note_loss(struct output_log *log, enum pm_stream stream, uint64_t run, uint64_t n);
void log_note_kept(struct output_log *log, uint64_t n);  /* so many of these are not */
/* Before the next bytes: what was lost is in the index. IO: not yet */
enum pm_err log_settle_loss(struct output_log *log) PM_MUST_USE;
/* There is an index, with room for what may have to be said when the disk is full. */
enum pm_err log_secure_index(struct output_log *log) PM_MUST_USE;
void log_write_index(struct output_log *log);      /* what is known goes to the disk now */
void log_forget_unwritten(struct output_log *log);
/* The live file begins elsewhere than its index says: a new index keeps that address. */
void log_renew_index(struct output_log *log, uint64_t old_begin);
/* An index that begins there. source->self is kept until index_shut(). false: there is none */
bool log_open_index(const struct output_log *log, uint64_t begin, struct index_source *out);
void log_shut_index(struct index_source *source);
/* Records [from, from + n) in one go. Returns how many; an unreadable one is all zero. */
size_t log_records(const struct index_source *source, size_t from, size_t n,
                   struct index_record *out);

#endif
