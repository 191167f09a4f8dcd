/* pm2's ecosystem file, exported to JSON; YAML is read too.
 *
 * Facts from pm2's reference of the ecosystem file. An app without a word about it comes back
 * after every end, at once, until it died 16 times within a second of its start each; it gets
 * SIGINT and 1.6 s to stop. A file in JavaScript is a program: only node can say what it exports.
 */
#include "kinds.h"
#include "nodes.h"
#include "rules.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_RESTARTS 16
#define MIN_UPTIME   "1s"
#define NO_JAVASCRIPT "this is a program in JavaScript; let node write what it exports: " \
    "node -p 'JSON.stringify(require(\"./%s\"))' > ecosystem.json, and import that"

/* ---- single settings ---- */

static void read_environment(struct import *im, struct process *process, const struct setting *at)
{
    if (at->node->kind != PM_NODE_MAP) {
        import_left(im, at, "it is %s; expected a map", pm_node_word(at->node));
        return;
    }
    for (const struct pm_node *node = at->node->first; node != NULL; node = node->next) {
        struct setting variable = nodes_setting(at->source, node, at->subject);
        if (node->kind != PM_NODE_SCALAR)
            import_left(im, &variable, "a variable is a text, not %s", pm_node_word(node));
        else
            import_variable(im, process, &variable, node->key,
                            pm_node_null(node) ? "" : node->text);
    }
}

/* "300M", as pm2 writes sizes; a bare number is bytes. */
static void read_max_memory(struct import *im, struct process *process, const struct setting *at)
{
    import_set(im, process, at, "restart.max_memory", at->value);
}

static void read_restart_delay(struct import *im, struct process *process,
                               const struct setting *at)
{
    long ms;

    if (!rules_number(im, at, 0, 86400000, &ms) || ms == 0)
        return;
    import_set(im, process, at, "restart.delay", import_print(im, "%ldms", ms));
    import_set(im, process, at, "restart.max_delay", import_print(im, "%ldms", ms));
}

/* From so many milliseconds on, half as much more each time, 15 s at most. */
static void read_backoff(struct import *im, struct process *process, const struct setting *at)
{
    long ms;

    if (!rules_number(im, at, 0, 86400000, &ms) || ms == 0)
        return;
    import_set(im, process, at, "restart.delay", import_print(im, "%ldms", ms));
    import_set(im, process, at, "restart.max_delay",
               import_print(im, "%ldms", ms > 15000 ? ms : 15000));
    import_set(im, process, at, "restart.factor", "1.5");
}

/* Milliseconds, or a text such as "10s". */
static void read_min_uptime(struct import *im, struct process *process, const struct setting *at)
{
    size_t digits = strspn(at->value, "0123456789");

    import_set(im, process, at, "restart.settle",
               at->value[digits] == '\0' ? import_print(im, "%sms", at->value) : at->value);
}

static void read_max_restarts(struct import *im, struct process *process,
                              const struct setting *at)
{
    long number;

    if (rules_number(im, at, 0, 1000000, &number))
        import_set(im, process, at, "restart.max_failures", import_print(im, "%ld", number));
}

static void read_autorestart(struct import *im, struct process *process, const struct setting *at)
{
    bool restart;

    if (rules_bool(at->value, &restart))
        import_set(im, process, at, "auto_restart", restart ? "always" : "no");
    else
        import_left(im, at, "it is neither true nor false");
}

/* The codes after which it stays down: an end with success, and so no failure. */
static void read_stop_codes(struct import *im, struct process *process, const struct setting *at)
{
    struct text codes = { 0 };

    if (at->node->kind == PM_NODE_SCALAR)
        text_str(&codes, at->value);
    else
        for (const struct pm_node *node = at->node->first; node != NULL; node = node->next)
            text_print(&codes, "%s%s", codes.n > 0 ? ", " : "", node->text);
    import_set(im, process, at, "restart.success_codes",
               import_print(im, "[%s]", text_get(&codes)));
    import_set(im, process, at, "auto_restart", "on-failure");
    free(codes.at);
}

static void read_namespace(struct import *im, struct process *process, const struct setting *at)
{
    if (strcmp(at->value, "default") != 0)
        import_group(im, process, at, at->value);
}

