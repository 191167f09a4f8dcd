/* Scripts: steps under a name.
 *
 * A step is a map with one key that says what to do, and some that say how long and what if not.
 * `parallel` holds steps; a part of a message cannot hold itself, so the steps of a script are
 * one list in which those in a `parallel` follow it, and it says how many they are.
 */
#include "config/scripts.h"

#include <procman/limits.h>
#include <procman/spec.h>

#include <stdlib.h>
#include <string.h>

/* ---- one step ---- */

bool pm_step_selects(enum pm_step_verb verb)
{
    return verb == PM_STEP_VERB_START || verb == PM_STEP_VERB_STOP ||
           verb == PM_STEP_VERB_RESTART;
}

/* The one key that says what to do. NONE: reported. */
static enum pm_step_verb verb_of(struct pm_reading *reading, const struct pm_node *map)
{
    int verb = PM_STEP_VERB_NONE;
    bool mistyped = false; /* that is told already */

    for (const struct pm_node *node = map->first; node != NULL; node = node->next) {
        int word = pm_word_value(&pm_step_verb_words, node->key);
        mistyped = mistyped || pm_key_find(node->key, PM_IN_STEP) == NULL;
        if (word <= PM_STEP_VERB_NONE)
            continue;
        if (verb != PM_STEP_VERB_NONE) {
            pm_report_add(reading->report, node->key_place, "%s does two things, %s and %s; make "
                          "two steps of it", reading->subject,
                          pm_word(&pm_step_verb_words, verb), node->key);
            return PM_STEP_VERB_NONE;
        }
        verb = word;
    }
    if (verb == PM_STEP_VERB_NONE && !mistyped)
        pm_report_add(reading->report, map->place, "%s does nothing; write start, stop, restart, "
                      "sleep, run or parallel", reading->subject);
    return (enum pm_step_verb)verb;
}

/* A key that means nothing for that verb. */
static void refuse(struct pm_reading *reading, const struct pm_node *map, const char *key,
                   enum pm_step_verb verb)
{
    const struct pm_node *node = pm_node_get(map, key);

    if (node != NULL)
        pm_report_add(reading->report, node->key_place, "%s of %s means nothing for %s", key,
                      reading->subject, pm_word(&pm_step_verb_words, (int)verb));
}

static void check_wait(struct pm_reading *reading, const struct pm_node *map,
                       const struct pm_step *step)
{
    const struct pm_node *node = pm_node_get(map, "wait");
    bool stop = step->verb == PM_STEP_VERB_STOP;

    if (node == NULL || step->wait == PM_STEP_WAIT_NO)
        return;
    if (stop && step->wait != PM_STEP_WAIT_STOPPED)
        pm_value_fault(reading, "wait", node, "what is stopped comes to be stopped");
    if (!stop && step->wait == PM_STEP_WAIT_STOPPED)
        pm_value_fault(reading, "wait", node, "what ends by itself has exited; write exited");
}

static void check_step(struct pm_reading *reading, const struct pm_node *map,
                       const struct pm_step *step)
{
    if (step->verb == PM_STEP_VERB_NONE)
        return;
    if (pm_step_selects(step->verb))
        check_wait(reading, map, step);
    else
        refuse(reading, map, "wait", step->verb);
    if (step->verb == PM_STEP_VERB_SLEEP) {
        refuse(reading, map, "timeout", step->verb);
        refuse(reading, map, "on_failure", step->verb);
    }
}

static void read_steps(struct pm_loading *load, struct pm_script_item *item,
                       const struct pm_node *list);

static void read_step(struct pm_loading *load, struct pm_script_item *item,
                      const struct pm_node *map)
{
    struct pm_reading *reading = &load->reading;
    size_t nth = item->script.steps.n++;
    struct pm_step *step = &item->script.steps.at[nth];

    *step = (struct pm_step){ .script = "", .origin = "" };
    item->maps[nth] = map;
    if (map->kind != PM_NODE_MAP) {
        pm_report_add(reading->report, map->place, "%s is %s; expected a map such as {start: "
                      "planner}", reading->subject, pm_node_word(map));
        return;
    }
    pm_value_read_keys(reading, map, "", PM_IN_STEP, step);
    step->verb = verb_of(reading, map);
    step->origin = pm_loading_origin(load, map->place);
    check_step(reading, map, step);
    const struct pm_node *inner = pm_node_get(map, "parallel");
    if (step->verb != PM_STEP_VERB_PARALLEL || inner->kind != PM_NODE_LIST)
        return;
    read_steps(load, item, inner);
    step->span = item->script.steps.n - nth - 1;
}

