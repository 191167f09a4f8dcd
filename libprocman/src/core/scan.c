/* A stranger's msgpack, looked at once before anything is allocated.
 *
 * msgpack-c believes what a header claims: 5 bytes can make it ask for 137 GB. Here a count is
 * believed only when at least so many bytes follow, nesting has an end, and every length has a
 * limit. The scan itself keeps nothing but one counter per level of nesting.
 *
 * Refused altogether: extension types, which the protocol does not have, and 0xc1, which
 * msgpack does not have. https://github.com/msgpack/msgpack/blob/master/spec.md
 */
#include "core/scan.h"

#include <procman/limits.h>

#include <string.h>

static const char cut[] = "ends in the middle of a value";

static uint64_t big_endian(const uint8_t *at, size_t n)
{
    uint64_t number = 0;

    for (size_t i = 0; i < n; i++)
        number = number << 8 | at[i];
    return number;
}

static const char *set_signed(struct pm_token *out, int64_t number)
{
    out->kind = number < 0 ? PM_TOKEN_NEGATIVE : PM_TOKEN_UINT;
    if (number < 0)
        out->negative = number;
    else
        out->whole = (uint64_t)number;
    return NULL;
}

static const char *set_uint(struct pm_token *out, uint64_t number)
{
    out->kind = PM_TOKEN_UINT;
    out->whole = number;
    return NULL;
}

static const char *set_bool(struct pm_token *out, bool truth)
{
    out->kind = PM_TOKEN_BOOL;
    out->truth = truth;
    return NULL;
}

static const char *set_float(struct pm_token *out, uint64_t bits, size_t size)
{
    uint32_t half = (uint32_t)bits;
    float single;

    out->kind = PM_TOKEN_FLOAT;
    if (size == sizeof out->real) {
        memcpy(&out->real, &bits, sizeof out->real);
        return NULL;
    }
    memcpy(&single, &half, sizeof single);
    out->real = (double)single;
    return NULL;
}

static const char *set_bytes(struct pm_cursor *cursor, struct pm_token *out,
                             enum pm_token_kind kind, size_t n)
{
    if (n > (size_t)(cursor->end - cursor->at))
        return "a length beyond the end of the message";
    out->kind = kind;
    out->at = cursor->at;
    out->n = n;
    cursor->at += n;
    return NULL;
}

static const char *set_count(const struct pm_cursor *cursor, struct pm_token *out,
                             enum pm_token_kind kind, size_t n)
{
    size_t bytes_each = kind == PM_TOKEN_MAP ? 2 : 1;

    if (n > (size_t)(cursor->end - cursor->at) / bytes_each)
        return "a count beyond the end of the message";
    out->kind = kind;
    out->n = n;
    return NULL;
}

/* How many bytes of number follow a first byte of 0xc0 and above, 0 for none. */
static const uint8_t number_bytes[32] = {
    [0x04] = 1, [0x05] = 2, [0x06] = 4,                         /* bin */
    [0x0a] = 4, [0x0b] = 8,                                     /* float */
    [0x0c] = 1, [0x0d] = 2, [0x0e] = 4, [0x0f] = 8,             /* unsigned */
    [0x10] = 1, [0x11] = 2, [0x12] = 4, [0x13] = 8,             /* signed */
    [0x19] = 1, [0x1a] = 2, [0x1b] = 4,                         /* str */
    [0x1c] = 2, [0x1d] = 4, [0x1e] = 2, [0x1f] = 4,             /* array, map */
};

static const char *read_wide(struct pm_cursor *cursor, uint8_t first, struct pm_token *out)
{
    size_t size = number_bytes[first & 31];

    if (size > (size_t)(cursor->end - cursor->at))
        return cut;
    uint64_t number = big_endian(cursor->at, size);
    cursor->at += size;

    switch (first) {
    case 0xc0: out->kind = PM_TOKEN_NIL; return NULL;
    case 0xc2: return set_bool(out, false);
    case 0xc3: return set_bool(out, true);
    case 0xc4: case 0xc5: case 0xc6: return set_bytes(cursor, out, PM_TOKEN_BIN, number);
    case 0xca: case 0xcb: return set_float(out, number, size);
    case 0xcc: case 0xcd: case 0xce: case 0xcf: return set_uint(out, number);
    case 0xd0: return set_signed(out, (int8_t)number);
    case 0xd1: return set_signed(out, (int16_t)number);
    case 0xd2: return set_signed(out, (int32_t)number);
    case 0xd3: return set_signed(out, (int64_t)number);
    case 0xd9: case 0xda: case 0xdb: return set_bytes(cursor, out, PM_TOKEN_STR, number);
    case 0xdc: case 0xdd: return set_count(cursor, out, PM_TOKEN_ARRAY, number);
    case 0xde: case 0xdf: return set_count(cursor, out, PM_TOKEN_MAP, number);
    default: return "a type the protocol does not have";
    }
}

