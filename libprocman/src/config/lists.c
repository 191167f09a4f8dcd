/* Lists and maps into their members of a spec.
 *
 * A list replaces what was inherited; a map of names and values is merged into it, name by name.
 * What has an order of its own on the wire is sorted here, so that two files that say the same
 * give the same spec.
 */
#include "config/lists.h"
#include "config/depends.h"
#include "config/scalar.h"
#include "core/spec_fault.h"

#include <procman/fill.h>
#include <procman/limits.h>
#include <procman/text.h>

#include <stdlib.h>
#include <string.h>

#define NO_ROOM "the file says too much: there is no memory for it"

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
        if (pm_value_shaped(reading, "a word of exec", item, PM_NODE_SCALAR, "text")) {
            const char *fault = pm_fill_fault(item->text);
            if (fault != NULL)
                pm_value_fault(reading, "a word of exec", item, fault);
            words[n++] = item->text;
        }
    if (list->first->kind == PM_NODE_SCALAR && *list->first->text == '\0')
        pm_value_fault(reading, "the program in exec", list->first, "a program has a name");
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
        if (!pm_value_shaped(reading, "an item of success_codes", item, PM_NODE_SCALAR,
                             "an exit code"))
            continue;
        uint64_t code = 0;
        const char *fault = pm_scalar_read(PM_VALUE_COUNT, item, &code);
        if (fault == NULL)
            fault = pm_exit_code_fault(code <= INT64_MAX ? (int64_t)code : INT64_MAX);
        if (fault != NULL)
            pm_value_fault(reading, "an item of success_codes", item, fault);
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

static const char *no_fault(const char *value)
{
    (void)value;
    return NULL;
}

