/* What the files of the reader of systemd's services share. */
#ifndef PROCMANCTL_IMPORT_SYSTEMD_H
#define PROCMANCTL_IMPORT_SYSTEMD_H

#include "ini.h"

/* A unit: foo.service, or foo@bar.service, which is foo@.service for bar. */
struct unit {
    struct source *source;
    struct ini ini;
    struct process *process;  /* NULL: it runs nothing */
    bool empties;             /* it has lines that empty a list */
    const char *name;         /* "foo@bar.service" */
    const char *stem;         /* "foo@bar" */
    const char *prefix;       /* "foo" */
    const char *instance;     /* "bar"; "" when it is none */
};

/* The text with its specifiers, %n, %i, … filled in. NULL: it has one that is known only to the
 * system it runs on, and is listed as left. */
const char *systemd_expand(struct import *im, const struct unit *unit, const struct setting *at,
                           const char *text) PM_MUST_USE;

/* ExecStart= to what the process runs. */
void systemd_exec(struct import *im, struct process *process, const struct setting *at);
/* Environment= to env. */
void systemd_environment(struct import *im, struct process *process, const struct setting *at);
/* "5", "1min 30s", "infinity" to text as ours; NULL: it is none and listed as left; "" for
 * infinity. */
const char *systemd_span(struct import *im, const struct setting *at) PM_MUST_USE;

/* After=, Requires= … of the unit, by the names of the others that are imported. */
void systemd_order(struct import *im, struct process *process, const struct unit *unit);
/* Does another one require or want it? */
bool systemd_is_wanted(const struct import *im, const struct unit *unit) PM_MUST_USE;

#endif
