/* One invocation of procmanctl: what was asked, and what every verb needs. */
#ifndef PROCMANCTL_CTL_H
#define PROCMANCTL_CTL_H

#include <procman/client.h>
#include <procman/limits.h>
#include <procman/options.h>
#include <procman/time.h>

struct settings {             /* the options of all verbs */
    const char *run_dir, *state_dir;
    bool json, plain;
    bool no_wait;
    const char *timeout;
    bool follow;
    const char *lines, *since, *until, *grep, *save;
    bool timestamps, only_err, previous;
    bool plan, prune, no_prune, diff;
    const char *revision;
    const char *host, *group;
    struct pm_strs set, map;
    bool show_env;
    bool kill;
    bool no_deps, dot;
    const char *repeat, *junit;
    bool until_fail, detach;
    const char *from, *output;
    bool strict;
};

/* Places in the table of options; a verb names those it takes by their bits. */
enum option {
    OPT_RUN_DIR, OPT_JSON, OPT_PLAIN, OPT_NO_WAIT, OPT_TIMEOUT, OPT_FOLLOW, OPT_LINES, OPT_PLAN,
    OPT_PRUNE, OPT_NO_PRUNE, OPT_HOST, OPT_GROUP, OPT_SET, OPT_SHOW_ENV, OPT_STATE_DIR,
    OPT_SINCE, OPT_UNTIL, OPT_TIMESTAMPS, OPT_STDERR, OPT_PREVIOUS, OPT_GREP, OPT_SAVE, OPT_KILL,
    OPT_FROM, OPT_STRICT, OPT_OUTPUT,
    OPT_NO_DEPS, OPT_DOT, OPT_REPEAT, OPT_UNTIL_FAIL, OPT_JUNIT, OPT_DETACH,
    OPT_REVISION, OPT_DIFF, OPT_MAP,
    OPT_COUNT
};
#define BIT(option) (UINT64_C(1) << OPT_##option)

struct ctl;

/* One verb: a row of verbs.c. */
struct verb {
    const char *name;
    const char *aliases;      /* separated by blanks, or NULL */
    const char *synopsis;     /* its words and options, as in the man page */
    const char *about;        /* one line */
    const char *more;         /* what one must know beyond that, or NULL */
    const char *examples;     /* whole lines */
    uint64_t options;         /* beside --run-dir and --json */
    size_t least, most;       /* words */
    const char *missing;      /* the sentence when there are too few */
    enum pm_err (*run)(struct ctl *ctl);
};

#define ANY_NUMBER 10000      /* of words: as many as a command line holds */

struct ctl {
    const struct verb *verb;
    struct settings set;
    struct pm_strs words;     /* after the verb, before "--" */
    struct pm_strs command;   /* after "--" */
    struct pm_client *client; /* after ctl_open */
    char *name;               /* "procmanctl start" */
    int status;               /* 0, or what the program ends with, whatever the error */
};

/* How long a sheriff may take for what he knows by heart, for what he has to ask his store or a
 * deputy, and for what he has to store. The last two are longer than his own patience, so that he
 * says himself what came of it: see <procman/limits.h>. */
#define ANSWER_WAIT_MS   5000
#define QUESTION_WAIT_MS PM_WAIT_QUESTION_MS
#define CHANGE_WAIT_MS   PM_WAIT_CHANGE_MS

/* ---- ctl.c; those that return an error have told the user about it ---- */

enum pm_err ctl_open(struct ctl *ctl) PM_MUST_USE;
enum pm_err ctl_call(struct ctl *ctl, enum pm_msg kind, void *request, enum pm_msg answer,
                     struct pm_frame *out) PM_MUST_USE;
/* Say what the client says about an error, or the error's own sentence; returns the error. */
enum pm_err ctl_fail(struct ctl *ctl, enum pm_err err);
/* A misused command line: the sentence and where help is. */
enum pm_err ctl_misuse(const struct ctl *ctl, const char *format, ...) PM_PRINTF(2, 3);
/* The value of --timeout, or the default. OK | USAGE */
enum pm_err ctl_timeout(struct ctl *ctl, uint64_t default_ms, uint64_t *out_ms) PM_MUST_USE;
/* A moment of --since or --until; 0 without one. OK | USAGE */
enum pm_err ctl_when(struct ctl *ctl, const char *option, const char *text, struct pm_wall *out)
    PM_MUST_USE;
enum pm_err ctl_snapshot(struct ctl *ctl, struct pm_frame *out) PM_MUST_USE;

/* ---- pick.c ---- */

/* The processes the words name, in the order of `from`; all when there are no words. Rows are
 * shallow copies, out->at is the caller's to free.
 * OK | USAGE | NOT_FOUND for a word that names none; *out has what was found all the same */
enum pm_err pick(struct ctl *ctl, const struct pm_proc_list *from, struct pm_proc_list *out)
    PM_MUST_USE;

#endif
