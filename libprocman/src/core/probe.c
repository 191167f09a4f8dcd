/* What a probe is called by people, and the URL of one taken apart.
 */
#include <procman/probe.h>

#include <procman/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEME     "http://"
#define HTTP_PORT  80
#define PORT_MOST  65535ul
#define URL_BYTES  2000
#define HOST_BYTES 253      /* of a name, RFC 1035 */

/* ---- http --------------------------------------------------------------------------- */

static const char *port_of(const char *text, size_t n, uint16_t *out)
{
    unsigned long port = 0;

    for (size_t i = 0; i < n && port <= PORT_MOST; i++) {
        if (text[i] < '0' || text[i] > '9')
            return "the port of a URL is a number, as in http://localhost:8080/";
        port = port * 10 + (unsigned long)(text[i] - '0');
    }
    if (n == 0 || port == 0 || port > PORT_MOST)
        return "the port of a URL is a number from 1 to 65535";
    *out = (uint16_t)port;
    return NULL;
}

/* host[:port], the host in brackets when it is an IPv6 address. */
static const char *authority_of(const char *text, size_t n, struct pm_url *out)
{
    const char *close = *text == '[' ? memchr(text, ']', n) : NULL;
    const char *host = close != NULL ? text + 1 : text;
    const char *colon = close != NULL ? close + 1 : memchr(text, ':', n);
    size_t host_n = close != NULL ? (size_t)(close - host)
                                  : colon != NULL ? (size_t)(colon - text) : n;

    if (host_n == 0 || host_n > HOST_BYTES || memchr(text, '@', n) != NULL)
        return "a URL names a host, as in http://localhost:8080/, and no user";
    if (close != NULL && close + 1 == text + n)
        colon = NULL;
    if (colon != NULL && *colon != ':')
        return "behind the ']' of an address comes ':' and a port, or the path";
    memcpy(out->host, host, host_n);
    out->host[host_n] = '\0';
    out->port = HTTP_PORT;
    return colon == NULL ? NULL : port_of(colon + 1, (size_t)(text + n - colon - 1), &out->port);
}

const char *pm_url_parse(const char *text, struct pm_url *out)
{
    const char *rest = text + strlen(SCHEME);
    size_t n;

    if (strncmp(text, "https://", 8) == 0)
        return "https is not spoken here; use exec with a command such as curl -fsS URL";
    if (strncmp(text, SCHEME, strlen(SCHEME)) != 0)
        return "a URL is written as http://HOST:PORT/PATH";
    if (strlen(text) > URL_BYTES)
        return "a URL has at most 2000 bytes";
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++)
        if (*at <= ' ' || *at == 0x7f)
            return "a URL has no spaces and no control characters in it; write %20";
    n = strcspn(rest, "/?#");
    out->path = rest + n;
    return authority_of(rest, n, out);
}

/* ---- in words ------------------------------------------------------------------------- */

const char *pm_probe_text(const struct pm_probe *probe, char *text, size_t size)
{
    const char *what = probe->text != NULL ? probe->text : "";
    char delay[PM_TEXT_SIZE];

    switch (probe->kind) {
    case PM_PROBE_KIND_LOG:
        snprintf(text, size, "a line like /%.60s/", what);
        break;
    case PM_PROBE_KIND_TCP:
        snprintf(text, size, "tcp %.60s%s%llu", what, *what != '\0' ? ":" : "",
                 (unsigned long long)probe->port);
        break;
    case PM_PROBE_KIND_HTTP:
        snprintf(text, size, "%.80s", what);
        break;
    case PM_PROBE_KIND_EXEC:
        snprintf(text, size, "exec %.60s", what);
        break;
    case PM_PROBE_KIND_NOTIFY:
        snprintf(text, size, "READY=1");
        break;
    case PM_PROBE_KIND_AFTER:
        snprintf(text, size, "the first %s", pm_text_duration(probe->delay_ms, delay));
        break;
    default:
        snprintf(text, size, "no probe");
        break;
    }
    return text;
}
