/* What every other file stands on: assertions that stay, and memory that is there.
 *
 * Small allocations of a daemon do not fail on Linux, and code that pretends to handle it is
 * code nobody ever ran. So these never return NULL. What a stranger's bytes can make large
 * goes through an arena with a limit instead (arena.c), which may say no.
 */
#include <procman/base.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pm_assertion_failed(const char *truth, const char *file, int line, const char *function)
{
    fprintf(stderr, "%s:%d: %s: this should be true but is not: %s\n", file, line, function, truth);
    abort();
}

static void *must_be(void *memory)
{
    if (!memory) {
        fputs("procman: out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *pm_alloc(size_t bytes)
{
    return must_be(calloc(1, bytes > 0 ? bytes : 1));
}

void *pm_resize(void *old, size_t count, size_t size)
{
    bool nothing = count == 0 || size == 0;

    return must_be(reallocarray(old, nothing ? 1 : count, nothing ? 1 : size));
}

char *pm_strdup(const char *text)
{
    return must_be(strdup(text ? text : ""));
}

char *pm_printf(const char *format, ...)
{
    va_list values;
    char *text = NULL;

    va_start(values, format);
    int n = vasprintf(&text, format, values);
    va_end(values);
    return must_be(n < 0 ? NULL : text);
}

void pm_free(void *pointer_to_pointer)
{
    void *memory;

    memcpy(&memory, pointer_to_pointer, sizeof memory);
    free(memory);
    memset(pointer_to_pointer, 0, sizeof memory);
}
