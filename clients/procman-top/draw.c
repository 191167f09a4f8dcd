/* The picture as a whole: which part gets which rows. */
#include "draw.h"

#include "orders.h"

#include <procman/text.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LEAST_ROWS 8
#define LEAST_COLS 40
#define ROWS_FOR_HOSTS 14  /* on a smaller screen the rows are worth more than the bars */
#define ROWS_FOR_LOG   14
#define HOST_COLS      48  /* a deputy's bars: so many side by side */
#define BAR_MOST       16

/* ---- the head -------------------------------------------------------------------------------- */

static void draw_now(const struct app *app, struct canvas *canvas)
{
    time_t seconds = (time_t)(app->wall.ms / 1000);
    struct tm tm;
    char text[16] = "";

    if (localtime_r(&seconds, &tm) != NULL)
        strftime(text, sizeof text, "%H:%M:%S", &tm);
    canvas_right(canvas, 0, canvas->cols - 9, 9, LOOK_PLAIN, text);
}

static void draw_sums(const struct app *app, struct canvas *canvas, int col)
{
    static const enum pm_state order[] = { PM_STATE_RUNNING, PM_STATE_STARTING, PM_STATE_STOPPING,
        PM_STATE_WAITING, PM_STATE_BACKOFF, PM_STATE_FAILED, PM_STATE_LOST, PM_STATE_EXITED,
        PM_STATE_STOPPED };
    const struct sums *sums = model_sums(app->model);
    int room = canvas->cols - 10;
    size_t up = 0;

    for (size_t i = 0; i < app->deputies.n; i++)
        up += app->deputies.at[i].state == PM_LINK_UP;
    col += canvas_printf(canvas, 0, col, room - col, up < app->deputies.n ? LOOK_BAD : LOOK_PLAIN,
                         "%zu/%zu hosts  ", up, app->deputies.n);
    col += canvas_printf(canvas, 0, col, room - col, LOOK_PLAIN, "%zu procs:", sums->n);
    for (size_t i = 0; i < PM_COUNT(order); i++)
        if (sums->by_state[order[i]] > 0 && col < room)
            col += canvas_printf(canvas, 0, col, room - col, state_look(order[i]), " %zu %s",
                                 sums->by_state[order[i]],
                                 order[i] == PM_STATE_RUNNING ? "up" : pm_state_word(order[i]));
}

static void draw_bar(struct canvas *canvas, int row, int col, int width, const char *name,
                     double pct)
{
    enum look look = pct >= 90 ? LOOK_BAD : pct >= 70 ? LOOK_CHANGING : LOOK_GOOD;
    int inside = width - (int)strlen(name) - 2 - 4, full;

    if (inside < 1)
        return;
    full = (int)(pct * inside / 100 + 0.5);
    col += canvas_printf(canvas, row, col, width, LOOK_PLAIN, "%s[", name);
    canvas_fill(canvas, row, col, full < inside ? full : inside, look, "|");
    (void)canvas_printf(canvas, row, col + inside, 5, LOOK_PLAIN, "%3.0f%%]", pct);
}

