/* Where a process's output goes. */
#ifndef BRAIN_OUTPUT_PATH_H
#define BRAIN_OUTPUT_PATH_H

#include <procman/base.h>

/* DIR/GROUP/NAME.log, heap. What a file name cannot or should not hold (control characters, '%',
 * a leading '.', a '/' in the name) is written %XX, so two processes never share a file. */
char *output_path(const char *dir, const char *group, const char *name) PM_MUST_USE;

#endif
