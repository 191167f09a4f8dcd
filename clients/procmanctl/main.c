/* procmanctl: look at and command a sheriff's fleet from the shell.
 *
 * main finds the verb's row, checks its words and options against it, and runs it. Verbs say
 * themselves what went wrong; here only the exit status is left.
 */
#include "out.h"
#include "verbs.h"

#include <nss.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct pm_program program = {
    .name = "procmanctl",
    .synopsis = "[OPTIONS] VERB …",
    .about = "look at and command a fleet of processes",
    .options = ctl_options,
};

static struct pm_strs part_of(const struct pm_strs *all, size_t from, size_t to)
{
    return (struct pm_strs){ .at = all->at + from, .n = to - from };
}

/* Options a verb has no use for are mistakes, not decoration. */
static enum pm_err check_options(const struct ctl *ctl, uint64_t given)
{
    uint64_t wrong = given & ~(ctl->verb->options | BIT(RUN_DIR) | BIT(JSON));

    for (size_t i = 0; i < OPT_COUNT; ++i)
        if (wrong & (UINT64_C(1) << i))
            return ctl_misuse(ctl, "%s takes no --%s", ctl->verb->name, ctl_options[i].name);
    return PM_OK;
}

static enum pm_err check_words(const struct ctl *ctl)
{
    if (ctl->words.n < ctl->verb->least)
        return ctl_misuse(ctl, "%s", ctl->verb->missing);
    if (ctl->words.n > ctl->verb->most)
        return ctl_misuse(ctl, "%s does not know what to do with \"%s\"", ctl->verb->name,
                          ctl->words.at[ctl->verb->most]);
    if (ctl->command.n > 0 && ctl->verb->run != verb_add)
        return ctl_misuse(ctl, "%s takes nothing after \"--\"", ctl->verb->name);
    return PM_OK;
}

static enum pm_err unknown_verb(const char *word)
{
    const char *near = verb_suggest(word);

    if (near)
        complain("there is no verb \"%s\" (did you mean \"%s\"?); see \"procmanctl help\"", word,
                 near);
    else
        complain("there is no verb \"%s\"; see \"procmanctl help\"", word);
    return PM_USAGE;
}

static enum pm_err run_verb(struct ctl *ctl, const struct pm_args *args)
{
    size_t before = args->before > 0 ? args->before : 1; /* "-- start": the verb all the same */
    enum pm_err err;

    ctl->words = part_of(&args->words, 1, before);
    ctl->command = part_of(&args->words, before, args->words.n);
    ctl->name = pm_printf("procmanctl %s", ctl->verb->name);
    err = check_options(ctl, args->given);
    if (err == PM_OK)
        err = check_words(ctl);
    if (err == PM_OK)
        err = ctl->verb->run(ctl);
    return err;
}

static enum pm_err act(struct ctl *ctl, const struct pm_args *args)
{
    if (args->words.n > 0) {
        ctl->verb = verb_find(args->words.at[0]);
        if (!ctl->verb)
            return unknown_verb(args->words.at[0]);
    }
    if (args->help && ctl->verb)
        help_verb(ctl->verb);
    else if (args->help)
        help_general();
    else if (args->version)
        out_text("procmanctl " PROCMAN_VERSION "\n");
    else if (ctl->verb)
        return run_verb(ctl, args);
    else
        help_short();
    return PM_OK;
}

/* Data that could not be written is a failure, even when everything else went well. */
static enum pm_err close_output(enum pm_err err)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return err;
    complain("the output could not be written");
    return err == PM_OK ? PM_IO : err;
}

/* libzmq's first context has libpgm look for the protocol "pgm", and the usual name service
 * configuration sends that through 90 directories after a libnss_db: a quarter of a millisecond
 * of a `start`. Of protocols we need none, so the file alone will do. */
static void skip_name_services(void)
{
    __nss_configure_lookup("protocols", "files");
}

/* Every request was answered and the output is written, so there is nothing left that taking
 * libzmq's threads and sockets apart could save; the kernel does it in a tenth of the time
 * (0.4 ms of a 6 ms `status`). Under a sanitizer everything is freed, so that it sees leaks. */
static int leave(struct ctl *ctl, struct pm_args *args, int status)
{
#ifndef __SANITIZE_ADDRESS__
    _exit(status);
#endif
    pm_client_close(&ctl->client);
    pm_free(&ctl->name);
    free(args->words.at);
    free(ctl->set.set.at);
    free(ctl->set.map.at);
    return status;
}

int main(int argc, char **argv)
{
    struct ctl ctl = { 0 };
    struct pm_args args = { 0 };
    char *why = NULL;
    enum pm_err err;

    skip_name_services();
    err = pm_options_parse(&program, argc, argv, &ctl.set, &args, &why);
    if (err == PM_OK)
        err = act(&ctl, &args);
    else
        complain("%s; see \"procmanctl help\"", why);
    pm_free(&why);
    int status = pm_err_exit(close_output(err));

    return leave(&ctl, &args, ctl.status != 0 ? ctl.status : status);
}
