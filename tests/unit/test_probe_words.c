/* What a probe may be, and what it is called: rows of right and wrong. */
#include <criterion/criterion.h>

#include <procman/probe.h>

#include <string.h>

struct row { struct pm_probe probe; const char *text, *fault; }; /* fault: a part of it */

#define PROBE(KIND, what, number) \
    { .kind = PM_PROBE_KIND_##KIND, .text = (what), .port = (number) }

static const struct row rows[] = {
    { PROBE(TCP, "", 7000), "tcp 7000", NULL },
    { PROBE(TCP, NULL, 65535), "tcp 65535", NULL },
    { PROBE(TCP, "db.lan", 5432), "tcp db.lan:5432", NULL },
    { PROBE(TCP, "", 0), "tcp 0", "from 1 to 65535" },
    { PROBE(TCP, "", 65536), "tcp 65536", "from 1 to 65535" },
    { PROBE(TCP, "a host", 1), "tcp a host:1", "a name or an address" },
    { PROBE(HTTP, "http://localhost/ok", 0), "http://localhost/ok", NULL },
    { PROBE(HTTP, "https://localhost/", 0), "https://localhost/", "curl" },
    { PROBE(HTTP, "localhost:80", 0), "localhost:80", "http://HOST" },
    { PROBE(HTTP, "http:///x", 0), "http:///x", "names a host" },
    { PROBE(HTTP, "http://u:p@h/", 0), "http://u:p@h/", "no user" },
    { PROBE(HTTP, "http://h:99999/", 0), "http://h:99999/", "from 1 to 65535" },
    { PROBE(HTTP, "http://h:/", 0), "http://h:/", "from 1 to 65535" },
    { PROBE(HTTP, "http://h:x/", 0), "http://h:x/", "is a number" },
    { PROBE(HTTP, "http://[::1]x/", 0), "http://[::1]x/", "behind the ']'" },
    { PROBE(HTTP, "http://h/a b", 0), "http://h/a b", "no spaces" },
    { PROBE(HTTP, "http://h/\r\nX: y", 0), "http://h/\r\nX: y", "control" },
    { PROBE(EXEC, "./check --fast", 0), "exec ./check --fast", NULL },
    { PROBE(EXEC, "", 0), "exec ", "not empty" },
    { PROBE(LOG, "ready|up", 0), "a line like /ready|up/", NULL },
    { PROBE(LOG, "(", 0), "a line like /(/", "regular expression" },
    { PROBE(NOTIFY, "", 0), "READY=1", NULL },
};

Test(probe_words, every_kind_is_called_something_and_may_be_wrong)
{
    char text[200];

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        const char *fault = pm_probe_fault(&rows[i].probe);
        cr_assert_str_eq(pm_probe_text(&rows[i].probe, text, sizeof text), rows[i].text);
        cr_assert_eq(fault == NULL, rows[i].fault == NULL, "%s: %s", rows[i].text, fault);
        if (fault != NULL)
            cr_assert(strstr(fault, rows[i].fault) != NULL, "%s: %s", rows[i].text, fault);
    }
}

Test(probe_words, a_delay_is_a_time_like_another)
{
    struct pm_probe probe = { .kind = PM_PROBE_KIND_AFTER, .delay_ms = 2000 };
    char text[200];

    cr_assert_str_eq(pm_probe_text(&probe, text, sizeof text), "the first 2s");
    cr_assert_null(pm_probe_fault(&probe));
    probe.delay_ms = UINT64_MAX;
    cr_assert_str_eq(pm_probe_fault(&probe), "longer than ten years");
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

/* ---- patterns ----------------------------------------------------------------------- */

Test(probe_words, patterns_that_explode_are_refused)
{
    static const struct { const char *text; bool fine; } patterns[] = {
        { "first frame", true },
        { "^listening on [0-9]{1,5}$", true },
        { "(a{1,10}){1,10}", true },
        { "[{1,9999}]", true },
        { "[]{1,9999}]", true },
        { "[^]{1,9999}]x", true },
        { "a\\{9999", true },
        { "a{1001}", false },
        { "a{2000,}", false },
        { "((a{1,100}){1,100}){1,100}", false },
        { "(a)\\1", false },
        { "[a", false },
        { "", false },
    };

    for (size_t i = 0; i < PM_COUNT(patterns); i++) {
        const char *fault = pm_pattern_fault(patterns[i].text);
        cr_assert_eq(fault == NULL, patterns[i].fine, "%s: %s", patterns[i].text, fault);
    }
}

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
