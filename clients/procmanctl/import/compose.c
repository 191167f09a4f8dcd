/* process-compose.yaml.
 *
 * Facts from process-compose's documentation. A command is a line for bash, in the directory
 * process-compose was started in: that of the file. It fills in ${NAME} before bash sees it, and
 * $${NAME} is what bash is to see; here the shell does both. A process without a word about it is
 * not restarted, gets SIGTERM and 10 s to stop, and waits for nothing.
 */
#include "compose.h"
#include "kinds.h"
#include "nodes.h"
#include "rules.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

bool compose_is_template(struct import *im, const struct setting *at, const char *text)
{
    bool found = strstr(text, "{{") != NULL;

    if (found)
        import_left(im, at, "{{…}} is filled in by process-compose; write what it stands for");
    return found;
}

/* $$ is $; returns text of the import. */
static const char *undouble(struct import *im, const char *text)
{
    struct text out = { 0 };

    for (; *text != '\0'; text++) {
        text_char(&out, *text);
        text += text[0] == '$' && text[1] == '$';
    }
    const char *kept = import_str(im, text_get(&out), out.n);
    free(out.at);
    return kept;
}

/* ---- settings of a process ---- */

static void read_command(struct import *im, struct process *process, const struct setting *at)
{
    if (!compose_is_template(im, at, at->value))
        import_set(im, process, at, "command", undouble(im, at->value));
}

static void read_entrypoint(struct import *im, struct process *process, const struct setting *at)
{
    struct words words = { 0 };

    if (at->node->kind != PM_NODE_LIST) {
        import_left(im, at, "it is %s; expected a list", pm_node_word(at->node));
        return;
    }
    for (const struct pm_node *item = at->node->first; item != NULL; item = item->next)
        words_add(&words, item->text);
    words_run(im, process, at, &words);
    free(words.at);
}

/* ${NAME} and $NAME as variables; NULL: listed as left. */
static const char *marked(struct import *im, const struct setting *at, const char *text)
{
    const char *kept = words_mark(im, text, true);

    if (kept == NULL)
        import_left(im, at, "it refers to a variable in a way that is not known here");
    return kept;
}

static void read_directory(struct import *im, struct process *process, const struct setting *at)
{
    const char *path = marked(im, at, at->value);

    if (path != NULL && !compose_is_template(im, at, path))
        import_set(im, process, at, "working_dir", source_path(im, at->source, path));
}

static void set_variable(struct import *im, struct process *process, const struct setting *at,
                         const char *name, const char *text)
{
    const char *value = marked(im, at, text);

    if (value != NULL)
        import_variable(im, process, at, name, value);
}

/* "NAME=value" */
static void read_variable(struct import *im, struct process *process, const struct setting *at)
{
    size_t n = strcspn(at->value, "=");

    if (at->value[n] == '\0' || n == 0)
        import_left(im, at, "it is not written NAME=value");
    else
        set_variable(im, process, at, import_str(im, at->value, n), at->value + n + 1);
}

/* A list of NAME=value, or a map. */
static void read_environment(struct import *im, struct process *process, const struct setting *at)
{
    bool list = at->node->kind == PM_NODE_LIST;

    if (at->node->kind == PM_NODE_SCALAR) {
        import_left(im, at, "it is %s; expected a list of NAME=value", pm_node_word(at->node));
        return;
    }
    for (const struct pm_node *node = at->node->first; node != NULL; node = node->next) {
        struct setting item = nodes_setting(at->source, node, at->subject);
        item.name = list ? at->name : item.name;
        if (node->kind != PM_NODE_SCALAR)
            import_left(im, &item, "a variable is a text, not %s", pm_node_word(node));
        else if (list)
            read_variable(im, process, &item);
        else
            set_variable(im, process, &item, node->key, node->text);
    }
}

