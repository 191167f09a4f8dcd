/* A picture for a terminal, made of cells. Everything is drawn into it; only term_io.c shows it.
 *
 * So a screen is a value: it can be tested without a terminal, and showing it twice costs nothing.
 * Text is UTF-8 from anywhere: control characters, escape sequences and bytes that are no text
 * become visible, never effective. */
#ifndef TOP_CANVAS_H
#define TOP_CANVAS_H

#include "look.h"

#define CELL_BYTES 14 /* a character and what combines with it; more combining ones are left out */

struct cell {
    char text[CELL_BYTES + 1]; /* UTF-8; empty: the right half of a wide character */
    struct style style;
};

struct canvas {
    int rows, cols;
    bool ascii;                /* show nothing but ASCII */
    const struct theme *theme;
    struct cell *cells;
};

void canvas_init(struct canvas *canvas, const struct theme *theme, bool ascii);
void canvas_fini(struct canvas *canvas);
/* Also clears it. */
void canvas_resize(struct canvas *canvas, int rows, int cols);

/* Draw text from there on, at most `width` columns and not beyond the edge; what does not fit is
 * cut off. Returns the columns used. Rows and columns outside are drawn nowhere. */
int canvas_text(struct canvas *canvas, int row, int col, int width, enum look look,
                const char *text);
int canvas_styled(struct canvas *canvas, int row, int col, int width, struct style style,
                  const char *text, size_t n);
int canvas_printf(struct canvas *canvas, int row, int col, int width, enum look look,
                  const char *format, ...) PM_PRINTF(6, 7);
/* Right-aligned in `width` columns. */
void canvas_right(struct canvas *canvas, int row, int col, int width, enum look look,
                  const char *text);
/* `width` times that one character. */
void canvas_fill(struct canvas *canvas, int row, int col, int width, enum look look,
                 const char *character);
/* Lay another look over what is drawn there. */
void canvas_paint(struct canvas *canvas, int row, int col, int width, enum look look);

/* The glyph, or its stand-in where there is only ASCII. */
static inline const char *canvas_glyph(const struct canvas *canvas, const char *glyph,
                                       const char *ascii)
{
    return canvas->ascii ? ascii : glyph;
}

/* Columns text takes; what canvas_text() would return with room enough. */
int text_columns(const char *text, size_t n, bool ascii) PM_MUST_USE;
/* Bytes of text that fit in so many columns, whole characters only, and what they take. */
size_t text_fit(const char *text, size_t n, int columns, bool ascii, int *out_columns) PM_MUST_USE;
/* One row as text without trailing blanks, heap; for tests. */
char *canvas_row(const struct canvas *canvas, int row) PM_MUST_USE;

#endif
