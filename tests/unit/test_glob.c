/* Globs over names and group paths. */
#include "core/glob.h"

#include <criterion/criterion.h>
#include <string.h>

Test(glob, patterns_match_what_they_say)
{
    static const struct { const char *pattern, *text; bool matches; } rows[] = {
        { "", "", true }, { "", "a", false }, { "a", "", false }, { "abc", "abc", true },
        { "*", "", true }, { "*", "abc", true }, { "*", "a/b", false }, { "a*c", "abbc", true },
        { "a*c", "abcb", false }, { "*a*b*", "xxaxxbxx", true }, { "*ab", "aab", true },
        { "*/c", "a/c", true }, { "*/c", "a/b/c", false }, { "a/*", "a/", true },
        { "?", "ä", true }, { "?", "/", false }, { "??", "ä", false },
        { "[a-c]", "b", true }, { "[a-c]", "d", false }, { "[!a-c]", "d", true },
        { "[^a-c]", "b", false }, { "[!a]", "/", false }, { "[]]", "]", true },
        { "[!]]", "]", false }, { "[a-]", "-", true }, { "[a-]", "b", false },
        { "[ä-ö]", "õ", true }, { "[ä-ö]", "z", false }, { "[\\]x]", "]", true },
        { "\\*", "*", true }, { "\\*", "a", false }, { "\\a", "a", true }, { "[/]", "/", false },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        const char *text = rows[i].text;

        cr_assert_null(pm_glob_fault(rows[i].pattern), "%s", rows[i].pattern);
        cr_expect_eq(pm_glob_match(rows[i].pattern, text, strlen(text)), rows[i].matches,
                     "%s on %s", rows[i].pattern, text);
    }
}

Test(glob, broken_patterns_are_refused)
{
    static const char *const rows[] = { "[", "[a", "[]", "[!]", "a\\", "[a\\]", "x[y]z[" };

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        cr_expect_not_null(pm_glob_fault(rows[i]), "%s", rows[i]);
}

Test(glob, a_pattern_made_to_be_slow_is_not)
{
    static const char pattern[] = "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b";
    char text[5000];

    memset(text, 'a', sizeof text);
    cr_expect_not(pm_glob_match(pattern, text, sizeof text));
}
