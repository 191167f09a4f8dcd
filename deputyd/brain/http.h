/* As much of HTTP as it takes to see whether a server is well. */
#ifndef BRAIN_HTTP_H
#define BRAIN_HTTP_H

#include <procman/probe.h>

#define HTTP_HEAD_BYTES 256 /* of an answer, as much as we want to see */

enum http_answer { HTTP_MORE, HTTP_GOOD, HTTP_BAD };

char *http_request(const struct pm_url *url); /* heap */

/* What the first n bytes of an answer say. ended: no more will come.
 * MORE | GOOD a status from 200 to 399 | BAD `why` is a few words */
enum http_answer http_read(const char *head, size_t n, bool ended, char *why, size_t size);

#endif
