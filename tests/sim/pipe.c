/* A queue. What goes in is encoded and what comes out is decoded, as on the real wires, so no side
 * ever sees the other's memory.
 */
#include "sim/pipe.h"

#include <stdlib.h>
#include <string.h>

void pipe_fini(struct pipe *pipe)
{
    pipe_cut(pipe, 0);
    free(pipe->at);
    *pipe = (struct pipe){ 0 };
}

static struct letter *room(struct pipe *pipe)
{
    if (pipe->first > 0 && pipe->first + pipe->n == pipe->cap) {
        memmove(pipe->at, pipe->at + pipe->first, pipe->n * sizeof *pipe->at);
        pipe->first = 0;
    }
    if (pipe->n == pipe->cap) {
        pipe->cap = pipe->cap ? 2 * pipe->cap : 8;
        pipe->at = pm_resize(pipe->at, pipe->cap, sizeof *pipe->at);
    }
    return &pipe->at[pipe->first + pipe->n++];
}

int64_t pipe_put(struct pipe *pipe, int64_t at_ms, enum pm_msg kind, const void *msg)
{
    int64_t last_ms = pipe->n > 0 ? pipe->at[pipe->first + pipe->n - 1].at_ms : 0;
    struct letter *letter = room(pipe);
    enum pm_err err;

    *letter = (struct letter){ .at_ms = at_ms > last_ms ? at_ms : last_ms, .kind = kind };
    err = pm_encode(pm_msg_desc(kind), msg, &letter->bytes);
    pm_assert(err == PM_OK);
    return letter->at_ms;
}

bool pipe_take(struct pipe *pipe, int64_t now_ms, struct letter *out)
{
    if (pipe->n == 0 || pipe->at[pipe->first].at_ms > now_ms)
        return false;
    *out = pipe->at[pipe->first++];
    if (--pipe->n == 0)
        pipe->first = 0;
    return true;
}

size_t pipe_count(const struct pipe *pipe)
{
    return pipe->n;
}

void pipe_cut(struct pipe *pipe, size_t keep)
{
    while (pipe->n > keep)
        pm_buf_fini(&pipe->at[pipe->first + --pipe->n].bytes);
}

void letter_open(const struct letter *letter, struct opened *out)
{
    const struct pm_desc *desc = pm_msg_desc(letter->kind);
    enum pm_err err;

    pm_arena_init(&out->arena, 0);
    out->msg = pm_alloc(desc->size);
    err = pm_decode(desc, letter->bytes.at, letter->bytes.n, &out->arena, out->msg, NULL);
    pm_assert(err == PM_OK);
}

void letter_close(struct letter *letter, struct opened *opened)
{
    pm_arena_fini(&opened->arena);
    free(opened->msg);
    pm_buf_fini(&letter->bytes);
}
