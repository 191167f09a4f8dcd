/* Records on their way to the disk, and back.
 *
 * A record grows in memory while bytes of the same origin come, and is written when it has not
 * for a short time: so many small writes cost one record, and a quiet process costs nothing. The
 * first record of a life is written at once, because by it a life is found. Whoever is killed
 * loses the origin of what came last, never a byte of it.
 *
 * What was lost must be known even when there is no room on the disk. So an index is made before
 * the first byte, with a page that nobody else can have, and gets the next page in time. The
 * record of a loss is written at once and grows in its place.
 */
#include "brain/output_store.h"

#include "brain/output_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITE_MS   50    /* a record waits so long at most */
#define WRITE_SIZE 4096  /* or until there are so many bytes of them */
#define RECORDS_AT_ONCE 512
#define PAGE       4096
#define NEAR_END   (16 * INDEX_RECORD) /* so little left of a page: get the next one */

/* ---- writing ---------------------------------------------------------------------- */

static int open_index(const struct output_log *log, uint64_t begin, int flags)
{
    PM_CLEANUP(pm_free) char *path = output_index_path(log->path, begin);

    return open(path, flags | O_CLOEXEC, 0644);
}

void log_forget_unwritten(struct output_log *log)
{
    log->has_open = false;
    log->unwritten.n = 0;
}

static void close_record(struct output_log *log)
{
    uint8_t bytes[INDEX_RECORD];

    if (!log->has_open)
        return;
    log->has_open = false;
    index_encode(&log->open, bytes);
    if (pm_buf_add(&log->unwritten, bytes, sizeof bytes) != PM_OK)
        log->unwritten.n = 0; /* unknown times */
}

/* A page from there on that does not depend on what others leave. OK | IO */
static enum pm_err reserve(int fd, uint64_t offset)
{
    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)offset, PAGE) == 0 || errno == EOPNOTSUPP)
        return PM_OK;
    return PM_IO;
}

enum pm_err log_secure_index(struct output_log *log)
{
    enum pm_err err;
    int fd, error;

    if (log->has_index)
        return PM_OK;
    fd = open_index(log, log->begin, O_WRONLY | O_CREAT);
    if (fd < 0)
        return store_is_full(errno) ? PM_IO : PM_OK; /* bytes without times are better than none */
    err = reserve(fd, 0);
    error = errno;
    close(fd);
    errno = error;
    log->has_index = err == PM_OK || !store_is_full(error);
    return log->has_index ? PM_OK : PM_IO;
}

static bool put_records(struct output_log *log)
{
    int fd = open_index(log, log->begin, O_WRONLY | O_CREAT);
    ssize_t n;
    int error;

    if (fd < 0)
        return false;
    log->has_index = true;
    n = pwrite(fd, log->unwritten.at, log->unwritten.n, (off_t)log->index_bytes);
    error = errno;
    if (n > 0)
        n -= n % INDEX_RECORD; /* a torn one is written over */
    if (n > 0) {
        log->index_bytes += (uint64_t)n;
        log->store->used += (uint64_t)n;
        if (PAGE - log->index_bytes % PAGE <= NEAR_END)
            (void)reserve(fd, log->index_bytes);
    }
    close(fd);
    errno = n < 0 ? error : ENOSPC;
    return n == (ssize_t)log->unwritten.n;
}

/* What cannot be written is forgotten: it must not be in the way of the bytes. */
static bool write_records(struct output_log *log)
{
    bool written;

    close_record(log);
    written = log->unwritten.n == 0 || put_records(log);
    pm_buf_fini(&log->unwritten); /* a quiet process holds no memory */
    return written;
}

void log_write_index(struct output_log *log)
{
    (void)write_records(log);
}

static void make_fresh(struct output_log *log)
{
    struct output_store *store = log->store;

    if (log->fresh)
        return;
    log->fresh = true;
    log->write_at = pm_mono_after(pm_mono_now(), WRITE_MS);
    log->next_fresh = NULL;
    *store->last_fresh = log;
    store->last_fresh = &log->next_fresh;
}

struct pm_mono store_write_fresh(struct output_store *store, struct pm_mono now)
{
    while (store->fresh != NULL && now.ms >= store->fresh->write_at.ms) {
        struct output_log *log = store->fresh;
        store->fresh = log->next_fresh;
        if (store->fresh == NULL)
            store->last_fresh = &store->fresh;
        log->fresh = false;
        log_write_index(log);
    }
    return store->fresh != NULL ? store->fresh->write_at : (struct pm_mono){ 0 };
}

