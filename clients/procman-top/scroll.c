/* Lines in a queue; which of them are meant is a second queue, of their numbers, kept up as lines
 * come and go. Lines are numbered from the first that ever came, so a number stays the line's own
 * while others go. A line whose newline has not come yet is shown at once, and grows. */
#include "scroll.h"

#include "ansi.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 65536 /* a longer line goes on in the next */

struct held {
    struct line line;
    char *text;
    bool open;            /* its newline has not come */
};

struct scroll {
    struct held *lines;   /* a queue: first .. first + n */
    size_t first, n, room;
    size_t bytes;
    size_t *meant;        /* numbers of lines, counted from the first that ever came */
    size_t meant_first, n_meant, room_meant;
    size_t base;          /* lines that have gone */
    enum scroll_streams streams;
    regex_t filter, search;
    bool filters, searches;
    bool still;           /* it does not follow */
    size_t top;           /* among the meant, when it is still */
    size_t missed;
    size_t found;         /* among the meant: where the last search ended */
};

struct scroll *scroll_new(void)
{
    return pm_alloc(sizeof(struct scroll));
}

static struct held *held_at(const struct scroll *scroll, size_t i)
{
    return &scroll->lines[scroll->first + i];
}

void scroll_clear(struct scroll *scroll)
{
    for (size_t i = 0; i < scroll->n; i++)
        free(held_at(scroll, i)->text);
    scroll->base += scroll->n;
    scroll->first = scroll->n = scroll->bytes = 0;
    scroll->meant_first = scroll->n_meant = 0;
    scroll->top = scroll->missed = scroll->found = 0;
}

static void drop_expression(regex_t *expression, bool *there)
{
    if (*there)
        regfree(expression);
    *there = false;
}

void scroll_close(struct scroll **where)
{
    struct scroll *scroll = *where;

    if (scroll == NULL)
        return;
    scroll_clear(scroll);
    drop_expression(&scroll->filter, &scroll->filters);
    drop_expression(&scroll->search, &scroll->searches);
    free(scroll->lines);
    free(scroll->meant);
    free(scroll);
    *where = NULL;
}

/* ---- which are meant ------------------------------------------------------------------------- */

static bool is_meant(const struct scroll *scroll, const struct held *held)
{
    PM_CLEANUP(pm_free) char *plain = NULL;

    if (scroll->streams == STREAMS_OUT && held->line.kind == LINE_ERR)
        return false;
    if (scroll->streams == STREAMS_ERR && held->line.kind == LINE_OUT)
        return false;
    if (!scroll->filters || held->line.kind == LINE_MARK)
        return true;
    plain = ansi_plain(held->text, held->line.n);
    return regexec(&scroll->filter, plain, 0, NULL, 0) == 0;
}

static size_t *meant_at(const struct scroll *scroll, size_t i)
{
    return &scroll->meant[scroll->meant_first + i];
}

static void append_meant(struct scroll *scroll, size_t number)
{
    if (scroll->meant_first + scroll->n_meant == scroll->room_meant) {
        if (scroll->meant_first > scroll->n_meant) {
            memmove(scroll->meant, meant_at(scroll, 0), scroll->n_meant * sizeof *scroll->meant);
            scroll->meant_first = 0;
        } else {
            scroll->room_meant = scroll->room_meant * 2 + 256;
            scroll->meant = pm_resize(scroll->meant, scroll->room_meant, sizeof *scroll->meant);
        }
    }
    *meant_at(scroll, scroll->n_meant++) = number;
    scroll->missed += scroll->still;
}

static size_t number_at_top(const struct scroll *scroll)
{
    return scroll->top < scroll->n_meant ? *meant_at(scroll, scroll->top)
                                         : scroll->base + scroll->n;
}

/* After the rules or the numbers changed. The line of that number, or the next that is meant,
 * will be at the top. */
static void choose_again(struct scroll *scroll, size_t top_number)
{
    size_t missed = scroll->missed;

    scroll->meant_first = scroll->n_meant = scroll->top = scroll->found = 0;
    for (size_t i = 0; i < scroll->n; i++) {
        if (!is_meant(scroll, held_at(scroll, i)))
            continue;
        if (scroll->base + i < top_number)
            scroll->top++;
        append_meant(scroll, scroll->base + i);
    }
    scroll->missed = missed;
}

void scroll_streams(struct scroll *scroll, enum scroll_streams streams)
{
    scroll->streams = streams;
    choose_again(scroll, number_at_top(scroll));
}

