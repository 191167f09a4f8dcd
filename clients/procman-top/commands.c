/* What keys and typed words do. */
#include "draw.h"
#include "orders.h"
#include "prompts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE_STEP 16 /* columns one key moves long lines */

enum where app_where(const struct app *app)
{
    if (app->view == VIEW_TABLE)
        return app->in_pane ? IN_LOGS : IN_TABLE;
    return app->view == VIEW_LOGS ? IN_LOGS : IN_TEXT;
}

bool app_can_change(const struct app *app)
{
    return !app->read_only && app->may_command;
}

/* ---- views ----------------------------------------------------------------------------------- */

static void show_view(struct app *app, enum view view)
{
    if (app->view != VIEW_HELP)
        app->under = app->view;
    app->view = view;
    app->page.top = 0;
    app_follow_cursor(app);
}

static void open_details(struct app *app)
{
    const struct row *row = model_at_cursor(app->model);

    if (row == NULL)
        return;
    if (row->proc == NULL) {
        model_fold(app->model, FOLD_TOGGLE);
        return;
    }
    app->details_id = row->proc->id;
    app->spec = NULL;
    app->shows_values = false;
    app->past = (struct pm_past_life_list){ 0 };
    app->port->details(app->self, row->proc);
    show_view(app, VIEW_DETAILS);
}

static void open_logs(struct app *app)
{
    size_t n;
    const struct pm_proc **targets = model_targets(app->model, &n);
    uint64_t *ids = pm_resize(NULL, n + 1, sizeof *ids);

    for (size_t i = 0; i < n; i++)
        ids[i] = targets[i]->id;
    if (n > 0) {
        app->pinned = true;
        app_follow(app, ids, n);
        show_view(app, VIEW_LOGS);
    }
    free(ids);
    free(targets);
}

static void back(struct app *app)
{
    if (app->view != VIEW_TABLE) {
        app->pinned = app->pinned && app->view != VIEW_LOGS;
        app->view = app->view == VIEW_HELP ? app->under : VIEW_TABLE;
        app->page.top = 0;
    } else if (app->in_pane) {
        app->in_pane = false;
    } else if (*app->filter != '\0') {
        *app->filter = '\0';
        model_filter(app->model, NULL);
    } else {
        model_untag_all(app->model);
    }
    app_follow_cursor(app);
}

static void set_since(struct app *app, enum since since)
{
    app->since = since;
    app_follow_anew(app);
}

/* ---- moving ---------------------------------------------------------------------------------- */

static void move(struct app *app, long rows)
{
    if (app_where(app) == IN_LOGS) {
        if (rows < 0 && scroll_top(app->scroll, (size_t)app->log_height) == 0)
            app->port->earlier(app->self);
        scroll_move(app->scroll, rows, (size_t)app->log_height);
    } else if (app_where(app) == IN_TEXT) {
        page_move(&app->page, rows, (size_t)app->table_height);
    } else {
        model_move(app->model, rows);
    }
}

static long a_page(const struct app *app)
{
    int height = app_where(app) == IN_LOGS ? app->log_height : app->table_height;

    return height > 1 ? height - 1 : 1;
}

static void to_the_oldest(struct app *app)
{
    if (app->since != SINCE_ALL)
        set_since(app, SINCE_ALL);
    scroll_go(app->scroll, 0, (size_t)app->log_height);
}

static void to_the_end(struct app *app, bool last)
{
    size_t n;

    (void)model_rows(app->model, &n);
    if (app_where(app) == IN_TABLE)
        model_go(app->model, last ? n : 0);
    else if (app_where(app) == IN_TEXT)
        page_move(&app->page, last ? (long)app->page.n : -(long)app->page.n,
                  (size_t)app->table_height);
    else if (last)
        scroll_follow(app->scroll, true);
    else
        to_the_oldest(app);
}

static void sort_by(struct app *app, enum column column)
{
    struct model_view *view = model_view(app->model);

    view->inverted = view->sort == column && !view->inverted;
    view->sort = column;
}

/* By group, by host, by each label that there is. */
static void arrange_next(struct app *app)
{
    struct model_view *view = model_view(app->model);
    const char *next = "";

    if (view->arrange == BY_LABEL)
        next = specs_next_label(app->specs, view->label);
    else if (view->arrange == BY_HOST)
        app->port->specs(app->self);
    if (view->arrange == BY_GROUP || view->arrange == FLAT || next == NULL) {
        view->arrange = view->arrange == BY_GROUP ? BY_HOST : BY_GROUP;
        return;
    }
    view->arrange = BY_LABEL;
    snprintf(view->label, sizeof view->label, "%s", next);
}

static void fold_all(struct app *app)
{
    app->all_folded = !app->all_folded;
    model_fold_all(app->model, app->all_folded);
}

/* ---- new ones and changed ones --------------------------------------------------------------- */

/* In an editor: a new process, or what the targets are made of. */
static void write_specs(struct app *app, bool new)
{
    size_t n = 0;
    const struct pm_proc **targets = new ? NULL : model_targets(app->model, &n);

    if (!new && n == 0)
        app_say(app, LOOK_CHANGING, app->now, "there is no process here");
    else
        app->port->write(app->self, targets, n);
    free(targets);
}

