/* One process's output: the live file, and what becomes of it.
 *
 * splice takes bytes from the pipe only as they arrive in the file: whoever is killed, whatever
 * is full, a byte is in one of the two. It refuses O_APPEND, so the offset is ours, and asked
 * of the file before each move: that makes us the continuation of whoever wrote it before.
 *
 * Others may remove the live file, move it away or cut it short. What they did away with had
 * its addresses; the next byte gets the next one all the same, and because names are all that is
 * kept, an index of that name says where the file now begins.
 *
 * A rotation is one rename. Before it the bytes are the live file's, after it they are those of
 * the segment that its name says, and the live file, which is made with the next byte,
 * begins behind it.
 */
#include "brain/output_store.h"

#include "brain/output_budget.h"
#include "brain/output_names.h"

#include <procman/log.h>
#include <procman/paths.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_MS      1000 /* a file that was moved away is noticed so soon */
#define REMOVE_MOST  16   /* segments at once: others wait */
#define RETRY_MS     1000
#define PROBE_BYTES  4096 /* a page: what the next bytes will need */
#define DAMAGED_MOST 128  /* records, at the end of an index: a page of them */

/* ---- what is on the disk ---------------------------------------------------------- */

void log_shut(struct output_log *log)
{
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
}

/* Must its first address be written down, since no segment says it? */
static bool needs_index(const struct output_log *log)
{
    return segments_live_begin(&log->segments) != log->begin;
}

static void begin_at(struct output_log *log, uint64_t begin)
{
    uint64_t old = log->begin;

    if (begin == old)
        return;
    log_forget_unwritten(log);
    log->begin = begin;
    log_renew_index(log, old);
}

/* The live file has so many bytes, and may have been cut. */
static void meet_size(struct output_log *log, uint64_t size)
{
    log->store->used += size - log->size;
    log->size = size;
    if (log->begin + size < log->end)
        begin_at(log, log->end - size);
    log->end = log->begin + size;
}

/* Its name is not this file's any more: what is written from now on goes into a new one. */
static void abandon(struct output_log *log)
{
    log_shut(log);
    meet_size(log, 0);
}

/* How far the index of the live file says there were bytes. */
static uint64_t indexed_end(const struct output_log *log)
{
    struct index_record record;
    struct index_source source;
    uint64_t end = log->begin;

    if (!log->has_index || !log_open_index(log, log->begin, &source))
        return end;
    for (size_t i = source.n; i > 0 && source.n - i < DAMAGED_MOST && end == log->begin; i--)
        if (source.get(source.self, i - 1, &record))
            end = log->begin + record.offset + record.length;
    log_shut_index(&source);
    return end;
}

void log_compare(struct output_log *log)
{
    struct stat stat_now;

    if (log->met)
        return;
    log->met = true;
    log->end = indexed_end(log);
    if (stat(log->path, &stat_now) == 0 && S_ISREG(stat_now.st_mode))
        meet_size(log, (uint64_t)stat_now.st_size);
    else
        meet_size(log, 0);
}

void log_look(struct output_log *log)
{
    struct stat ours, named;
    bool is_named = stat(log->path, &named) == 0 && S_ISREG(named.st_mode);

    log_compare(log);
    if (log->fd >= 0 && fstat(log->fd, &ours) == 0)
        meet_size(log, (uint64_t)ours.st_size);
    else if (log->fd < 0)
        meet_size(log, is_named ? (uint64_t)named.st_size : 0);
}

static bool is_still_there(struct output_log *log, const struct stat *ours)
{
    struct pm_mono now = pm_mono_now();
    struct stat named;

    if (ours->st_nlink == 0)
        return false;
    if (now.ms < log->looked.ms + LOOK_MS)
        return true;
    log->looked = now;
    return stat(log->path, &named) == 0 && named.st_ino == ours->st_ino
        && named.st_dev == ours->st_dev;
}

static int open_file(const char *path)
{
    return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
}

static enum pm_err open_with_directories(struct output_log *log)
{
    PM_CLEANUP(pm_free) char *dir = pm_strdup(log->path);

