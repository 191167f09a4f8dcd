/* How the user left it: one "word: value" a line, in $XDG_STATE_HOME/procman/top. */
#ifndef TOP_SETTINGS_H
#define TOP_SETTINGS_H

#include "app.h"

char *settings_text(const struct app *app) PM_MUST_USE;  /* heap */
/* What it does not know is left as it is: an older program's file, or a newer one's. */
void settings_take(struct app *app, const char *text);

void settings_load(struct app *app);        /* nothing there: nothing happens */
/* NULL, or why the user's file of keys cannot be taken, heap. */
char *settings_load_keys(struct app *app) PM_MUST_USE;
void settings_save(const struct app *app);

#endif