/* env and labels: noun is "variable" or "label"; value_fault tells what a value may not be. */
static void read_variables(struct pm_reading *reading, const char *noun,
                           const char *(*value_fault)(const char *value),
                           const struct pm_node *map, struct pm_var_list *env)
{
    struct pm_var_list added = { .at = pm_alloc((map->n + 1) * sizeof(*added.at)) };
    char name[PM_QUOTE_SIZE], *what;

    for (const struct pm_node *item = map->first; item != NULL; item = item->next) {
        const char *fault = pm_variable_fault(item->key);
        what = pm_printf("%s '%s'", noun, pm_quote(item->key, name));
        if (fault != NULL)
            pm_report_add(reading->report, item->key_place, "%s%s%s: %s", what,
                          reading->subject != NULL ? " of " : "",
                          reading->subject != NULL ? reading->subject : "", fault);
        else if (pm_value_shaped(reading, what, item, PM_NODE_SCALAR,
                                 "text, \"\" for an empty one")) {
            added.at[added.n++] = (struct pm_var){ .name = item->key, .value = item->text };
            fault = value_fault(item->text);
            if (fault != NULL)
                pm_value_fault(reading, what, item, fault);
        }
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

static void read_env(struct pm_reading *reading, const struct pm_node *map,
                     struct pm_var_list *env)
{
    read_variables(reading, "variable", pm_fill_fault, map, env);
}

static void read_labels(struct pm_reading *reading, const struct pm_node *map,
                        struct pm_var_list *labels)
{
    read_variables(reading, "label", no_fault, map, labels);
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
    if (!pm_value_shaped(reading, "on_sheriff_loss.stop_after", item, PM_NODE_SCALAR,
                   "a duration such as 5s"))
        return;
    fault = pm_scalar_read(PM_VALUE_DURATION, item, ms);
    if (fault == NULL)
        fault = pm_sheriff_loss_fault(*ms);
    if (fault != NULL)
        pm_value_fault(reading, "on_sheriff_loss.stop_after", item, fault);
}

/* One selector, or a list of them. Whether it means anything is asked when all is read. */
static void read_select(struct pm_reading *reading, const struct pm_key *key,
                        const struct pm_node *node, struct pm_strs *out)
{
    const char **words = pm_arena_get(reading->arena, (node->n + 1) * sizeof(*words));
    size_t n = 0;

    if (words == NULL || node->n > PM_LIMIT_SELECTORS ||
        (node->kind == PM_NODE_LIST && node->n == 0)) {
        pm_report_add(reading->report, node->place, "%s of %s needs from 1 to %d selectors",
                      key->name, reading->subject, PM_LIMIT_SELECTORS);
        return;
    }
    if (node->kind == PM_NODE_SCALAR)
        words[n++] = node->text;
    for (const struct pm_node *item = node->first; item != NULL; item = item->next)
        if (pm_value_shaped(reading, key->name, item, PM_NODE_SCALAR, "a selector"))
            words[n++] = item->text;
    *out = (struct pm_strs){ .at = words, .n = n };
}

/* ---- limits ---- */

static const char *read_bound(const struct pm_node *node, bool size, uint64_t *out)
{
    if (strcmp(node->text, "unlimited") == 0) {
        *out = PM_UNLIMITED;
        return NULL;
    }
    if (!size)
        return pm_scalar_read(PM_VALUE_COUNT, node, out) == NULL
                   ? NULL : "not a limit; write a whole number or unlimited";
    return pm_parse_size(node->text, out) == PM_OK
               ? NULL : "not a limit; write a size such as 8MiB, or unlimited";
}

/* {soft: 1024, hard: unlimited} */
static void read_both(struct pm_reading *reading, const char *what, const struct pm_node *map,
                      bool size, struct pm_limit *out)
{
    const struct pm_node *soft = pm_node_get(map, "soft"), *hard = pm_node_get(map, "hard");
    const char *fault = NULL, *example = size ? "a size such as 8MiB" : "a whole number";

    if (map->n != 2 || soft == NULL || hard == NULL) {
        pm_report_add(reading->report, map->place, "%s has two keys, soft and hard", what);
        return;
    }
    if (!pm_value_shaped(reading, what, soft, PM_NODE_SCALAR, example) ||
        !pm_value_shaped(reading, what, hard, PM_NODE_SCALAR, example))
        return;
    if ((fault = read_bound(soft, size, &out->soft)) != NULL)
        pm_value_fault(reading, what, soft, fault);
    else if ((fault = read_bound(hard, size, &out->hard)) != NULL)
        pm_value_fault(reading, what, hard, fault);
    else if (out->soft > out->hard)
        pm_value_fault(reading, what, soft, "the soft limit is above the hard one");
}

static bool is_size(const char *name)
{
    bool size = false;
    const char *known;

    for (size_t i = 0; (known = pm_limit_name(i, &size)) != NULL; i++)
        if (strcmp(known, name) == 0)
            break;
    return size;
}

static void read_limit(struct pm_reading *reading, const struct pm_node *item,
                       struct pm_limit *out)
{
    char name[PM_QUOTE_SIZE], *what = pm_printf("limit '%s'", pm_quote(item->key, name));
    const char *fault = pm_limit_fault(item->key);
    bool size = is_size(item->key);

    *out = (struct pm_limit){ .name = item->key };
    if (fault != NULL) {
        pm_report_add(reading->report, item->key_place, "%s%s%s: %s", what,
                      reading->subject != NULL ? " of " : "",
                      reading->subject != NULL ? reading->subject : "", fault);
    } else if (item->kind == PM_NODE_MAP) {
        read_both(reading, what, item, size, out);
    } else if (pm_value_shaped(reading, what, item, PM_NODE_SCALAR,
                               size ? "a size such as 8MiB" : "a whole number")) {
        fault = read_bound(item, size, &out->soft);
        out->hard = out->soft;
        if (fault != NULL)
            pm_value_fault(reading, what, item, fault);
    }
    free(what);
}

static int by_limit(const void *left, const void *right)
{
    const struct pm_limit *a = left, *b = right;

    return strcmp(a->name, b->name);
}

/* The map's own limits, and those of the list that it does not name. */
static void read_limits(struct pm_reading *reading, const struct pm_node *map,
                        struct pm_limit_list *list)
{
    size_t n = 0, most = list->n + map->n;
    struct pm_limit *all = pm_arena_get(reading->arena, (most + 1) * sizeof(*all));

    if (all == NULL || most > PM_LIMIT_LIST) {
        pm_report_add(reading->report, map->place, NO_ROOM);
        return;
    }
    for (const struct pm_node *item = map->first; item != NULL; item = item->next)
        read_limit(reading, item, &all[n++]);
    for (size_t i = 0; i < list->n; i++)
        if (pm_node_get(map, list->at[i].name) == NULL)
            all[n++] = list->at[i];
    qsort(all, n, sizeof(*all), by_limit);
    *list = (struct pm_limit_list){ .at = all, .n = n };
}

void pm_list_read(struct pm_reading *reading, const struct pm_key *key,
                  const struct pm_node *node, void *member)
{
    switch (key->value) {
    case PM_VALUE_WORDS:        read_words(reading, key, node, member); break;
    case PM_VALUE_CODES:        read_codes(reading, key, node, member); break;
    case PM_VALUE_VARIABLES:    read_env(reading, node, member); break;
    case PM_VALUE_LABELS:       read_labels(reading, node, member); break;
    case PM_VALUE_LIMITS:       read_limits(reading, node, member); break;
    case PM_VALUE_LOSS:         read_loss(reading, key, node, member); break;
    case PM_VALUE_DEPENDENCIES: pm_depends_read(reading, node, member); break;
    case PM_VALUE_SELECT:       read_select(reading, key, node, member); break;
    default:                    break; /* hosts and steps: who reads their map goes on */
    }
}

/* Of every kind of list: none in it. */
void pm_list_clear(const struct pm_key *key, void *member)
{
    switch (key->value) {
    case PM_VALUE_WORDS:
        *(struct pm_strs *)member = (struct pm_strs){ 0 };
        break;
    case PM_VALUE_CODES:
        *(struct pm_i64s *)member = (struct pm_i64s){ 0 };
        break;
    case PM_VALUE_VARIABLES:
    case PM_VALUE_LABELS:
        *(struct pm_var_list *)member = (struct pm_var_list){ 0 };
        break;
    case PM_VALUE_LIMITS:
        *(struct pm_limit_list *)member = (struct pm_limit_list){ 0 };
        break;
    case PM_VALUE_DEPENDENCIES:
        *(struct pm_dependency_list *)member = (struct pm_dependency_list){ 0 };
        break;
    default:
        break;
    }
}
