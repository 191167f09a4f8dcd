/* circus.ini, of Circus 0.12 to 0.19.
 *
 * Facts from its documentation of the configuration. A watcher without a word about it comes back
 * after every end, and has 30 seconds to stop. $(circus.wid), the number of a copy from 1, and
 * $(circus.env.X) are filled in; sockets and hooks in Python have no counterpart.
 */
#include "circus.h"
#include "kinds.h"
#include "rules.h"
#include "words.h"

#include <procman/config.h>
#include <procman/spec.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WATCHER "watcher:"

static void read_signal_children(struct import *im, struct process *process,
                                 const struct setting *at)
{
    bool children;

    (void)process;
    if (!rules_bool(at->value, &children))
        import_left(im, at, "it is neither true nor false");
    else if (!children)
        import_left(im, at, "signals always go to the whole process group");
}

static void read_respawn(struct import *im, struct process *process, const struct setting *at)
{
    bool respawn;

    if (rules_bool(at->value, &respawn))
        import_set(im, process, at, "auto_restart", respawn ? "always" : "no");
    else
        import_left(im, at, "it is neither true nor false");
}

static void read_max_retry(struct import *im, struct process *process, const struct setting *at)
{
    long retries;

    if (rules_number(im, at, -1, 1000000, &retries))
        import_set(im, process, at, "restart.max_failures",
                   import_print(im, "%ld", retries < 0 ? 0 : retries));
}

/* rlimit_nofile = 500 */
static void read_limit(struct import *im, struct process *process, const struct setting *at)
{
    struct text name = { 0 };
    const char *value = strcmp(at->value, "-1") == 0 ? "unlimited" : at->value;

    for (const char *letter = at->name + strlen("rlimit_"); *letter != '\0'; letter++)
        text_char(&name, (char)tolower((unsigned char)*letter));
    if (*value == '\0' || value[strspn(value, "0123456789")] != '\0')
        if (strcmp(value, "unlimited") != 0) {
            import_left(im, at, "it is no number");
            free(name.at);
            return;
        }
    import_part(im, process, at, "limits", "%s: %s", text_get(&name), value);
    free(name.at);
}

static void read_copy_env(struct import *im, struct process *process, const struct setting *at)
{
    bool copy;

    (void)process;
    if (rules_bool(at->value, &copy) && !copy)
        import_left(im, at, "a process has its deputy's environment and env; to have less, begin "
                    "the command with env -i");
}

#define OWN_LOG "ProcMan keeps what a process writes; see \"procmanctl logs\" and output.max_size"
#define SOCKETS "sockets are not handed to processes; let the program open its own"

static const struct rule rules[] = {
    { "cmd", CARRY_ELSEWHERE, NULL, NULL },
    { "args", CARRY_ELSEWHERE, NULL, NULL },
    { "shell", CARRY_ELSEWHERE, NULL, NULL },
    { "numprocesses", CARRY_ELSEWHERE, NULL, NULL },
    { "shell_args", CARRY_LEFT, "write them into the command", NULL },
    { "working_dir", CARRY_PATH, "working_dir", NULL },
    { "uid", CARRY_TEXT, "run_as.user", NULL },
    { "gid", CARRY_TEXT, "run_as.group", NULL },
    { "copy_env", CARRY_READ, NULL, read_copy_env },
    { "copy_path", CARRY_LEFT, "set PYTHONPATH in env", NULL },
    { "virtualenv", CARRY_LEFT, "name the python of the virtualenv in the command", NULL },
    { "env", CARRY_READ, NULL, circus_environment },
    { "warmup_delay", CARRY_LEFT, "processes wait for one another; write depends_on", NULL },
    { "autostart", CARRY_BOOL, "autostart", NULL },
    { "rlimit_*", CARRY_READ, NULL, read_limit },
    { "stdout_stream.max_bytes", CARRY_TEXT, "output.max_size", NULL },
    { "stdout_stream.backup_count", CARRY_TEXT, "output.keep", NULL },
    { "stdout_stream.*", CARRY_LEFT, OWN_LOG, NULL },
    { "stderr_stream.*", CARRY_LEFT, "both outputs go to one file; \"procmanctl logs --stderr\" "
      "shows one of them", NULL },
    { "close_child_stdin", CARRY_NOTHING, NULL, NULL }, /* it is /dev/null */
    { "close_child_stdout", CARRY_LEFT, "end the command with >/dev/null", NULL },
    { "close_child_stderr", CARRY_LEFT, "end the command with 2>/dev/null", NULL },
    { "send_hup", CARRY_LEFT, "\"procmanctl signal HUP\" has a process reload", NULL },
    { "stop_signal", CARRY_TEXT, "stop.signal", NULL },
    { "stop_children", CARRY_READ, NULL, read_signal_children },
    { "max_retry", CARRY_READ, NULL, read_max_retry },
    { "graceful_timeout", CARRY_SECONDS, "stop.timeout", NULL },
    { "priority", CARRY_LEFT, "processes do not wait their turn by number but for one another; "
      "write depends_on where an order matters", NULL },
    { "singleton", CARRY_NOTHING, NULL, NULL },
    { "use_sockets", CARRY_LEFT, SOCKETS, NULL },
    { "use_papa", CARRY_LEFT, "processes outlive a restart of every daemon anyway", NULL },
    { "on_demand", CARRY_LEFT, SOCKETS, NULL },
    { "max_age", CARRY_LEFT, "a process is not restarted for its age", NULL },
    { "max_age_variance", CARRY_LEFT, "a process is not restarted for its age", NULL },
    { "respawn", CARRY_READ, NULL, read_respawn },
    { "hooks.*", CARRY_LEFT, "hooks in Python are not called; a check is a ready or health probe, "
      "a preparation a process of its own to depend on", NULL },
};

