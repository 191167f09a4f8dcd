/* deputyd: parse, wire, run. See deputyd(8).
 *
 * Order matters: the lock before the slot table, since only its holder may touch that; the
 * table before the brain, since no second copy may be started of what still lives.
 */
#include "keeper/handover.h"
#include "keeper/keeper.h"
#include "keeper/lock.h"
#include "keeper/notify_socket.h"
#include "keeper/settings.h"

#include <procman/log.h>
#include <procman/paths.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Three descriptors a slot at most, two an earlier life, and some of our own. */
#define FILES_WANTED (4 * PM_LIMIT_SLOTS)
#define FILES_SPARE  16 /* where fewer are to be had: for looking at processes, and for what ends */
_Static_assert(FILES_WANTED >= 3 * PM_LIMIT_SLOTS + 2 * PM_DEBTS_MOST + 64, "or they run short");

__attribute__((noreturn)) static void refuse(const char *what, const char *about)
{
    pm_log_error("%s %s: %s", what, about, strerror(errno));
    exit(1);
}

__attribute__((noreturn)) static void refuse_because(const char *why)
{
    pm_log_error("%s", why);
    exit(1);
}

/* In a directory that others can write, somebody else may be our sheriff. */
static void prepare_dirs(const struct pm_settings *set, const char *dir)
{
    PM_CLEANUP(pm_free) char *fault = pm_run_dir_fault(set->run_dir);

    if (fault != NULL)
        refuse_because(fault);
    if (pm_make_dir(set->run_dir, geteuid() != 0) != PM_OK || pm_make_dir(dir, true) != PM_OK)
        refuse("cannot make", dir);
}

static void prepare_ground(struct pm_ground *ground, const char *name, const char *dir)
{
    struct rlimit files;

    *ground = (struct pm_ground){ .deputy = name, .dir = dir,
                                  .env = pm_ground_env(environ, true) };
    if (pm_ground_open(ground) != PM_OK)
        refuse("cannot open", "/dev/null");
    if (getrlimit(RLIMIT_NOFILE, &ground->files) != 0)
        refuse("cannot read", "the limit of open files");
    files = ground->files;
    if (files.rlim_cur < FILES_WANTED)
        files.rlim_cur = files.rlim_max < FILES_WANTED ? files.rlim_max : FILES_WANTED;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    ground->kept_below = (files.rlim_cur < INT_MAX ? (int)files.rlim_cur : INT_MAX) - FILES_SPARE;
}

/* Those we take in the loop wait there, and what is blocked stays so: one that came while another
 * program was in our place must not kill us now. */
static int take_signals(void)
{
    sigset_t mask;
    int fd;

    pm_signals_default(); /* a SIGCHLD ignored by inheritance would let children vanish unreaped */
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGUSR2);
    fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        refuse("cannot receive", "signals");
    sigaddset(&mask, SIGHUP); /* a lost terminal is no reason to end */
    sigaddset(&mask, SIGPIPE);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    return fd;
}

static void open_slots(struct pm_keeper *keeper, const char *dir, const char *from)
{
    PM_CLEANUP(pm_free) char *path = pm_printf("%s/slots", dir), *lost = NULL;
    bool made;
    size_t n;

    if (pm_slots_open(path, &keeper->lives.slots, &lost, &made) != PM_OK)
        refuse("cannot use the slot table", path);
    if (lost)
        pm_log_error("deputy %s: %s", keeper->name, lost);
    if (pm_lives_take_over(&keeper->lives, made) != PM_OK)
        refuse_because(pm_printf("cannot tell which processes of an earlier deputyd live: %s; "
                                 "nothing was begun or ended. Start it again%s", strerror(errno),
                                 errno == EBUSY ? "" : " with more memory or open files (ulimit "
                                                       "-n, LimitNOFILE=)"));
    n = keeper->lives.living;
    if (from)
        pm_upgrade_succeeded(keeper, from);
    else if (n > 0)
        pm_log_info("deputy %s: processes of an earlier deputyd that go on: %zu", keeper->name, n);
}

/* The deputy's lock; that of the program that was in our place, if there was one. */
static int take_lock(struct pm_keeper *keeper, const char *dir, char **from)
{
    int lock;
    enum pm_err err = pm_handover_take(&keeper->lives, &lock, from);

    if (err == PM_NOT_FOUND)
        return pm_lock_take(dir, keeper->name);
    if (err != PM_OK)
        refuse_because("what the program before has handed on cannot be read");
    return lock;
}

/* That of the program before, if it handed one on. */
static void prepare_notify(struct pm_ground *ground, const struct pm_settings *set)
{
    PM_CLEANUP(pm_free) char *path = pm_deputy_notify_path(set->run_dir, set->name);
    int fd = ground->notify_fd > 0 ? ground->notify_fd : pm_notify_socket(path, set->name);

    ground->notify_fd = fd > 0 ? fd : 0;
}

static void prepare_brain(struct pm_keeper *keeper, const struct pm_settings *set, char *path)
{
    keeper->brain = (struct pm_brain){
        .path = path, .argv = pm_settings_brain_argv(set, path),
        .env = pm_ground_env(environ, false), .lock_fd = keeper->upgrade.lock_fd,
        .null_fd = keeper->lives.ground.null_fd, .notify_fd = keeper->lives.ground.notify_fd,
    };
}

static void prepare_upgrade(struct pm_keeper *keeper, const struct pm_settings *set,
                            const char *dir, int lock)
{
    keeper->upgrade = (struct pm_upgrading){
        .program = set->program, .argv = pm_settings_own_argv(set),
        .outcome = pm_printf("%s/upgrade", dir), .lock_fd = lock,
    };
}

int main(int argc, char **argv)
{
    struct pm_settings set;
    struct pm_keeper *keeper;
    char *dir, *brain, *from = NULL, *why = NULL;
    int lock;

    pm_log_open("deputyd", PM_LOG_INFO);
    pm_settings_parse(argc, argv, &set);
    dir = pm_deputy_dir(set.run_dir, set.name);
    if (set.upgrade)
        exit(pm_upgrade_order(dir, set.name));
    brain = pm_settings_brain(&set, &why);
    if (set.can_take_over)
        exit(pm_upgrade_check(set.can_take_over, why));
    if (brain == NULL)
        refuse_because(why);
    keeper = pm_alloc(sizeof *keeper);
    keeper->name = set.name;
    keeper->leave_running = set.leave_running;
    prepare_ground(&keeper->lives.ground, set.name, dir);
    prepare_dirs(&set, dir);
    lock = take_lock(keeper, dir, &from);
    /* A child holds the lock until it executes: only then its marker shows whose it is. */
    if (keeper->lives.ground.copied_below <= lock)
        keeper->lives.ground.copied_below = lock + 1;
    prepare_upgrade(keeper, &set, dir, lock);
    prepare_notify(&keeper->lives.ground, &set);
    prepare_brain(keeper, &set, brain);
    keeper->signals = take_signals();
    keeper->epoll = keeper->lives.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (keeper->epoll < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || chdir("/") != 0)
        refuse("cannot prepare", "the keeper");
    pm_trees_open(&keeper->lives.trees, set.name, dir, !set.no_cgroups);
    pm_oom_open(&keeper->lives.oom);
    open_slots(keeper, dir, from);
    keeper->exit_status = pm_keeper_run(keeper);
    pm_trees_close(&keeper->lives.trees); /* the rest lasts as long as the program */
    exit(keeper->exit_status);
}
