/* Any bytes as any message: refused, or understood the same way twice.
 *
 * The first byte chooses the message. What decodes must encode, and what comes back from that
 * must be the same in every field: then nothing was misread, lost or invented on the way.
 */
#include <procman/codec.h>
#include <procman/json.h>

#include <stddef.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void there_and_back(const struct pm_desc *desc, const void *first, struct pm_arena *arena)
{
    PM_CLEANUP(pm_buf_fini) struct pm_buf bytes = { 0 };
    PM_CLEANUP(pm_free) char *json = NULL;
    void *second = pm_arena_get(arena, desc->size);

    pm_assert(second);
    pm_assert(pm_encode(desc, first, &bytes) == PM_OK);
    pm_assert(pm_decode(desc, bytes.at, bytes.n, arena, second, NULL) == PM_OK);
    pm_assert(pm_same(desc, first, second));
    pm_assert(pm_json_line(desc, first, &json) == PM_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum pm_msg kind = (enum pm_msg)(1 + data[0] % (PM_MSG_COUNT - 1));
    const struct pm_desc *desc = pm_msg_desc(kind);
    PM_CLEANUP(pm_arena_fini) struct pm_arena arena = { 0 };
    PM_CLEANUP(pm_free) void *message = pm_alloc(desc->size);
    const char *why = NULL;
    enum pm_err err = pm_decode(desc, data + 1, size - 1, &arena, message, &why);

    if (err == PM_OK)
        there_and_back(desc, message, &arena);
    else
        pm_assert(why && *why);
    return 0;
}
