/* From a script to the steps of a run.
 *
 * A script that runs others is unfolded, so that the run is a list that nobody changes any more:
 * a new configuration does not reach into it. What can be known to be wrong is told before the
 * first step.
 */
#include "sheriffd/run.h"

#include <procman/limits.h>
#include <procman/suggest.h>
#include <procman/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SELECT_TEXT 300 /* bytes of selectors in the text of a step */

/* A script that is being unfolded, and the one whose step it is. */
struct unfolding { const struct unfolding *outer; const struct pm_script *script; };

struct making {
    const struct pm_script_list *scripts;
    struct pm_arena *arena;
    struct pm_run_step *steps;
    size_t n;
    char *why;
    enum pm_err err;
};

static enum pm_err refuse(struct making *making, enum pm_err err, char *why)
{
    making->err = err;
    making->why = why;
    return err;
}

static const struct pm_script *find(const struct pm_script_list *scripts, const char *name)
{
    for (size_t i = 0; i < scripts->n; i++)
        if (strcmp(scripts->at[i].name, name) == 0)
            return &scripts->at[i];
    return NULL;
}

static enum pm_err unknown(struct making *making, const char *name)
{
    struct pm_suggest nearest = { .wrong = name };

    for (size_t i = 0; i < making->scripts->n; i++)
        pm_suggest_try(&nearest, making->scripts->at[i].name);
    if (nearest.best != NULL)
        return refuse(making, PM_NOT_FOUND, pm_printf("there is no script %s; did you mean %s?",
                                                      name, nearest.best));
    return refuse(making, PM_NOT_FOUND,
                  pm_printf("there is no script %s; %s", name, making->scripts->n > 0 ?
                            "see procmanctl script list" :
                            "none is defined: see scripts in procman.yaml(5)"));
}

/* ---- texts -------------------------------------------------------------------------- */

static void join(const struct pm_strs *words, char *text, size_t size)
{
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < words->n && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, "%s%s", i > 0 ? " " : "", words->at[i]);
}

static const char *text_of(struct making *making, const struct pm_step *step)
{
    const char *verb = pm_word(&pm_step_verb_words, (int)step->verb);
    char words[SELECT_TEXT], text[SELECT_TEXT + 80], span[PM_TEXT_SIZE];
    bool waits = step->wait != PM_STEP_WAIT_NO;

    join(&step->select, words, sizeof words);
    if (step->verb == PM_STEP_VERB_SLEEP)
        snprintf(text, sizeof text, "sleep %s", pm_text_duration(step->sleep_ms, span));
    else if (step->verb == PM_STEP_VERB_RUN)
        snprintf(text, sizeof text, "run %s", step->script);
    else if (step->verb == PM_STEP_VERB_PARALLEL)
        snprintf(text, sizeof text, "parallel");
    else
        snprintf(text, sizeof text, "%s %s%s%s", verb, words, waits ? ", until " : "",
                 waits ? pm_word(&pm_step_wait_words, (int)step->wait) : "");
    return pm_arena_str(making->arena, text, strlen(text));
}

/* ---- steps -------------------------------------------------------------------------- */

static enum pm_err add_script(struct making *making, const char *name,
                              const struct unfolding *outer);

/* Those of script from `at` to `to`. */
static enum pm_err add_steps(struct making *making, const struct unfolding *here, size_t at,
                             size_t to)
{
    const struct pm_step_list *steps = &here->script->steps;
    enum pm_err err = PM_OK;

    for (; at < to && err == PM_OK; at += 1 + steps->at[at].span) {
        const struct pm_step *step = &steps->at[at];
        size_t nth = making->n++;

        if (nth >= PM_LIMIT_STEPS)
            return refuse(making, PM_LIMIT, pm_printf("script %s has, with those it runs, more "
                                                      "than %d steps", here->script->name,
                                                      PM_LIMIT_STEPS));
        making->steps[nth] = (struct pm_run_step){ .error = "", .reason = "" };
        making->steps[nth].text = text_of(making, step);
        making->steps[nth].step = *step;
        if (step->verb == PM_STEP_VERB_RUN)
            err = add_script(making, step->script, here);
        else if (step->span > 0)
            err = add_steps(making, here, at + 1, at + 1 + step->span);
        making->steps[nth].span = making->n - nth - 1;
    }
    return err;
}

static enum pm_err add_script(struct making *making, const char *name,
                              const struct unfolding *outer)
{
    struct unfolding here = { .outer = outer, .script = find(making->scripts, name) };

    if (here.script == NULL)
        return unknown(making, name);
    for (; outer != NULL; outer = outer->outer)
        if (outer->script == here.script)
            return refuse(making, PM_BAD_CONFIG, pm_printf("script %s runs itself", name));
    return add_steps(making, &here, 0, here.script->steps.n);
}

enum pm_err run_make(const struct pm_script_list *scripts, const char *name,
                     struct pm_arena *arena, struct pm_script_run *out, char **why)
{
    struct making making = { .scripts = scripts, .arena = arena };
    struct pm_script_run run = { .script = pm_arena_str(arena, name, strlen(name)), .by = "",
                                 .error = "", .reason = "" };

    making.steps = pm_arena_get(arena, PM_LIMIT_STEPS * sizeof *making.steps);
    pm_assert(making.steps != NULL && run.script != NULL);
    if (add_script(&making, name, NULL) != PM_OK) {
        *why = making.why;
        return making.err;
    }
    run.steps = (struct pm_run_step_list){ .at = making.steps, .n = making.n };
    *out = run;
    return PM_OK;
}
