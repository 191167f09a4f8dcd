/* What becomes of each setting of another tool, one row each: most need no code of their own. */
#ifndef PROCMANCTL_IMPORT_RULES_H
#define PROCMANCTL_IMPORT_RULES_H

#include "import.h"

enum carry {
    CARRY_TEXT,       /* to the key `to`, as it stands */
    CARRY_SECONDS,    /* a number of seconds */
    CARRY_MS,         /* a number of milliseconds */
    CARRY_BOOL,       /* yes or no, in the other tool's words */
    CARRY_PATH,       /* a path; a relative one begins at the file's directory */
    CARRY_READ,       /* by a function of the kind */
    CARRY_NOTHING,    /* it is so anyway, or of no consequence: not worth a word */
    CARRY_ELSEWHERE,  /* the kind's reader has looked at it already */
    CARRY_LEFT,       /* not at all; `to` says what to do */
};

struct rule {
    const char *name;         /* a '*' at its end stands for anything */
    enum carry how;
    const char *to;           /* the key, or advice */
    void (*read)(struct import *im, struct process *process, const struct setting *at);
};

/* Treat one setting; names are compared without regard to case. What no row knows is listed
 * as left: unknown is what the tool itself is called. */
void rules_apply(struct import *im, const struct rule *rules, size_t n, const char *tool,
                 struct process *process, const struct setting *at);

/* true, yes, on, 1 … and their opposites. False: it is neither. */
bool rules_bool(const char *value, bool *out) PM_MUST_USE;
/* A whole number within bounds, all of the text; else it is listed as left. */
bool rules_number(struct import *im, const struct setting *at, long least, long most, long *out)
    PM_MUST_USE;

#endif
