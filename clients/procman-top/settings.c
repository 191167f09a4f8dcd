#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const pane_words[PANE_COUNT] = { "off", "half", "large" };

char *settings_text(const struct app *app)
{
    const struct model_view *view = model_view(app->model);

    return pm_printf("theme: %s\narrange: %s\nlabel: %s\nsort: %s\nturned: %s\npane: %s\nwrap: %s\n"
                     "times: %s\nmouse: %s\n",
                     themes[app->theme].name, arrange_words[view->arrange], view->label,
                     columns[view->sort].word, view->inverted ? "yes" : "no",
                     pane_words[app->pane], app->wrap ? "yes" : "no", app->times ? "yes" : "no",
                     app->mouse ? "yes" : "no");
}

static void take_theme(struct app *app, const char *value)
{
    const struct theme *theme = theme_find(value);

    if (theme != NULL)
        app->theme = (size_t)(theme - themes);
}

static void take(struct app *app, const char *word, const char *value)
{
    struct model_view *view = model_view(app->model);
    bool yes = strcmp(value, "yes") == 0;

    if (strcmp(word, "theme") == 0)
        take_theme(app, value);
    else if (strcmp(word, "turned") == 0)
        view->inverted = yes;
    else if (strcmp(word, "wrap") == 0)
        app->wrap = yes;
    else if (strcmp(word, "times") == 0)
        app->times = yes;
    else if (strcmp(word, "mouse") == 0)
        app->mouse = yes;
    else if (strcmp(word, "label") == 0)
        snprintf(view->label, sizeof view->label, "%s", value);
    for (enum column c = 0; strcmp(word, "sort") == 0 && c < COLUMN_COUNT; c++)
        if (strcmp(columns[c].word, value) == 0)
            view->sort = c;
    for (enum arrange a = 0; strcmp(word, "arrange") == 0 && a < ARRANGE_COUNT; a++)
        if (strcmp(arrange_words[a], value) == 0)
            view->arrange = a;
    for (enum pane p = 0; strcmp(word, "pane") == 0 && p < PANE_COUNT; p++)
        if (strcmp(pane_words[p], value) == 0)
            app->pane = p;
}

void settings_take(struct app *app, const char *text)
{
    PM_CLEANUP(pm_free) char *copy = pm_strdup(text);
    char *rest = NULL;

    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *colon = strstr(line, ": ");
        if (colon == NULL)
            continue;
        *colon = '\0';
        take(app, line, colon + 2);
    }
}
