/* The part of options.c that prints and ends the program. */
#include <procman/options.h>

#include <stdio.h>
#include <stdlib.h>

static void refuse(const struct pm_program *program, const char *why)
{
    fprintf(stderr, "%s: %s\nTry '%s --help'.\n", program->name, why, program->name);
    exit(pm_err_exit(PM_USAGE));
}

void pm_options_main(const struct pm_program *program, int argc, char **argv, void *into,
                     size_t words_allowed, struct pm_args *out)
{
    char *why = NULL;

    if (pm_options_parse(program, argc, argv, into, out, &why) != PM_OK)
        refuse(program, why);
    if (out->help) {
        PM_CLEANUP(pm_free) char *help = pm_options_help(program);
        fputs(help, stdout);
        exit(0);
    }
    if (out->version) {
        printf("%s %s\n", program->name, PROCMAN_VERSION);
        exit(0);
    }
    if (out->words.n > words_allowed) {
        why = pm_printf("'%s' is not an option and not expected here",
                        out->words.at[words_allowed]);
        refuse(program, why);
    }
}
