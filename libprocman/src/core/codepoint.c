/* What a character is, without a locale: the same bytes mean the same on every host. */
#include "core/codepoint.h"

#include <procman/utf8.h>

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

size_t pm_code_next(const char *at, size_t n, uint32_t *out)
{
    static const uint8_t lead[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    const uint8_t *byte = (const uint8_t *)at;
    size_t length = n > 0 ? pm_utf8_next(byte, n) : 0;

    if (length == 0)
        return 0;
    *out = byte[0] & lead[length];
    for (size_t i = 1; i < length; i++)
        *out = *out << 6 | (byte[i] & 0x3fu);
    return length;
}

size_t pm_code_put(uint32_t code, char *to)
{
    static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    for (size_t i = length; i-- > 1; code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3f));
    to[0] = (char)(length == 1 ? code : lead[length] | code);
    return length;
}

size_t pm_code_fault(const char *text, size_t n)
{
    uint32_t code;
    size_t at = 0;

    for (size_t step; at < n && (step = pm_code_next(text + at, n - at, &code)) > 0;)
        at += step;
    return at;
}

bool pm_code_unprintable(uint32_t code)
{
    return in(unprintable, PM_COUNT(unprintable), code);
}

unsigned pm_code_width(uint32_t code)
{
    if (in(narrow, PM_COUNT(narrow), code))
        return 0;
    return in(wide, PM_COUNT(wide), code) ? 2 : 1;
}
