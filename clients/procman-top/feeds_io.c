/* One follower for each process. While any of them still reads what was, all of them fill lists
 * of their own; when the last is done, the lists are merged by time and everybody goes live. */
#include "feeds.h"

#include <procman/follow.h>

#include <stdlib.h>
#include <string.h>

#define TAIL_LINES  1000
#define TAIL_LEAST  50         /* of each, when there are many */
#define EARLIER     (256u << 10) /* bytes one step further back */
#define STEPS       8          /* answers taken in one turn */

struct feed {
    struct feeds *feeds;
    uint64_t id;
    struct pm_follow *follow;
    struct scroll *past;       /* what was, until it is merged */
    bool begun;
    uint64_t first;            /* address of the first byte shown; valid when begun */
    uint64_t until;            /* reading back: addresses from here on are there already */
    bool joined;               /* and it has come so far */
    bool changed;
};

struct feeds {
    struct pm_client *client;
    struct app *app;
    struct feed *at;
    size_t n;
    bool live;
    struct feed *back;         /* reads what came earlier; NULL: nobody does */
};

struct feeds *feeds_new(struct pm_client *client, struct app *app)
{
    struct feeds *feeds = pm_alloc(sizeof *feeds);

    feeds->client = client;
    feeds->app = app;
    return feeds;
}

static void drop(struct feed *feed)
{
    pm_follow_close(&feed->follow);
    scroll_close(&feed->past);
}

static void drop_all(struct feeds *feeds)
{
    for (size_t i = 0; i < feeds->n; i++)
        drop(&feeds->at[i]);
    free(feeds->at);
    feeds->at = NULL;
    feeds->n = 0;
    if (feeds->back != NULL)
        drop(feeds->back);
    free(feeds->back);
    feeds->back = NULL;
}

