/* Scripts back to a file: a line a step, in the words that the reader takes. */
#include "config/writer.h"

#include <procman/text.h>

#include <string.h>

static void write_key(struct pm_writer *w, const char *name, bool first)
{
    pm_sink_print(&w->out, w->json ? "%s\"%s\": " : "%s%s: ", first ? "" : ", ", name);
}

static void write_time(struct pm_writer *w, uint64_t ms)
{
    char text[PM_TEXT_SIZE];

    pm_write_word(w, pm_text_duration(ms, text));
}

static void write_select(struct pm_writer *w, const struct pm_strs *select)
{
    if (select->n == 1) {
        pm_write_word(w, select->at[0]);
        return;
    }
    pm_sink_str(&w->out, "[");
    for (size_t i = 0; i < select->n; i++) {
        pm_sink_str(&w->out, i > 0 ? ", " : "");
        pm_write_word(w, select->at[i]);
    }
    pm_sink_str(&w->out, "]");
}

static void write_step(struct pm_writer *w, const struct pm_step *step);

/* Those of a `parallel`: n that follow it, those in them included. */
static void write_inner(struct pm_writer *w, const struct pm_step *steps, size_t n)
{
    pm_sink_str(&w->out, "[");
    for (size_t i = 0; i < n; i += 1 + steps[i].span) {
        pm_sink_str(&w->out, i > 0 ? ", " : "");
        write_step(w, &steps[i]);
    }
    pm_sink_str(&w->out, "]");
}

static void write_what(struct pm_writer *w, const struct pm_step *step)
{
    write_key(w, pm_word(&pm_step_verb_words, (int)step->verb), true);
    switch (step->verb) {
    case PM_STEP_VERB_SLEEP:
        write_time(w, step->sleep_ms);
        break;
    case PM_STEP_VERB_RUN:
        pm_write_word(w, step->script);
        break;
    case PM_STEP_VERB_PARALLEL:
        write_inner(w, step + 1, step->span);
        break;
    default:
        write_select(w, &step->select);
    }
}

static void write_step(struct pm_writer *w, const struct pm_step *step)
{
    pm_sink_str(&w->out, "{");
    write_what(w, step);
    if (step->wait != PM_STEP_WAIT_NO) {
        write_key(w, "wait", false);
        pm_write_word(w, pm_word(&pm_step_wait_words, (int)step->wait));
    }
    if (step->timeout_ms > 0) {
        write_key(w, "timeout", false);
        write_time(w, step->timeout_ms);
    }
    if (step->on_failure != PM_STEP_FAILURE_ABORT) {
        write_key(w, "on_failure", false);
        pm_write_word(w, pm_word(&pm_step_failure_words, (int)step->on_failure));
    }
    pm_sink_str(&w->out, "}");
}

static void write_script(struct pm_writer *w, const struct pm_script *script)
{
    pm_sink_str(&w->out, "\n  ");
    pm_write_word(w, script->name);
    pm_sink_str(&w->out, w->json ? ": [" : ":");
    for (size_t i = 0; i < script->steps.n; i += 1 + script->steps.at[i].span) {
        pm_sink_str(&w->out, !w->json ? "\n    - " : i > 0 ? ",\n    " : "\n    ");
        write_step(w, &script->steps.at[i]);
    }
    pm_sink_str(&w->out, w->json ? "]" : "");
}

void pm_write_scripts(struct pm_writer *w, const struct pm_script_list *scripts)
{
    pm_sink_str(&w->out, w->json ? "\"scripts\": {" : "scripts:");
    for (size_t i = 0; i < scripts->n; i++) {
        pm_sink_str(&w->out, w->json && i > 0 ? "," : "");
        write_script(w, &scripts->at[i]);
    }
    pm_sink_str(&w->out, w->json ? "}" : "\n");
}
