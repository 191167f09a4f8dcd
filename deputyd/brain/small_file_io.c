/* One read of a bounded size, of a file that does not make us wait but as long as its disk does;
 * it is done for processes that ask for it, and for no others.
 */
#include "brain/small_file_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The size is only what it had at some time: one byte more than we want shows that it is larger. */
static ssize_t read_all(int fd, char *to, size_t most)
{
    size_t sum = 0;
    ssize_t n = 0;

    while (sum < most && (n = read(fd, to + sum, most - sum)) > 0)
        sum += (size_t)n;
    return n < 0 ? -1 : (ssize_t)sum;
}

static const char *read_open(int fd, struct pm_arena *arena, char **out, size_t *out_n, char *text,
                             size_t size)
{
    char *bytes = pm_arena_get(arena, SMALL_FILE_BYTES + 2);
    struct stat status;
    ssize_t n;

    if (bytes == NULL)
        return "out of memory";
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return "it is not a regular file";
    n = read_all(fd, bytes, SMALL_FILE_BYTES + 1);
    if (n < 0) {
        snprintf(text, size, "%s", strerror(errno));
        return text;
    }
    if ((size_t)n > SMALL_FILE_BYTES)
        return "it is larger than 64KiB";
    bytes[n] = '\0';
    *out = bytes;
    *out_n = (size_t)n;
    return NULL;
}

const char *small_file_read(const char *path, struct pm_arena *arena, char **out, size_t *out_n,
                            char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    const char *why;

    if (fd < 0) {
        snprintf(text, size, "%s", strerror(errno));
        return text;
    }
    why = read_open(fd, arena, out, out_n, text, size);
    close(fd);
    return why;
}
