/* msgpack bytes as tokens, and the one look at a stranger's bytes before anything is done. */
#ifndef CORE_SCAN_H
#define CORE_SCAN_H

#include <procman/base.h>

enum pm_token_kind {
    PM_TOKEN_NIL, PM_TOKEN_BOOL, PM_TOKEN_UINT, PM_TOKEN_NEGATIVE, PM_TOKEN_FLOAT,
    PM_TOKEN_STR, PM_TOKEN_BIN, PM_TOKEN_ARRAY, PM_TOKEN_MAP,
};

struct pm_token {
    enum pm_token_kind kind;
    union {
        bool truth;       /* BOOL */
        uint64_t whole;   /* UINT */
        int64_t negative; /* NEGATIVE; always below 0 */
        double real;      /* FLOAT */
    };
    const uint8_t *at;    /* STR, BIN: the bytes; not terminated */
    size_t n;             /* STR, BIN: how many; ARRAY: elements; MAP: pairs */
};

struct pm_cursor { const uint8_t *at, *end; };

/* The next token; a STR or BIN is stepped over, an ARRAY or MAP is entered. NULL: done;
 * otherwise what is wrong, static, and the cursor stays. */
const char *pm_token_next(struct pm_cursor *cursor, struct pm_token *out) PM_MUST_USE;

/* Step over one value and all that is in it, of bytes that pm_scan has approved. */
void pm_token_skip(struct pm_cursor *cursor);

/* Are the n bytes exactly one map within every limit: depth, elements, keys, lengths, each
 * against the bytes that are there? Keys are strings. NULL: yes; otherwise what is wrong,
 * static, and *where is the byte at which it is. */
const char *pm_scan(const void *bytes, size_t n, size_t *where) PM_MUST_USE;

#endif
