/* The table. Columns that do not fit the screen's width are left out as columns.def says; the
 * name and the last column share what the others leave. */
#include "draw.h"

#include <procman/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_LEAST 14
#define NAME_MOST  32
#define GAP        1
#define MARGIN     2 /* left of the name: the cursor's and the tag's marks */
#define TREND_SECONDS 60

const char *state_symbol(enum pm_state state, bool ascii)
{
    static const struct { const char *glyph, *ascii; } symbols[PM_STATE_COUNT] = {
        [PM_STATE_NOWHERE] = { "?", "?" },  [PM_STATE_STOPPED] = { "○", "-" },
        [PM_STATE_WAITING] = { "◔", "w" },  [PM_STATE_STARTING] = { "◐", "~" },
        [PM_STATE_RUNNING] = { "●", "+" },  [PM_STATE_STOPPING] = { "◑", "~" },
        [PM_STATE_BACKOFF] = { "◌", "." },  [PM_STATE_EXITED] = { "◇", "=" },
        [PM_STATE_FAILED] = { "✖", "X" },   [PM_STATE_LOST] = { "?", "?" },
    };

    if ((unsigned)state >= PM_STATE_COUNT)
        return "?";
    return ascii ? symbols[state].ascii : symbols[state].glyph;
}

enum look state_look(enum pm_state state)
{
    switch (state) {
    case PM_STATE_RUNNING:
        return LOOK_GOOD;
    case PM_STATE_WAITING:
    case PM_STATE_STARTING:
    case PM_STATE_STOPPING:
    case PM_STATE_BACKOFF:
        return LOOK_CHANGING;
    case PM_STATE_FAILED:
        return LOOK_BAD;
    case PM_STATE_LOST:
        return LOOK_STALE;
    default:
        return LOOK_PLAIN;
    }
}

/* ---- columns --------------------------------------------------------------------------------- */

struct place { int col, width; }; /* width 0: not shown */

static void lay_out(int cols, struct place *places)
{
    int fixed = MARGIN, rest, at = MARGIN;
    bool has_last = cols >= columns[COLUMN_LAST].from;

    for (enum column c = 0; c < COLUMN_COUNT; c++) {
        places[c].width = cols >= columns[c].from ? columns[c].width : 0;
        fixed += places[c].width + (places[c].width > 0 ? GAP : 0);
    }
    rest = cols - fixed - (has_last ? GAP : 0);
    places[COLUMN_NAME].width = has_last ? rest / 2 : rest;
    if (has_last && places[COLUMN_NAME].width < NAME_LEAST)
        places[COLUMN_NAME].width = NAME_LEAST;
    if (has_last && places[COLUMN_NAME].width > NAME_MOST)
        places[COLUMN_NAME].width = NAME_MOST;
    places[COLUMN_LAST].width = has_last ? rest - places[COLUMN_NAME].width : 0;
    for (enum column c = 0; c < COLUMN_COUNT; c++) {
        places[c].col = at;
        at += places[c].width + (places[c].width > 0 ? GAP : 0);
    }
}

static bool to_the_right(enum column column)
{
    return column == COLUMN_PID || column == COLUMN_UPTIME || column == COLUMN_CPU
           || column == COLUMN_MEMORY || column == COLUMN_RESTARTS;
}

static void put(struct canvas *canvas, int row, const struct place *place, enum column column,
                enum look look, const char *text)
{
    if (place->width <= 0)
        return;
    if (to_the_right(column))
        canvas_right(canvas, row, place->col, place->width, look, text);
    else
        (void)canvas_text(canvas, row, place->col, place->width, look, text);
}

static void draw_heads(struct app *app, struct canvas *canvas, int row, const struct place *places)
{
    const struct model_view *view = model_view(app->model);

    canvas_fill(canvas, row, 0, canvas->cols, LOOK_HEADER, " ");
    for (enum column c = 0; c < COLUMN_COUNT; c++) {
        char title[40];
        const char *arrow = "";
        if (view->sort == c)
            arrow = view->inverted ? canvas_glyph(canvas, "▲", "^")
                                   : canvas_glyph(canvas, "▼", "v");
        snprintf(title, sizeof title, "%s%s", columns[c].title, arrow);
        put(canvas, row, &places[c], c, LOOK_HEADER, title);
    }
}

enum column draw_column_at(const struct app *app, int col)
{
    struct place places[COLUMN_COUNT];
    enum column found = COLUMN_NAME;

    lay_out(app->cols, places);
    for (enum column c = 0; c < COLUMN_COUNT; c++)
        if (places[c].width > 0 && col >= places[c].col)
            found = c;
    return found;
}

/* ---- rows ------------------------------------------------------------------------------------ */

struct pen { /* everything a row needs */
    struct app *app;
    struct canvas *canvas;
    const struct place *places;
    int row;
};