static void read_instances(struct import *im, struct process *process, const struct setting *at)
{
    long copies;

    if (strcasecmp(at->value, "max") == 0 || strcmp(at->value, "0") == 0 || *at->value == '-')
        import_left(im, at, "the number of processors is not looked at; write instances: N");
    else if (rules_number(im, at, 1, IMPORT_COPIES, &copies) && copies > 1)
        import_set(im, process, at, "instances", at->value);
}

static void read_mode(struct import *im, struct process *process, const struct setting *at)
{
    (void)process;
    if (strncmp(at->value, "fork", strlen("fork")) != 0)
        import_left(im, at, "node's cluster module shares sockets only below pm2; let instances "
                    "listen on ports of their own, or open theirs with SO_REUSEPORT");
}

static void read_flag(struct import *im, struct process *process, const struct setting *at)
{
    bool on = true;

    (void)process;
    if (at->node->kind == PM_NODE_SCALAR && rules_bool(at->value, &on) && !on)
        return;
    import_left(im, at, "%s", strcasecmp(at->name, "watch") == 0
                ? "files are not watched; a tool such as entr(1) can run \"procmanctl restart\""
                : strcasecmp(at->name, "wait_ready") == 0
                ? "a process says that it is ready by sd_notify(3), a line of its log or a port; "
                  "see ready in procman.yaml(5)"
                : "a process is asked to stop by a signal, not by a message");
}

#define OWN_LOG "ProcMan keeps what a process writes; see \"procmanctl logs\" and output.max_size"
#define NODE_ONLY "it is a service of pm2 to programs in node"

static const struct rule rules[] = {
    { "name", CARRY_ELSEWHERE, NULL, NULL },
    { "script", CARRY_ELSEWHERE, NULL, NULL },
    { "exec", CARRY_ELSEWHERE, NULL, NULL },
    { "args", CARRY_ELSEWHERE, NULL, NULL },
    { "interpreter", CARRY_ELSEWHERE, NULL, NULL },
    { "exec_interpreter", CARRY_ELSEWHERE, NULL, NULL },
    { "interpreter_args", CARRY_ELSEWHERE, NULL, NULL },
    { "interpreterArgs", CARRY_ELSEWHERE, NULL, NULL },
    { "node_args", CARRY_ELSEWHERE, NULL, NULL },
    { "cwd", CARRY_ELSEWHERE, NULL, NULL },
    { "env", CARRY_READ, NULL, read_environment },
    { "env_*", CARRY_LEFT, "a file has one set of variables; write those you want to env", NULL },
    { "instances", CARRY_READ, NULL, read_instances },
    { "exec_mode", CARRY_READ, NULL, read_mode },
    { "namespace", CARRY_READ, NULL, read_namespace },
    { "uid", CARRY_TEXT, "run_as.user", NULL },
    { "user", CARRY_TEXT, "run_as.user", NULL },
    { "gid", CARRY_TEXT, "run_as.group", NULL },
    { "autostart", CARRY_BOOL, "autostart", NULL },
    { "autorestart", CARRY_READ, NULL, read_autorestart },
    { "stop_exit_codes", CARRY_READ, NULL, read_stop_codes },
    { "max_restarts", CARRY_READ, NULL, read_max_restarts },
    { "min_uptime", CARRY_READ, NULL, read_min_uptime },
    { "restart_delay", CARRY_READ, NULL, read_restart_delay },
    { "exp_backoff_restart_delay", CARRY_READ, NULL, read_backoff },
    { "max_memory_restart", CARRY_READ, NULL, read_max_memory },
    { "kill_timeout", CARRY_MS, "stop.timeout", NULL },
    { "cron_restart", CARRY_LEFT, "a running process is not restarted by the clock; schedule "
      "starts one that runs and ends", NULL },
    { "cron", CARRY_LEFT, "a running process is not restarted by the clock; schedule starts one "
      "that runs and ends", NULL },
    { "watch", CARRY_READ, NULL, read_flag },
    { "ignore_watch", CARRY_NOTHING, NULL, NULL },
    { "watch_*", CARRY_NOTHING, NULL, NULL },
    { "wait_ready", CARRY_READ, NULL, read_flag },
    { "shutdown_with_message", CARRY_READ, NULL, read_flag },
    { "listen_timeout", CARRY_LEFT, "it goes with wait_ready; see ready in procman.yaml(5)", NULL },
    { "out_file", CARRY_LEFT, OWN_LOG, NULL },
    { "error_file", CARRY_LEFT, OWN_LOG, NULL },
    { "log_file", CARRY_LEFT, OWN_LOG, NULL },
    { "output", CARRY_LEFT, OWN_LOG, NULL },
    { "out", CARRY_LEFT, OWN_LOG, NULL },
    { "error", CARRY_LEFT, OWN_LOG, NULL },
    { "log", CARRY_LEFT, OWN_LOG, NULL },
    { "log_date_format", CARRY_NOTHING, NULL, NULL }, /* "logs --timestamps" */
    { "log_type", CARRY_NOTHING, NULL, NULL },
    { "merge_logs", CARRY_NOTHING, NULL, NULL },
    { "combine_logs", CARRY_NOTHING, NULL, NULL },
    { "time", CARRY_NOTHING, NULL, NULL },
    { "pid_file", CARRY_LEFT, "\"procmanctl show\" says the process id", NULL },
    { "pid", CARRY_LEFT, "\"procmanctl show\" says the process id", NULL },
    { "increment_var", CARRY_LEFT, "instances are told apart by {index}", NULL },
    { "instance_var", CARRY_LEFT, "instances are told apart by {index}", NULL },
    { "filter_env", CARRY_LEFT, "a process has its deputy's environment and env", NULL },
    { "treekill", CARRY_NOTHING, NULL, NULL },
    { "kill_retry_time", CARRY_NOTHING, NULL, NULL },
    { "force", CARRY_NOTHING, NULL, NULL },
    { "version", CARRY_NOTHING, NULL, NULL },
    { "source_map_support", CARRY_LEFT, NODE_ONLY, NULL },
    { "disable_source_map_support", CARRY_NOTHING, NULL, NULL },
    { "vizion", CARRY_NOTHING, NULL, NULL },
    { "automation", CARRY_NOTHING, NULL, NULL },
    { "pmx", CARRY_NOTHING, NULL, NULL },
    { "trace", CARRY_LEFT, NODE_ONLY, NULL },
    { "post_update", CARRY_LEFT, "programs are not installed or updated", NULL },
    { "append_env_to_name", CARRY_NOTHING, NULL, NULL },
};

