/* The file's part of moving output.
 *
 * splice takes bytes from the pipe only as they arrive in the file: whoever is killed, whatever
 * is full, a byte is in one of the two. It refuses O_APPEND, so the offset is ours, and asked
 * of the file before each move: that makes us the continuation of whoever wrote it before, and
 * of a file that somebody has cut short. A file that is gone from its directory is made anew,
 * because what would be written into it could never be read.
 */
#include "brain/mover.h"

#include <procman/paths.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void output_file_shut(struct output_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

void output_file_free(struct output_file *file)
{
    output_file_shut(file);
    while (file->runs != NULL) {
        struct output_run *run = file->runs;
        file->runs = run->next;
        free(run);
    }
    free(file->group);
    free(file->name);
    free(file->path);
    free(file);
}

static int open_file(const char *path)
{
    return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
}

static enum pm_err open_with_directories(struct output_file *file)
{
    PM_CLEANUP(pm_free) char *dir = pm_strdup(file->path);

    file->fd = open_file(file->path);
    if (file->fd >= 0 || errno != ENOENT)
        return file->fd >= 0 ? PM_OK : PM_IO;
    *strrchr(dir, '/') = '\0';
    if (pm_make_dir(dir, false) != PM_OK)
        return PM_IO;
    file->fd = open_file(file->path);
    return file->fd >= 0 ? PM_OK : PM_IO;
}

enum pm_err output_file_ready(struct output_file *file)
{
    struct stat stat;

    if (file->fd >= 0 && fstat(file->fd, &stat) == 0 && stat.st_nlink == 0)
        output_file_shut(file);
    if (file->fd < 0 && open_with_directories(file) != PM_OK)
        return PM_IO;
    if (fstat(file->fd, &stat) != 0)
        return PM_IO;
    if (!S_ISREG(stat.st_mode)) {
        output_file_shut(file);
        errno = EINVAL;
        return PM_IO;
    }
    atomic_store(&file->end, (uint64_t)stat.st_size);
    return PM_OK;
}

/* A process that writes nothing needs no file: a thousand silent ones begin much faster.
 * OK: there are bytes, or (*out_ended) there never will be | TIMEOUT nothing there now */
static enum pm_err look_into_pipe(int pipe, bool *out_ended)
{
    struct pollfd look = { .fd = pipe, .events = POLLIN };

    if (poll(&look, 1, 0) <= 0)
        return PM_TIMEOUT;
    *out_ended = (look.revents & (POLLIN | POLLHUP)) == POLLHUP;
    return PM_OK;
}

enum pm_err output_file_splice(struct output_file *file, int pipe, size_t most, size_t *out)
{
    bool ended = false;
    off_t offset;
    ssize_t n;

    if (file->fd < 0 && look_into_pipe(pipe, &ended) != PM_OK)
        return PM_TIMEOUT;
    if (ended) {
        *out = 0;
        return PM_OK;
    }
    if (output_file_ready(file) != PM_OK)
        return PM_IO;
    offset = (off_t)atomic_load(&file->end);
    do
        n = splice(pipe, NULL, file->fd, &offset, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? PM_TIMEOUT : PM_IO;
    atomic_store(&file->end, (uint64_t)offset);
    *out = (size_t)n;
    return PM_OK;
}
