/* The log pane. A line is drawn piece by piece, each in its own colours, from a column counted in
 * the whole line: wrapped, that column says row and place; cut, it says what is out of sight. */
#include "ansi.h"
#include "draw.h"

#include <procman/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TAB         8
#define NAME_MOST   24  /* columns of a process's name before its lines */
#define MATCHES     32  /* of one line that are shown */

struct matches { size_t from[MATCHES], to[MATCHES], n; }; /* bytes of the plain text */

struct walk { /* along one line */
    struct app *app;
    struct canvas *canvas; /* NULL: only measure */
    int row, last_row;     /* where it is drawn, and the first row it may not use */
    int left, width;
    long column;           /* in the whole line */
    size_t plain;          /* bytes of plain text so far */
    const struct matches *matches;
};

/* ---- one line -------------------------------------------------------------------------------- */

#define WIDEST 2 /* columns of the widest character */

static bool is_ascii(const struct walk *walk)
{
    return walk->canvas != NULL && walk->canvas->ascii;
}

static void put(const struct walk *walk, int row, int col, struct style style, const char *at,
                size_t n)
{
    if (walk->canvas != NULL && row < walk->last_row)
        (void)canvas_styled(walk->canvas, row, walk->left + col, walk->width - col, style, at, n);
}

static void walk_wrapped(struct walk *walk, struct style style, const char *at, size_t n)
{
    while (n > 0 && walk->width >= WIDEST) {
        int col = (int)(walk->column % walk->width), used;
        size_t taken = text_fit(at, n, walk->width - col, is_ascii(walk), &used);
        put(walk, walk->row + (int)(walk->column / walk->width), col, style, at, taken);
        walk->column += taken > 0 ? used : walk->width - col; /* a wide one goes to the next row */
        at += taken;
        n -= taken;
    }
}

static void walk_cut(struct walk *walk, struct style style, const char *at, size_t n)
{
    long hidden = (long)walk->app->sideways;
    size_t taken;
    int used;

    while (n > 0 && walk->column < hidden) {
        long room = hidden - walk->column;
        taken = text_fit(at, n, room > WIDEST ? (int)room : WIDEST, is_ascii(walk), &used);
        walk->column += used;
        at += taken;
        n -= taken;
    }
    if (n == 0 || walk->column - hidden >= walk->width)
        return;
    taken = text_fit(at, n, walk->width, is_ascii(walk), &used);
    put(walk, walk->row, (int)(walk->column - hidden), style, at, taken);
    walk->column += used;
}

/* One stretch of one style, no tab in it. */
static void walk_stretch(struct walk *walk, struct style style, const char *at, size_t n)
{
    if (walk->app->wrap)
        walk_wrapped(walk, style, at, n);
    else
        walk_cut(walk, style, at, n);
}

static void walk_tabbed(struct walk *walk, struct style style, const char *at, size_t n)
{
    while (n > 0) {
        const char *tab = memchr(at, '\t', n);
        size_t length = tab ? (size_t)(tab - at) : n;
        walk_stretch(walk, style, at, length);
        if (tab != NULL)
            walk->column += TAB - walk->column % TAB;
        at += length + (tab != NULL);
        n -= length + (tab != NULL);
    }
}

/* A piece, with what matches the search painted. */
static void walk_piece(struct walk *walk, const struct ansi_piece *piece)
{
    struct style plain = piece->style, match = plain;
    const char *at = piece->at;
    size_t n = piece->n;

    if (walk->canvas != NULL)
        match = walk->canvas->theme->looks[LOOK_MATCH];
    for (size_t i = 0; i < walk->matches->n && n > 0; i++) {
        size_t from = walk->matches->from[i], to = walk->matches->to[i], length;
        if (to <= walk->plain || from >= walk->plain + n)
            continue;
        length = from > walk->plain ? from - walk->plain : 0;
        walk_tabbed(walk, plain, at, length);
        at += length;
        n -= length;
        walk->plain += length;
        length = to - walk->plain < n ? to - walk->plain : n;
        walk_tabbed(walk, match, at, length);
        at += length;
        n -= length;
        walk->plain += length;
    }
    walk_tabbed(walk, plain, at, n);
    walk->plain += n;
}

