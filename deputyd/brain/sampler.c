/* Reading numbers out of /proc's texts without scanf: a thousand of them each second are to
 * cost next to nothing.
 */
#include "brain/sampler.h"

#include <math.h>
#include <string.h>

/* Fields of /proc/PID/stat as proc_pid_stat(5) counts them; the name, field 2, ends with ')'. */
#define FIELD_UTIME   14
#define FIELD_STIME   15
#define FIELD_THREADS 20
#define FIELD_START   22
#define FIELD_RSS     24

/* Smaller changes are not told. */
#define CPU_PCT_STEP 0.1
#define RSS_SHARE    0.01

struct text { const char *at, *end; };

static void skip_spaces(struct text *text)
{
    while (text->at < text->end && (*text->at == ' ' || *text->at == '\t'))
        text->at++;
}

static void skip_word(struct text *text)
{
    skip_spaces(text);
    while (text->at < text->end && *text->at != ' ' && *text->at != '\n')
        text->at++;
}

static bool number(struct text *text, uint64_t *out)
{
    const char *begin;

    skip_spaces(text);
    begin = text->at;
    *out = 0;
    for (; text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++)
        *out = *out * 10 + (uint64_t)(*text->at - '0');
    return text->at > begin;
}

bool sample_process(const char *text, size_t n, struct sample_process *out)
{
    uint64_t fields[FIELD_RSS + 1] = { 0 };
    const char *name_end = memrchr(text, ')', n);
    struct text rest;

    if (name_end == NULL)
        return false;
    rest = (struct text){ name_end + 1, text + n };
    for (int field = 3; field < FIELD_RSS; field++)
        if (field < FIELD_UTIME || !number(&rest, &fields[field]))
            skip_word(&rest); /* a letter, or negative: none of those we want */
    if (!number(&rest, &fields[FIELD_RSS]))
        return false;
    *out = (struct sample_process){
        .cpu_ticks = fields[FIELD_UTIME] + fields[FIELD_STIME], .threads = fields[FIELD_THREADS],
        .rss_pages = fields[FIELD_RSS], .start_ticks = fields[FIELD_START],
    };
    return true;
}

bool sample_cpu(const char *text, size_t n, struct sample_cpu *out)
{
    enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, KINDS };
    struct text rest = { text + 4, text + n };
    struct sample_cpu cpu = { 0 };
    uint64_t ticks;

    if (n < 5 || memcmp(text, "cpu ", 4) != 0)
        return false;
    for (int kind = USER; kind < KINDS && number(&rest, &ticks); kind++) {
        cpu.all_ticks += ticks;
        if (kind != IDLE && kind != IOWAIT)
            cpu.busy_ticks += ticks;
    }
    if (cpu.all_ticks == 0)
        return false;
    *out = cpu;
    return true;
}

static bool memory_row(const char *text, size_t n, const char *key, uint64_t *out_bytes)
{
    const char *row = memmem(text, n, key, strlen(key));
    struct text rest;

    if (row == NULL)
        return false;
    rest = (struct text){ row + strlen(key), text + n };
    if (!number(&rest, out_bytes))
        return false;
    *out_bytes *= 1024;
    return true;
}

bool sample_memory(const char *text, size_t n, uint64_t *out_used_bytes, uint64_t *out_total_bytes)
{
    uint64_t total, available;

    if (!memory_row(text, n, "MemTotal:", &total)
        || !memory_row(text, n, "MemAvailable:", &available) || available > total)
        return false;
    *out_used_bytes = total - available;
    *out_total_bytes = total;
    return true;
}

bool sample_load(const char *text, size_t n, double *out)
{
    struct text rest = { text, text + n };
    uint64_t whole, hundredths;

    if (!number(&rest, &whole) || rest.at == rest.end || *rest.at != '.')
        return false;
    rest.at++;
    if (!number(&rest, &hundredths))
        return false;
    *out = (double)whole + (double)hundredths / 100; /* always two digits; see proc_loadavg(5) */
    return true;
}

static double tenths(double pct)
{
    return round(pct * 10) / 10;
}

double sample_cpu_pct(uint64_t ticks_before, uint64_t ticks_now, double elapsed_ms,
                      long ticks_per_second)
{
    if (ticks_now <= ticks_before || elapsed_ms <= 0 || ticks_per_second <= 0)
        return 0;
    return tenths((double)(ticks_now - ticks_before) * 1000 / (double)ticks_per_second / elapsed_ms
                  * 100);
}

double sample_busy_pct(const struct sample_cpu *before, const struct sample_cpu *now)
{
    if (now->all_ticks <= before->all_ticks || now->busy_ticks < before->busy_ticks)
        return 0;
    return tenths((double)(now->busy_ticks - before->busy_ticks) * 100
                  / (double)(now->all_ticks - before->all_ticks));
}

bool sample_changed(const struct pm_usage *told, const struct pm_usage *now)
{
    double rss = (double)told->rss_bytes, difference = fabs((double)now->rss_bytes - rss);

    return told->id != now->id || told->threads != now->threads
        || told->output_end != now->output_end || difference > rss * RSS_SHARE
        || fabs(told->cpu_pct - now->cpu_pct) >= CPU_PCT_STEP / 2;
}
