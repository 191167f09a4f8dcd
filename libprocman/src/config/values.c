/* Maps of keys into the members of a struct, and the sentences about values that do not fit.
 * What is wrong with a scalar scalar.c says in a few words; here the key, the process and the
 * place are put around them, so that all sentences are built alike.
 */
#include "config/values.h"
#include "config/lists.h"
#include "config/scalar.h"

#include <procman/schedule.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    enum pm_node_kind shape;
    const char *example;
} values[] = {
    [PM_VALUE_PART]         = { PM_NODE_MAP, "" },
    [PM_VALUE_NAME]         = { PM_NODE_SCALAR, "a name" },
    [PM_VALUE_GROUP]        = { PM_NODE_SCALAR, "a path such as drivers/cameras" },
    [PM_VALUE_HOST]         = { PM_NODE_SCALAR, "the name of a deputy" },
    [PM_VALUE_COMMAND]      = { PM_NODE_SCALAR, "one line of text" },
    [PM_VALUE_DIRECTORY]    = { PM_NODE_SCALAR, "a directory such as /opt/robot" },
    [PM_VALUE_USER]         = { PM_NODE_SCALAR, "a name" },
    [PM_VALUE_BOOL]         = { PM_NODE_SCALAR, "true or false" },
    [PM_VALUE_AUTO_RESTART] = { PM_NODE_SCALAR, "no, on-failure or always" },
    [PM_VALUE_DURATION]     = { PM_NODE_SCALAR, "a duration such as 5s" },
    [PM_VALUE_FACTOR]       = { PM_NODE_SCALAR, "a number such as 2" },
    [PM_VALUE_SHARE]        = { PM_NODE_SCALAR, "a number such as 0.1" },
    [PM_VALUE_COUNT]        = { PM_NODE_SCALAR, "a whole number" },
    [PM_VALUE_SIGNAL]       = { PM_NODE_SCALAR, "a signal such as INT" },
    [PM_VALUE_SIZE]         = { PM_NODE_SCALAR, "a size such as 10MiB" },
    [PM_VALUE_KEEP]         = { PM_NODE_SCALAR, "a whole number" },
    [PM_VALUE_FILE]         = { PM_NODE_SCALAR, "a file such as /etc/robot.env" },
    [PM_VALUE_MASK]         = { PM_NODE_SCALAR, "a mask such as 022" },
    [PM_VALUE_NICE]         = { PM_NODE_SCALAR, "a whole number from -20 to 19" },
    [PM_VALUE_MEMORY]       = { PM_NODE_SCALAR, "a size such as 2G" },
    [PM_VALUE_PERCENT]      = { PM_NODE_SCALAR, "a share of a core such as 150%" },
    [PM_VALUE_PIDS]         = { PM_NODE_SCALAR, "a whole number" },
    [PM_VALUE_INSTANCES]    = { PM_NODE_SCALAR, "a whole number" },
    [PM_VALUE_SCHEDULE]     = { PM_NODE_SCALAR, "five fields such as \"*/5 * * * *\"" },
    [PM_VALUE_ZONE]         = { PM_NODE_SCALAR, "a time zone such as Europe/Berlin" },
    [PM_VALUE_PATIENCE]     = { PM_NODE_SCALAR, "a duration such as 5s" },
    [PM_VALUE_SPAN]         = { PM_NODE_SCALAR, "a duration such as 30s" },
    [PM_VALUE_FAILURES]     = { PM_NODE_SCALAR, "a whole number" },
    [PM_VALUE_OVERLAP]      = { PM_NODE_SCALAR, "skip, queue or replace" },
    [PM_VALUE_WHEN]         = { PM_NODE_SCALAR, "started, ready or exited" },
    [PM_VALUE_IF_FAILED]    = { PM_NODE_SCALAR, "fail or ignore" },
    [PM_VALUE_REFERENCE]    = { PM_NODE_SCALAR, "a process such as drivers/lidar@robot1" },
    [PM_VALUE_SCRIPT]       = { PM_NODE_SCALAR, "the name of a script" },
    [PM_VALUE_WAIT]         = { PM_NODE_SCALAR, "started, running, exited or stopped" },
    [PM_VALUE_STEP_FAILURE] = { PM_NODE_SCALAR, "abort or continue" },
    [PM_VALUE_STEPS]        = { PM_NODE_LIST, "a list of steps such as [{start: planner}]" },
    [PM_VALUE_SELECT]       = { PM_NODE_LIST, "a selector such as drivers/, or a list of them" },
    [PM_VALUE_LOG]          = { PM_NODE_SCALAR, "a pattern such as \"first frame\"" },
    [PM_VALUE_TCP]          = { PM_NODE_SCALAR, "a port such as 7000" },
    [PM_VALUE_HTTP]         = { PM_NODE_SCALAR, "a URL such as http://localhost:8080/health" },
    [PM_VALUE_EXEC]         = { PM_NODE_SCALAR, "a command, one line of text" },
    [PM_VALUE_NOTIFY]       = { PM_NODE_SCALAR, "true" },
    [PM_VALUE_AFTER]        = { PM_NODE_SCALAR, "a duration such as 2s" },
    [PM_VALUE_HOSTS]        = { PM_NODE_LIST, "a list such as [robot1, \"lab*\"]" },
    [PM_VALUE_DEPENDENCIES] = { PM_NODE_LIST, "a list such as [roscore]" },
    [PM_VALUE_LABELS]       = { PM_NODE_MAP, "a map such as {team: perception}" },
    [PM_VALUE_LIMITS]       = { PM_NODE_MAP, "a map such as {nofile: 4096}" },
    [PM_VALUE_WORDS]        = { PM_NODE_LIST, "a list such as [sleep, \"5\"]" },
    [PM_VALUE_CODES]        = { PM_NODE_LIST, "a list such as [0, 3]" },
    [PM_VALUE_VARIABLES]    = { PM_NODE_MAP, "a map such as {PORT: \"7000\"}" },
    [PM_VALUE_LOSS]         = { PM_NODE_MAP, "keep or {stop_after: 30s}" },
};

