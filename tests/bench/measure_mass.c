/* Hundreds of processes: up, down, shown, resting, and what they weigh. */
#include "bench.h"

#include <poll.h>
#include <stdio.h>

#define MS(ns)        ((double)(ns) / 1e6)
#define ROUNDS_MASS   5
#define ROUNDS_STATUS 30
#define REST_MS       10000

static double up_ms(struct fleet *fleet, const char *selector, const char *stamps, size_t count)
{
    int64_t begin;

    stamps_clear(stamps);
    begin = now_ns();
    fleet_ask(fleet, PM_VERB_START, selector);
    return MS(stamps_last(stamps, count) - begin);
}

static void up_and_down(struct fleet *fleet, const char *selector, const char *stamps,
                        size_t count)
{
    struct samples up = { .n = 0 }, down = { .n = 0 }, bare = { .n = 0 }, grouped = { .n = 0 };
    char what[64], down_what[64];

    for (int i = 0; i < ROUNDS_MASS; i++) {
        int64_t begin;

        sample_add(&bare, MS(bare_spawn_ns(fleet, count)));
        sample_add(&grouped, MS(bare_grouped_ns(fleet, count)));
        sample_add(&up, up_ms(fleet, selector, stamps, count));
        fleet_order(fleet, PM_VERB_START, selector);
        begin = now_ns();
        fleet_order(fleet, PM_VERB_STOP, selector);
        sample_add(&down, MS(now_ns() - begin));
    }
    snprintf(what, sizeof what, "%zu up from one request", count);
    snprintf(down_what, sizeof down_what, "%zu stopped", count);
    figure_print(&(struct figure){ what, sample_median(&up), "ms", "vfork+exec loop",
                                   sample_median(&bare), "ratio <= 1.4" });
    if (sample_median(&grouped) > 0)
        figure_print(&(struct figure){ "  against a loop that takes groups, too",
                                       sample_median(&up), "ms", "the loop, into groups",
                                       sample_median(&grouped), "ratio <= 1.4" });
    figure_print(&(struct figure){ down_what, sample_median(&down), "ms", NULL, 0,
                                   count == 500 ? "<= 60 ms" : "-" });
}

static void status_time(struct fleet *fleet, const char *selector, const char *what,
                        const char *budget)
{
    const char *const argv[] = { program_path(fleet, "procmanctl"), "status", selector, NULL };
    const char *const version[] = { program_path(fleet, "procmanctl"), "--version", NULL };
    struct samples samples = { .n = 0 }, bare = { .n = 0 };

    for (int i = 0; i < ROUNDS_STATUS; i++) {
        sample_add(&samples, MS(run_program_ns(argv)));
        sample_add(&bare, MS(run_program_ns(version)));
    }
    figure_print(&(struct figure){ what, sample_median(&samples), "ms", "procmanctl --version",
                                   sample_median(&bare), budget });
}

static void rest(struct fleet *fleet, const char *what, const char *budget)
{
    pid_t brain = fleet_brain(fleet);
    double deputy = cpu_ms(brain) + cpu_ms(fleet->keeper), sheriff = cpu_ms(fleet->sheriff);

    poll(NULL, 0, REST_MS);
    deputy = cpu_ms(brain) + cpu_ms(fleet->keeper) - deputy;
    sheriff = cpu_ms(fleet->sheriff) - sheriff;
    figure_print(&(struct figure){ what, 100 * deputy / REST_MS, "%", NULL, 0, budget });
    figure_print(&(struct figure){ "  and the sheriff meanwhile", 100 * sheriff / REST_MS, "%",
                                   NULL, 0, "-" });
}

void measure_mass(struct fleet *fleet)
{
    const char *stamps = fleet_path(fleet, "many.stamps");
    const char *const argv[] = { tool_path(fleet, "stamp"), stamps, "stay", NULL };

    fleet_define(fleet, "first", 100, argv, NULL);
    fleet_define(fleet, "half", 400, argv, NULL);
    up_and_down(fleet, "all", stamps, 500);
    fleet_order(fleet, PM_VERB_START, "all");
    figure_print(&(struct figure){ "memory of brain and keeper, 500 processes",
        pss_mib(fleet_brain(fleet)) + pss_mib(fleet->keeper), "MiB", NULL, 0, "<= 10 MiB" });
    fleet_order(fleet, PM_VERB_STOP, "all");
    fleet_define(fleet, "more", 500, argv, NULL);
    up_and_down(fleet, "all", stamps, 1000);
    fleet_order(fleet, PM_VERB_START, "all");
    status_time(fleet, "first*", "status of 100, whole program", "<= 6 ms");
    status_time(fleet, "all", "status of 1000, whole program", "<= 12 ms");
    rest(fleet, "1000 idle processes with statistics, of a core", "<= 1 %");
}
