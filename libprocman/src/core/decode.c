/* A msgpack map to a struct, by its descriptor.
 *
 * The bytes have been scanned (scan.c), so here every count and length is true; what is still
 * checked is what only the schema knows: types, ranges, words, text, keys given twice. The
 * first thing wrong ends it, with a sentence that names the exact place.
 *
 * Senders of ours write fields in the order of the schema, so the next key is nearly always
 * one of the next fields: it is compared there first, and a message of thousands of rows
 * decodes without looking anything up.
 */
#include <procman/codec.h>

#include "core/field.h"
#include "core/scan.h"
#include <procman/limits.h>
#include <procman/utf8.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

struct decode {
    struct pm_cursor in;
    struct pm_arena *arena;
    enum pm_err err;
    const char *why;
};

/* Where we are, from the inside out; only read when something is wrong. */
struct place { const struct place *up; const char *key; size_t index; };

#define PLACE_SIZE 200 /* PM_LIMIT_DEPTH keys of the schema; a longer one is cut */

static size_t write_place(const struct place *place, char *text)
{
    size_t n = place->up ? write_place(place->up, text) : 0;
    int more = place->key ? snprintf(text + n, PLACE_SIZE - n, "%s%s", place->up ? "." : "",
                                     place->key)
                          : snprintf(text + n, PLACE_SIZE - n, "[%zu]", place->index);

    return n + (size_t)more < PLACE_SIZE ? n + (size_t)more : PLACE_SIZE - 1;
}

/* Always false, so that a check can end with it. */
static bool refuse(struct decode *d, const struct place *place, const char *sentence)
{
    char where[PLACE_SIZE], text[2 * PLACE_SIZE];

    write_place(place, where);
    int n = snprintf(text, sizeof text, "%s: %s", where, sentence);
    size_t shown = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    const char *why = pm_arena_str(d->arena, text, shown);

    d->err = PM_BAD_MESSAGE;
    d->why = why ? why : sentence;
    return false;
}

static bool no_memory(struct decode *d)
{
    d->err = PM_NO_MEMORY;
    d->why = "it needs more memory than one message may take";
    return false;
}

static void next(struct decode *d, struct pm_token *out)
{
    const char *wrong = pm_token_next(&d->in, out);

    pm_assert(!wrong); /* the bytes were scanned */
}

/* ---- one value ---- */

static bool take_u64(struct decode *d, const struct place *place, uint64_t *out)
{
    struct pm_token token;

    next(d, &token);
    if (token.kind == PM_TOKEN_NEGATIVE)
        return refuse(d, place, "below zero");
    if (token.kind != PM_TOKEN_UINT)
        return refuse(d, place, "not a whole number");
    *out = token.whole;
    return true;
}

static bool take_i64(struct decode *d, const struct place *place, int64_t *out)
{
    struct pm_token token;

    next(d, &token);
    if (token.kind == PM_TOKEN_NEGATIVE) {
        *out = token.negative;
        return true;
    }
    if (token.kind != PM_TOKEN_UINT)
        return refuse(d, place, "not a whole number");
    if (token.whole > INT64_MAX)
        return refuse(d, place, "too large");
    *out = (int64_t)token.whole;
    return true;
}

/* Whole numbers too: other languages write 2.0 as 2. */
static bool take_f64(struct decode *d, const struct place *place, double *out)
{
    struct pm_token token;

    next(d, &token);
    switch (token.kind) {
    case PM_TOKEN_UINT:
        *out = (double)token.whole;
        return true;
    case PM_TOKEN_NEGATIVE:
        *out = (double)token.negative;
        return true;
    case PM_TOKEN_FLOAT:
        *out = token.real;
        return isfinite(token.real) || refuse(d, place, "not a finite number");
    default:
        return refuse(d, place, "not a number");
    }
}

static bool take_bool(struct decode *d, const struct place *place, bool *out)
{
    struct pm_token token;

    next(d, &token);
    *out = token.kind == PM_TOKEN_BOOL && token.truth;
    return token.kind == PM_TOKEN_BOOL || refuse(d, place, "neither true nor false");
}

