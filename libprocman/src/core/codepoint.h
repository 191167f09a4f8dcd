/* Code points: what they do on a terminal. Out of UTF-8 and into it: <procman/utf8.h>. */
#ifndef PROCMAN_CORE_CODEPOINT_H
#define PROCMAN_CORE_CODEPOINT_H

#include <procman/utf8.h>

/* Offset of the first byte that is no UTF-8; n when all of it is. */
size_t pm_code_fault(const char *text, size_t n) PM_MUST_USE;

/* A control character, or one that reorders or breaks the line it stands in? */
bool pm_code_unprintable(uint32_t code) PM_MUST_USE;

/* Columns it takes on a terminal: 0, 1 or 2. Unlike wcwidth it does not ask the locale. */
unsigned pm_code_width(uint32_t code) PM_MUST_USE;

#endif
