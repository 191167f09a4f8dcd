/* Errors are collected, never printed one by one: whoever mends a file wants to see all of
 * them, in the order of the file, each with the line and a caret under the very character.
 *
 * The file is a stranger's: its lines may hold tabs, escape sequences, wide characters or a
 * megabyte. So a line is shown as cells: a code point each, what is unprintable replaced, tabs
 * kept, and of a long line only a window around the caret.
 */
#include "config/report.h"
#include "core/sink.h"
#include "core/codepoint.h"

#include <procman/limits.h>
#include <procman/text.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    WINDOW = 92,        /* code points shown of a line: 4 of indent and 96 fit a usual terminal */
    BEFORE_CARET = 60,  /* of them, at most so many before the caret */
    QUOTE_POINTS = 48,  /* code points of a quoted word */
};

struct pm_flaw { size_t place, nth; char *sentence; };

struct line {
    const char *at;
    size_t n;               /* bytes */
    size_t column, length;  /* code points before the place, and in all */
};

/* ---- gathering ---- */

void pm_report_init(struct pm_report *report, const char *name, const char *text, size_t n)
{
    *report = (struct pm_report){ .line = 1 };
    (void)pm_report_source(report, name, text, n);
}

struct pm_source pm_report_source(struct pm_report *report, const char *name, const char *text,
                                  size_t n)
{
    size_t base = 0, nth = report->sources_n++;

    if (nth > 0) /* a file's end is a place of its own, too */
        base = report->sources[nth - 1].base + report->sources[nth - 1].n + 1;
    report->sources = pm_resize(report->sources, report->sources_n, sizeof(*report->sources));
    report->sources[nth] = (struct pm_source){ .name = name, .text = text, .n = n, .base = base };
    return report->sources[nth];
}

const struct pm_source *pm_report_at(const struct pm_report *report, size_t place)
{
    size_t nth = report->sources_n - 1;

    while (nth > 0 && report->sources[nth].base > place)
        nth--;
    return &report->sources[nth];
}

void pm_report_fini(struct pm_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        free(report->flaws[i].sentence);
    free(report->flaws);
    free(report->sources);
    *report = (struct pm_report){ 0 };
}

static void add(struct pm_report *report, size_t place, char *sentence)
{
    if (report->flaws == NULL)
        report->flaws = pm_alloc(PM_LIMIT_CONFIG_ERRORS * sizeof(*report->flaws));
    report->flaws[report->count] = (struct pm_flaw){
        .place = place,
        .nth = report->count,
        .sentence = sentence,
    };
    report->count++;
}

bool pm_report_full(const struct pm_report *report)
{
    return report->count >= PM_LIMIT_CONFIG_ERRORS;
}

static bool full(struct pm_report *report)
{
    if (!pm_report_full(report))
        return false;
    report->more++;
    return true;
}

void pm_report_add(struct pm_report *report, size_t place, const char *format, ...)
{
    struct pm_sink sentence = { 0 };
    va_list arguments;

    if (full(report))
        return;
    va_start(arguments, format);
    pm_sink_vprint(&sentence, format, arguments);
    va_end(arguments);
    add(report, place, sentence.at);
}

void pm_report_twice(struct pm_report *report, size_t place, size_t first, const char *what,
                     const char *name)
{
    char quoted[PM_QUOTE_SIZE];

    if (full(report))
        return;
    const struct pm_source *source = pm_report_at(report, first);
    bool here = source == pm_report_at(report, place);
    char *where = here ? pm_printf("on line %zu", pm_report_line(report, first))
                       : pm_printf("at %s:%zu", source->name, pm_report_line(report, first));
    add(report, place, pm_printf("%s '%s' is there twice; the first is %s", what,
                                 pm_quote(name, quoted), where));
    free(where);
}

size_t pm_report_line(struct pm_report *report, size_t place)
{
    const struct pm_source *source = pm_report_at(report, place);
    const char *text = source->text;

    if (pm_report_at(report, report->line_at) != source) {
        report->line_at = source->base;
        report->line = 1;
    }
    for (; report->line_at < place; report->line_at++)
        report->line += text[report->line_at - source->base] == '\n';
    for (; report->line_at > place; report->line_at--)
        report->line -= text[report->line_at - source->base - 1] == '\n';
    return report->line;
}

