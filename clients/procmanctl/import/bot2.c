/* bot2-procman, libbot2's and its successors': a file of cmd, group and script.
 *
 * `host` and `deputy` are the same word of two dialects. There nothing starts when a file is
 * loaded, a command is stopped by SIGINT and has 7 seconds, writes to a terminal, and comes back
 * after every end or never; all of that is carried over, also where the file leaves it unsaid.
 * exec is no shell's line: quotes are a shell's, pipes and globs are plain words, words with '='
 * in front are variables, and $NAME is filled in from the deputy's environment at the start.
 */
#include "bot2.h"
#include "kinds.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STOP_SIGNAL "INT"
#define STOP_TIMEOUT "7s"
#define DEEPEST 32     /* groups in groups */

/* ---- exec ---- */

/* One word, with its $NAME and ${NAME} made variables; also inside of quotes, as it is there. */
static const char *with_variables(struct import *im, const char *word)
{
    struct text out = { 0 };

    while (*word != '\0') {
        bool braces = strncmp(word, "${", 2) == 0;
        size_t n = *word == '$' ? words_name(word + 1 + braces) : 0;
        if (n > 0 && (!braces || word[2 + n] == '}')) {
            words_put_variable(&out, word + 1 + braces, n, false);
            word += 1 + n + (braces ? 2 : 0);
        } else {
            text_char(&out, *word++);
        }
    }
    const char *kept = import_str(im, text_get(&out), out.n);
    free(out.at);
    return kept;
}

static void read_exec(struct import *im, struct process *process, const struct setting *at)
{
    struct words all = { 0 }, words = { 0 };
    const char *fault = words_split(im, at->value, QUOTING_SHELL, &all);
    size_t i = 0;

    if (fault != NULL) {
        import_left(im, at, "%s", fault);
        free(all.at);
        return;
    }
    for (; i < all.n && strchr(all.at[i], '=') != NULL; i++) {
        size_t n = strcspn(all.at[i], "=");
        import_variable(im, process, at, import_str(im, all.at[i], n), all.at[i] + n + 1);
    }
    for (; i < all.n; i++)
        words_add(&words, with_variables(im, all.at[i]));
    words_run(im, process, at, &words);
    free(words.at);
    free(all.at);
}

/* ---- cmd ---- */

static bool read_value(struct bot2 *bot2, struct process *process, const char *name,
                       const struct setting *at)
{
    struct import *im = bot2->im;
    bool text = bot2->token == TOKEN_STRING;

    if (strcmp(name, "stop_signal") == 0 || strcmp(name, "stop_time_allowed") == 0) {
        if (text || strcmp(bot2->text, "0") == 0)
            return bot2_fail(bot2, "a whole number from 1 on, without quotes,");
        if (name[5] == 's')
            import_set(im, process, at, "stop.signal", bot2->text);
        else
            import_set(im, process, at, "stop.timeout", import_print(im, "%ss", bot2->text));
        return true;
    }
    if (!text)
        return bot2_fail(bot2, "a text in double quotes");
    if (strcmp(name, "exec") == 0)
        read_exec(im, process, at);
    else if (strcmp(name, "host") == 0 || strcmp(name, "deputy") == 0)
        import_set(im, process, at, "host", bot2->text);
    else if (strcmp(name, "auto_respawn") == 0)
        import_set(im, process, at, "auto_restart",
                   strcasecmp(bot2->text, "true") == 0 || strcasecmp(bot2->text, "yes") == 0
                   ? "always" : "no");
    else if (strcmp(name, "group") == 0)
        import_left(im, at, "the group is the block it stands in, as it was in bot2-procman");
    else
        return import_fail(im, bot2->source, at->line, "a command has no '%s'; it has exec, host, "
                           "auto_respawn, stop_signal and stop_time_allowed", name);
    return true;
}

