/* The parts of the picture. Each draws into its rows and leaves in the app where it was. */
#ifndef TOP_DRAW_H
#define TOP_DRAW_H

#include "app.h"

void draw_head(struct app *app, struct canvas *canvas, int hosts_rows);
/* Rows the deputies' bars take, at most `most`. */
int draw_hosts_rows(const struct app *app, int cols, int most);
void draw_table(struct app *app, struct canvas *canvas, int row, int height);
void draw_log(struct app *app, struct canvas *canvas, int row, int height);
void draw_bottom(struct app *app, struct canvas *canvas, int row);
void draw_over(struct app *app, struct canvas *canvas); /* a question, a menu */

/* Fill app->page with the view's text. */
void page_help(struct app *app);
void page_details(struct app *app, const struct canvas *canvas);
void page_events(struct app *app);
void page_hosts(struct app *app);
void page_sheriff(struct app *app);
void page_graph(struct app *app, bool ascii);
void page_scripts(struct app *app, bool ascii);
/* The script that is being run and its step, heap; NULL: none is. */
char *scripts_line(const struct app *app) PM_MUST_USE;
/* All events, or those of one process. */
void page_add_events(const struct app *app, struct page *page, const struct pm_proc *only);
/* A time of day for people; returns to. */
const char *wall_text(int64_t ms, char *to, size_t size);

/* What a click there means. */
enum action draw_key_at(const struct app *app, int col);
enum column draw_column_at(const struct app *app, int col);

/* How a state is shown: by symbol and by colour. */
const char *state_symbol(enum pm_state state, bool ascii);
enum look state_look(enum pm_state state);

#endif
