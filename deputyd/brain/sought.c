/* A line is searched when it is whole, and what there is of the last one whenever more of it has
 * come: a prompt ends without a newline. Only a whole line has an end for '$', and only what was
 * not cut has a beginning for '^'.
 */
#include "brain/sought.h"

#include <string.h>

static bool search(const struct sought *line, const struct pm_pattern *pattern, bool whole)
{
    size_t n = line->n;

    if (whole && n > 0 && line->text[n - 1] == '\r')
        n--;
    return pm_pattern_finds(pattern, line->text, n, !line->cut, whole);
}

static void cut(struct sought *line)
{
    memmove(line->text, line->text + line->n - SOUGHT_AGAIN, SOUGHT_AGAIN);
    line->n = SOUGHT_AGAIN;
    line->cut = true;
}

bool sought_take(struct sought *line, const struct pm_pattern *pattern, const char *bytes, size_t n)
{
    const char *end = bytes + n;

    while (bytes < end) {
        size_t room = sizeof line->text - line->n, left = (size_t)(end - bytes);
        const char *newline = memchr(bytes, '\n', left < room ? left : room);
        size_t part = newline != NULL ? (size_t)(newline - bytes) : left < room ? left : room;
        memcpy(line->text + line->n, bytes, part);
        line->n += part;
        bytes += part + (newline != NULL);
        if (search(line, pattern, newline != NULL))
            return true;
        if (newline != NULL) {
            line->n = 0;
            line->cut = false;
        } else if (line->n == sizeof line->text) {
            cut(line);
        }
    }
    return false;
}
