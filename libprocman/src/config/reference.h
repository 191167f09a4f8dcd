/* How one process names another: NAME, GROUP/NAME, each with @HOST behind it or not. */
#ifndef PROCMAN_CONFIG_REFERENCE_H
#define PROCMAN_CONFIG_REFERENCE_H

#include <procman/codec.h>

struct pm_reference {
    const char *name;
    const char *group;  /* NULL: not said; "": in none, written /NAME */
    const char *host;   /* NULL: not said; "": the sheriff's own machine, @localhost */
};

/* NULL: it is one; else why not, static. */
const char *pm_reference_fault(const char *text) PM_MUST_USE;

/* The parts of a text without fault. False: no memory. */
bool pm_reference_split(struct pm_arena *arena, const char *text, struct pm_reference *out)
    PM_MUST_USE;

/* Is it a name of the sheriff's own machine: "", localhost and its addresses? */
bool pm_host_is_own(const char *host) PM_MUST_USE;

#endif
