/* Structs to msgpack maps and back, driven by the descriptors of <procman/schema.h>.
 *
 * The bytes are a stranger's. Before anything is allocated they are scanned once: every count
 * and length against the bytes really there, depth, list and string limits. A message is
 * refused whole (BAD_MESSAGE) for a duplicate key, a wrong type, a number out of range, NUL or
 * bad UTF-8 in a string, an unknown word, or a byte too many. Unknown keys are skipped.
 */
#ifndef PROCMAN_CODEC_H
#define PROCMAN_CODEC_H

#include <procman/error.h>
#include <procman/schema.h>

PM_BEGIN

/* ---- memory of one message: grows in blocks, freed at once, bounded ---- */

struct pm_arena_block;
struct pm_arena { struct pm_arena_block *blocks; size_t used, limit; };

/* limit: bytes it may hand out; 0 = PM_LIMIT_DECODED. No memory is taken before the first use. */
PM_API void pm_arena_init(struct pm_arena *arena, size_t limit);
PM_API void pm_arena_fini(struct pm_arena *arena);  /* frees all; may be used again */
/* Zeroed and aligned for anything; NULL over the limit or without memory. */
PM_API void *pm_arena_get(struct pm_arena *arena, size_t bytes) PM_MUST_USE;
PM_API const char *pm_arena_str(struct pm_arena *arena, const char *text, size_t n) PM_MUST_USE;

/* ---- encoded bytes ---- */

struct pm_buf { uint8_t *at; size_t n, cap; };      /* { 0 } is empty */
PM_API void pm_buf_fini(struct pm_buf *buf);        /* frees, leaves it empty */
PM_API enum pm_err pm_buf_add(struct pm_buf *buf, const void *bytes, size_t n) PM_MUST_USE;

/* Append the struct at `from` to `out`. Fields that are zero are left out; bytes of a string
 * that are not UTF-8 become U+FFFD, since the other side would refuse the whole message.
 * OK | LIMIT a string, list or the whole is over its limit; out as before | NO_MEMORY */
PM_API enum pm_err pm_encode(const struct pm_desc *desc, const void *from, struct pm_buf *out)
    PM_MUST_USE;

/* How many bytes pm_encode would append; more than PM_LIMIT_FRAME when it would refuse. */
PM_API size_t pm_encoded_size(const struct pm_desc *desc, const void *from);

/* Fill the struct at `out` from all n bytes.
 *   arena   takes lists and strings; `out` borrows from it. A BIN borrows from `bytes`.
 *   why     if not NULL: on failure a sentence such as "status.procs[3].pid: not a whole
 *           number", static or in the arena
 * OK | BAD_MESSAGE out zeroed | NO_MEMORY */
PM_API enum pm_err pm_decode(const struct pm_desc *desc, const void *bytes, size_t n,
                             struct pm_arena *arena, void *out, const char **why) PM_MUST_USE;

/* Deep copy: afterwards `to` borrows from the arena only. They do not overlap.
 * OK | NO_MEMORY (also: arena's limit) `to` zeroed */
PM_API enum pm_err pm_copy(const struct pm_desc *desc, const void *from, struct pm_arena *arena,
                           void *to) PM_MUST_USE;

/* Same content, field by field. */
PM_API bool pm_same(const struct pm_desc *desc, const void *a, const void *b);

PM_END
#endif
