/* The running sheriff: sockets, store and core on one loop. */
#ifndef SHERIFFD_PROGRAM_IO_H
#define SHERIFFD_PROGRAM_IO_H

#include "sheriffd/listen.h"

#include <stdbool.h>

struct program_setup {
    const char *name;            /* of this machine */
    const char *run_dir, *state_dir;
    const char *log_dir;         /* of a lone ranger's deputy, NULL = its default */
    const char *config;          /* file to apply, NULL = none */
    const char *observers;       /* group, NULL = none */
    const struct listen *listen; /* NULL = only this machine */
    bool lone_ranger;
};

/* Until it is told to end. Signals must be blocked already. Returns the exit status; what went
 * wrong has been printed. */
int program_run(const struct program_setup *setup);

#endif