enum pm_node_kind pm_value_shape(enum pm_value value)
{
    return values[value].shape;
}

/* ---- sentences ---- */

void pm_value_fault(struct pm_reading *reading, const char *what, const struct pm_node *node,
                    const char *fault)
{
    char text[PM_QUOTE_SIZE];

    pm_report_add(reading->report, node->place, "%s%s%s is '%s': %s", what,
                  reading->subject != NULL ? " of " : "",
                  reading->subject != NULL ? reading->subject : "", pm_quote(node->text, text),
                  fault);
}

bool pm_value_shaped(struct pm_reading *reading, const char *what, const struct pm_node *node,
                     enum pm_node_kind shape, const char *example)
{
    const char *of = reading->subject != NULL ? " of " : "";
    const char *subject = reading->subject != NULL ? reading->subject : "";

    if (pm_node_null(node))
        pm_report_add(reading->report, node->place, "%s%s%s has no value; expected %s", what, of,
                      subject, example);
    else if (node->kind != shape)
        pm_report_add(reading->report, node->place, "%s%s%s is %s; expected %s", what, of,
                      subject, pm_node_word(node), example);
    else
        return true;
    return false;
}

void pm_value_unknown(struct pm_reading *reading, const struct pm_node *node, const char *prefix,
                      unsigned where)
{
    char wrong[PM_QUOTE_SIZE], near[PM_KEY_SIZE];
    const char *meant = pm_report_full(reading->report)
                            ? NULL : pm_key_suggest(prefix, node->key, where, near);
    size_t n = strlen(prefix);

    pm_report_add(reading->report, node->key_place, "unknown key '%s'%s%.*s%s%s%s%s%s",
                  pm_quote(node->key, wrong), n > 0 ? " in " : "", n > 0 ? (int)n - 1 : 0, prefix,
                  reading->subject != NULL ? n > 0 ? " of " : " in " : "",
                  reading->subject != NULL ? reading->subject : "",
                  meant != NULL ? " (did you mean '" : "", meant != NULL ? meant : "",
                  meant != NULL ? "'?)" : "");
}

bool pm_value_served(struct pm_reading *reading, const struct pm_key *key,
                     const struct pm_node *node)
{
    if (reading->early || (key->where & PM_NOT_YET) == 0)
        return true;
    pm_report_add(reading->report, node->key_place, "key '%s'%s%s is not supported by this version",
                  key->name, reading->subject != NULL ? " in " : "",
                  reading->subject != NULL ? reading->subject : "");
    return false;
}

/* ---- a key and its value ---- */

/* Most values have one shape; `on_sheriff_loss` is a map or one word, a selection a list or one. */
static enum pm_node_kind shape_of(const struct pm_key *key, const struct pm_node *node)
{
    bool word = (key->value == PM_VALUE_LOSS || key->value == PM_VALUE_SELECT) &&
                node->kind == PM_NODE_SCALAR;

    return word ? PM_NODE_SCALAR : values[key->value].shape;
}

/* How far in the wrong field of a schedule stands, where the file has the text as it is. */
static size_t field_of(const struct pm_reading *reading, const struct pm_node *node)
{
    const struct pm_source *source = pm_report_at(reading->report, node->place);
    size_t at = node->place - source->base + !node->plain, n = strlen(node->text), where = 0;
    struct pm_schedule schedule;

    if (at + n > source->n || memcmp(source->text + at, node->text, n) != 0 ||
        pm_schedule_parse(node->text, &schedule, &where) == NULL)
        return 0;
    return where + !node->plain;
}