static void read_steps(struct pm_loading *load, struct pm_script_item *item,
                       const struct pm_node *list)
{
    if (list->n == 0)
        pm_report_add(load->reading.report, list->place, "%s does nothing: the list is empty",
                      load->reading.subject);
    for (const struct pm_node *node = list->first; node != NULL; node = node->next)
        read_step(load, item, node);
}

/* How many steps are in a list, those in its steps included. */
static size_t count_steps(const struct pm_node *list)
{
    size_t n = list->n;

    for (const struct pm_node *node = list->first; node != NULL; node = node->next) {
        const struct pm_node *inner = node->kind == PM_NODE_MAP ? pm_node_get(node, "parallel")
                                                                : NULL;
        if (inner != NULL && inner->kind == PM_NODE_LIST)
            n += count_steps(inner);
    }
    return n;
}

/* ---- one script ---- */

static void read_script(struct pm_loading *load, const struct pm_node *node,
                        struct pm_script_item *item)
{
    struct pm_report *report = load->reading.report;
    char quoted[PM_QUOTE_SIZE];
    const char *fault = *node->key != '\0' ? pm_group_fault(node->key) : "a script has a name";
    char *subject = pm_printf("a step of script '%s'", pm_quote(node->key, quoted));

    *item = (struct pm_script_item){ .node = node, .script.name = node->key };
    if (fault != NULL)
        pm_report_add(report, node->key_place, "script '%s': %s", quoted, fault);
    load->reading.subject = subject;
    item->script.origin = pm_loading_origin(load, node->key_place);
    size_t n = node->kind == PM_NODE_LIST ? count_steps(node) : 0;
    item->script.steps.at = pm_arena_get(load->reading.arena, (n + 1) * sizeof(struct pm_step));
    item->maps = pm_arena_get(load->reading.arena, (n + 1) * sizeof(*item->maps));
    if (node->kind != PM_NODE_LIST)
        pm_report_add(report, node->place, "script '%s' is %s; expected a list of steps such as "
                      "[{start: planner}]", quoted, pm_node_word(node));
    else if (n > PM_LIMIT_STEPS || item->script.steps.at == NULL || item->maps == NULL)
        pm_report_add(report, node->place, "script '%s' has more than %d steps", quoted,
                      PM_LIMIT_STEPS);
    else
        read_steps(load, item, node);
    load->reading.subject = NULL;
    free(subject);
}

/* ---- all of them ---- */

static void add_script(struct pm_loading *load, const struct pm_node *node,
                       struct pm_script_item *items, size_t *n)
{
    for (size_t i = 0; i < *n; i++) {
        if (strcmp(items[i].node->key, node->key) != 0)
            continue;
        if (pm_report_at(load->reading.report, node->place) !=
            pm_report_at(load->reading.report, items[i].node->place))
            pm_report_twice(load->reading.report, node->key_place, items[i].node->key_place,
                            "script", node->key); /* in one file the reader has said so */
        return;
    }
    read_script(load, node, &items[(*n)++]);
}

static void hand_over(struct pm_loading *load, const struct pm_script_item *items, size_t n)
{
    struct pm_script *scripts = pm_arena_get(load->reading.arena, (n + 1) * sizeof(*scripts));

    if (scripts == NULL) {
        pm_loading_no_memory(load, 0);
        return;
    }
    for (size_t i = 0; i < n; i++)
        scripts[i] = items[i].script;
    load->scripts = (struct pm_script_list){ .at = scripts, .n = n };
}

void pm_scripts_read(struct pm_loading *load)
{
    struct pm_script_item *items = NULL;
    size_t n = 0;

    for (size_t i = 0; i < load->pages_n; i++) {
        const struct pm_node *map = pm_loading_part(load, load->pages[i], "scripts", PM_NODE_MAP);
        if (map == NULL || map->n == 0)
            continue;
        if (n + map->n > PM_LIMIT_SCRIPTS) {
            pm_report_add(load->reading.report, map->place, "more than %d scripts",
                          PM_LIMIT_SCRIPTS);
            break;
        }
        items = pm_resize(items, n + map->n, sizeof(*items));
        for (const struct pm_node *node = map->first; node != NULL; node = node->next)
            add_script(load, node, items, &n);
    }
    if (n > 0) {
        pm_scripts_check(load, items, n);
        hand_over(load, items, n);
    }
    free(items);
}
