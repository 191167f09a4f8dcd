/* Files of [sections] with lines "name = value", as three tools write them. */
#ifndef PROCMANCTL_IMPORT_INI_H
#define PROCMANCTL_IMPORT_INI_H

#include "import.h"

enum ini_dialect {
    INI_SUPERVISORD,  /* Python's: indented lines go on, " ;" and " #" begin a comment */
    INI_CIRCUS,       /* the same, but only " ;" begins a comment after a value */
    INI_SYSTEMD,      /* systemd.syntax(7): a backslash at the end goes on, no comments in lines */
};

/* A line. name NULL: the head of a section. Lines of a section follow its head. */
struct ini_line { const char *section, *name, *value; size_t line; };
struct ini { struct ini_line *at; size_t n, cap; }; /* { 0 } is empty; free(at) ends it */

/* False: failed. */
bool ini_read(struct import *im, struct source *source, enum ini_dialect dialect,
              struct ini *out) PM_MUST_USE;

/* What is there of a section from its head at `head` on: lines head + 1 to the result - 1. */
size_t ini_section_end(const struct ini *ini, size_t head) PM_MUST_USE;
/* The last value of that name in the section, or NULL. */
const char *ini_value(const struct ini *ini, size_t head, const char *name) PM_MUST_USE;
struct setting ini_setting(struct source *source, const struct ini_line *line,
                           const char *subject);

#endif
