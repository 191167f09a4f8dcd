/* The socket on which processes say how they are. */
#ifndef BRAIN_NOTIFY_IO_H
#define BRAIN_NOTIFY_IO_H

#include "brain/brain_looks.h"

#include <procman/marks.h>

struct notify {
    int fd;                      /* the keeper's, who keeps it over our death; -1: there is none */
    char path[110];
    const char *name, *dir;      /* of this deputy; borrowed */
    struct pm_marks *marks;      /* opened when first needed */
    struct pm_mono quiet_until;  /* strangers are complained of once in a while */
};

/* Before anything else opens a descriptor: is `fd` that socket? */
void notify_init(struct notify *notify, int fd);
void notify_fini(struct notify *notify);

/* Tell the brain what has come, at most `most` messages. */
void notify_hear(struct notify *notify, struct brain *brain, int most);

#endif
