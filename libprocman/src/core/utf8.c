/* Is it UTF-8? The table of RFC 3629 §4: the first byte says how long a character is, and for
 * four first bytes the second has a narrower range, which is what shuts out overlong forms,
 * surrogates and code points that do not exist.
 */
#include <procman/utf8.h>

#include <string.h>

static bool follows(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

static size_t length(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

static bool second_fits(uint8_t first, uint8_t second)
{
    switch (first) {
    case 0xe0: return second >= 0xa0;
    case 0xed: return second <= 0x9f;
    case 0xf0: return second >= 0x90;
    case 0xf4: return second <= 0x8f;
    default:   return true;
    }
}

size_t pm_utf8_next(const uint8_t *at, size_t n)
{
    size_t wanted = length(*at);

    if (wanted > n)
        return 0;
    for (size_t i = 1; i < wanted; i++)
        if (!follows(at[i]))
            return 0;
    return wanted > 1 && !second_fits(at[0], at[1]) ? 0 : wanted;
}

/* Eight bytes of plain ASCII without NUL, the common case, at once. */
static bool is_plain(const uint8_t *at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t word;

    memcpy(&word, at, sizeof word);
    return !((word | (word - ones)) & high); /* x - 1 borrows into the high bit only for 0 */
}

bool pm_utf8_text(const void *bytes, size_t n)
{
    const uint8_t *at = bytes, *end = at + n;

    while (at < end) {
        if (end - at >= 8 && is_plain(at)) {
            at += 8;
            continue;
        }
        size_t step = *at == '\0' ? 0 : pm_utf8_next(at, (size_t)(end - at));
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

char *pm_utf8_mend(const void *bytes, size_t n, size_t *out_n)
{
    static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
    const size_t replacement_n = sizeof replacement - 1;
    const uint8_t *at = bytes, *end = at + n;
    char *text = pm_resize(NULL, n * replacement_n + 1, 1), *to = text;

    while (at < end) {
        size_t step = pm_utf8_next(at, (size_t)(end - at));

        memcpy(to, step > 0 ? (const char *)at : replacement, step > 0 ? step : replacement_n);
        to += step > 0 ? step : replacement_n;
        at += step > 0 ? step : 1;
    }
    *to = '\0';
    *out_n = (size_t)(to - text);
    return text;
}
