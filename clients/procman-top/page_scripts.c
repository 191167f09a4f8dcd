/* The scripts that there are, and how far the one is that is being run, or was run last. */
#include "draw.h"

#include <procman/text.h>

#include <stdio.h>
#include <string.h>

static enum look look_of(enum pm_run_state state)
{
    switch (state) {
    case PM_RUN_STATE_DOING:
        return LOOK_CHANGING;
    case PM_RUN_STATE_DONE:
        return LOOK_GOOD;
    case PM_RUN_STATE_FAILED:
    case PM_RUN_STATE_ABORTED:
        return LOOK_BAD;
    default:
        return LOOK_FAINT;
    }
}

static const char *symbol_of(enum pm_run_state state, bool ascii)
{
    static const struct { const char *glyph, *ascii; } symbols[] = {
        [PM_RUN_STATE_TODO] = { "○", "-" },    [PM_RUN_STATE_DOING] = { "◐", "~" },
        [PM_RUN_STATE_DONE] = { "●", "+" },    [PM_RUN_STATE_FAILED] = { "✖", "X" },
        [PM_RUN_STATE_SKIPPED] = { "◇", "=" }, [PM_RUN_STATE_ABORTED] = { "✖", "X" },
    };

    if ((size_t)state >= PM_COUNT(symbols))
        return "?";
    return ascii ? symbols[state].ascii : symbols[state].glyph;
}

static void add_run(struct page *page, const struct pm_script_run *run, bool ascii)
{
    page_add(page, look_of(run->state), " %s %s%s%s, begun by %s", run->script,
             pm_word(&pm_run_state_words, (int)run->state), *run->reason ? ": " : "", run->reason,
             run->by);
    for (size_t i = 0; i < run->steps.n; i++) {
        const struct pm_run_step *step = &run->steps.at[i];
        char took[PM_TEXT_SIZE] = "";
        if (step->took_ms > 0)
            pm_text_age(step->took_ms, took);
        page_add(page, look_of(step->state), " %s %-7s %6s  %s%s%s",
                 symbol_of(step->state, ascii), pm_word(&pm_run_state_words, (int)step->state),
                 took, step->text, *step->reason ? ": " : "", step->reason);
    }
}

void page_scripts(struct app *app, bool ascii)
{
    struct page *page = &app->page;

    page_clear(page);
    page_title(page, "Scripts; g runs one");
    for (size_t i = 0; i < app->scripts.n; i++)
        page_add(page, LOOK_PLAIN, " %-30s %zu step%s  %s", app->scripts.at[i].name,
                 app->scripts.at[i].steps.n, app->scripts.at[i].steps.n == 1 ? "" : "s",
                 app->scripts.at[i].origin);
    if (app->scripts.n == 0)
        page_add(page, LOOK_FAINT, " %s", app->scripts_known
                 ? "there is none: see scripts in procman.yaml(5)" : "not come yet");
    if (app->run == NULL || app->run->number == 0)
        return;
    page_title(page, app->run->state == PM_RUN_STATE_DOING ? "Being run; X aborts it"
                                                           : "Run last");
    add_run(page, app->run, ascii);
}

char *scripts_line(const struct app *app)
{
    const struct pm_script_run *run = app->run;

    for (size_t i = 0; run != NULL && run->state == PM_RUN_STATE_DOING && i < run->steps.n; i++)
        if (run->steps.at[i].state == PM_RUN_STATE_DOING)
            return pm_printf("Script %s: step %zu of %zu, %s", run->script, i + 1, run->steps.n,
                             run->steps.at[i].text);
    return NULL;
}
