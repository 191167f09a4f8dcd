/* Lines put together from bytes as they come, and searched. */
#ifndef BRAIN_SOUGHT_H
#define BRAIN_SOUGHT_H

#include <procman/probe.h>

#define SOUGHT_BYTES 4096 /* a longer line is searched in pieces */
#define SOUGHT_AGAIN 1024 /* so much of a piece is searched again with the next: a match this long
                             is found wherever the line is cut */

struct sought {           /* one stream's line in hand; all zero at first */
    char text[SOUGHT_BYTES];
    size_t n;
    bool cut;             /* the line began before that */
};

/* More bytes of the stream. true: a line, or what there is of the last one, matches. */
bool sought_take(struct sought *line, const struct pm_pattern *pattern, const char *bytes,
                 size_t n);

#endif
