/* Scripts of bot2-procman, step by step.
 *
 * A target is a command, a group with all below it, or everything. There a group is named by its
 * path and a command by its name alone, wherever it is: `cmd "left"` is the selector left, `group
 * "drivers"` is drivers/. A wait is a part of the step before it here: one of its own goes to the
 * last step with the same target, or is listed as left.
 */
#include "bot2.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static struct step *add_step(struct bot2 *bot2, struct script *script, const char *verb,
                             const char *what)
{
    struct step *step = import_get(bot2->im, sizeof(*step));

    if (step == NULL)
        return NULL;
    *step = (struct step){ .verb = verb, .what = what };
    if (script->last != NULL)
        script->last->next = step;
    else
        script->steps = step;
    script->last = step;
    return step;
}

/* everything, cmd "NAME" or group "PATH": a selector. */
static bool read_target(struct bot2 *bot2, bool everything, const char **out)
{
    bool group = bot2_is(bot2, TOKEN_NAME, "group");

    if (everything && bot2_is(bot2, TOKEN_NAME, "everything")) {
        *out = "all";
        bot2_next(bot2);
        return true;
    }
    if (!group && !bot2_is(bot2, TOKEN_NAME, "cmd"))
        return bot2_fail(bot2, everything ? "cmd, group or everything" : "cmd or group");
    bot2_next(bot2);
    if (bot2->token != TOKEN_STRING)
        return bot2_fail(bot2, "a name in double quotes");
    *out = group ? import_print(bot2->im, "%s/", bot2_path(bot2->im, bot2->text)) : bot2->text;
    bot2_next(bot2);
    return true;
}

/* "running" or "stopped". */
static bool read_status(struct bot2 *bot2, const char *verb, const char **out)
{
    bool running = bot2_is(bot2, TOKEN_STRING, "running");

    if (!running && !bot2_is(bot2, TOKEN_STRING, "stopped"))
        return bot2_fail(bot2, "\"running\" or \"stopped\"");
    /* After a start "stopped" is the end of what runs once; how it ended did not matter there. */
    *out = running ? "running" : strcmp(verb, "stop") == 0 ? "stopped" : "exited";
    bot2_next(bot2);
    return true;
}

static bool read_order(struct bot2 *bot2, struct script *script, const char *verb)
{
    const char *what;

    bot2_next(bot2);
    if (!read_target(bot2, true, &what))
        return false;
    struct step *step = add_step(bot2, script, verb, what);
    if (step == NULL)
        return false;
    if (!bot2_is(bot2, TOKEN_NAME, "wait"))
        return true;
    bot2_next(bot2);
    return read_status(bot2, verb, &step->wait);
}

static bool read_wait_ms(struct bot2 *bot2, struct script *script)
{
    bot2_next(bot2);
    if (bot2->token != TOKEN_NUMBER)
        return bot2_fail(bot2, "a whole number of milliseconds");
    bool good = add_step(bot2, script, "sleep", import_print(bot2->im, "%sms", bot2->text)) != NULL;
    bot2_next(bot2);
    return good;
}

/* wait cmd "x" status "running": joined to the step that ordered it, if no other came since. */
static bool read_wait(struct bot2 *bot2, struct script *script)
{
    struct setting at = bot2_setting(bot2, import_print(bot2->im, "script %s", script->name),
                                     "wait");
    const char *what, *status;

    bot2_next(bot2);
    if (bot2_is(bot2, TOKEN_NAME, "ms"))
        return read_wait_ms(bot2, script);
    if (!read_target(bot2, false, &what) ||
        !bot2_take(bot2, TOKEN_NAME, "status", "status"))
        return false;
    struct step *step = script->last;
    bool same = step != NULL && step->wait == NULL && strcmp(step->what, what) == 0;
    if (!read_status(bot2, same ? step->verb : "start", &status))
        return false;
    if (same) {
        step->wait = status;
        return true;
    }
    at.value = import_print(bot2->im, "%s %s", what, status);
    import_left(bot2->im, &at, "a step waits for what it orders itself; write wait: %s there",
                status);
    return true;
}

static bool read_step(struct bot2 *bot2, struct script *script)
{
    static const char *const verbs[] = { "start", "stop", "restart" };
    bool good;

    for (size_t i = 0; i < PM_COUNT(verbs); i++)
        if (bot2_is(bot2, TOKEN_NAME, verbs[i]))
            return read_order(bot2, script, verbs[i]) &&
                   bot2_take(bot2, TOKEN_MARK, ";", "';' or wait");
    if (bot2_is(bot2, TOKEN_NAME, "wait"))
        return read_wait(bot2, script) && bot2_take(bot2, TOKEN_MARK, ";", "';'");
    if (!bot2_is(bot2, TOKEN_NAME, "run_script"))
        return bot2_fail(bot2, "start, stop, restart, wait, run_script or '}'");
    bot2_next(bot2);
    if (bot2->token != TOKEN_STRING && bot2->token != TOKEN_NAME)
        return bot2_fail(bot2, "the script's name in double quotes");
    good = add_step(bot2, script, "run", bot2->text) != NULL;
    bot2_next(bot2);
    return good && bot2_take(bot2, TOKEN_MARK, ";", "';'");
}

static bool is_there(const struct import *im, const char *name)
{
    for (const struct script *script = im->scripts; script != NULL; script = script->next)
        if (strcmp(script->name, name) == 0)
            return true;
    return false;
}

bool bot2_script(struct bot2 *bot2)
{
    struct import *im = bot2->im;
    struct script *script = import_get(im, sizeof(*script));

    if (script == NULL)
        return false;
    if (bot2->token != TOKEN_STRING)
        return bot2_fail(bot2, "the script's name in double quotes");
    if (is_there(im, bot2->text))
        return import_fail(im, bot2->source, bot2->line, "script \"%s\" is there twice",
                           bot2->text);
    script->name = bot2->text;
    script->at = bot2_setting(bot2, NULL, "script");
    bot2_next(bot2);
    if (!bot2_take(bot2, TOKEN_MARK, "{", "'{'"))
        return false;
    while (!bot2_is(bot2, TOKEN_MARK, "}"))
        if (!read_step(bot2, script))
            return false;
    bot2_next(bot2);
    *im->scripts_end = script;
    im->scripts_end = &script->next;
    return true;
}
