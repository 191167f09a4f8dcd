/* Time goes from task to task. The agenda is a binary heap by time and number, so what was put
 * there first is done first, and two runs of one seed are the same to the last deed.
 */
#include "sim/world.h"

#include "sim/graves.h"
#include "sim/invariants.h"
#include "sim/network.h"
#include "sim/office.h"
#include "sim/operator.h"
#include "sim/site.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BEGIN_MS 1000000 /* a machine that has been up for a while */

/* ---- the agenda ------------------------------------------------------------------- */

static bool before(const struct task *a, const struct task *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->number < b->number;
}

void later(struct world *w, int64_t ms, deed *what, void *subject, uint64_t tag)
{
    struct agenda *agenda = &w->agenda;
    struct task task = { .at_ms = w->now_ms + (ms > 0 ? ms : 0), .number = ++agenda->last,
                         .deed = what, .subject = subject, .tag = tag };
    size_t place;

    if (agenda->n == agenda->cap) {
        agenda->cap = agenda->cap ? 2 * agenda->cap : 256;
        agenda->at = pm_resize(agenda->at, agenda->cap, sizeof *agenda->at);
    }
    for (place = agenda->n++; place > 0; place = (place - 1) / 2) {
        struct task *parent = &agenda->at[(place - 1) / 2];
        if (!before(&task, parent))
            break;
        agenda->at[place] = *parent;
    }
    agenda->at[place] = task;
}

static struct task next_task(struct agenda *agenda)
{
    struct task first = agenda->at[0], last = agenda->at[--agenda->n];
    size_t place = 0;

    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= agenda->n)
            break;
        if (child + 1 < agenda->n && before(&agenda->at[child + 1], &agenda->at[child]))
            child++;
        if (!before(&agenda->at[child], &last))
            break;
        agenda->at[place] = agenda->at[child];
        place = child;
    }
    agenda->at[place] = last;
    return first;
}

void world_live(struct world *w, int64_t ms)
{
    int64_t end_ms = w->now_ms + ms;

    while (w->agenda.n > 0 && w->agenda.at[0].at_ms <= end_ms) {
        struct task task = next_task(&w->agenda);
        w->now_ms = task.at_ms;
        task.deed(w, task.subject, task.tag);
    }
    w->now_ms = end_ms;
}

struct pm_mono world_now(const struct world *w)
{
    return (struct pm_mono){ .ms = w->now_ms };
}

/* ---- chance ----------------------------------------------------------------------- */

/* splitmix64: https://prng.di.unimi.it/splitmix64.c */
uint64_t roll(struct world *w, uint64_t sides)
{
    uint64_t z = w->dice += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return sides > 0 ? z % sides : z;
}

int64_t between(struct world *w, int64_t least, int64_t most)
{
    return least + (int64_t)roll(w, (uint64_t)(most - least + 1));
}

bool chance(struct world *w, unsigned percent)
{
    return roll(w, 100) < percent;
}

bool trouble(struct world *w, unsigned percent)
{
    return !w->calm && chance(w, percent);
}

/* ---- words ------------------------------------------------------------------------ */

static void speak(const struct world *w, FILE *to, const char *format, va_list values)
{
    fprintf(to, "seed %llu at %lld ms: ", (unsigned long long)w->seed,
            (long long)(w->now_ms - BEGIN_MS));
    vfprintf(to, format, values);
    fputc('\n', to);
}

void wrong(const struct world *w, const char *format, ...)
{
    va_list values;

    fflush(stdout);
    va_start(values, format);
    speak(w, stderr, format, values);
    va_end(values);
    fprintf(stderr, "again, with every step: sim --loud %llu\n", (unsigned long long)w->seed);
    fflush(stderr);
    _exit(EXIT_FAILURE); /* nobody wants to hear of leaks now */
}

void tell(const struct world *w, const char *format, ...)
{
    va_list values;

    if (!w->loud)
        return;
    va_start(values, format);
    speak(w, stdout, format, values);
    va_end(values);
}

/* ---- beginning and end ------------------------------------------------------------ */

void world_open(struct world *w, uint64_t seed, bool loud)
{
    *w = (struct world){ .seed = seed, .dice = seed, .now_ms = BEGIN_MS, .loud = loud };
    w->n_sites = (size_t)between(w, 5, 20);
    w->procs = (size_t)between(w, 5, 20);
    network_open(w);
    office_open(w);
    sites_open(w);
    operator_open(w);
}

void world_close(struct world *w)
{
    sites_close(w);
    office_close(w);
    operator_close(w);
    network_close(w);
    checks_fini(w);
    graves_fini(w);
    free(w->agenda.at);
}
