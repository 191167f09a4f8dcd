/* The one table of configuration keys. Reading, defaults, did-you-mean, `edit --set`, what a
 * difference is called, export and the manual page follow from its rows. */
#ifndef PROCMAN_CONFIG_KEYS_H
#define PROCMAN_CONFIG_KEYS_H

#include <procman/schema.h>

/* How a value is written, and so which reader it has in values.c. */
enum pm_value {
    PM_VALUE_PART,      /* a part of the file with keys of its own; config.c reads it */
    /* scalars */
    PM_VALUE_NAME, PM_VALUE_GROUP, PM_VALUE_HOST, PM_VALUE_COMMAND, PM_VALUE_DIRECTORY,
    PM_VALUE_USER, PM_VALUE_BOOL, PM_VALUE_AUTO_RESTART, PM_VALUE_DURATION, PM_VALUE_FACTOR,
    PM_VALUE_SHARE, PM_VALUE_COUNT, PM_VALUE_SIGNAL, PM_VALUE_SIZE, PM_VALUE_KEEP,
    PM_VALUE_FILE, PM_VALUE_MASK, PM_VALUE_NICE, PM_VALUE_MEMORY, PM_VALUE_PERCENT, PM_VALUE_PIDS,
    PM_VALUE_INSTANCES, PM_VALUE_SCHEDULE, PM_VALUE_ZONE, PM_VALUE_OVERLAP,
    PM_VALUE_PATIENCE,  /* a duration that is not 0 */
    PM_VALUE_SPAN,      /* a duration of a second or more; 0 = none */
    PM_VALUE_FAILURES,  /* a count that is not 0 */
    PM_VALUE_REFERENCE, PM_VALUE_WHEN, PM_VALUE_IF_FAILED,
    PM_VALUE_SCRIPT, PM_VALUE_WAIT, PM_VALUE_STEP_FAILURE,
    /* scalars that say what a probe looks at; the member is all of the probe */
    PM_VALUE_LOG, PM_VALUE_TCP, PM_VALUE_HTTP, PM_VALUE_EXEC, PM_VALUE_NOTIFY, PM_VALUE_AFTER,
    /* lists and maps */
    PM_VALUE_WORDS, PM_VALUE_CODES, PM_VALUE_VARIABLES, PM_VALUE_LABELS, PM_VALUE_LIMITS,
    PM_VALUE_HOSTS, PM_VALUE_DEPENDENCIES,
    PM_VALUE_STEPS,
    PM_VALUE_SELECT,    /* a word or a list of them */
    PM_VALUE_LOSS,      /* a word or a map */
};

/* Where a key may stand; several may be set. */
enum pm_where {
    PM_IN_FILE       = 1 << 0, /* at the top */
    PM_IN_DEPUTY     = 1 << 1, /* in an item of `deputies` */
    PM_IN_PROCESS    = 1 << 2, /* in an item of `processes` */
    PM_IN_DEFAULTS   = 1 << 3, /* in `defaults` and in an item of `groups` */
    PM_IN_DEPENDENCY = 1 << 4, /* in an item of `depends_on` */
    PM_IN_STEP       = 1 << 5, /* in a step of a script */
    PM_NOT_YET       = 1 << 7, /* nowhere: nothing heeds it in this version, so it is refused */
};

/* What a change of it means to a process that is up. */
enum pm_effect {
    PM_EFFECT_IDENTITY, /* another process */
    PM_EFFECT_LIVE,     /* holds from now on */
    PM_EFFECT_RESTART,  /* a life already begun cannot take it over */
};

struct pm_key {
    const char *name;     /* "restart.delay": the key delay in the map restart */
    unsigned where;
    enum pm_value value;
    size_t offset;        /* of the member in struct pm_spec, or in what `where` says */
    enum pm_effect effect;
    const char *fallback; /* what it is when nobody says, as text; NULL: empty */
    const char *meaning;
};

extern const struct pm_key pm_keys[];
extern const size_t pm_keys_n;

/* The key of that whole name which may stand there, or NULL. */
const struct pm_key *pm_key_find(const char *name, unsigned where) PM_MUST_USE;
/* Is "name." the beginning of keys that may stand there? */
bool pm_key_is_section(const char *name, unsigned where) PM_MUST_USE;
/* The known key nearest to a mistyped one in the same map, as it would be written there, into
 * to[PM_KEY_SIZE]; NULL: none is near. prefix: "restart." or "". Longer than the prefix: whole
 * dotted names are compared too, as `--set` has them. */
#define PM_KEY_SIZE 40
const char *pm_key_suggest(const char *prefix, const char *wrong, unsigned where, char *to)
    PM_MUST_USE;

/* What a probe looks at when this key says it; NONE: it says something else. */
enum pm_probe_kind pm_key_probe(const struct pm_key *key) PM_MUST_USE;

/* Do both specs say the same for this key? */
bool pm_key_same(const struct pm_key *key, const struct pm_spec *a, const struct pm_spec *b)
    PM_MUST_USE;

#endif
