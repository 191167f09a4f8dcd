/* deputyd-brain: opens the pieces and runs the loop. The keeper starts this program and no one
 * else does; its link and the deputy's lock are there already.
 */
#include "brain/shell.h"
#include "brain/wish_io.h"

#include <procman/log.h>
#include <procman/options.h>
#include <procman/text.h>

#include <czmq.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

struct settings {
    const char *name, *sheriff, *run_dir, *state_dir, *log_dir, *log_max;
    bool leave_running;
};

static const struct pm_option options[] = {
    { "name", 0, "NAME", "the deputy's name", PM_INTO(struct settings, name) },
    { "sheriff", 0, "ENDPOINT", "tcp://HOST:PORT; default: the sheriff of the run directory",
      PM_INTO(struct settings, sheriff) },
    { "run-dir", 0, "DIR", "sockets and notes", PM_INTO(struct settings, run_dir) },
    { "state-dir", 0, "DIR", "what survives a reboot", PM_INTO(struct settings, state_dir) },
    { "log-dir", 0, "DIR", "output of the processes", PM_INTO(struct settings, log_dir) },
    { "log-max", 0, "SIZE", "all of it together (a tenth of the disk, 4 GiB at most)",
      PM_INTO(struct settings, log_max) },
    { "leave-running", 0, NULL, "taken for the keeper's sake, which says so when it ends",
      PM_INTO(struct settings, leave_running) },
    { 0 },
};

static const struct pm_program program = {
    .name = "deputyd-brain", .synopsis = "[OPTIONS]",
    .about = "The part of deputyd that talks to the sheriff. deputyd starts it by itself.",
    .options = options,
};

