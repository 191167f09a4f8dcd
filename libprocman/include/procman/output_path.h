/* What the file of a process's output is called. */
#ifndef PROCMAN_OUTPUT_PATH_H
#define PROCMAN_OUTPUT_PATH_H

#include <procman/base.h>

PM_BEGIN

/* DIR/GROUP/NAME.log, heap. What a file name cannot or should not hold (control characters, '%',
 * a leading '.', a '/' in the name) is written %XX, so two processes of one host never share a
 * file, and none is outside DIR. */
PM_API char *pm_output_path(const char *dir, const char *group, const char *name) PM_MUST_USE;

PM_END
#endif
