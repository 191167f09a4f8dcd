/* Tokens of bot2-procman: names, texts in double quotes on one line, whole numbers, marks. */
#include "bot2.h"
#include "text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void skip(struct bot2 *bot2)
{
    for (;; bot2->at++) {
        if (*bot2->at == '#')
            bot2->at += strcspn(bot2->at, "\n");
        if (*bot2->at == '\n')
            bot2->next_line++;
        else if (*bot2->at == '\0' || strchr(" \t\r\f", *bot2->at) == NULL)
            return;
    }
}

static void read_string(struct bot2 *bot2)
{
    static const char from[] = "nrt", to[] = "\n\r\t";
    struct text text = { 0 };
    const char *at = bot2->at + 1;

    for (; *at != '"' && *at != '\0' && *at != '\n'; at++) {
        const char *known = *at == '\\' && at[1] != '\0' ? strchr(from, at[1]) : NULL;
        if (known != NULL)
            text_char(&text, to[known - from]);
        else if (*at != '\\' || at[1] != '\n')
            text_char(&text, *at == '\\' && at[1] != '\0' ? at[1] : *at);
        at += *at == '\\' && at[1] != '\0' && at[1] != '\n';
    }
    bot2->token = *at == '"' ? TOKEN_STRING : TOKEN_WRONG;
    bot2->text = *at == '"' ? import_str(bot2->im, text_get(&text), text.n)
                            : "a text whose quote is not closed on its line";
    bot2->at = at + (*at == '"');
    free(text.at);
}

void bot2_next(struct bot2 *bot2)
{
    const char *begin;

    skip(bot2);
    begin = bot2->at;
    bot2->line = bot2->next_line;
    if (*begin == '"') {
        read_string(bot2);
        return;
    }
    if (*begin == '\0')
        bot2->token = TOKEN_END;
    else if (isalpha((unsigned char)*begin) || *begin == '_')
        bot2->token = TOKEN_NAME;
    else if (isdigit((unsigned char)*begin))
        bot2->token = TOKEN_NUMBER;
    else
        bot2->token = strchr("{}=;", *begin) != NULL ? TOKEN_MARK : TOKEN_WRONG;
    if (bot2->token == TOKEN_NAME)
        while (isalnum((unsigned char)*bot2->at) || *bot2->at == '_' || *bot2->at == '-')
            bot2->at++;
    else if (bot2->token == TOKEN_NUMBER)
        while (isdigit((unsigned char)*bot2->at))
            bot2->at++;
    else
        bot2->at += *begin != '\0';
    bot2->text = bot2->token == TOKEN_WRONG ? "a character that means nothing here"
                 : import_str(bot2->im, begin, (size_t)(bot2->at - begin));
}

bool bot2_is(const struct bot2 *bot2, enum token token, const char *text)
{
    return bot2->token == token && (text == NULL || strcmp(bot2->text, text) == 0);
}

bool bot2_fail(struct bot2 *bot2, const char *what)
{
    const char *quote = bot2->token == TOKEN_WRONG ? "" : bot2->token == TOKEN_STRING ? "\"" : "'";

    if (bot2->token == TOKEN_END)
        return import_fail(bot2->im, bot2->source, bot2->line, "the file ends where %s is "
                           "expected", what);
    return import_fail(bot2->im, bot2->source, bot2->line, "expected %s, not %s%.*s%s", what,
                       quote, IMPORT_SHOWN, bot2->text, quote);
}

bool bot2_take(struct bot2 *bot2, enum token token, const char *text, const char *what)
{
    if (!bot2_is(bot2, token, text))
        return bot2_fail(bot2, what);
    bot2_next(bot2);
    return true;
}

struct setting bot2_setting(const struct bot2 *bot2, const char *subject, const char *name)
{
    return (struct setting){ .source = bot2->source, .line = bot2->line, .subject = subject,
                             .name = name, .value = bot2->text };
}

const char *bot2_path(struct import *im, const char *path)
{
    struct text text = { 0 };

    for (const char *at = path; *at != '\0'; at++)
        if (*at != '/' || (text.n > 0 && at[1] != '/' && at[1] != '\0'))
            text_char(&text, *at);
    const char *kept = import_str(im, text_get(&text), text.n);
    free(text.at);
    return kept;
}
