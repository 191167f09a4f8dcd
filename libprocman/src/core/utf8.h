/* UTF-8, one code point at a time, strictly as RFC 3629 has it: nothing overlong, no
 * surrogates, nothing above U+10FFFF. */
#ifndef PROCMAN_CORE_UTF8_H
#define PROCMAN_CORE_UTF8_H

#include <procman/base.h>

/* Bytes of the code point at `at`, of which n are there; 0: not UTF-8, or n is 0. */
size_t pm_utf8_next(const char *at, size_t n, uint32_t *out) PM_MUST_USE;

/* The code point's bytes into to[4]; returns how many. */
size_t pm_utf8_put(uint32_t code, char *to);

/* Offset of the first byte that is no UTF-8; n when all of it is. */
size_t pm_utf8_fault(const char *text, size_t n) PM_MUST_USE;

/* A control character, or one that reorders or breaks the line it stands in? */
bool pm_utf8_unprintable(uint32_t code) PM_MUST_USE;

/* Columns it takes on a terminal: 0, 1 or 2. Unlike wcwidth it does not ask the locale. */
unsigned pm_utf8_width(uint32_t code) PM_MUST_USE;

#endif
