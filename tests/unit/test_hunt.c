/* Processes that bear a mark and are nobody's: found, told, and ended when asked to. */
#include <criterion/criterion.h>

#include <procman/hunt.h>

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS_MOST 10000

static char dir[64]; /* of a deputy that never was */

static void given_a_name(void)
{
    snprintf(dir, sizeof dir, "/nowhere/hunt-%d", (int)getpid());
}

TestSuite(hunt, .init = given_a_name);

static pid_t given_a_bearer(const char *script, const char *run)
{
    static char shell[] = "/bin/sh", option[] = "-c", group[] = "PROCMAN_GROUP=a/b",
                name[] = "PROCMAN_NAME=cam", path[] = "PATH=/usr/bin:/bin";
    char text[200], run_text[64], dir_text[80];
    char *argv[] = { shell, option, text, NULL };
    char *env[] = { path, run_text, dir_text, group, name, NULL };
    pid_t pid;

    snprintf(text, sizeof text, "%s", script);
    snprintf(run_text, sizeof run_text, "PROCMAN_RUN=rig/%s", run);
    snprintf(dir_text, sizeof dir_text, "PROCMAN_DIR=%s", dir);
    cr_assert_eq(posix_spawn(&pid, shell, NULL, NULL, argv, env), 0);
    return pid;
}

/* Slot 7 is alive. */
static bool is_stray(void *self, const struct pm_bearer *bearer)
{
    (void)self;
    return strcmp(bearer->dir, dir) == 0 && bearer->slot != 7;
}

static struct pm_hunt *when_hunted(bool kill)
{
    struct pm_hunt_rule rule = { .is_stray = is_stray, .kill = kill };
    struct pm_hunt *hunt;
    struct pm_mono next;
    int steps = 0;

    pm_hunt_open(&rule, &hunt);
    while (!pm_hunt_step(hunt, pm_mono_now(), &next)) {
        int64_t wait = next.ms - pm_mono_now().ms;
        cr_assert_lt(++steps, STEPS_MOST);
        poll(NULL, 0, wait > 0 ? (int)wait : 0);
    }
    return hunt;
}

/* It ignores or catches it; see proc(5), status. */
static void until_it_expects_sigterm(pid_t pid)
{
    unsigned long long ignored = 0, caught = 0, term = 1ull << (SIGTERM - 1);
    char path[64], line[256];

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    for (int i = 0; i < STEPS_MOST && ((ignored | caught) & term) == 0; i++, poll(NULL, 0, 1)) {
        FILE *file = fopen(path, "re");
        cr_assert_not_null(file);
        while (fgets(line, sizeof line, file)) {
            (void)sscanf(line, "SigIgn: %llx", &ignored);
            (void)sscanf(line, "SigCgt: %llx", &caught);
        }
        fclose(file);
    }
    cr_assert(((ignored | caught) & term) != 0);
}

static void bury(pid_t pid)
{
    kill(pid, SIGKILL);
    cr_expect_eq(waitpid(pid, NULL, 0), pid);
}

Test(hunt, it_tells_what_it_found_and_touches_nothing)
{
    pid_t stray = given_a_bearer("read x </dev/null; sleep 30; true", "3/12");
    pid_t living = given_a_bearer("sleep 30; true", "7/1");
    struct pm_hunt *hunt = when_hunted(false);
    const struct pm_stray *found = pm_hunt_found(hunt)->at;
    size_t n = pm_hunt_found(hunt)->n; /* its `sleep` bears the mark, too, if it has begun */

    cr_assert(n == 1 || n == 2, "%zu", n);
    cr_expect_eq(found->pid, stray);
    cr_expect_str_eq(found->mark, "rig/3/12");
    cr_expect_str_eq(found->group, "a/b");
    cr_expect_str_eq(found->name, "cam");
    cr_expect_lt(found->age_ms, 20000);
    cr_expect_str_eq(found->command, "/bin/sh -c read x </dev/null; sleep 30; true");
    cr_expect(!found->killed);
    cr_expect_eq(waitpid(stray, NULL, WNOHANG), 0, "it lives on");
    pm_hunt_close(&hunt);

    hunt = when_hunted(true);
    cr_expect_eq(waitpid(living, NULL, WNOHANG), 0, "it is somebody's");
    pm_hunt_close(&hunt);
    bury(stray);
    bury(living);
}

Test(hunt, it_ends_what_ignores_sigterm_and_what_that_begins_meanwhile)
{
    pid_t deaf = given_a_bearer("trap '' TERM; while :; do sleep 0.1; done", "3/12");
    pid_t heir = given_a_bearer("trap '(sleep 30 &); exit' TERM; while :; do sleep 0.1; done",
                                "4/1");

    until_it_expects_sigterm(deaf);
    until_it_expects_sigterm(heir);
    struct pm_hunt *hunt = when_hunted(true);
    const struct pm_stray_list *found = pm_hunt_found(hunt);
    cr_assert_geq(found->n, 2);
    for (size_t i = 0; i < found->n; i++)
        cr_expect(found->at[i].killed, "%d", (int)found->at[i].pid);
    pm_hunt_close(&hunt);
    cr_expect_eq(waitpid(deaf, NULL, 0), deaf);
    cr_expect_eq(waitpid(heir, NULL, 0), heir);

    hunt = when_hunted(false);
    cr_expect_eq(pm_hunt_found(hunt)->n, 0, "nobody is left");
    pm_hunt_close(&hunt);
}

Test(hunt, what_a_stray_says_of_itself_is_readable)
{
    pid_t stray = given_a_bearer("sleep 30; : \033\377", "3/12");
    struct pm_hunt *hunt = when_hunted(true);

    cr_assert_geq(pm_hunt_found(hunt)->n, 1);
    cr_expect_str_eq(pm_hunt_found(hunt)->at[0].command, "/bin/sh -c sleep 30; : \\x1b\\xff");
    pm_hunt_close(&hunt);
    cr_expect_eq(waitpid(stray, NULL, 0), stray);
}

Test(hunt, who_cannot_look_says_so_and_not_that_nobody_is_there)
{
    pid_t stray = given_a_bearer("sleep 30; true", "3/12");
    struct pm_hunt_rule rule = { .is_stray = is_stray, .kill = true };
    struct pm_mono now = pm_mono_now();
    struct rlimit plenty, none;
    struct pm_hunt *hunt;

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &plenty), 0);
    none = (struct rlimit){ .rlim_max = plenty.rlim_max };
    pm_hunt_open(&rule, &hunt);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (int i = 0; i < 10; i++)
        cr_expect(!pm_hunt_step(hunt, now, &now), "it looks again, a little later");
    for (int i = 0; i < STEPS_MOST && !pm_hunt_step(hunt, now, &now); i++)
        ;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &plenty), 0);
    cr_assert_not_null(pm_hunt_fault(hunt));
    cr_expect_str_eq(pm_hunt_fault(hunt), "cannot look at all processes: Too many open files");
    cr_expect_eq(waitpid(stray, NULL, WNOHANG), 0);
    pm_hunt_close(&hunt);

    hunt = when_hunted(true);
    cr_expect_null(pm_hunt_fault(hunt));
    cr_expect_geq(pm_hunt_found(hunt)->n, 1);
    pm_hunt_close(&hunt);
    bury(stray);
}
