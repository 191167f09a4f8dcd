/* Globs over names and group paths. Not fnmatch(3): that one reads characters by the locale,
 * takes exponential time on some patterns, and calls an unclosed set a literal bracket, while
 * we would rather tell the user.
 *
 * Only the last '*' ever needs to be tried again: an earlier one that took more would give the
 * later one only less to choose from. And since '*' stops at '/', a literal '/' in the pattern
 * always meets the same '/' of the text.
 */
#include "core/glob.h"

#include <procman/utf8.h>

#include <string.h>

/* Strings are UTF-8 when they come here; what is not is taken byte by byte. */
static size_t character(const char *at, size_t n)
{
    size_t size = pm_utf8_next((const uint8_t *)at, n);

    return size > 0 ? size : 1;
}

static uint32_t code(const char *at, size_t n)
{
    uint32_t number = 0;

    for (size_t i = 0; i < n; i++) /* UTF-8 sorts like its code points; that is all we need */
        number = number << 8 | (uint8_t)at[i];
    return number;
}

/* One character of a set or pattern at *at, after a backslash taken literally. */
static uint32_t literal(const char **at)
{
    if (!**at)
        return 0; /* nothing of a text meets it */
    if (**at == '\\' && (*at)[1])
        (*at)++;
    size_t n = character(*at, strnlen(*at, 4)); /* no character is longer */
    uint32_t number = code(*at, n);

    *at += n;
    return number;
}

/* *pattern stands after '['; steps behind the ']'. The first character may be ']' itself. */
static bool in_set(const char **pattern, uint32_t wanted)
{
    const char *at = *pattern;
    bool negated = *at == '!' || *at == '^', found = false;

    at += negated;
    do {
        uint32_t low = literal(&at), high = low;

        if (*at == '-' && at[1] != ']') {
            at++;
            high = literal(&at);
        }
        found = found || (low <= wanted && wanted <= high);
    } while (*at && *at != ']');
    *pattern = at + (*at == ']');
    return found != negated;
}

/* Does the next element of the pattern, not '*', take the character? Steps behind both. */
static bool take_one(const char **pattern, const char **text, const char *end)
{
    if (*text == end || !**pattern)
        return false;
    size_t n = character(*text, (size_t)(end - *text));
    uint32_t wanted = code(*text, n);
    bool taken;

    switch (**pattern) {
    case '?':
        (*pattern)++;
        taken = wanted != '/';
        break;
    case '[':
        (*pattern)++;
        taken = in_set(pattern, wanted) && wanted != '/';
        break;
    default:
        taken = literal(pattern) == wanted;
        break;
    }
    *text += n;
    return taken;
}

bool pm_glob_match(const char *pattern, const char *text, size_t n)
{
    const char *end = text + n;
    const char *after_star = NULL, *star_text = NULL; /* where to go on when '*' takes one more */

    while (text < end || *pattern) {
        if (*pattern == '*') {
            after_star = ++pattern;
            star_text = text;
            continue;
        }
        const char *next_pattern = pattern, *next_text = text;
        if (take_one(&next_pattern, &next_text, end)) {
            pattern = next_pattern;
            text = next_text;
            continue;
        }
        if (!after_star || star_text == end || *star_text == '/')
            return false;
        star_text += character(star_text, (size_t)(end - star_text));
        pattern = after_star;
        text = star_text;
    }
    return true;
}

const char *pm_glob_set_end(const char *at)
{
    at += *at == '!' || *at == '^';
    for (bool first = true; *at && (first || *at != ']'); first = false)
        at += *at == '\\' && at[1] ? 2 : 1;
    return *at == ']' ? at + 1 : NULL;
}

const char *pm_glob_fault(const char *pattern)
{
    while (*pattern) {
        if (*pattern == '\\' && !pattern[1])
            return "nothing follows the backslash";
        if (*pattern == '[') {
            pattern = pm_glob_set_end(pattern + 1);
            if (!pattern)
                return "a '[' without its ']'; write \\[ for the character itself";
            continue;
        }
        pattern += *pattern == '\\' ? 2 : 1;
    }
    return NULL;
}
