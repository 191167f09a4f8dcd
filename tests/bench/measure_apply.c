/* One change among many, and the brain's death. */
#include "bench.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>

#define MS(ns)       ((double)(ns) / 1e6)
#define PROCESSES    1000
#define ROUNDS       9
#define BRAIN_ROUNDS 9
#define SETTLE_MS    1200 /* a brain that lived this long is restarted without a longer pause */

static void write_file(struct fleet *fleet, int version)
{
    FILE *file = fopen(fleet_path(fleet, "fleet.yaml"), "we");

    if (!file)
        die("cannot write the configuration");
    fputs("processes:\n", file);
    for (int i = 0; i < PROCESSES; i++)
        fprintf(file, "  - {name: p%d, exec: [%s, %s, stay], env: {VERSION: \"%d\"}}\n", i,
                tool_path(fleet, "stamp"), fleet_path(fleet, "apply.stamps"),
                i == PROCESSES / 2 ? version : 0);
    fclose(file);
}

void measure_apply(struct fleet *fleet)
{
    const char *stamps = fleet_path(fleet, "apply.stamps");
    const char *const apply[] = { program_path(fleet, "procmanctl"), "apply",
                                  fleet_path(fleet, "fleet.yaml"), NULL };
    const char *const check[] = { program_path(fleet, "procmanctl"), "check",
                                  fleet_path(fleet, "fleet.yaml"), NULL };
    struct samples whole = { .n = 0 }, effect = { .n = 0 }, parse = { .n = 0 };

    write_file(fleet, 0);
    run_program_ns(apply);
    stamps_last(stamps, PROCESSES);
    fleet_order(fleet, PM_VERB_START, "all");
    for (int i = 1; i <= ROUNDS; i++) {
        int64_t begin;

        write_file(fleet, i);
        stamps_clear(stamps);
        sample_add(&parse, MS(run_program_ns(check)));
        begin = now_ns();
        sample_add(&whole, MS(run_program_ns(apply)));
        sample_add(&effect, MS(stamps_last(stamps, 1) - begin));
        fleet_order(fleet, PM_VERB_START, "all");
    }
    figure_print(&(struct figure){ "apply one change among 1000, whole program",
        sample_median(&whole), "ms", "procmanctl check", sample_median(&parse), "<= 50 ms" });
    figure_print(&(struct figure){ "  and the changed process runs again after",
        sample_median(&effect), "ms", NULL, 0, "one restart" });
}

void measure_brain(struct fleet *fleet)
{
    const char *stamps = fleet_path(fleet, "brain.stamps");
    const char *const argv[] = { tool_path(fleet, "stamp"), stamps, "stay", NULL };
    struct samples samples = { .n = 0 };

    fleet_define(fleet, "idle", 100, argv, NULL);
    fleet_define(fleet, "test", 1, argv, NULL);
    fleet_order(fleet, PM_VERB_START, "idle*");
    for (int i = 0; i < BRAIN_ROUNDS; i++) {
        int64_t begin;

        poll(NULL, 0, SETTLE_MS);
        stamps_clear(stamps);
        begin = now_ns();
        kill(fleet_brain(fleet), SIGKILL);
        fleet_ask(fleet, PM_VERB_START, "test0");
        sample_add(&samples, MS(stamps_last(stamps, 1) - begin));
        fleet_order(fleet, PM_VERB_STOP, "test0");
    }
    figure_print(&(struct figure){ "brain killed until the new one acts on an order",
                                   sample_median(&samples), "ms", NULL, 0, "<= 100 ms" });
}
