/* deputyd: parse, wire, run. See deputyd(8).
 *
 * Order matters: the lock before the slot table, since only its holder may touch that; the
 * table before the brain, since no second copy may be started of what still lives.
 */
#include "keeper/keeper.h"

#include <procman/log.h>
#include <procman/options.h>
#include <procman/paths.h>
#include <procman/spec.h>
#include <procman/text.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* Three descriptors a slot at most, and some of our own. */
#define FILES_WANTED (4 * PM_LIMIT_SLOTS)
/* A dead deputyd's lock is free when its brain is dead too, which the kernel sees to at once. */
#define LOCK_TRIES   200
#define LOCK_WAIT_NS (10 * 1000 * 1000)

struct settings {
    const char *name, *sheriff, *run_dir, *state_dir, *log_dir, *log_max, *brain;
    bool leave_running, no_cgroups;
};

static const struct pm_option options[] = {
    { "name", 0, "NAME", "name of this deputy (the host's)", PM_INTO(struct settings, name) },
    { "sheriff", 0, "ENDPOINT", "its sheriff, tcp://HOST:PORT (the one in the run directory)",
      PM_INTO(struct settings, sheriff) },
    { "run-dir", 0, "DIR", "sockets, lock and slot table", PM_INTO(struct settings, run_dir) },
    { "state-dir", 0, "DIR", "what must outlive a reboot", PM_INTO(struct settings, state_dir) },
    { "log-dir", 0, "DIR", "output of the processes", PM_INTO(struct settings, log_dir) },
    { "log-max", 0, "SIZE", "all of it together (a tenth of the disk, 4 GiB at most)",
      PM_INTO(struct settings, log_max) },
    { "leave-running", 0, NULL, "end without stopping the processes",
      PM_INTO(struct settings, leave_running) },
    { "no-cgroups", 0, NULL, "tell what belongs to a process without control groups",
      PM_INTO(struct settings, no_cgroups) },
    { "brain", 0, "PROGRAM", "run this as the brain; for tests", PM_INTO(struct settings, brain) },
    { 0 },
};

static const struct pm_program program = {
    .name = "deputyd", .synopsis = "[OPTIONS]", .about = "Run the processes of this host.",
    .options = options,
};

__attribute__((noreturn)) static void refuse(const char *what, const char *about)
{
    pm_log_error("%s %s: %s", what, about, strerror(errno));
    exit(1);
}

/* ---- where ------------------------------------------------------------------------------- */

static const char *absolute(const char *path)
{
    PM_CLEANUP(pm_free) char *here = NULL;

    if (*path == '/')
        return path;
    here = getcwd(NULL, 0);
    return pm_printf("%s/%s", here ? here : "", path);
}

static void complete(struct settings *set)
{
    PM_CLEANUP(pm_free) char *log_dir = pm_log_dir();
    const char *fault;
    uint64_t log_max;

    if (set->name == NULL) {
        static const size_t most = HOST_NAME_MAX + 1;
        char *host = pm_alloc(most);
        if (gethostname(host, most - 1) != 0)
            refuse("cannot read", "the host's name");
        set->name = host;
    }
    fault = pm_name_fault(set->name);
    if (fault != NULL) {
        pm_log_error("--name '%s': %s", set->name, fault);
        exit(2);
    }
    if (set->log_max && (pm_parse_size(set->log_max, &log_max) != PM_OK || log_max == 0)) {
        pm_log_error("--log-max '%s': not a size like 500MiB", set->log_max);
        exit(2);
    }
    set->run_dir = absolute(set->run_dir ? set->run_dir : pm_run_dir());
    set->state_dir = absolute(set->state_dir ? set->state_dir : pm_state_dir());
    set->log_dir = set->log_dir ? absolute(set->log_dir)
                                : pm_deputy_log_dir(log_dir, set->name);
}

/* In a directory that others can write, somebody else may be our sheriff. */
static void check_run_dir(const char *dir)
{
    PM_CLEANUP(pm_free) char *fault = pm_run_dir_fault(dir);

    if (fault == NULL)
        return;
    pm_log_error("%s", fault);
    exit(1);
}

static char *find_brain(const struct settings *set)
{
    static const char *const places[] = { "deputyd-brain", "../libexec/procman/deputyd-brain" };
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    if (set->brain)
        return pm_strdup(absolute(set->brain));
    self[n > 0 ? n : 0] = '\0';
    if (strrchr(self, '/'))
        strrchr(self, '/')[1] = '\0';
    for (size_t i = 0; i < PM_COUNT(places); i++) {
        char *path = pm_printf("%s%s", self, places[i]);
        if (access(path, X_OK) == 0)
            return path;
        pm_free(&path);
    }
    pm_log_error("deputyd-brain is neither in %s nor in %s../libexec/procman: "
                 "the installation is incomplete", self, self);
    exit(1);
}

/* ---- the lock ------------------------------------------------------------------------------ */

static pid_t holder(int fd)
{
    char text[16] = "";

    if (pread(fd, text, sizeof text - 1, 0) <= 0)
        return 0;
    return (pid_t)strtol(text, NULL, 10);
}