void log_note(struct output_log *log, enum pm_stream stream, uint64_t run, size_t n,
              struct pm_wall now)
{
    struct index_record record = { .offset = log->size - n, .length = n, .time_ms = now.ms,
                                   .run = run, .stream = stream };
    bool is_first = run != log->last_run;

    if (log->has_open && index_merge(&log->open, log->opened_ms, &record))
        return;
    close_record(log);
    log->open = record;
    log->opened_ms = now.ms;
    log->has_open = true;
    log->last_run = run;
    if (is_first || log->unwritten.n >= WRITE_SIZE)
        log_write_index(log);
    else
        make_fresh(log);
}

/* The first time a new record, then the same one again. */
static bool save_loss(struct output_log *log)
{
    uint8_t bytes[INDEX_RECORD];
    bool is_new = log->loss_at >= log->index_bytes;
    int fd;

    log_write_index(log);
    fd = open_index(log, log->begin, O_WRONLY);
    if (fd < 0)
        return false;
    if (is_new) {
        log->loss_at = log->index_bytes;
        log->loss.offset = log->size;
    }
    index_encode(&log->loss, bytes);
    log->loss_saved = pwrite(fd, bytes, sizeof bytes, (off_t)log->loss_at) == sizeof bytes;
    close(fd);
    if (is_new && log->loss_saved) {
        log->index_bytes += INDEX_RECORD;
        log->store->used += INDEX_RECORD;
    }
    return log->loss_saved;
}

void log_note_loss(struct output_log *log, enum pm_stream stream, uint64_t run, uint64_t n)
{
    if (!log->has_loss) {
        log->loss = (struct index_record){ .stream = stream, .run = run };
        log->loss_at = UINT64_MAX;
    }
    log->has_loss = true;
    log->loss.dropped += n;
    log->loss.time_ms = pm_wall_now().ms;
    (void)save_loss(log);
}

void log_note_kept(struct output_log *log, uint64_t n)
{
    log->loss.dropped -= n;
    (void)save_loss(log);
}

enum pm_err log_settle_loss(struct output_log *log)
{
    if (log->has_loss && !log->loss_saved && !save_loss(log) && store_is_full(errno))
        return PM_IO;
    log->has_loss = log->loss_saved = false;
    return PM_OK;
}

void log_renew_index(struct output_log *log, uint64_t old_begin)
{
    PM_CLEANUP(pm_free) char *old = output_index_path(log->path, old_begin);
    int fd = open_index(log, log->begin, O_WRONLY | O_CREAT | O_TRUNC);
    bool had = log->has_index && old_begin != log->begin;

    log->store->used -= log->index_bytes;
    log->index_bytes = 0;
    log->loss_saved = false; /* and has no place any more */
    log->has_index = fd >= 0;
    if (fd >= 0) {
        (void)reserve(fd, 0);
        close(fd);
    }
    if (had)
        (void)unlink(old);
}

/* ---- reading ---------------------------------------------------------------------- */

static bool get_record(void *self, size_t i, struct index_record *out)
{
    uint8_t bytes[INDEX_RECORD];

    return pread(*(int *)self, bytes, sizeof bytes, (off_t)(i * sizeof bytes))
               == (ssize_t)sizeof bytes
           && index_decode(bytes, out);
}

bool log_open_index(const struct output_log *log, uint64_t begin, struct index_source *out)
{
    int fd = open_index(log, begin, O_RDONLY);
    struct stat stat_now;
    int *self;

    if (fd < 0)
        return false;
    if (fstat(fd, &stat_now) != 0) {
        close(fd);
        return false;
    }
    self = pm_alloc(sizeof *self);
    *self = fd;
    *out = (struct index_source){ .get = get_record, .self = self,
                                  .n = (size_t)stat_now.st_size / INDEX_RECORD };
    return true;
}

size_t log_records(const struct index_source *source, size_t from, size_t n,
                   struct index_record *out)
{
    uint8_t bytes[RECORDS_AT_ONCE * INDEX_RECORD];
    size_t done = 0;

    while (done < n) {
        size_t wanted = n - done < RECORDS_AT_ONCE ? n - done : RECORDS_AT_ONCE;
        ssize_t got = pread(*(int *)source->self, bytes, wanted * INDEX_RECORD,
                            (off_t)((from + done) * INDEX_RECORD));
        if (got < INDEX_RECORD)
            break;
        wanted = (size_t)got / INDEX_RECORD;
        for (size_t i = 0; i < wanted; i++)
            if (!index_decode(&bytes[i * INDEX_RECORD], &out[done + i]))
                out[done + i] = (struct index_record){ 0 };
        done += wanted;
    }
    return done;
}

void log_shut_index(struct index_source *source)
{
    if (source->self == NULL)
        return;
    close(*(int *)source->self);
    pm_free(&source->self);
}