void pm_value_read(struct pm_reading *reading, const struct pm_key *key,
                   const struct pm_node *node, void *to)
{
    void *member = (char *)to + key->offset;
    enum pm_node_kind shape = shape_of(key, node);
    const char *fault;

    if (!pm_value_shaped(reading, key->name, node, shape, values[key->value].example))
        return;
    if (shape != PM_NODE_SCALAR || key->value == PM_VALUE_SELECT) {
        pm_list_read(reading, key, node, member);
        return;
    }
    if (pm_key_probe(key) != PM_PROBE_KIND_NONE)
        fault = pm_target_read(key->value, reading->arena, node, member);
    else
        fault = pm_scalar_read(key->value, node, member);
    if (fault != NULL) {
        struct pm_node at = *node;
        at.place += key->value == PM_VALUE_SCHEDULE ? field_of(reading, node) : 0;
        pm_value_fault(reading, key->name, &at, fault);
    }
}

/* Words for both daemons would be the same without them: what is left out is 0 on the wire. */
static bool is_settled_later(enum pm_value value)
{
    return value == PM_VALUE_PATIENCE || value == PM_VALUE_FAILURES || value == PM_VALUE_MASK;
}

void pm_value_fall_back(const struct pm_key *key, void *to)
{
    struct pm_node node = { .kind = PM_NODE_SCALAR, .plain = true, .text = key->fallback };
    void *member = (char *)to + key->offset;
    struct pm_probe *probe = member;

    if (pm_key_probe(key) != PM_PROBE_KIND_NONE) {
        if (probe->kind == pm_key_probe(key))
            *probe = (struct pm_probe){ .text = "" };
    } else if (is_settled_later(key->value)) {
        *(uint64_t *)member = 0;
    } else if (pm_value_shape(key->value) == PM_NODE_SCALAR && key->fallback == NULL) {
        *(const char **)member = "";
    } else if (key->fallback != NULL) {
        pm_assert(pm_scalar_read(key->value, &node, member) == NULL);
    } else {
        pm_list_clear(key, member);
    }
}

/* A value for the first key of a map, which may have no default, or a poor one for an example. */
static const char *sample_of(const struct pm_key *key)
{
    switch (key->value) {
    case PM_VALUE_USER:   return "robot";
    case PM_VALUE_LOG:    return "first frame";
    case PM_VALUE_TCP:    return "7000";
    case PM_VALUE_MEMORY: return "2G";
    default:              return key->fallback;
    }
}

static void read_section(struct pm_reading *reading, const struct pm_node *node, const char *name,
                         unsigned where, void *to)
{
    char prefix[PM_KEY_SIZE], example[PM_KEY_SIZE + 32];
    const struct pm_key *first = pm_keys;

    snprintf(prefix, sizeof(prefix), "%s.", name);
    while ((first->where & where) == 0 || strncmp(first->name, prefix, strlen(prefix)) != 0)
        first++;
    snprintf(example, sizeof(example), "a map such as {%s: %s}", first->name + strlen(prefix),
             sample_of(first));
    if (pm_value_shaped(reading, name, node, PM_NODE_MAP, example))
        pm_value_read_keys(reading, node, prefix, where, to);
}

/* `restart.delay: 1s` and `restart: {delay: 2s}` are one key: which of them would hold? */
static void refuse_both_ways(struct pm_reading *reading, const struct pm_node *map,
                             const struct pm_node *dotted)
{
    const char *dot = strchr(dotted->key, '.');

    if (dot == NULL)
        return;
    char *section = pm_printf("%.*s", (int)(dot - dotted->key), dotted->key);
    const struct pm_node *nested = pm_node_get(map, section);

    if (nested != NULL && nested->kind == PM_NODE_MAP)
        nested = pm_node_get(nested, dot + 1);
    else
        nested = NULL;
    if (nested != NULL && nested->key_place > dotted->key_place)
        pm_report_twice(reading->report, nested->key_place, dotted->key_place, "key", dotted->key);
    else if (nested != NULL)
        pm_report_twice(reading->report, dotted->key_place, nested->key_place, "key", dotted->key);
    free(section);
}

static void read_key(struct pm_reading *reading, const struct pm_node *node, const char *prefix,
                     const char *name, unsigned where, void *to)
{
    const struct pm_key *key = pm_key_find(name, where);

    if (key != NULL) {
        if (pm_value_served(reading, key, node))
            pm_value_read(reading, key, node, to);
    } else if (pm_key_is_section(name, where)) {
        read_section(reading, node, name, where, to);
    } else if (where == PM_IN_DEFAULTS && pm_key_find(name, PM_IN_PROCESS) != NULL) {
        pm_report_add(reading->report, node->key_place, "key '%s' is for a single process; %s "
                      "cannot have it", name, reading->subject);
    } else {
        pm_value_unknown(reading, node, prefix, where);
    }
}

void pm_value_read_keys(struct pm_reading *reading, const struct pm_node *map, const char *prefix,
                        unsigned where, void *to)
{
    for (const struct pm_node *node = map->first; node != NULL; node = node->next) {
        char *name = *prefix != '\0' ? pm_printf("%s%s", prefix, node->key) : NULL;
        if (name == NULL)
            refuse_both_ways(reading, map, node);
        read_key(reading, node, prefix, name != NULL ? name : node->key, where, to);
        free(name);
    }
}
