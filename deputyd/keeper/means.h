/* What a child may use: its niceness, its resource limits, its file mode mask. */
#ifndef KEEPER_MEANS_H
#define KEEPER_MEANS_H

#include <procman/codec.h>

#include <sys/resource.h>

#define PM_MEANS_TEXT 80

/* ---- in the child, which borrows our memory: system calls only. false: errno is set ---- */

bool pm_means_be_nice(const struct pm_spawn *what) PM_MUST_USE;
/* Those of `what`; of files, if it says nothing, `files`. *refused: which one it was, or their
 * number, when it was that of files. */
bool pm_means_limit(const struct pm_spawn *what, const struct rlimit *files,
                    volatile size_t *refused) PM_MUST_USE;
void pm_means_mask(const struct pm_spawn *what);

/* ---- afterwards ---- */

/* What that stage was at, as its user knows it: "nofile to 4096". */
void pm_means_tell(const struct pm_spawn *what, enum pm_stage stage, size_t refused,
                   char text[PM_MEANS_TEXT]);

#endif
