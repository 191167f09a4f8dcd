/* How lives ended, for the verbs that tell of them. */
#ifndef PROCMANCTL_PAST_H
#define PROCMANCTL_PAST_H

#include "ctl.h"

/* The ends of many processes: more than one answer holds, so in parts. */
struct past { struct pm_frame *parts; size_t n; };

/* The newest `most` ends of each of these processes; past_fini(&out) also after an error, which
 * has been told to the user. */
enum pm_err past_ask(struct ctl *ctl, const struct pm_proc *procs, size_t n, uint64_t most,
                     struct past *out) PM_MUST_USE;
void past_fini(struct past *past);

/* Those of procs[i], in the order they ended; shallow copies, `at` is the caller's to free. */
struct pm_past_life_list past_of(const struct past *past, const struct pm_proc *procs, size_t i)
    PM_MUST_USE;

/* One line: when, which life, how long it had lived, how it ended, what it had used. Heap. */
char *past_line(const struct pm_past_life *life) PM_MUST_USE;

/* The last lines it wrote, each behind the same words; nothing that would command a terminal. */
void past_print_lines(const struct pm_past_life *life, const char *before);

#endif