/* ---- actions --------------------------------------------------------------------------------- */

static void do_in_table(struct app *app, enum action action, struct pm_mono now)
{
    struct model_view *view = model_view(app->model);

    switch (action) {
    case ACTION_START:      orders_give(app, PM_VERB_START, 0, now); break;
    case ACTION_STOP:
    case ACTION_CLEAR:      orders_give(app, PM_VERB_STOP, 0, now); break;
    case ACTION_RESTART:    orders_give(app, PM_VERB_RESTART, 0, now); break;
    case ACTION_REMOVE:     orders_give(app, PM_VERB_REMOVE, 0, now); break;
    case ACTION_SIGNAL:     app->menu = (struct menu){ .open = true }; break;
    case ACTION_APPLY:      prompt_open(&app->prompt, PROMPT_APPLY, ""); break;
    case ACTION_NEW:        write_specs(app, true); break;
    case ACTION_EDIT:       write_specs(app, false); break;
    case ACTION_MOVE_TO:    prompt_open(&app->prompt, PROMPT_MOVE, ""); break;
    case ACTION_TAG:        model_tag(app->model); model_move(app->model, 1); break;
    case ACTION_TAG_ALL:    model_tag_shown(app->model); break;
    case ACTION_UNTAG:      model_untag_all(app->model); break;
    case ACTION_FOLD:       model_fold(app->model, FOLD); break;
    case ACTION_UNFOLD:     model_fold(app->model, UNFOLD); break;
    case ACTION_TOGGLE:     model_fold(app->model, FOLD_TOGGLE); break;
    case ACTION_FOLD_ALL:   fold_all(app); break;
    case ACTION_DETAILS:    open_details(app); break;
    case ACTION_TREE:       view->arrange = view->arrange == FLAT ? BY_GROUP : FLAT; break;
    case ACTION_GROUPING:   arrange_next(app); break;
    case ACTION_SORT_LEFT:  sort_by(app, (view->sort + COLUMN_COUNT - 1) % COLUMN_COUNT); break;
    case ACTION_SORT_RIGHT: sort_by(app, (view->sort + 1) % COLUMN_COUNT); break;
    case ACTION_INVERT:     view->inverted = !view->inverted; break;
    case ACTION_BY_CPU:     sort_by(app, COLUMN_CPU); break;
    case ACTION_BY_MEMORY:  sort_by(app, COLUMN_MEMORY); break;
    case ACTION_BY_NAME:    sort_by(app, COLUMN_NAME); break;
    case ACTION_BY_UPTIME:  sort_by(app, COLUMN_UPTIME); break;
    case ACTION_BY_RESTARTS: sort_by(app, COLUMN_RESTARTS); break;
    case ACTION_FILTER:     prompt_open(&app->prompt, PROMPT_FILTER, app->filter); break;
    case ACTION_FILTER_HOST: prompt_open(&app->prompt, PROMPT_FILTER, "@"); break;
    case ACTION_FILTER_STATE: prompt_open(&app->prompt, PROMPT_FILTER, "%"); break;
    case ACTION_FREEZE:     app->frozen = !app->frozen; break;
    case ACTION_OPEN_LOGS:  open_logs(app); break;
    case ACTION_HOSTS:      show_view(app, VIEW_HOSTS); break;
    case ACTION_SCRIPTS:    app->port->scripts(app->self); show_view(app, VIEW_SCRIPTS); break;
    case ACTION_GRAPH:      app->port->specs(app->self); show_view(app, VIEW_GRAPH); break;
    case ACTION_EVENTS:     app->port->events(app->self); show_view(app, VIEW_EVENTS); break;
    case ACTION_SHERIFF:    show_view(app, VIEW_SHERIFF); break;
    case ACTION_MOUSE:
        app->mouse = !app->mouse;
        app->port->mouse(app->self, app->mouse);
        break;
    default:
        break;
    }
}

static void do_in_logs(struct app *app, enum action action, struct pm_mono now)
{
    switch (action) {
    case ACTION_FOLLOW:     scroll_follow(app->scroll, !scroll_follows(app->scroll)); break;
    case ACTION_SEARCH:     prompt_open(&app->prompt, PROMPT_SEARCH, ""); break;
    case ACTION_LINES:      prompt_open(&app->prompt, PROMPT_LINES, app->lines); break;
    case ACTION_NEXT:       prompts_search(app, false, now); break;
    case ACTION_PREVIOUS:   prompts_search(app, true, now); break;
    case ACTION_WRAP:       app->wrap = !app->wrap; app->sideways = 0; break;
    case ACTION_SIDE_RIGHT: app->sideways += app->wrap ? 0 : SIDE_STEP; break;
    case ACTION_SIDE_LEFT:
        app->sideways -= app->sideways < SIDE_STEP ? app->sideways : SIDE_STEP;
        break;
    case ACTION_TIMES:      app->times = !app->times; break;
    case ACTION_STREAMS:
        app->streams = (app->streams + 1) % STREAMS_COUNT;
        scroll_streams(app->scroll, app->streams);
        break;
    case ACTION_MARK:       scroll_note(app->scroll, 0, LINE_MARK, app->wall.ms, "mark"); break;
    case ACTION_SAVE:       prompt_open(&app->prompt, PROMPT_SAVE, ""); break;
    case ACTION_PAGER:      app->port->page(app->self); break;
    default:
        break;
    }
}

