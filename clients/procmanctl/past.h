/* How lives ended, for the verbs that tell of them. */
#ifndef PROCMANCTL_PAST_H
#define PROCMANCTL_PAST_H

#include "ctl.h"

/* The newest `most` ends of each of these processes. An error has been told to the user. */
enum pm_err past_ask(struct ctl *ctl, const struct pm_proc *procs, size_t n, uint64_t most,
                     struct pm_frame *out) PM_MUST_USE;

/* Those of one process, in the order they ended; shallow copies, `at` is the caller's to free. */
struct pm_past_life_list past_of(const struct pm_endings *all, const struct pm_proc *proc)
    PM_MUST_USE;

/* One line: when, which life, how long it had lived, how it ended, what it had used. Heap. */
char *past_line(const struct pm_past_life *life) PM_MUST_USE;

/* The last lines it wrote, each behind the same words; nothing that would command a terminal. */
void past_print_lines(const struct pm_past_life *life, const char *before);

#endif
