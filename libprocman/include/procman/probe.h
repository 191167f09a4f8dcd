/* How one sees whether a process is well: what a probe is called, and what it looks with. */
#ifndef PROCMAN_PROBE_H
#define PROCMAN_PROBE_H

#include <procman/error.h>
#include <procman/schema.h>

PM_BEGIN

/* "tcp 7000", "tcp db.lan:5432", "http://localhost/", "a line like /ready/" … Returns text. */
PM_API const char *pm_probe_text(const struct pm_probe *probe, char *text, size_t size);

/* ---- http ---- */

struct pm_url {
    char host[254];        /* of an IPv6 address without the brackets */
    uint16_t port;
    const char *path;      /* in the text it came from: from the '/' or '?' on; or empty */
};

/* "http://HOST[:PORT][/PATH]". NULL: done; else why not, a sentence */
PM_API const char *pm_url_parse(const char *text, struct pm_url *out);

/* ---- log: a POSIX extended regular expression ---- */

struct pm_pattern;

/* OK | USAGE it is none, or one that would take a machine's memory or its time | NO_MEMORY */
PM_API enum pm_err pm_pattern_open(const char *text, struct pm_pattern **out) PM_MUST_USE;
PM_API void pm_pattern_close(struct pm_pattern **pattern);

/* Is it anywhere in line[0..n)? A NUL there is a byte like another.
 * first, last: does the line begin, and end, there: what ^ and $ mean */
PM_API bool pm_pattern_finds(const struct pm_pattern *pattern, const char *line, size_t n,
                             bool first, bool last);

PM_END
#endif
