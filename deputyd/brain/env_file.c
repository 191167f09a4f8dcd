/* Variables of a file, a line NAME=VALUE each.
 *
 * Such files are written for systemd, docker compose and sh alike; what all of them read in one
 * way, we read so. Nothing in it is filled in or run. A value is
 *     to the end of its line, without the blanks around it, or to a '#' behind a blank;
 *     'in quotes', exactly what is between them, lines too;
 *     "in these", with \n \t \r \" \\ \$ and \` for what they are, and no line break behind '\'.
 * A line that begins with '#' or ';' is a comment; `export` in front of a name means nothing.
 * Anything else is an error, with its line: half an environment is worse than none.
 */
#include "brain/env_file.h"

#include <procman/limits.h>
#include <procman/utf8.h>

#include <string.h>

#define VARIABLES_MOST 4096
#define NAME_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

/* Values are made where they are read: they never grow. */
struct reader {
    char *at, *to;
    unsigned line;
    const char *fault;
};

static void skip_blanks(struct reader *r)
{
    r->at += strspn(r->at, " \t\r");
}

static void skip_line(struct reader *r)
{
    r->at += strcspn(r->at, "\n");
    if (*r->at == '\n') {
        r->at++;
        r->line++;
    }
}

/* Behind a value: nothing more may come but a comment. */
static void end_line(struct reader *r)
{
    skip_blanks(r);
    if (*r->at != '\0' && *r->at != '\n' && *r->at != '#')
        r->fault = "something follows the closing quote";
    else
        skip_line(r);
}

static void plain_value(struct reader *r)
{
    char *begin = r->at, *end = r->at + strcspn(r->at, "\n");
    char *comment;

    for (comment = begin; comment < end; comment++)
        if (*comment == '#' && (comment == begin || strchr(" \t", comment[-1]) != NULL))
            break;
    r->at = end;
    for (end = comment; end > begin && strchr(" \t\r", end[-1]) != NULL; end--)
        ;
    memmove(r->to, begin, (size_t)(end - begin));
    r->to += end - begin;
    skip_line(r);
}

/* What stands behind a '\' in double quotes; those that mean nothing keep it. */
static void escaped(struct reader *r)
{
    static const char given[] = "ntr\"\\$`", meant[] = "\n\t\r\"\\$`";
    const char *found = *r->at != '\0' ? strchr(given, *r->at) : NULL;

    if (*r->at == '\n') {
        r->line++;
    } else if (found != NULL) {
        *r->to++ = meant[found - given];
    } else {
        *r->to++ = '\\';
        return;
    }
    r->at++;
}

static void quoted_value(struct reader *r)
{
    char quote = *r->at++;

    while (*r->at != quote && *r->at != '\0') {
        if (*r->at == '\\' && quote == '"') {
            r->at++;
            escaped(r);
            continue;
        }
        r->line += *r->at == '\n';
        *r->to++ = *r->at++;
    }
    if (*r->at == '\0') {
        r->fault = "a quote is opened and never closed";
        return;
    }
    r->at++;
    end_line(r);
}

static const char *read_name(struct reader *r)
{
    char *name = r->at;
    size_t n;

    if (strncmp(name, "export", 6) == 0 && (name[6] == ' ' || name[6] == '\t')) {
        name += 6;
        name += strspn(name, " \t");
    }
    n = strspn(name, NAME_BYTES);
    if (n == 0 || name[n] != '=' || strchr("0123456789.-", *name) != NULL)
        r->fault = "not a line NAME=VALUE";
    else if (n > PM_LIMIT_VARIABLE)
        r->fault = "a name is too long";
    if (r->fault != NULL)
        return NULL;
    name[n] = '\0';
    r->at = r->to = name + n + 1; /* what is made begins behind its name, where it stood */
    return name;
}

static void read_variable(struct reader *r, struct pm_var *out)
{
    out->name = read_name(r);
    if (r->fault != NULL)
        return;
    skip_blanks(r);
    out->value = r->to;
    if (*r->at == '\'' || *r->at == '"')
        quoted_value(r);
    else
        plain_value(r);
}

const char *env_file_parse(char *text, size_t n, struct pm_arena *arena, struct pm_var_list *out,
                           unsigned *line)
{
    struct reader r = { .at = text, .line = 1 };
    size_t most = 1, count = 0;
    struct pm_var *at;

    *line = 1;
    if (!pm_utf8_text(text, n))
        return "it is not text in UTF-8";
    for (size_t i = 0; i < n; i++)
        most += text[i] == '\n';
    at = pm_arena_get(arena, (most < VARIABLES_MOST ? most : VARIABLES_MOST) * sizeof *at);
    if (at == NULL)
        return "out of memory";
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) /* a byte order mark */
        r.at += 3;
    while (*r.at != '\0' && r.fault == NULL) {
        *line = r.line;
        skip_blanks(&r);
        if (*r.at == '\0' || strchr("\n#;", *r.at) != NULL) {
            skip_line(&r);
        } else if (count == VARIABLES_MOST) {
            r.fault = "more variables than it may have";
        } else {
            char *end;
            read_variable(&r, &at[count]);
            end = r.to;
            if (r.fault == NULL)
                *end = '\0';
            count += r.fault == NULL;
        }
    }
    *out = (struct pm_var_list){ at, count };
    return r.fault;
}