/* ---- what it runs ---- */

static const struct { const char *ending, *interpreter; } interpreters[] = {
    { ".sh", "bash" }, { ".py", "python3" }, { ".rb", "ruby" }, { ".php", "php" },
    { ".pl", "perl" }, { ".js", "node" }, { ".mjs", "node" }, { ".cjs", "node" },
    { ".ts", "bun" }, { ".tsx", "bun" }, { ".coffee", "coffee" }, { ".ls", "lsc" },
};

static const char *first_text(const struct pm_node *app, const char *const *names, size_t n)
{
    const char *text = NULL;

    for (size_t i = 0; i < n && text == NULL; i++)
        text = nodes_text(app, names[i]);
    return text;
}

/* Arguments are a list, or one text that is split as by a shell. */
static const char *add_arguments(struct import *im, const struct pm_node *app,
                                 const char *const *names, size_t n, struct words *words)
{
    const struct pm_node *node = NULL;

    for (size_t i = 0; i < n && node == NULL; i++)
        node = pm_node_get(app, names[i]);
    if (node == NULL || pm_node_null(node))
        return NULL;
    if (node->kind == PM_NODE_SCALAR)
        return words_split(im, node->text, QUOTING_SHELL, words);
    for (const struct pm_node *item = node->first; item != NULL; item = item->next)
        words_add(words, item->text);
    return NULL;
}

static const char *interpreter_for(const struct pm_node *app, const char *script)
{
    static const char *const names[] = { "interpreter", "exec_interpreter" };
    const char *given = first_text(app, names, PM_COUNT(names));
    size_t n = strlen(script);

    if (given != NULL)
        return strcmp(given, "none") == 0 ? NULL : given;
    for (size_t i = 0; i < PM_COUNT(interpreters); i++) {
        size_t ending = strlen(interpreters[i].ending);
        if (n > ending && strcmp(script + n - ending, interpreters[i].ending) == 0)
            return interpreters[i].interpreter;
    }
    return NULL;
}

