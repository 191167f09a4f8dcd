/* A record is its length, its encoding and a checksum over both; the file is records, one behind
 * the other. It only grows, so a killed brain leaves whole records and at most one torn one at the
 * end, which the next brain cuts off. No fsync: it need not survive the machine, only us.
 */
#include "brain/past_io.h"

#include <procman/checksum.h>
#include <procman/limits.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct past_file {
    char *path;
    int fd;
    off_t end;           /* after the last whole record */
    struct pm_buf bytes; /* what is being written */
};

/* ---- writing ------------------------------------------------------------------------ */

static enum pm_err add_record(const struct pm_kept_end *kept, struct pm_buf *out)
{
    uint32_t length = 0;
    size_t begin = out->n;
    enum pm_err err = pm_buf_add(out, &length, sizeof length);
    uint64_t sum;

    if (err == PM_OK)
        err = pm_encode(&pm_kept_end_desc, kept, out);
    if (err != PM_OK)
        return err;
    length = (uint32_t)(out->n - begin - sizeof length);
    memcpy(out->at + begin, &length, sizeof length);
    sum = pm_checksum(PM_CHECKSUM_BASIS, out->at + begin, out->n - begin);
    return pm_buf_add(out, &sum, sizeof sum);
}

static enum pm_err encode(const struct pm_kept_end *at, size_t n, struct pm_buf *out)
{
    enum pm_err err = PM_OK;

    out->n = 0;
    for (size_t i = 0; i < n && err == PM_OK; i++)
        err = add_record(&at[i], out);
    return err;
}

static bool write_at(int fd, off_t offset, const struct pm_buf *bytes)
{
    size_t done = 0;

    while (done < bytes->n) {
        ssize_t part = pwrite(fd, bytes->at + done, bytes->n - done, offset + (off_t)done);
        if (part < 0 && errno == EINTR)
            continue;
        if (part <= 0)
            return false;
        done += (size_t)part;
    }
    return true;
}

enum pm_err past_file_add(struct past_file *file, const struct pm_kept_end *at, size_t n)
{
    enum pm_err err = encode(at, n, &file->bytes);

    if (err != PM_OK)
        return err;
    if (!write_at(file->fd, file->end, &file->bytes))
        return PM_IO; /* a torn one is overwritten by the next, or cut off by the next brain */
    file->end += (off_t)file->bytes.n;
    return PM_OK;
}

enum pm_err past_file_replace(struct past_file *file, const struct pm_kept_end *at, size_t n)
{
    PM_CLEANUP(pm_free) char *fresh = pm_printf("%s.new", file->path);
    enum pm_err err = encode(at, n, &file->bytes);
    int fd;

    if (err != PM_OK)
        return err;
    if (n == 0 && ftruncate(file->fd, 0) == 0) {
        file->end = 0;
        return PM_OK;
    }
    fd = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return PM_IO;
    if (!write_at(fd, 0, &file->bytes) || rename(fresh, file->path) != 0) {
        int saved = errno;
        close(fd);
        unlink(fresh);
        errno = saved;
        return PM_IO;
    }
    close(file->fd);
    file->fd = fd;
    file->end = (off_t)file->bytes.n;
    return PM_OK;
}

/* ---- reading ------------------------------------------------------------------------ */

/* Takes the record at the beginning of the n bytes. Its length in the file; 0: it is damaged. */
static size_t take_record(const uint8_t *at, size_t n, past_file_take *take, void *self)
{
    PM_CLEANUP(pm_arena_fini) struct pm_arena arena;
    struct pm_kept_end kept;
    uint32_t length;
    uint64_t sum;

    pm_arena_init(&arena, 0);
    if (n < sizeof length + sizeof sum)
        return 0;
    memcpy(&length, at, sizeof length);
    if (length > n - sizeof length - sizeof sum)
        return 0;
    memcpy(&sum, at + sizeof length + length, sizeof sum);
    if (sum != pm_checksum(PM_CHECKSUM_BASIS, at, sizeof length + length)
        || pm_decode(&pm_kept_end_desc, at + sizeof length, length, &arena, &kept, NULL) != PM_OK)
        return 0;
    take(self, &kept);
    return sizeof length + length + sizeof sum;
}

static enum pm_err read_all(struct past_file *file, past_file_take *take, void *self,
                            size_t *lost_bytes)
{
    PM_CLEANUP(pm_free) uint8_t *bytes = NULL;
    struct stat stat;
    size_t n, at = 0, step = 1;

    if (fstat(file->fd, &stat) != 0)
        return PM_IO;
    n = stat.st_size < (off_t)PM_LIMIT_FRAME ? (size_t)stat.st_size : PM_LIMIT_FRAME;
    bytes = pm_alloc(n + 1);
    if (pread(file->fd, bytes, n, 0) != (ssize_t)n)
        return PM_IO;
    while (at < n && step > 0) {
        step = take_record(bytes + at, n - at, take, self);
        at += step;
    }
    *lost_bytes = (size_t)stat.st_size - at;
    file->end = (off_t)at;
    return *lost_bytes == 0 || ftruncate(file->fd, file->end) == 0 ? PM_OK : PM_IO;
}

enum pm_err past_file_open(const char *path, past_file_take *take, void *self,
                           struct past_file **out, size_t *lost_bytes)
{
    struct past_file *file = pm_alloc(sizeof *file);

    *lost_bytes = 0;
    file->path = pm_strdup(path);
    file->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file->fd < 0 || read_all(file, take, self, lost_bytes) != PM_OK) {
        past_file_close(&file);
        return PM_IO;
    }
    *out = file;
    return PM_OK;
}

void past_file_close(struct past_file **file)
{
    struct past_file *gone = *file;
    int saved = errno;

    *file = NULL;
    if (gone == NULL)
        return;
    if (gone->fd >= 0)
        close(gone->fd);
    pm_buf_fini(&gone->bytes);
    free(gone->path);
    free(gone);
    errno = saved;
}
