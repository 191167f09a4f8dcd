/* Files of the whole language, also of keys that nothing heeds yet, for tests of it.
 *
 * In the text of a row a process is written `P(keys)`: one with a name and a command, and then
 * these keys. */
#ifndef UNIT_LANGUAGE_H
#define UNIT_LANGUAGE_H

#include "config/compile.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define P(keys) "processes: [{name: p, command: x, " keys "}]"

static inline enum pm_err compile(const char *text, struct pm_config *out, char **errors)
{
    struct pm_compile what = { .name = "f", .early = true, .file = { .n = strlen(text) } };

    what.file.text = (char *)(uintptr_t)text;
    return pm_config_compile(&what, out, errors);
}

static inline struct pm_config given(const char *text)
{
    struct pm_config config = { 0 };
    char *errors = NULL;
    enum pm_err err = compile(text, &config, &errors);

    cr_assert_eq(err, PM_OK, "%s\n%s", text, errors);
    return config;
}

/* The first sentence and where it stands, "LINE:COLUMN: SENTENCE". */
static inline void then_refused(const char *text, const char *expected)
{
    struct pm_config config;
    char *errors = NULL;

    cr_assert_eq(compile(text, &config, &errors), PM_BAD_CONFIG, "%s", text);
    char *said = errors + strlen("f:"), *error = strstr(said, "error: "), *end = strchr(said, '\n');
    memmove(error, error + strlen("error: "), (size_t)(end - error - (long)strlen("error: ")) + 1);
    *strchr(said, '\n') = '\0';
    cr_expect_str_eq(said, expected, "%s", text);
    free(errors);
}

struct wrong { const char *text, *report; };

static inline void then_all_refused(const struct wrong *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        then_refused(rows[i].text, rows[i].report);
}

#endif