const char *pm_token_next(struct pm_cursor *cursor, struct pm_token *out)
{
    struct pm_cursor ahead = *cursor;
    const char *wrong;

    if (ahead.at == ahead.end)
        return cut;
    uint8_t first = *ahead.at++;
    if (first < 0x80)
        wrong = set_uint(out, first);
    else if (first < 0x90)
        wrong = set_count(&ahead, out, PM_TOKEN_MAP, first & 15);
    else if (first < 0xa0)
        wrong = set_count(&ahead, out, PM_TOKEN_ARRAY, first & 15);
    else if (first < 0xc0)
        wrong = set_bytes(&ahead, out, PM_TOKEN_STR, first & 31);
    else if (first >= 0xe0)
        wrong = set_signed(out, (int8_t)first);
    else
        wrong = read_wide(&ahead, first, out);
    if (!wrong)
        *cursor = ahead;
    return wrong;
}

void pm_token_skip(struct pm_cursor *cursor)
{
    for (size_t left = 1; left > 0; left--) {
        struct pm_token token;
        const char *wrong = pm_token_next(cursor, &token);

        pm_assert(!wrong); /* the bytes were scanned */
        if (token.kind == PM_TOKEN_ARRAY)
            left += token.n;
        else if (token.kind == PM_TOKEN_MAP)
            left += 2 * token.n;
    }
}

static const char *over_limit(const struct pm_token *token)
{
    switch (token->kind) {
    case PM_TOKEN_STR:   return token->n > PM_LIMIT_STRING ? "a string that is too long" : NULL;
    case PM_TOKEN_BIN:   return token->n > PM_LIMIT_BLOB ? "a binary that is too long" : NULL;
    case PM_TOKEN_ARRAY: return token->n > PM_LIMIT_LIST ? "a list that is too long" : NULL;
    case PM_TOKEN_MAP:   return token->n > PM_LIMIT_KEYS ? "a map with too many keys" : NULL;
    default:             return NULL;
    }
}

/* What is still to come on one level: of a map both keys and values, a key when it is even. */
struct level { size_t left; bool is_map; };

static const char *scan_value(struct pm_cursor *cursor, struct level *levels, size_t *depth)
{
    struct level *level = &levels[*depth];
    bool is_key = level->is_map && level->left % 2 == 0;
    struct pm_cursor ahead = *cursor;
    struct pm_token token;
    const char *wrong = pm_token_next(&ahead, &token);

    if (!wrong)
        wrong = over_limit(&token);
    if (!wrong && is_key && token.kind != PM_TOKEN_STR)
        wrong = "a key that is not a string";
    if (!wrong && *depth == 0 && token.kind != PM_TOKEN_MAP)
        wrong = "not a map";
    level->left--;
    if (!wrong && (token.kind == PM_TOKEN_ARRAY || token.kind == PM_TOKEN_MAP)) {
        if (*depth == PM_LIMIT_DEPTH)
            return "nested too deep";
        bool is_map = token.kind == PM_TOKEN_MAP;
        levels[++*depth] = (struct level){ is_map ? 2 * token.n : token.n, is_map };
    }
    if (!wrong)
        *cursor = ahead;
    return wrong;
}

const char *pm_scan(const void *bytes, size_t n, size_t *where)
{
    struct pm_cursor cursor = { bytes, (const uint8_t *)bytes + n };
    struct level levels[PM_LIMIT_DEPTH + 1] = { { .left = 1 } }; /* level 0 holds the message */
    size_t depth = 0;
    const char *wrong = n > PM_LIMIT_FRAME ? "a message that is too long" : NULL;

    while (!wrong && (depth > 0 || levels[0].left > 0)) {
        if (levels[depth].left == 0)
            depth--;
        else
            wrong = scan_value(&cursor, levels, &depth);
    }
    if (!wrong && cursor.at != cursor.end)
        wrong = "bytes after the end of the message";
    *where = (size_t)(cursor.at - (const uint8_t *)bytes);
    return wrong;
}