static void read_restart(struct import *im, struct process *process, const struct setting *at)
{
    static const char *const words[][2] = {
        { "no", "no" }, { "false", "no" }, { "never", "no" }, { "always", "always" },
        { "on_failure", "on-failure" }, { "exit_on_failure", "no" },
    };
    const char *ours = NULL;

    for (size_t i = 0; i < PM_COUNT(words); i++)
        if (strcmp(at->value, words[i][0]) == 0)
            ours = words[i][1];
    if (ours == NULL)
        import_left(im, at, "it is none of no, always, on_failure and exit_on_failure");
    else
        import_set(im, process, at, "auto_restart", ours);
    if (strcmp(at->value, "exit_on_failure") == 0)
        import_set(im, process, at, "essential", "true");
}

static void read_backoff(struct import *im, struct process *process, const struct setting *at)
{
    long seconds;

    if (!rules_number(im, at, 0, 86400, &seconds))
        return;
    import_set(im, process, at, "restart.delay", import_print(im, "%lds", seconds));
    import_set(im, process, at, "restart.max_delay", import_print(im, "%lds", seconds));
}

static void read_max_restarts(struct import *im, struct process *process, const struct setting *at)
{
    long most;

    if (rules_number(im, at, 0, 1000000, &most))
        import_set(im, process, at, "restart.max_failures",
                   import_print(im, "%ld", most > 0 ? most + 1 : 0));
}

static void read_disabled(struct import *im, struct process *process, const struct setting *at)
{
    bool disabled;

    if (rules_bool(at->value, &disabled))
        import_set(im, process, at, "autostart", disabled ? "false" : "true");
    else
        import_left(im, at, "it is neither true nor false");
}

static void read_replicas(struct import *im, struct process *process, const struct setting *at)
{
    long copies;

    if (rules_number(im, at, 1, IMPORT_COPIES, &copies) && copies > 1)
        import_set(im, process, at, "instances", at->value);
}

static void read_namespace(struct import *im, struct process *process, const struct setting *at)
{
    if (strcmp(at->value, "default") != 0)
        import_group(im, process, at, at->value);
}

static void read_dependency(struct import *im, struct process *process, const struct setting *at,
                            const char *condition)
{
    static const char *const words[][2] = {
        { "process_started", "when: started" }, { "process_healthy", "when: ready" },
        { "process_log_ready", "when: ready" },
        { "process_completed_successfully", "when: exited" },
        { "process_completed", "when: exited, on_failure: ignore" },
    };

    for (size_t i = 0; i < PM_COUNT(words); i++) {
        if (strcmp(condition, words[i][0]) != 0)
            continue;
        import_depend(im, process, at, at->name, words[i][1]);
        return;
    }
    import_left(im, at, "%s is none of the conditions of process-compose", condition);
}

static void read_dependencies(struct import *im, struct process *process, const struct setting *at)
{
    if (at->node->kind != PM_NODE_MAP) {
        import_left(im, at, "it is %s; expected a map", pm_node_word(at->node));
        return;
    }
    for (const struct pm_node *node = at->node->first; node != NULL; node = node->next) {
        struct setting other = nodes_setting(at->source, node, at->subject);
        const char *condition = node->kind == PM_NODE_MAP ? nodes_text(node, "condition")
                                                          : other.value;
        if (condition == NULL || *condition == '\0')
            condition = "process_started";
        read_dependency(im, process, &other, condition);
    }
}

static void read_flag(struct import *im, struct process *process, const struct setting *at)
{
    bool on = true;

    (void)process;
    if (rules_bool(at->value, &on) && !on)
        return;
    import_left(im, at, "%s", strcmp(at->name, "is_daemon") == 0
                ? "what puts itself into the background cannot be looked after; run it in the "
                  "foreground"
                : strcmp(at->name, "is_elevated") == 0
                ? "nobody is asked for a password; write run_as, with a deputy that is root"
                : strcmp(at->name, "parent_only") == 0
                ? "signals always go to the whole process group"
                : "a process has no terminal to type into; output.pty gives it one to write to");
}

static void read_schedule(struct import *im, struct process *process, const struct setting *at);

