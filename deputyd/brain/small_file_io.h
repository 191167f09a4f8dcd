/* A file that is read whole, at a start. */
#ifndef BRAIN_SMALL_FILE_IO_H
#define BRAIN_SMALL_FILE_IO_H

#include <procman/codec.h>

#define SMALL_FILE_BYTES ((size_t)64 << 10)

/* As brain_port.read_file. *out ends with a '\0' that does not count. Nothing but a regular file is
 * read: a pipe or a device would make us wait. */
const char *small_file_read(const char *path, struct pm_arena *arena, char **out, size_t *out_n,
                            char *text, size_t size) PM_MUST_USE;

#endif
