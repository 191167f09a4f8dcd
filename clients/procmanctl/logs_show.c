/* Onto the screen: bytes as they come when there is one process and nothing is to stand before
 * its lines; else lines, each with the names and times that were asked for; or JSON.
 *
 * A line may come in pieces. As long as nothing else is shown in between, they stand on one line
 * of the screen: `open` says whose unfinished line the cursor is in.
 *
 * On a terminal every byte goes through a cleaner. Elsewhere it is data, and left as it is.
 */
#include "logs.h"
#include "out.h"
#include "when.h"

#include <procman/spec.h>
#include <procman/text.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_WIDTH 23 /* of when_text */

const char *count_text(uint64_t n, char *text)
{
    char digits[COUNT_SIZE], *to = text;
    int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

    for (int i = 0; i < length; ++i) {
        *to++ = digits[i];
        if ((length - i) % 3 == 1 && i + 1 < length)
            *to++ = ',';
    }
    *to = '\0';
    return text;
}

/* ---- prefixes: as much of group/name@host as tells them apart ---- */

static int by_name_and_host(const void *a, const void *b)
{
    const struct source *const *one = a, *const *other = b;
    int order = strcmp((*one)->name, (*other)->name);

    return order ? order : strcmp((*one)->host, (*other)->host);
}

static void find_ambiguous(const struct logs *logs)
{
    struct source **sorted = pm_resize(NULL, logs->n + 1, sizeof(struct source *));

    memcpy(sorted, logs->sources, logs->n * sizeof(struct source *));
    qsort(sorted, logs->n, sizeof(struct source *), by_name_and_host);
    for (size_t i = 0; i < logs->n; ++i)
        sorted[i]->ambiguous = (i > 0 && by_name_and_host(&sorted[i - 1], &sorted[i]) == 0)
                               || (i + 1 < logs->n
                                   && by_name_and_host(&sorted[i], &sorted[i + 1]) == 0);
    free(sorted);
}

static bool on_several_hosts(const struct logs *logs)
{
    for (size_t i = 1; i < logs->n; ++i)
        if (strcmp(logs->sources[i]->host, logs->sources[0]->host) != 0)
            return true;
    return false;
}

static char *prefix_of(const struct source *source, bool with_host)
{
    const char *group = source->ambiguous ? source->group : "";
    char label[PM_LABEL_SIZE], safe[4 * PM_LABEL_SIZE];

    pm_spec_label(group, source->name, with_host ? source->host : "", label, sizeof(label));
    return pm_strdup(pm_text_safe(label, safe, sizeof(safe)));
}

static const char *shade_of(size_t i)
{
    static const char *const colours[] = { "\033[36m", "\033[33m", "\033[32m", "\033[35m",
                                           "\033[34m", "\033[31m" };

    return *shade_begin(SHADE_GOOD) ? colours[i % PM_COUNT(colours)] : "";
}

