/* What deputyd was told on its command line, completed. */
#ifndef KEEPER_SETTINGS_H
#define KEEPER_SETTINGS_H

#include <procman/base.h>

struct pm_settings { /* lasts as long as the program */
    const char *name, *sheriff, *run_dir, *state_dir, *log_dir; /* directories are absolute */
    const char *log_max;       /* as it was given, and it is a size; NULL: the usual */
    const char *brain;         /* told to run this one; NULL: the one beside us */
    const char *can_take_over; /* a version: only say whether */
    bool upgrade;              /* only tell the keeper that runs */
    bool leave_running, no_cgroups;
    const char *program;       /* where we are installed, also when that is another file by now */
};

/* Ends the program when they make no sense. */
void pm_settings_parse(int argc, char **argv, struct pm_settings *out);

/* The brain's program; heap. NULL: *why is a sentence, heap */
char *pm_settings_brain(const struct pm_settings *set, char **why) PM_MUST_USE;

/* The same settings as arguments: for the brain, and for the next program in our place; heap. */
char **pm_settings_brain_argv(const struct pm_settings *set, const char *brain) PM_MUST_USE;
char **pm_settings_own_argv(const struct pm_settings *set) PM_MUST_USE;

#endif
