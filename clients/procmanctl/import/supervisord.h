/* What the two files of the reader of supervisord.conf share. */
#ifndef PROCMANCTL_IMPORT_SUPERVISORD_H
#define PROCMANCTL_IMPORT_SUPERVISORD_H

#include "import.h"

/* What %(…)s stands for in one copy of a program. */
struct expansion {
    const char *program, *group;
    long number, copies;
};

/* The text with all of it filled in; %(ENV_X)s becomes a variable as in words.h. NULL: it has
 * what nobody knows here, and is listed as left. */
const char *supervisord_expand(struct import *im, const struct setting *at,
                               const struct expansion *expansion, const char *text) PM_MUST_USE;

/* KEY="value",KEY2=value: into env. */
void supervisord_environment(struct import *im, struct process *process,
                             const struct setting *at);

#endif
