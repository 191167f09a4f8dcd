/* The one place that decides where the sheriff may be reached from. */
#include "sheriffd/listen.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX "tcp://"
#define PORT_MOST 65534 /* the next one is for streams */

static bool parse_port(const char *text, long *out)
{
    char *end;
    long port = strtol(text, &end, 10);

    if (end == text || *end != '\0' || *text < '0' || *text > '9' || port < 1 || port > PORT_MOST)
        return false;
    *out = port;
    return true;
}

static bool only_digits_and_dots(const char *text, size_t n)
{
    return strspn(text, "0123456789.") >= n;
}

/* 127.0.0.0/8 (RFC 1122), ::1 and the name everybody has for them. */
static bool is_this_machine(const char *host, size_t n)
{
    if (n == strlen("localhost") && strncmp(host, "localhost", n) == 0)
        return true;
    if (n == strlen("[::1]") && strncmp(host, "[::1]", n) == 0)
        return true;
    return n > 4 && strncmp(host, "127.", 4) == 0 && only_digits_and_dots(host, n);
}

enum pm_err listen_parse(const char *text, struct listen *out, char **why)
{
    const char *host = text + strlen(PREFIX), *colon = strrchr(text, ':');
    long port;

    if (strncmp(text, PREFIX, strlen(PREFIX)) != 0 || colon < host + 1 ||
        !parse_port(colon + 1, &port)) {
        *why = pm_printf("--listen %s: this should be tcp://ADDRESS:PORT", text);
        return PM_USAGE;
    }
    int n = (int)(colon - host);

    if (!is_this_machine(host, (size_t)n)) {
        *why = pm_printf("--listen %s: only addresses of this machine, such as "
                         "tcp://127.0.0.1:%ld, are allowed: without keys anybody who reaches the "
                         "port could command every deputy", text, port);
        return PM_FORBIDDEN;
    }
    out->command = pm_printf(PREFIX "%.*s:%ld", n, host, port);
    out->stream = pm_printf(PREFIX "%.*s:%ld", n, host, port + 1);
    out->ipv6 = host[0] == '[';
    return PM_OK;
}

void listen_fini(struct listen *listen)
{
    free(listen->command);
    free(listen->stream);
    *listen = (struct listen){ 0 };
}