static const struct rule daemon_rules[] = {
    { "include", CARRY_ELSEWHERE, NULL, NULL },
    { "include_dir", CARRY_ELSEWHERE, NULL, NULL },
    { "umask", CARRY_LEFT, "write umask to defaults", NULL },
    { "warmup_delay", CARRY_LEFT, "processes wait for one another; write depends_on", NULL },
    { "*", CARRY_NOTHING, NULL, NULL }, /* how the daemon itself runs */
};

/* ---- one copy of a watcher ---- */

static void read_command(struct import *im, struct process *process,
                         const struct watcher *watcher, long copy)
{
    const struct ini_line *cmd = circus_line(watcher, "cmd"), *args = circus_line(watcher, "args"),
                          *shell = circus_line(watcher, "shell");
    struct words words = { 0 };
    bool by_shell = false;

    if (cmd == NULL)
        return;
    struct setting at = ini_setting(watcher->source, cmd, process->at.subject);
    const char *line = import_print(im, "%s%s%s", cmd->value, args != NULL ? " " : "",
                                    args != NULL ? args->value : "");
    line = circus_expand(im, watcher, &at, line, copy);
    if (line == NULL)
        return;
    if (shell != NULL && rules_bool(shell->value, &by_shell) && by_shell) {
        char *text = words_unmark(line);
        import_set(im, process, &at, "command", text);
        free(text);
        return;
    }
    const char *fault = words_split(im, line, QUOTING_SHELL, &words);
    if (fault != NULL)
        import_left(im, &at, "%s", fault);
    else
        words_run(im, process, &at, &words);
    free(words.at);
}

static struct process *read_copy(struct import *im, const struct circus *circus,
                                 const struct watcher *watcher, const char *name, long copy)
{
    const char *subject = import_print(im, "watcher %s", watcher->name);
    struct setting at = ini_setting(watcher->source, &watcher->ini->at[watcher->head], subject);
    struct process *process = import_process(im, &at, name);

    if (process == NULL)
        return NULL;
    import_set(im, process, &at, "auto_restart", "always");
    import_set(im, process, &at, "stop.timeout", "30s");
    circus_section_environment(im, circus, watcher, process);
    read_command(im, process, watcher, copy);
    for (size_t i = watcher->head + 1; i < watcher->end; i++) {
        struct setting setting = ini_setting(watcher->source, &watcher->ini->at[i], subject);
        bool command = strcasecmp(setting.name, "cmd") == 0 ||
                       strcasecmp(setting.name, "args") == 0;
        if (!command)
            setting.value = circus_expand(im, watcher, &setting, setting.value, copy);
        if (setting.value != NULL)
            rules_apply(im, rules, PM_COUNT(rules), "circus", process, &setting);
    }
    return process;
}

