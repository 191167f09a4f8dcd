/* Scripts while they are read. */
#ifndef PROCMAN_CONFIG_SCRIPTS_H
#define PROCMAN_CONFIG_SCRIPTS_H

#include "config/loading.h"

struct pm_script_item {
    const struct pm_node *node;   /* its name and its list */
    struct pm_script script;
    const struct pm_node **maps;  /* where each step stands */
};

/* Does it start, stop or restart? */
bool pm_step_selects(enum pm_step_verb verb) PM_MUST_USE;

/* Report names that mean no process, scripts that are not there, and those that run themselves. */
void pm_scripts_check(struct pm_loading *load, const struct pm_script_item *items, size_t n);

#endif
