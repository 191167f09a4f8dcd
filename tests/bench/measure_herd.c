/* What a thousand deputies cost the sheriff. */
#include "bench.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#define DEPUTIES      1000
#define DEPUTIES_TEXT "1000"
#define EACH          20
#define REST_MS       10000
#define PATIENCE_MS   60000
#define POLL_MS       100

static void define_herd(struct fleet *fleet)
{
    size_t count = DEPUTIES * EACH;
    struct pm_spec *specs = pm_alloc(count * sizeof *specs);
    char (*names)[2][16] = pm_alloc(count * sizeof *names);
    const char *argv[] = { "/bin/true" };
    struct pm_apply apply = { .specs = { specs, count }, .client = "bench" };
    struct pm_frame frame = { 0 };

    for (size_t i = 0; i < count; i++) {
        snprintf(names[i][0], sizeof names[i][0], "h%zu", i % DEPUTIES);
        snprintf(names[i][1], sizeof names[i][1], "p%zu", i / DEPUTIES);
        pm_spec_init(&specs[i]);
        specs[i].host = names[i][0];
        specs[i].name = names[i][1];
        specs[i].exec = (struct pm_strs){ argv, 1 };
    }
    if (pm_client_call(fleet->client, PM_MSG_APPLY, &apply, PM_MSG_PLAN, PATIENCE_MS, &frame)
        != PM_OK)
        die("defining the herd: %s", pm_client_text(fleet->client));
    pm_frame_fini(&frame);
    free(specs);
    free(names);
}

static size_t running(struct fleet *fleet)
{
    struct pm_frame frame = { 0 };
    struct pm_ask ask = { 0 };
    const struct pm_snapshot *seen;
    size_t n = 0;

    if (pm_client_call(fleet->client, PM_MSG_ASK, &ask, PM_MSG_SNAPSHOT, PATIENCE_MS, &frame)
        != PM_OK)
        die("the sheriff's snapshot: %s", pm_client_text(fleet->client));
    seen = frame.msg;
    for (size_t i = 0; i < seen->procs.n; i++)
        n += seen->procs.at[i].state == PM_STATE_RUNNING;
    pm_frame_fini(&frame);
    return n;
}

void measure_herd(struct fleet *fleet)
{
    const char *const argv[] = { tool_path(fleet, "herd"), fleet_path(fleet, "run"),
                                 DEPUTIES_TEXT, NULL };
    int64_t began;
    double cpu, converged;
    pid_t herd;

    define_herd(fleet);
    began = now_ns();
    herd = spawn_program(argv, fleet_path(fleet, "herd.log"));
    while (running(fleet) < DEPUTIES * EACH) {
        if (now_ns() - began > PATIENCE_MS * INT64_C(1000000))
            die("only %zu of %d processes run", running(fleet), DEPUTIES * EACH);
        poll(NULL, 0, POLL_MS);
    }
    converged = (double)(now_ns() - began) / 1e9;
    cpu = cpu_ms(fleet->sheriff);
    poll(NULL, 0, REST_MS);
    cpu = cpu_ms(fleet->sheriff) - cpu;
    figure_print(&(struct figure){ "sheriff with 1000 deputies x 20, of a core",
                                   100 * cpu / REST_MS, "%", NULL, 0, "<= 25 %" });
    figure_print(&(struct figure){ "  its memory", pss_mib(fleet->sheriff), "MiB", NULL, 0,
                                   "<= 150 MiB" });
    figure_print(&(struct figure){ "  all 1000 known after", converged, "s", NULL, 0, "-" });
    kill(herd, SIGKILL);
    waitpid(herd, NULL, 0);
}
