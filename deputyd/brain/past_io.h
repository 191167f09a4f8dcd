/* The file in which a brain keeps the ends of lives that its sheriff has not noted, in the deputy's
 * directory (on tmpfs). */
#ifndef BRAIN_PAST_IO_H
#define BRAIN_PAST_IO_H

#include <procman/codec.h>

struct past_file;

typedef void past_file_take(void *self, const struct pm_kept_end *kept); /* borrowed */

/* Opens it, or makes it, and gives every record in it to `take`. What follows a damaged one is
 * thrown away: *lost_bytes says how much. OK | IO errno is set */
enum pm_err past_file_open(const char *path, past_file_take *take, void *self,
                           struct past_file **out, size_t *lost_bytes) PM_MUST_USE;
void past_file_close(struct past_file **file);

/* All of them, or none. OK | IO errno is set | LIMIT | NO_MEMORY */
enum pm_err past_file_add(struct past_file *file, const struct pm_kept_end *at, size_t n)
    PM_MUST_USE;
/* They are all there are. As above. */
enum pm_err past_file_replace(struct past_file *file, const struct pm_kept_end *at, size_t n)
    PM_MUST_USE;

#endif
