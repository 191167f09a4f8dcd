/* The first word of a deputy. */
#ifndef SHERIFFD_HELLO_H
#define SHERIFFD_HELLO_H

#include "sheriffd/inside.h"

void hello_take(struct sheriff *s, uint64_t peer, const char *address,
                const struct pm_hello *hello);
void hello_check(struct sheriff *s, struct deputy *deputy); /* is its second still there? */

#endif
