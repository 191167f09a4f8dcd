/* Stretches of output in, lines out, one at a time. */
#ifndef PROCMANCTL_LINES_H
#define PROCMANCTL_LINES_H

#include <procman/codec.h>
#include <procman/follow.h>

#define LINE_MOST ((size_t)64 << 10) /* bytes; a longer line comes in pieces of this size */

/* What one stream of one life wrote up to its newline, or a piece of it. Time, life and address
 * are those of its first byte. */
struct line {
    const uint8_t *at;       /* borrowed until the next call; without the newline */
    size_t n;
    uint64_t offset;
    int64_t time_ms;         /* 0: not known */
    enum pm_stream stream;
    uint64_t run;            /* 0: not known, and then the stream is not known either */
    bool begins, ends;       /* both, unless it is a piece */
};

struct lines_part {          /* a line of one stream that has not ended yet */
    struct pm_buf text;
    struct line line;        /* of its present piece, when `begun` */
    bool begun, clipped;     /* a piece; pieces before it have gone out */
};

/* Begin with { 0 }. */
struct lines {
    struct pm_buf bytes;     /* put and not yet looked at, from `at` on */
    size_t at;
    struct pm_stretch *stretches; /* where they came from, from `first` on; .at is unused */
    size_t n, room, first;
    size_t used;             /* bytes of the first one */
    struct lines_part parts[PM_STREAM_ERR + 1];
};

void lines_put(struct lines *lines, const struct pm_stretch *stretch); /* copies */
bool lines_get(struct lines *lines, struct line *out);   /* the next whole one, or piece */
bool lines_last(struct lines *lines, struct line *out);  /* then: what lacks its newline */
void lines_fini(struct lines *lines);                    /* leaves it empty */

#endif
