/* One kept descriptor per living process: a pread of /proc/PID/stat costs half of what opening
 * it does, and once opened it can never come to mean another process with the same pid. Places
 * are the keeper's slots, so a look is one walk over an array.
 */
#include "brain/sampler_io.h"

#include "brain/sampler.h"

#include <procman/limits.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define TEXT_BYTES 4096 /* of what we read of a file; /proc/meminfo has the longest part we need */

struct watched {       /* one slot */
    int64_t pid;       /* 0: nothing; fd is not open */
    uint64_t run;
    int fd;
    uint64_t ticks;    /* at the last look */
    bool looked;       /* once at least: there is a difference to tell */
    uint64_t seen;     /* the number of the last look that came by */
    struct pm_usage told;
};

struct sampler {
    struct watched *slots;
    size_t n;
    struct pm_usage *rows;
    size_t rows_cap;
    int cpu, memory, load;
    struct sample_cpu cpu_before;
    struct timespec last;
    uint64_t session;  /* to which the rows were told */
    uint64_t looks;
    long ticks_per_second, page_bytes, cores;
};

static int open_for_reading(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC);
}

void sampler_open(struct sampler **out)
{
    struct sampler *s = pm_alloc(sizeof *s);

    s->cpu = open_for_reading("/proc/stat");
    s->memory = open_for_reading("/proc/meminfo");
    s->load = open_for_reading("/proc/loadavg");
    s->ticks_per_second = sysconf(_SC_CLK_TCK);
    s->page_bytes = sysconf(_SC_PAGESIZE);
    s->cores = sysconf(_SC_NPROCESSORS_ONLN);
    clock_gettime(CLOCK_MONOTONIC, &s->last);
    *out = s;
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

void sampler_close(struct sampler **sampler)
{
    struct sampler *s = *sampler;

    *sampler = NULL;
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n; i++)
        if (s->slots[i].pid != 0)
            close_if_open(s->slots[i].fd);
    close_if_open(s->cpu);
    close_if_open(s->memory);
    close_if_open(s->load);
    free(s->slots);
    free(s->rows);
    free(s);
}

/* 0: it could not be read. */
static size_t look_into(int fd, char *text)
{
    ssize_t n = fd >= 0 ? pread(fd, text, TEXT_BYTES, 0) : -1;

    return n > 0 ? (size_t)n : 0;
}

static void look_at_machine(struct sampler *s, const struct output *output,
                            struct pm_machine *out)
{
    char text[TEXT_BYTES];
    struct sample_cpu cpu;

    *out = (struct pm_machine){ .cores = (uint64_t)s->cores };
    if (sample_cpu(text, look_into(s->cpu, text), &cpu)) {
        out->cpu_pct = sample_busy_pct(&s->cpu_before, &cpu);
        s->cpu_before = cpu;
    }
    (void)sample_memory(text, look_into(s->memory, text), &out->mem_used_bytes,
                        &out->mem_total_bytes);
    (void)sample_load(text, look_into(s->load, text), &out->load);
    output_disk(output, &out->disk_used_bytes, &out->disk_total_bytes);
}

static struct watched *place_of(struct sampler *s, uint64_t slot)
{
    if (slot >= PM_LIMIT_SLOTS)
        return NULL;
    if (slot >= s->n) {
        s->slots = pm_resize(s->slots, slot + 1, sizeof *s->slots);
        for (; s->n <= slot; s->n++)
            s->slots[s->n] = (struct watched){ 0 };
    }
    return &s->slots[slot];
}

/* Nothing of an earlier life is left, and this life's file is open if it lives. */
static void follow_life(struct watched *watched, const struct brain_life *life)
{
    char path[64];

    if (watched->pid == life->pid && watched->run == life->run)
        return;
    if (watched->pid != 0)
        close_if_open(watched->fd);
    watched->pid = life->pid;
    watched->run = life->run;
    watched->looked = false;
    if (life->pid == 0)
        return;
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)life->pid);
    watched->fd = open_for_reading(path);
}

static void look_at_life(struct sampler *s, struct watched *watched, double elapsed_ms,
                         struct pm_usage *out)
{
    struct sample_process sample;
    char text[TEXT_BYTES];

    if (watched->pid == 0 || !sample_process(text, look_into(watched->fd, text), &sample))
        return;
    if (watched->looked)
        out->cpu_pct = sample_cpu_pct(watched->ticks, sample.cpu_ticks, elapsed_ms,
                                      s->ticks_per_second);
    watched->ticks = sample.cpu_ticks;
    watched->looked = true;
    out->rss_bytes = sample.rss_pages * (uint64_t)s->page_bytes;
    out->threads = sample.threads;
}

static double ms_since(struct sampler *s)
{
    struct timespec now, last = s->last;

    clock_gettime(CLOCK_MONOTONIC, &now);
    s->last = now;
    return (double)(now.tv_sec - last.tv_sec) * 1e3 + (double)(now.tv_nsec - last.tv_nsec) / 1e6;
}

/* A new session knows nothing: everything is told once. */
static void forget_told(struct sampler *s, uint64_t session)
{
    if (s->session == session)
        return;
    s->session = session;
    for (size_t i = 0; i < s->n; i++)
        s->slots[i].told = (struct pm_usage){ 0 };
}

/* Slots whose processes were removed before we saw that they had ended. */
static void leave_unseen(struct sampler *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct watched *watched = &s->slots[i];
        if (watched->pid != 0 && watched->seen != s->looks) {
            close_if_open(watched->fd);
            *watched = (struct watched){ 0 };
        }
    }
}

void sampler_look(struct sampler *s, const struct brain *brain, const struct output *output,
                  struct pm_stats *out)
{
    size_t n = brain_count(brain);
    double elapsed_ms = ms_since(s);

    *out = (struct pm_stats){ .session = brain_session(brain) };
    s->looks++;
    forget_told(s, out->session);
    look_at_machine(s, output, &out->machine);
    if (n > s->rows_cap) {
        s->rows_cap = n;
        s->rows = pm_resize(s->rows, n, sizeof *s->rows);
    }
    out->procs.at = s->rows;
    for (size_t i = 0; i < n; i++) {
        struct brain_life life = brain_life(brain, i);
        struct pm_usage now = { .id = life.id, .output_end = output_file_end(life.output) };
        struct watched *watched = place_of(s, life.slot);
        if (watched == NULL || life.id == 0)
            continue; /* never lived here, or the sheriff does not know it */
        watched->seen = s->looks;
        follow_life(watched, &life);
        look_at_life(s, watched, elapsed_ms, &now);
        if (sample_changed(&watched->told, &now))
            s->rows[out->procs.n++] = watched->told = now;
    }
    leave_unseen(s);
}
