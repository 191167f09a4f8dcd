/* Whatever depends on where we were started is settled here, once: afterwards we are in another
 * directory, and an upgrade may put another program where ours was.
 */
#include "keeper/settings.h"

#include "keeper/wire.h"

#include <procman/log.h>
#include <procman/options.h>
#include <procman/paths.h>
#include <procman/spec.h>
#include <procman/text.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct pm_option options[] = {
    { "name", 0, "NAME", "name of this deputy (the host's)", PM_INTO(struct pm_settings, name) },
    { "sheriff", 0, "ENDPOINT", "its sheriff, tcp://HOST:PORT (the one in the run directory)",
      PM_INTO(struct pm_settings, sheriff) },
    { "run-dir", 0, "DIR", "sockets, lock and slot table", PM_INTO(struct pm_settings, run_dir) },
    { "state-dir", 0, "DIR", "what must outlive a reboot",
      PM_INTO(struct pm_settings, state_dir) },
    { "log-dir", 0, "DIR", "output of the processes", PM_INTO(struct pm_settings, log_dir) },
    { "log-max", 0, "SIZE", "all of it together (a tenth of the disk, 4 GiB at most)",
      PM_INTO(struct pm_settings, log_max) },
    { "leave-running", 0, NULL, "end without stopping the processes",
      PM_INTO(struct pm_settings, leave_running) },
    { "upgrade", 0, NULL, "let the running deputyd become the installed one",
      PM_INTO(struct pm_settings, upgrade) },
    { "no-cgroups", 0, NULL, "tell what belongs to a process without control groups",
      PM_INTO(struct pm_settings, no_cgroups) },
    { "brain", 0, "PROGRAM", "run this as the brain; for tests",
      PM_INTO(struct pm_settings, brain) },
    { "can-take-over", 0, "VERSION", "say whether it knows such a slot table; for upgrades",
      PM_INTO(struct pm_settings, can_take_over) },
    { 0 },
};

static const struct pm_program program = {
    .name = "deputyd", .synopsis = "[OPTIONS]", .about = "Run the processes of this host.",
    .options = options,
};

static const char *absolute(const char *path)
{
    PM_CLEANUP(pm_free) char *here = NULL;

    if (*path == '/')
        return path;
    here = getcwd(NULL, 0);
    return pm_printf("%s/%s", here ? here : "", path);
}

static const char *host_name(void)
{
    static const size_t most = HOST_NAME_MAX + 1;
    char *host = pm_alloc(most);

    if (gethostname(host, most - 1) == 0)
        return host;
    pm_log_error("cannot read the host's name: %s", strerror(errno));
    exit(1);
}

/* The file we are; heap. */
static char *own_file(void)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    self[n > 0 ? n : 0] = '\0';
    return pm_strdup(self);
}

/* The name by which we were executed may be a link that is to point to the next version, so it
 * is the better one, if it is ours indeed. */
static const char *installed_as(void)
{
    const char *name = (const char *)getauxval(AT_EXECFN);
    struct stat named, own;

    if (name != NULL && strchr(name, '/') != NULL && stat(name, &named) == 0
        && stat("/proc/self/exe", &own) == 0 && named.st_dev == own.st_dev
        && named.st_ino == own.st_ino)
        return absolute(name);
    return own_file();
}

void pm_settings_parse(int argc, char **argv, struct pm_settings *out)
{
    PM_CLEANUP(pm_free) char *log_dir = pm_log_dir();
    struct pm_args args;
    uint64_t log_max;
    const char *fault;

    *out = (struct pm_settings){ .program = installed_as() };
    pm_options_main(&program, argc, argv, out, 0, &args);
    if (out->name == NULL)
        out->name = host_name();
    fault = pm_name_fault(out->name);
    if (fault != NULL) {
        pm_log_error("--name '%s': %s", out->name, fault);
        exit(2);
    }
    if (out->log_max && (pm_parse_size(out->log_max, &log_max) != PM_OK || log_max == 0)) {
        pm_log_error("--log-max '%s': not a size like 500MiB", out->log_max);
        exit(2);
    }
    out->run_dir = absolute(out->run_dir ? out->run_dir : pm_run_dir());
    out->state_dir = absolute(out->state_dir ? out->state_dir : pm_state_dir());
    out->log_dir = out->log_dir ? absolute(out->log_dir) : pm_deputy_log_dir(log_dir, out->name);
    out->brain = out->brain ? absolute(out->brain) : NULL;
}

char *pm_settings_brain(const struct pm_settings *set, char **why)
{
    static const char *const places[] = { "deputyd-brain", "../libexec/procman/deputyd-brain" };
    PM_CLEANUP(pm_free) char *self = own_file();

    if (set->brain)
        return pm_strdup(set->brain);
    if (strrchr(self, '/'))
        strrchr(self, '/')[1] = '\0';
    for (size_t i = 0; i < PM_COUNT(places); i++) {
        char *path = pm_printf("%s%s", self, places[i]);
        if (access(path, X_OK) == 0)
            return path;
        pm_free(&path);
    }
    *why = pm_printf("deputyd-brain is neither in %s nor in %s../libexec/procman: "
                     "the installation is incomplete", self, self);
    return NULL;
}

/* ---- as arguments ------------------------------------------------------------------------ */

#define WORDS_MOST 20

struct words { char **at; size_t n; };

static void add(struct words *words, const char *option, const char *value)
{
    words->at[words->n++] = pm_strdup(option);
    if (value != NULL)
        words->at[words->n++] = pm_strdup(value);
}

/* What keeper and brain both are told. */
static struct words common(const struct pm_settings *set, const char *path)
{
    struct words words = { pm_alloc(WORDS_MOST * sizeof(char *)), 0 };

    add(&words, path, NULL);
    add(&words, "--name", set->name);
    add(&words, "--run-dir", set->run_dir);
    add(&words, "--state-dir", set->state_dir);
    add(&words, "--log-dir", set->log_dir);
    if (set->sheriff)
        add(&words, "--sheriff", set->sheriff);
    if (set->log_max)
        add(&words, "--log-max", set->log_max);
    if (set->leave_running)
        add(&words, "--leave-running", NULL);
    return words;
}

char **pm_settings_brain_argv(const struct pm_settings *set, const char *brain)
{
    return common(set, brain).at;
}

char **pm_settings_own_argv(const struct pm_settings *set)
{
    struct words words = common(set, set->program);

    if (set->no_cgroups)
        add(&words, "--no-cgroups", NULL);
    if (set->brain)
        add(&words, "--brain", set->brain);
    return words.at;
}
