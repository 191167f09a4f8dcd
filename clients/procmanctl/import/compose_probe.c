/* Probes of process-compose: those of Kubernetes, with their words and defaults.
 *
 * There a readiness probe goes on for the whole life of a process; here `ready` is what it must
 * come to once, and `health` what it must go on to be. So what decides about a start becomes
 * `ready`, with a limit of as long as the failures it may have take.
 */
#include "compose.h"
#include "nodes.h"
#include "rules.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

enum { DELAY = 0, PERIOD = 10, TIMEOUT = 1, FAILURES = 3 }; /* their defaults, seconds */

struct times { long delay, period, timeout, failures; };

static const struct { const char *name; size_t offset; long least; } time_keys[] = {
    { "initial_delay_seconds", offsetof(struct times, delay), 0 },
    { "period_seconds", offsetof(struct times, period), 1 },
    { "timeout_seconds", offsetof(struct times, timeout), 1 },
    { "failure_threshold", offsetof(struct times, failures), 1 },
};

static bool read_time(struct import *im, const struct setting *at, struct times *times)
{
    for (size_t i = 0; i < PM_COUNT(time_keys); i++) {
        if (strcmp(at->name, time_keys[i].name) != 0)
            continue;
        long *member = (long *)((char *)times + time_keys[i].offset);
        if (!rules_number(im, at, time_keys[i].least, 1000000, member))
            return true;
        return true;
    }
    return false;
}

/* http_get: host, scheme, path and port to a URL; "" when something is missing. */
static const char *url_of(struct import *im, const struct setting *at, const struct pm_node *get)
{
    const char *host = nodes_text(get, "host"), *scheme = nodes_text(get, "scheme"),
               *path = nodes_text(get, "path"), *port = nodes_text(get, "port");

    if (port == NULL)
        port = nodes_text(get, "num_port");
    for (const struct pm_node *node = get->first; node != NULL; node = node->next) {
        static const char *const known[] = { "host", "scheme", "path", "port", "num_port" };
        struct setting setting = nodes_setting(at->source, node, at->subject);
        bool is_known = false;
        for (size_t i = 0; i < PM_COUNT(known); i++)
            is_known = is_known || strcmp(node->key, known[i]) == 0;
        if (!is_known)
            import_left(im, &setting, "a probe asks for a URL, and a status from 200 to 399 is "
                        "well");
    }
    return import_print(im, "%s://%s%s%s%s%s", scheme != NULL ? scheme : "http",
                        host != NULL ? host : "127.0.0.1", port != NULL ? ":" : "",
                        port != NULL ? port : "", path != NULL && *path == '/' ? "" : "/",
                        path != NULL ? path : "");
}

static void put_probe(struct import *im, struct process *process, const struct setting *at,
                      const char *key, const char *what, const char *text)
{
    struct text quoted = { 0 };

    text_quoted(&quoted, text);
    import_part(im, process, at, key, "%s: %s", what, quoted.at);
    free(quoted.at);
}

/* One member of the probe that says what is looked at. False: it is none. */
static bool read_look(struct import *im, struct process *process, const struct setting *at,
                      const char *key)
{
    const struct pm_node *node = at->node;
    bool http = strcmp(at->name, "http_get") == 0;

    if (!http && strcmp(at->name, "exec") != 0)
        return false;
    if (node->kind != PM_NODE_MAP) {
        import_left(im, at, "it is %s; expected a map", pm_node_word(node));
        return true;
    }
    const char *command = nodes_text(node, "command"), *text = http ? url_of(im, at, node)
                                                                    : command;
    const struct pm_node *directory = pm_node_get(node, "working_dir");
    if (text == NULL)
        import_left(im, at, "it has no command");
    else if (!compose_is_template(im, at, text))
        put_probe(im, process, at, key, http ? "http" : "exec", text);
    if (!http && directory != NULL) {
        struct setting setting = nodes_setting(at->source, directory, at->subject);
        import_left(im, &setting, "a probe runs where its process does; begin its command with "
                    "cd DIRECTORY &&");
    }
    return true;
}

static bool read_members(struct import *im, struct process *process, const struct setting *at,
                         const char *key, struct times *times)
{
    bool looks = false;

    if (at->node->kind != PM_NODE_MAP) {
        import_left(im, at, "it is %s; expected a map", pm_node_word(at->node));
        return false;
    }
    for (const struct pm_node *node = at->node->first; node != NULL; node = node->next) {
        struct setting setting = nodes_setting(at->source, node, at->subject);
        if (read_look(im, process, &setting, key))
            looks = true;
        else if (strcmp(node->key, "success_threshold") == 0 && strcmp(setting.value, "1") != 0)
            import_left(im, &setting, "one good look is enough here");
        else if (strcmp(node->key, "success_threshold") != 0 && !read_time(im, &setting, times))
            import_left(im, &setting, "the importer does not know it; see whether it is a setting "
                        "of process-compose");
    }
    return looks;
}

static const struct times defaults = { DELAY, PERIOD, TIMEOUT, FAILURES };

void compose_readiness(struct import *im, struct process *process, const struct setting *at)
{
    struct times times = defaults;

    if (!read_members(im, process, at, "ready", &times))
        return;
    import_part(im, process, at, "ready", "interval: %lds", times.period);
    import_part(im, process, at, "ready", "timeout: %lds",
                times.delay + times.period * times.failures + times.timeout);
}

void compose_liveness(struct import *im, struct process *process, const struct setting *at)
{
    struct times times = defaults;

    if (!read_members(im, process, at, "health", &times))
        return;
    import_part(im, process, at, "health", "interval: %lds", times.period);
    import_part(im, process, at, "health", "timeout: %lds", times.timeout);
    import_part(im, process, at, "health", "failures: %ld", times.failures);
}

void compose_log_line(struct import *im, struct process *process, const struct setting *at)
{
    put_probe(im, process, at, "ready", "log", at->value);
}
