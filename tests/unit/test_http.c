/* A request, and what the begin of an answer says. */
#include <criterion/criterion.h>

#include "brain/http.h"

#include <stdio.h>
#include <string.h>

static void then_request(const char *text, const char *line, const char *host)
{
    struct pm_url url;
    char begin[200];

    cr_assert_null(pm_url_parse(text, &url));
    PM_CLEANUP(pm_free) char *request = http_request(&url);
    snprintf(begin, sizeof begin, "%s HTTP/1.1\r\nHost: %s\r\n", line, host);
    cr_assert_eq(strncmp(request, begin, strlen(begin)), 0, "%s", request);
    cr_assert_str_eq(request + strlen(request) - 4, "\r\n\r\n");
}

Test(http, a_request_names_path_and_host)
{
    then_request("http://localhost", "GET /", "localhost");
    then_request("http://localhost:8080/a/b?c=d#e", "GET /a/b?c=d", "localhost:8080");
    then_request("http://localhost?ok", "GET /?ok", "localhost");
    then_request("http://[::1]:81/x", "GET /x", "[::1]:81");
}

#define GOOD(head)      { head, sizeof head - 1, false, HTTP_GOOD, "" }
#define MORE(head)      { head, sizeof head - 1, false, HTTP_MORE, "" }
#define BAD(head, why)  { head, sizeof head - 1, false, HTTP_BAD, why }
#define END(head, why)  { head, sizeof head - 1, true, HTTP_BAD, why }

Test(http, the_first_line_of_an_answer_is_enough)
{
    static const struct {
        const char *head;
        size_t n;
        bool ended;
        enum http_answer answer;
        const char *why;
    } rows[] = {
        GOOD("HTTP/1.1 200 OK\r\nmore"), GOOD("HTTP/1.0 204\r\n"), GOOD("HTTP/1.1 399 x\n"),
        MORE(""), MORE("HTTP/1.1 200 OK"), MORE("nonsense"),
        BAD("HTTP/1.1 503 Service Unavailable\r\n", "status 503 Service Unavailable"),
        BAD("HTTP/1.1 404 a\033[2Jb\r\n", "status 404 a\\x1b[2Jb"),
        BAD("HTTP/1.1 100 Continue\r\n", "status 100 Continue"),
        BAD("HTTP/1.1 20\r\n", "what answers does not speak HTTP"),
        BAD("220 mail ESMTP\r\n", "what answers does not speak HTTP"),
        BAD("\n", "what answers does not speak HTTP"),
        END("", "closed without an answer"),
        END("HTT", "what answers does not speak HTTP"),
    };
    char why[100];

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        why[0] = '\0';
        cr_assert_eq(http_read(rows[i].head, rows[i].n, rows[i].ended, why, sizeof why),
                     rows[i].answer, "row %zu: %s", i, why);
        cr_assert_str_eq(why, rows[i].why);
    }
}

Test(http, a_line_that_never_ends_is_no_answer)
{
    char head[HTTP_HEAD_BYTES], why[100];

    memset(head, 'x', sizeof head);
    cr_assert_eq(http_read(head, sizeof head, false, why, sizeof why), HTTP_BAD);
}
