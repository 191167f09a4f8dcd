/* Command line options as a table: the rows parse, print --help and suggest after a typo.
 *
 *   struct settings { bool follow; const char *run_dir; struct pm_strs set; };
 *   static const struct pm_option options[] = {
 *       { "follow",  'f', NULL,        "go on",     PM_INTO(struct settings, follow) },
 *       { "run-dir", 0,   "DIR",       "where",     PM_INTO(struct settings, run_dir) },
 *       { "set",     0,   "KEY=VALUE", "set a key", PM_INTO(struct settings, set) },
 *       { 0 },
 *   };
 *
 * Long names are exact, never abbreviated. Options stand before and after words, "--" ends
 * them. -h, --help and --version are there by themselves. */
#ifndef PROCMAN_OPTIONS_H
#define PROCMAN_OPTIONS_H

#include <procman/error.h>
#include <procman/schema.h>

PM_BEGIN

enum pm_option_kind { PM_OPTION_FLAG, PM_OPTION_TEXT, PM_OPTION_LIST };

struct pm_option {
    const char *name;      /* without dashes; NULL ends the table */
    char letter;           /* 0: none */
    const char *argument;  /* what --help calls its argument; NULL for a flag */
    const char *help;
    enum pm_option_kind kind;
    size_t offset;
};

/* Where an option's value goes; the member's type says how: bool (set to true), const char *
 * (the last one given counts), struct pm_strs (all in order; the caller frees .at). */
#define PM_INTO(type, member) \
    _Generic(((type *)0)->member, bool: PM_OPTION_FLAG, const char *: PM_OPTION_TEXT, \
             struct pm_strs: PM_OPTION_LIST), offsetof(type, member)

#define PM_OPTIONS_MOST 64 /* rows of a table: one bit each in `given` */

struct pm_program {
    const char *name;                 /* "sheriffd" */
    const char *synopsis;             /* "[OPTIONS] [FILE]" */
    const char *about;                /* one line */
    const struct pm_option *options;
};

struct pm_args {
    struct pm_strs words;  /* what is no option, in order; borrowed from argv; free .at */
    size_t before;         /* so many of them stood before "--"; all, when there was none */
    uint64_t given;        /* bit i: options[i] was given */
    bool help, version;    /* asked for; the caller prints */
};

/* Values go into the struct at `into`, which holds the defaults; texts are borrowed from argv.
 * OK | USAGE *why is a sentence, heap, with did-you-mean */
PM_API enum pm_err pm_options_parse(const struct pm_program *program, int argc, char **argv,
                                    void *into, struct pm_args *out, char **why) PM_MUST_USE;

/* The rows of --help, two columns; heap. only: bit set of rows to show. */
PM_API char *pm_options_rows(const struct pm_option *options, uint64_t only) PM_MUST_USE;

/* The whole text of --help; heap. */
PM_API char *pm_options_help(const struct pm_program *program) PM_MUST_USE;

/* All of the above for a daemon's main(): --help and --version are printed and end the program
 * with 0, a mistake is printed and ends it with 2. A word is a mistake unless `words_allowed`. */
PM_API void pm_options_main(const struct pm_program *program, int argc, char **argv, void *into,
                            size_t words_allowed, struct pm_args *out);

PM_END
#endif
