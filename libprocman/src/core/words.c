/* A command line to its words, when no shell is needed for that.
 *
 * A shell costs a millisecond at every start and stands between us and the process: signals,
 * exit codes and the name in ps are then the shell's. So what sh would merely split and
 * unquote we split ourselves, by sh's own rules (POSIX XCU 2.2); whatever else could mean
 * something to sh goes to sh, unchanged. When in doubt: sh. Nothing is ever expanded here,
 * so there is no way to make us run something (wordexp is known to run $(…)).
 */
#include "core/words.h"

#include <procman/limits.h>
#include <procman/spec.h>

#include <string.h>

/* Unquoted, each of these has a meaning beyond being a character of a word. */
static const char special[] = "|&;<>()$`*?[#~\n{}!";

/* Words that are not programs when they come first: reserved words and built-in commands
 * of a POSIX shell that do something a child process could not. */
static const char *const built_in[] = {
    ".", ":", "alias", "bg", "break", "case", "cd", "command", "continue", "eval", "exec", "exit",
    "export", "fg", "for", "getopts", "hash", "if", "jobs", "local", "read", "readonly", "return",
    "set", "shift", "times", "trap", "type", "ulimit", "umask", "unalias", "unset", "until",
    "wait", "while",
};

struct splitter {
    const char *at;        /* next character of the command */
    char *to;              /* where the next byte of a word goes; NULL: only looking */
    bool shell, open;      /* a shell is needed; a quote is not closed */
};

static void put(struct splitter *s, char c)
{
    if (s->to != NULL)
        *s->to++ = c;
}

static void single_quoted(struct splitter *s)
{
    for (s->at++; *s->at != '\'' && *s->at != '\0'; s->at++)
        put(s, *s->at);
    s->open = *s->at == '\0';
    s->at += !s->open;
}

static void double_quoted(struct splitter *s)
{
    for (s->at++; *s->at != '"' && *s->at != '\0'; s->at++) {
        if (*s->at == '$' || *s->at == '`')
            s->shell = true;
        if (*s->at == '\\' && s->at[1] == '\n') {
            s->at++;
            continue;
        }
        if (*s->at == '\\' && s->at[1] != '\0' && strchr("$`\"\\", s->at[1]) != NULL)
            s->at++;
        put(s, *s->at);
    }
    s->open = *s->at == '\0';
    s->at += !s->open;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* NAME= at the beginning of the command sets a variable. */
static bool is_assignment(const char *word)
{
    size_t n = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");

    return n > 0 && word[n] == '=' && !(word[0] >= '0' && word[0] <= '9');
}

static bool is_built_in(const char *word)
{
    size_t n = strcspn(word, " \t");

    for (size_t i = 0; i < PM_COUNT(built_in); i++)
        if (strlen(built_in[i]) == n && strncmp(built_in[i], word, n) == 0)
            return true;
    return false;
}

static void one_word(struct splitter *s)
{
    while (*s->at != '\0' && !is_blank(*s->at) && !s->shell && !s->open) {
        if (*s->at == '\'') {
            single_quoted(s);
        } else if (*s->at == '"') {
            double_quoted(s);
        } else if (strchr(special, *s->at) != NULL) {
            s->shell = true;
        } else {
            if (*s->at == '\\' && *++s->at == '\0') {
                s->shell = true; /* let sh say what it thinks of that */
                break;
            }
            s->shell = s->shell || *s->at == '\n';
            put(s, *s->at++);
        }
    }
    put(s, '\0');
}

/* Walks the whole command. words: NULL, or where to put them. Returns how many. */
static size_t split(struct splitter *s, const char **words)
{
    size_t n = 0;

    s->at += strspn(s->at, " \t");
    s->shell = is_assignment(s->at) || is_built_in(s->at);
    while (*s->at != '\0' && !s->shell && !s->open) {
        if (words != NULL)
            words[n] = s->to;
        one_word(s);
        n++;
        s->at += strspn(s->at, " \t");
    }
    return n;
}

const char *pm_command_fault(const char *command)
{
    struct splitter s = { .at = command };

    if (command[strspn(command, " \t\r\n")] == '\0')
        return "a command has at least one word";
    (void)split(&s, NULL);
    return s.open && !s.shell ? "a quote is opened in it and never closed" : NULL;
}

static enum pm_err shell_argv(const char *command, struct pm_arena *arena, struct pm_strs *out)
{
    const char **words = pm_arena_get(arena, 3 * sizeof(*words));

    if (words == NULL)
        return PM_NO_MEMORY;
    words[0] = "/bin/sh";
    words[1] = "-c";
    words[2] = command;
    *out = (struct pm_strs){ .at = words, .n = 3 };
    return PM_OK;
}

enum pm_err pm_spec_argv(const struct pm_spec *spec, struct pm_arena *arena, struct pm_strs *out)
{
    const char *command = spec->command != NULL ? spec->command : "";
    struct splitter s = { .at = command };

    if (spec->exec.n > 0) {
        *out = spec->exec;
        return PM_OK;
    }
    size_t n = split(&s, NULL);
    if (s.shell || s.open || n == 0)
        return shell_argv(command, arena, out);
    if (n > PM_LIMIT_LIST)
        return PM_LIMIT;
    /* A word never grows; each needs its NUL, for which a blank or the end made room. */
    char *bytes = pm_arena_get(arena, strlen(command) + 1);
    const char **words = pm_arena_get(arena, n * sizeof(*words));
    if (bytes == NULL || words == NULL)
        return PM_NO_MEMORY;
    s = (struct splitter){ .at = command, .to = bytes };
    *out = (struct pm_strs){ .at = words, .n = split(&s, words) };
    return PM_OK;
}
