/* What a spec means: names, defaults, identity, differences, its command as arguments. */
#ifndef PROCMAN_SPEC_H
#define PROCMAN_SPEC_H

#include <procman/codec.h>

PM_BEGIN

/* All defaults of procman.yaml(5) in place; strings "", lists empty. */
PM_API void pm_spec_init(struct pm_spec *spec);

/* The form a configuration file gives it, where the wire has two for the same: no directory is
 * "/", only exit code 0 is no list of codes, an output limit nobody gave is the default. Borrows
 * from spec. For specs from the wire or an older store, before they are kept or compared. */
PM_API struct pm_spec pm_spec_normal(const struct pm_spec *spec) PM_MUST_USE;

/* Identity of how it runs: 64-bit FNV-1a over its encoding without what says only whence it comes
 * (id, origin, source, moved_from, moved_order). Never 0. */
PM_API uint64_t pm_spec_hash(const struct pm_spec *spec);

/* Order of (group, name, host), bytewise. */
PM_API int pm_spec_order(const struct pm_spec *a, const struct pm_spec *b);

/* "group/name@host" into text; group and host left out where empty. Returns text. */
PM_API const char *pm_spec_label(const char *group, const char *name, const char *host,
                                 char *text, size_t size);
#define PM_LABEL_SIZE 400 /* holds every label whose parts are within PM_LIMIT_NAME and _GROUP */

/* May this be a name, a group path, a deputy's name? NULL: yes; else the sentence why not. */
PM_API const char *pm_name_fault(const char *name);
PM_API const char *pm_group_fault(const char *group); /* "" is fine */

/* Is the spec complete and sane? For specs from the wire. NULL: yes; else why not, static. */
PM_API const char *pm_spec_fault(const struct pm_spec *spec);

/* Keys (as in the file: "env", "restart.delay" …) in which two specs of one process differ.
 * Static strings into keys[], at most `most`; returns how many.
 * *needs_restart: one of them matters to a life already begun (command, directory, env, user). */
PM_API size_t pm_spec_diff(const struct pm_spec *a, const struct pm_spec *b,
                           const char **keys, size_t most, bool *needs_restart);

/* The argument vector to execute: exec as it is; command split by sh's quoting rules when it
 * has no character that needs a shell, otherwise {"/bin/sh", "-c", command}.
 * Strings live in the arena or the spec. OK | LIMIT | NO_MEMORY */
PM_API enum pm_err pm_spec_argv(const struct pm_spec *spec, struct pm_arena *arena,
                                struct pm_strs *out) PM_MUST_USE;

PM_END
#endif
