/* What a script names must be there: otherwise it would show half way through a run.
 *
 * `run` makes a graph of scripts, in which a way back to one that is still being run is a circle.
 */
#include "config/scripts.h"

#include <procman/select.h>
#include <procman/suggest.h>

#include <stdlib.h>
#include <string.h>

enum { UNSEEN, ON_PATH, DONE };

struct checking {
    struct pm_loading *load;
    const struct pm_script_item *items; size_t n;
    bool own_machine;             /* a process has the sheriff's own machine, whatever its name */
    unsigned char *seen;
    size_t *path, path_n;
};

/* ---- processes ---- */

static const char *nearest_name(const struct pm_loading *load, const char *word)
{
    struct pm_suggest nearest = { .wrong = word };

    for (size_t i = 0; i < load->items_n && !pm_report_full(load->reading.report); i++) {
        pm_suggest_try(&nearest, load->items[i].spec.name);
        pm_suggest_try(&nearest, load->items[i].spec.group);
    }
    return nearest.best;
}

/* Where the nth word of a selection stands. */
static const struct pm_node *word_node(const struct pm_node *map, const char *verb, size_t nth)
{
    const struct pm_node *node = pm_node_get(map, verb);

    if (node->kind == PM_NODE_LIST)
        for (node = node->first; nth > 0 && node->next != NULL; nth--)
            node = node->next;
    return node;
}

/* A word with a host cannot be held against a file that does not know the name of the sheriff's
 * own machine. */
static bool may_mean_something(const struct checking *c, const struct pm_select *select,
                               const char *word)
{
    const struct pm_loading *load = c->load;

    for (size_t i = 0; i < load->items_n; i++) {
        const struct pm_spec *spec = &load->items[i].spec;
        (void)pm_select_match(select, spec->group, spec->name, spec->host, PM_STATE_RUNNING);
        if (pm_select_unmatched(select) == NULL)
            return true;
    }
    return pm_select_unmatched(select) == NULL || (c->own_machine && strchr(word, '@') != NULL);
}

static void check_word(const struct checking *c, const char *word, const char *verb,
                       const struct pm_node *node)
{
    const struct pm_strs words = { .at = &word, .n = 1 };
    struct pm_report *report = c->load->reading.report;
    struct pm_select *select = NULL;
    char *why = NULL, quoted[PM_QUOTE_SIZE];

    if (pm_select_open(&words, &select, &why) != PM_OK) {
        pm_report_add(report, node->place, "%s: %s", verb, why);
        free(why);
    } else if (!may_mean_something(c, select, word)) {
        const char *near = nearest_name(c->load, word);
        pm_report_add(report, node->place, "%s: there is no process '%s'%s%s%s", verb,
                      pm_quote(word, quoted), near != NULL ? " (did you mean '" : "",
                      near != NULL ? near : "", near != NULL ? "'?)" : "");
    }
    pm_select_close(&select);
}

/* ---- other scripts ---- */

static size_t script_named(const struct checking *c, const char *name)
{
    size_t nth = 0;

    while (nth < c->n && strcmp(c->items[nth].script.name, name) != 0)
        nth++;
    return nth;
}

static void report_unknown(const struct checking *c, const char *name, const struct pm_node *node)
{
    struct pm_suggest nearest = { .wrong = name };
    char quoted[PM_QUOTE_SIZE];

    for (size_t i = 0; i < c->n; i++)
        pm_suggest_try(&nearest, c->items[i].script.name);
    pm_report_add(c->load->reading.report, node->place, "run: there is no script '%s'%s%s%s",
                  pm_quote(name, quoted), nearest.best != NULL ? " (did you mean '" : "",
                  nearest.best != NULL ? nearest.best : "", nearest.best != NULL ? "'?)" : "");
}

static void report_circle(const struct checking *c, size_t to, const struct pm_node *node)
{
    char *text = pm_strdup(""), quoted[PM_QUOTE_SIZE];
    size_t begin = 0;

    while (c->path[begin] != to)
        begin++;
    for (size_t i = begin; i <= c->path_n; i++) {
        const char *name = c->items[i < c->path_n ? c->path[i] : to].script.name;
        char *longer = pm_printf("%s%s%s", text, i > begin ? " → " : "", pm_quote(name, quoted));
        free(text);
        text = longer;
    }
    pm_report_add(c->load->reading.report, node->place, "script '%s' runs itself: %s",
                  pm_quote(c->items[c->path[c->path_n - 1]].script.name, quoted), text);
    free(text);
}

/* As deep as there are scripts, of which there are PM_LIMIT_SCRIPTS. */
static void walk(struct checking *c, size_t nth)
{
    const struct pm_script_item *item = &c->items[nth];

    c->seen[nth] = ON_PATH;
    c->path[c->path_n++] = nth;
    for (size_t i = 0; i < item->script.steps.n; i++) {
        const struct pm_step *step = &item->script.steps.at[i];
        if (step->verb != PM_STEP_VERB_RUN || *step->script == '\0')
            continue;
        const struct pm_node *node = pm_node_get(item->maps[i], "run");
        size_t to = script_named(c, step->script);
        if (to == c->n)
            report_unknown(c, step->script, node);
        else if (c->seen[to] == ON_PATH)
            report_circle(c, to, node);
        else if (c->seen[to] == UNSEEN)
            walk(c, to);
    }
    c->path_n--;
    c->seen[nth] = DONE;
}

/* ---- all of them ---- */

static void check_selections(const struct checking *c, const struct pm_script_item *item)
{
    for (size_t i = 0; i < item->script.steps.n; i++) {
        const struct pm_step *step = &item->script.steps.at[i];
        const char *verb = pm_word(&pm_step_verb_words, (int)step->verb);
        for (size_t j = 0; pm_step_selects(step->verb) && j < step->select.n; j++)
            check_word(c, step->select.at[j], verb, word_node(item->maps[i], verb, j));
    }
}

void pm_scripts_check(struct pm_loading *load, const struct pm_script_item *items, size_t n)
{
    struct checking c = { .load = load, .items = items, .n = n };

    for (size_t i = 0; i < load->items_n; i++)
        c.own_machine = c.own_machine || *load->items[i].spec.host == '\0';
    c.seen = pm_alloc(n);
    c.path = pm_alloc(n * sizeof(*c.path));
    for (size_t i = 0; i < n; i++) {
        check_selections(&c, &items[i]);
        if (c.seen[i] == UNSEEN)
            walk(&c, i);
    }
    free(c.seen);
    free(c.path);
}