static void find_matches(const struct app *app, const struct line *line, struct matches *out)
{
    PM_CLEANUP(pm_free) char *plain = NULL;
    size_t from = 0, to;

    out->n = 0;
    if (*app->search == '\0')
        return;
    plain = ansi_plain(line->text, line->n);
    while (out->n < MATCHES && scroll_matches(app->scroll, plain, &from, &to)) {
        out->from[out->n] = from;
        out->to[out->n++] = to;
        from = to;
    }
}

/* Rows it takes. */
static int walk_line(struct walk *walk, const struct line *line, enum look look)
{
    struct style style = { COLOUR_DEFAULT, COLOUR_DEFAULT, 0 };
    struct matches matches;
    struct ansi_piece piece;
    size_t offset = 0;

    if (walk->canvas != NULL)
        style = walk->canvas->theme->looks[look];
    find_matches(walk->app, line, &matches);
    walk->matches = &matches;
    while (ansi_next(line->text, line->n, &offset, &style, &piece))
        walk_piece(walk, &piece);
    if (!walk->app->wrap || walk->column == 0)
        return 1;
    return (int)((walk->column + walk->width - 1) / walk->width);
}

/* ---- before it: when, and whose -------------------------------------------------------------- */

static int name_columns(const struct app *app)
{
    int widest = 0;

    for (size_t i = 0; i < app->n_followed; i++) {
        const struct pm_proc *proc = app_proc(app, app->followed[i]);
        PM_CLEANUP(pm_free) char *name = proc ? pm_printf("%s@%s", proc->name, proc->host) : NULL;
        int used = name ? text_columns(name, strlen(name), false) : 0;
        widest = used > widest ? used : widest;
    }
    return widest < NAME_MOST ? widest : NAME_MOST;
}

struct gutter { int times, name; }; /* columns; 0: not there */

static int gutter_columns(const struct gutter *gutter)
{
    return gutter->times + gutter->name + (gutter->name > 0 ? 3 : 2);
}

static void clock_text(int64_t ms, char *to, size_t size)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;

    if (ms == 0 || localtime_r(&seconds, &tm) == NULL)
        snprintf(to, size, "%12s", "");
    else
        snprintf(to, size, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min, tm.tm_sec,
                 (int)(ms % 1000));
}

static enum look line_look(const struct line *line)
{
    switch (line->kind) {
    case LINE_ERR:
        return LOOK_BAD;
    case LINE_NOTE:
        return LOOK_CHANGING;
    case LINE_MARK:
        return LOOK_TITLE;
    default:
        return LOOK_FAINT;
    }
}

static void draw_gutter(const struct app *app, struct canvas *canvas, int row,
                        const struct gutter *gutter, const struct line *line)
{
    const struct pm_proc *proc = app_proc(app, line->source);
    const char *bar = line->kind == LINE_ERR ? "E" : canvas_glyph(canvas, "│", "|");
    char text[40];
    int col = 0;

    if (gutter->times > 0) {
        clock_text(line->time_ms, text, sizeof text);
        col += canvas_printf(canvas, row, 0, gutter->times, LOOK_FAINT, "%s ", text);
    }
    if (gutter->name > 0 && proc != NULL)
        (void)canvas_printf(canvas, row, col, gutter->name, LOOK_TITLE, "%s@%s", proc->name,
                            proc->host);
    col += gutter->name + (gutter->name > 0);
    (void)canvas_text(canvas, row, col, 1, line_look(line), bar);
}

/* ---- the lines ------------------------------------------------------------------------------- */

static int draw_line(struct app *app, struct canvas *canvas, int row, int last_row,
                     const struct gutter *gutter, const struct line *line)
{
    struct walk walk = { .app = app, .canvas = canvas, .row = row, .last_row = last_row,
                         .left = gutter_columns(gutter) };

    walk.width = app->cols - walk.left > 1 ? app->cols - walk.left : 1;
    if (canvas != NULL && line->kind == LINE_MARK)
        canvas_fill(canvas, row, walk.left, walk.width, LOOK_TITLE, canvas_glyph(canvas, "─", "-"));
    if (canvas != NULL)
        draw_gutter(app, canvas, row, gutter, line);
    return walk_line(&walk, line, line->kind == LINE_OUT || line->kind == LINE_ERR
                                      ? LOOK_PLAIN : line_look(line));
}

