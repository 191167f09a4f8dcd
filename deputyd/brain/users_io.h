/* Names of users and groups to numbers. */
#ifndef BRAIN_USERS_IO_H
#define BRAIN_USERS_IO_H

#include "brain/brain.h"

/* As brain_port.resolve. A name may also be a number. */
const char *users_resolve(const struct pm_spec *spec, struct pm_arena *arena,
                          struct brain_ids *out, char *text, size_t size);

#endif
