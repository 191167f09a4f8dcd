/* Output of strangers, made fit for a screen: colours are kept, everything else that would act on
 * a terminal is taken out.
 *
 * Understood are the SGR sequences (ECMA-48 8.3.117: ESC [ … m) with 16, 256 and RGB colours, the
 * latter brought down to the nearest of 256. Other sequences (CSI, OSC, DCS, two-byte ones) are
 * dropped whole, so nothing of them is seen or done. A carriage return begins the line anew, as a
 * progress bar means it. */
#ifndef TOP_ANSI_H
#define TOP_ANSI_H

#include "look.h"

struct ansi_piece {
    const char *at; /* within the line; UTF-8 or not */
    size_t n;
    struct style style;
};

/* The next piece of one style in text[*offset..n), which moves on; style is kept by the caller
 * between pieces (and lines) and begins as the plain one. false: that was all. */
bool ansi_next(const char *text, size_t n, size_t *offset, struct style *style,
               struct ansi_piece *out);

/* The text without its sequences, for searching; heap, terminated. */
char *ansi_plain(const char *text, size_t n) PM_MUST_USE;

#endif
