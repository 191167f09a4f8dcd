/* Values of every shape into their members of a spec, and the sentences about those that do not
 * fit. What is wrong with a scalar scalar.c says in a few words; here the key, the process
 * and the place are put around them, so that all sentences are built alike.
 */
#include "config/values.h"
#include "config/scalar.h"
#include "core/spec_fault.h"

#include <procman/limits.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_ROOM "the file says too much: there is no memory for it"

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

/* "stop.timeout of process 'cam' is 'soon': …" */
static void report_fault(struct pm_reading *reading, const char *what, const struct pm_node *node,
                         const char *fault)
{
    char text[PM_QUOTE_SIZE];

    pm_report_add(reading->report, node->place, "%s%s%s is '%s': %s", what,
                  reading->subject != NULL ? " of " : "",
                  reading->subject != NULL ? reading->subject : "", pm_quote(node->text, text),
                  fault);
}

/* Has it the shape that is needed, and a value at all? */
static bool has_shape(struct pm_reading *reading, const char *what, const struct pm_node *node,
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
    const char *meant = pm_key_suggest(prefix, node->key, where, near);
    size_t n = strlen(prefix);

    pm_report_add(reading->report, node->key_place, "unknown key '%s'%s%.*s%s%s%s%s%s",
                  pm_quote(node->key, wrong), n > 0 ? " in " : "", n > 0 ? (int)n - 1 : 0, prefix,
                  reading->subject != NULL ? n > 0 ? " of " : " in " : "",
                  reading->subject != NULL ? reading->subject : "",
                  meant != NULL ? " (did you mean '" : "", meant != NULL ? meant : "",
                  meant != NULL ? "'?)" : "");
}

/* ---- lists and maps ---- */

static void read_words(struct pm_reading *reading, const struct pm_key *key,
                       const struct pm_node *list, struct pm_strs *out)
{
    const char **words = pm_arena_get(reading->arena, (list->n + 1) * sizeof(*words));
    size_t n = 0;

    if (list->n == 0 || list->n > PM_LIMIT_LIST || words == NULL) {
        pm_report_add(reading->report, list->place, "%s needs from 1 to %d words", key->name,
                      PM_LIMIT_LIST);
        return;
    }
    for (const struct pm_node *item = list->first; item != NULL; item = item->next)
        if (has_shape(reading, "a word of exec", item, PM_NODE_SCALAR, "text"))
            words[n++] = item->text;
    if (list->first->kind == PM_NODE_SCALAR && *list->first->text == '\0')
        report_fault(reading, "the program in exec", list->first, "a program has a name");
    *out = (struct pm_strs){ .at = words, .n = n };
}

static void read_codes(struct pm_reading *reading, const struct pm_key *key,
                       const struct pm_node *list, struct pm_i64s *out)
{
    int64_t *codes = pm_arena_get(reading->arena, (list->n + 1) * sizeof(*codes));
    size_t n = 0;

    if (list->n == 0 || list->n > PM_LIMIT_LIST || codes == NULL) {
        pm_report_add(reading->report, list->place, "%s needs at least one exit code", key->name);
        return;
    }
    for (const struct pm_node *item = list->first; item != NULL; item = item->next) {
        if (!has_shape(reading, "an item of success_codes", item, PM_NODE_SCALAR, "an exit code"))
            continue;
        uint64_t code = 0;
        const char *fault = pm_scalar_read(PM_VALUE_COUNT, item, &code);
        if (fault == NULL)
            fault = pm_exit_code_fault(code <= INT64_MAX ? (int64_t)code : INT64_MAX);
        if (fault != NULL)
            report_fault(reading, "an item of success_codes", item, fault);
        codes[n++] = (int64_t)code;
    }
    if (n == 1 && codes[0] == 0)
        n = 0; /* only 0 is what an empty list means: one spec, one hash */
    *out = (struct pm_i64s){ .at = codes, .n = n };
}

static int by_name(const void *left, const void *right)
{
    const struct pm_var *a = left, *b = right;

    return strcmp(a->name, b->name);
}

/* Both sorted; where both have a name, the added one holds. */
static size_t merge(const struct pm_var_list *old, const struct pm_var_list *added,
                    struct pm_var *out)
{
    size_t n = 0, i = 0, j = 0;

    while (i < old->n || j < added->n) {
        int order = i == old->n ? 1 : j == added->n ? -1
                    : strcmp(old->at[i].name, added->at[j].name);
        out[n++] = order < 0 ? old->at[i] : added->at[j];
        i += order <= 0;
        j += order >= 0;
    }
    return n;
}

static void read_variables(struct pm_reading *reading, const struct pm_node *map,
                           struct pm_var_list *env)
{
    struct pm_var_list added = { .at = pm_alloc((map->n + 1) * sizeof(*added.at)) };
    char name[PM_QUOTE_SIZE], *what;

    for (const struct pm_node *item = map->first; item != NULL; item = item->next) {
        const char *fault = pm_variable_fault(item->key);
        what = pm_printf("variable '%s'", pm_quote(item->key, name));
        if (fault != NULL)
            pm_report_add(reading->report, item->key_place, "%s%s%s: %s", what,
                          reading->subject != NULL ? " of " : "",
                          reading->subject != NULL ? reading->subject : "", fault);
        else if (has_shape(reading, what, item, PM_NODE_SCALAR, "text, \"\" for an empty one"))
            added.at[added.n++] = (struct pm_var){ .name = item->key, .value = item->text };
        free(what);
    }
    if (added.n > 0)
        qsort(added.at, added.n, sizeof(*added.at), by_name);
    size_t most = env->n + added.n;
    struct pm_var *all = pm_arena_get(reading->arena, (most + 1) * sizeof(*all));
    if (all == NULL || most > PM_LIMIT_LIST)
        pm_report_add(reading->report, map->place, NO_ROOM);
    else
        *env = (struct pm_var_list){ .at = all, .n = merge(env, &added, all) };
    free(added.at);
}

