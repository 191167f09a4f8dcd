/* Which processes are shown: words, all of which must fit.
 *
 *   cam       somewhere in group/name@host, any case
 *   ~^d.*r$   likewise, as an extended regular expression
 *   @rig*     the host, as a glob
 *   %fail     the state begins so
 *   !WORD     what does not fit that word */
#ifndef TOP_FILTER_H
#define TOP_FILTER_H

#include <procman/schema.h>

struct filter;

/* NULL for a text without words. A word that cannot be understood fits nothing and is told:
 * *why is a sentence, heap, or NULL. */
struct filter *filter_open(const char *text, char **why) PM_MUST_USE;
void filter_close(struct filter **filter);
bool filter_match(const struct filter *filter, const struct pm_proc *proc);

#endif
