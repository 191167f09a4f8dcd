/* Texts of a spec that are filled in where it runs: ${VARIABLES} and {placeholders}. */
#ifndef PROCMAN_FILL_H
#define PROCMAN_FILL_H

#include <procman/codec.h>

PM_BEGIN

struct pm_fill {
    const char *name, *host, *group; /* {name} {host} {group} */
    uint64_t index;                  /* {index} */
    /* The value of a variable; *out NULL: it is not set. OK | USAGE `why` says it. Only of
     * pm_fill_text. */
    enum pm_err (*variable)(void *self, const char *name, const char **out);
    void *self;
    char *why;                       /* room for a sentence, when it cannot be filled in */
    size_t size;
};

/* An argument, a value, a path. ${VAR} is the variable's value, or nothing; ${VAR:-text} is the
 * text where that is nothing; ${VAR:?text} then fails with it; $$ is a '$'. Any other '$' stays,
 * and so does a brace that is no placeholder, or has a brace or a '$' before it.
 * *out is in the arena, or text itself. OK | USAGE | LIMIT (`why` says it) | NO_MEMORY */
PM_API enum pm_err pm_fill_text(const struct pm_fill *with, const char *text,
                                struct pm_arena *arena, const char **out) PM_MUST_USE;

/* A line for sh: the placeholders only, quoted as it needs where they stand; every '$' is sh's. */
PM_API enum pm_err pm_fill_line(const struct pm_fill *with, const char *line,
                                struct pm_arena *arena, const char **out) PM_MUST_USE;

/* Can that text be filled in at all? NULL: it can; else why not, static. */
PM_API const char *pm_fill_fault(const char *text) PM_MUST_USE;

PM_END
#endif
