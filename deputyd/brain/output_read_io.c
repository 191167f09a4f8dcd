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

static void read_at(int fd, const struct output_file *file, const struct pm_read *read,
                    struct mover_news *out, void **out_data, size_t *out_n)
{
    size_t most = read->most && read->most < PM_LIMIT_READ ? read->most : PM_LIMIT_READ;
    off_t from = read->lines ? last_lines(fd, (off_t)out->end, read->lines)
                             : (off_t)(read->offset < out->end ? read->offset : out->end);
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

void output_read(const struct output_file *file, const struct pm_read *read,
                 struct mover_news *out, void **out_data, size_t *out_n)
{
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat stat;

    *out = (struct mover_news){ .kind = OUTPUT_BYTES, .id = read->id, .request = read->request };
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
        read_at(fd, file, read, out, out_data, out_n);
    }
    close(fd);
}

/* Whole lines, few enough; of a line that is longer than all room, its end. */
static const char *begin_of_last(const char *text, size_t n, bool whole)
{
    uint64_t lines = OUTPUT_LAST_LINES;
    const char *first = whole ? text : memchr(text, '\n', n);
    ssize_t place;

    first = first == NULL || first + 1 == text + n ? text : whole ? first : first + 1;
    if (n > 0 && text[n - 1] != '\n')
        lines--;
    place = search_back(text, n, &lines);
    return place >= 0 && text + place > first ? text + place : first;
}

void output_read_last(const struct output_file *file, const struct output_run *run, void **out,
                      size_t *out_n)
{
    uint64_t all = run->end - run->begin, n = all < OUTPUT_LAST_BYTES ? all : OUTPUT_LAST_BYTES;
    int fd = n > 0 ? open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    char text[OUTPUT_LAST_BYTES];
    const char *first;
    ssize_t got;

    if (fd < 0)
        return;
    got = pread(fd, text, n, (off_t)(run->end - n));
    close(fd);
    if (got <= 0)
        return;
    first = begin_of_last(text, (size_t)got, n == all);
    *out_n = (size_t)(text + got - first);
    *out = pm_resize(NULL, *out_n, 1);
    memcpy(*out, first, *out_n);
}