static bool compile(const char *text, regex_t *expression, bool *there, char **why)
{
    regex_t fresh;
    char what[120];
    int error;

    if (text == NULL || *text == '\0') {
        drop_expression(expression, there);
        return true;
    }
    error = regcomp(&fresh, text, REG_EXTENDED | REG_ICASE);
    if (error != 0) {
        regerror(error, &fresh, what, sizeof what);
        *why = pm_printf("\"%s\" is no regular expression: %s", text, what);
        return false;
    }
    drop_expression(expression, there);
    *expression = fresh;
    *there = true;
    return true;
}

bool scroll_filter(struct scroll *scroll, const char *expression, char **why)
{
    if (!compile(expression, &scroll->filter, &scroll->filters, why))
        return false;
    choose_again(scroll, number_at_top(scroll));
    return true;
}

size_t scroll_count(const struct scroll *scroll)
{
    return scroll->n_meant;
}

size_t scroll_held(const struct scroll *scroll)
{
    return scroll->n;
}

const struct line *scroll_at(const struct scroll *scroll, size_t n)
{
    pm_assert(n < scroll->n_meant);
    return &held_at(scroll, *meant_at(scroll, n) - scroll->base)->line;
}

/* ---- lines come and go ----------------------------------------------------------------------- */

static void drop_first(struct scroll *scroll)
{
    struct held *held = held_at(scroll, 0);

    if (scroll->n_meant > 0 && *meant_at(scroll, 0) == scroll->base) {
        scroll->meant_first++;
        scroll->n_meant--;
        scroll->top -= scroll->top > 0;
        scroll->found -= scroll->found > 0;
    }
    scroll->bytes -= held->line.n;
    free(held->text);
    scroll->first++;
    scroll->n--;
    scroll->base++;
}

static void drop_last(struct scroll *scroll)
{
    struct held *held = held_at(scroll, --scroll->n);

    if (scroll->n_meant > 0
        && *meant_at(scroll, scroll->n_meant - 1) == scroll->base + scroll->n)
        scroll->n_meant--;
    scroll->bytes -= held->line.n;
    free(held->text);
}

static bool too_much(const struct scroll *scroll)
{
    return scroll->n > SCROLL_LINES || (scroll->bytes > SCROLL_BYTES && scroll->n > 1);
}

static struct held *append(struct scroll *scroll, const struct line *line)
{
    struct held *held;

    if (scroll->first + scroll->n == scroll->room) {
        if (scroll->first > scroll->n) {
            memmove(scroll->lines, held_at(scroll, 0), scroll->n * sizeof *scroll->lines);
            scroll->first = 0;
        } else {
            scroll->room = scroll->room * 2 + 256;
            scroll->lines = pm_resize(scroll->lines, scroll->room, sizeof *scroll->lines);
        }
    }
    held = held_at(scroll, scroll->n++);
    *held = (struct held){ .line = *line, .text = pm_alloc(line->n + 1) };
    if (line->n > 0)
        memcpy(held->text, line->text, line->n);
    held->line.text = held->text;
    scroll->bytes += line->n;
    return held;
}

static void take(struct scroll *scroll, const struct line *line, bool open)
{
    struct held *held = append(scroll, line);

    held->open = open;
    if (is_meant(scroll, held))
        append_meant(scroll, scroll->base + scroll->n - 1);
    while (too_much(scroll))
        drop_first(scroll);
}

/* The line of that stream that still grows, NULL: there is none. It is among the last: every
 * stream has one at most, and there are few streams. */
static struct held *growing(const struct scroll *scroll, const struct line *line)
{
    for (size_t i = scroll->n; i-- > 0 && i + 64 > scroll->n;) {
        struct held *held = held_at(scroll, i);
        if (held->open && held->line.source == line->source && held->line.kind == line->kind)
            return held;
    }
    return NULL;
}

static void grow(struct scroll *scroll, struct held *held, const struct line *more)
{
    size_t number = scroll->base + (size_t)(held - held_at(scroll, 0));
    bool was_meant = is_meant(scroll, held);

    held->text = pm_resize(held->text, held->line.n + more->n + 1, 1);
    memcpy(held->text + held->line.n, more->text, more->n);
    held->line.text = held->text;
    held->line.n += more->n;
    held->text[held->line.n] = '\0';
    held->line.time_ms = more->time_ms;
    scroll->bytes += more->n;
    if (!was_meant && is_meant(scroll, held) && number + 1 == scroll->base + scroll->n)
        append_meant(scroll, number);
}