static double share(uint64_t part, uint64_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static void draw_host(const struct pm_deputy *deputy, struct canvas *canvas, int row, int col,
                      int width)
{
    const struct pm_machine *machine = &deputy->machine;
    int name = width / 5, bar = (width - name - 12) / 2;
    char age[PM_TEXT_SIZE];

    bar = bar < BAR_MOST + 9 ? bar : BAR_MOST + 9;
    (void)canvas_text(canvas, row, col, name - 1,
                      deputy->state == PM_LINK_UP ? LOOK_PLAIN : LOOK_STALE, deputy->name);
    if (deputy->state != PM_LINK_UP) {
        (void)canvas_printf(canvas, row, col + name, width - name, LOOK_BAD, "%s %s",
                            pm_word(&pm_link_words, (int)deputy->state),
                            deputy->state == PM_LINK_NEVER ? "came yet"
                                                           : pm_text_age(deputy->age_ms, age));
        return;
    }
    draw_bar(canvas, row, col + name, bar, "CPU", machine->cpu_pct);
    draw_bar(canvas, row, col + name + bar + 1, bar, "Mem",
             share(machine->mem_used_bytes, machine->mem_total_bytes));
    (void)canvas_printf(canvas, row, col + name + 2 * bar + 2, width, LOOK_PLAIN, "%llu/%llu",
                        (unsigned long long)deputy->procs_up, (unsigned long long)deputy->procs);
}

static int hosts_a_row(int cols)
{
    return cols >= 2 * HOST_COLS ? cols / HOST_COLS : 1;
}

int draw_hosts_rows(const struct app *app, int cols, int most)
{
    int side = hosts_a_row(cols), rows = ((int)app->deputies.n + side - 1) / side;

    return rows < most ? rows : most;
}

void draw_head(struct app *app, struct canvas *canvas, int hosts_rows)
{
    int side = hosts_a_row(canvas->cols), width = canvas->cols / side, col;

    col = canvas_text(canvas, 0, 1, 30, LOOK_TITLE, "ProcMan ") + 1;
    if (app->sheriff.host != NULL)
        col += canvas_printf(canvas, 0, col, 24, LOOK_PLAIN, "%s  ", app->sheriff.host);
    if (app->sheriff.up)
        draw_sums(app, canvas, col);
    else
        (void)canvas_printf(canvas, 0, col, canvas->cols - col - 10, LOOK_BAD, "%s",
                            app->sheriff.why && *app->sheriff.why ? app->sheriff.why
                                                                  : "the sheriff is away");
    draw_now(app, canvas);
    for (int i = 0; i < hosts_rows * side && i < (int)app->deputies.n; i++)
        draw_host(&app->deputies.at[i], canvas, 1 + i / side, 1 + i % side * width, width - 2);
}

static void draw_status(const struct app *app, struct canvas *canvas, int row)
{
    static const char *const arranged[ARRANGE_COUNT] = {
        [BY_GROUP] = "tree by group", [BY_HOST] = "tree by host",
        [BY_LABEL] = "tree by label", [FLAT] = "flat list",
    };
    const struct model_view *view = model_view(app->model);
    PM_CLEANUP(pm_free) char *script = scripts_line(app);
    int col = 1;

    if (script != NULL)
        col += canvas_printf(canvas, row, col, canvas->cols / 2, LOOK_CHANGING, "%s   ", script);
    col += canvas_printf(canvas, row, col, 40, LOOK_FAINT, "View: %s%s%s   ",
                         arranged[view->arrange], view->arrange == BY_LABEL ? " " : "",
                         view->arrange == BY_LABEL ? view->label : "");
    col += canvas_printf(canvas, row, col, 40, LOOK_FAINT, "Sort: %s%s   ",
                         columns[view->sort].word, view->inverted ? " turned" : "");
    if (*app->filter)
        col += canvas_printf(canvas, row, col, 60, LOOK_CHANGING, "Filter: %s (%zu shown)   ",
                             app->filter, model_shown(app->model));
    if (model_tagged(app->model) > 0)
        col += canvas_printf(canvas, row, col, 30, LOOK_TAGGED, "Tagged: %zu   ",
                             model_tagged(app->model));
    if (!app_can_change(app))
        col += canvas_text(canvas, row, col, 20, LOOK_CHANGING, "LOOK ONLY   ");
    if (app->frozen)
        (void)canvas_text(canvas, row, col, 20, LOOK_CHANGING, "FROZEN");
}

/* ---- the bottom ------------------------------------------------------------------------------ */

/* The key bar: what can be done here, each with its first key. col < 0: draw; otherwise which
 * action stands there. */
static enum action key_bar(const struct app *app, struct canvas *canvas, int row, int wanted)
{
    enum where where = app_where(app);
    int at = 1;

    for (enum action action = 1; action < ACTION_COUNT; action++) {
        char key[KEY_NAME_SIZE];
        const char *bar = actions[action].bar;
        int begin = at;
        if (*bar == '\0' || !(actions[action].where & where)
            || (actions[action].changes && !app_can_change(app))
            || app->keymap.keys[action][0] == KEY_NONE)
            continue;
        key_text(app->keymap.keys[action][0], key);
        if (at + (int)strlen(key) + 2 + (int)strlen(bar) > app->cols)
            break;
        if (canvas != NULL) {
            (void)canvas_text(canvas, row, at, KEY_NAME_SIZE, LOOK_KEY, key);
            (void)canvas_printf(canvas, row, at + (int)strlen(key), 20, LOOK_LABEL, " %s ", bar);
        }
        at += (int)strlen(key) + (int)strlen(bar) + 3;
        if (wanted >= begin && wanted < at - 1)
            return action;
    }
    return ACTION_NONE;
}

enum action draw_key_at(const struct app *app, int col)
{
    return key_bar(app, NULL, 0, col);
}

void draw_bottom(struct app *app, struct canvas *canvas, int row)
{
    app->keys_row = row + 1;
    if (app->prompt.kind != PROMPT_NONE) {
        int col = 1;
        col += canvas_text(canvas, row, col, 20, LOOK_ASK, prompt_label(app->prompt.kind));
        col += canvas_text(canvas, row, col, canvas->cols - col - 1, LOOK_PLAIN, app->prompt.text);
        (void)canvas_text(canvas, row, col, 1, LOOK_CURSOR, " ");
        if (*app->said)
            (void)canvas_text(canvas, row + 1, 1, canvas->cols - 1, app->said_look, app->said);
        else
            (void)canvas_text(canvas, row + 1, 1, canvas->cols, LOOK_FAINT,
                              "Enter takes it, Esc goes back, Tab completes, Ctrl-U empties it");
        return;
    }
    if (app->view == VIEW_DRAFT) {
        (void)canvas_text(canvas, row, 1, canvas->cols - 1, LOOK_ASK, draft_question(app));
        return;
    }
    if (*app->said)
        (void)canvas_text(canvas, row, 1, canvas->cols - 1, app->said_look, app->said);
    (void)key_bar(app, canvas, row + 1, -1);
}

/* ---- over it --------------------------------------------------------------------------------- */

struct box { int row, col, width, height; };

static struct box open_box(struct canvas *canvas, int width, int height, const char *title)
{
    struct box box = { .width = width < canvas->cols ? width : canvas->cols,
                       .height = height < canvas->rows ? height : canvas->rows };
    const char *side = canvas_glyph(canvas, "│", "|"), *edge = canvas_glyph(canvas, "─", "-");

    box.row = (canvas->rows - box.height) / 2;
    box.col = (canvas->cols - box.width) / 2;
    for (int i = 0; i < box.height; i++) {
        bool border = i == 0 || i == box.height - 1;
        canvas_fill(canvas, box.row + i, box.col, box.width, LOOK_ASK, border ? edge : " ");
        if (!border) {
            (void)canvas_text(canvas, box.row + i, box.col, 1, LOOK_ASK, side);
            (void)canvas_text(canvas, box.row + i, box.col + box.width - 1, 1, LOOK_ASK, side);
        }
    }
    (void)canvas_printf(canvas, box.row, box.col + 2, box.width - 4, LOOK_TITLE, " %s ", title);
    return box;
}

static void draw_question(const struct app *app, struct canvas *canvas)
{
    const struct question *question = &app->question;
    int most = canvas->rows - 6, shown = (int)question->n < most ? (int)question->n : most;
    PM_CLEANUP(pm_free) char *title = pm_printf("%s %zu process%s?",
        pm_word(&pm_verb_words, (int)question->verb), question->n, question->n == 1 ? "" : "es");
    struct box box = open_box(canvas, 60, shown + 5, title);

    for (int i = 0; i < shown; i++)
        (void)canvas_text(canvas, box.row + 1 + i, box.col + 3, box.width - 5, LOOK_PLAIN,
                          question->names[i]);
    if (shown < (int)question->n)
        (void)canvas_printf(canvas, box.row + 1 + shown, box.col + 3, box.width - 5, LOOK_FAINT,
                            "and %zu more", question->n - (size_t)shown);
    (void)canvas_text(canvas, box.row + box.height - 2, box.col + 3, box.width - 5, LOOK_ASK,
                      "[y]es   [N]o");
}

static void draw_menu(const struct app *app, struct canvas *canvas)
{
    int n = 0;
    struct box box;

    while (orders_menu((size_t)n) != 0)
        n++;
    box = open_box(canvas, 30, n + 2, "send a signal");
    for (int i = 0; i < n && i < box.height - 2; i++) {
        int64_t signal = orders_menu((size_t)i);
        (void)canvas_printf(canvas, box.row + 1 + i, box.col + 2, box.width - 4, LOOK_PLAIN,
                            " %2d %-20s", (int)signal, pm_signal_name(signal));
        if ((size_t)i == app->menu.cursor)
            canvas_paint(canvas, box.row + 1 + i, box.col + 1, box.width - 2, LOOK_CURSOR);
    }
}

void draw_over(struct app *app, struct canvas *canvas)
{
    if (app->question.open)
        draw_question(app, canvas);
    else if (app->menu.open)
        draw_menu(app, canvas);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int pane_rows(const struct app *app, int room, int rows)
{
    if (app->pane == PANE_OFF || rows < ROWS_FOR_LOG)
        return 0;
    return app->pane == PANE_HALF ? room * 2 / 5 : room - 4;
}

static void draw_fleet(struct app *app, struct canvas *canvas)
{
    bool roomy = canvas->rows >= ROWS_FOR_HOSTS;
    int hosts = roomy ? draw_hosts_rows(app, canvas->cols, canvas->rows / 6) : 0;
    int top = 1 + hosts, room, pane;

    draw_head(app, canvas, hosts);
    if (roomy)
        draw_status(app, canvas, top++);
    room = canvas->rows - top - 2;
    pane = pane_rows(app, room, canvas->rows);
    draw_table(app, canvas, top, room - pane);
    app->log_height = 0;
    if (pane > 0)
        draw_log(app, canvas, top + room - pane, pane);
}

static void draw_text(struct app *app, struct canvas *canvas)
{
    switch (app->view) {
    case VIEW_DETAILS: page_details(app, canvas); break;
    case VIEW_EVENTS:  page_events(app); break;
    case VIEW_HOSTS:   page_hosts(app); break;
    case VIEW_SCRIPTS: page_scripts(app, canvas->ascii); break;
    case VIEW_GRAPH:   page_graph(app, canvas->ascii); break;
    case VIEW_DRAFT:   draft_page(app); break;
    case VIEW_SHERIFF: page_sheriff(app); break;
    default:           page_help(app); break;
    }
    draw_head(app, canvas, 0);
    app->table_height = canvas->rows - 3;
    page_draw(&app->page, canvas, 1, canvas->rows - 3);
}

void app_draw(struct app *app, struct canvas *canvas, struct pm_mono now)
{
    app->cols = canvas->cols;
    canvas->theme = &themes[app->theme];
    canvas_resize(canvas, canvas->rows, canvas->cols);
    if (now.ms >= app->said_until.ms)
        *app->said = '\0';
    if (canvas->rows < LEAST_ROWS || canvas->cols < LEAST_COLS) {
        (void)canvas_text(canvas, canvas->rows / 2, 0, canvas->cols, LOOK_PLAIN, "too small");
        return;
    }
    if (app->view == VIEW_TABLE) {
        draw_fleet(app, canvas);
    } else if (app->view == VIEW_LOGS) {
        draw_head(app, canvas, 0);
        draw_log(app, canvas, 1, canvas->rows - 3);
    } else {
        draw_text(app, canvas);
    }
    draw_bottom(app, canvas, canvas->rows - 2);
    draw_over(app, canvas);
}
