/* May this be searched for in every line a process writes?
 *
 * A pattern is a stranger's program: regcomp turns `((a{255}){255}){255}` into gigabytes before
 * anything is matched, and back-references take exponential time. So what repeats is multiplied
 * up here first, and back-references are refused; the rest is regcomp's to judge.
 */
#include "core/spec_fault.h"

#include <procman/limits.h>

#include <regex.h>
#include <string.h>

#define TEXT_(number) #number
#define TEXT(number) TEXT_(number)

/* Where a set ends, behind its ']'; at the end of the text: nowhere. */
static const char *set_end(const char *at)
{
    at += *at == '^';
    at += *at == ']';
    for (; *at != '\0' && *at != ']'; at++)
        if (at[0] == '[' && (at[1] == ':' || at[1] == '.' || at[1] == '=')) {
            const char mark[] = { at[1], ']', '\0' };
            const char *close = strstr(at + 2, mark);
            at = close != NULL ? close + 1 : at;
        }
    return *at == ']' ? at + 1 : at;
}

/* The larger number of {m,n}; `at` stands after the brace. */
static unsigned long repeats(const char *at)
{
    unsigned long most = 1, number = 0;

    for (; *at != '\0' && *at != '}'; at++) {
        bool digit = *at >= '0' && *at <= '9';
        number = digit && number <= PM_LIMIT_PATTERN_SIZE ? number * 10 + (unsigned long)(*at - '0')
                 : digit ? number : 0;
        most = number > most ? number : most;
    }
    return most;
}

/* All repetitions multiplied: more than there are, when they are not nested, but never fewer. */
static const char *size_fault(const char *pattern)
{
    unsigned long size = 1;

    for (const char *at = pattern; *at != '\0';) {
        if (at[0] == '\\' && at[1] >= '1' && at[1] <= '9')
            return "back-references such as \\1 are not searched for";
        if (at[0] == '\\' && at[1] != '\0') {
            at += 2;
            continue;
        }
        if (at[0] == '{')
            size *= repeats(at + 1);
        if (size > PM_LIMIT_PATTERN_SIZE)
            return "its repetitions come to more than " TEXT(PM_LIMIT_PATTERN_SIZE);
        at = at[0] == '[' ? set_end(at + 1) : at + 1;
    }
    return NULL;
}

const char *pm_pattern_fault(const char *pattern)
{
    regex_t compiled;

    if (*pattern == '\0')
        return "a pattern is not empty";
    if (strlen(pattern) > PM_LIMIT_PATTERN)
        return "a pattern has at most " TEXT(PM_LIMIT_PATTERN) " bytes";
    const char *fault = size_fault(pattern);
    if (fault != NULL)
        return fault;
    if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return "not an extended regular expression, see regex(7)";
    regfree(&compiled);
    return NULL;
}
