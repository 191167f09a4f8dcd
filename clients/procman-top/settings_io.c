#include "settings.h"

#include <procman/paths.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES 65536 /* a file of ours is a hundredth of that */

/* A small file whole, heap; NULL: it is not there or cannot be read. */
static char *slurp(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text;
    size_t n;

    if (file == NULL)
        return NULL;
    text = pm_alloc(FILE_BYTES + 1);
    n = fread(text, 1, FILE_BYTES, file);
    text[n] = '\0';
    fclose(file);
    return text;
}

/* The user's own, also when the user is root: how somebody left his screen is no state of the
 * machine. XDG base directory specification: a relative path there is to be ignored. */
static char *user_dir(const char *variable, const char *below_home)
{
    const char *given = getenv(variable), *home = getenv("HOME");

    if (given != NULL && *given == '/')
        return pm_printf("%s/procman", given);
    return pm_printf("%s/%s/procman", home ? home : "", below_home);
}

static char *state_dir(void)
{
    return user_dir("XDG_STATE_HOME", ".local/state");
}

static char *state_path(void)
{
    PM_CLEANUP(pm_free) char *dir = state_dir();

    return pm_printf("%s/top", dir);
}

void settings_load(struct app *app)
{
    PM_CLEANUP(pm_free) char *path = state_path();
    PM_CLEANUP(pm_free) char *text = slurp(path);

    if (text != NULL)
        settings_take(app, text);
}

char *settings_load_keys(struct app *app)
{
    PM_CLEANUP(pm_free) char *dir = user_dir("XDG_CONFIG_HOME", ".config");
    PM_CLEANUP(pm_free) char *path = pm_printf("%s/top-keys", dir);
    PM_CLEANUP(pm_free) char *text = slurp(path);
    PM_CLEANUP(pm_free) char *why = NULL;

    if (text == NULL && errno != ENOENT)
        return pm_printf("%s: %s", path, strerror(errno));
    if (text != NULL)
        why = keymap_read(&app->keymap, text);
    return why ? pm_printf("%s: %s", path, why) : NULL;
}

/* Written whole or not at all; a user who cannot keep settings can still look at his fleet. */
void settings_save(const struct app *app)
{
    PM_CLEANUP(pm_free) char *dir = state_dir();
    PM_CLEANUP(pm_free) char *path = state_path();
    PM_CLEANUP(pm_free) char *fresh = pm_printf("%s.%d", path, (int)getpid());
    PM_CLEANUP(pm_free) char *text = settings_text(app);
    FILE *file;

    if (pm_make_dir(dir, false) != PM_OK || (file = fopen(fresh, "we")) == NULL)
        return;
    if (fputs(text, file) < 0 || fclose(file) != 0 || rename(fresh, path) != 0)
        (void)unlink(fresh);
}
