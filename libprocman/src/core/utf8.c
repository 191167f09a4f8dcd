/* UTF-8 without a locale: the same bytes mean the same on every host of the fleet. */
#include "core/utf8.h"

struct range { uint32_t from, to; };

/* East Asian Wide and Fullwidth blocks and emoji (Unicode 15, EastAsianWidth.txt), coarsely. */
static const struct range wide[] = {
    { 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf },   { 0xac00, 0xd7a3 },
    { 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },
    { 0x1f300, 0x1f64f }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
};

/* Combining marks, joiners and variation selectors. */
static const struct range narrow[] = {
    { 0x0300, 0x036f }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x200b, 0x200f },
    { 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff },
};

/* C0, DEL and C1; line and paragraph separator; embeddings, overrides and isolates (Unicode
 * Annex 9), with which one name can look like another; byte order mark. */
static const struct range unprintable[] = {
    { 0x00, 0x1f },     { 0x7f, 0x9f },     { 0x2028, 0x202e },
    { 0x2066, 0x2069 }, { 0xfeff, 0xfeff },
};

static bool in(const struct range *ranges, size_t n, uint32_t code)
{
    for (size_t i = 0; i < n; i++)
        if (code >= ranges[i].from && code <= ranges[i].to)
            return true;
    return false;
}

size_t pm_utf8_next(const char *at, size_t n, uint32_t *out)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *byte = (const unsigned char *)at;

    if (n == 0)
        return 0;
    if (byte[0] < 0x80) {
        *out = byte[0];
        return 1;
    }
    size_t length = byte[0] >= 0xf0 ? 4 : byte[0] >= 0xe0 ? 3 : 2;
    if (byte[0] < 0xc2 || byte[0] > 0xf4 || length > n)
        return 0;
    uint32_t code = byte[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((byte[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (byte[i] & 0x3fu);
    }
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *out = code;
    return length;
}

size_t pm_utf8_put(uint32_t code, char *to)
{
    static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    for (size_t i = length; i-- > 1; code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3f));
    to[0] = (char)(length == 1 ? code : lead[length] | code);
    return length;
}

size_t pm_utf8_fault(const char *text, size_t n)
{
    uint32_t code;
    size_t at = 0;

    for (size_t step; at < n && (step = pm_utf8_next(text + at, n - at, &code)) > 0;)
        at += step;
    return at;
}

bool pm_utf8_unprintable(uint32_t code)
{
    return in(unprintable, PM_COUNT(unprintable), code);
}

unsigned pm_utf8_width(uint32_t code)
{
    if (in(narrow, PM_COUNT(narrow), code))
        return 0;
    return in(wide, PM_COUNT(wide), code) ? 2 : 1;
}