/* The first line to draw, so that the last one is drawn whole at the bottom. */
static size_t first_that_fits(struct app *app, const struct gutter *gutter, size_t top, int height)
{
    size_t n = scroll_count(app->scroll), first = n;
    int rows = 0;

    if (!app->wrap || !scroll_follows(app->scroll))
        return top;
    while (first > top && rows < height)
        rows += draw_line(app, NULL, 0, 0, gutter, scroll_at(app->scroll, --first));
    return rows > height && first + 1 < n ? first + 1 : first;
}

static void draw_lines(struct app *app, struct canvas *canvas, int row, int height)
{
    struct gutter gutter = { app->times ? 13 : 0, app->n_followed > 1 ? name_columns(app) : 0 };
    size_t top = scroll_top(app->scroll, (size_t)height), n = scroll_count(app->scroll);
    int at = row;

    for (size_t i = first_that_fits(app, &gutter, top, height); i < n && at < row + height; i++)
        at += draw_line(app, canvas, at, row + height, &gutter, scroll_at(app->scroll, i));
}

/* Where in all of it the page is: one blank turned around. */
static void draw_bar(const struct app *app, struct canvas *canvas, int row, int height)
{
    size_t n = scroll_count(app->scroll), top = scroll_top(app->scroll, (size_t)height);
    int from, length;

    if (n <= (size_t)height || height <= 0)
        return;
    length = (int)((size_t)height * (size_t)height / n);
    length = length > 0 ? length : 1;
    from = (int)(top * (size_t)(height - length) / (n - (size_t)height));
    for (int i = 0; i < height; i++)
        (void)canvas_text(canvas, row + i, canvas->cols - 1, 1, LOOK_FAINT,
                          i >= from && i < from + length ? canvas_glyph(canvas, "█", "#")
                                                         : canvas_glyph(canvas, "│", "|"));
}

static void draw_title(const struct app *app, struct canvas *canvas, int row)
{
    static const char *const streams[] = { "out+err", "out", "err" };
    const struct pm_proc *proc = app->n_followed == 1 ? app_proc(app, app->followed[0]) : NULL;
    PM_CLEANUP(pm_free) char *name = proc ? app_name(proc)
                                          : pm_printf("%zu processes", app->n_followed);
    enum look look = app_where(app) == IN_LOGS ? LOOK_TITLE : LOOK_FAINT;
    int col = 1;

    canvas_fill(canvas, row, 0, canvas->cols, look, canvas_glyph(canvas, "─", "-"));
    col += canvas_printf(canvas, row, col, canvas->cols / 2, look, " Logs %s ", name) + 1;
    if (scroll_follows(app->scroll))
        col += canvas_text(canvas, row, col, 10, LOOK_GOOD, " FOLLOW ") + 1;
    else
        col += canvas_printf(canvas, row, col, 24, LOOK_CHANGING, " STILL +%zu new ",
                             scroll_missed(app->scroll)) + 1;
    col += canvas_printf(canvas, row, col, 60, look, " %s ", streams[app->streams]) + 1;
    col += canvas_printf(canvas, row, col, 60, look, " wrap %s ", app->wrap ? "on" : "off") + 1;
    if (*app->lines)
        col += canvas_printf(canvas, row, col, 40, LOOK_CHANGING, " only /%s/ ", app->lines) + 1;
    (void)canvas_printf(canvas, row, col, 40, look, " %zu lines ", scroll_count(app->scroll));
}

void draw_log(struct app *app, struct canvas *canvas, int row, int height)
{
    app->log_row = row + 1;
    app->log_height = height - 1;
    draw_title(app, canvas, row);
    draw_lines(app, canvas, row + 1, height - 1);
    draw_bar(app, canvas, row + 1, height - 1);
}