void scroll_bytes(struct scroll *scroll, uint64_t source, enum line_kind kind, int64_t time_ms,
                  const void *bytes, size_t n)
{
    const char *at = bytes;

    while (n > 0) {
        const char *newline = memchr(at, '\n', n);
        struct line line = { .text = at, .n = newline ? (size_t)(newline - at) : n,
                             .time_ms = time_ms, .source = source, .kind = kind };
        struct held *open = growing(scroll, &line);
        size_t room = LINE_BYTES - (open ? open->line.n : 0);
        bool ends = newline != NULL && line.n <= room;
        line.n = line.n < room ? line.n : room;
        if (open != NULL) {
            grow(scroll, open, &line);
            open->open = !ends && open->line.n < LINE_BYTES;
        } else {
            take(scroll, &line, !ends && line.n < LINE_BYTES);
        }
        at += line.n + ends;
        n -= line.n + ends;
    }
}

void scroll_note(struct scroll *scroll, uint64_t source, enum line_kind kind, int64_t time_ms,
                 const char *text)
{
    struct line line = { .text = text, .n = strlen(text), .time_ms = time_ms, .source = source,
                         .kind = kind };

    take(scroll, &line, false);
}

bool scroll_before(struct scroll *scroll, const struct line *lines, size_t n)
{
    struct scroll after = *scroll;
    size_t top_number = number_at_top(scroll) - scroll->base + n;
    bool dropped = false;

    /* What was there comes behind what was before it: the queue is filled anew. */
    scroll->lines = NULL;
    scroll->first = scroll->n = scroll->room = scroll->bytes = 0;
    for (size_t i = 0; i < n; i++)
        (void)append(scroll, &lines[i]);
    for (size_t i = 0; i < after.n; i++) {
        struct held *old = &after.lines[after.first + i];
        struct held *moved = append(scroll, &old->line);
        moved->open = old->open;
        free(old->text);
    }
    free(after.lines);
    scroll->base = 0;
    while (too_much(scroll)) {
        drop_last(scroll);
        dropped = true;
    }
    choose_again(scroll, top_number);
    scroll->still |= dropped;
    return dropped;
}

/* ---- where one looks ------------------------------------------------------------------------- */

bool scroll_follows(const struct scroll *scroll)
{
    return !scroll->still;
}

static size_t last_top(const struct scroll *scroll, size_t height)
{
    return scroll->n_meant > height ? scroll->n_meant - height : 0;
}

size_t scroll_top(const struct scroll *scroll, size_t height)
{
    size_t last = last_top(scroll, height);

    return scroll->still && scroll->top < last ? scroll->top : last;
}

void scroll_follow(struct scroll *scroll, bool on)
{
    scroll->still = !on;
    scroll->missed = 0;
    if (!on)
        scroll->top = scroll->n_meant; /* scroll_top() keeps it on the last page */
}

size_t scroll_missed(const struct scroll *scroll)
{
    return scroll->missed;
}

void scroll_go(struct scroll *scroll, size_t line, size_t height)
{
    size_t last = last_top(scroll, height);

    if (!scroll->still)
        scroll->missed = 0;
    scroll->still = true;
    scroll->top = line < last ? line : last;
}

void scroll_move(struct scroll *scroll, long lines, size_t height)
{
    size_t top = scroll_top(scroll, height);
    size_t by = (size_t)labs(lines);

    if (lines < 0)
        scroll_go(scroll, top > by ? top - by : 0, height);
    else
        scroll_go(scroll, top + by, height);
}

/* ---- searching ------------------------------------------------------------------------------- */

bool scroll_search(struct scroll *scroll, const char *expression, char **why)
{
    return compile(expression, &scroll->search, &scroll->searches, why);
}

bool scroll_matches(const struct scroll *scroll, const char *plain, size_t *from, size_t *to)
{
    regmatch_t match;
    int flags = *from > 0 ? REG_NOTBOL : 0;

    if (!scroll->searches || regexec(&scroll->search, plain + *from, 1, &match, flags) != 0
        || match.rm_eo == match.rm_so)
        return false;
    *to = *from + (size_t)match.rm_eo;
    *from += (size_t)match.rm_so;
    return true;
}

static bool line_matches(const struct scroll *scroll, size_t n)
{
    const struct line *line = scroll_at(scroll, n);
    PM_CLEANUP(pm_free) char *plain = ansi_plain(line->text, line->n);
    size_t from = 0, to;

    return scroll_matches(scroll, plain, &from, &to);
}

bool scroll_find(struct scroll *scroll, bool backwards, size_t height)
{
    size_t n = scroll->n_meant, top = scroll_top(scroll, height);
    size_t at = scroll->found >= top && scroll->found < top + height ? scroll->found
                : backwards ? top : top + height - 1;

    for (size_t i = 0; i < n; i++) {
        at = backwards ? (at + n - 1) % n : (at + 1) % n;
        if (!line_matches(scroll, at))
            continue;
        scroll->found = at;
        if (at < top || at >= top + height)
            scroll_go(scroll, at > height / 2 ? at - height / 2 : 0, height);
        else
            scroll_go(scroll, top, height);
        return true;
    }
    return false;
}
