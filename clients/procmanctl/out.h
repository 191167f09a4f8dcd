/* What procmanctl says: data to standard output, messages to standard error.
 *
 * Whatever comes from a process or a peer is made safe for a terminal here, once, so that no verb
 * has to think of it. Colour only on a terminal, never with NO_COLOR, never as the only sign. */
#ifndef PROCMANCTL_OUT_H
#define PROCMANCTL_OUT_H

#include <procman/codec.h>

enum shade { SHADE_NONE, SHADE_GOOD, SHADE_CHANGING, SHADE_BAD, SHADE_FAINT };

enum shade shade_of_state(enum pm_state state);
/* The escape sequence that begins a shade, "" where there is no colour. */
const char *shade_begin(enum shade shade);
const char *shade_end(void);

bool out_is_terminal(void);
void out_line(const char *format, ...) PM_PRINTF(1, 2);  /* one line, made safe */
void out_shaded(enum shade shade, const char *format, ...) PM_PRINTF(2, 3); /* the same, coloured */
void out_text(const char *text);                         /* as it is, our own text only */
void out_bytes(const void *bytes, size_t n);             /* as they are */
void out_flush(void);
bool out_is_read(void);                                  /* somebody still takes what we write */

void complain(const char *format, ...) PM_PRINTF(1, 2);  /* "procmanctl: …" to standard error */
void out_notice(const char *format, ...) PM_PRINTF(1, 2); /* to standard error, made safe */
void complain_text(const char *text);                    /* many lines, as they are */

/* `count` structs as the one document of --json. */
enum pm_err out_json(const char *key, const struct pm_desc *desc, const void *items, size_t count);
/* One struct as a line, for streams. */
enum pm_err out_json_line(const struct pm_desc *desc, const void *item);

#endif
