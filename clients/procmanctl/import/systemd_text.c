/* The languages inside of a unit: specifiers, command lines, assignments, time spans.
 *
 * systemd.unit(5), systemd.service(5), systemd.syntax(7), systemd.time(7).
 */
#include "systemd.h"
#include "words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- specifiers ---- */

static const char *specifier(const struct unit *unit, char letter)
{
    switch (letter) {
    case '%': return "%";
    case 'n': return unit->name;
    case 'N': return unit->stem;
    case 'p':
    case 'P': return unit->prefix;
    case 'i':
    case 'I': return *unit->instance != '\0' ? unit->instance : NULL;
    case 't': return "/run";
    case 'S': return "/var/lib";
    case 'C': return "/var/cache";
    case 'L': return "/var/log";
    case 'E': return "/etc";
    case 'T': return "/tmp";
    case 'V': return "/var/tmp";
    default:  return NULL;
    }
}

const char *systemd_expand(struct import *im, const struct unit *unit, const struct setting *at,
                           const char *text)
{
    struct text out = { 0 };
    const char *known = "";

    for (; *text != '\0' && known != NULL; text++) {
        if (*text != '%' || text[1] == '\0') { /* CPUQuota=150% */
            text_char(&out, *text);
            continue;
        }
        known = specifier(unit, text[1]);
        if (known == NULL && strchr("iIjJ", text[1]) != NULL)
            import_left(im, at, "%%%c is the instance; import a copy of the file that is called "
                        "NAME@INSTANCE.service", text[1]);
        else if (known == NULL)
            import_left(im, at, "%%%c is known only where it runs; write what it stands for",
                        text[1]);
        else
            text_str(&out, known);
        text++;
    }
    const char *kept = known != NULL ? import_str(im, text_get(&out), out.n) : NULL;
    free(out.at);
    return kept;
}

/* ---- command lines ---- */

/* ${NAME} anywhere, $NAME as a word of its own, $$ for '$'. */
static const char *with_variables(struct import *im, const char *word)
{
    bool alone = *word == '$' && words_name(word + 1) > 0 && word[1 + words_name(word + 1)] == '\0';
    struct text out = { 0 };

    if (alone) {
        words_put_variable(&out, word + 1, strlen(word + 1), true);
        word = "";
    }
    while (*word != '\0') {
        size_t n = strncmp(word, "${", 2) == 0 ? words_name(word + 2) : 0;
        if (n > 0 && word[2 + n] == '}') {
            words_put_variable(&out, word + 2, n, false);
            word += n + 3;
        } else {
            text_char(&out, *word);
            word += *word == '$' && word[1] == '$' ? 2 : 1;
        }
    }
    const char *kept = import_str(im, text_get(&out), out.n);
    free(out.at);
    return kept;
}

static const char *const prefixes[] = {
    ['-'] = "a failure of it counts as one here; write restart: {success_codes: […]}",
    ['+'] = "it runs as run_as says; give the work that needs root to a process of its own",
    ['!'] = "it runs as run_as says; give the work that needs root to a process of its own",
};

/* The prefixes of the first word are eaten; *named: '@', the second word is argv[0]. */
static const char *take_prefixes(struct import *im, const struct setting *at, const char *word,
                                 bool *named, bool *literal)
{
    for (; *word != '\0' && strchr("@-:+!|", *word) != NULL; word++) {
        struct setting prefix = *at;
        char text[] = { *word, '\0' };
        *named = *named || *word == '@';
        *literal = *literal || *word == ':';
        prefix.name = "the prefix";
        prefix.value = text;
        if ((size_t)*word < PM_COUNT(prefixes) && prefixes[(size_t)*word] != NULL &&
            !(*word == '!' && word[1] == '!')) {
            prefix.value = import_str(im, text, 1);
            import_left(im, &prefix, "%s", prefixes[(size_t)*word]);
        }
    }
    return word;
}

void systemd_exec(struct import *im, struct process *process, const struct setting *at)
{
    struct words all = { 0 }, words = { 0 };
    bool named = false, literal = false;
    const char *fault = words_split(im, at->value, QUOTING_SYSTEMD, &all);

    if (fault == NULL && all.n > 0)
        all.at[0] = take_prefixes(im, at, all.at[0], &named, &literal);
    for (size_t i = 0; i < all.n && fault == NULL; i++) {
        if (strcmp(all.at[i], ";") == 0)
            fault = "several commands in one line; make each a process, or one line for sh with &&";
        else if (i == 1 && named && all.n > 1)
            continue; /* what it is called in ps(1) */
        else /* "\;" is a word ';' of its own */
            words_add(&words, strcmp(all.at[i], "\\;") == 0 ? ";"
                              : literal ? all.at[i] : with_variables(im, all.at[i]));
    }
    if (fault != NULL)
        import_left(im, at, "%s", fault);
    else
        words_run(im, process, at, &words);
    free(words.at);
    free(all.at);
}

void systemd_environment(struct import *im, struct process *process, const struct setting *at)
{
    struct words words = { 0 };
    const char *fault = words_split(im, at->value, QUOTING_SYSTEMD, &words);

    if (fault != NULL)
        import_left(im, at, "%s", fault);
    for (size_t i = 0; i < words.n && fault == NULL; i++) {
        size_t n = strcspn(words.at[i], "=");
        if (words.at[i][n] != '=')
            import_left(im, at, "%s is not NAME=value", words.at[i]);
        else
            import_variable(im, process, at, import_str(im, words.at[i], n), words.at[i] + n + 1);
    }
    free(words.at);
}

/* ---- time ---- */

static const struct { const char *name, *ours; } units[] = {
    { "usec", "us" }, { "us", "us" }, { "msec", "ms" }, { "ms", "ms" },
    { "seconds", "s" }, { "second", "s" }, { "sec", "s" }, { "s", "s" }, { "", "s" },
    { "minutes", "m" }, { "minute", "m" }, { "min", "m" }, { "m", "m" },
    { "hours", "h" }, { "hour", "h" }, { "hr", "h" }, { "h", "h" },
    { "days", "d" }, { "day", "d" }, { "d", "d" },
};

static const char *unit_of(const char *at, size_t n)
{
    for (size_t i = 0; i < PM_COUNT(units); i++)
        if (strlen(units[i].name) == n && memcmp(units[i].name, at, n) == 0)
            return units[i].ours;
    return NULL;
}

const char *systemd_span(struct import *im, const struct setting *at)
{
    struct text out = { 0 };
    const char *text = at->value, *unit = "";

    if (strcmp(text, "infinity") == 0)
        return "";
    while (unit != NULL && *(text += strspn(text, " \t")) != '\0') {
        size_t n = strspn(text, "0123456789."), blanks = strspn(text + n, " \t");
        size_t letters = 0;
        while (isalpha((unsigned char)text[n + blanks + letters]))
            letters++;
        unit = n > 0 ? unit_of(text + n + blanks, letters) : NULL;
        if (unit != NULL && strcmp(unit, "us") != 0)
            text_print(&out, "%.*s%s", (int)n, text, unit);
        text += n + blanks + letters;
    }
    const char *kept = unit != NULL ? import_str(im, out.n > 0 ? out.at : "1ms",
                                                 out.n > 0 ? out.n : 3) : NULL;
    if (kept == NULL)
        import_left(im, at, "it is no time such as 90, 5s or 1min 30s");
    free(out.at);
    return kept;
}