static void read_program(struct import *im, struct process *process, const struct setting *at,
                         const struct pm_node *app, const char *script)
{
    static const char *const before[] = { "interpreter_args", "node_args", "interpreterArgs" };
    static const char *const after[] = { "args" };
    const char *interpreter = interpreter_for(app, script), *fault = NULL;
    struct words words = { 0 };

    if (strchr(script, ' ') != NULL && pm_node_get(app, "args") == NULL && interpreter == NULL) {
        import_set(im, process, at, "command", script); /* pm2 gives it to a shell, too */
        return;
    }
    if (interpreter != NULL) {
        words_add(&words, interpreter);
        fault = add_arguments(im, app, before, PM_COUNT(before), &words);
    }
    words_add(&words, script);
    if (fault == NULL)
        fault = add_arguments(im, app, after, PM_COUNT(after), &words);
    if (fault != NULL)
        import_left(im, at, "%s", fault);
    else
        words_run(im, process, at, &words);
    free(words.at);
}

/* ---- an app ---- */

/* "api" of ./dist/api.js. */
static const char *name_in(struct import *im, const char *script)
{
    const char *slash = strrchr(script, '/'), *base = slash != NULL ? slash + 1 : script;
    size_t n = strcspn(base, " ");
    const char *dot = memrchr(base, '.', n);

    return import_str(im, base, dot != NULL && dot > base ? (size_t)(dot - base) : n);
}

static bool read_app(struct import *im, struct source *source, const struct pm_node *app)
{
    static const char *const scripts[] = { "script", "exec" };
    struct setting at = nodes_setting(source, app, NULL);
    const char *directory = NULL;

    at.name = "an app";
    if (app->kind != PM_NODE_MAP)
        return import_fail(im, source, at.line, "an app is a map with a script, not %s",
                           pm_node_word(app));
    const char *script = first_text(app, scripts, PM_COUNT(scripts));
    const char *name = nodes_text(app, "name");
    if (script == NULL)
        return import_fail(im, source, at.line, "this app has no script");
    name = name != NULL ? name : name_in(im, script);
    at.subject = import_print(im, "app %s", name);
    struct process *process = import_process(im, &at, name);
    if (process == NULL)
        return false;
    import_set(im, process, &at, "auto_restart", "always");
    import_set(im, process, &at, "restart.settle", MIN_UPTIME);
    import_set(im, process, &at, "restart.max_failures", import_print(im, "%d", MAX_RESTARTS));
    import_set(im, process, &at, "stop.signal", "INT");
    import_set(im, process, &at, "stop.timeout", "1600ms");
    directory = nodes_text(app, "cwd");
    import_set(im, process, &at, "working_dir",
               source_path(im, source, directory != NULL ? directory : ""));
    read_program(im, process, &at, app, script);
    for (const struct pm_node *node = app->first; node != NULL; node = node->next) {
        struct setting setting = nodes_setting(source, node, at.subject);
        if (!pm_node_null(node))
            rules_apply(im, rules, PM_COUNT(rules), "pm2", process, &setting);
    }
    return true;
}

static bool read_apps(struct import *im, struct source *source, const struct pm_node *list)
{
    bool good = true;

    if (list->kind != PM_NODE_LIST)
        return read_app(im, source, list);
    for (const struct pm_node *app = list->first; good && app != NULL; app = app->next)
        good = read_app(im, source, app);
    return good;
}

static bool is_javascript(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot != NULL && (strcmp(dot, ".js") == 0 || strcmp(dot, ".cjs") == 0 ||
                           strcmp(dot, ".mjs") == 0 || strcmp(dot, ".ts") == 0);
}

bool pm2_read(struct import *im, struct source *source)
{
    const char *slash = strrchr(source->name, '/');

    if (is_javascript(source->name))
        return import_fail(im, source, 0, NO_JAVASCRIPT, slash != NULL ? slash + 1 : source->name);
    const struct pm_node *root = nodes_open(im, source), *apps = root;
    if (root == NULL)
        return false;
    if (root->kind == PM_NODE_SCALAR)
        return import_fail(im, source, 1, "the file is %s; expected a map with the list apps",
                           pm_node_word(root));
    if (root->kind == PM_NODE_MAP && pm_node_get(root, "apps") != NULL)
        apps = pm_node_get(root, "apps");
    if (root->kind == PM_NODE_MAP && pm_node_get(root, "deploy") != NULL) {
        struct setting at = nodes_setting(source, pm_node_get(root, "deploy"), NULL);
        import_left(im, &at, "programs are not brought to their hosts");
    }
    return read_apps(im, source, apps) && im->fault == NULL;
}
