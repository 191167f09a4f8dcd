/* Says when it began: appends CLOCK_MONOTONIC in ns (8 bytes) to argv[1] before anything else,
 * then waits for its end when argv[2] is given. */
#include <fcntl.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct timespec now;
    int64_t ns;
    int fd;

    clock_gettime(CLOCK_MONOTONIC, &now);
    ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    if (argc < 2 || (fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0600)) < 0)
        return 2;
    if (write(fd, &ns, sizeof ns) != sizeof ns)
        return 1;
    close(fd);
    if (argc > 2)
        pause();
    return 0;
}
