/* What many deputies cost the sheriff, and how soon one that begins again knows them all. */
#include "bench.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#define CROWD         1000 /* deputies */
#define FLEET         100
#define EACH          20
#define REST_MS       10000
#define PATIENCE_MS   60000
#define POLL_MS       100
#define LOOK_MS       10
#define ROUNDS_RETURN 5
#define AWAY_MS       6000 /* deputies try again after 2 s by then, no sooner */

static void define_herd(struct fleet *fleet, size_t deputies)
{
    size_t count = deputies * EACH;
    struct pm_spec *specs = pm_alloc(count * sizeof *specs);
    char (*names)[2][16] = pm_alloc(count * sizeof *names);
    const char *argv[] = { "/bin/true" };
    struct pm_apply apply = { .specs = { specs, count }, .client = "bench" };
    struct pm_frame frame = { 0 };

    for (size_t i = 0; i < count; i++) {
        snprintf(names[i][0], sizeof names[i][0], "h%zu", i % deputies);
        snprintf(names[i][1], sizeof names[i][1], "p%zu", i / deputies);
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

static pid_t begin_herd(struct fleet *fleet, size_t deputies)
{
    char number[16];

    snprintf(number, sizeof number, "%zu", deputies);
    return spawn_program((const char *const[]){ tool_path(fleet, "herd"),
                                                fleet_path(fleet, "run"), number, NULL },
                         fleet_path(fleet, "herd.log"));
}

static void end_herd(pid_t herd)
{
    kill(herd, SIGKILL);
    waitpid(herd, NULL, 0);
}

/* How many processes the sheriff knows to run; none while it is away. */
static size_t running(struct fleet *fleet)
{
    struct pm_frame frame = { 0 };
    struct pm_ask ask = { 0 };
    const struct pm_snapshot *seen;
    size_t n = 0;

    if (pm_client_call(fleet->client, PM_MSG_ASK, &ask, PM_MSG_SNAPSHOT, PATIENCE_MS, &frame)
        != PM_OK)
        return 0;
    seen = frame.msg;
    for (size_t i = 0; i < seen->procs.n; i++)
        n += seen->procs.at[i].state == PM_STATE_RUNNING;
    pm_frame_fini(&frame);
    return n;
}

/* Seconds until all of them are known. */
static double wait_for_all(struct fleet *fleet, size_t deputies, int64_t began, int look_ms)
{
    size_t known;

    while ((known = running(fleet)) < deputies * EACH) {
        if (now_ns() - began > PATIENCE_MS * INT64_C(1000000))
            die("only %zu of %zu processes run", known, deputies * EACH);
        poll(NULL, 0, look_ms);
    }
    return (double)(now_ns() - began) / 1e9;
}

void measure_herd(struct fleet *fleet)
{
    double cpu, converged;
    int64_t began;
    pid_t herd;

    define_herd(fleet, CROWD);
    began = now_ns();
    herd = begin_herd(fleet, CROWD);
    converged = wait_for_all(fleet, CROWD, began, POLL_MS);
    cpu = cpu_ms(fleet->sheriff);
    poll(NULL, 0, REST_MS);
    cpu = cpu_ms(fleet->sheriff) - cpu;
    figure_print(&(struct figure){ "sheriff with 1000 deputies x 20, of a core",
                                   100 * cpu / REST_MS, "%", NULL, 0, "<= 25 %" });
    figure_print(&(struct figure){ "  its memory", pss_mib(fleet->sheriff), "MiB", NULL, 0,
                                   "<= 150 MiB" });
    figure_print(&(struct figure){ "  all 1000 known after", converged, "s", NULL, 0, "-" });
    end_herd(herd);
}

/* Killed, and begun again so much later: seconds from its beginning until all are known. */
static double return_after(struct fleet *fleet, int away_ms)
{
    int64_t began;

    kill(fleet->sheriff, SIGKILL);
    waitpid(fleet->sheriff, NULL, 0);
    poll(NULL, 0, away_ms);
    began = now_ns();
    fleet_begin_sheriff(fleet);
    return wait_for_all(fleet, FLEET, began, LOOK_MS);
}

static double largest(const struct samples *samples)
{
    double most = 0;

    for (size_t i = 0; i < samples->n; i++)
        most = samples->at[i] > most ? samples->at[i] : most;
    return most;
}

void measure_return(struct fleet *fleet)
{
    struct samples at_once = { .n = 0 }, later = { .n = 0 };
    pid_t herd;

    define_herd(fleet, FLEET);
    herd = begin_herd(fleet, FLEET);
    wait_for_all(fleet, FLEET, now_ns(), POLL_MS);
    for (int i = 0; i < ROUNDS_RETURN; i++) {
        sample_add(&at_once, return_after(fleet, 0));
        sample_add(&later, return_after(fleet, AWAY_MS));
    }
    figure_print(&(struct figure){ "sheriff killed, 100 deputies x 20 known again",
                                   sample_median(&at_once), "s", NULL, 0, "<= 3 s" });
    figure_print(&(struct figure){ "  begun again 6 s later", sample_median(&later), "s", NULL, 0,
                                   "<= 3 s" });
    figure_print(&(struct figure){ "  the longest of all", largest(&later) > largest(&at_once)
                                   ? largest(&later) : largest(&at_once), "s", NULL, 0,
                                   "<= 3 s" });
    end_herd(herd);
}
