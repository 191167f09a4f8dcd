/* What the program knows, and what comes in. */
#include "app.h"

#include <procman/select.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAID_MS 8000 /* how long a line above the key bar stays */

struct app *app_new(const struct app_port *port, void *self)
{
    struct app *app = pm_alloc(sizeof *app);

    app->port = port;
    app->self = self;
    keymap_init(&app->keymap);
    app->model = model_new();
    app->history = history_new();
    app->scroll = scroll_new();
    app->specs = specs_new();
    app->followed_at.ms = -FOLLOW_MS;
    model_specs(app->model, app->specs);
    app->pane = PANE_HALF;
    app->mouse = true;
    return app;
}

void app_close(struct app **where)
{
    struct app *app = *where;

    if (app == NULL)
        return;
    app_ask_no_more(app);
    draft_drop(app);
    model_close(&app->model);
    history_close(&app->history);
    scroll_close(&app->scroll);
    specs_close(&app->specs);
    page_fini(&app->page);
    for (size_t i = 0; i < app->n_last; i++)
        free(app->last[i].text);
    free(app->last);
    free(app->followed);
    free(app->sheriff.host);
    free(app->sheriff.software);
    free(app->sheriff.why);
    free(app);
    *where = NULL;
}

void app_ask_no_more(struct app *app)
{
    struct question *question = &app->question;

    for (size_t i = 0; i < question->n; i++) {
        free(question->select[i]);
        free(question->names[i]);
    }
    free(question->select);
    free(question->names);
    *question = (struct question){ 0 };
}

char *app_name(const struct pm_proc *proc)
{
    return pm_printf("%s%s%s@%s", proc->group, *proc->group ? "/" : "", proc->name, proc->host);
}

char *app_select(const struct pm_proc *proc)
{
    return pm_select_word(proc->group, proc->name, proc->host);
}

/* ---- news ------------------------------------------------------------------------------------ */

void app_fleet(struct app *app, struct pm_proc_list procs, struct pm_deputy_list deputies)
{
    app->procs = procs;
    app->deputies = deputies;
    model_build(app->model, procs.at, procs.n);
    app_follow_cursor(app);
}

void app_turn(struct app *app, struct pm_mono now)
{
    app->now = now;
    if (app->follow_late)
        app_follow_cursor(app);
}

bool app_past(struct app *app, uint64_t id, struct pm_past_life_list past)
{
    if (app->view != VIEW_DETAILS || id != app->details_id)
        return false;
    app->past = past;
    return true;
}

bool app_wants_specs(const struct app *app)
{
    return model_view(app->model)->arrange == BY_LABEL || app->view == VIEW_GRAPH;
}

/* A label is to be chosen, and now it is known which there are. */
static void choose_label(struct app *app)
{
    struct model_view *view = model_view(app->model);
    const char *first = specs_next_label(app->specs, "");

    if (view->arrange != BY_LABEL || *view->label != '\0')
        return;
    snprintf(view->label, sizeof view->label, "%s", first ? first : "");
    if (first != NULL)
        return;
    view->arrange = BY_GROUP;
    app_say(app, LOOK_CHANGING, app->now, "no process has labels: see procman.yaml(5)");
}

void app_specs(struct app *app, struct pm_spec_list list, struct pm_proc_list procs)
{
    specs_take(app->specs, list, procs);
    choose_label(app);
    model_build(app->model, app->procs.at, app->procs.n);
}

void app_second(struct app *app)
{
    history_sample(app->history, app->procs.at, app->procs.n);
}

const struct pm_proc *app_proc(const struct app *app, uint64_t id)
{
    for (size_t i = 0; i < app->procs.n; i++)
        if (app->procs.at[i].id == id)
            return &app->procs.at[i];
    return NULL;
}

void app_sheriff(struct app *app, bool up, const char *why)
{
    app->sheriff.up = up;
    free(app->sheriff.why);
    app->sheriff.why = pm_strdup(why);
}

static size_t place_of_last(const struct app *app, uint64_t id)
{
    size_t from = 0, to = app->n_last;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (app->last[middle].id < id)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

const struct last_line *app_last_of(const struct app *app, uint64_t id)
{
    size_t at = place_of_last(app, id);

    return at < app->n_last && app->last[at].id == id ? &app->last[at] : NULL;
}

void app_last_line(struct app *app, uint64_t id, uint64_t end, const char *text, size_t n)
{
    size_t at = place_of_last(app, id);

    if (at == app->n_last || app->last[at].id != id) {
        app->last = pm_resize(app->last, app->n_last + 1, sizeof *app->last);
        memmove(&app->last[at + 1], &app->last[at], (app->n_last++ - at) * sizeof *app->last);
        app->last[at] = (struct last_line){ .id = id };
    }
    free(app->last[at].text);
    app->last[at].text = pm_alloc(n + 1);
    if (n > 0)
        memcpy(app->last[at].text, text, n);
    app->last[at].end = end;
}

void app_say(struct app *app, enum look look, struct pm_mono now, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(app->said, sizeof app->said, format, arguments);
    va_end(arguments);
    app->said_look = look;
    app->said_until = pm_mono_after(now, SAID_MS);
}

/* ---- whose logs ------------------------------------------------------------------------------ */

static bool follows_these(const struct app *app, const uint64_t *ids, size_t n)
{
    return n == app->n_followed && (n == 0 || memcmp(ids, app->followed, n * sizeof *ids) == 0);
}

void app_follow(struct app *app, const uint64_t *ids, size_t n)
{
    if (follows_these(app, ids, n))
        return;
    app->followed = pm_resize(app->followed, n + 1, sizeof *app->followed);
    if (n > 0)
        memmove(app->followed, ids, n * sizeof *ids);
    app->n_followed = n;
    app->followed_at = app->now;
    app_follow_anew(app);
}

void app_follow_anew(struct app *app)
{
    scroll_clear(app->scroll);
    scroll_follow(app->scroll, true);
    app->sideways = 0;
    app->port->follow(app->self, app->followed, app->n_followed, app->since);
}

/* The pane shows whom the cursor stands on, unless somebody was chosen. A key that is held down
 * runs over many: those it only passes are not asked for. */
void app_follow_cursor(struct app *app)
{
    const struct row *row = model_at_cursor(app->model);
    bool shown = app->view == VIEW_TABLE && app->pane != PANE_OFF;
    bool on_branch = shown && (row == NULL || row->proc == NULL);
    const uint64_t *id = shown && !on_branch ? &row->proc->id : NULL;

    app->follow_late = false;
    if (app->pinned || app->view == VIEW_LOGS || on_branch || follows_these(app, id, id != NULL))
        return;
    if (pm_mono_since(app->followed_at, app->now) < FOLLOW_MS)
        app->follow_late = true;
    else
        app_follow(app, id, id != NULL);
}
