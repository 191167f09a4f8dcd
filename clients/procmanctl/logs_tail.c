/* Where do the last so many lines begin, when only some lines count? The deputy counts all lines;
 * which of them are of one stream, one life, or match an expression is known here alone.
 *
 * So we look at the end of the output through a window, and when too few lines in it are chosen,
 * through one eight times as large. Of the lines only their addresses are kept.
 */
#include "logs.h"

#include <stdlib.h>

#define FIRST_WINDOW ((uint64_t)256 << 10) /* bytes: one answer */
#define GROWTH       8

struct tail {                /* addresses of the last chosen lines, a ring */
    uint64_t *starts;
    size_t room;
    uint64_t most, seen;
};

static void note_start(struct tail *tail, uint64_t offset)
{
    if (tail->seen == tail->room && tail->seen < tail->most) {
        tail->room = tail->room ? 2 * tail->room : 64;
        if (tail->room > tail->most)
            tail->room = (size_t)tail->most;
        tail->starts = pm_resize(tail->starts, tail->room, sizeof(*tail->starts));
    }
    tail->starts[tail->seen++ % tail->most] = offset;
}

/* The first line in a window is cut, as a rule; what is before it was not looked at. */
static bool is_cut(const struct source *source, uint64_t from)
{
    return from > 0 && source->first == from && source->line.offset == from;
}

static enum pm_err look_from(struct source *source, uint64_t from, struct tail *tail)
{
    bool pieces_count = source->logs->wanted.grep != NULL;
    enum pm_err err;

    source->how.offset = from;
    tail->seen = 0;
    err = source_begin(source, false);
    while (err == PM_OK && source_next(source, true))
        if ((source->line.begins || pieces_count) && !is_cut(source, from))
            note_start(tail, source->line.offset);
    if (err == PM_OK)
        err = source->err;
    pm_follow_close(&source->follow);
    lines_fini(&source->lines);
    return err;
}

enum pm_err tail_find(struct source *source)
{
    struct tail tail = { .most = source->how.lines };
    uint64_t end = source->output_end, window = FIRST_WINDOW, from;
    enum pm_err err;

    source->how.lines = PM_FOLLOW_ALL;
    source->take = source_queue;
    source->quiet = true;
    do {
        from = end > window ? end - window : 0;
        window *= GROWTH;
        err = look_from(source, from, &tail);
    } while (err == PM_OK && tail.seen < tail.most && from > 0 && source->first <= from);
    source->quiet = false;
    source->how.offset = tail.seen > tail.most ? tail.starts[tail.seen % tail.most]
                         : tail.seen > 0       ? tail.starts[0]
                                               : source->next;
    free(tail.starts);
    if (err != PM_OK) { /* whoever tries again later cannot choose */
        source->how.lines = tail.most;
        source->how.offset = 0;
    }
    return err;
}
