#include "ansi.h"

#include <stdlib.h>
#include <string.h>

#define ESC 0x1b
#define MOST_PARAMETERS 32 /* of one SGR sequence; more are not obeyed */

/* ---- where a sequence ends ------------------------------------------------------------------- */

/* text[0] is ESC. Bytes of the whole sequence; what is cut off by the end of line is part of it. */
static size_t sequence_length(const unsigned char *text, size_t n)
{
    size_t i = 2;

    if (n < 2)
        return n;
    if (text[1] == '[') { /* CSI: parameters and intermediates, then one final byte */
        while (i < n && text[i] >= 0x20 && text[i] <= 0x3f)
            i++;
        return i < n ? i + 1 : n;
    }
    if (strchr("]PX^_", text[1]) != NULL) { /* OSC, DCS, …: up to BEL or ESC \ */
        while (i < n && text[i] != 0x07 && text[i] != ESC)
            i++;
        if (i < n && text[i] == ESC && i + 1 < n && text[i + 1] == '\\')
            i++;
        return i < n ? i + 1 : n;
    }
    while (i - 1 < n && text[i - 1] >= 0x20 && text[i - 1] <= 0x2f) /* ESC ( B and its like */
        i++;
    return i < n ? i : n;
}

/* ---- colours --------------------------------------------------------------------------------- */

static unsigned level_of(unsigned value)
{
    return value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40; /* the cube's steps: 0 95 135 … */
}

static int16_t nearest(unsigned r, unsigned g, unsigned b)
{
    if (r == g && g == b && r >= 8 && r < 248)
        return (int16_t)(232 + (r - 8) / 10); /* the greys */
    return (int16_t)(16 + 36 * level_of(r) + 6 * level_of(g) + level_of(b));
}

struct parameters { unsigned at[MOST_PARAMETERS]; size_t n; };

/* 38;5;N or 38;2;R;G;B from p->at[i]; returns how many parameters it took beyond the first. */
static size_t extended(const struct parameters *p, size_t i, int16_t *out)
{
    if (i + 2 < p->n && p->at[i + 1] == 5) {
        if (p->at[i + 2] < 256)
            *out = (int16_t)p->at[i + 2];
        return 2;
    }
    if (i + 4 < p->n && p->at[i + 1] == 2) {
        if (p->at[i + 2] < 256 && p->at[i + 3] < 256 && p->at[i + 4] < 256)
            *out = nearest(p->at[i + 2], p->at[i + 3], p->at[i + 4]);
        return 4;
    }
    return p->n; /* not understood, and so is what follows */
}

static void set_attr(struct style *style, unsigned code)
{
    static const uint16_t on[] = { [1] = STYLE_BOLD, [2] = STYLE_FAINT, [3] = STYLE_ITALIC,
                                   [4] = STYLE_UNDERLINE, [7] = STYLE_REVERSE };

    if (code < PM_COUNT(on))
        style->attrs |= on[code];
    else if (code == 22)
        style->attrs &= (uint16_t)~(STYLE_BOLD | STYLE_FAINT);
    else if (code > 22 && code - 20 < PM_COUNT(on))
        style->attrs &= (uint16_t)~on[code - 20];
}

static size_t set_one(struct style *style, const struct parameters *p, size_t i)
{
    unsigned code = p->at[i];

    if (code == 0)
        *style = (struct style){ COLOUR_DEFAULT, COLOUR_DEFAULT, 0 };
    else if (code < 30)
        set_attr(style, code);
    else if (code < 38)
        style->fg = (int16_t)(code - 30);
    else if (code == 38)
        return extended(p, i, &style->fg);
    else if (code == 39)
        style->fg = COLOUR_DEFAULT;
    else if (code < 48)
        style->bg = (int16_t)(code - 40);
    else if (code == 48)
        return extended(p, i, &style->bg);
    else if (code == 49)
        style->bg = COLOUR_DEFAULT;
    else if (code >= 90 && code < 98)
        style->fg = (int16_t)(code - 90 + 8);
    else if (code >= 100 && code < 108)
        style->bg = (int16_t)(code - 100 + 8);
    return 0;
}

/* The sequence ESC [ … m of n bytes. */
static void obey(struct style *style, const char *at, size_t n)
{
    struct parameters p = { .n = 1 };

    for (size_t i = 2; i + 1 < n; i++) {
        if (at[i] >= '0' && at[i] <= '9' && p.at[p.n - 1] < 1000)
            p.at[p.n - 1] = p.at[p.n - 1] * 10 + (unsigned)(at[i] - '0');
        else if ((at[i] == ';' || at[i] == ':') && p.n < MOST_PARAMETERS)
            p.n++;
        else
            return; /* a private one */
    }
    for (size_t i = 0; i < p.n; i++)
        i += set_one(style, &p, i);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

/* What begins the line anew hides what stood there before it. */
static size_t visible_from(const char *text, size_t n)
{
    const char *cr;

    while (n > 0 && text[n - 1] == '\r')
        n--;
    cr = n > 0 ? memrchr(text, '\r', n) : NULL;
    return cr ? (size_t)(cr - text) + 1 : 0;
}

static bool is_colour(const char *at, size_t n)
{
    return n >= 3 && at[1] == '[' && at[n - 1] == 'm';
}

bool ansi_next(const char *text, size_t n, size_t *offset, struct style *style,
               struct ansi_piece *out)
{
    size_t hidden = *offset == 0 ? visible_from(text, n) : 0, end;

    while (*offset < n && (text[*offset] == ESC || text[*offset] == '\r' || *offset < hidden)) {
        size_t length = 1;
        if (text[*offset] == ESC) {
            length = sequence_length((const unsigned char *)text + *offset, n - *offset);
            if (is_colour(text + *offset, length))
                obey(style, text + *offset, length);
        }
        *offset += length;
    }
    if (*offset >= n)
        return false;
    end = *offset;
    while (end < n && text[end] != ESC && text[end] != '\r')
        end++;
    *out = (struct ansi_piece){ text + *offset, end - *offset, *style };
    *offset = end;
    return true;
}

char *ansi_plain(const char *text, size_t n)
{
    struct style style = { 0 };
    struct ansi_piece piece;
    size_t offset = 0, length = 0;
    char *plain = pm_alloc(n + 1);

    while (ansi_next(text, n, &offset, &style, &piece)) {
        memcpy(plain + length, piece.at, piece.n);
        length += piece.n;
    }
    return plain;
}