/* The brain gets the lock under a fixed number, which must still be free then. */
static int move_up(int fd)
{
    int up = fcntl(fd, F_DUPFD_CLOEXEC, PM_WIRE_LOCK_FD + 1);

    close(fd);
    return up;
}

/* One deputy of a name in a run directory. A living holder is told from one just killed, whose
 * brain, or a child between fork and exec, has not let go of the lock yet. */
static int take_lock(const char *dir, const char *name)
{
    PM_CLEANUP(pm_free) char *path = pm_printf("%s/deputyd.lock", dir);
    const struct timespec pause = { .tv_nsec = LOCK_WAIT_NS };
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    pid_t other = 0;

    if (fd >= 0)
        fd = move_up(fd);
    if (fd < 0)
        refuse("cannot open", path);
    for (int try = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; try++) {
        other = holder(fd);
        if (errno != EWOULDBLOCK || try >= LOCK_TRIES || (other > 0 && kill(other, 0) == 0)) {
            pm_log_error("a deputyd named %s is running already, pid %d; it holds %s", name,
                         (int)other, path);
            exit(1);
        }
        nanosleep(&pause, NULL);
    }
    if (ftruncate(fd, 0) != 0 || dprintf(fd, "%d\n", (int)getpid()) < 0)
        refuse("cannot write", path);
    return fd;
}

/* ---- what the keeper stands on -------------------------------------------------------------- */

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
}

static int take_signals(void)
{
    sigset_t mask;
    int fd;

    pm_signals_reset(); /* a SIGCHLD ignored by inheritance would let children vanish unreaped */
    sigemptyset(&mask);
    sigaddset(&mask, SIGHUP); /* a lost terminal is no reason to end */
    sigaddset(&mask, SIGPIPE);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        refuse("cannot receive", "signals");
    return fd;
}

static char **brain_arguments(const struct settings *set, const char *path)
{
    const char *words[] = { path, "--name", set->name, "--run-dir", set->run_dir, "--state-dir",
                            set->state_dir, "--log-dir", set->log_dir, NULL, NULL, NULL, NULL,
                            NULL, NULL };
    char **argv = pm_alloc(sizeof words);
    size_t n = 9;

    if (set->sheriff) {
        words[n++] = "--sheriff";
        words[n++] = set->sheriff;
    }
    if (set->log_max) {
        words[n++] = "--log-max";
        words[n++] = set->log_max;
    }
    if (set->leave_running)
        words[n++] = "--leave-running";
    for (size_t i = 0; i < n; i++)
        argv[i] = pm_strdup(words[i]);
    return argv;
}

static void open_slots(struct pm_keeper *keeper, const char *dir)
{
    PM_CLEANUP(pm_free) char *path = pm_printf("%s/slots", dir), *lost = NULL;
    bool made;
    size_t n;

    if (pm_slots_open(path, &keeper->lives.slots, &lost, &made) != PM_OK)
        refuse("cannot use the slot table", path);
    if (lost)
        pm_log_error("deputy %s: %s", keeper->name, lost);
    n = pm_lives_take_over(&keeper->lives, made);
    if (n > 0)
        pm_log_info("deputy %s: processes of an earlier deputyd that go on: %zu", keeper->name, n);
}

int main(int argc, char **argv)
{
    struct settings set = { 0 };
    struct pm_args args;
    struct pm_keeper *keeper = pm_alloc(sizeof *keeper);
    char *dir, *brain;
    int lock;

    pm_log_open("deputyd", PM_LOG_INFO);
    pm_options_main(&program, argc, argv, &set, 0, &args);
    complete(&set);
    brain = find_brain(&set);
    dir = pm_deputy_dir(set.run_dir, set.name);
    prepare_ground(&keeper->lives.ground, set.name, dir);
    check_run_dir(set.run_dir);
    if (pm_make_dir(set.run_dir, geteuid() != 0) != PM_OK || pm_make_dir(dir, true) != PM_OK)
        refuse("cannot make", dir);
    /* A child holds the lock until it executes: only then its marker shows whose it is. */
    lock = take_lock(dir, set.name);
    keeper->lives.ground.copied_below = lock + 1;
    keeper->name = set.name;
    keeper->leave_running = set.leave_running;
    keeper->brain = (struct pm_brain){
        .path = brain, .argv = brain_arguments(&set, brain), .env = pm_ground_env(environ, false),
        .lock_fd = lock, .null_fd = keeper->lives.ground.null_fd,
    };
    keeper->signals = take_signals();
    keeper->epoll = keeper->lives.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (keeper->epoll < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || chdir("/") != 0)
        refuse("cannot prepare", "the keeper");
    pm_trees_open(&keeper->lives.trees, set.name, dir, !set.no_cgroups);
    open_slots(keeper, dir);
    keeper->exit_status = pm_keeper_run(keeper);
    pm_trees_close(&keeper->lives.trees); /* the rest lasts as long as the program */
    exit(keeper->exit_status);
}
