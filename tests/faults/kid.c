/* A child for the fault driver, one that can be counted.
 *
 *   kid DIR NAME [OPTIONS]
 *
 * Each life draws a number and writes records of 32 bytes, which carry the stream, the life, a
 * count from 0 and a checksum:
 *
 *   out 1a2b3c4d 0000000042 89abcde\n
 *
 * After each write it notes in DIR/NAME.life.LIFE, a mapped file, how many it has written; the
 * page outlives a kill. So whoever reads the output knows what must be there: a record is lost,
 * doubled or torn, or all is well. And each life takes the lock DIR/NAME.lock: one that finds it
 * taken is a second copy, writes so to DIR/NAME.second, and goes on living, to be seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RECORD      32
#define CHECKED     24                       /* bytes of it the checksum is about */
#define LIFE_BYTES  (3 * sizeof(uint64_t))
#define MOST_AT_ONE (PIPE_BUF / RECORD)      /* what a pipe takes whole or not at all */

struct orders {
    const char *dir, *name, *until, *ready;
    long rate, burst, crash_after;           /* records; crash_after -1: never */
    long orphans;
    int code, signal;
    bool err, ignore_term, daemon, escape, shadow;
};

struct life {
    uint32_t number;
    uint64_t *written;                       /* mapped: on out, on err; and our pid */
};

__attribute__((noreturn)) static void fail(const char *what)
{
    fprintf(stderr, "kid: %s: %s\n", what, strerror(errno));
    exit(98);
}

static const char *path_of(const struct orders *orders, const char *sort)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s.%s", orders->dir, orders->name, sort);
    return path;
}

/* ---- who am I ------------------------------------------------------------------------------ */

