/* Messages on their way, in order, as the bytes they are on a wire. */
#ifndef SIM_PIPE_H
#define SIM_PIPE_H

#include <procman/codec.h>

struct letter { int64_t at_ms; enum pm_msg kind; struct pm_buf bytes; };
struct pipe { struct letter *at; size_t first, n, cap; };

void pipe_fini(struct pipe *pipe);
/* It arrives at that time, but never before the one before it. Returns when. */
int64_t pipe_put(struct pipe *pipe, int64_t at_ms, enum pm_msg kind, const void *msg);
bool pipe_take(struct pipe *pipe, int64_t now_ms, struct letter *out); /* free it by read_close */
size_t pipe_count(const struct pipe *pipe);
void pipe_cut(struct pipe *pipe, size_t keep); /* the later ones are lost */

struct opened { struct pm_arena arena; void *msg; };
void letter_open(const struct letter *letter, struct opened *out);
void letter_close(struct letter *letter, struct opened *opened);

#endif