static const struct rule shutdown_rules[] = {
    { "signal", CARRY_TEXT, "stop.signal", NULL },
    { "timeout_seconds", CARRY_SECONDS, "stop.timeout", NULL },
    { "command", CARRY_TEXT, "stop.command", NULL },
    { "parent_only", CARRY_READ, NULL, read_flag },
};

static const struct rule availability_rules[] = {
    { "restart", CARRY_READ, NULL, read_restart },
    { "backoff_seconds", CARRY_READ, NULL, read_backoff },
    { "max_restarts", CARRY_READ, NULL, read_max_restarts },
    { "exit_on_end", CARRY_LEFT, "a fleet goes on when one process ends well; essential ends "
      "\"procmanctl up\" when it fails", NULL },
    { "exit_on_skipped", CARRY_LEFT, "essential ends \"procmanctl up\" when a process fails",
      NULL },
};

static const struct rule schedule_rules[] = {
    { "cron", CARRY_TEXT, "schedule", NULL },
    { "timezone", CARRY_TEXT, "time_zone", NULL },
    { "interval", CARRY_TEXT, "every", NULL },
    { "run_on_start", CARRY_BOOL, "autostart", NULL },
    { "max_concurrent", CARRY_NOTHING, NULL, NULL },
};

static void read_map(struct import *im, struct process *process, const struct setting *at,
                     const struct rule *rules, size_t n)
{
    if (at->node->kind != PM_NODE_MAP) {
        import_left(im, at, "it is %s; expected a map", pm_node_word(at->node));
        return;
    }
    for (const struct pm_node *node = at->node->first; node != NULL; node = node->next) {
        struct setting setting = nodes_setting(at->source, node, at->subject);
        if (!pm_node_null(node))
            rules_apply(im, rules, n, "process-compose", process, &setting);
    }
}

static void read_shutdown(struct import *im, struct process *process, const struct setting *at)
{
    read_map(im, process, at, shutdown_rules, PM_COUNT(shutdown_rules));
}

static void read_availability(struct import *im, struct process *process, const struct setting *at)
{
    read_map(im, process, at, availability_rules, PM_COUNT(availability_rules));
}

static void read_schedule(struct import *im, struct process *process, const struct setting *at)
{
    import_set(im, process, at, "autostart", "false");
    read_map(im, process, at, schedule_rules, PM_COUNT(schedule_rules));
}

#define OWN_LOG "ProcMan keeps what a process writes; see \"procmanctl logs\" and output.max_size"

static const struct rule rules[] = {
    { "command", CARRY_READ, NULL, read_command },
    { "entrypoint", CARRY_READ, NULL, read_entrypoint },
    { "working_dir", CARRY_READ, NULL, read_directory },
    { "environment", CARRY_READ, NULL, read_environment },
    { "env_file", CARRY_PATH, "env_file", NULL },
    { "availability", CARRY_READ, NULL, read_availability },
    { "depends_on", CARRY_READ, NULL, read_dependencies },
    { "readiness_probe", CARRY_READ, NULL, compose_readiness },
    { "liveness_probe", CARRY_READ, NULL, compose_liveness },
    { "ready_log_line", CARRY_READ, NULL, compose_log_line },
    { "shutdown", CARRY_READ, NULL, read_shutdown },
    { "schedule", CARRY_READ, NULL, read_schedule },
    { "namespace", CARRY_READ, NULL, read_namespace },
    { "replicas", CARRY_READ, NULL, read_replicas },
    { "disabled", CARRY_READ, NULL, read_disabled },
    { "is_tty", CARRY_BOOL, "output.pty", NULL },
    { "is_daemon", CARRY_READ, NULL, read_flag },
    { "is_foreground", CARRY_READ, NULL, read_flag },
    { "is_interactive", CARRY_READ, NULL, read_flag },
    { "is_elevated", CARRY_READ, NULL, read_flag },
    { "description", CARRY_NOTHING, NULL, NULL },
    { "disable_ansi_colors", CARRY_NOTHING, NULL, NULL }, /* of its own screen */
    { "is_dotenv_disabled", CARRY_NOTHING, NULL, NULL },
    { "launch_timeout_seconds", CARRY_LEFT, "it goes with is_daemon", NULL },
    { "log_location", CARRY_LEFT, OWN_LOG, NULL },
    { "log_configuration", CARRY_LEFT, OWN_LOG, NULL },
    { "vars", CARRY_LEFT, "{{…}} is filled in by process-compose; write what it stands for", NULL },
    { "watch", CARRY_LEFT, "files are not watched; a tool such as entr(1) can run \"procmanctl "
      "restart\"", NULL },
    { "extends", CARRY_LEFT, "put what processes share into a group, and its keys into groups",
      NULL },
};

