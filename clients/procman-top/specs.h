/* What the fleet's specs say that its rows do not: labels and dependencies.
 *
 * The specs are borrowed from the answer they came in; only who looks at them asks for them. */
#ifndef TOP_SPECS_H
#define TOP_SPECS_H

#include <procman/schema.h>

struct specs;

struct specs *specs_new(void) PM_MUST_USE;
void specs_close(struct specs **specs);

/* From now on these. The lists go together; they are borrowed until the next call. */
void specs_take(struct specs *specs, struct pm_spec_list list, struct pm_proc_list procs);
bool specs_known(const struct specs *specs);

struct pm_spec_list specs_all(const struct specs *specs);
const struct pm_spec *specs_of(const struct specs *specs, uint64_t id); /* NULL: none is known */

/* The text of its label of that name; "" when it has none. */
const char *specs_label(const struct specs *specs, uint64_t id, const char *name);
/* The label's name behind that one, bytewise, that any process has; NULL behind the last. */
const char *specs_next_label(const struct specs *specs, const char *name) PM_MUST_USE;

#endif
