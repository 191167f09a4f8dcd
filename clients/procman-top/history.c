/* One ring for each process, in an array sorted by number. All rings turn together, so a process
 * that is new has fewer seconds and no holes. */
#include "history.h"

#include <stdlib.h>
#include <string.h>

struct ring {
    uint64_t id;
    size_t known;                                    /* samples, at most HISTORY_SECONDS */
    struct history_sample at[HISTORY_SECONDS];
};

struct history {
    struct ring **rings; /* sorted by id */
    size_t n;
    size_t now;          /* where in every ring the next sample goes */
};

struct history *history_new(void)
{
    return pm_alloc(sizeof(struct history));
}

void history_close(struct history **where)
{
    struct history *history = *where;

    if (history == NULL)
        return;
    for (size_t i = 0; i < history->n; i++)
        free(history->rings[i]);
    free(history->rings);
    free(history);
    *where = NULL;
}

static int by_id(const void *one, const void *other)
{
    uint64_t a = (*(struct ring *const *)one)->id, b = (*(struct ring *const *)other)->id;

    return (a > b) - (a < b);
}

static struct ring *find(const struct history *history, uint64_t id)
{
    struct ring wanted = { .id = id }, *key = &wanted, **found;

    if (history->n == 0)
        return NULL;
    found = bsearch(&key, history->rings, history->n, sizeof(struct ring *), by_id);
    return found ? *found : NULL;
}

void history_sample(struct history *history, const struct pm_proc *procs, size_t n)
{
    struct ring **next = pm_resize(NULL, n + 1, sizeof(struct ring *));

    for (size_t i = 0; i < n; i++) {
        struct ring *ring = find(history, procs[i].id);
        if (ring == NULL) {
            ring = pm_alloc(sizeof *ring);
            ring->id = procs[i].id;
        }
        ring->at[history->now] = (struct history_sample){ (float)procs[i].cpu_pct,
                                                          (uint32_t)(procs[i].rss_bytes >> 10) };
        ring->known += ring->known < HISTORY_SECONDS;
        next[i] = ring;
    }
    qsort(next, n, sizeof(struct ring *), by_id);
    for (size_t i = 0; i < history->n; i++)
        if (n == 0
            || bsearch(&history->rings[i], next, n, sizeof(struct ring *), by_id) == NULL)
            free(history->rings[i]);
    free(history->rings);
    history->rings = next;
    history->n = n;
    history->now = (history->now + 1) % HISTORY_SECONDS;
}

size_t history_last(const struct history *history, uint64_t id, size_t n,
                    struct history_sample *out)
{
    const struct ring *ring = find(history, id);
    size_t known = ring ? ring->known : 0;

    if (n > known)
        n = known;
    for (size_t i = 0; i < n; i++)
        out[i] = ring->at[(history->now + HISTORY_SECONDS - n + i) % HISTORY_SECONDS];
    return n;
}

size_t history_sum(const struct history *history, const struct pm_proc *const *procs, size_t n,
                   size_t seconds, float *out)
{
    struct history_sample samples[HISTORY_SECONDS];
    size_t most = 0;

    memset(out, 0, seconds * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        size_t known = history_last(history, procs[i]->id, seconds, samples);
        for (size_t k = 0; k < known; k++)
            out[seconds - known + k] += samples[k].cpu_pct;
        most = known > most ? known : most;
    }
    memmove(out, out + seconds - most, most * sizeof *out);
    return most;
}

/* The most in the share of one cell; -1: nothing is known of it. Shares end now. */
static float most_in_cell(const float *values, size_t n, size_t seconds, size_t cells, size_t cell)
{
    size_t missing = seconds - n, from = cell * seconds / cells, to = (cell + 1) * seconds / cells;
    float most = -1;

    for (size_t i = from; i < to; i++)
        if (i >= missing && values[i - missing] > most)
            most = values[i - missing];
    return most;
}

const char *history_curve(const float *values, size_t n, size_t seconds, size_t cells, bool ascii,
                          char *to)
{
    static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
    static const char *const digits[] = { "1", "2", "3", "4", "5", "6", "7", "8" };
    float most = 1;
    char *at = to;

    for (size_t i = 0; i < n; i++)
        most = values[i] > most ? values[i] : most;
    for (size_t cell = 0; cell < cells; cell++) {
        float value = most_in_cell(values, n, seconds, cells, cell);
        size_t step = (size_t)(value / most * (PM_COUNT(blocks) - 1) + 0.5f);
        const char *mark = value < 0 ? " " : ascii ? digits[step] : blocks[step];
        at = stpcpy(at, mark);
    }
    return to;
}

const char *history_graph(const struct history *history, uint64_t id, size_t seconds,
                          size_t cells, bool ascii, char *to)
{
    struct history_sample samples[HISTORY_SECONDS];
    float values[HISTORY_SECONDS];
    size_t n = history_last(history, id, seconds, samples);

    for (size_t i = 0; i < n; i++)
        values[i] = samples[i].cpu_pct;
    return history_curve(values, n, seconds, cells, ascii, to);
}
