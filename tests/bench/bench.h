/* Speed and memory as ratios: every figure stands beside a bare reference of the same run.
 *
 * A measure fills a struct figure or several and prints them with figure_print(). Nothing here
 * passes or fails: a loaded machine is not a bug. Budgets are DESIGN's, printed beside. */
#ifndef BENCH_H
#define BENCH_H

#include <procman/client.h>
#include <procman/spec.h>

#include <sys/types.h>

/* ---- one sheriff and one deputy in directories of their own ---- */

struct fleet {
    char dir[256];            /* everything is below it */
    const char *bin;          /* where our programs are */
    const char *tools;        /* where stamp, spew and ping are */
    pid_t sheriff, keeper;
    struct pm_client *client; /* connected; for setting things up */
    struct pm_arena paths;    /* what fleet_path and its like have returned */
};

void fleet_begin(struct fleet *fleet, const char *bin, const char *tools);
void fleet_begin_sheriff(struct fleet *fleet); /* another, when that one is dead */
void fleet_end(struct fleet *fleet);
void fleet_end_standing(void); /* for atexit: what a measure that gave up left */

/* Define `count` processes NAME0 … that run argv (NULL ended); down until ordered up. */
void fleet_define(struct fleet *fleet, const char *name, size_t count, const char *const *argv,
                  void (*adjust)(struct pm_spec *spec));
/* Order and wait for every outcome; ends the program with a sentence when one fails. */
void fleet_order(struct fleet *fleet, enum pm_verb verb, const char *selector);
/* Order without waiting for outcomes. */
void fleet_ask(struct fleet *fleet, enum pm_verb verb, const char *selector);
/* The row of one process; its strings are valid until the next call. */
struct pm_proc fleet_row(struct fleet *fleet, const char *name);
pid_t fleet_brain(const struct fleet *fleet);

/* "DIR/NAME", good until the fleet ends. */
const char *fleet_path(const struct fleet *fleet, const char *name);
const char *tool_path(const struct fleet *fleet, const char *name);
const char *program_path(const struct fleet *fleet, const char *name);

/* ---- time ---- */

int64_t now_ns(void);                                   /* CLOCK_MONOTONIC, as stamp writes it */
pid_t spawn_program(const char *const *argv, const char *output); /* posix_spawn; NULL: as ours */
void reap(pid_t pid);
int64_t run_program_ns(const char *const *argv);        /* begin to end, output to /dev/null */

/* Stamps: 8-byte times appended to a file by the stamp program as its first act. */
void stamps_clear(const char *path);
/* Wait until there are `count`, at most 60 s; the latest of them. */
int64_t stamps_last(const char *path, size_t count);
/* A bare parent's figure: begin `count` stamps by vfork+exec (or fork+exec for one) and kill
 * them again; ns from the first call to the last stamp. */
int64_t bare_spawn_ns(const struct fleet *fleet, size_t count);
/* The same, each born into a control group of its own that was made before: what the kernel takes
 * for that. 0: there are no groups here */
int64_t bare_grouped_ns(const struct fleet *fleet, size_t count);

/* ---- what a program of ours costs ---- */

double cpu_ms(pid_t pid);   /* processor time so far */
double pss_mib(pid_t pid);  /* its share of memory */

/* ---- figures ---- */

#define SAMPLES_MAX 400
struct samples { double at[SAMPLES_MAX]; size_t n; };
void sample_add(struct samples *samples, double value);
double sample_median(struct samples *samples);

/* NULL reference name: no ratio. Prints one row. */
struct figure {
    const char *what;
    double value;
    const char *unit;
    const char *reference_name;
    double reference;
    const char *budget;
};
void figure_print(const struct figure *figure);
void figure_head(void);
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* ---- measures ---- */

void measure_start(struct fleet *fleet);      /* command line and library to first instruction */
void measure_replace(struct fleet *fleet);    /* kill -9 to the replacement's first instruction */
void measure_mass(struct fleet *fleet);       /* many up and down, status, memory, idle cost */
void measure_output(struct fleet *fleet);     /* into the file, and to a follower */
void measure_apply(struct fleet *fleet);      /* one change among 1,000 */
void measure_brain(struct fleet *fleet);      /* the brain's death until it acts again */
void measure_herd(struct fleet *fleet);       /* a thousand deputies on one sheriff */
void measure_return(struct fleet *fleet);     /* the sheriff's death until it knows all again */

#endif
