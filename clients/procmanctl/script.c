/* script: which there are, what is being run, and the end of that. */
#include "script.h"

#include "table.h"
#include "verbs.h"

#include <procman/suggest.h>
#include <procman/text.h>
#include <stdio.h>
#include <string.h>

bool script_holds(const struct pm_run_step *step)
{
    return step->step.verb == PM_STEP_VERB_RUN || step->step.verb == PM_STEP_VERB_PARALLEL;
}

uint64_t script_took_ms(const struct pm_script_run *run)
{
    return run->ended_ms > run->began_ms ? (uint64_t)(run->ended_ms - run->began_ms) : 0;
}

static enum shade shade_of_run(enum pm_run_state state)
{
    switch (state) {
    case PM_RUN_STATE_DONE:
        return SHADE_GOOD;
    case PM_RUN_STATE_DOING:
        return SHADE_CHANGING;
    case PM_RUN_STATE_FAILED:
    case PM_RUN_STATE_ABORTED:
        return SHADE_BAD;
    default:
        return SHADE_FAINT;
    }
}

/* ---- list ---- */

static const struct column list_columns[] = {
    { .title = "NAME" }, { .title = "STEPS", .right = true }, { .title = "DEFINED", .cut = true },
};

static void print_list(const struct ctl *ctl, const struct pm_script_list *scripts)
{
    struct table table;

    table_init(&table, list_columns, PM_COUNT(list_columns));
    for (size_t i = 0; i < scripts->n; ++i) {
        table_add(&table, SHADE_NONE, scripts->at[i].name);
        table_addf(&table, "%zu", scripts->at[i].steps.n);
        table_add(&table, SHADE_FAINT, scripts->at[i].origin);
    }
    if (scripts->n > 0)
        table_print(&table, ctl->set.plain);
    else
        complain("no script is defined: see scripts in procman.yaml(5)");
    table_fini(&table);
}

static enum pm_err list(struct ctl *ctl, const struct pm_scripted *scripted)
{
    if (ctl->set.json)
        return out_json("scripts", &pm_script_desc, scripted->scripts.at, scripted->scripts.n);
    print_list(ctl, &scripted->scripts);
    return PM_OK;
}

/* ---- show ---- */

static void print_words(const struct pm_strs *words, char *text, size_t size)
{
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < words->n && n < size; ++i)
        n += (size_t)snprintf(text + n, size - n, " %s", words->at[i]);
}

/* As it stands in the file, in one line. */
static void print_step(const struct pm_step *step, int depth)
{
    char words[1024], sleep[PM_TEXT_SIZE], timeout[PM_TEXT_SIZE];
    const char *verb = pm_word(&pm_step_verb_words, (int)step->verb);

    print_words(&step->select, words, sizeof(words));
    if (step->verb == PM_STEP_VERB_SLEEP)
        snprintf(words, sizeof(words), " %s", pm_text_duration(step->sleep_ms, sleep));
    if (step->verb == PM_STEP_VERB_RUN)
        snprintf(words, sizeof(words), " %s", step->script);
    out_line("%*s%s%s%s%s%s%s%s", 2 * depth, "", verb, words,
             step->wait != PM_STEP_WAIT_NO ? ", wait: " : "",
             step->wait != PM_STEP_WAIT_NO ? pm_word(&pm_step_wait_words, (int)step->wait) : "",
             step->timeout_ms > 0 ? ", timeout: " : "",
             step->timeout_ms > 0 ? pm_text_duration(step->timeout_ms, timeout) : "",
             step->on_failure == PM_STEP_FAILURE_CONTINUE ? ", on_failure: continue" : "");
}

static void print_steps(const struct pm_step *steps, size_t n, int depth)
{
    for (size_t i = 0; i < n && steps[i].span < n - i; i += 1 + steps[i].span) {
        print_step(&steps[i], depth);
        print_steps(steps + i + 1, steps[i].span, depth + 1);
    }
}

static enum pm_err show(struct ctl *ctl, const struct pm_scripted *scripted)
{
    const char *name = ctl->words.at[1];
    struct pm_suggest nearest = { .wrong = name };

    for (size_t i = 0; i < scripted->scripts.n; ++i) {
        const struct pm_script *script = &scripted->scripts.at[i];

        pm_suggest_try(&nearest, script->name);
        if (strcmp(script->name, name) != 0)
            continue;
        if (ctl->set.json)
            return out_json("scripts", &pm_script_desc, script, 1);
        out_line("%s  (%s)", script->name, script->origin);
        print_steps(script->steps.at, script->steps.n, 1);
        return PM_OK;
    }
    complain("there is no script %s%s%s%s", name, nearest.best ? "; did you mean " : "",
             nearest.best ? nearest.best : "", nearest.best ? "?" : "");
    return PM_NOT_FOUND;
}

/* ---- status ---- */

static const struct column step_columns[] = {
    { .title = "STEP", .right = true }, { .title = "STATE" }, { .title = "TIME", .right = true },
    { .title = "WHAT" }, { .title = "REASON", .cut = true },
};

