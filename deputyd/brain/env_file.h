/* The text of an env_file, as variables. */
#ifndef BRAIN_ENV_FILE_H
#define BRAIN_ENV_FILE_H

#include <procman/codec.h>

/* *out: in the order of the file; of one name the last counts. All in the arena; the text is
 * consumed. *line: where it is wrong. NULL: it is read; else what is wrong, static */
const char *env_file_parse(char *text, size_t n, struct pm_arena *arena, struct pm_var_list *out,
                           unsigned *line) PM_MUST_USE;

#endif
