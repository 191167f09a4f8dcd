/* A struct to a msgpack map, by its descriptor; the only file that knows msgpack-c.
 *
 * A sender leaves out what is empty, so a map's size must be known before its first pair: each
 * field is asked twice whether it is empty, which is cheaper than patching the count later.
 * What we send must be what we accept: limits are checked here too, and text that is not UTF-8
 * (a reason cut in the middle of a character, an odd argument vector) is mended, because one
 * such byte would make the other side refuse the whole message.
 *
 * The way back is in decode.c. It reads tokens itself: msgpack-c's unpacker builds a tree of
 * everything first, at 25 times the size of the message and half of its time.
 */
#include <procman/codec.h>

#include "core/field.h"
#include <procman/limits.h>
#include <procman/utf8.h>

#include <math.h>
#include <msgpack.h>
#include <stdlib.h>

struct encode {
    msgpack_packer packer;
    struct pm_buf *out; /* NULL: they are only counted */
    size_t n, most;    /* bytes so far, and allowed */
    enum pm_err err;   /* the first thing that went wrong */
};

static int write_bytes(void *context, const char *bytes, size_t n)
{
    struct encode *to = context;

    if (to->err == PM_OK && n > to->most - to->n)
        to->err = PM_LIMIT;
    if (to->err == PM_OK && to->out != NULL)
        to->err = pm_buf_add(to->out, bytes, n);
    to->n += n;
    return to->err == PM_OK ? 0 : -1;
}

static bool within(struct encode *to, size_t n, size_t limit)
{
    if (n > limit && to->err == PM_OK)
        to->err = PM_LIMIT;
    return to->err == PM_OK;
}

static void put_text(struct encode *to, const char *text, size_t n)
{
    if (!within(to, n, PM_LIMIT_STRING))
        return;
    msgpack_pack_str(&to->packer, n);
    msgpack_pack_str_body(&to->packer, text, n);
}

static void put_str(struct encode *to, const char *text)
{
    size_t n = strlen(text);

    if (n > PM_LIMIT_STRING || pm_utf8_text(text, n)) {
        put_text(to, text, n);
        return;
    }
    PM_CLEANUP(pm_free) char *mended = pm_utf8_mend(text, n, &n);
    put_text(to, mended, n);
}

static void put_blob(struct encode *to, const void *member)
{
    struct pm_any_list blob = pm_field_list(member);

    if (!within(to, blob.n, PM_LIMIT_BLOB))
        return;
    msgpack_pack_bin(&to->packer, blob.n);
    msgpack_pack_bin_body(&to->packer, blob.at, blob.n);
}

static void put_part(struct encode *to, const struct pm_desc *desc, const void *from);

static void put_element(struct encode *to, const struct pm_field *field, const void *at, size_t i)
{
    switch (field->kind) {
    case PM_KIND_STRS:
        put_str(to, pm_field_str((const char *const *)at + i));
        break;
    case PM_KIND_I64S:
        msgpack_pack_int64(&to->packer, ((const int64_t *)at)[i]);
        break;
    default:
        put_part(to, field->part, (const char *)at + i * field->part->size);
        break;
    }
}

static void put_list(struct encode *to, const struct pm_field *field, const void *member)
{
    struct pm_any_list list = pm_field_list(member);

    if (!within(to, list.n, PM_LIMIT_LIST))
        return;
    msgpack_pack_array(&to->packer, list.n);
    for (size_t i = 0; i < list.n && to->err == PM_OK; i++)
        put_element(to, field, list.at, i);
}

static void put_member(struct encode *to, const struct pm_field *field, const void *member)
{
    msgpack_packer *packer = &to->packer;

    switch (field->kind) {
    case PM_KIND_U64:  msgpack_pack_uint64(packer, *(const uint64_t *)member); break;
    case PM_KIND_I64:  msgpack_pack_int64(packer, *(const int64_t *)member); break;
    case PM_KIND_F64:  msgpack_pack_double(packer, *(const double *)member); break;
    case PM_KIND_BOOL: msgpack_pack_true(packer); break;
    case PM_KIND_ENUM: put_str(to, pm_word(field->words, pm_field_enum(member))); break;
    case PM_KIND_STR:  put_str(to, pm_field_str(member)); break;
    case PM_KIND_BIN:  put_blob(to, member); break;
    case PM_KIND_STRS:
    case PM_KIND_I64S:
    case PM_KIND_LIST: put_list(to, field, member); break;
    case PM_KIND_ONE:  put_part(to, field->part, member); break;
    }
}

/* Infinity and not-a-number have no place in JSON and mean nothing to anybody: left out too. */
static bool left_out(const struct pm_field *field, const void *member)
{
    return pm_field_empty(field, member)
        || (field->kind == PM_KIND_F64 && !isfinite(*(const double *)member));
}

static void put_part(struct encode *to, const struct pm_desc *desc, const void *from)
{
    uint64_t present = 0; /* bit i: fields[i] is sent */

    pm_assert(desc->n <= 64);
    for (size_t i = 0; i < desc->n; i++)
        present |= (uint64_t)!left_out(&desc->fields[i], (const char *)from
                                       + desc->fields[i].offset) << i;
    msgpack_pack_map(&to->packer, (size_t)__builtin_popcountll(present));
    for (; present != 0; present &= present - 1) {
        const struct pm_field *field = &desc->fields[__builtin_ctzll(present)];
        size_t key_n = strlen(field->key);

        msgpack_pack_str(&to->packer, key_n);
        msgpack_pack_str_body(&to->packer, field->key, key_n);
        put_member(to, field, (const char *)from + field->offset);
    }
}

enum pm_err pm_encode(const struct pm_desc *desc, const void *from, struct pm_buf *out)
{
    size_t before = out->n;
    struct encode to = { .out = out, .most = PM_LIMIT_FRAME };

    msgpack_packer_init(&to.packer, &to, write_bytes);
    put_part(&to, desc, from);
    if (to.err != PM_OK)
        out->n = before;
    return to.err;
}

size_t pm_encoded_size(const struct pm_desc *desc, const void *from)
{
    struct encode to = { .most = PM_LIMIT_FRAME };

    msgpack_packer_init(&to.packer, &to, write_bytes);
    put_part(&to, desc, from);
    return to.err == PM_OK ? to.n : (size_t)PM_LIMIT_FRAME + 1;
}
