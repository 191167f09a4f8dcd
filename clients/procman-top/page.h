/* A view that is text: help, details, events. Lines with a look each, and where one reads. */
#ifndef TOP_PAGE_H
#define TOP_PAGE_H

#include "canvas.h"

struct page_line { char *text; enum look look; bool title; };

struct page {
    struct page_line *lines;
    size_t n, room;
    size_t top;
};

void page_fini(struct page *page);
void page_clear(struct page *page); /* the place one reads stays */
void page_add(struct page *page, enum look look, const char *format, ...) PM_PRINTF(3, 4);
void page_title(struct page *page, const char *title); /* ─ Title ──────── */
void page_move(struct page *page, long lines, size_t height);
void page_draw(struct page *page, struct canvas *canvas, int row, int height);

#endif
