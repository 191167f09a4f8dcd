/* A log may hold anything: a title change, a cursor movement that overwrites what stands above,
 * a sequence that makes the terminal answer. This is the small part of ECMA-48 one needs to know
 * where a sequence ends:
 *
 *   ESC [ … final 0x40–0x7e      control sequence; also the single byte U+009B
 *   ESC ] P X ^ _ … ESC \ or BEL  strings; a newline ends them too, so that an unfinished one
 *                                 cannot swallow the rest of the log
 *   ESC (0x20–0x2f)* final        everything else
 *
 * Of all of them only one does no harm: ESC [ numbers m sets colours ("SGR"). It may pass; at the
 * end of its line it is taken back, lest it colour what others write.
 *
 * C1 controls are U+0080 to U+009F, in UTF-8 0xC2 0x80–0x9F; as single bytes they are no UTF-8.
 */
#include "clean.h"

#include <string.h>

enum { TEXT, ESCAPE, SEQUENCE, STRING, STRING_ESCAPE };

#define ESC 0x1b
#define BEL 0x07
#define C1_LEAD 0xc2
#define C1_LAST 0x9f

struct sink { uint8_t *at; size_t n; };

static void put(struct sink *to, const void *bytes, size_t n)
{
    memcpy(to->at + to->n, bytes, n);
    to->n += n;
}

static void put_byte(struct sink *to, uint8_t byte)
{
    to->at[to->n++] = byte;
}

static unsigned continuation_bytes(uint8_t lead)
{
    if (lead >= C1_LEAD && lead <= 0xdf)
        return 1;
    if (lead >= 0xe0 && lead <= 0xef)
        return 2;
    return lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
}

/* ---- colours ---- */

static void take_back_colour(struct cleaner *cleaner, struct sink *to)
{
    if (cleaner->coloured)
        put(to, CLEAN_RESET, strlen(CLEAN_RESET));
    cleaner->coloured = false;
}

/* One byte more of a control sequence that may be a colour. */
static void hold(struct cleaner *cleaner, uint8_t byte)
{
    bool fits = cleaner->n > 0 && cleaner->n < CLEAN_COLOUR
                && (strchr("0123456789;:m", byte) || cleaner->n == 1);

    if (byte == 0 || !fits)
        cleaner->n = 0; /* it is another one */
    else
        cleaner->sequence[cleaner->n++] = (char)byte;
}

static void let_through(struct cleaner *cleaner, struct sink *to)
{
    const char *sequence = cleaner->sequence;
    size_t n = cleaner->n;
    bool reset = n == strlen("\033[m") || (n == strlen(CLEAN_RESET) && sequence[2] == '0');

    cleaner->n = 0;
    if (n == 0 || !cleaner->colours)
        return;
    put(to, sequence, n);
    cleaner->coloured = !reset;
}

/* ---- text ---- */

static void take_lead(struct cleaner *cleaner, uint8_t byte, struct sink *to)
{
    cleaner->left = (uint8_t)continuation_bytes(byte);
    cleaner->lead = cleaner->left ? byte : 0;
    if (cleaner->left > 0 && byte != C1_LEAD) /* C2 waits for what follows it */
        put_byte(to, byte);
}

static void take_continuation(struct cleaner *cleaner, uint8_t byte, struct sink *to)
{
    bool held = cleaner->lead == C1_LEAD;

    cleaner->left--;
    cleaner->lead = 0;
    if (held && byte > C1_LAST)
        put_byte(to, C1_LEAD);
    if (!held || byte > C1_LAST)
        put_byte(to, byte);
}

/* One byte outside of sequences. */
static void take_text(struct cleaner *cleaner, uint8_t byte, struct sink *to)
{
    if (cleaner->left > 0 && (byte & 0xc0) == 0x80) {
        take_continuation(cleaner, byte, to);
        return;
    }
    cleaner->left = cleaner->lead = 0;
    if (byte == '\n')
        take_back_colour(cleaner, to);
    if (byte == ESC) {
        cleaner->state = ESCAPE;
        cleaner->sequence[0] = ESC;
        cleaner->n = 1;
    } else if (byte >= 0x80) {
        take_lead(cleaner, byte, to);
    } else if (byte == '\n' || byte == '\t' || (byte >= ' ' && byte != 0x7f)) {
        put_byte(to, byte);
    }
}

/* ---- sequences ---- */

static uint8_t after_escape(uint8_t byte)
{
    switch (byte) {
    case '[':
        return SEQUENCE;
    case ']': case 'P': case 'X': case '^': case '_':
        return STRING;
    default:
        return byte == ESC || (byte >= 0x20 && byte <= 0x2f) ? ESCAPE : TEXT;
    }
}

/* One byte inside a sequence: the state after it. */
static uint8_t take_control(uint8_t state, uint8_t byte)
{
    if (byte == '\n')
        return TEXT;
    switch (state) {
    case ESCAPE:
        return after_escape(byte);
    case SEQUENCE:
        return byte >= 0x40 && byte <= 0x7e ? TEXT : byte == ESC ? ESCAPE : SEQUENCE;
    case STRING:
        return byte == BEL ? TEXT : byte == ESC ? STRING_ESCAPE : STRING;
    default:
        return byte == '\\' ? TEXT : STRING;
    }
}

static void take_sequence(struct cleaner *cleaner, uint8_t byte, struct sink *to)
{
    uint8_t before = cleaner->state;

    cleaner->state = take_control(before, byte);
    hold(cleaner, byte);
    if (cleaner->state == ESCAPE && byte == ESC) {
        cleaner->sequence[0] = ESC;
        cleaner->n = 1;
    }
    if (before == SEQUENCE && byte == 'm')
        let_through(cleaner, to);
    if (byte == '\n') {
        take_back_colour(cleaner, to);
        put_byte(to, byte);
    }
}

size_t clean(struct cleaner *cleaner, const uint8_t *from, size_t n, uint8_t *to)
{
    struct sink sink = { .at = to };

    for (size_t i = 0; i < n; ++i) {
        if (cleaner->state == TEXT)
            take_text(cleaner, from[i], &sink);
        else
            take_sequence(cleaner, from[i], &sink);
    }
    return sink.n;
}

size_t clean_end(struct cleaner *cleaner, uint8_t *to)
{
    struct sink sink = { .at = to };

    take_back_colour(cleaner, &sink);
    *cleaner = (struct cleaner){ .colours = cleaner->colours };
    return sink.n;
}