static void move_by_key(struct app *app, enum action action)
{
    switch (action) {
    case ACTION_UP:        move(app, -1); break;
    case ACTION_DOWN:      move(app, 1); break;
    case ACTION_PAGE_UP:   move(app, -a_page(app)); break;
    case ACTION_PAGE_DOWN: move(app, a_page(app)); break;
    case ACTION_FIRST:     to_the_end(app, false); break;
    case ACTION_LAST:      to_the_end(app, true); break;
    default:               break;
    }
}

static void ask_for_script(struct app *app)
{
    app->port->scripts(app->self); /* to complete its name */
    prompt_open(&app->prompt, PROMPT_RUN, "");
}

static void do_anywhere(struct app *app, enum action action)
{
    switch (action) {
    case ACTION_HELP:    show_view(app, VIEW_HELP); break;
    case ACTION_COMMAND: prompt_open(&app->prompt, PROMPT_COMMAND, ""); break;
    case ACTION_REDRAW:  app->port->redraw(app->self); break;
    case ACTION_BACK:    back(app); break;
    case ACTION_QUIT:    app->quit = true; break;
    case ACTION_RUN:     ask_for_script(app); break;
    case ACTION_ABORT:   app->port->abort(app->self); break;
    case ACTION_VALUES:  app->shows_values = app->view == VIEW_DETAILS && !app->shows_values; break;
    case ACTION_THEME:   app->theme = (app->theme + 1) % themes_n; break;
    case ACTION_PANE:    app->pane = (app->pane + 1) % PANE_COUNT; break;
    case ACTION_OTHER:   app->in_pane = !app->in_pane && app->pane != PANE_OFF; break;
    default:             break;
    }
    if (action == ACTION_PANE)
        app->in_pane &= app->pane != PANE_OFF;
}

void app_do(struct app *app, enum action action, struct pm_mono now)
{
    app->now = now;
    if (actions[action].changes && !app_can_change(app)) {
        app_say(app, LOOK_BAD, now, "%s: %s", actions[action].word,
                app->read_only ? "not with --read-only" : "this socket is for looking only");
        return;
    }
    if (action >= ACTION_SINCE_1 && action <= ACTION_SINCE_6)
        set_since(app, SINCE_1M + (action - ACTION_SINCE_1));
    else if (actions[action].section == SECTION_MOVE && actions[action].where == IN_ALL)
        move_by_key(app, action);
    else if (app_where(app) == IN_LOGS && (actions[action].where & IN_LOGS))
        do_in_logs(app, action, now);
    else if (actions[action].where & IN_TABLE)
        do_in_table(app, action, now);
    do_anywhere(app, action);
    model_build(app->model, app->procs.at, app->procs.n);
    app_follow_cursor(app);
}

void app_key(struct app *app, uint32_t key, struct pm_mono now)
{
    app->now = now;
    if (app->question.open)
        orders_answer(app, key, now);
    else if (app->view == VIEW_DRAFT)
        draft_key(app, key);
    else if (app->menu.open)
        orders_menu_key(app, key, now);
    else if (app->prompt.kind != PROMPT_NONE)
        prompts_key(app, key, now);
    else
        app_do(app, keymap_find(&app->keymap, key, app_where(app)), now);
}

/* ---- the mouse ------------------------------------------------------------------------------- */

void app_click(struct app *app, int row, int col, bool twice, struct pm_mono now)
{
    size_t n, at;

    app->now = now;
    (void)model_rows(app->model, &n);
    if (app->question.open || app->menu.open || app->prompt.kind != PROMPT_NONE
        || app->view == VIEW_DRAFT)
        return;
    if (row == app->keys_row) {
        app_do(app, draw_key_at(app, col), now);
    } else if (app->view != VIEW_TABLE) {
        return;
    } else if (row == app->head_row) {
        sort_by(app, draw_column_at(app, col));
        model_build(app->model, app->procs.at, app->procs.n);
    } else if (row >= app->table_row && row < app->table_row + app->table_height) {
        at = app->table_first + (size_t)(row - app->table_row);
        app->in_pane = false;
        if (at < n)
            model_go(app->model, at);
        if (twice && at < n)
            app_do(app, ACTION_DETAILS, now);
        app_follow_cursor(app);
    } else if (row >= app->log_row && row < app->log_row + app->log_height) {
        app->in_pane = true;
    }
}

void app_wheel(struct app *app, int row, long lines)
{
    bool was_in_pane = app->in_pane;

    if (app->view == VIEW_TABLE)
        app->in_pane = row >= app->log_row && app->log_height > 0;
    move(app, lines);
    app->in_pane = was_in_pane;
    app_follow_cursor(app);
}
