/* `edit SEL --set KEY=VALUE`: one key of one process, in the words of the file.
 *
 * On a command line quotes belong to the shell, so text is taken as it stands: a command with
 * '#' or ': ' in it needs no second pair of them. Only where the file has a list or a map is
 * the value YAML.
 */
#include <procman/config.h>

#include "config/depends.h"
#include "config/probes.h"

#include <procman/limits.h>
#include <procman/spec.h>

#include <string.h>

#define VARIABLE "env."

/* Errors are told in one sentence, without a place: there is no file. */
static enum pm_err conclude(struct pm_report *report, char **why)
{
    enum pm_err err = report->count == 0 ? PM_OK : PM_USAGE;

    *why = pm_report_sentence(report);
    pm_report_fini(report);
    return err;
}

static void set_variable(struct pm_reading *reading, const char *name, const char *value,
                         struct pm_spec *spec)
{
    struct pm_node item = { .kind = PM_NODE_SCALAR, .key = name, .text = value };
    struct pm_node map = { .kind = PM_NODE_MAP, .first = &item, .last = &item, .n = 1 };

    pm_value_read(reading, pm_key_find("env", PM_IN_PROCESS), &map, spec);
}

static void set_scalar(struct pm_reading *reading, const struct pm_key *key, const char *value,
                       struct pm_spec *spec)
{
    struct pm_node node = { .kind = PM_NODE_SCALAR, .plain = true, .text = value };

    pm_value_read(reading, key, &node, spec);
}

/* key NULL: `name` is a map such as restart, and the value has several of its keys. */
static void set_tree(struct pm_reading *reading, const struct pm_key *key, const char *name,
                     struct pm_spec *spec)
{
    size_t nodes = 0;
    struct pm_tree tree = { .arena = reading->arena, .report = reading->report,
                            .source = reading->report->sources[0], .nodes = &nodes };

    if (!pm_tree_read_yaml(&tree))
        return;
    if (tree.root == NULL) {
        pm_report_add(reading->report, 0, "%s has no value", name);
        return;
    }
    struct pm_node map = { .kind = PM_NODE_MAP, .first = tree.root, .last = tree.root, .n = 1 };
    tree.root->key = name;
    if (key != NULL && (key->value == PM_VALUE_VARIABLES || key->value == PM_VALUE_LABELS ||
                        key->value == PM_VALUE_LIMITS))
        pm_value_fall_back(key, spec); /* all of it is said here; env.NAME adds */
    pm_value_read_keys(reading, &map, "", PM_IN_PROCESS, spec);
    if (key != NULL && key->value == PM_VALUE_DEPENDENCIES &&
        !pm_depends_alone(reading->arena, spec))
        pm_report_add(reading->report, 0, "there is no memory for it");
}

/* Is nothing a value for it: the default? A process without name or program is none. */
static bool may_be_empty(const struct pm_key *key)
{
    return key->value != PM_VALUE_NAME && key->value != PM_VALUE_COMMAND &&
           key->value != PM_VALUE_WORDS;
}

/* A time of a probe that is not there would be lost without a word. */
static void settle_probes(struct pm_reading *reading, const char *name, struct pm_spec *spec)
{
    bool ready = strncmp(name, "ready", 5) == 0, health = strncmp(name, "health", 6) == 0;
    const struct pm_probe *probe = ready ? &spec->ready : &spec->health;

    if ((ready || health) && probe->kind == PM_PROBE_KIND_NONE &&
        (probe->timeout_ms != 0 || probe->interval_ms != 0 || probe->failures != 0))
        pm_report_add(reading->report, 0, "%s does not say what is looked at; set %s first",
                      ready ? "ready" : "health", ready ? "ready.log, ready.tcp or another of "
                      "its keys" : "health.tcp, health.http or health.exec");
    else
        pm_probes_settle(spec);
}

static void set(struct pm_reading *reading, const char *name, const char *value,
                struct pm_spec *spec)
{
    const struct pm_key *key = pm_key_find(name, PM_IN_PROCESS);
    struct pm_node unknown = { .key = name };

    if (key != NULL && !pm_value_served(reading, key, &unknown))
        return;
    if (key != NULL && key->value == PM_VALUE_HOSTS) {
        pm_report_add(reading->report, 0, "hosts makes many processes of one; this is one of "
                      "them, and its key is host");
        return;
    }
    if (strncmp(name, VARIABLE, strlen(VARIABLE)) == 0)
        set_variable(reading, name + strlen(VARIABLE), value, spec);
    else if (key == NULL && !pm_key_is_section(name, PM_IN_PROCESS))
        pm_value_unknown(reading, &unknown, "", PM_IN_PROCESS);
    else if (key != NULL && *value == '\0' && may_be_empty(key))
        pm_value_fall_back(key, spec);
    else if (key != NULL && pm_value_shape(key->value) == PM_NODE_SCALAR)
        set_scalar(reading, key, value, spec);
    else
        set_tree(reading, key, name, spec);
    settle_probes(reading, name, spec);
    /* What to run is said in one way only: the last one said. */
    if (key != NULL && key->value == PM_VALUE_COMMAND)
        spec->exec = (struct pm_strs){ 0 };
    if (key != NULL && key->value == PM_VALUE_WORDS)
        spec->command = "";
}

enum pm_err pm_config_set(struct pm_spec *spec, const char *key, const char *value,
                          struct pm_arena *arena, char **why)
{
    struct pm_report report;
    size_t nodes = 0;
    struct pm_tree strings = { .arena = arena, .report = &report, .nodes = &nodes };
    struct pm_reading reading = { .arena = arena, .report = &report };
    struct pm_spec changed = *spec;

    pm_report_init(&report, key, value, strlen(value));
    strings.source = report.sources[0];
    const char *kept_key = pm_tree_str(&strings, 0, key, strlen(key));
    const char *kept_value = pm_tree_str(&strings, 0, value, strlen(value));
    if (kept_key != NULL && kept_value != NULL)
        set(&reading, kept_key, kept_value, &changed);
    enum pm_err err = conclude(&report, why);
    if (err == PM_OK)
        *spec = changed;
    return err;
}
