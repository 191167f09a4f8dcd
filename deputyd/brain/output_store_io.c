/* The directory of all output: what is there, and whose it is.
 *
 * One look at the directories at the start says what there is; from then on what changes is what
 * we do, and what is found when all is counted anew. Files of processes that are no more stay, and
 * count, until room is needed.
 */
#include "brain/output_store.h"

#include "brain/output_names.h"

#include <procman/log.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MOST  128   /* nested directories: a group is at most 200 bytes long */
#define GONE_MS     60000 /* so long after our beginning everybody has been opened who is to run */

void store_init(struct output_store *store, const char *dir)
{
    *store = (struct output_store){ .dir = pm_strdup(dir), .budget = UINT64_MAX,
                                    .gone_from = pm_mono_after(pm_mono_now(), GONE_MS) };
    store->last_fresh = &store->fresh;
}

static void close_log(struct output_log *log)
{
    log_shut(log);
    segments_fini(&log->segments);
    pm_buf_fini(&log->unwritten);
    free(log->path);
    free(log);
}

void store_fini(struct output_store *store)
{
    store_write_fresh(store, (struct pm_mono){ INT64_MAX });
    for (size_t i = 0; i < store->n; i++)
        close_log(store->logs[i]);
    for (size_t i = 0; i < store->n_scanned; i++)
        free(store->scanned[i]);
    free(store->logs);
    free(store->scanned);
    free(store->dir);
}

/* ---- who is who ------------------------------------------------------------------- */

static size_t place_of(const struct output_store *store, const char *path)
{
    size_t low = 0, high = store->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(store->logs[middle]->path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct output_log *meet_log(struct output_store *store, const char *path)
{
    size_t place = place_of(store, path);
    struct output_log *log;

    if (place < store->n && strcmp(store->logs[place]->path, path) == 0)
        return store->logs[place];
    if (store->n == store->cap) {
        store->cap = store->cap > 0 ? 2 * store->cap : 64;
        store->logs = pm_resize(store->logs, store->cap, sizeof *store->logs);
    }
    log = pm_alloc(sizeof *log);
    *log = (struct output_log){ .store = store, .path = pm_strdup(path), .fd = -1,
                                .keep = UINT64_MAX };
    memmove(&store->logs[place + 1], &store->logs[place],
            (store->n - place) * sizeof *store->logs);
    store->n++;
    store->logs[place] = log;
    return log;
}

/* ---- looking ---------------------------------------------------------------------- */

static int64_t written_ms(const struct stat *file)
{
    return (int64_t)file->st_mtim.tv_sec * 1000 + file->st_mtim.tv_nsec / 1000000;
}

static void meet_file(struct output_store *store, const char *dir, const char *name,
                      const struct stat *file)
{
    struct output_name means = output_name_parse(name);
    PM_CLEANUP(pm_free) char *path = NULL;
    uint64_t size = (uint64_t)file->st_size;
    struct output_log *log;
    struct segment *segment;

    if (means.kind == OUTPUT_OTHER || !S_ISREG(file->st_mode))
        return;
    path = pm_printf("%s/%.*s", dir, (int)means.n_live, means.live);
    log = meet_log(store, path);
    store->used += size;
    if (means.kind == OUTPUT_LIVE) {
        log->size = size;
        log->written_ms = written_ms(file);
        return;
    }
    segment = segments_meet(&log->segments, means.begin);
    if (means.kind == OUTPUT_INDEX) {
        segment->index_bytes = size;
        segment->has_index = true;
        return;
    }
    segment->size = size;
    segment->has_data = true;
    segment->written_ms = written_ms(file);
}

static bool is_scanned(const struct output_store *store, const char *dir)
{
    for (size_t i = store->n_scanned; i-- > 0; )
        if (strcmp(store->scanned[i], dir) == 0)
            return true;
    return false;
}

static void scan_directory(struct output_store *store, const char *path, int depth)
{
    DIR *dir = is_scanned(store, path) ? NULL : opendir(path);

    if (dir == NULL)
        return;
    store->scanned = pm_resize(store->scanned, store->n_scanned + 1, sizeof *store->scanned);
    store->scanned[store->n_scanned++] = pm_strdup(path);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        struct stat file;
        if (fstatat(dirfd(dir), entry->d_name, &file, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISDIR(file.st_mode) && *entry->d_name != '.' && depth > 0) {
            PM_CLEANUP(pm_free) char *below = pm_printf("%s/%s", path, entry->d_name);
            scan_directory(store, below, depth - 1);
        } else {
            meet_file(store, path, entry->d_name, &file);
        }
    }
    closedir(dir);
}

/* Among what was found, which index is the live file's, and which are nobody's? */
static void settle(struct output_log *log)
{
    struct segments *segments = &log->segments;
    struct segment *last = segments->n > 0 ? &segments->at[segments->n - 1] : NULL;
    size_t i;

    log->begin = segments_live_begin(segments);
    log->end = log->begin + log->size;
    if (last != NULL && !last->has_data && last->begin == log->begin) {
        log->index_bytes = last->index_bytes / INDEX_RECORD * INDEX_RECORD;
        log->store->used -= last->index_bytes - log->index_bytes;
        log->has_index = true;
        segments_remove(segments, segments->n - 1);
    }
    for (i = segments_orphan(segments); i < segments->n; i = segments_orphan(segments))
        log_remove_segment(log, i);
    log->settled = true;
}

static void settle_all(struct output_store *store)
{
    for (size_t i = 0; i < store->n; i++)
        if (!store->logs[i]->settled)
            settle(store->logs[i]);
}

void store_scan(struct output_store *store)
{
    scan_directory(store, store->dir, DEPTH_MOST);
    settle_all(store);
}

/* A directory behind a symbolic link is looked at when a process's output is there. */
static void scan_where(struct output_store *store, const char *path)
{
    PM_CLEANUP(pm_free) char *dir = pm_strdup(path);

    *strrchr(dir, '/') = '\0';
    if (is_scanned(store, dir))
        return;
    scan_directory(store, dir, 0);
    settle_all(store);
}

/* ---- users ------------------------------------------------------------------------ */

struct output_log *store_use(struct output_store *store, const char *path)
{
    struct output_log *log;

    scan_where(store, path);
    log = meet_log(store, path);
    log->users++;
    log_compare(log);
    return log;
}

void store_forget(struct output_log *log)
{
    struct output_store *store = log->store;
    size_t place = place_of(store, log->path);

    store->n--;
    memmove(&store->logs[place], &store->logs[place + 1],
            (store->n - place) * sizeof *store->logs);
    close_log(log);
}

void store_leave(struct output_log *log)
{
    struct stat file;

    if (--log->users > 0)
        return;
    log_write_index(log);
    log_shut(log);
    log->store->tight = false; /* here is one that can go */
    if (log->end == 0 && !log->fresh)
        store_forget(log);
    else if (stat(log->path, &file) == 0) /* its files stay, and count */
        log->written_ms = written_ms(&file);
}
