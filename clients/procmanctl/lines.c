/* The two streams of a process share a file, where half a line of one may stand before a line of
 * the other. Here they are told apart again: each stream has its own unfinished line. The end of
 * a life ends its lines, newline or not: the next life does not go on with them.
 *
 * What is put waits until it is asked for, so whoever merges many processes holds of each one
 * answer of its deputy and two unfinished lines, never more. No line is held whole that is longer
 * than LINE_MOST: a process may never write a newline.
 */
#include "lines.h"

#include <stdlib.h>
#include <string.h>

void lines_put(struct lines *lines, const struct pm_stretch *stretch)
{
    if (lines->n == lines->room) {
        lines->room = lines->room ? 2 * lines->room : 16;
        lines->stretches = pm_resize(lines->stretches, lines->room, sizeof(*lines->stretches));
    }
    lines->stretches[lines->n++] = *stretch;
    pm_assert(pm_buf_add(&lines->bytes, stretch->at, stretch->n) == PM_OK);
}

/* ---- one piece ---- */

static void begin(struct lines_part *part, const struct pm_stretch *stretch, size_t used)
{
    if (part->begun)
        return;
    part->begun = true;
    part->line = (struct line){ .offset = stretch->offset + used, .time_ms = stretch->time_ms,
                                .stream = stretch->stream, .run = stretch->run };
}

/* What the part has, and these n bytes, are the next piece; ends: and the end of its line. */
static void finish(struct lines_part *part, const uint8_t *at, size_t n, bool ends,
                   struct line *out)
{
    *out = part->line;
    out->at = at;
    out->n = n;
    if (part->text.n > 0) {
        pm_assert(pm_buf_add(&part->text, at, n) == PM_OK);
        out->at = part->text.at;
        out->n = part->text.n;
    }
    out->begins = !part->clipped;
    out->ends = ends;
    part->text.n = 0; /* its bytes stay until the next call */
    part->begun = false;
    part->clipped = !ends;
    part->line.run = out->run;
}

static bool is_over(const struct lines_part *part, const struct pm_stretch *stretch)
{
    return (part->begun || part->clipped) && part->line.run != stretch->run && part->line.run != 0
           && stretch->run != 0;
}

/* ---- the next one ---- */

/* Look at the first stretch's next bytes. Was that the end of a piece? */
static bool take(struct lines *lines, const struct pm_stretch *stretch, struct line *out)
{
    struct lines_part *part = &lines->parts[stretch->stream];
    const uint8_t *at = lines->bytes.at + lines->at;
    size_t n = stretch->n - lines->used, room = LINE_MOST - part->text.n;
    const uint8_t *newline = memchr(at, '\n', n < room ? n : room);
    bool ends = newline != NULL;

    if (ends)
        n = (size_t)(newline - at);
    else if (n > room)
        n = room;
    begin(part, stretch, lines->used);
    lines->used += n + ends;
    lines->at += n + ends;
    if (ends || n == room) {
        finish(part, at, n, ends, out);
        return true;
    }
    pm_assert(pm_buf_add(&part->text, at, n) == PM_OK);
    return false;
}

bool lines_get(struct lines *lines, struct line *out)
{
    while (lines->first < lines->n) {
        const struct pm_stretch *stretch = &lines->stretches[lines->first];
        struct lines_part *part = &lines->parts[stretch->stream];

        if (lines->used == stretch->n) {
            lines->first++;
            lines->used = 0;
        } else if (is_over(part, stretch)) {
            finish(part, NULL, 0, true, out);
            return true;
        } else if (take(lines, stretch, out)) {
            return true;
        }
    }
    lines->first = lines->n = lines->at = lines->bytes.n = 0;
    return false;
}

bool lines_last(struct lines *lines, struct line *out)
{
    for (size_t i = 0; i < PM_COUNT(lines->parts); ++i) {
        struct lines_part *part = &lines->parts[i];

        if (!part->begun && !part->clipped)
            continue;
        finish(part, NULL, 0, true, out);
        return true;
    }
    return false;
}

void lines_fini(struct lines *lines)
{
    for (size_t i = 0; i < PM_COUNT(lines->parts); ++i)
        pm_buf_fini(&lines->parts[i].text);
    pm_buf_fini(&lines->bytes);
    free(lines->stretches);
    *lines = (struct lines){ 0 };
}