static bool read_attribute(struct bot2 *bot2, struct process *process)
{
    const char *name = bot2->text;

    if (!bot2_take(bot2, TOKEN_NAME, NULL, "an attribute or '}'") ||
        !bot2_take(bot2, TOKEN_MARK, "=", "'='"))
        return false;
    if (bot2->token != TOKEN_STRING && bot2->token != TOKEN_NUMBER)
        return bot2_fail(bot2, "a value");
    struct setting at = bot2_setting(bot2, process->at.subject, name);
    if (!read_value(bot2, process, name, &at))
        return false;
    bot2_next(bot2);
    return bot2_take(bot2, TOKEN_MARK, ";", "';'");
}

static bool read_command(struct bot2 *bot2, const char *group)
{
    struct import *im = bot2->im;
    struct setting at = bot2_setting(bot2, NULL, "cmd");
    const char *name = "";

    if (bot2->token == TOKEN_STRING) {
        name = bot2->text;
        bot2_next(bot2);
    }
    if (*name == '\0')
        return import_fail(im, bot2->source, at.line, "this command has no name");
    at.subject = import_print(im, "cmd %s", name);
    at.value = NULL;
    struct process *process = import_process(im, &at, name);
    if (process == NULL || !bot2_take(bot2, TOKEN_MARK, "{", "'{'"))
        return false;
    import_set(im, process, &at, "autostart", "false");
    import_set(im, process, &at, "stop.signal", STOP_SIGNAL);
    import_set(im, process, &at, "stop.timeout", STOP_TIMEOUT);
    import_set(im, process, &at, "output.pty", "true");
    if (*group != '\0')
        import_group(im, process, &at, group);
    while (!bot2_is(bot2, TOKEN_MARK, "}"))
        if (!read_attribute(bot2, process))
            return false;
    if (*process->spec.host == '\0') {
        at.name = "a command without host";
        import_left(im, &at, "bot2-procman does not load it; here it runs on the sheriff's "
                    "machine");
    }
    bot2_next(bot2);
    return true;
}

/* ---- blocks ---- */

/* What may stand at the top or in a group. */
static bool read_block(struct bot2 *bot2, const char *group, unsigned depth);

static bool read_group(struct bot2 *bot2, const char *outer, unsigned depth)
{
    struct import *im = bot2->im;
    const char *name = bot2->text;

    if (bot2->token != TOKEN_STRING || *bot2_path(im, name) == '\0')
        return bot2_fail(bot2, "the group's name in double quotes");
    if (depth == DEEPEST)
        return import_fail(im, bot2->source, bot2->line, "groups are nested deeper than %d levels",
                           DEEPEST);
    bot2_next(bot2);
    if (!bot2_take(bot2, TOKEN_MARK, "{", "'{'"))
        return false;
    const char *path = bot2_path(im, import_print(im, "%s/%s", outer, name));
    while (!bot2_is(bot2, TOKEN_MARK, "}"))
        if (!read_block(bot2, path, depth + 1))
            return false;
    bot2_next(bot2);
    return true;
}

static bool read_block(struct bot2 *bot2, const char *group, unsigned depth)
{
    bool top = depth == 0;

    if (bot2_is(bot2, TOKEN_NAME, "cmd")) {
        bot2_next(bot2);
        return read_command(bot2, group);
    }
    if (bot2_is(bot2, TOKEN_NAME, "group")) {
        bot2_next(bot2);
        return read_group(bot2, group, depth);
    }
    if (top && bot2_is(bot2, TOKEN_NAME, "script")) {
        bot2_next(bot2);
        return bot2_script(bot2);
    }
    return bot2_fail(bot2, top ? "cmd, group or script" : "cmd, group or '}'");
}

bool bot2_read(struct import *im, struct source *source)
{
    struct bot2 bot2 = { .im = im, .source = source, .at = source->text, .next_line = 1 };
    bool good = true;

    if (strncmp(bot2.at, "\xef\xbb\xbf", 3) == 0)
        bot2.at += 3;
    bot2_next(&bot2);
    while (good && bot2.token != TOKEN_END && im->fault == NULL)
        good = read_block(&bot2, "", 0);
    return good && im->fault == NULL;
}
