/* When an essential process has failed for good, a lone ranger ends with its exit code. */
#ifndef SHERIFFD_ESSENTIAL_H
#define SHERIFFD_ESSENTIAL_H

#include "sheriffd/inside.h"

/* Its row, or its gate, has changed. */
void essential_look(struct sheriff *s, const struct wish *wish);

#endif
