/* sheriffd: options, directories, the lock; then program_run(). */
#include "sheriffd/program_io.h"

#include <procman/log.h>
#include <procman/options.h>
#include <procman/paths.h>
#include <procman/spec.h>

#include <czmq.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct settings {
    const char *config, *listen, *name, *run_dir, *state_dir, *observers;
    bool lone_ranger;
};

static const struct pm_option options[] = {
    { "config", 0, "FILE", "apply this configuration (procman.yaml of the configuration directory)",
      PM_INTO(struct settings, config) },
    { "listen", 0, "tcp://ADDRESS:PORT", "also take deputies there; streams at PORT + 1",
      PM_INTO(struct settings, listen) },
    { "lone-ranger", 0, NULL, "bring a deputy for this machine along",
      PM_INTO(struct settings, lone_ranger) },
    { "name", 0, "NAME", "name of this machine (the host's)", PM_INTO(struct settings, name) },
    { "run-dir", 0, "DIR", "sockets and lock", PM_INTO(struct settings, run_dir) },
    { "state-dir", 0, "DIR", "the store", PM_INTO(struct settings, state_dir) },
    { "observers", 0, "GROUP", "members may look, and change nothing",
      PM_INTO(struct settings, observers) },
    { 0 },
};

static const struct pm_program program = {
    .name = "sheriffd", .synopsis = "[OPTIONS]",
    .about = "The sheriff of a fleet: says what should run where.", .options = options,
};

static _Noreturn void die(int status, const char *text)
{
    fprintf(stderr, "sheriffd: %s\n", text);
    exit(status);
}

static char *own_name(const char *given)
{
    char host[256] = "";
    const char *name = given != NULL ? given : host;

    if (given == NULL && (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0'))
        die(EXIT_FAILURE, "this machine has no name; give one with --name");
    if (pm_name_fault(name) == NULL)
        return pm_strdup(name);
    fprintf(stderr, "sheriffd: a machine cannot be called \"%s\": %s\n", name,
            pm_name_fault(name));
    exit(2);
}

static char *make_dir(char *path, bool is_private)
{
    if (pm_make_dir(path, is_private) == PM_OK)
        return path;
    fprintf(stderr, "sheriffd: %s: %s\n", path, strerror(errno));
    exit(EXIT_FAILURE);
}

/* What is there already may be a trap. */
static char *make_run_dir(char *path, bool is_private)
{
    char *fault = pm_run_dir_fault(path);

    if (fault != NULL)
        die(EXIT_FAILURE, fault);
    return make_dir(path, is_private);
}

/* --config, or the default file if there is one. Absolute: it tells later which processes it
 * defined, wherever we are started from. */
static char *find_config(const char *given)
{
    char *dir PM_CLEANUP(pm_free) = pm_config_dir();
    char *usual = pm_printf("%s/procman.yaml", dir);
    char *real;

    if (given == NULL && access(usual, F_OK) != 0) {
        free(usual);
        return NULL;
    }
    real = realpath(given != NULL ? given : usual, NULL);
    if (real == NULL) /* loading it will say why */
        real = pm_strdup(given != NULL ? given : usual);
    free(usual);
    return real;
}

/* Held until we end. Before any socket: binding one silently takes it from whoever has it. */
static int lock(const char *run_dir)
{
    char *path PM_CLEANUP(pm_free) = pm_printf("%s/sheriffd.lock", run_dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    char owner[32] = "", text[32];

    if (fd < 0) {
        fprintf(stderr, "sheriffd: %s: %s\n", path, strerror(errno));
        exit(EXIT_FAILURE);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        ssize_t n = read(fd, owner, sizeof owner - 1);

        owner[n > 0 ? strcspn(owner, "\n") : 0] = '\0';
        fprintf(stderr, "sheriffd: another sheriff (pid %s) runs in %s; stop it, or give this one "
                "another --run-dir\n", owner[0] != '\0' ? owner : "unknown", run_dir);
        exit(EXIT_FAILURE);
    }
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || write(fd, text, (size_t)n) != n)
        pm_log_warning("%s: %s", path, strerror(errno));
    return fd;
}

/* Threads inherit this; signalfd reads them. A client that went away is an error, no signal. */
static void block_signals(void)
{
    sigset_t blocked;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGHUP);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void prepare_czmq(void)
{
    /* CZMQ obeys these; a user's environment must not change a daemon. */
    static const char *const names[] = { "ZSYS_LINGER", "ZSYS_SNDHWM", "ZSYS_RCVHWM",
        "ZSYS_PIPEHWM", "ZSYS_IPV6", "ZSYS_INTERFACE", "ZSYS_LOGIDENT", "ZSYS_LOGSENDER",
        "ZSYS_IO_THREADS", "ZSYS_MAX_SOCKETS", "ZSYS_AUTO_USE_FD" };

    for (size_t i = 0; i < PM_COUNT(names); i++)
        unsetenv(names[i]);
    zsys_handler_set(NULL);
    zsys_init();
}

int main(int argc, char **argv)
{
    struct settings settings = { 0 };
    struct pm_args args;
    struct listen listen = { 0 };
    char *why = NULL;
    bool is_root = geteuid() == 0;

    pm_options_main(&program, argc, argv, &settings, 0, &args);
    pm_log_open("sheriffd", PM_LOG_INFO);
    char *name = own_name(settings.name);
    if (settings.listen != NULL && listen_parse(settings.listen, &listen, &why) != PM_OK)
        die(2, why);
    char *run_dir = make_run_dir(settings.run_dir != NULL ? pm_strdup(settings.run_dir)
                                                          : pm_run_dir(), !is_root);
    char *state_dir = make_dir(settings.state_dir != NULL ? pm_strdup(settings.state_dir)
                                                          : pm_state_dir(), true);
    /* Who puts the store elsewhere wants nothing in the usual places. */
    char *log_dir = settings.state_dir != NULL ? pm_printf("%s/log", state_dir) : NULL;
    char *config = find_config(settings.config);
    int lock_fd = lock(run_dir);

    block_signals();
    prepare_czmq();
    int status = program_run(&(struct program_setup){
        .name = name, .run_dir = run_dir, .state_dir = state_dir, .log_dir = log_dir,
        .config = config,
        .observers = settings.observers, .listen = settings.listen != NULL ? &listen : NULL,
        .lone_ranger = settings.lone_ranger,
    });
    close(lock_fd);
    listen_fini(&listen);
    free(name);
    free(run_dir);
    free(state_dir);
    free(log_dir);
    free(config);
    free(args.words.at);
    return status;
}
