/* What is typed: a filter acts with every letter, the others when Enter ends them. */
#include "prompts.h"

#include "complete.h"
#include "orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_filter(struct app *app, const char *text, struct pm_mono now)
{
    PM_CLEANUP(pm_free) char *why = NULL;

    snprintf(app->filter, sizeof app->filter, "%s", text);
    model_filter(app->model, filter_open(text, &why));
    model_build(app->model, app->procs.at, app->procs.n);
    app_follow_cursor(app);
    if (why != NULL)
        app_say(app, LOOK_BAD, now, "%s", why);
}

void prompts_search(struct app *app, bool backwards, struct pm_mono now)
{
    if (*app->search == '\0')
        app_say(app, LOOK_CHANGING, now, "nothing was searched for yet: / searches");
    else if (!scroll_find(app->scroll, backwards, (size_t)app->log_height))
        app_say(app, LOOK_CHANGING, now, "\"%s\" is in none of the %zu lines here", app->search,
                scroll_count(app->scroll));
}

/* The targets go to that deputy; which one there is, is said by the sheriff. */
static void move_to(struct app *app, const char *host, struct pm_mono now)
{
    size_t n;
    const struct pm_proc **targets = model_targets(app->model, &n);

    if (n > 0)
        app->port->move(app->self, targets, n, host);
    else
        app_say(app, LOOK_CHANGING, now, "there is no process here");
    free(targets);
}

static void prompt_done(struct app *app, enum prompt_kind kind, const char *text,
                        struct pm_mono now)
{
    PM_CLEANUP(pm_free) char *why = NULL;

    if (kind == PROMPT_COMMAND) {
        orders_typed(app, text, now);
    } else if (kind == PROMPT_SAVE && *text != '\0') {
        app->port->save(app->self, text);
    } else if (kind == PROMPT_APPLY && *text != '\0') {
        app->port->apply_file(app->self, text);
    } else if (kind == PROMPT_RUN && *text != '\0') {
        app->port->run(app->self, text);
    } else if (kind == PROMPT_MOVE && *text != '\0') {
        move_to(app, text, now);
    } else if (kind == PROMPT_SEARCH && scroll_search(app->scroll, text, &why)) {
        snprintf(app->search, sizeof app->search, "%s", text);
        if (*text != '\0')
            prompts_search(app, true, now);
    } else if (kind == PROMPT_LINES && scroll_filter(app->scroll, text, &why)) {
        snprintf(app->lines, sizeof app->lines, "%s", text);
    }
    if (why != NULL)
        app_say(app, LOOK_BAD, now, "%s", why);
}

/* ---- completion ------------------------------------------------------------------------------ */

static void offer_deputies(const struct app *app, struct complete *to)
{
    for (size_t i = 0; i < app->deputies.n; i++)
        complete_offer(to, app->deputies.at[i].name);
}

static void offer_scripts(const struct app *app, struct complete *to)
{
    for (size_t i = 0; i < app->scripts.n; i++)
        complete_offer(to, app->scripts.at[i].name);
}

/* Actions and verbs; behind the first word processes and groups. */
static void offer_words(const struct app *app, bool first, struct complete *to)
{
    for (enum action action = 1; first && action < ACTION_COUNT; action++)
        complete_offer(to, actions[action].word);
    for (int verb = PM_VERB_NONE + 1; first && verb < (int)pm_verb_count; verb++)
        if (action_by_word(pm_word(&pm_verb_words, verb)) == ACTION_NONE)
            complete_offer(to, pm_word(&pm_verb_words, verb));
    for (size_t i = 0; !first && i < app->procs.n; i++) {
        PM_CLEANUP(pm_free) char *word = app_select(&app->procs.at[i]);
        complete_offer(to, word);
    }
}

static void complete(struct app *app, struct pm_mono now)
{
    struct prompt *prompt = &app->prompt;
    enum prompt_kind kind = prompt->kind;
    const char *blank = kind == PROMPT_COMMAND ? strrchr(prompt->text, ' ') : NULL;
    size_t before = blank ? (size_t)(blank + 1 - prompt->text) : 0;
    struct complete all = { .begun = prompt->text + before };
    bool path = kind == PROMPT_APPLY || kind == PROMPT_SAVE;

    if (path)
        app->port->paths(app->self, &all);
    else if (kind == PROMPT_MOVE)
        offer_deputies(app, &all);
    else if (kind == PROMPT_RUN)
        offer_scripts(app, &all);
    else if (kind == PROMPT_COMMAND)
        offer_words(app, before == 0, &all);
    else
        return;
    if (all.found == 0 || before + strlen(all.common) + 1 > PROMPT_BYTES) {
        app_say(app, LOOK_CHANGING, now, "nothing begins so");
        return;
    }
    if (all.found > 1)
        app_say(app, LOOK_FAINT, now, "%s", all.listed);
    strcpy(prompt->text + before, all.common);
    if (all.found == 1 && kind == PROMPT_COMMAND)
        strcat(prompt->text, " ");
}

void prompts_key(struct app *app, uint32_t key, struct pm_mono now)
{
    struct prompt *prompt = &app->prompt;
    enum prompt_kind kind = prompt->kind;
    enum prompt_did did = prompt_key(prompt, key);

    if (key == KEY_TAB)
        complete(app, now);
    if (kind == PROMPT_FILTER && did != PROMPT_NOTHING)
        set_filter(app, prompt->text, now); /* one sees what it does while typing */
    if (did == PROMPT_DONE || did == PROMPT_CANCELLED)
        prompt->kind = PROMPT_NONE;
    if (did == PROMPT_DONE && kind != PROMPT_FILTER)
        prompt_done(app, kind, prompt->text, now);
}
