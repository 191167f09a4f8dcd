/* What the two files of the reader of circus.ini share. */
#ifndef PROCMANCTL_IMPORT_CIRCUS_H
#define PROCMANCTL_IMPORT_CIRCUS_H

#include "ini.h"

/* All files: the first, and those it includes, which may include others. */
struct circus {
    struct { struct source *source; struct ini ini; } files[IMPORT_FILES];
    size_t files_n;
    struct variables *variables, **variables_end; /* the sections [env…], in their order */
};

/* A section [watcher:NAME]. */
struct watcher {
    struct source *source;
    const struct ini *ini;
    size_t head, end;         /* its lines stand between */
    const char *name;
};

/* Open the file and what it includes. False: failed. */
bool circus_open(struct import *im, struct circus *circus, struct source *source) PM_MUST_USE;

/* The last line of that name, or NULL. */
const struct ini_line *circus_line(const struct watcher *watcher, const char *name) PM_MUST_USE;

/* The text with its $(circus.…) filled in for that copy, from 1; variables of the environment as
 * in words.h. NULL: it has what is not known here, and is listed as left. */
const char *circus_expand(struct import *im, const struct watcher *watcher,
                          const struct setting *at, const char *text, long copy) PM_MUST_USE;

/* env = A=b,C=d of a watcher. */
void circus_environment(struct import *im, struct process *process, const struct setting *at);
/* The sections [env] and [env:…] that are for that watcher. */
void circus_section_environment(struct import *im, const struct circus *circus,
                                const struct watcher *watcher, struct process *process);

#endif
