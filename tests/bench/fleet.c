/* A private sheriff with one deputy, commanded through the public library. */
#include "bench.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 60000
#define POLL_MS     10

/* The fleet to take down when a measure gives up. */
static struct fleet *standing;

static const char *join(const struct fleet *fleet, const char *dir, const char *name)
{
    PM_CLEANUP(pm_free) char *path = pm_printf("%s/%s", dir, name);
    const char *kept = pm_arena_str((struct pm_arena *)&fleet->paths, path, strlen(path));

    if (!kept)
        die("out of memory");
    return kept;
}

const char *fleet_path(const struct fleet *fleet, const char *name)
{
    return join(fleet, fleet->dir, name);
}

const char *tool_path(const struct fleet *fleet, const char *name)
{
    return join(fleet, fleet->tools, name);
}

const char *program_path(const struct fleet *fleet, const char *name)
{
    return join(fleet, fleet->bin, name);
}

void fleet_end_standing(void)
{
    if (standing)
        fleet_end(standing);
}

static void check(enum pm_err err, const struct fleet *fleet, const char *what)
{
    if (err != PM_OK)
        die("%s: %s %s", what, pm_err_sentence(err), pm_client_text(fleet->client));
}

static bool deputy_is_up(struct fleet *fleet)
{
    struct pm_frame frame = { 0 };
    struct pm_ask ask = { 0 };
    const struct pm_snapshot *seen;
    bool up;

    check(pm_client_call(fleet->client, PM_MSG_ASK, &ask, PM_MSG_SNAPSHOT, PATIENCE_MS, &frame),
          fleet, "the sheriff's snapshot");
    seen = frame.msg;
    up = seen->deputies.n > 0 && seen->deputies.at[0].state == PM_LINK_UP;
    pm_frame_fini(&frame);
    return up;
}

void fleet_begin_sheriff(struct fleet *fleet)
{
    fleet->sheriff = spawn_program((const char *const[]){
        program_path(fleet, "sheriffd"), "--name", "bench", "--run-dir", fleet_path(fleet, "run"),
        "--state-dir", fleet_path(fleet, "state"), NULL }, fleet_path(fleet, "sheriffd.log"));
}

void fleet_begin(struct fleet *fleet, const char *bin, const char *tools)
{
    *fleet = (struct fleet){ .dir = "/tmp/procman-bench-XXXXXX", .bin = bin, .tools = tools };
    pm_arena_init(&fleet->paths, 0);
    if (!mkdtemp(fleet->dir))
        die("cannot make a directory in /tmp");
    standing = fleet;
    setenv("PROCMAN_RUN_DIR", fleet_path(fleet, "run"), 1);
    fleet_begin_sheriff(fleet);
    fleet->keeper = spawn_program((const char *const[]){
        program_path(fleet, "deputyd"), "--name", "bench", "--run-dir", fleet_path(fleet, "run"),
        "--state-dir", fleet_path(fleet, "state"), "--log-dir", fleet_path(fleet, "log"), NULL },
        fleet_path(fleet, "deputyd.log"));
    for (int waited = 0; pm_client_open(NULL, false, "bench", &fleet->client) != PM_OK;
         waited += POLL_MS) {
        if (waited > PATIENCE_MS)
            die("the sheriff does not come up; see %s", fleet_path(fleet, "sheriffd.log"));
        poll(NULL, 0, POLL_MS);
    }
    while (!deputy_is_up(fleet))
        poll(NULL, 0, POLL_MS);
}

void fleet_end(struct fleet *fleet)
{
    standing = NULL;
    pm_client_close(&fleet->client);
    kill(fleet->keeper, SIGTERM);
    waitpid(fleet->keeper, NULL, 0);
    kill(fleet->sheriff, SIGTERM);
    waitpid(fleet->sheriff, NULL, 0);
    reap(spawn_program((const char *const[]){ "/bin/rm", "-rf", fleet->dir, NULL }, NULL));
    pm_arena_fini(&fleet->paths);
}

void fleet_define(struct fleet *fleet, const char *name, size_t count, const char *const *argv,
                  void (*adjust)(struct pm_spec *spec))
{
    struct pm_spec *specs = pm_alloc(count * sizeof *specs);
    char (*names)[64] = pm_alloc(count * sizeof *names);
    struct pm_apply apply = { .mode = PM_APPLY_MODE_ADD, .specs = { specs, count },
                              .client = "bench" };
    struct pm_frame frame = { 0 };
    size_t argc = 0;

    while (argv[argc])
        argc++;
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "%s%zu", name, i);
        pm_spec_init(&specs[i]);
        specs[i].name = names[i];
        specs[i].exec = (struct pm_strs){ (const char **)argv, argc };
        specs[i].autostart = false;
        if (adjust)
            adjust(&specs[i]);
    }
    check(pm_client_call(fleet->client, PM_MSG_APPLY, &apply, PM_MSG_PLAN, PATIENCE_MS, &frame),
          fleet, "defining processes");
    pm_frame_fini(&frame);
    free(specs);
    free(names);
}

static void order(struct fleet *fleet, enum pm_verb verb, const char *selector, bool wait)
{
    const char *words[] = { selector };
    struct pm_order order = { .verb = verb, .select = { words, 1 }, .wait = wait,
                              .timeout_ms = PATIENCE_MS, .client = "bench" };
    uint64_t request;
    bool over = false;

    check(pm_client_send(fleet->client, PM_MSG_ORDER, &order, &request), fleet, "an order");
    while (!over) {
        struct pm_frame frame = { 0 };

        check(pm_client_wait(fleet->client, request, PATIENCE_MS, &frame), fleet, "an outcome");
        if (frame.kind == PM_MSG_REPLY) {
            const struct pm_reply *reply = frame.msg;

            if (pm_err_from_word(reply->error) != PM_OK)
                die("%s %s: %s", pm_word(&pm_verb_words, (int)verb), selector, reply->text);
            over = true;
        }
        pm_frame_fini(&frame);
    }
}

void fleet_order(struct fleet *fleet, enum pm_verb verb, const char *selector)
{
    order(fleet, verb, selector, true);
}

void fleet_ask(struct fleet *fleet, enum pm_verb verb, const char *selector)
{
    order(fleet, verb, selector, false);
}

struct pm_proc fleet_row(struct fleet *fleet, const char *name)
{
    static struct pm_frame frame;
    struct pm_ask ask = { 0 };
    const struct pm_snapshot *seen;

    pm_frame_fini(&frame);
    check(pm_client_call(fleet->client, PM_MSG_ASK, &ask, PM_MSG_SNAPSHOT, PATIENCE_MS, &frame),
          fleet, "the sheriff's snapshot");
    seen = frame.msg;
    for (size_t i = 0; i < seen->procs.n; i++)
        if (strcmp(seen->procs.at[i].name, name) == 0)
            return seen->procs.at[i];
    die("no process %s", name);
}

pid_t fleet_brain(const struct fleet *fleet)
{
    char path[64];
    FILE *children;
    int pid = 0;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", fleet->keeper, fleet->keeper);
    children = fopen(path, "re");
    while (children && fscanf(children, "%d", &pid) == 1) {
        char exe[64], target[512] = "";

        snprintf(exe, sizeof exe, "/proc/%d/exe", pid);
        if (readlink(exe, target, sizeof target - 1) > 0 && strstr(target, "deputyd-brain"))
            break;
    }
    if (children)
        fclose(children);
    return pid;
}
