/* Text that grows at its end. */
#ifndef PROCMANCTL_IMPORT_TEXT_H
#define PROCMANCTL_IMPORT_TEXT_H

#include <procman/base.h>

struct text { char *at; size_t n, cap; }; /* { 0 } is empty; free(at) ends it */

void text_add(struct text *text, const char *bytes, size_t n);
void text_str(struct text *text, const char *string);
void text_char(struct text *text, char letter);
void text_print(struct text *text, const char *format, ...) PM_PRINTF(2, 3);
/* A word in double quotes, as YAML and JSON read it. */
void text_quoted(struct text *text, const char *word);
/* What there is, "" for nothing. */
const char *text_get(const struct text *text) PM_MUST_USE;

#endif