/* Everything blocked before the first thread, so that none takes what the loop waits for. */
static void prepare_process(const struct shell *shell)
{
    struct rlimit files;
    unsigned seed = 0;
    sigset_t all;

    zsys_handler_set(NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) { /* four descriptors a process */
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    (void)fcntl(PM_WIRE_LOCK_FD, F_SETFD, FD_CLOEXEC);
    if (shell->notify.fd >= 0)
        (void)fcntl(shell->notify.fd, F_SETFD, FD_CLOEXEC);
    if (getrandom(&seed, sizeof seed, 0) == sizeof seed)
        srand(seed); /* libzmq spreads its reconnects by it */
}

static void load_wish(struct shell *shell)
{
    PM_CLEANUP(pm_arena_fini) struct pm_arena arena;
    const char *why = NULL;
    struct pm_wish wish;
    enum pm_err err;

    pm_arena_init(&arena, 0);
    err = wish_load(shell->wish_path, &arena, &wish, &why);
    if (err == PM_OK)
        brain_load_wish(shell->brain, &wish);
    else if (err != PM_NOT_FOUND)
        pm_log_warning("the wish in %s is not used: %s", shell->wish_path,
                       why ? why : err == PM_IO ? strerror(errno) : pm_err_sentence(err));
}

static void take_past(void *self, const struct pm_kept_end *kept)
{
    brain_load_past(((struct shell *)self)->brain, kept);
}

static void load_past(struct shell *shell, const char *dir)
{
    PM_CLEANUP(pm_free) char *path = pm_printf("%s/past", dir);
    size_t lost_bytes;

    if (past_file_open(path, take_past, shell, &shell->past, &lost_bytes) != PM_OK)
        pm_log_error("cannot keep how lives ended in %s: %s", path, strerror(errno));
    else if (lost_bytes > 0)
        pm_log_warning("%s is damaged: its last %zu bytes are not used, some ends of lives may "
                       "never be told", path, lost_bytes);
}

static void open_brain(struct shell *shell, const struct settings *set)
{
    PM_CLEANUP(pm_free) char *dir = pm_deputy_dir(set->run_dir, set->name);
    char hostname[256] = "", boot_id[40] = "";
    FILE *boot = fopen("/proc/sys/kernel/random/boot_id", "re");
    struct brain_setup setup = { .name = set->name, .hostname = hostname, .boot_id = boot_id,
                                 .port = &shell_port, .self = shell };

    setup.notify_path = shell->notify.fd >= 0 ? shell->notify.path : NULL;
    gethostname(hostname, sizeof hostname - 1);
    if (boot != NULL && fgets(boot_id, sizeof boot_id, boot) != NULL)
        boot_id[strcspn(boot_id, "\n")] = '\0';
    if (boot != NULL)
        fclose(boot);
    shell->wish_path = pm_printf("%s/wish", dir);
    brain_open(&setup, pm_mono_now(), &shell->brain);
    load_wish(shell);
    load_past(shell, dir);
}

/* NULL, or what cannot be opened; errno is set. */
static const char *open_pieces(struct shell *shell, const struct settings *set,
                               const char *orders, const char *streams)
{
    uint64_t log_max = 0;

    if (set->log_max != NULL && pm_parse_size(set->log_max, &log_max) != PM_OK)
        log_max = 0; /* the keeper would have refused it */
    if (pm_wire_open(PM_WIRE_FD, &shell->wire) != PM_OK)
        return "the link to the keeper (deputyd starts this program)";
    if (output_open(set->log_dir, log_max, &shell->output) != PM_OK)
        return "the output mover";
    if (sheriff_open(orders, streams, &shell->sheriff) != PM_OK)
        return "the sockets to the sheriff";
    if (getrandom(shell->dice, sizeof shell->dice, 0) != sizeof shell->dice)
        return "the source of chance";
    if (asker_open(&shell->asker) != PM_OK || ears_open(&shell->ears) != PM_OK)
        return "the descriptors for looking at processes";
    sampler_open(&shell->sampler);
    oom_init(&shell->oom);
    sweep_init(&shell->sweep, set->name, pm_deputy_dir(set->run_dir, set->name));
    shell->notify.name = set->name;
    shell->notify.dir = shell->sweep.dir;
    open_brain(shell, set);
    return NULL;
}

static void close_pieces(struct shell *shell)
{
    brain_close(&shell->brain);    /* keeps its wish, gives up its files */
    past_file_close(&shell->past);
    output_close(&shell->output);  /* drains the pipes */
    sampler_close(&shell->sampler);
    asker_close(&shell->asker);
    ears_close(&shell->ears);
    notify_fini(&shell->notify);
    oom_fini(&shell->oom);
    sweep_fini(&shell->sweep);
    sheriff_close(&shell->sheriff);
    pm_wire_close(&shell->wire);
    pm_free(&shell->wish_path);
}

int main(int argc, char **argv)
{
    PM_CLEANUP(pm_free) char *orders = NULL, *streams = NULL, *why = NULL;
    struct settings set = { 0 };
    struct shell shell = { 0 };
    struct pm_args args;
    const char *missing;
    int status = 0;

    notify_init(&shell.notify, PM_WIRE_NOTIFY_FD); /* before it may be another's number */
    pm_options_main(&program, argc, argv, &set, 0, &args);
    free(args.words.at);
    pm_log_open("deputyd", PM_LOG_INFO);
    if (set.name == NULL || set.run_dir == NULL || set.log_dir == NULL) {
        pm_log_error("--name, --run-dir and --log-dir are needed; deputyd gives them");
        return 2;
    }
    if (sheriff_endpoints(set.sheriff, set.run_dir, &orders, &streams, &why) != PM_OK) {
        pm_log_error("%s", why ? why : "the run directory's name is too long for a socket");
        return 2;
    }
    prepare_process(&shell);
    missing = open_pieces(&shell, &set, orders, streams);
    if (missing != NULL) {
        pm_log_error("cannot open %s: %s", missing, zmq_strerror(errno));
        status = 1;
    } else if (shell_loop(&shell, set.name) != PM_OK) {
        pm_log_error("cannot make the loop: %s", strerror(errno));
        status = 1;
    }
    close_pieces(&shell);
    return status;
}
