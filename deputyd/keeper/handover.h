/* What one program hands on to the next when that takes its place in the same process. */
#ifndef KEEPER_HANDOVER_H
#define KEEPER_HANDOVER_H

#include "keeper/lives.h"

#include <procman/error.h>

/* Become this program: everything but the descriptors it needs is in the slot table, and its
 * children stay its own. Returns only when that cannot be, as if nothing had been tried.
 *   argv, environ  are the program's      lock_fd  the deputy's lock
 * IO errno is set | NO_MEMORY | LIMIT */
enum pm_err pm_handover_go(const char *program, char **argv, const struct pm_lives *lives,
                           int lock_fd) PM_MUST_USE;

/* In the new program, first of all: is it that, and of what?
 *   out_from  what the version of the program before was; heap
 * OK lives have their descriptors | NOT_FOUND nobody was here before | BAD_MESSAGE, IO what was
 * handed on cannot be read */
enum pm_err pm_handover_take(struct pm_lives *lives, int *out_lock_fd, char **out_from) PM_MUST_USE;

#endif
