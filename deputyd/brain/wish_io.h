/* The file in which a brain keeps what it was told, in the deputy's directory (on tmpfs). */
#ifndef BRAIN_WISH_IO_H
#define BRAIN_WISH_IO_H

#include <procman/codec.h>

/* Replaces the file whole, or not at all. OK | IO errno is set | LIMIT | NO_MEMORY */
enum pm_err wish_save(const char *path, const struct pm_wish *wish) PM_MUST_USE;

void wish_remove(const char *path);

/* OK | NOT_FOUND there is none | BAD_MESSAGE *why is a sentence | IO errno is set | NO_MEMORY
 *   arena  takes everything */
enum pm_err wish_load(const char *path, struct pm_arena *arena, struct pm_wish *out,
                      const char **why) PM_MUST_USE;

#endif