    log->looked = pm_mono_now();
    log->fd = open_file(log->path);
    if (log->fd >= 0 || errno != ENOENT)
        return log->fd >= 0 ? PM_OK : PM_IO;
    *strrchr(dir, '/') = '\0';
    if (pm_make_dir(dir, false) != PM_OK)
        return PM_IO;
    log->fd = open_file(log->path);
    return log->fd >= 0 ? PM_OK : PM_IO;
}

enum pm_err log_ready(struct output_log *log)
{
    struct stat stat_now;

    log_compare(log);
    if (log->fd >= 0) {
        if (fstat(log->fd, &stat_now) != 0)
            return PM_IO;
        if (!is_still_there(log, &stat_now))
            abandon(log);
    }
    if (log->fd < 0) {
        if (open_with_directories(log) != PM_OK || fstat(log->fd, &stat_now) != 0)
            return PM_IO;
        if (!S_ISREG(stat_now.st_mode)) {
            log_shut(log);
            errno = EINVAL;
            return PM_IO;
        }
    }
    meet_size(log, (uint64_t)stat_now.st_size);
    return log_secure_index(log);
}

/* ---- segments --------------------------------------------------------------------- */

static void remove_file(const char *path)
{
    if (unlink(path) != 0 && errno != ENOENT)
        pm_log_warning("cannot remove %s: %s", path, strerror(errno));
}

static void keep_begin(struct output_log *log)
{
    if (needs_index(log) && !log->has_index)
        log_renew_index(log, log->begin);
}

/* What cannot be removed is not counted any more either: it would be tried for ever. */
void log_remove_segment(struct output_log *log, size_t i)
{
    struct segment gone = log->segments.at[i];
    PM_CLEANUP(pm_free) char *path = output_segment_path(log->path, gone.begin);
    PM_CLEANUP(pm_free) char *index = output_index_path(log->path, gone.begin);

    segments_remove(&log->segments, i);
    log->store->used -= gone.size + gone.index_bytes;
    keep_begin(log);
    if (gone.has_data)
        remove_file(path);
    if (gone.has_index)
        remove_file(index);
}

void log_remove_live(struct output_log *log)
{
    PM_CLEANUP(pm_free) char *index = output_index_path(log->path, log->begin);

    log_shut(log);
    log->store->used -= log->size + log->index_bytes;
    log->size = log->index_bytes = 0;
    remove_file(log->path);
    remove_file(index);
}

/* The smaller of what it was and what it is now; 0: it is certainly not there any more. */
static uint64_t count_file(struct output_log *log, const char *path, uint64_t was)
{
    struct stat stat_now;
    uint64_t is = was;

    if (stat(path, &stat_now) == 0)
        is = (uint64_t)stat_now.st_size < was ? (uint64_t)stat_now.st_size : was;
    else if (errno == ENOENT || errno == ENOTDIR)
        is = 0;
    log->store->used -= was - is;
    return is;
}

static void count_segment(struct output_log *log, size_t i)
{
    struct segment *segment = &log->segments.at[i];
    PM_CLEANUP(pm_free) char *path = output_segment_path(log->path, segment->begin);
    PM_CLEANUP(pm_free) char *index = output_index_path(log->path, segment->begin);

    segment->size = count_file(log, path, segment->size);
    segment->index_bytes = count_file(log, index, segment->index_bytes);
    if (segment->size == 0)
        log_remove_segment(log, i);
}

void log_count(struct output_log *log)
{
    struct stat ours;

    for (size_t i = log->segments.n; i-- > 0; )
        count_segment(log, i);
    keep_begin(log);
    log->looked.ms = 0;
    if (log->fd >= 0 && fstat(log->fd, &ours) == 0 && !is_still_there(log, &ours))
        abandon(log);
    log_look(log);
}

static void keep_few(struct output_log *log)
{
    for (int i = 0; i < REMOVE_MOST && log->segments.n > log->keep; i++)
        log_remove_segment(log, 0);
}

void log_limits(struct output_log *log, uint64_t max_bytes, uint64_t keep)
{
    log->max_bytes = max_bytes;
    log->keep = keep;
    keep_few(log);
}

