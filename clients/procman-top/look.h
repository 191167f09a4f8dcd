/* How things look, by what they mean; a theme says what that is on a terminal. */
#ifndef TOP_LOOK_H
#define TOP_LOOK_H

#include <procman/base.h>

enum look {
    LOOK_PLAIN,
    LOOK_FAINT,      /* said, but not important */
    LOOK_TITLE,      /* names of views and panes */
    LOOK_HEADER,     /* column heads */
    LOOK_GOOD,
    LOOK_CHANGING,
    LOOK_BAD,
    LOOK_STALE,      /* the last that was known of what is away */
    LOOK_GROUP,      /* a branch of the tree */
    LOOK_CURSOR,     /* the row the keys act on */
    LOOK_TAGGED,
    LOOK_KEY,        /* in the key bar: the key */
    LOOK_LABEL,      /* and what it does */
    LOOK_MATCH,      /* what was searched for */
    LOOK_ASK,        /* a question and where its answer is typed */
    LOOK_COUNT
};

#define COLOUR_DEFAULT (-1) /* the terminal's own */

enum style_attr {
    STYLE_BOLD = 1 << 0, STYLE_FAINT = 1 << 1, STYLE_ITALIC = 1 << 2, STYLE_UNDERLINE = 1 << 3,
    STYLE_REVERSE = 1 << 4,
};

struct style {
    int16_t fg, bg;  /* of 256, as xterm counts them; COLOUR_DEFAULT */
    uint16_t attrs;
};

struct theme {
    const char *name;
    const char *about;
    struct style looks[LOOK_COUNT];
};

extern const struct theme themes[];
extern const size_t themes_n;

/* NULL: there is none of that name. */
const struct theme *theme_find(const char *name) PM_MUST_USE;

#endif