static bool are_alike(struct import *im, const struct watcher *watcher, long copies)
{
    struct pm_spec spec;
    char *why = NULL;

    for (size_t i = watcher->head + 1; i < watcher->end; i++)
        if (strcasestr(watcher->ini->at[i].value, "circus.wid") != NULL)
            return false;
    pm_spec_init(&spec);
    enum pm_err err = pm_config_set(&spec, "instances", import_print(im, "%ld", copies),
                                    &im->arena, &why);
    free(why);
    return err == PM_OK;
}

static void read_watcher(struct import *im, const struct circus *circus,
                         const struct watcher *watcher)
{
    const struct ini_line *line = circus_line(watcher, "numprocesses");
    const char *subject = import_print(im, "watcher %s", watcher->name);
    struct setting at = ini_setting(watcher->source, line != NULL ? line
                                    : &watcher->ini->at[watcher->head], subject);
    long copies = 1;

    if (line != NULL && !rules_number(im, &at, 0, IMPORT_COPIES, &copies))
        copies = 1;
    if (copies == 0)
        import_left(im, &at, "a process is there at least once; it is imported, not started");
    if (copies > 1 && are_alike(im, watcher, copies)) {
        struct process *process = read_copy(im, circus, watcher, watcher->name, 1);
        if (process != NULL)
            import_set(im, process, &at, "instances", import_print(im, "%ld", copies));
        return;
    }
    for (long i = 1; i <= (copies > 0 ? copies : 1) && im->fault == NULL; i++) {
        struct process *process =
            read_copy(im, circus, watcher, copies > 1
                      ? import_print(im, "%s-%ld", watcher->name, i) : watcher->name, i);
        if (process != NULL && copies > 1)
            import_group(im, process, &at, watcher->name);
        if (process != NULL && copies == 0)
            import_set(im, process, &at, "autostart", "false");
    }
}

/* ---- sections ---- */

static void leave_section(struct import *im, struct setting at)
{
    const char *advice = "the importer does not know this section; see whether it is one of circus";

    at.value = NULL;
    if (strncmp(at.name, "socket:", strlen("socket:")) == 0)
        advice = SOCKETS;
    else if (strncmp(at.name, "plugin:", strlen("plugin:")) == 0)
        advice = "plugins of circus do not run here; look for their work among ready, health and "
                 "restart in procman.yaml(5)";
    at.name = import_print(im, "[%s]", at.name);
    import_left(im, &at, "%s", advice);
}

static void read_section(struct import *im, const struct circus *circus, size_t file, size_t head)
{
    const struct ini *ini = &circus->files[file].ini;
    const char *name = ini->at[head].section;
    struct source *source = circus->files[file].source;

    if (strncmp(name, WATCHER, strlen(WATCHER)) == 0) {
        struct watcher watcher = { .source = source, .ini = ini, .head = head,
                                   .end = ini_section_end(ini, head),
                                   .name = name + strlen(WATCHER) };
        read_watcher(im, circus, &watcher);
    } else if (strcmp(name, "circus") == 0) {
        for (size_t i = head + 1, end = ini_section_end(ini, head); i < end; i++) {
            struct setting at = ini_setting(source, &ini->at[i], "circus");
            rules_apply(im, daemon_rules, PM_COUNT(daemon_rules), "circus", NULL, &at);
        }
    } else if (strcmp(name, "env") != 0 && strncmp(name, "env:", strlen("env:")) != 0) {
        leave_section(im, ini_setting(source, &ini->at[head], NULL));
    }
}

bool circus_read(struct import *im, struct source *source)
{
    struct circus *circus = pm_alloc(sizeof(*circus));

    circus->variables_end = &circus->variables;
    bool good = circus_open(im, circus, source);
    for (size_t i = 0; good && i < circus->files_n; i++)
        for (size_t head = 0; head < circus->files[i].ini.n;
             head = ini_section_end(&circus->files[i].ini, head))
            read_section(im, circus, i, head);
    for (size_t i = 0; i < circus->files_n; i++)
        free(circus->files[i].ini.at);
    free(circus);
    return good && im->fault == NULL;
}
