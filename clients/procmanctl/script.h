/* Runs of scripts, and how they are shown. */
#ifndef PROCMANCTL_SCRIPT_H
#define PROCMANCTL_SCRIPT_H

#include "ctl.h"

/* Runs that have ended, each copied into an arena of its own. */
struct script_runs { struct pm_script_run *at; struct pm_arena *arenas; size_t n; };
void script_runs_add(struct script_runs *runs, const struct pm_script_run *run);
void script_runs_fini(struct script_runs *runs);

/* Does it hold others, so that they tell more than it does? */
bool script_holds(const struct pm_run_step *step);
uint64_t script_took_ms(const struct pm_script_run *run); /* of one that has ended */

/* script_run.c: the verb's `run` */
enum pm_err script_run(struct ctl *ctl, const char *name) PM_MUST_USE;

/* junit.c: the runs as JUnit XML, heap. */
char *junit_text(const struct script_runs *runs) PM_MUST_USE;

#endif
