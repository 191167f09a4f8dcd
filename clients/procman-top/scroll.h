/* The lines of a log pane: what came, in order of time, bounded, and which part of it is seen.
 *
 * Bytes come in from one process or several; each line belongs to one stream of one process. The
 * oldest lines go when there are too many. The pane either follows the end or stands still: then
 * the line at its top stays there, whatever comes or goes. */
#ifndef TOP_SCROLL_H
#define TOP_SCROLL_H

#include <procman/schema.h>

#define SCROLL_LINES 50000
#define SCROLL_BYTES (16u << 20)

enum line_kind {
    LINE_OUT, LINE_ERR,
    LINE_NOTE,           /* ours: bytes that are missing, a new life */
    LINE_MARK,           /* the user's */
};

struct line {
    const char *text;    /* raw, without its newline; not terminated */
    size_t n;
    int64_t time_ms;     /* wall clock when its last bytes came; 0: not known */
    uint64_t source;     /* the process */
    enum line_kind kind;
};

struct scroll;

struct scroll *scroll_new(void) PM_MUST_USE;
void scroll_close(struct scroll **scroll);
void scroll_clear(struct scroll *scroll);

/* ---- what comes ------------------------------------------------------------------------------ */

void scroll_bytes(struct scroll *scroll, uint64_t source, enum line_kind kind, int64_t time_ms,
                  const void *bytes, size_t n);
void scroll_note(struct scroll *scroll, uint64_t source, enum line_kind kind, int64_t time_ms,
                 const char *text);
/* Whole lines that were before all others: those of one earlier stretch, first line first. Lines
 * at the end go when there are too many; returns whether that happened (it no longer follows). */
bool scroll_before(struct scroll *scroll, const struct line *lines, size_t n);

/* ---- which lines are meant ------------------------------------------------------------------- */

enum scroll_streams { STREAMS_BOTH, STREAMS_OUT, STREAMS_ERR, STREAMS_COUNT };
void scroll_streams(struct scroll *scroll, enum scroll_streams streams);
/* Only lines in which the expression (POSIX extended) is found; NULL or "": all.
 * false: it is no expression; nothing changes, *why is heap. */
bool scroll_filter(struct scroll *scroll, const char *expression, char **why) PM_MUST_USE;

size_t scroll_count(const struct scroll *scroll);  /* lines that are meant */
size_t scroll_held(const struct scroll *scroll);   /* all lines */
/* The nth of those that are meant. */
const struct line *scroll_at(const struct scroll *scroll, size_t n) PM_MUST_USE;

/* ---- where one looks ------------------------------------------------------------------------- */

bool scroll_follows(const struct scroll *scroll);
void scroll_follow(struct scroll *scroll, bool on);
size_t scroll_missed(const struct scroll *scroll); /* lines that came while it stood still */
size_t scroll_top(const struct scroll *scroll, size_t height);
void scroll_move(struct scroll *scroll, long lines, size_t height);
void scroll_go(struct scroll *scroll, size_t line, size_t height);

/* ---- searching ------------------------------------------------------------------------------- */

/* false: no expression, *why is heap. NULL or "": search for nothing. */
bool scroll_search(struct scroll *scroll, const char *expression, char **why) PM_MUST_USE;
/* To the next line that matches, before or after the present one, around the end; that line is
 * brought on the page. false: there is none. */
bool scroll_find(struct scroll *scroll, bool backwards, size_t height) PM_MUST_USE;
/* Where it matches in a plain text: bytes [*from, *to) at or behind *from. */
bool scroll_matches(const struct scroll *scroll, const char *plain, size_t *from, size_t *to);

#endif
