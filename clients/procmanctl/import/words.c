#include "words.h"

#include <procman/config.h>
#include <procman/spec.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n\f"

void words_add(struct words *words, const char *word)
{
    if (words->n == words->cap) {
        words->cap = words->cap > 0 ? words->cap * 2 : 16;
        words->at = pm_resize(words->at, words->cap, sizeof(*words->at));
    }
    words->at[words->n++] = word;
}

/* ---- taking apart ---- */

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, BLANKS);
}

/* One character after a backslash, as C has it; how many bytes were taken, 0: no such escape. */
static size_t c_escape(const char *at, struct text *word)
{
    static const char from[] = "abfnrtv\\\"'s", to[] = "\a\b\f\n\r\t\v\\\"' ";
    const char *known = *at != '\0' ? strchr(from, *at) : NULL;
    size_t digits = *at == 'x' ? 2 : 3;
    char number[4] = "", *end = number;

    if (known != NULL) {
        text_char(word, to[known - from]);
        return 1;
    }
    if (*at != 'x' && (*at < '0' || *at > '3'))
        return 0;
    size_t skip = *at == 'x';
    for (size_t i = 0; i < digits && at[skip + i] != '\0'; i++)
        number[i] = at[skip + i];
    long code = strtol(number, &end, *at == 'x' ? 16 : 8);
    /* Beyond ASCII it would be a piece of a character; control characters are our own marks. */
    if (end != number + digits || code < ' ' || code >= 0x7f)
        return 0;
    text_char(word, (char)code);
    return skip + digits;
}

/* Behind a backslash. Where it stands for itself, it is kept. Returns how many bytes it took. */
static size_t take_escape(const char *at, char quote, enum quoting quoting, struct text *word)
{
    if (quoting == QUOTING_SYSTEMD) {
        size_t taken = c_escape(at, word);
        if (taken == 0)
            text_char(word, '\\');
        return taken;
    }
    if (*at == '\0' || (quote == '"' && strchr("\"\\$`\n", *at) == NULL)) {
        text_char(word, '\\');
        return 0;
    }
    if (*at != '\n')
        text_char(word, *at);
    return 1;
}

/* One word; at its end NULL is the fault. */
static const char *take_word(const char **line, enum quoting quoting, struct text *word)
{
    const char *at = *line, *begin = at;
    char quote = '\0';

    for (; *at != '\0' && (quote != '\0' || strchr(BLANKS, *at) == NULL);) {
        char letter = *at++;
        bool opens = (letter == '"' || letter == '\'') &&
                     (quoting == QUOTING_SHELL || at - 1 == begin);
        if (quote == '\0' && opens)
            quote = letter;
        else if (quote != '\0' && letter == quote)
            quote = '\0';
        else if (letter == '\\' && !(quote == '\'' && quoting == QUOTING_SHELL))
            at += take_escape(at, quote, quoting, word);
        else
            text_char(word, letter == VARIABLE_LOOSE && quote != '\0' ? VARIABLE_TIGHT : letter);
    }
    *line = at;
    return quote != '\0' ? "a quote is not closed" : NULL;
}

const char *words_split(struct import *im, const char *line, enum quoting quoting,
                        struct words *out)
{
    for (line = skip_blanks(line); *line != '\0'; line = skip_blanks(line)) {
        struct text word = { 0 };
        const char *fault = take_word(&line, quoting, &word);
        words_add(out, import_str(im, text_get(&word), word.n));
        free(word.at);
        if (fault != NULL)
            return fault;
    }
    return NULL;
}

/* ---- variables ---- */

size_t words_name(const char *at)
{
    size_t n = 0;

    if (!isalpha((unsigned char)*at) && *at != '_')
        return 0;
    while (isalnum((unsigned char)at[n]) || at[n] == '_')
        n++;
    return n;
}

void words_put_variable(struct text *text, const char *name, size_t n, bool loose)
{
    text_char(text, loose ? VARIABLE_LOOSE : VARIABLE_TIGHT);
    text_add(text, name, n);
    text_char(text, VARIABLE_END);
}

bool words_have_variable(const char *word)
{
    return strchr(word, VARIABLE_LOOSE) != NULL || strchr(word, VARIABLE_TIGHT) != NULL;
}

char *words_unmark(const char *text)
{
    struct text out = { 0 };

    for (; *text != '\0'; text++) {
        if (*text == VARIABLE_LOOSE || *text == VARIABLE_TIGHT)
            text_str(&out, "${");
        else
            text_char(&out, *text == VARIABLE_END ? '}' : *text);
    }
    return out.at != NULL ? out.at : pm_strdup("");
}

