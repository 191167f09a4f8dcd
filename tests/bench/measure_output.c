/* Bytes from a process into its file, and lines from a process to a follower. */
#include "bench.h"

#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MS(ns)       ((double)(ns) / 1e6)
#define BYTES        (256u << 20) /* little enough to stay out of the disk's way */
#define BYTES_TEXT   "268435456"
#define ROUNDS       15
#define LINES        200
#define LINES_TEXT   "200"
#define PATIENCE_MS  20000

static uint64_t size_of(const char *path)
{
    struct stat seen;

    return stat(path, &seen) == 0 ? (uint64_t)seen.st_size : 0;
}

/* The address of the next byte: the last rotated file says where it begins. */
static uint64_t end_of(const char *file)
{
    char pattern[80];
    uint64_t end = 0;
    glob_t found;

    snprintf(pattern, sizeof pattern, "%s.*", file);
    if (glob(pattern, 0, NULL, &found) == 0) {
        const char *last = found.gl_pathv[found.gl_pathc - 1];
        end = strtoull(strrchr(last, '.') + 1, NULL, 10) + size_of(last);
        globfree(&found);
    }
    return end + size_of(file);
}

static void remove_all(const char *file)
{
    char pattern[80];
    glob_t found;

    snprintf(pattern, sizeof pattern, "%s*", file);
    if (glob(pattern, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        unlink(found.gl_pathv[i]);
    globfree(&found);
}

static double bare_ms(struct fleet *fleet)
{
    char line[1200];
    const char *const argv[] = { "/bin/sh", "-c", line, NULL };

    snprintf(line, sizeof line, "%s bytes " BYTES_TEXT " | cat > %s", tool_path(fleet, "spew"),
             fleet_path(fleet, "bare.log"));
    return MS(run_program_ns(argv));
}

static double ours_ms(struct fleet *fleet, const char *name, const char *file)
{
    int64_t begin = now_ns();
    double taken;

    fleet_ask(fleet, PM_VERB_START, name);
    while (end_of(file) < BYTES)
        poll(NULL, 0, 1);
    taken = MS(now_ns() - begin);
    while (fleet_row(fleet, name).state != PM_STATE_EXITED)
        poll(NULL, 0, 1);
    return taken;
}

static void into_the_file(struct fleet *fleet)
{
    const char *const argv[] = { tool_path(fleet, "spew"), "bytes", BYTES_TEXT, NULL };
    struct samples ours = { .n = 0 }, bare = { .n = 0 };

    fleet_define(fleet, "spew", ROUNDS, argv, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        char name[16], file[64];

        snprintf(name, sizeof name, "spew%d", i);
        snprintf(file, sizeof file, "log/%s.log", name);
        sample_add(&bare, BYTES / 1e6 / bare_ms(fleet) * 1e3);
        sample_add(&ours, BYTES / 1e6 / ours_ms(fleet, name, fleet_path(fleet, file)) * 1e3);
        unlink(fleet_path(fleet, "bare.log"));
        remove_all(fleet_path(fleet, file));
    }
    figure_print(&(struct figure){ "output of one process into its file, rotated",
        sample_median(&ours), "MB/s", "process | cat > file", sample_median(&bare),
        "ratio >= 0.9" });
}

/* Every line of a chunk is the time it was written. */
static void take_lines(const struct pm_chunk *chunk, struct samples *samples)
{
    int64_t now = now_ns();
    char text[4096];
    size_t n = chunk->data.n < sizeof text - 1 ? chunk->data.n : sizeof text - 1;

    if (n == 0)
        return;
    memcpy(text, chunk->data.at, n);
    text[n] = '\0';
    for (char *rest = NULL, *line = strtok_r(text, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest))
        sample_add(samples, MS(now - strtoll(line, NULL, 10)));
}

static void to_a_follower(struct fleet *fleet)
{
    const char *const argv[] = { tool_path(fleet, "spew"), "clock", LINES_TEXT, "5000", NULL };
    struct samples samples = { .n = 0 };
    char topic[64];

    fleet_define(fleet, "clock", 1, argv, NULL);
    snprintf(topic, sizeof topic, "output/%llu/",
             (unsigned long long)fleet_row(fleet, "clock0").id);
    if (pm_client_subscribe(fleet->client, topic) != PM_OK)
        die("cannot follow");
    fleet_ask(fleet, PM_VERB_START, "clock0");
    while (samples.n < LINES * 9 / 10) {
        struct pm_frame frame = { 0 };

        if (pm_client_next(fleet->client, PATIENCE_MS, &frame) != PM_OK)
            die("only %zu lines came to the follower", samples.n);
        if (frame.kind == PM_MSG_CHUNK)
            take_lines(frame.msg, &samples);
        pm_frame_fini(&frame);
    }
    figure_print(&(struct figure){ "a written line to a follower", sample_median(&samples), "ms",
                                   NULL, 0, "<= 1 ms" });
}

void measure_output(struct fleet *fleet)
{
    to_a_follower(fleet);
    into_the_file(fleet);
}
