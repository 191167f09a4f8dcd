/* UTF-8: is it, and which code points are in it? RFC 3629: no overlong forms, no surrogates,
 * nothing above U+10FFFF. */
#ifndef PROCMAN_UTF8_H
#define PROCMAN_UTF8_H

#include <procman/base.h>

PM_BEGIN

/* Bytes of the character that begins at `at`, of which n > 0 are there; 0: it is not UTF-8. */
PM_API size_t pm_utf8_next(const uint8_t *at, size_t n) PM_MUST_USE;

/* Bytes of the code point at `at`, of which n are there; 0: not UTF-8, or n is 0. */
PM_API size_t pm_code_next(const char *at, size_t n, uint32_t *out) PM_MUST_USE;

/* The code point's bytes into to[4], not terminated; returns how many. */
PM_API size_t pm_code_put(uint32_t code, char *to);

/* Are all n bytes UTF-8, and none of them NUL? */
PM_API bool pm_utf8_text(const void *bytes, size_t n) PM_MUST_USE;

/* A copy in which every byte that is not UTF-8 is U+FFFD; heap, terminated, *out_n bytes. */
PM_API char *pm_utf8_mend(const void *bytes, size_t n, size_t *out_n) PM_MUST_USE;

PM_END
#endif
