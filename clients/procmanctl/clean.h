/* What a process wrote, without what would command the terminal it is shown on. */
#ifndef PROCMANCTL_CLEAN_H
#define PROCMANCTL_CLEAN_H

#include <stddef.h>
#include <stdint.h>

/* Between two pieces of one stream: begin with { 0 }. */
struct cleaner { uint8_t state, left, lead; };

/* Copy n bytes to `to`, which holds one more (a character may have begun in the piece before),
 * leaving out escape sequences, control characters but newline and tab, and bytes that can neither
 * begin nor continue a UTF-8 character. A piece may end anywhere. Returns how many were written. */
size_t clean(struct cleaner *cleaner, const uint8_t *from, size_t n, uint8_t *to);

#endif
