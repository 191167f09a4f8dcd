/* What processes and the machine use, from the texts of /proc and two looks at the clock. Pure. */
#ifndef BRAIN_SAMPLER_H
#define BRAIN_SAMPLER_H

#include <procman/schema.h>

struct sample_process { /* of /proc/PID/stat; see proc_pid_stat(5) */
    uint64_t cpu_ticks;     /* user and system */
    uint64_t threads, rss_pages, start_ticks;
};
struct sample_cpu { uint64_t busy_ticks, all_ticks; }; /* of /proc/stat's first line */

/* The text need not end with NUL. false: it is not such a text; out untouched. The name in
 * it may be anything ("a) R 1 (b"), so numbers are counted from the last ')'. */
bool sample_process(const char *text, size_t n, struct sample_process *out);
bool sample_cpu(const char *text, size_t n, struct sample_cpu *out);
bool sample_memory(const char *text, size_t n, uint64_t *out_used_bytes,
                   uint64_t *out_total_bytes); /* /proc/meminfo */
bool sample_load(const char *text, size_t n, double *out); /* /proc/loadavg */

/* Of one core, between two looks that are so far apart. */
double sample_cpu_pct(uint64_t ticks_before, uint64_t ticks_now, double elapsed_ms,
                      long ticks_per_second);
/* Of all cores together. */
double sample_busy_pct(const struct sample_cpu *before, const struct sample_cpu *now);

/* Is the difference worth telling? Any new output is; idle trembling is not. */
bool sample_changed(const struct pm_usage *told, const struct pm_usage *now);

#endif
