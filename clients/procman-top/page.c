#include "page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void page_clear(struct page *page)
{
    for (size_t i = 0; i < page->n; i++)
        free(page->lines[i].text);
    page->n = 0;
}

void page_fini(struct page *page)
{
    page_clear(page);
    free(page->lines);
    *page = (struct page){ 0 };
}

static void add(struct page *page, enum look look, char *text, bool title)
{
    if (page->n == page->room) {
        page->room = page->room * 2 + 32;
        page->lines = pm_resize(page->lines, page->room, sizeof *page->lines);
    }
    page->lines[page->n++] = (struct page_line){ text, look, title };
}

void page_add(struct page *page, enum look look, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vasprintf(&text, format, arguments);
    va_end(arguments);
    pm_assert(n >= 0);
    add(page, look, text, false);
}

void page_title(struct page *page, const char *title)
{
    add(page, LOOK_TITLE, pm_strdup(title), true);
}

void page_move(struct page *page, long lines, size_t height)
{
    size_t last = page->n > height ? page->n - height : 0;
    size_t by = (size_t)labs(lines);

    if (lines < 0)
        page->top = page->top > by ? page->top - by : 0;
    else
        page->top += by;
    if (page->top > last)
        page->top = last;
}

void page_draw(struct page *page, struct canvas *canvas, int row, int height)
{
    page_move(page, 0, height > 0 ? (size_t)height : 0);
    for (int i = 0; i < height && page->top + (size_t)i < page->n; i++) {
        const struct page_line *line = &page->lines[page->top + (size_t)i];
        if (line->title) {
            canvas_fill(canvas, row + i, 0, canvas->cols, line->look,
                        canvas_glyph(canvas, "─", "-"));
            (void)canvas_printf(canvas, row + i, 1, canvas->cols, line->look, " %s ", line->text);
        } else {
            (void)canvas_text(canvas, row + i, 0, canvas->cols, line->look, line->text);
        }
    }
}
