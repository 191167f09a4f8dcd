/* A text is written piece by piece into memory that doubles when it is full: reports and
 * exported files are too long for a fixed size and must never be cut. */
#include "core/sink.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_SIZE = 256 };

static char *room(struct pm_sink *sink, size_t n)
{
    size_t cap = sink->cap > 0 ? sink->cap : FIRST_SIZE;

    while (cap < sink->n + n + 1)
        cap *= 2;
    if (cap > sink->cap)
        sink->at = pm_resize(sink->at, cap, 1);
    sink->cap = cap;
    return sink->at + sink->n;
}

void pm_sink_add(struct pm_sink *sink, const char *text, size_t n)
{
    char *to = room(sink, n);

    memcpy(to, text, n);
    to[n] = '\0';
    sink->n += n;
}

void pm_sink_str(struct pm_sink *sink, const char *text)
{
    pm_sink_add(sink, text, strlen(text));
}

void pm_sink_print(struct pm_sink *sink, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    pm_sink_vprint(sink, format, arguments);
    va_end(arguments);
}

void pm_sink_vprint(struct pm_sink *sink, const char *format, va_list arguments)
{
    va_list again;

    va_copy(again, arguments);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    pm_assert(n >= 0);
    vsnprintf(room(sink, (size_t)n), (size_t)n + 1, format, arguments);
    sink->n += (size_t)n;
}
