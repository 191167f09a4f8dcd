/* A log may hold anything: a title change, a cursor movement that overwrites what stands above,
 * a sequence that makes the terminal answer. This is the small part of ECMA-48 one needs to know
 * where a sequence ends:
 *
 *   ESC [ … final 0x40–0x7e      control sequence; also the single byte U+009B
 *   ESC ] P X ^ _ … ESC \ or BEL  strings; a newline ends them too, so that an unfinished one
 *                                 cannot swallow the rest of the log
 *   ESC (0x20–0x2f)* final        everything else
 *
 * C1 controls are U+0080 to U+009F, in UTF-8 0xC2 0x80–0x9F; as single bytes they are no UTF-8.
 */
#include "clean.h"

#include <stdbool.h>

enum { TEXT, ESCAPE, SEQUENCE, STRING, STRING_ESCAPE };

#define ESC 0x1b
#define BEL 0x07
#define C1_LEAD 0xc2
#define C1_LAST 0x9f

static unsigned continuation_bytes(uint8_t lead)
{
    if (lead >= C1_LEAD && lead <= 0xdf)
        return 1;
    if (lead >= 0xe0 && lead <= 0xef)
        return 2;
    return lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
}

/* One byte outside of sequences: is it to be written? *late: and before it the lead of C2 xx. */
static bool take_text(struct cleaner *cleaner, uint8_t byte, bool *late)
{
    bool continues = cleaner->left > 0 && (byte & 0xc0) == 0x80;

    *late = false;
    if (continues) {
        bool held = cleaner->lead == C1_LEAD;

        cleaner->left--;
        cleaner->lead = 0;
        *late = held && byte > C1_LAST;
        return !held || *late;
    }
    cleaner->left = cleaner->lead = 0;
    if (byte == ESC) {
        cleaner->state = ESCAPE;
        return false;
    }
    if (byte < 0x80)
        return byte == '\n' || byte == '\t' || (byte >= ' ' && byte != 0x7f);
    cleaner->left = (uint8_t)continuation_bytes(byte);
    cleaner->lead = cleaner->left ? byte : 0;
    return cleaner->left > 0 && byte != C1_LEAD; /* C2 waits for what follows it */
}

static uint8_t after_escape(uint8_t byte)
{
    switch (byte) {
    case '[':
        return SEQUENCE;
    case ']': case 'P': case 'X': case '^': case '_':
        return STRING;
    default:
        return byte >= 0x20 && byte <= 0x2f ? ESCAPE : TEXT;
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

size_t clean(struct cleaner *cleaner, const uint8_t *from, size_t n, uint8_t *to)
{
    size_t written = 0;

    for (size_t i = 0; i < n; ++i) {
        bool late = false, shown = from[i] == '\n';

        if (cleaner->state == TEXT)
            shown = take_text(cleaner, from[i], &late);
        else
            cleaner->state = take_control(cleaner->state, from[i]);
        if (late)
            to[written++] = C1_LEAD;
        if (shown)
            to[written++] = from[i];
    }
    return written;
}