void feeds_close(struct feeds **where)
{
    if (*where == NULL)
        return;
    drop_all(*where);
    free(*where);
    *where = NULL;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static void on_bytes(void *context, const struct pm_stretch *stretch)
{
    struct feed *feed = context;
    struct scroll *to = feed->past ? feed->past : feed->feeds->app->scroll;
    size_t n = stretch->n;

    if (feed->until != 0 && stretch->offset + n >= feed->until) {
        n = stretch->offset < feed->until ? (size_t)(feed->until - stretch->offset) : 0;
        feed->joined = true;
    }
    if (!feed->begun)
        feed->first = stretch->offset;
    feed->begun = feed->changed = true;
    scroll_bytes(to, feed->id, stretch->stream == PM_STREAM_ERR ? LINE_ERR : LINE_OUT,
                 stretch->time_ms, stretch->at, n);
}

static void on_missing(void *context, enum pm_missing why, uint64_t n)
{
    static const char *const reasons[] = {
        [PM_MISSING_OLD] = "no longer kept", [PM_MISSING_FULL] = "dropped: disk full",
        [PM_MISSING_SHORT] = "gone: the file was cut short",
    };
    struct feed *feed = context;
    PM_CLEANUP(pm_free) char *text = pm_printf("%llu bytes %s", (unsigned long long)n,
                                               reasons[why]);

    scroll_note(feed->past ? feed->past : feed->feeds->app->scroll, feed->id, LINE_NOTE, 0, text);
    feed->changed = true;
}

static const struct pm_follow_calls calls = { on_bytes, on_missing };

/* ---- what is chosen -------------------------------------------------------------------------- */

static struct pm_follow_how how_since(const struct app *app, enum since since, size_t n)
{
    static const int64_t minutes[SINCE_COUNT] = { [SINCE_1M] = 1, [SINCE_5M] = 5,
        [SINCE_15M] = 15, [SINCE_1H] = 60, [SINCE_1D] = 24 * 60 };
    struct pm_follow_how how = { .marked = true };
    uint64_t lines = since == SINCE_TAIL ? TAIL_LINES / n : PM_FOLLOW_ALL;

    how.lines = lines > TAIL_LEAST ? lines : TAIL_LEAST;
    if (minutes[since] > 0)
        how.since_ms = app->wall.ms - minutes[since] * 60000;
    return how;
}

void feeds_choose(struct feeds *feeds, const uint64_t *ids, size_t n, enum since since)
{
    struct pm_follow_how how = how_since(feeds->app, since, n > 0 ? n : 1);

    drop_all(feeds);
    feeds->live = n == 0;
    feeds->at = pm_alloc((n + 1) * sizeof *feeds->at);
    for (size_t i = 0; i < n; i++) {
        struct feed *feed = &feeds->at[feeds->n];
        *feed = (struct feed){ .feeds = feeds, .id = ids[i] };
        if (pm_follow_open(feeds->client, ids[i], &how, false, &calls, feed, &feed->follow)
            != PM_OK)
            continue;
        feed->past = scroll_new();
        feeds->n++;
    }
}

void feeds_earlier(struct feeds *feeds)
{
    struct feed *feed = feeds->at, *back;
    struct pm_follow_how how = { .marked = true, .lines = PM_FOLLOW_ALL };

    if (feeds->n != 1 || !feeds->live || feeds->back != NULL || !feed->begun || feed->first == 0)
        return;
    how.offset = feed->first > EARLIER ? feed->first - EARLIER : 0;
    back = pm_alloc(sizeof *back);
    *back = (struct feed){ .feeds = feeds, .id = feed->id, .until = feed->first };
    if (pm_follow_open(feeds->client, feed->id, &how, false, &calls, back, &back->follow)
        != PM_OK) {
        free(back);
        return;
    }
    back->past = scroll_new();
    feeds->back = back;
}

/* ---- from then to now ------------------------------------------------------------------------ */

static void take_line(struct feeds *feeds, const struct line *line)
{
    if (line->kind == LINE_NOTE) {
        PM_CLEANUP(pm_free) char *text = pm_strdup(line->text);
        scroll_note(feeds->app->scroll, line->source, line->kind, line->time_ms, text);
        return;
    }
    scroll_bytes(feeds->app->scroll, line->source, line->kind, line->time_ms, line->text, line->n);
    scroll_bytes(feeds->app->scroll, line->source, line->kind, line->time_ms, "\n", 1);
}

/* The feed whose next line is the oldest; NULL: there is no line left. */
static struct feed *oldest(struct feeds *feeds, const size_t *next)
{
    struct feed *found = NULL;
    int64_t time_ms = 0;

    for (size_t i = 0; i < feeds->n; i++) {
        const struct line *line;
        if (feeds->at[i].past == NULL || next[i] == scroll_count(feeds->at[i].past))
            continue;
        line = scroll_at(feeds->at[i].past, next[i]);
        if (found == NULL || line->time_ms < time_ms) {
            found = &feeds->at[i];
            time_ms = line->time_ms;
        }
    }
    return found;
}

static void merge_past(struct feeds *feeds)
{
    size_t *next = pm_alloc((feeds->n + 1) * sizeof *next);
    struct feed *feed;

    while ((feed = oldest(feeds, next)) != NULL)
        take_line(feeds, scroll_at(feed->past, next[feed - feeds->at]++));
    free(next);
}

static void go_live(struct feeds *feeds)
{
    merge_past(feeds);
    for (size_t i = 0; i < feeds->n; i++) {
        scroll_close(&feeds->at[i].past);
        (void)!pm_follow_go_live(feeds->at[i].follow); /* it asks again by itself, see follow.h */
    }
    feeds->live = true;
}

/* A line cut in two by where we began to read is no line. */
static void take_earlier(struct feeds *feeds)
{
    struct feed *back = feeds->back;
    size_t n = scroll_count(back->past), from = back->first > 0 && n > 0;
    struct line *lines = pm_resize(NULL, n + 1, sizeof *lines);

    for (size_t i = from; i < n; i++)
        lines[i - from] = *scroll_at(back->past, i);
    (void)scroll_before(feeds->app->scroll, lines, n - from);
    feeds->at[0].first = back->first;
    free(lines);
    drop(back);
    free(back);
    feeds->back = NULL;
}

/* Reads on; true: there is no more to read, or it cannot be read. */
static bool read_past(struct feed *feed)
{
    for (int i = 0; i < STEPS && !pm_follow_done(feed->follow) && !feed->joined; i++)
        if (pm_follow_pump(feed->follow) != PM_OK)
            return true;
    return pm_follow_done(feed->follow);
}

bool feeds_take(struct feeds *feeds, const struct pm_frame *frame)
{
    bool taken = false;

    for (size_t i = 0; feeds->live && i < feeds->n; i++)
        taken |= pm_follow_feed(feeds->at[i].follow, frame);
    return taken;
}

bool feeds_pump(struct feeds *feeds)
{
    bool changed = false, done = true;

    for (size_t i = 0; i < feeds->n; i++) {
        struct feed *feed = &feeds->at[i];
        if (feeds->live)
            (void)!pm_follow_pump(feed->follow); /* an error there is no end */
        else
            done &= read_past(feed);
        changed |= feed->changed;
        feed->changed = false;
    }
    if (!feeds->live && done) {
        go_live(feeds);
        changed = true;
    }
    if (feeds->back != NULL && (read_past(feeds->back) || feeds->back->joined)) {
        take_earlier(feeds);
        changed = true;
    }
    return changed;
}
