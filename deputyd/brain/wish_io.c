/* Written beside and renamed, so that a killed brain leaves the former wish or the new one. No
 * fsync: it need not survive the machine, only us. A checksum ends it: a wish that is believed
 * and wrong in one bit of an order's number would make us deaf to all orders after it.
 */
#include "brain/wish_io.h"

#include <procman/checksum.h>
#include <procman/limits.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int fd, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;

    while (n > 0) {
        ssize_t written = write(fd, at, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        at += written;
        n -= (size_t)written;
    }
    return true;
}

enum pm_err wish_save(const char *path, const struct pm_wish *wish)
{
    PM_CLEANUP(pm_free) char *fresh = pm_printf("%s.new", path);
    PM_CLEANUP(pm_buf_fini) struct pm_buf bytes = { 0 };
    enum pm_err err = pm_encode(&pm_wish_desc, wish, &bytes);
    uint64_t sum;
    bool written;
    int fd;

    if (err != PM_OK)
        return err;
    sum = pm_checksum(PM_CHECKSUM_BASIS, bytes.at, bytes.n);
    fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600); /* it holds environments */
    if (fd < 0)
        return PM_IO;
    written = write_all(fd, bytes.at, bytes.n) && write_all(fd, &sum, sizeof sum);
    if (close(fd) != 0 || !written || rename(fresh, path) != 0) {
        int saved = errno;
        unlink(fresh);
        errno = saved;
        return PM_IO;
    }
    return PM_OK;
}

/* What cannot be removed is in a directory that is gone, or will be told of when it is written. */
void wish_remove(const char *path)
{
    (void)unlink(path);
}

/* The whole file into the arena. */
static enum pm_err read_all(int fd, struct pm_arena *arena, uint8_t **out, size_t *out_n)
{
    struct stat stat;
    uint8_t *at;

    if (fstat(fd, &stat) != 0)
        return PM_IO;
    if (stat.st_size > PM_LIMIT_FRAME + (off_t)sizeof(uint64_t)) {
        errno = EFBIG;
        return PM_IO;
    }
    at = pm_arena_get(arena, (size_t)stat.st_size + 1);
    if (at == NULL)
        return PM_NO_MEMORY;
    if (read(fd, at, (size_t)stat.st_size) != stat.st_size)
        return PM_IO;
    *out = at;
    *out_n = (size_t)stat.st_size;
    return PM_OK;
}

static bool checksum_holds(const uint8_t *bytes, size_t *n)
{
    uint64_t sum;

    if (*n < sizeof sum)
        return false;
    *n -= sizeof sum;
    memcpy(&sum, bytes + *n, sizeof sum);
    return sum == pm_checksum(PM_CHECKSUM_BASIS, bytes, *n);
}

enum pm_err wish_load(const char *path, struct pm_arena *arena, struct pm_wish *out,
                      const char **why)
{
    uint8_t *bytes = NULL;
    size_t n = 0;
    enum pm_err err;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? PM_NOT_FOUND : PM_IO;
    err = read_all(fd, arena, &bytes, &n);
    close(fd);
    if (err != PM_OK)
        return err;
    if (!checksum_holds(bytes, &n)) {
        if (why != NULL)
            *why = "it is damaged";
        return PM_BAD_MESSAGE;
    }
    return pm_decode(&pm_wish_desc, bytes, n, arena, out, why);
}