char *words_fill(const char *text)
{
    struct text out = { 0 };

    for (; *text != '\0'; text++) {
        if (*text == VARIABLE_LOOSE || *text == VARIABLE_TIGHT)
            text_str(&out, "${");
        else
            text_char(&out, *text == VARIABLE_END ? '}' : *text);
        if (*text == '$' && (text[1] == '$' || text[1] == '{'))
            text_char(&out, '$');
    }
    return out.at != NULL ? out.at : pm_strdup("");
}

const char *words_mark(struct import *im, const char *text, bool doubled)
{
    struct text out = { 0 };
    bool good = true;

    while (good && *text != '\0') {
        bool braces = strncmp(text, "${", 2) == 0;
        size_t n = *text == '$' ? words_name(text + 1 + braces) : 0;
        if (doubled && strncmp(text, "$$", 2) == 0) {
            text_char(&out, '$');
            text += 2;
        } else if (n > 0 && (!braces || text[2 + n] == '}')) {
            words_put_variable(&out, text + 1 + braces, n, true);
            text += 1 + n + (braces ? 2 : 0);
        } else {
            good = !braces;
            text_char(&out, *text++);
        }
    }
    const char *kept = good ? import_str(im, text_get(&out), out.n) : NULL;
    free(out.at);
    return kept;
}

/* ---- putting together ---- */

static bool is_safe(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)text[i]) && strchr("_-./:=,+@%", text[i]) == NULL)
            return false;
    return true;
}

/* n bytes without marks, as they stand inside double quotes, or outside of them. */
static void put_literal(struct text *line, const char *text, size_t n, bool quoted)
{
    if (!quoted && is_safe(text, n)) {
        text_add(line, text, n);
        return;
    }
    if (!quoted)
        text_char(line, '\'');
    for (size_t i = 0; i < n; i++) {
        if (quoted && strchr("\"\\$`", text[i]) != NULL)
            text_char(line, '\\');
        if (!quoted && text[i] == '\'')
            text_str(line, "'\\''");
        else
            text_char(line, text[i]);
    }
    if (!quoted)
        text_char(line, '\'');
}

static void put_word(struct text *line, const char *word)
{
    static const char marks[] = { VARIABLE_LOOSE, VARIABLE_TIGHT, '\0' };
    bool quoted = strchr(word, VARIABLE_TIGHT) != NULL && strchr(word, VARIABLE_LOOSE) == NULL;

    if (*word == '\0' || quoted)
        text_str(line, *word == '\0' ? "''" : "\"");
    while (*word != '\0') {
        size_t n = strcspn(word, marks);
        if (n > 0)
            put_literal(line, word, n, quoted);
        word += n;
        if (*word == '\0')
            break;
        n = strcspn(word, "\x02");
        text_print(line, *word == VARIABLE_TIGHT && !quoted ? "\"${%.*s}\"" : "${%.*s}",
                   (int)n - 1, word + 1);
        word += n + (word[n] != '\0');
    }
    if (quoted)
        text_char(line, '"');
}

static char *line_of(const struct words *words, const char *before)
{
    struct text line = { 0 };

    text_str(&line, before);
    for (size_t i = 0; i < words->n; i++) {
        text_str(&line, i > 0 ? " " : "");
        put_word(&line, words->at[i]);
    }
    return line.at != NULL ? line.at : pm_strdup("");
}

/* Would the deputy make exactly these words of that line, without a shell? */
static bool means_the_same(struct import *im, const char *line, const struct words *words)
{
    struct pm_spec spec;
    struct pm_strs split = { 0 };

    pm_spec_init(&spec);
    spec.command = line;
    if (strchr(line, '\'') != NULL || pm_spec_argv(&spec, &im->arena, &split) != PM_OK ||
        split.n != words->n)
        return false;
    for (size_t i = 0; i < split.n; i++)
        if (strcmp(split.at[i], words->at[i]) != 0)
            return false;
    return true;
}

static void run_list(struct import *im, struct process *process, const struct setting *at,
                     const struct words *words)
{
    struct text list = { 0 };

    for (size_t i = 0; i < words->n; i++) {
        char *word = words_fill(words->at[i]);
        text_str(&list, i == 0 ? "[" : ", ");
        text_quoted(&list, word);
        free(word);
    }
    text_char(&list, ']');
    import_set(im, process, at, "exec", list.at);
    free(list.at);
}

void words_run(struct import *im, struct process *process, const struct setting *at,
               const struct words *words)
{
    bool loose = false;

    if (words->n == 0 || *words->at[0] == '\0') {
        import_left(im, at, "it names no program");
        return;
    }
    for (size_t i = 0; i < words->n; i++)
        loose = loose || strchr(words->at[i], VARIABLE_LOOSE) != NULL;
    char *line = line_of(words, loose ? "exec " : "");
    if (loose || means_the_same(im, line, words))
        import_set(im, process, at, "command", line);
    else
        run_list(im, process, at, words);
    free(line);
}