/* IO: it goes on in the same file, and is tried again after a while. */
static enum pm_err rotate(struct output_log *log)
{
    PM_CLEANUP(pm_free) char *path = output_segment_path(log->path, log->begin);
    struct segment *segment;

    log_write_index(log);
    if (rename(log->path, path) != 0) {
        if (log->rotate_at.ms == 0)
            pm_log_warning("cannot rotate %s: %s", log->path, strerror(errno));
        log->rotate_at = pm_mono_after(pm_mono_now(), RETRY_MS);
        return PM_IO;
    }
    log_shut(log);
    log->rotate_at.ms = 0;
    segment = segments_meet(&log->segments, log->begin);
    *segment = (struct segment){ .begin = log->begin, .size = log->size, .has_data = true,
                                 .index_bytes = log->index_bytes, .has_index = log->has_index,
                                 .written_ms = pm_wall_now().ms };
    log->begin = log->end;
    log->size = log->index_bytes = 0;
    log->has_index = false;
    log->store->tight = false; /* here is one that can go */
    keep_few(log);
    return PM_OK;
}

/* Bytes the live file may still get, with the record they need. An empty one takes one at least. */
static uint64_t room(const struct output_log *log)
{
    const struct output_store *store = log->store;
    uint64_t most = budget_live(log->max_bytes, store->tight ? store->budget : UINT64_MAX,
                                store->n);
    uint64_t taken = log->size + log->index_bytes + log->unwritten.n
                     + (log->has_open ? 2 : 1) * INDEX_RECORD;

    if (taken < most)
        return most - taken;
    return log->size == 0 ? 1 : 0;
}

bool log_is_full(const struct output_log *log)
{
    return room(log) == 0 && log->rotate_at.ms == 0;
}

/* A file that is ours by name, and how much may go into it: never nothing, which would look like
 * the end of a pipe. */
static enum pm_err make_room(struct output_log *log, uint64_t *out)
{
    enum pm_err err = log_ready(log);

    *out = SIZE_MAX;
    if (err != PM_OK || pm_mono_now().ms < log->rotate_at.ms)
        return err;
    *out = room(log);
    if (*out > 0)
        return PM_OK;
    log->looked.ms = 0; /* what is renamed must be ours: look now */
    err = log_ready(log);
    if (err == PM_OK && room(log) == 0)
        err = rotate(log) == PM_OK ? log_ready(log) : PM_OK;
    if (log->rotate_at.ms == 0 && room(log) > 0)
        *out = room(log);
    else
        *out = SIZE_MAX; /* it could not be rotated, or somebody has put a full file there */
    return err;
}

/* ---- writing ---------------------------------------------------------------------- */

static void grown(struct output_log *log, size_t n)
{
    log->size += n;
    log->end += n;
    log->store->used += n;
}

enum pm_err log_splice(struct output_log *log, int pipe, size_t most, size_t *out)
{
    uint64_t fits;
    off_t offset;
    ssize_t n;

    if (make_room(log, &fits) != PM_OK)
        return PM_IO;
    offset = (off_t)log->size;
    do
        n = splice(pipe, NULL, log->fd, &offset, most < fits ? most : fits,
                   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? PM_TIMEOUT : PM_IO;
    grown(log, (size_t)n);
    *out = (size_t)n;
    return PM_OK;
}

enum pm_err log_write(struct output_log *log, const void *bytes, size_t n, size_t *out)
{
    uint64_t fits;
    ssize_t put;

    if (make_room(log, &fits) != PM_OK)
        return PM_IO;
    do
        put = pwrite(log->fd, bytes, n < fits ? n : fits, (off_t)log->size);
    while (put < 0 && errno == EINTR);
    if (put < 0)
        return PM_IO;
    grown(log, (size_t)put);
    *out = (size_t)put;
    return PM_OK;
}

enum pm_err log_probe(struct output_log *log)
{
    if (log_ready(log) != PM_OK)
        return PM_IO;
    if (fallocate(log->fd, FALLOC_FL_KEEP_SIZE, (off_t)log->size, PROBE_BYTES) != 0
        && errno != EOPNOTSUPP)
        return PM_IO;
    return log_settle_loss(log);
}
