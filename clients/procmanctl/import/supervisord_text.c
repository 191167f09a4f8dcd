/* The two small languages inside of supervisord.conf: %(name)s, and lists of variables. */
#include "supervisord.h"
#include "words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENV "ENV_"

/* ---- %(name)s ---- */

static bool is_name(const char *name, size_t n, const char *known)
{
    return strlen(known) == n && memcmp(name, known, n) == 0;
}

/* %(process_num)02d: the number with as many digits. Anything but plain digits is 's'. */
static void put_number(struct text *out, long number, const char *format, size_t n)
{
    int width = 0;

    for (size_t i = 0; i < n && i < 3; i++)
        width = isdigit((unsigned char)format[i]) ? width * 10 + format[i] - '0' : width;
    if (n > 0 && format[0] == '0')
        text_print(out, "%0*ld", width, number);
    else
        text_print(out, "%*ld", width, number);
}

static bool put_known(struct text *out, const struct setting *at,
                      const struct expansion *expansion, const char *name, size_t n,
                      const char *format, size_t format_n)
{
    size_t env = strlen(ENV);

    if (is_name(name, n, "program_name"))
        text_str(out, expansion->program);
    else if (is_name(name, n, "group_name"))
        text_str(out, expansion->group);
    else if (is_name(name, n, "here"))
        text_str(out, at->source->directory);
    else if (is_name(name, n, "process_num"))
        put_number(out, expansion->number, format, format_n);
    else if (is_name(name, n, "numprocs"))
        put_number(out, expansion->copies, format, format_n);
    else if (n > env && memcmp(name, ENV, env) == 0 && words_name(name + env) == n - env)
        words_put_variable(out, name + env, n - env, true);
    else
        return false;
    return true;
}

/* At '%'; how many bytes were taken. 0: listed as left. */
static size_t expand_one(struct import *im, const struct setting *at,
                         const struct expansion *expansion, const char *text, struct text *out)
{
    const char *close;
    size_t format;

    if (text[1] == '%') {
        text_char(out, '%');
        return 2;
    }
    close = text[1] == '(' ? strchr(text, ')') : NULL;
    if (close == NULL) {
        import_left(im, at, "'%%' stands before '(' or another '%%'");
        return 0;
    }
    format = strspn(close + 1, "0123456789");
    size_t n = (size_t)(close - text) - 2;
    if (strchr("sd", close[1 + format]) == NULL || close[1 + format] == '\0' ||
        !put_known(out, at, expansion, text + 2, n, close + 1, format)) {
        import_left(im, at, "%%(%.*s)s is not known here; write what it stands for",
                    n < IMPORT_SHOWN ? (int)n : IMPORT_SHOWN, text + 2);
        return 0;
    }
    return (size_t)(close - text) + format + 2;
}

const char *supervisord_expand(struct import *im, const struct setting *at,
                               const struct expansion *expansion, const char *text)
{
    struct text out = { 0 };
    size_t taken = 1;

    for (; *text != '\0' && taken > 0; text += taken) {
        taken = 1;
        if (*text == '%')
            taken = expand_one(im, at, expansion, text, &out);
        else
            text_char(&out, *text);
    }
    const char *kept = taken > 0 ? import_str(im, text_get(&out), out.n) : NULL;
    free(out.at);
    return kept;
}

/* ---- KEY="value",KEY2=value ---- */

static bool is_space(char letter)
{
    return letter != '\0' && strchr(" \t\r\n\f", letter) != NULL;
}

/* One value up to its comma; quotes are taken off. */
static const char *take_value(const char *at, struct text *value)
{
    while (is_space(*at))
        at++;
    for (char quote = '\0'; *at != '\0' && (quote != '\0' || *at != ','); at++) {
        if (quote == '\0' && (*at == '"' || *at == '\''))
            quote = *at;
        else if (quote != '\0' && *at == quote)
            quote = '\0';
        else if (*at == '\\' && quote == '"' && (at[1] == '"' || at[1] == '\\'))
            text_char(value, *++at);
        else if (quote != '\0' || !is_space(*at))
            text_char(value, *at);
    }
    return at;
}

void supervisord_environment(struct import *im, struct process *process, const struct setting *at)
{
    const char *text = at->value;

    while (*text != '\0') {
        struct text value = { 0 };
        while (is_space(*text) || *text == ',')
            text++;
        size_t n = strcspn(text, "=,");
        if (n == 0 && *text == '\0')
            break;
        if (text[n] != '=') {
            import_left(im, at, "it is not written KEY=\"value\",KEY2=\"value2\"");
            return;
        }
        while (n > 0 && is_space(text[n - 1]))
            n--;
        const char *name = import_str(im, text, n);
        text = take_value(text + strcspn(text, "=") + 1, &value);
        import_variable(im, process, at, name, import_str(im, text_get(&value), value.n));
        free(value.at);
    }
}
