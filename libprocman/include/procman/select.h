/* Selectors: the words a user names processes with.
 *
 *   cam            every process of that name, in any group, on any host
 *   drivers/cam    the process of that group; the group path is complete
 *   drivers/       every process in the group and all groups below
 *   cam* d?/[ab]   globs: * ? [set] in names and groups; '*' does not cross '/'
 *   …@rig08        only on that host (glob); @rig* alone: everything there
 *   %failed        every process in that state; may follow a term: drivers/%failed
 *   !term          and not these: applied after all others, wherever it stands
 *   all            everything
 *
 * Terms are a union. Only '!' terms: everything but those. A backslash takes a special
 * character literally. */
#ifndef PROCMAN_SELECT_H
#define PROCMAN_SELECT_H

#include <procman/codec.h>

PM_BEGIN

struct pm_select;

/* Parse words, which are borrowed until close. No words: everything.
 * OK | USAGE *why says which word and why, heap, for the caller to free */
PM_API enum pm_err pm_select_open(const struct pm_strs *words, struct pm_select **out, char **why)
    PM_MUST_USE;
PM_API void pm_select_close(struct pm_select **select);

/* The word that names this process and no other, whatever characters are in its names; heap. */
PM_API char *pm_select_word(const char *group, const char *name, const char *host) PM_MUST_USE;

PM_API bool pm_select_match(const struct pm_select *select, const char *group, const char *name,
                            const char *host, enum pm_state state);

/* Which words have matched nothing so far (in pm_select_match calls; '!' words and words that
 * name a state never count)? The first such word, or NULL. */
PM_API const char *pm_select_unmatched(const struct pm_select *select);

/* Does it name states? Such a selection may rightly be empty. */
PM_API bool pm_select_by_state(const struct pm_select *select);

PM_END
#endif
