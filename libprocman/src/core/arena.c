/* Memory of one message: taken in blocks, handed out front to back, freed at once.
 *
 * A block is zeroed when it is made and no byte is handed out twice, so everything handed out
 * is zero. What a stranger's message may claim is bounded by `limit`; over it, and without
 * memory, the answer is NULL and the message is refused.
 */
#include <procman/codec.h>

#include <procman/limits.h>

#include <stdlib.h>
#include <string.h>

struct pm_arena_block {
    struct pm_arena_block *older;
    size_t size, used;
    _Alignas(max_align_t) unsigned char at[];
};

/* Blocks double, so a large message needs few and a small one wastes little. The first holds a
 * usual spec: a sheriff keeps 20,000 of those, each in an arena of its own. */
#define FIRST_BLOCK ((size_t)512 - sizeof(struct pm_arena_block))
#define LARGE_BLOCK ((size_t)256 << 10)

void pm_arena_init(struct pm_arena *arena, size_t limit)
{
    *arena = (struct pm_arena){ .limit = limit };
}

void pm_arena_fini(struct pm_arena *arena)
{
    struct pm_arena_block *block = arena->blocks;

    while (block) {
        struct pm_arena_block *older = block->older;

        free(block);
        block = older;
    }
    arena->blocks = NULL;
    arena->used = 0;
}

static bool add_block(struct pm_arena *arena, size_t at_least)
{
    size_t size = arena->blocks ? arena->blocks->size * 2 : FIRST_BLOCK;

    if (size > LARGE_BLOCK)
        size = LARGE_BLOCK;
    if (size < at_least)
        size = at_least;
    struct pm_arena_block *block = calloc(1, sizeof *block + size);
    if (!block)
        return false;
    block->size = size;
    block->older = arena->blocks;
    arena->blocks = block;
    return true;
}

static void *take(struct pm_arena *arena, size_t bytes, size_t alignment)
{
    struct pm_arena_block *block = arena->blocks;
    size_t limit = arena->limit ? arena->limit : PM_LIMIT_DECODED;
    size_t gap = block ? -block->used & (alignment - 1) : 0;

    if (bytes > limit || arena->used > limit - bytes)
        return NULL;
    if (!block || gap + bytes > block->size - block->used) {
        if (!add_block(arena, bytes))
            return NULL;
        block = arena->blocks;
        gap = 0;
    }
    void *taken = block->at + block->used + gap;
    block->used += gap + bytes;
    arena->used += bytes;
    return taken;
}

void *pm_arena_get(struct pm_arena *arena, size_t bytes)
{
    return take(arena, bytes > 0 ? bytes : 1, _Alignof(max_align_t));
}

const char *pm_arena_str(struct pm_arena *arena, const char *text, size_t n)
{
    char *copy = take(arena, n + 1, 1);

    if (copy && n > 0)
        memcpy(copy, text, n);
    return copy;
}
