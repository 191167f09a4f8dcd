/* A request and the status line of its answer. A library would do more than we want (redirects,
 * proxies, connections that are kept) and cost more than we have: the brain starts in a moment
 * and lives in few megabytes. Whoever needs TLS or a look into the answer has a command do it.
 */
#include "brain/http.h"

#include <procman/text.h>

#include <stdio.h>
#include <string.h>

#define HTTP_PORT 80

char *http_request(const struct pm_url *url)
{
    bool address = strchr(url->host, ':') != NULL;
    bool slash = *url->path == '/';
    char port[8] = "";

    if (url->port != HTTP_PORT)
        snprintf(port, sizeof port, ":%u", url->port);
    return pm_printf("GET %s%.*s HTTP/1.1\r\nHost: %s%s%s%s\r\nUser-Agent: procman\r\n"
                     "Accept: */*\r\nConnection: close\r\n\r\n", slash ? "" : "/",
                     (int)strcspn(url->path, "#"), url->path, address ? "[" : "", url->host,
                     address ? "]" : "", port);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK" */
static enum http_answer read_line(const char *line, size_t n, char *why, size_t size)
{
    static const char begin[] = "HTTP/1.";
    enum { PREFIX = sizeof begin - 1, CODE = PREFIX + 2, LEAST = CODE + 3 };
    char rest[64], safe[64];
    int status;

    if (n < LEAST || memcmp(line, begin, PREFIX) != 0 || line[PREFIX + 1] != ' '
        || !is_digit(line[CODE]) || !is_digit(line[CODE + 1]) || !is_digit(line[CODE + 2])) {
        snprintf(why, size, "what answers does not speak HTTP");
        return HTTP_BAD;
    }
    status = (line[CODE] - '0') * 100 + (line[CODE + 1] - '0') * 10 + line[CODE + 2] - '0';
    if (status >= 200 && status < 400)
        return HTTP_GOOD;
    n -= LEAST;
    n = n < sizeof rest - 1 ? n : sizeof rest - 1;
    memcpy(rest, line + LEAST, n);
    rest[n] = '\0';
    snprintf(why, size, "status %d%s", status, pm_text_safe(rest, safe, sizeof safe));
    return HTTP_BAD;
}

enum http_answer http_read(const char *head, size_t n, bool ended, char *why, size_t size)
{
    const char *line_end = memchr(head, '\n', n);

    if (line_end == NULL && !ended && n < HTTP_HEAD_BYTES)
        return HTTP_MORE;
    if (n == 0) {
        snprintf(why, size, "closed without an answer");
        return HTTP_BAD;
    }
    if (line_end != NULL)
        n = (size_t)(line_end - head);
    if (n > 0 && head[n - 1] == '\r')
        n--;
    return read_line(head, n, why, size);
}