static bool take_str(struct decode *d, const struct place *place, const char **out)
{
    struct pm_token token;

    next(d, &token);
    if (token.kind != PM_TOKEN_STR)
        return refuse(d, place, "not a string");
    if (!pm_utf8_text(token.at, token.n))
        return refuse(d, place, memchr(token.at, '\0', token.n) ? "a string with NUL in it"
                                                                : "a string that is not UTF-8");
    *out = pm_arena_str(d->arena, (const char *)token.at, token.n);
    return *out || no_memory(d);
}

static bool take_bin(struct decode *d, const struct place *place, void *member)
{
    struct pm_token token;

    next(d, &token);
    if (token.kind != PM_TOKEN_BIN)
        return refuse(d, place, "not a binary");
    pm_field_set_list(member, (void *)(uintptr_t)token.at, token.n);
    return true;
}

static bool take_word(struct decode *d, const struct place *place, const struct pm_words *words,
                      void *member)
{
    struct pm_token token;

    next(d, &token);
    if (token.kind != PM_TOKEN_STR)
        return refuse(d, place, "not a word");
    for (int value = 0; (size_t)value < words->n; value++) {
        const char *word = words->at[value].word;

        if (strlen(word) == token.n && memcmp(word, token.at, token.n) == 0) {
            memcpy(member, &value, sizeof value);
            return true;
        }
    }
    return refuse(d, place, "an unknown word");
}

/* ---- lists and parts ---- */

static bool take_part(struct decode *d, const struct pm_desc *desc, const struct place *place,
                      void *to);

static size_t element_size(const struct pm_field *field)
{
    switch (field->kind) {
    case PM_KIND_STRS: return sizeof(const char *);
    case PM_KIND_I64S: return sizeof(int64_t);
    default:           return field->part->size;
    }
}

static bool take_element(struct decode *d, const struct pm_field *field,
                         const struct place *place, void *to)
{
    switch (field->kind) {
    case PM_KIND_STRS: return take_str(d, place, to);
    case PM_KIND_I64S: return take_i64(d, place, to);
    default:           return take_part(d, field->part, place, to);
    }
}

static bool take_list(struct decode *d, const struct pm_field *field, const struct place *place,
                      void *member)
{
    struct place here = { .up = place };
    size_t size = element_size(field);
    struct pm_token token;

    next(d, &token);
    if (token.kind != PM_TOKEN_ARRAY)
        return refuse(d, place, "not a list");
    if (token.n == 0)
        return true;
    char *at = pm_arena_get(d->arena, token.n * size); /* n is within PM_LIMIT_LIST */
    if (!at)
        return no_memory(d);
    for (; here.index < token.n; here.index++)
        if (!take_element(d, field, &here, at + here.index * size))
            return false;
    pm_field_set_list(member, at, token.n);
    return true;
}

static bool take_member(struct decode *d, const struct pm_field *field, const struct place *up,
                        void *member)
{
    struct place place = { .up = up, .key = field->key };

    switch (field->kind) {
    case PM_KIND_U64:  return take_u64(d, &place, member);
    case PM_KIND_I64:  return take_i64(d, &place, member);
    case PM_KIND_F64:  return take_f64(d, &place, member);
    case PM_KIND_BOOL: return take_bool(d, &place, member);
    case PM_KIND_STR:  return take_str(d, &place, member);
    case PM_KIND_BIN:  return take_bin(d, &place, member);
    case PM_KIND_ENUM: return take_word(d, &place, field->words, member);
    case PM_KIND_STRS:
    case PM_KIND_I64S:
    case PM_KIND_LIST: return take_list(d, field, &place, member);
    case PM_KIND_ONE:  return take_part(d, field->part, &place, member);
    }
    return false;
}