static void read_loss(struct pm_reading *reading, const struct pm_key *key,
                      const struct pm_node *map, uint64_t *ms)
{
    const struct pm_node *item = map->first;
    const char *fault = NULL;

    if (map->n != 1 || strcmp(item->key, "stop_after") != 0) {
        pm_report_add(reading->report, map->place, "%s%s%s has one key, stop_after", key->name,
                      reading->subject != NULL ? " of " : "",
                      reading->subject != NULL ? reading->subject : "");
        return;
    }
    if (!has_shape(reading, "on_sheriff_loss.stop_after", item, PM_NODE_SCALAR,
                   values[PM_VALUE_DURATION].example))
        return;
    fault = pm_scalar_read(PM_VALUE_DURATION, item, ms);
    if (fault == NULL)
        fault = pm_sheriff_loss_fault(*ms);
    if (fault != NULL)
        report_fault(reading, "on_sheriff_loss.stop_after", item, fault);
}

/* ---- a key and its value ---- */

/* Most values have one shape; `on_sheriff_loss` is a map or one word. */
static enum pm_node_kind shape_of(const struct pm_key *key, const struct pm_node *node)
{
    bool word = key->value == PM_VALUE_LOSS && node->kind == PM_NODE_SCALAR;

    return word ? PM_NODE_SCALAR : values[key->value].shape;
}

void pm_value_read(struct pm_reading *reading, const struct pm_key *key,
                   const struct pm_node *node, struct pm_spec *spec)
{
    void *member = (char *)spec + key->offset;
    enum pm_node_kind shape = shape_of(key, node);

    if (!has_shape(reading, key->name, node, shape, values[key->value].example))
        return;
    if (key->value == PM_VALUE_WORDS) {
        read_words(reading, key, node, member);
    } else if (key->value == PM_VALUE_CODES) {
        read_codes(reading, key, node, member);
    } else if (key->value == PM_VALUE_VARIABLES) {
        read_variables(reading, node, member);
    } else if (key->value == PM_VALUE_LOSS && shape == PM_NODE_MAP) {
        read_loss(reading, key, node, member);
    } else {
        const char *fault = pm_scalar_read(key->value, node, member);
        if (fault != NULL)
            report_fault(reading, key->name, node, fault);
    }
}

void pm_value_fall_back(const struct pm_key *key, struct pm_spec *spec)
{
    struct pm_node node = { .kind = PM_NODE_SCALAR, .plain = true, .text = key->fallback };
    void *member = (char *)spec + key->offset;

    if (key->value == PM_VALUE_WORDS)
        *(struct pm_strs *)member = (struct pm_strs){ 0 };
    else if (key->value == PM_VALUE_CODES)
        *(struct pm_i64s *)member = (struct pm_i64s){ 0 };
    else if (key->value == PM_VALUE_VARIABLES)
        *(struct pm_var_list *)member = (struct pm_var_list){ 0 };
    else if (key->fallback == NULL)
        *(const char **)member = "";
    else
        pm_assert(pm_scalar_read(key->value, &node, member) == NULL);
}

static void read_section(struct pm_reading *reading, const struct pm_node *node, const char *name,
                         unsigned where, struct pm_spec *spec)
{
    char prefix[PM_KEY_SIZE], example[PM_KEY_SIZE + 32];
    const struct pm_key *first = pm_keys;

    snprintf(prefix, sizeof(prefix), "%s.", name);
    while ((first->where & where) == 0 || strncmp(first->name, prefix, strlen(prefix)) != 0)
        first++;
    snprintf(example, sizeof(example), "a map such as {%s: %s}", first->name + strlen(prefix),
             first->fallback != NULL ? first->fallback : "robot");
    if (has_shape(reading, name, node, PM_NODE_MAP, example))
        pm_value_read_keys(reading, node, prefix, where, spec);
}

/* `restart.delay: 1s` and `restart: {delay: 2s}` are one key: which of them would hold? */
static void refuse_both_ways(struct pm_reading *reading, const struct pm_node *map,
                             const struct pm_node *dotted)
{
    const char *dot = strchr(dotted->key, '.');
    char *section = dot != NULL ? pm_printf("%.*s", (int)(dot - dotted->key), dotted->key) : NULL;
    const struct pm_node *nested = dot != NULL ? pm_node_get(map, section) : NULL;

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

void pm_value_read_keys(struct pm_reading *reading, const struct pm_node *map, const char *prefix,
                        unsigned where, struct pm_spec *spec)
{
    for (const struct pm_node *node = map->first; node != NULL; node = node->next) {
        char *name = pm_printf("%s%s", prefix, node->key);
        const struct pm_key *key = pm_key_find(name, where);
        const struct pm_key *elsewhere = pm_key_find(name, PM_IN_PROCESS);
        if (*prefix == '\0')
            refuse_both_ways(reading, map, node);
        if (key != NULL)
            pm_value_read(reading, key, node, spec);
        else if (pm_key_is_section(name, where))
            read_section(reading, node, name, where, spec);
        else if (elsewhere != NULL)
            pm_report_add(reading->report, node->key_place, "key '%s' is for a single process; "
                          "%s cannot have it", name, reading->subject);
        else
            pm_value_unknown(reading, node, prefix, where);
        free(name);
    }
}