static void take_lock(const struct orders *orders)
{
    int fd = open(path_of(orders, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        fail("lock");
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return;                              /* held by the open descriptor until we end */
    fd = open(path_of(orders, "second"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || dprintf(fd, "%d %s\n", (int)getpid(), getenv("PROCMAN_RUN")) < 0)
        fail("second copy");
}

static struct life begin_life(const struct orders *orders)
{
    struct life life = { 0 };
    char sort[32];
    int fd;

    if (getrandom(&life.number, sizeof life.number, 0) != sizeof life.number)
        fail("getrandom");
    snprintf(sort, sizeof sort, "life.%08x", life.number);
    fd = open(path_of(orders, sort), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, LIFE_BYTES) != 0)
        fail("life");
    life.written = mmap(NULL, LIFE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (life.written == MAP_FAILED)
        fail("life");
    life.written[2] = (uint64_t)getpid();
    close(fd);
    return life;
}

/* ---- what I say ---------------------------------------------------------------------------- */

/* CRC-32 as of zlib and ISO 3309, so that any language has it. */
static uint32_t crc32(const char *at, size_t n)
{
    uint32_t crc = ~0u;

    while (n-- > 0) {
        crc ^= (uint8_t)*at++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static void format_record(char *at, const char *stream, uint32_t life, uint64_t number)
{
    char text[RECORD + 1];

    snprintf(text, sizeof text, "%s %08x %010lu ", stream, life,
             (unsigned long)number % 10000000000);
    snprintf(text + CHECKED, sizeof text - CHECKED, "%07x\n", crc32(text, CHECKED) >> 4);
    memcpy(at, text, RECORD);
}

/* All at once; what a full pipe makes wait, waits. */
static void say(const struct life *life, int fd, long records)
{
    char text[MOST_AT_ONE * RECORD];
    uint64_t *written = &life->written[fd - 1];

    for (long i = 0; i < records; i++)
        format_record(text + i * RECORD, fd == STDOUT_FILENO ? "out" : "err", life->number,
                      *written + (uint64_t)i);
    while (write(fd, text, (size_t)records * RECORD) != records * RECORD)
        if (errno != EINTR)
            fail("write");
    *written += (uint64_t)records;
}

/* ---- how I misbehave ------------------------------------------------------------------------ */

/* Until somebody opens the other end: so a thousand can be let go at one moment. */
static void wait_for(const char *fifo)
{
    while (open(fifo, O_RDONLY | O_CLOEXEC) < 0)
        if (errno != EINTR)
            fail(fifo);
}

/* Children of nobody, who end when they may. */
static void leave_orphans(const struct orders *orders)
{
    pid_t child = fork();

    if (child < 0)
        fail("fork");
    if (child > 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            continue;
        return;
    }
    for (long i = 0; i < orders->orphans; i++)
        if (fork() == 0) {
            wait_for(orders->until);
            _exit(0);
        }
    _exit(0);
}

/* A daemon as they are made: fork twice, so that nobody is its parent. With `escape` it leaves
 * the session and with it the process group. It carries our marker, and says what it is. */
static void leave_daemon(const struct orders *orders)
{
    pid_t child = fork();

    if (child < 0)
        fail("fork");
    if (child > 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            continue;
        return;
    }
    if (orders->escape)
        setsid();
    if (fork() == 0)
        execl("/proc/self/exe", "kid", orders->dir, orders->name, "--shadow", NULL);
    _exit(0);
}

__attribute__((noreturn)) static void end(const struct orders *orders)
{
    if (orders->signal) {
        signal(orders->signal, SIG_DFL);
        raise(orders->signal);
    }
    _exit(orders->code);
}

static void pause_for(const struct orders *orders)
{
    long ns = orders->rate > 0 ? 1000000000 / orders->rate * orders->burst : 0;
    struct timespec time = { ns / 1000000000, ns % 1000000000 };

    if (ns > 0)
        nanosleep(&time, NULL);
}

/* false: not yet, or nobody heard it */
static bool tell_ready(const char *gate)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    bool told;
    int fd;

    if (path == NULL || strlen(path) >= sizeof at.sun_path || access(gate, F_OK) != 0)
        return false;
    memcpy(at.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    told = fd >= 0 && sendto(fd, "READY=1", strlen("READY=1"), MSG_NOSIGNAL,
                             (struct sockaddr *)&at, sizeof at) > 0;
    if (fd >= 0)
        close(fd);
    return told;
}

__attribute__((noreturn)) static void live(const struct orders *orders)
{
    struct life life = begin_life(orders);
    bool ready = orders->ready == NULL;

    for (long said = 0; orders->crash_after < 0 || said < orders->crash_after;) {
        long most = orders->crash_after < 0 ? orders->burst : orders->crash_after - said;
        long now = most < orders->burst ? most : orders->burst;
        say(&life, STDOUT_FILENO, now);
        if (orders->err)
            say(&life, STDERR_FILENO, now);
        said += now;
        pause_for(orders);
        ready = ready || tell_ready(orders->ready);
    }
    if (orders->until)
        wait_for(orders->until);
    end(orders);
}

/* ---- what I am told -------------------------------------------------------------------------- */

static const char usage[] =
    "usage: kid DIR NAME [--rate RECORDS/S] [--burst RECORDS] [--err] [--ignore-term]\n"
    "           [--daemon | --escape] [--until FIFO] [--crash-after RECORDS] [--code N]\n"
    "           [--signal N] [--orphans N --until FIFO] [--ready-when FILE]\n";

static void take_option(struct orders *orders, int option)
{
    switch (option) {
    case 'r': orders->rate = atol(optarg); break;
    case 'b': orders->burst = atol(optarg); break;
    case 'c': orders->crash_after = atol(optarg); break;
    case 'u': orders->until = optarg; break;
    case 'R': orders->ready = optarg; break;
    case 'x': orders->code = atoi(optarg); break;
    case 's': orders->signal = atoi(optarg); break;
    case 'e': orders->err = true; break;
    case 't': orders->ignore_term = true; break;
    case 'd': orders->daemon = true; break;
    case 'D': orders->daemon = orders->escape = true; break;
    case 'o': orders->orphans = atol(optarg); break;
    case 'S': orders->shadow = true; break;
    default:
        fputs(usage, stderr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "rate", 1, NULL, 'r' }, { "burst", 1, NULL, 'b' }, { "crash-after", 1, NULL, 'c' },
        { "until", 1, NULL, 'u' }, { "code", 1, NULL, 'x' }, { "signal", 1, NULL, 's' },
        { "err", 0, NULL, 'e' }, { "ignore-term", 0, NULL, 't' }, { "daemon", 0, NULL, 'd' },
        { "escape", 0, NULL, 'D' }, { "shadow", 0, NULL, 'S' },
        { "orphans", 1, NULL, 'o' }, { "ready-when", 1, NULL, 'R' }, { 0 },
    };
    struct orders orders = { .rate = 100, .burst = 1, .crash_after = -1 };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        take_option(&orders, option);
    if (argc - optind != 2 || orders.burst < 1 || orders.burst > MOST_AT_ONE) {
        fputs(usage, stderr);
        return 2;
    }
    orders.dir = argv[optind];
    orders.name = argv[optind + 1];
    if (orders.ignore_term)
        signal(SIGTERM, SIG_IGN);
    while (orders.shadow)
        pause();
    if (orders.daemon)
        leave_daemon(&orders);               /* first: it must not inherit the lock */
    if (orders.orphans > 0)
        leave_orphans(&orders);
    take_lock(&orders);
    live(&orders);
}