/* Columns a text takes, near enough: characters. */
static int width_of(const char *text)
{
    int width = 0;

    for (; *text; ++text)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void rename_all(struct logs *logs)
{
    bool with_host = on_several_hosts(logs);
    int width = 0;

    logs->renamed = false;
    find_ambiguous(logs);
    for (size_t i = 0; i < logs->n; ++i) {
        struct source *source = logs->sources[i];

        pm_free(&source->prefix);
        source->shade = shade_of(i);
        for (size_t j = 0; j < PM_COUNT(source->cleaners); ++j)
            source->cleaners[j].colours = *source->shade != '\0';
        if (logs->n == 1 || logs->ctl->set.json)
            continue;
        source->prefix = prefix_of(source, with_host);
        if (width_of(source->prefix) > width)
            width = width_of(source->prefix);
    }
    for (size_t i = 0; i < logs->n; ++i) {
        char *prefix = logs->sources[i]->prefix;

        if (prefix)
            logs->sources[i]->prefix = pm_printf("%s%*s | ", prefix, width - width_of(prefix), "");
        free(prefix);
    }
}

/* ---- bytes ---- */

static void put_clean(struct cleaner *cleaner, const uint8_t *at, size_t n)
{
    uint8_t *cleaned;

    if (!out_is_terminal()) {
        out_bytes(at, n);
        return;
    }
    cleaned = pm_alloc(CLEAN_ROOM(n));
    out_bytes(cleaned, clean(cleaner, at, n, cleaned));
    free(cleaned);
}

static void put_end(struct cleaner *cleaner)
{
    uint8_t reset[CLEAN_ROOM(0)];

    out_bytes(reset, clean_end(cleaner, reset));
}

void show_bytes(struct source *source, const struct pm_stretch *stretch)
{
    struct cleaner *cleaner = &source->cleaners[0];

    if (source->logs->renamed)
        rename_all(source->logs);
    put_clean(cleaner, stretch->at, stretch->n);
    source->logs->open = stretch->at[stretch->n - 1] == '\n' ? NULL : cleaner;
}

void show_break(struct logs *logs)
{
    if (!logs->open)
        return;
    put_end(logs->open);
    out_bytes("\n", 1);
    logs->open = NULL;
}

void show_end(struct logs *logs)
{
    if (logs->open && out_is_terminal())
        put_end(logs->open);
}

/* ---- lines ---- */

static void put_before(const struct source *source)
{
    char text[WHEN_SIZE];
    int64_t time_ms = source->line.time_ms;

    if (source->prefix) {
        out_text(source->shade);
        out_text(source->prefix);
        out_text(*source->shade ? shade_end() : "");
    }
    if (source->logs->ctl->set.timestamps)
        printf("%-*s ", TIME_WIDTH, time_ms > 0 ? when_text((struct pm_wall){ time_ms }, text)
                                                : "-");
}

struct row {                 /* a line of --json */
    const char *name, *group, *host, *time, *stream;
    uint64_t run, offset;
    struct pm_blob line;
    bool more;
};

static const struct pm_field fields[] = {
    { "name", PM_KIND_STR, offsetof(struct row, name), NULL, NULL, "of the process" },
    { "group", PM_KIND_STR, offsetof(struct row, group), NULL, NULL, "its group" },
    { "host", PM_KIND_STR, offsetof(struct row, host), NULL, NULL, "its deputy" },
    { "time", PM_KIND_STR, offsetof(struct row, time), NULL, NULL, "ISO 8601; empty: not known" },
    { "stream", PM_KIND_STR, offsetof(struct row, stream), NULL, NULL, "empty: not known" },
    { "run", PM_KIND_U64, offsetof(struct row, run), NULL, NULL, "the life; 0: not known" },
    { "offset", PM_KIND_U64, offsetof(struct row, offset), NULL, NULL, "of the first byte" },
    { "line", PM_KIND_BIN, offsetof(struct row, line), NULL, NULL, "without its newline" },
    { "more", PM_KIND_BOOL, offsetof(struct row, more), NULL, NULL, "a piece; it goes on" },
};
static const struct pm_desc desc = {
    .name = "line", .size = sizeof(struct row), .fields = fields, .n = PM_COUNT(fields),
};

static void put_json(const struct source *source)
{
    const struct line *line = &source->line;
    char text[WHEN_SIZE] = "";
    struct row row = { .name = source->name, .group = source->group, .host = source->host,
                       .time = text, .stream = "", .run = line->run, .offset = line->offset,
                       .line = { line->at, line->n }, .more = !line->ends };

    if (line->time_ms > 0)
        (void)when_iso((struct pm_wall){ line->time_ms }, text);
    if (line->run != 0)
        row.stream = pm_word(&pm_stream_words, line->stream);
    (void)out_json_line(&desc, &row);
}

void show_line(struct source *source)
{
    const struct line *line = &source->line;
    struct cleaner *cleaner = &source->cleaners[line->stream];
    struct logs *logs = source->logs;

    if (logs->renamed)
        rename_all(logs);
    if (logs->ctl->set.json) {
        put_json(source);
        return;
    }
    if (line->begins || logs->open != cleaner) {
        show_break(logs);
        put_before(source);
    }
    put_clean(cleaner, line->at, line->n);
    logs->open = cleaner;
    if (line->ends)
        show_break(logs);
}

/* ---- what is no output ---- */

void show_notice(struct source *source, const char *format, ...)
{
    char label[PM_LABEL_SIZE], *text = NULL;
    const char *who = pm_spec_label(source->group, source->name, source->host, label,
                                    sizeof(label));
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vasprintf(&text, format, arguments);
    va_end(arguments);
    pm_assert(n >= 0);
    if (out_is_terminal())
        show_break(source->logs); /* elsewhere the newline would become data */
    if (source->logs->n > 1)
        out_notice("-- %s: %s --", who, text);
    else
        out_notice("-- %s --", text);
    free(text);
}
