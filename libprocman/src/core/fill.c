/* Texts that are filled in at a start, on the machine where it happens.
 *
 * There are two kinds. An argument, a value or a path is ours to fill in: it becomes exactly what
 * it says, never split, never looked at again. A command line is sh's, and so is every '$' in it;
 * there only the placeholders are ours, which sh does not know, and what is put in their place is
 * quoted as the place needs, so that a name with a space or a quote in it stays one name.
 *
 * Braces are common in arguments, as JSON or as somebody else's templates: so nothing but the four
 * placeholders themselves means anything, and not inside a second pair ({{name}}).
 */
#include <procman/fill.h>

#include <procman/limits.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MOST 8     /* of texts in ${A:-${B:-…}} */
#define SAFE "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:+,@%=-"
#define WORD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

static const char NOT_CLOSED[] = "a '${' is never closed with '}'; write $$ for a '$' itself";
static const char NOT_KNOWN[] = "after '${' comes VAR}, VAR:-text} or VAR:?text}; write $$ for a "
                                "'$' itself";
static const char TOO_DEEP[] = "'${' is nested too deeply";

/* ---- what stands there --------------------------------------------------------------- */

struct reference {            /* ${NAME}, ${NAME:-text} or ${NAME:?text} */
    const char *name;
    size_t name_n;
    char kind;                /* '-', '?' or 0 */
    const char *text;
    size_t text_n;
    const char *end;          /* behind it */
};

/* at: behind "${". NULL: *out is it; else what is wrong. */
static const char *read_reference(const char *at, struct reference *out)
{
    unsigned open = 1;

    *out = (struct reference){ .name = at, .name_n = strspn(at, WORD) };
    if (out->name_n == 0 || (*at >= '0' && *at <= '9') || out->name_n > PM_LIMIT_VARIABLE)
        return NOT_KNOWN;
    at += out->name_n;
    if (*at == '}') {
        out->end = at + 1;
        return NULL;
    }
    if (at[0] != ':' || (at[1] != '-' && at[1] != '?'))
        return *at == '\0' ? NOT_CLOSED : NOT_KNOWN;
    out->kind = at[1];
    out->text = at + 2;
    for (at = out->text; *at != '\0'; at++) {
        open += *at == '{';
        open -= *at == '}';
        if (open == 0)
            break;
    }
    if (*at == '\0')
        return NOT_CLOSED;
    out->text_n = (size_t)(at - out->text);
    out->end = at + 1;
    return NULL;
}

/* Is there a placeholder at `at`, which is in text? Its value, or NULL; *n: how long it is. */
static const char *placeholder(const struct pm_fill *with, const char *text, const char *at,
                               char index[24], size_t *n)
{
    const struct { const char *word, *value; } all[] = {
        { "{name}", with->name }, { "{host}", with->host }, { "{group}", with->group },
        { "{index}", index },
    };

    if (*at != '{' || (at > text && (at[-1] == '{' || at[-1] == '$')))
        return NULL;
    snprintf(index, 24, "%" PRIu64, with->index);
    for (size_t i = 0; i < PM_COUNT(all); i++) {
        *n = strlen(all[i].word);
        if (strncmp(at, all[i].word, *n) == 0)
            return all[i].value;
    }
    return NULL;
}

/* ---- what is made of it -------------------------------------------------------------- */

static enum pm_err refuse(const struct pm_fill *with, const char *what)
{
    snprintf(with->why, with->size, "%s", what);
    return PM_USAGE;
}

static enum pm_err add(const struct pm_fill *with, struct pm_buf *to, const char *text, size_t n)
{
    if (to->n + n >= PM_LIMIT_STRING) {
        snprintf(with->why, with->size, "filled in it is longer than %u bytes", PM_LIMIT_STRING);
        return PM_LIMIT;
    }
    return pm_buf_add(to, text, n);
}

static enum pm_err not_set(const struct pm_fill *with, const struct reference *ref)
{
    int named = ref->name_n < 60 ? (int)ref->name_n : 60;

    snprintf(with->why, with->size, "%.*s is not set%s%.*s", named, ref->name,
             ref->text_n > 0 ? ": " : "", (int)ref->text_n, ref->text);
    return PM_USAGE;
}

static enum pm_err fill(const struct pm_fill *with, const char *text, size_t n, unsigned depth,
                        struct pm_buf *to);

static enum pm_err refer(const struct pm_fill *with, const struct reference *ref, unsigned depth,
                         struct pm_buf *to)
{
    char name[PM_LIMIT_VARIABLE + 1];
    const char *value = NULL;
    enum pm_err err;

    snprintf(name, sizeof name, "%.*s", (int)ref->name_n, ref->name);
    err = with->variable(with->self, name, &value);
    if (err != PM_OK)
        return err;
    if (value != NULL && *value != '\0')
        return add(with, to, value, strlen(value));
    if (ref->kind == '?')
        return not_set(with, ref);
    return ref->kind == '-' ? fill(with, ref->text, ref->text_n, depth + 1, to) : PM_OK;
}

