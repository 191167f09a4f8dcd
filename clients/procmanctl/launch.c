#include "launch.h"

#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <procman/paths.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAST_WORDS 2048 /* bytes of its log shown when it ended at once */

extern char **environ;

/* Beside this program, or in the sbin beside its bin; else wherever PATH finds it. Heap. */
static char *find_sheriff(void)
{
    static const char *const places[] = { "", "../sbin/" };
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    if (n < 0)
        return pm_strdup("sheriffd");
    self[n] = '\0';
    slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
    for (size_t i = 0; i < PM_COUNT(places); ++i) {
        char *path = pm_printf("%s/%ssheriffd", self, places[i]);

        if (access(path, X_OK) == 0)
            return path;
        free(path);
    }
    return pm_strdup("sheriffd");
}

static int spawn(const char *program, char *const *argv, const char *log, pid_t *out)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t none;
    int error;

    sigemptyset(&none);
    posix_spawnattr_init(&how);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_APPEND,
                                     0600);
    posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_addchdir_np(&files, "/");
    error = posix_spawnp(out, program, &files, &how, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    return error;
}

/* Its directory changes to "/", so its directories must not be relative. Heap. */
static char *absolute(const char *dir)
{
    char *here, *path;

    if (*dir == '/')
        return pm_strdup(dir);
    here = getcwd(NULL, 0);
    path = pm_printf("%s/%s", here ? here : "", dir);
    free(here);
    return path;
}

enum pm_err launch_sheriff(struct launch *launch)
{
    char *program PM_CLEANUP(pm_free) = find_sheriff();
    char *default_run PM_CLEANUP(pm_free) = pm_run_dir();
    char *default_state PM_CLEANUP(pm_free) = pm_state_dir();
    char *run PM_CLEANUP(pm_free) = absolute(launch->run_dir ? launch->run_dir : default_run);
    char *state PM_CLEANUP(pm_free) = absolute(launch->state_dir ? launch->state_dir
                                                                 : default_state);
    char *argv[] = { program, (char[]){ "--lone-ranger" }, (char[]){ "--run-dir" }, run,
                     (char[]){ "--state-dir" }, state, NULL };
    int error;

    if (pm_make_dir(state, true) != PM_OK) {
        complain("%s cannot be made: %s", state, strerror(errno));
        return PM_IO;
    }
    launch->log = pm_printf("%s/sheriffd.log", state);
    error = spawn(program, argv, launch->log, &launch->pid);
    if (error == 0)
        return PM_OK;
    complain("%s cannot be started: %s", program, strerror(error));
    return PM_IO;
}

static void tell_last_words(const char *log)
{
    char text[LAST_WORDS + 1];
    FILE *file = fopen(log, "r");
    size_t n = 0;

    if (!file)
        return;
    if (fseek(file, -LAST_WORDS, SEEK_END) != 0)
        rewind(file);
    n = fread(text, 1, LAST_WORDS, file);
    fclose(file);
    text[n] = '\0';
    complain_text(text);
}

int launch_status(struct launch *launch)
{
    int status;

    if (launch->pid <= 0 || waitpid(launch->pid, &status, WNOHANG) != launch->pid)
        return 0;
    launch->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

bool launch_failed(struct launch *launch)
{
    int status;

    if (launch->pid <= 0 || waitpid(launch->pid, &status, WNOHANG) != launch->pid)
        return false;
    launch->pid = 0;
    complain("sheriffd ended at once; the end of %s:", launch->log);
    tell_last_words(launch->log);
    return true;
}
