/* Cells. A character takes the columns wcwidth(3) says, in the locale of the program; one that
 * would reach over the edge is not drawn, so a row is never longer than it looks. */
#include "canvas.h"

#include <procman/utf8.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define PRINT_BYTES 512 /* of a formatted piece; it is cut at the screen's edge anyway */

void canvas_init(struct canvas *canvas, const struct theme *theme, bool ascii)
{
    *canvas = (struct canvas){ .theme = theme, .ascii = ascii };
}

void canvas_fini(struct canvas *canvas)
{
    free(canvas->cells);
    *canvas = (struct canvas){ 0 };
}

void canvas_resize(struct canvas *canvas, int rows, int cols)
{
    size_t n = (size_t)rows * (size_t)cols;

    if (rows != canvas->rows || cols != canvas->cols) {
        canvas->cells = pm_resize(canvas->cells, n > 0 ? n : 1, sizeof *canvas->cells);
        canvas->rows = rows;
        canvas->cols = cols;
    }
    for (size_t i = 0; i < n; i++)
        canvas->cells[i] = (struct cell){ " ", canvas->theme->looks[LOOK_PLAIN] };
}

static struct cell *cell_at(struct canvas *canvas, int row, int col)
{
    if (row < 0 || col < 0 || row >= canvas->rows || col >= canvas->cols)
        return NULL;
    return &canvas->cells[(size_t)row * (size_t)canvas->cols + (size_t)col];
}

/* ---- one character --------------------------------------------------------------------------- */

struct glyph {
    char text[CELL_BYTES + 1];
    int width;       /* columns; 0: it combines with the one before */
    size_t taken;    /* bytes of the text it came from */
};

/* Characters that reorder or break the row they stand in: directions, separators, joiners. */
static bool unruly(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200b && code <= 0x200f)
           || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f)
           || code == 0xfeff;
}

static void stand_in(struct glyph *glyph, bool ascii)
{
    snprintf(glyph->text, sizeof glyph->text, "%s", ascii ? "?" : "·");
    glyph->width = 1;
}

static struct glyph next_glyph(const char *at, size_t n, bool ascii)
{
    uint32_t code = 0;
    struct glyph glyph = { .taken = pm_code_next(at, n, &code) };

    if (glyph.taken == 0) {
        glyph.taken = 1;
        stand_in(&glyph, ascii);
        return glyph;
    }
    if (code == '\t') {
        glyph.text[0] = ' ';
        glyph.width = 1;
        return glyph;
    }
    glyph.width = unruly(code) || (ascii && code > 0x7e) ? -1 : wcwidth((wchar_t)code);
    if (glyph.width < 0)
        stand_in(&glyph, ascii);
    else
        memcpy(glyph.text, at, glyph.taken);
    return glyph;
}

int text_columns(const char *text, size_t n, bool ascii)
{
    int columns = 0;

    while (n > 0) {
        struct glyph glyph = next_glyph(text, n, ascii);
        columns += glyph.width;
        text += glyph.taken;
        n -= glyph.taken;
    }
    return columns;
}

size_t text_fit(const char *text, size_t n, int columns, bool ascii, int *out_columns)
{
    size_t taken = 0;

    *out_columns = 0;
    while (taken < n) {
        struct glyph glyph = next_glyph(text + taken, n - taken, ascii);
        if (*out_columns + glyph.width > columns)
            break;
        *out_columns += glyph.width;
        taken += glyph.taken;
    }
    return taken;
}

/* ---- drawing --------------------------------------------------------------------------------- */

/* Half of a wide character is none: what is left of one that is drawn over becomes blank. */
static void unhalve(struct canvas *canvas, int row, int col)
{
    struct cell *cell = cell_at(canvas, row, col), *left;

    if (cell == NULL || *cell->text != '\0')
        return;
    memcpy(cell->text, " ", 2);
    left = cell_at(canvas, row, col - 1);
    if (left != NULL)
        memcpy(left->text, " ", 2);
}

static void combine(struct canvas *canvas, int row, int col, const struct glyph *glyph)
{
    struct cell *cell = cell_at(canvas, row, col);
    size_t n = strlen(cell->text);

    if (n == 0 && col > 0)
        n = strlen((--cell)->text);
    if (n > 0 && n + glyph->taken <= CELL_BYTES)
        memcpy(cell->text + n, glyph->text, glyph->taken + 1);
}

static void place(struct canvas *canvas, int row, int col, struct style style,
                  const struct glyph *glyph)
{
    struct cell *cell = cell_at(canvas, row, col);

    unhalve(canvas, row, col);
    unhalve(canvas, row, col + glyph->width);
    memcpy(cell->text, glyph->text, sizeof cell->text);
    cell->style = style;
    if (glyph->width == 2)
        cell[1] = (struct cell){ "", style };
}

int canvas_styled(struct canvas *canvas, int row, int col, int width, struct style style,
                  const char *text, size_t n)
{
    int used = 0, most = canvas->cols - col < width ? canvas->cols - col : width;

    if (row < 0 || row >= canvas->rows || col < 0)
        return 0;
    while (n > 0) {
        struct glyph glyph = next_glyph(text, n, canvas->ascii);
        if (used + glyph.width > most)
            break;
        if (glyph.width > 0)
            place(canvas, row, col + used, style, &glyph);
        else if (used > 0)
            combine(canvas, row, col + used - 1, &glyph);
        used += glyph.width;
        text += glyph.taken;
        n -= glyph.taken;
    }
    return used;
}

int canvas_text(struct canvas *canvas, int row, int col, int width, enum look look,
                const char *text)
{
    return canvas_styled(canvas, row, col, width, canvas->theme->looks[look], text, strlen(text));
}

int canvas_printf(struct canvas *canvas, int row, int col, int width, enum look look,
                  const char *format, ...)
{
    char text[PRINT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return canvas_text(canvas, row, col, width, look, text);
}

void canvas_right(struct canvas *canvas, int row, int col, int width, enum look look,
                  const char *text)
{
    int columns = text_columns(text, strlen(text), canvas->ascii);

    if (columns < width) {
        col += width - columns;
        width = columns;
    }
    (void)canvas_text(canvas, row, col, width, look, text);
}

void canvas_fill(struct canvas *canvas, int row, int col, int width, enum look look,
                 const char *character)
{
    for (int i = 0; i < width; i++)
        (void)canvas_text(canvas, row, col + i, 1, look, character);
}

void canvas_paint(struct canvas *canvas, int row, int col, int width, enum look look)
{
    for (int i = 0; i < width; i++) {
        struct cell *cell = cell_at(canvas, row, col + i);
        if (cell != NULL)
            cell->style = canvas->theme->looks[look];
    }
}

char *canvas_row(const struct canvas *canvas, int row)
{
    size_t room = (size_t)canvas->cols * CELL_BYTES + 1, n = 0;
    char *text = pm_alloc(room);

    for (int col = 0; col < canvas->cols; col++) {
        const struct cell *cell = &canvas->cells[(size_t)row * (size_t)canvas->cols + (size_t)col];
        size_t length = strlen(cell->text);
        memcpy(text + n, cell->text, length);
        n += length;
    }
    while (n > 0 && text[n - 1] == ' ')
        n--;
    text[n] = '\0';
    return text;
}
