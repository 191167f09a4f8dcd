/* A process with something to say.
 *   spew bytes N     N bytes in 64 KiB writes, as fast as they are taken
 *   spew clock N US  N lines, each its own CLOCK_MONOTONIC in ns, US microseconds apart */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int spew_bytes(unsigned long long left)
{
    static char block[65536];

    for (size_t i = 0; i < sizeof block; i++)
        block[i] = i % 80 == 79 ? '\n' : 'x';
    while (left > 0) {
        ssize_t n = write(1, block, left < sizeof block ? left : sizeof block);
        if (n <= 0)
            return 1;
        left -= (size_t)n;
    }
    return 0;
}

static int spew_clock(unsigned long lines, unsigned long pause_us)
{
    struct timespec pause = { .tv_sec = pause_us / 1000000, .tv_nsec = pause_us % 1000000 * 1000 };

    for (unsigned long i = 0; i < lines; i++) {
        struct timespec now;
        char line[32];
        int n;

        clock_gettime(CLOCK_MONOTONIC, &now);
        n = snprintf(line, sizeof line, "%" PRId64 "\n",
                     now.tv_sec * INT64_C(1000000000) + now.tv_nsec);
        if (write(1, line, (size_t)n) != n)
            return 1;
        nanosleep(&pause, NULL);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "bytes") == 0)
        return spew_bytes(strtoull(argv[2], NULL, 10));
    if (argc == 4 && strcmp(argv[1], "clock") == 0)
        return spew_clock(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
    fputs("usage: spew bytes N | spew clock N MICROSECONDS\n", stderr);
    return 2;
}