char *pm_report_sentence(const struct pm_report *report)
{
    return report->count > 0 ? pm_strdup(report->flaws[0].sentence) : NULL;
}

const char *pm_quote(const char *text, char *to)
{
    size_t n = strlen(text), at = 0, step;
    uint32_t code;

    for (size_t i = 0; i < QUOTE_POINTS && at < n; i++, at += step)
        if ((step = pm_code_next(text + at, n - at, &code)) == 0)
            step = 1;
    char *shown = pm_printf("%.*s%s", (int)at, text, at < n ? "…" : "");
    pm_text_safe(shown, to, PM_QUOTE_SIZE);
    free(shown);
    return to;
}

/* ---- showing ---- */

static int by_place(const void *left, const void *right)
{
    const struct pm_flaw *a = left, *b = right;

    if (a->place != b->place)
        return a->place < b->place ? -1 : 1;
    return (a->nth > b->nth) - (a->nth < b->nth);
}

/* One cell of the line: how many bytes it takes there, and what stands for it. */
static size_t cell(const char *at, size_t n, char *shown, unsigned *columns)
{
    uint32_t code;
    size_t step = pm_code_next(at, n, &code);

    *columns = 1;
    if (step == 0 || (pm_code_unprintable(code) && code != '\t')) {
        strcpy(shown, "?");
        return step == 0 ? 1 : step;
    }
    memcpy(shown, at, step);
    shown[step] = '\0';
    *columns = pm_code_width(code);
    return step;
}

static struct line line_of(const struct pm_source *source, size_t place)
{
    size_t begin, end, step;
    uint32_t code;
    struct line line = { 0 };

    place -= source->base;
    begin = end = place;
    while (begin > 0 && source->text[begin - 1] != '\n')
        begin--;
    while (end < source->n && source->text[end] != '\n')
        end++;
    if (end > begin && source->text[end - 1] == '\r')
        end--;
    line.at = source->text + begin;
    line.n = end - begin;
    bool more = true; /* how long it is beyond the window does not matter */
    for (size_t at = begin; at < place || (at < end && more); at += step) {
        more = line.length <= line.column + WINDOW;
        line.column += at < place;
        line.length++;
        if ((step = pm_code_next(source->text + at, source->n - at, &code)) == 0)
            step = 1;
    }
    return line;
}

static void show_line(struct pm_sink *out, const struct line *line)
{
    bool cut = line->length > WINDOW && line->column > BEFORE_CARET;
    size_t from = cut ? line->column - BEFORE_CARET : 0;
    size_t at = 0, nth = 0;
    unsigned columns;
    char shown[8], caret[WINDOW * 2 + 8];
    size_t indent = 0;

    pm_sink_str(out, cut ? "    …" : "    ");
    if (cut)
        caret[indent++] = ' ';
    for (; at < line->n && nth < from + WINDOW; nth++) {
        at += cell(line->at + at, line->n - at, shown, &columns);
        if (nth < from)
            continue;
        pm_sink_str(out, shown);
        for (unsigned i = 0; nth < line->column && i < columns; i++)
            caret[indent++] = shown[0] == '\t' ? '\t' : ' ';
    }
    pm_sink_print(out, "%s\n    %.*s^\n", at < line->n ? "…" : "", (int)indent, caret);
}

char *pm_report_text(struct pm_report *report)
{
    struct pm_sink out = { 0 };

    if (report->count > 0)
        qsort(report->flaws, report->count, sizeof(*report->flaws), by_place);
    for (size_t i = 0; i < report->count; i++) {
        const struct pm_flaw *flaw = &report->flaws[i];
        const struct pm_source *source = pm_report_at(report, flaw->place);
        struct line line = line_of(source, flaw->place);
        pm_sink_print(&out, "%s:%zu:%zu: error: %s\n", source->name,
                      pm_report_line(report, flaw->place), line.column + 1, flaw->sentence);
        show_line(&out, &line);
    }
    size_t all = report->count + report->more;
    pm_sink_print(&out, "%s: %zu error%s", report->sources[0].name, all, all == 1 ? "" : "s");
    if (report->more > 0)
        pm_sink_print(&out, ", the first %zu shown", report->count);
    pm_sink_str(&out, "\n");
    return out.at;
}
