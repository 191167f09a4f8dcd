#include "out.h"

#include <poll.h>
#include <procman/json.h>
#include <procman/text.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JSON_INDENT 2

static const char *const sequences[] = {
    [SHADE_NONE] = "", [SHADE_GOOD] = "\033[32m", [SHADE_CHANGING] = "\033[33m",
    [SHADE_BAD] = "\033[31m", [SHADE_FAINT] = "\033[2m",
};

enum shade shade_of_state(enum pm_state state)
{
    switch (state) {
    case PM_STATE_RUNNING:
        return SHADE_GOOD;
    case PM_STATE_WAITING:
    case PM_STATE_STARTING:
    case PM_STATE_STOPPING:
    case PM_STATE_BACKOFF:
        return SHADE_CHANGING;
    case PM_STATE_FAILED:
    case PM_STATE_LOST:
        return SHADE_BAD;
    default:
        return SHADE_NONE;
    }
}

bool out_is_terminal(void)
{
    static int known = -1;

    if (known < 0)
        known = isatty(STDOUT_FILENO);
    return known == 1;
}

static bool has_colour(void)
{
    static int known = -1;
    const char *no_color, *term;

    if (known >= 0)
        return known == 1;
    no_color = getenv("NO_COLOR");
    term = getenv("TERM");
    known = out_is_terminal() && !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
    return known == 1;
}

const char *shade_begin(enum shade shade)
{
    return has_colour() ? sequences[shade] : "";
}

const char *shade_end(void)
{
    return has_colour() ? "\033[0m" : "";
}

/* Formatted and made safe; heap. */
static char *safe_text(const char *format, va_list arguments) PM_PRINTF(1, 0);
static char *safe_text(const char *format, va_list arguments)
{
    char *text = NULL, *safe;
    int n = vasprintf(&text, format, arguments);
    size_t size = n < 0 ? 1 : 4 * (size_t)n + 1;

    pm_assert(n >= 0);
    safe = pm_alloc(size);
    pm_text_safe(text, safe, size);
    free(text);
    return safe;
}

void out_line(const char *format, ...)
{
    char *text PM_CLEANUP(pm_free) = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = safe_text(format, arguments);
    va_end(arguments);
    printf("%s\n", text);
}

void out_shaded(enum shade shade, const char *format, ...)
{
    const char *begin = shade_begin(shade);
    char *text PM_CLEANUP(pm_free) = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = safe_text(format, arguments);
    va_end(arguments);
    printf("%s%s%s\n", begin, text, *begin ? shade_end() : "");
}

void out_text(const char *text)
{
    fputs(text, stdout);
}

void out_bytes(const void *bytes, size_t n)
{
    fwrite(bytes, 1, n, stdout);
}

void out_flush(void)
{
    fflush(stdout);
}

/* A pipe without a reader says so before one writes into it. */
bool out_is_read(void)
{
    struct pollfd out = { .fd = STDOUT_FILENO };

    return !ferror(stdout) && (poll(&out, 1, 0) <= 0 || !(out.revents & (POLLERR | POLLNVAL)));
}

void out_notice(const char *format, ...)
{
    char *text PM_CLEANUP(pm_free) = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = safe_text(format, arguments);
    va_end(arguments);
    out_flush();
    fprintf(stderr, "%s\n", text);
}

void complain(const char *format, ...)
{
    char *text PM_CLEANUP(pm_free) = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = safe_text(format, arguments);
    va_end(arguments);
    out_flush();
    fprintf(stderr, "procmanctl: %s\n", text);
}

void complain_text(const char *text)
{
    size_t n = strlen(text);

    out_flush();
    fprintf(stderr, "%s%s", text, n > 0 && text[n - 1] == '\n' ? "" : "\n");
}

enum pm_err out_json(const char *key, const struct pm_desc *desc, const void *items, size_t count)
{
    char *text PM_CLEANUP(pm_free) = NULL;
    enum pm_err err = pm_json_document(key, desc, items, count,
                                       out_is_terminal() ? JSON_INDENT : 0, &text);

    if (err == PM_OK)
        out_text(text);
    else
        complain("the answer cannot be written as JSON: %s", pm_err_sentence(err));
    return err;
}

enum pm_err out_json_line(const struct pm_desc *desc, const void *item)
{
    char *text PM_CLEANUP(pm_free) = NULL;
    enum pm_err err = pm_json_line(desc, item, &text);

    if (err == PM_OK)
        printf("%s\n", text);
    return err;
}
