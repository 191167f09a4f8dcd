/* What a process wrote, without what would command the terminal it is shown on. */
#ifndef PROCMANCTL_CLEAN_H
#define PROCMANCTL_CLEAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLEAN_COLOUR 48 /* bytes of the longest colour sequence that is let through */
#define CLEAN_RESET "\033[0m"

/* Between two pieces of one stream: begin with { .colours = … }. */
struct cleaner {
    bool colours;             /* let colours through */
    bool coloured;            /* one is in force: a reset is due */
    uint8_t state, left, lead;
    uint8_t n;                /* bytes of `sequence` */
    char sequence[CLEAN_COLOUR]; /* a control sequence so far, while it may still be a colour */
};

/* Copy n bytes to `to`, which holds CLEAN_ROOM(n) (something may have begun in the piece before),
 * leaving out escape sequences, control characters but newline and tab, and bytes that can neither
 * begin nor continue a UTF-8 character. Colours last until the end of their line.
 * A piece may end anywhere. Returns how many were written. */
#define CLEAN_ROOM(n) (2 * (n) + CLEAN_COLOUR + sizeof(CLEAN_RESET))
size_t clean(struct cleaner *cleaner, const uint8_t *from, size_t n, uint8_t *to);

/* The stream is at the end of a line, or is left: the reset that is due. `to` holds CLEAN_ROOM(0).
 * Sequences and characters that have begun are forgotten. */
size_t clean_end(struct cleaner *cleaner, uint8_t *to);

#endif
