/* The deputy a lone ranger brings along. */
#ifndef SHERIFFD_LONE_RANGER_IO_H
#define SHERIFFD_LONE_RANGER_IO_H

#include <procman/error.h>

#include <sys/types.h>

/* What its deputy is told. log_dir NULL: its own default. */
struct lone_ranger { const char *name, *run_dir, *state_dir, *log_dir; };

/* Start deputyd, which is found beside us. When one of that name runs already, from a sheriff
 * that was killed, the new one ends at once and the old one simply reconnects.
 * OK | IO *why is a sentence, heap */
enum pm_err lone_ranger_start(const struct lone_ranger *ranger, pid_t *out, char **why)
    PM_MUST_USE;

/* Wait for its end, at most so long. */
void lone_ranger_wait(pid_t pid, int most_ms);

#endif