/* ---- the file ---- */

static const struct rule file_rules[] = {
    { "processes", CARRY_ELSEWHERE, NULL, NULL },
    { "environment", CARRY_ELSEWHERE, NULL, NULL },
    { "version", CARRY_NOTHING, NULL, NULL },
    { "is_strict", CARRY_NOTHING, NULL, NULL },
    { "name", CARRY_NOTHING, NULL, NULL },
    { "env_cmds", CARRY_LEFT, "let the command ask: NAME=$(COMMAND) exec PROGRAM", NULL },
    { "vars", CARRY_LEFT, "{{…}} is filled in by process-compose; write what it stands for", NULL },
    { "shell", CARRY_LEFT, "commands are run by sh; begin them with SHELL -c where another one is "
      "needed", NULL },
    { "extends", CARRY_LEFT, "import that file too", NULL },
    { "ordered_shutdown", CARRY_NOTHING, NULL, NULL }, /* it is always so */
    { "disable_env_expansion", CARRY_NOTHING, NULL, NULL },
    { "log_location", CARRY_LEFT, OWN_LOG, NULL },
    { "log_configuration", CARRY_LEFT, OWN_LOG, NULL },
    { "log_*", CARRY_NOTHING, NULL, NULL },
};

static bool read_process(struct import *im, struct source *source, const struct pm_node *root,
                         const struct pm_node *map)
{
    const char *subject = import_print(im, "process %s", map->key);
    struct setting at = nodes_setting(source, map, subject);
    const struct pm_node *common = pm_node_get(root, "environment");

    if (map->kind != PM_NODE_MAP)
        return import_fail(im, source, at.line, "process %s is %s; expected a map with a command",
                           map->key, pm_node_word(map));
    struct process *process = import_process(im, &at, map->key);
    if (process == NULL)
        return false;
    import_set(im, process, &at, "restart.delay", "1s");
    import_set(im, process, &at, "restart.max_delay", "1s");
    import_set(im, process, &at, "working_dir", source->directory);
    if (common != NULL) {
        struct setting shared = nodes_setting(source, common, NULL);
        read_environment(im, process, &shared);
    }
    for (const struct pm_node *node = map->first; node != NULL; node = node->next) {
        struct setting setting = nodes_setting(source, node, subject);
        if (!pm_node_null(node))
            rules_apply(im, rules, PM_COUNT(rules), "process-compose", process, &setting);
    }
    return true;
}

bool compose_read(struct import *im, struct source *source)
{
    const struct pm_node *root = nodes_open(im, source), *processes = NULL;
    bool good = true;

    if (root == NULL)
        return false;
    if (root->kind == PM_NODE_MAP)
        processes = pm_node_get(root, "processes");
    if (processes == NULL || processes->kind != PM_NODE_MAP)
        return import_fail(im, source, processes != NULL ? source_line(source, processes->place)
                                                         : 1,
                           "there is no map of processes, as process-compose has it");
    for (const struct pm_node *node = root->first; node != NULL; node = node->next) {
        struct setting setting = nodes_setting(source, node, NULL);
        rules_apply(im, file_rules, PM_COUNT(file_rules), "process-compose", NULL, &setting);
    }
    for (const struct pm_node *map = processes->first; good && map != NULL; map = map->next)
        good = read_process(im, source, root, map);
    return good && im->fault == NULL;
}
