#include "lines.h"

#include "out.h"

#include <stdlib.h>
#include <string.h>

/* A "line" longer than this is shown in pieces: a process may never write a newline. */
#define MOST_PART (64u << 10)

/* A line of `logs --json`. */
struct line {
    const char *name, *group, *host;
    uint64_t offset;
    struct pm_blob line;
};

static const struct pm_field fields[] = {
    { "name", PM_KIND_STR, offsetof(struct line, name), NULL, NULL, "of the process" },
    { "group", PM_KIND_STR, offsetof(struct line, group), NULL, NULL, "its group" },
    { "host", PM_KIND_STR, offsetof(struct line, host), NULL, NULL, "its deputy" },
    { "offset", PM_KIND_U64, offsetof(struct line, offset), NULL, NULL, "of the first byte" },
    { "line", PM_KIND_BIN, offsetof(struct line, line), NULL, NULL, "without its newline" },
};
static const struct pm_desc desc = {
    .name = "line", .size = sizeof(struct line), .fields = fields, .n = PM_COUNT(fields),
};

static void print_bytes(struct lines *lines, const uint8_t *at, size_t n)
{
    uint8_t *cleaned;

    if (!lines->filter) {
        out_bytes(at, n);
        return;
    }
    cleaned = pm_alloc(n + 1);
    out_bytes(cleaned, clean(&lines->cleaner, at, n, cleaned));
    free(cleaned);
}

static void print_line(struct lines *lines, const uint8_t *at, size_t n)
{
    if (lines->json) {
        struct line line = { .name = lines->proc->name, .group = lines->proc->group,
                             .host = lines->proc->host, .offset = lines->offset,
                             .line = { .at = at, .n = n } };

        (void)out_json_line(&desc, &line);
        return;
    }
    out_text(lines->shade);
    out_text(lines->prefix);
    if (*lines->shade)
        out_text(shade_end());
    print_bytes(lines, at, n);
    out_bytes("\n", 1);
}

static void print_part(struct lines *lines)
{
    print_line(lines, lines->part.at, lines->part.n);
    lines->part.n = 0;
}

static void take_piece(struct lines *lines, uint64_t offset, const uint8_t *at, size_t n)
{
    if (lines->part.n == 0)
        lines->offset = offset;
    pm_assert(pm_buf_add(&lines->part, at, n) == PM_OK);
    if (lines->part.n >= MOST_PART)
        print_part(lines);
}

void lines_take(struct lines *lines, uint64_t offset, const uint8_t *at, size_t n)
{
    if (!lines->prefix && !lines->json) {
        print_bytes(lines, at, n);
        return;
    }
    while (n > 0) {
        const uint8_t *newline = memchr(at, '\n', n);
        size_t length = newline ? (size_t)(newline - at) : n;
        size_t used = length + (newline != NULL);

        take_piece(lines, offset, at, length);
        if (newline)
            print_part(lines);
        at += used;
        offset += used;
        n -= used;
    }
}

void lines_end(struct lines *lines)
{
    if (lines->part.n > 0)
        print_part(lines);
}

void lines_fini(struct lines *lines)
{
    pm_buf_fini(&lines->part);
    free(lines->prefix);
    *lines = (struct lines){ 0 };
}