/* A '$', at `at`; *next is where to go on. */
static enum pm_err dollar(const struct pm_fill *with, const char *at, unsigned depth,
                          struct pm_buf *to, const char **next)
{
    struct reference ref;
    const char *fault;

    if (at[1] == '$') { /* with its brace: $${name} is ${name} */
        *next = at + (at[2] == '{' ? 3 : 2);
        return add(with, to, at + 1, (size_t)(*next - at) - 1);
    }
    if (at[1] != '{') {
        *next = at + 1;
        return add(with, to, at, 1);
    }
    fault = depth > DEPTH_MOST ? TOO_DEEP : read_reference(at + 2, &ref);
    if (fault != NULL)
        return refuse(with, fault);
    *next = ref.end;
    return refer(with, &ref, depth, to);
}

static enum pm_err fill(const struct pm_fill *with, const char *text, size_t n, unsigned depth,
                        struct pm_buf *to)
{
    const char *at = text, *next = NULL, *value;
    enum pm_err err = PM_OK;
    char index[24];
    size_t taken;

    while (at < text + n && err == PM_OK) {
        taken = strcspn(at, "${");
        if (taken > (size_t)(text + n - at))
            taken = (size_t)(text + n - at);
        if (taken > 0) {
            err = add(with, to, at, taken);
            next = at + taken;
        } else if (*at == '$') {
            err = dollar(with, at, depth, to, &next);
        } else {
            value = placeholder(with, text, at, index, &taken);
            err = add(with, to, value ? value : at, value ? strlen(value) : 1);
            next = at + (value ? taken : 1);
        }
        at = next;
    }
    return err;
}

static enum pm_err keep(const struct pm_buf *buf, struct pm_arena *arena, const char **out)
{
    const char *kept = pm_arena_str(arena, buf->n > 0 ? (const char *)buf->at : "", buf->n);

    if (kept == NULL)
        return PM_NO_MEMORY;
    *out = kept;
    return PM_OK;
}

enum pm_err pm_fill_text(const struct pm_fill *with, const char *text, struct pm_arena *arena,
                         const char **out)
{
    PM_CLEANUP(pm_buf_fini) struct pm_buf buf = { 0 };
    enum pm_err err;

    *out = text;
    if (strpbrk(text, "${") == NULL)
        return PM_OK;
    err = fill(with, text, strlen(text), 0, &buf);
    return err == PM_OK ? keep(&buf, arena, out) : err;
}

const char *pm_fill_fault(const char *text)
{
    struct reference ref;
    const char *fault = NULL;

    for (const char *at = text; fault == NULL && (at = strchr(at, '$')) != NULL; at++)
        if (at[1] == '$')
            at++;
        else if (at[1] == '{') /* what is in it is looked at as the loop goes on */
            fault = read_reference(at + 2, &ref);
    return fault;
}

/* ---- a line for sh --------------------------------------------------------------------- */

/* In which quotes does what comes after this stand? Returns how many bytes that is. */
static size_t step(const char *at, char *quote)
{
    if (*at == '\\' && *quote != '\'' && at[1] != '\0')
        return 2;
    if (*quote == *at)
        *quote = 0;
    else if (*quote == 0 && (*at == '\'' || *at == '"'))
        *quote = *at;
    return 1;
}

static enum pm_err add_quoted(const struct pm_fill *with, struct pm_buf *to, const char *value,
                              char quote)
{
    bool plain = *value != '\0' && value[strspn(value, SAFE)] == '\0';
    enum pm_err err = PM_OK;

    if (!plain && quote == 0)
        err = add(with, to, "'", 1);
    for (const char *at = value; *at != '\0' && err == PM_OK; at++) {
        if (quote != '"' && *at == '\'')
            err = add(with, to, "'\\'", 3); /* out of the quotes, one, and in again */
        else if (quote == '"' && strchr("$`\"\\", *at) != NULL)
            err = add(with, to, "\\", 1);
        if (err == PM_OK)
            err = add(with, to, at, 1);
    }
    return err == PM_OK && !plain && quote == 0 ? add(with, to, "'", 1) : err;
}

enum pm_err pm_fill_line(const struct pm_fill *with, const char *line, struct pm_arena *arena,
                         const char **out)
{
    PM_CLEANUP(pm_buf_fini) struct pm_buf buf = { 0 };
    enum pm_err err = PM_OK;
    char quote = 0, index[24];
    size_t n;

    *out = line;
    if (strchr(line, '{') == NULL)
        return PM_OK;
    for (const char *at = line; *at != '\0' && err == PM_OK; at += n) {
        const char *value = placeholder(with, line, at, index, &n);
        if (value != NULL) {
            err = add_quoted(with, &buf, value, quote);
        } else {
            n = step(at, &quote);
            err = add(with, &buf, at, n);
        }
    }
    return err == PM_OK ? keep(&buf, arena, out) : err;
}