/* "│ ├─" before the name: which branches go on below. Returns the columns it took. */
static int draw_rails(const struct pen *pen, const struct row *row)
{
    struct canvas *canvas = pen->canvas;
    int col = pen->places[COLUMN_NAME].col, used = 0;
    int room = pen->places[COLUMN_NAME].width / 2;

    for (int depth = 1; depth <= row->depth && used + 2 <= room; depth++) {
        bool goes_on = row->rails & (UINT32_C(1) << depth);
        const char *mark;
        if (depth == row->depth)
            mark = goes_on ? canvas_glyph(canvas, "├", "|") : canvas_glyph(canvas, "└", "`");
        else
            mark = goes_on ? canvas_glyph(canvas, "│", "|") : " ";
        (void)canvas_text(canvas, pen->row, col + used, 1, LOOK_FAINT, mark);
        used += depth == row->depth ? 1 : 2;
    }
    return used;
}

static void number(char *to, size_t size, uint64_t value)
{
    snprintf(to, size, "%llu", (unsigned long long)value);
}

static void draw_usage(const struct pen *pen, enum look look, double cpu, uint64_t rss,
                       uint64_t restarts, bool known)
{
    const struct place *places = pen->places;
    char text[PM_TEXT_SIZE];

    snprintf(text, sizeof text, cpu < 999.5 ? "%.1f" : "%.0f", cpu);
    put(pen->canvas, pen->row, &places[COLUMN_CPU], COLUMN_CPU, look, known ? text : "-");
    put(pen->canvas, pen->row, &places[COLUMN_MEMORY], COLUMN_MEMORY, look,
        known ? pm_text_bytes(rss, text) : "-");
    number(text, sizeof text, restarts);
    put(pen->canvas, pen->row, &places[COLUMN_RESTARTS], COLUMN_RESTARTS, look, text);
}

/* "12 up 1 failed": what there is of each state, the alarming first. */
static void describe(const struct sums *sums, char *to, size_t size)
{
    static const enum pm_state order[] = { PM_STATE_FAILED, PM_STATE_LOST, PM_STATE_BACKOFF,
                                           PM_STATE_STARTING, PM_STATE_STOPPING, PM_STATE_WAITING,
                                           PM_STATE_RUNNING, PM_STATE_EXITED, PM_STATE_STOPPED };
    size_t n = 0;

    *to = '\0';
    for (size_t i = 0; i < PM_COUNT(order); i++) {
        size_t count = sums->by_state[order[i]];
        const char *word = order[i] == PM_STATE_RUNNING ? "up" : pm_state_word(order[i]);
        if (count > 0 && n < size)
            n += (size_t)snprintf(to + n, size - n, "%s%zu %s", n > 0 ? " " : "", count, word);
    }
}

static enum look look_of_sums(const struct sums *sums)
{
    if (sums->by_state[PM_STATE_FAILED] > 0)
        return LOOK_BAD;
    if (sums->by_state[PM_STATE_LOST] > 0)
        return LOOK_STALE;
    if (sums->by_state[PM_STATE_BACKOFF] + sums->by_state[PM_STATE_STARTING]
            + sums->by_state[PM_STATE_STOPPING] + sums->by_state[PM_STATE_WAITING] > 0)
        return LOOK_CHANGING;
    return sums->up > 0 ? LOOK_GOOD : LOOK_PLAIN;
}

static void draw_trend_of_branch(const struct pen *pen, const struct row *row)
{
    const struct pm_proc **members;
    float values[TREND_SECONDS];
    char graph[3 * 16 + 1];
    size_t n;

    if (pen->places[COLUMN_TREND].width <= 0)
        return;
    members = model_members(pen->app->model, row);
    n = history_sum(pen->app->history, members, row->sums.n, TREND_SECONDS, values);
    put(pen->canvas, pen->row, &pen->places[COLUMN_TREND], COLUMN_TREND, LOOK_GROUP,
        history_curve(values, n, TREND_SECONDS, (size_t)columns[COLUMN_TREND].width,
                      pen->canvas->ascii, graph));
    free(members);
}

static void draw_branch(const struct pen *pen, const struct row *row)
{
    const struct place *name = &pen->places[COLUMN_NAME];
    struct canvas *canvas = pen->canvas;
    int used = draw_rails(pen, row);
    int room = pen->places[COLUMN_UPTIME].col - name->col - GAP; /* a branch has no host, no pid */
    char text[200];

    snprintf(text, sizeof text, "%s %s (%zu/%zu)",
             row->folded ? canvas_glyph(canvas, "▸", "+") : canvas_glyph(canvas, "▾", "-"),
             row->label, row->sums.up, row->sums.n);
    (void)canvas_text(canvas, pen->row, name->col + used, room - used, LOOK_GROUP, text);
    describe(&row->sums, text, sizeof text);
    put(canvas, pen->row, &pen->places[COLUMN_LAST], COLUMN_LAST, look_of_sums(&row->sums), text);
    draw_usage(pen, LOOK_GROUP, row->sums.cpu_pct, row->sums.rss_bytes, row->sums.restarts,
               row->sums.up > 0);
    draw_trend_of_branch(pen, row);
}

