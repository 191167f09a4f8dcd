/* What a probe is called, what its URL says, and what its pattern finds. */
#include <criterion/criterion.h>

#include <procman/probe.h>

#include <string.h>

struct row { struct pm_probe probe; const char *text; };

#define PROBE(KIND, what, number) \
    { .kind = PM_PROBE_KIND_##KIND, .text = (what), .port = (number), .delay_ms = 2000 }

static const struct row rows[] = {
    { PROBE(TCP, "", 7000), "tcp 7000" },
    { PROBE(TCP, NULL, 65535), "tcp 65535" },
    { PROBE(TCP, "db.lan", 5432), "tcp db.lan:5432" },
    { PROBE(HTTP, "http://localhost/ok", 0), "http://localhost/ok" },
    { PROBE(EXEC, "./check --fast", 0), "exec ./check --fast" },
    { PROBE(LOG, "ready|up", 0), "a line like /ready|up/" },
    { PROBE(NOTIFY, "", 0), "READY=1" },
    { PROBE(AFTER, "", 0), "the first 2s" },
};

Test(probe_words, every_kind_is_called_something)
{
    char text[200];

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        cr_assert_str_eq(pm_probe_text(&rows[i].probe, text, sizeof text), rows[i].text);
}

Test(probe_words, a_url_comes_apart)
{
    static const struct { const char *text, *host; unsigned port; const char *path; } urls[] = {
        { "http://localhost", "localhost", 80, "" },
        { "http://localhost:8080/health?x=1", "localhost", 8080, "/health?x=1" },
        { "http://10.0.0.7?ok", "10.0.0.7", 80, "?ok" },
        { "http://[::1]:81/", "::1", 81, "/" },
        { "http://[fe80::1]/a:b", "fe80::1", 80, "/a:b" },
    };
    struct pm_url url;

    for (size_t i = 0; i < PM_COUNT(urls); i++) {
        const char *fault = pm_url_parse(urls[i].text, &url);
        cr_assert_null(fault, "%s: %s", urls[i].text, fault);
        cr_assert_str_eq(url.host, urls[i].host);
        cr_assert_eq(url.port, urls[i].port, "%s: port %d", urls[i].text, url.port);
        cr_assert_str_eq(url.path, urls[i].path);
    }
}

Test(probe_words, what_is_no_url_says_what_would_be)
{
    static const struct { const char *text, *fault; } urls[] = {
        { "https://localhost/", "curl" },
        { "localhost:80", "http://HOST" },
        { "http:///x", "names a host" },
        { "http://u:p@h/", "no user" },
        { "http://h:99999/", "from 1 to 65535" },
        { "http://h:/", "from 1 to 65535" },
        { "http://h:x/", "is a number" },
        { "http://[::1]x/", "behind the ']'" },
        { "http://h/a b", "no spaces" },
        { "http://h/\r\nX: y", "control" },
    };
    struct pm_url url;

    for (size_t i = 0; i < PM_COUNT(urls); i++) {
        const char *fault = pm_url_parse(urls[i].text, &url);
        cr_assert(fault != NULL && strstr(fault, urls[i].fault), "%s: %s", urls[i].text, fault);
    }
}

/* ---- patterns ----------------------------------------------------------------------- */

static bool finds(const char *pattern_text, const char *line, size_t n, bool first, bool last)
{
    struct pm_pattern *pattern;
    bool found;

    cr_assert_eq(pm_pattern_open(pattern_text, &pattern), PM_OK);
    found = pm_pattern_finds(pattern, line, n, first, last);
    pm_pattern_close(&pattern);
    cr_assert_null(pattern);
    return found;
}

Test(probe_words, a_pattern_is_found_anywhere_in_a_line_behind_a_NUL_too)
{
    cr_assert(finds("frame", "the first frame", 15, true, true));
    cr_assert(finds("fr.me", "\0\0frame", 7, true, true));
    cr_assert_not(finds("frame", "the first frame", 14, true, true), "n is the end");
}

Test(probe_words, half_a_line_begins_or_ends_nothing)
{
    cr_assert(finds("^on$", "on", 2, true, true));
    cr_assert_not(finds("^on$", "on", 2, true, false));
    cr_assert_not(finds("^on$", "on", 2, false, true));
    cr_assert(finds("on", "on", 2, false, false));
}

Test(probe_words, patterns_that_explode_are_not_opened)
{
    static const char *const patterns[] = { "((a{1,100}){1,100}){1,100}", "(a)\\1", "[a", "" };
    struct pm_pattern *pattern;

    for (size_t i = 0; i < PM_COUNT(patterns); i++)
        cr_assert_eq(pm_pattern_open(patterns[i], &pattern), PM_USAGE, "%s", patterns[i]);
}
