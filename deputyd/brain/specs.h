/* The specs of one generation, shared by all processes that still follow them. */
#ifndef BRAIN_SPECS_H
#define BRAIN_SPECS_H

#include <procman/spec.h>

struct specs; /* constant once made */

/* A deep copy of a list from the wire, one holder.
 * OK | BAD_MESSAGE *why says which spec and what, in `text` | NO_MEMORY */
enum pm_err specs_open(const struct pm_spec_list *list, char *text, size_t size,
                       struct specs **out) PM_MUST_USE;

/* One spec of that name with all defaults and no command: for a life whose spec nobody knows. */
struct specs *specs_open_plain(const char *group, const char *name);

struct specs *specs_hold(struct specs *specs);
void specs_drop(struct specs **specs); /* freed with the last holder */

/* All of them, in the sheriff's order. */
struct pm_spec_list specs_list(const struct specs *specs);

/* NULL: not among them. */
const struct pm_spec *specs_find(const struct specs *specs, const char *group, const char *name);

#endif
