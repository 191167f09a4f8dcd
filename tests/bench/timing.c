/* Clocks, programs, stamps and rows of figures. */
#include "bench.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define STAMPS_WAIT_NS (60 * INT64_C(1000000000))

void die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

pid_t spawn_program(const char *const *argv, const char *output)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    if (output) {
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0600);
        posix_spawn_file_actions_adddup2(&actions, 1, 2);
    }
    if (posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)argv, environ) != 0)
        die("cannot start %s", argv[0]);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

void reap(pid_t pid)
{
    int status;

    if (waitpid(pid, &status, 0) == pid && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
        die("a program of ours ended with wait status %d", status);
}

int64_t run_program_ns(const char *const *argv)
{
    int64_t begin = now_ns();

    reap(spawn_program(argv, "/dev/null"));
    return now_ns() - begin;
}

void stamps_clear(const char *path)
{
    if (truncate(path, 0) != 0 && access(path, F_OK) == 0)
        die("cannot empty %s", path);
}

int64_t stamps_last(const char *path, size_t count)
{
    int64_t give_up = now_ns() + STAMPS_WAIT_NS, latest = 0, *stamps;
    struct stat seen = { 0 };
    int fd;

    while ((stat(path, &seen) != 0 || (size_t)seen.st_size < count * sizeof *stamps)) {
        if (now_ns() > give_up)
            die("only %zu of %zu stamps came", (size_t)seen.st_size / sizeof *stamps, count);
        poll(NULL, 0, 1);
    }
    stamps = pm_alloc((size_t)seen.st_size);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, stamps, (size_t)seen.st_size) != seen.st_size)
        die("cannot read %s", path);
    close(fd);
    for (size_t i = 0; i < (size_t)seen.st_size / sizeof *stamps; i++)
        if (stamps[i] > latest)
            latest = stamps[i];
    free(stamps);
    return latest;
}

int64_t bare_spawn_ns(const struct fleet *fleet, size_t count)
{
    const char *path = fleet_path(fleet, "bare.stamps");
    const char *const argv[] = { tool_path(fleet, "stamp"), path, "stay", NULL };
    pid_t *pids = pm_alloc(count * sizeof *pids);
    int64_t begin, last;

    stamps_clear(path);
    begin = now_ns();
    for (size_t i = 0; i < count; i++) {
        pids[i] = vfork();
        if (pids[i] == 0) {
            execve(argv[0], (char *const *)argv, environ);
            _exit(127);
        }
    }
    last = stamps_last(path, count);
    for (size_t i = 0; i < count; i++)
        kill(pids[i], SIGKILL);
    for (size_t i = 0; i < count; i++)
        waitpid(pids[i], NULL, 0);
    free(pids);
    return last - begin;
}

double cpu_ms(pid_t pid)
{
    char path[64], line[1024];
    unsigned long user = 0, system = 0;
    FILE *stat;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    stat = fopen(path, "re");
    if (!stat || !fgets(line, sizeof line, stat)
        || sscanf(strrchr(line, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                  &user, &system) != 2)
        die("cannot read %s", path);
    fclose(stat);
    return 1000.0 * (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

double pss_mib(pid_t pid)
{
    char path[64], line[256];
    unsigned long kib = 0;
    FILE *rollup;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    rollup = fopen(path, "re");
    while (rollup && fgets(line, sizeof line, rollup))
        if (sscanf(line, "Pss: %lu kB", &kib) == 1)
            break;
    if (rollup)
        fclose(rollup);
    return (double)kib / 1024;
}

void sample_add(struct samples *samples, double value)
{
    if (samples->n < SAMPLES_MAX)
        samples->at[samples->n++] = value;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double sample_median(struct samples *samples)
{
    if (samples->n == 0)
        die("nothing was measured");
    qsort(samples->at, samples->n, sizeof samples->at[0], by_value);
    return samples->at[samples->n / 2];
}

void figure_head(void)
{
    printf("%-46s %12s   %-34s %8s   %s\n", "WHAT", "HERE", "BARE REFERENCE", "RATIO", "BUDGET");
}

void figure_print(const struct figure *f)
{
    char reference[64] = "-", ratio[16] = "-";

    if (f->reference_name) {
        snprintf(reference, sizeof reference, "%.2f %s %s", f->reference, f->unit,
                 f->reference_name);
        snprintf(ratio, sizeof ratio, "%.2f", f->value / f->reference);
    }
    printf("%-46s %8.2f %-4s  %-34s %7s   %s\n", f->what, f->value, f->unit, reference, ratio,
           f->budget);
    fflush(stdout);
}