/* Missing means empty, and an empty string is "" and not NULL. */
static void set_empty(const struct pm_desc *desc, void *to)
{
    static const char *const empty = "";

    for (size_t i = 0; i < desc->n; i++) {
        const struct pm_field *field = &desc->fields[i];

        if (field->kind == PM_KIND_STR)
            memcpy((char *)to + field->offset, &empty, sizeof empty);
        else if (field->kind == PM_KIND_ONE)
            set_empty(field->part, (char *)to + field->offset);
    }
}

/* The keys of one map so far: bits for known ones, and the others as they stood. */
struct keys {
    uint64_t seen;
    size_t likely;                            /* field after the last one seen */
    size_t strangers;
    struct pm_token stranger[PM_LIMIT_KEYS];  /* not initialised: nearly always unused */
};

static size_t find_field(const struct pm_desc *desc, size_t likely, const struct pm_token *key)
{
    for (size_t tried = 0; tried < desc->n; tried++) {
        size_t i = likely + tried < desc->n ? likely + tried : likely + tried - desc->n;
        const char *name = desc->fields[i].key;

        if (strlen(name) == key->n && memcmp(name, key->at, key->n) == 0)
            return i;
    }
    return desc->n;
}

static bool is_new_stranger(struct keys *keys, const struct pm_token *key)
{
    for (size_t i = 0; i < keys->strangers; i++)
        if (keys->stranger[i].n == key->n && memcmp(keys->stranger[i].at, key->at, key->n) == 0)
            return false;
    keys->stranger[keys->strangers++] = *key; /* the scan has counted the keys */
    return true;
}

static bool take_pair(struct decode *d, const struct pm_desc *desc, const struct place *place,
                      struct keys *keys, void *to)
{
    struct pm_token key;

    next(d, &key);
    size_t i = find_field(desc, keys->likely, &key);
    if (i == desc->n) {
        if (!is_new_stranger(keys, &key))
            return refuse(d, place, "an unknown key given twice");
        pm_token_skip(&d->in);
        return true;
    }
    const struct pm_field *field = &desc->fields[i];
    if (keys->seen >> i & 1)
        return refuse(d, &(struct place){ .up = place, .key = field->key }, "given twice");
    keys->seen |= UINT64_C(1) << i;
    keys->likely = i + 1;
    return take_member(d, field, place, (char *)to + field->offset);
}

static bool take_part(struct decode *d, const struct pm_desc *desc, const struct place *place,
                      void *to)
{
    struct pm_token map;
    struct keys keys;

    keys.seen = keys.likely = keys.strangers = 0;
    pm_assert(desc->n <= 64);
    set_empty(desc, to);
    next(d, &map);
    if (map.kind != PM_TOKEN_MAP)
        return refuse(d, place, "not a map");
    for (size_t i = 0; i < map.n; i++)
        if (!take_pair(d, desc, place, &keys, to))
            return false;
    return true;
}

static void refuse_bytes(struct decode *d, const char *name, const char *wrong, size_t where)
{
    char text[PLACE_SIZE];
    int n = snprintf(text, sizeof text, "%s: %s, at byte %zu", name, wrong, where);
    const char *why = pm_arena_str(d->arena, text, (size_t)n);

    d->err = PM_BAD_MESSAGE;
    d->why = why ? why : wrong;
}

enum pm_err pm_decode(const struct pm_desc *desc, const void *bytes, size_t n,
                      struct pm_arena *arena, void *out, const char **why)
{
    const uint8_t *at = n > 0 ? bytes : (const uint8_t *)""; /* nothing may come as NULL */
    struct decode d = { .in = { at, at + n }, .arena = arena };
    const struct place root = { .key = desc->name };
    size_t where;
    const char *wrong = pm_scan(at, n, &where);

    memset(out, 0, desc->size);
    if (wrong)
        refuse_bytes(&d, desc->name, wrong, where);
    else
        (void)!take_part(&d, desc, &root, out);
    if (d.err != PM_OK) {
        memset(out, 0, desc->size);
        if (why)
            *why = d.why;
    }
    return d.err;
}
