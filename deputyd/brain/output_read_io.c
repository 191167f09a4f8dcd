/* Reading back what was written: by address, or the last lines.
 *
 * The file is read as anybody would read it, by its name; nothing here knows about pipes. For
 * the last lines only the address where they begin is looked for, backwards, block by block; the
 * answer holds what fits from there on, and the asker goes on by address.
 */
#include "brain/mover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK     ((size_t)64 << 10)
#define FAR_BACK  ((off_t)64 << 20) /* lines are not looked for further back: others wait */

/* Counts newlines backwards in block[0..n). Returns the place behind the newline that ends the
 * line before the wanted ones, or -1 when it is not in this block. */
static ssize_t search_back(const char *block, size_t n, uint64_t *lines)
{
    while (n > 0) {
        const char *found = memrchr(block, '\n', n);
        if (found == NULL)
            return -1;
        n = (size_t)(found - block);
        if ((*lines)-- == 0)
            return (ssize_t)n + 1;
    }
    return -1;
}

/* Address of the first of the last `lines` lines. A newline at the very end ends the last line,
 * it does not begin another. */
static off_t last_lines(int fd, off_t end, uint64_t lines)
{
    char *block = pm_resize(NULL, BLOCK, 1);
    off_t stop = end > FAR_BACK ? end - FAR_BACK : 0, at = end, found = stop;
    char last;

    if (end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n')
        lines--;
    while (at > stop) {
        size_t n = at - stop < (off_t)BLOCK ? (size_t)(at - stop) : BLOCK;
        ssize_t place;
        at -= (off_t)n;
        if (pread(fd, block, n, at) != (ssize_t)n)
            break;
        place = search_back(block, n, &lines);
        if (place >= 0) {
            found = at + place;
            break;
        }
    }
    free(block);
    return found;
}

static void fail(struct mover_news *out, const struct output_file *file, int error)
{
    out->err = PM_IO;
    snprintf(out->text, sizeof out->text, "cannot read %.300s: %s", file->path, strerror(error));
}

static void read_at(int fd, const struct output_file *file, const struct mover_order *order,
                    struct mover_news *out, void **out_data, size_t *out_n)
{
    size_t most = order->most && order->most < PM_LIMIT_READ ? order->most : PM_LIMIT_READ;
    off_t from = order->lines ? last_lines(fd, (off_t)out->end, order->lines)
                              : (off_t)(order->offset < out->end ? order->offset : out->end);
    size_t wanted = out->end - (uint64_t)from < most ? out->end - (uint64_t)from : most;
    ssize_t n;

    out->offset = (uint64_t)from;
    if (wanted == 0)
        return;
    *out_data = pm_resize(NULL, wanted, 1);
    n = pread(fd, *out_data, wanted, from);
    if (n < 0)
        fail(out, file, errno);
    *out_n = n > 0 ? (size_t)n : 0;
}

void output_read(const struct output_file *file, const struct mover_order *order,
                 struct mover_news *out, void **out_data, size_t *out_n)
{
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat stat;

    *out = (struct mover_news){ .kind = OUTPUT_BYTES, .id = order->id,
                                .request = order->request };
    *out_data = NULL;
    *out_n = 0;
    if (fd < 0) {
        if (errno != ENOENT) /* what never wrote has written nothing: no error */
            fail(out, file, errno);
        return;
    }
    if (fstat(fd, &stat) != 0) {
        fail(out, file, errno);
    } else {
        out->end = (uint64_t)stat.st_size;
        read_at(fd, file, order, out, out_data, out_n);
    }
    close(fd);
}
