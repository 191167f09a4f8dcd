/* The kinds of files that can be imported. */
#ifndef PROCMANCTL_IMPORT_KINDS_H
#define PROCMANCTL_IMPORT_KINDS_H

#include "import.h"

struct kind {
    const char *name;         /* as --from has it */
    bool (*read)(struct import *im, struct source *source); /* false: failed */
    void (*finish)(struct import *im); /* when all files are read; NULL: nothing is left to do */
};

extern const struct kind kinds[];
extern const size_t kinds_n;

const struct kind *kind_find(const char *name) PM_MUST_USE;
/* Which kind of file is it? NULL: nobody knows, and that is said. */
const struct kind *kind_of(struct import *im, struct source *source) PM_MUST_USE;
/* "bot2-procman, supervisord, …" for sentences; heap. */
char *kind_names(void) PM_MUST_USE;

/* One file each. */
bool bot2_read(struct import *im, struct source *source);
bool supervisord_read(struct import *im, struct source *source);
bool circus_read(struct import *im, struct source *source);
bool procfile_read(struct import *im, struct source *source);
bool pm2_read(struct import *im, struct source *source);
bool compose_read(struct import *im, struct source *source);
bool systemd_read(struct import *im, struct source *source);
void systemd_finish(struct import *im);

#endif