/* What it wrote last when it is up; otherwise why it is not. */
static const char *last_of(const struct app *app, const struct pm_proc *proc)
{
    const struct last_line *last = app_last_of(app, proc->id);

    if (proc->state == PM_STATE_RUNNING && last != NULL && *last->text != '\0')
        return last->text;
    return proc->reason;
}

static void draw_times(const struct pen *pen, const struct pm_proc *proc, enum look look)
{
    bool alive = proc->pid > 0;
    char text[PM_TEXT_SIZE];

    number(text, sizeof text, (uint64_t)proc->pid);
    put(pen->canvas, pen->row, &pen->places[COLUMN_PID], COLUMN_PID, look, alive ? text : "-");
    put(pen->canvas, pen->row, &pen->places[COLUMN_UPTIME], COLUMN_UPTIME, look,
        alive ? pm_text_age(proc->uptime_ms, text) : "-");
}

static void draw_process(const struct pen *pen, const struct row *row)
{
    const struct pm_proc *proc = row->proc;
    struct canvas *canvas = pen->canvas;
    const struct place *places = pen->places;
    bool stale = proc->state == PM_STATE_LOST || !pen->app->sheriff.up;
    enum look look = stale ? LOOK_STALE : LOOK_PLAIN;
    enum look state = stale ? LOOK_STALE : state_look(proc->state);
    int col = places[COLUMN_NAME].col, used = draw_rails(pen, row);
    char graph[3 * 16 + 1];

    used += canvas_text(canvas, pen->row, col + used, 1, state,
                        state_symbol(proc->state, canvas->ascii));
    if (row->depth == 0)
        used += canvas_text(canvas, pen->row, col + used, 1, look, " ");
    (void)canvas_printf(canvas, pen->row, col + used, places[COLUMN_NAME].width - used, look,
                        "%s%s%s", row->depth == 0 ? proc->group : "",
                        row->depth == 0 && *proc->group ? "/" : "", proc->name);
    put(canvas, pen->row, &places[COLUMN_HOST], COLUMN_HOST, look, proc->host);
    put(canvas, pen->row, &places[COLUMN_STATE], COLUMN_STATE, state, pm_state_word(proc->state));
    draw_times(pen, proc, look);
    draw_usage(pen, look, proc->cpu_pct, proc->rss_bytes, proc->restarts, proc->pid > 0);
    put(canvas, pen->row, &places[COLUMN_TREND], COLUMN_TREND, look,
        history_graph(pen->app->history, proc->id, TREND_SECONDS,
                      (size_t)columns[COLUMN_TREND].width, canvas->ascii, graph));
    put(canvas, pen->row, &places[COLUMN_LAST], COLUMN_LAST,
        stale ? LOOK_STALE : proc->state == PM_STATE_FAILED ? LOOK_BAD : LOOK_FAINT,
        last_of(pen->app, proc));
}

static void draw_empty(struct app *app, struct canvas *canvas, int row)
{
    const char *text = *app->filter ? "nothing fits the filter: Esc shows everything"
                       : app->sheriff.up ? "no process is defined yet: see procmanctl help apply"
                                         : "";

    (void)canvas_text(canvas, row, MARGIN, canvas->cols, LOOK_FAINT, text);
}

void draw_table(struct app *app, struct canvas *canvas, int row, int height)
{
    struct place places[COLUMN_COUNT];
    size_t n, first = model_page(app->model, height > 1 ? (size_t)height - 1 : 0);
    const struct row *rows = model_rows(app->model, &n);

    app->head_row = row;
    app->table_row = row + 1;
    app->table_height = height - 1;
    app->table_first = first;
    lay_out(canvas->cols, places);
    draw_heads(app, canvas, row, places);
    if (n == 0 && height > 1)
        draw_empty(app, canvas, row + 1);
    for (int i = 0; i < height - 1 && first + (size_t)i < n; i++) {
        const struct row *at = &rows[first + (size_t)i];
        struct pen pen = { app, canvas, places, row + 1 + i };
        if (at->proc != NULL)
            draw_process(&pen, at);
        else
            draw_branch(&pen, at);
        if (at->tagged)
            canvas_paint(canvas, pen.row, 0, canvas->cols, LOOK_TAGGED);
        if (first + (size_t)i == model_cursor(app->model))
            canvas_paint(canvas, pen.row, 0, canvas->cols,
                         app->in_pane ? LOOK_TAGGED : LOOK_CURSOR);
        if (at->tagged)
            (void)canvas_text(canvas, pen.row, 0, 1, LOOK_TAGGED, "*");
    }
}
