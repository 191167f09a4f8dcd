/* One process's output on its way to the screen: bytes as they are, or whole lines with a prefix,
 * or whole lines as JSON. */
#ifndef PROCMANCTL_LINES_H
#define PROCMANCTL_LINES_H

#include "clean.h"

#include <procman/codec.h>

struct lines {
    const struct pm_proc *proc;
    char *prefix;           /* "cam@rig08 | ", or NULL: bytes go as they come */
    const char *shade;      /* escape sequence of the prefix */
    bool json, filter;
    struct cleaner cleaner;
    struct pm_buf part;     /* a line that has not ended yet */
    uint64_t offset;        /* of its first byte */
};

void lines_take(struct lines *lines, uint64_t offset, const uint8_t *at, size_t n);
void lines_end(struct lines *lines);  /* the last line may lack its newline */
void lines_fini(struct lines *lines);

#endif