static void add_step(struct table *table, const struct pm_script_run *run, size_t nth)
{
    const struct pm_run_step *step = &run->steps.at[nth];
    uint64_t ms = step->took_ms;
    char took[PM_TEXT_SIZE];

    if (step->state == PM_RUN_STATE_DOING)
        ms = (uint64_t)(pm_wall_now().ms > step->began_ms ? pm_wall_now().ms - step->began_ms : 0);
    table_addf(table, "%zu", nth + 1);
    table_add(table, shade_of_run(step->state), pm_word(&pm_run_state_words, (int)step->state));
    table_add(table, SHADE_NONE, step->began_ms != 0 ? pm_text_age(ms, took) : "");
    table_add(table, SHADE_NONE, step->text);
    table_add(table, SHADE_NONE, step->reason);
}

static void print_status(const struct ctl *ctl, const struct pm_script_run *run)
{
    struct table table;
    char age[PM_TEXT_SIZE];
    bool over = run->ended_ms != 0;
    int64_t ms = (over ? run->ended_ms : pm_wall_now().ms) - run->began_ms;

    if (!ctl->set.plain)
        out_line("script %s, run %llu: %s %s %s, by %s", run->script,
                 (unsigned long long)run->number, pm_word(&pm_run_state_words, (int)run->state),
                 over ? "after" : "for", pm_text_age((uint64_t)(ms > 0 ? ms : 0), age), run->by);
    if (!ctl->set.plain && *run->reason)
        out_line("%s", run->reason);
    table_init(&table, step_columns, PM_COUNT(step_columns));
    for (size_t i = 0; i < run->steps.n; ++i)
        add_step(&table, run, i);
    if (run->steps.n > 0)
        table_print(&table, ctl->set.plain);
    table_fini(&table);
}

static enum pm_err status(struct ctl *ctl, const struct pm_scripted *scripted)
{
    if (ctl->set.json)
        return out_json("runs", &pm_script_run_desc, &scripted->run, scripted->run.number > 0);
    if (scripted->run.number > 0)
        print_status(ctl, &scripted->run);
    else
        complain("no script was run yet");
    return PM_OK;
}

/* ---- the verb ---- */

static enum pm_err ask(struct ctl *ctl,
                       enum pm_err (*then)(struct ctl *ctl, const struct pm_scripted *scripted))
{
    struct pm_scripts request = { 0 };
    struct pm_frame frame;
    enum pm_err err = ctl_open(ctl);

    if (err == PM_OK)
        err = ctl_call(ctl, PM_MSG_SCRIPTS, &request, PM_MSG_SCRIPTED, &frame);
    if (err != PM_OK)
        return err;
    err = then(ctl, frame.msg);
    pm_frame_fini(&frame);
    return err;
}

static enum pm_err abort_run(struct ctl *ctl)
{
    struct pm_abort request = { 0 };
    uint64_t number;
    enum pm_err err = ctl_open(ctl);

    if (err != PM_OK)
        return err;
    err = pm_client_send(ctl->client, PM_MSG_ABORT, &request, &number);
    if (err != PM_OK)
        return ctl_fail(ctl, err);
    for (bool more = true; more;) {
        struct pm_frame frame;
        const struct pm_progress *progress;
        const struct pm_reply *reply;

        err = pm_client_wait(ctl->client, number, CHANGE_WAIT_MS, &frame);
        if (err != PM_OK)
            return ctl_fail(ctl, err == PM_TIMEOUT ? PM_UNREACHABLE : err);
        progress = frame.msg;
        reply = frame.msg;
        more = frame.kind != PM_MSG_REPLY;
        if (frame.kind == PM_MSG_PROGRESS && ctl->set.json)
            err = out_json("runs", &pm_script_run_desc, &progress->run, 1);
        else if (frame.kind == PM_MSG_PROGRESS)
            out_line("script %s is aborted; what it started stays as it is",
                     progress->run.script);
        else if (!more && (err = pm_err_from_word(reply->error)) != PM_OK)
            complain("%s", reply->text);
        pm_frame_fini(&frame);
    }
    return err;
}

enum pm_err verb_script(struct ctl *ctl)
{
    const char *what = ctl->words.n > 0 ? ctl->words.at[0] : "list";
    bool named = strcmp(what, "run") == 0 || strcmp(what, "show") == 0;

    if (named && ctl->words.n < 2)
        return ctl_misuse(ctl, "script %s needs the NAME of a script: see procmanctl script list",
                          what);
    if (strcmp(what, "run") == 0)
        return script_run(ctl, ctl->words.at[1]);
    if (strcmp(what, "show") == 0)
        return ask(ctl, show);
    if (ctl->words.n > 1)
        return ctl_misuse(ctl, "script %s takes no name", what);
    if (strcmp(what, "list") == 0)
        return ask(ctl, list);
    if (strcmp(what, "status") == 0)
        return ask(ctl, status);
    if (strcmp(what, "abort") == 0)
        return abort_run(ctl);
    return ctl_misuse(ctl, "script does not know \"%s\"; it is list, show, run, status or abort",
                      what);
}
