/* A configuration file (YAML or JSON, one model) to specs, or to all of its errors at once.
 *
 * One table of keys (config/keys.c) drives reading, defaults, did-you-mean, edit --set and
 * export. Both readers produce the same tree of values with line and column; nothing after
 * them knows which syntax it was. */
#ifndef PROCMAN_CONFIG_H
#define PROCMAN_CONFIG_H

#include <procman/codec.h>

PM_BEGIN

struct pm_config {
    struct pm_spec_list specs;   /* sorted by pm_spec_order; host "" = the sheriff's machine */
    struct pm_strs deputies;     /* names under `deputies`, less the sheriff's own machine */
    struct pm_script_list scripts; /* in the file's order; checked against specs */
    struct pm_arena arena;       /* holds all of it */
};
PM_API void pm_config_fini(struct pm_config *config);

/* Parse text. name: what errors call the file; it also decides the syntax (.json, else YAML).
 * OK *errors NULL | BAD_CONFIG *errors is the whole report, heap: for each error
 *      FILE:LINE:COL: error: SENTENCE
 *          the line
 *          ^
 *   and a last line with their number. */
PM_API enum pm_err pm_config_parse(const char *name, const char *text, size_t n,
                                   struct pm_config *out, char **errors) PM_MUST_USE;

/* Read and parse a file. As above; an unreadable file is also one error with its reason. */
PM_API enum pm_err pm_config_load(const char *path, struct pm_config *out, char **errors)
    PM_MUST_USE;

/* Wherever the file says a host, or a glob matches it, it means another one: localhost runs a fleet
 * on one machine. The first that matches counts. What has one name on one host then is an error. */
struct pm_host_map { const char *from, *to; };
PM_API enum pm_err pm_config_load_mapped(const char *path, const struct pm_host_map *maps, size_t n,
                                         struct pm_config *out, char **errors) PM_MUST_USE;

/* Set one key of a process as `edit --set KEY=VALUE` does ("restart.delay", "env.PORT", …).
 * VALUE is taken as it stands; for a list or a map ("exec", "env", "restart") it is YAML, such as
 * [a, b]. Empty: back to the default; but a variable, env.NAME, is then there and empty, as in a
 * file. Only this key is judged: pm_spec_fault says whether the spec as a whole is sane. New
 * strings go to the arena.
 * OK *why NULL | USAGE *why, heap, with did-you-mean; spec untouched */
PM_API enum pm_err pm_config_set(struct pm_spec *spec, const char *key, const char *value,
                                 struct pm_arena *arena, char **why) PM_MUST_USE;

/* A file that loads to exactly these specs; defaults are left out. json: JSON, else YAML.
 * Heap text. OK | NO_MEMORY */
PM_API enum pm_err pm_config_write(const struct pm_spec *specs, size_t n, bool json, char **out)
    PM_MUST_USE;

/* The same with scripts, which load to exactly these but for where they stand. */
PM_API enum pm_err pm_config_write_all(const struct pm_spec_list *specs,
                                       const struct pm_script_list *scripts, bool json,
                                       char **out) PM_MUST_USE;

/* The JSON Schema (2020-12) of such a file, for editors, made from the table of keys. Heap. */
PM_API char *pm_config_schema(void) PM_MUST_USE;

PM_END
#endif
