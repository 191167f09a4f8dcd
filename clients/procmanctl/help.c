/* Help at every level, all of it from the rows of verbs.c. */
#include "out.h"
#include "verbs.h"

#include <procman/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char selectors[] =
    "Selectors:\n"
    "  cam  drivers/cam  drivers/    a name, with its group, all of a group and below\n"
    "  cam*  d?/[ab]                 globs\n"
    "  cam@rig08  @rig*              on a host\n"
    "  %failed  drivers/%running     in a state\n"
    "  !cam                          and not these\n"
    "  all                           every process\n";

static const char statuses[] =
    "Exit status: 0 done, 1 some target failed, 2 usage or bad configuration, 3 not running,\n"
    "4 no such process or host, 5 sheriff unreachable, 6 not permitted, 124 timed out,\n"
    "130 interrupted.\n";

void help_short(void)
{
    out_text("procmanctl looks at and commands a fleet of processes.\n\n"
             "  procmanctl up FILE        start a sheriff here and bring up what FILE lists\n"
             "  procmanctl status         what runs, and how it is\n"
             "  procmanctl logs NAME -f   what a process writes\n"
             "  procmanctl help           everything else\n");
}

static void print_indented(const char *lines)
{
    while (*lines) {
        int n = (int)strcspn(lines, "\n");

        printf("  %.*s\n", n, lines);
        lines += n + (lines[n] == '\n');
    }
}

void help_general(void)
{
    char *rows PM_CLEANUP(pm_free) = pm_options_rows(ctl_options, BIT(RUN_DIR) | BIT(JSON));

    out_text("Usage: procmanctl [OPTIONS] VERB …\n\n");
    for (size_t i = 0; i < verbs_count; ++i)
        printf("  %-9s %s\n", verbs[i].name, verbs[i].about);
    printf("\n%s\nOptions, before or after the verb:\n%s\n%s\n"
           "\"procmanctl help VERB\" says more; the manual is procmanctl(1).\n",
           selectors, rows, statuses);
}

void help_verb(const struct verb *verb)
{
    char *rows PM_CLEANUP(pm_free) =
        pm_options_rows(ctl_options, verb->options | BIT(RUN_DIR) | BIT(JSON));

    printf("procmanctl %s: %s\n\n", verb->name, verb->about);
    print_indented(verb->examples);
    printf("\nUsage: procmanctl %s%s%s\n", verb->name, *verb->synopsis ? " " : "", verb->synopsis);
    if (verb->aliases)
        printf("Also: %s\n", verb->aliases);
    if (verb->more)
        printf("\n%s\n", verb->more);
    printf("\nOptions:\n%s", rows);
    if (strstr(verb->synopsis, "SEL"))
        printf("\n%s", selectors);
}

/* ---- help --json: the rows, for scripts and for the tests of the manual ---- */

struct row { const char *name, *aliases, *synopsis, *about; struct pm_strs options; };

static const struct pm_field row_fields[] = {
    { "name", PM_KIND_STR, offsetof(struct row, name), NULL, NULL, "the verb" },
    { "aliases", PM_KIND_STR, offsetof(struct row, aliases), NULL, NULL, "other words for it" },
    { "synopsis", PM_KIND_STR, offsetof(struct row, synopsis), NULL, NULL, "what follows it" },
    { "about", PM_KIND_STR, offsetof(struct row, about), NULL, NULL, "what it does" },
    { "options", PM_KIND_STRS, offsetof(struct row, options), NULL, NULL, "long options" },
};
static const struct pm_desc row_desc = {
    .name = "verb", .size = sizeof(struct row), .fields = row_fields, .n = PM_COUNT(row_fields),
};

static struct pm_strs options_of(const struct verb *verb)
{
    struct pm_strs names = { .at = pm_alloc(OPT_COUNT * sizeof(*names.at)) };
    uint64_t taken = verb->options | BIT(RUN_DIR) | BIT(JSON);

    for (size_t i = 0; i < OPT_COUNT; ++i)
        if (taken & (UINT64_C(1) << i))
            names.at[names.n++] = ctl_options[i].name;
    return names;
}

static enum pm_err print_rows(void)
{
    struct row *rows = pm_alloc(verbs_count * sizeof(*rows));
    enum pm_err err;

    for (size_t i = 0; i < verbs_count; ++i)
        rows[i] = (struct row){ .name = verbs[i].name, .synopsis = verbs[i].synopsis,
                                .about = verbs[i].about, .options = options_of(&verbs[i]),
                                .aliases = verbs[i].aliases ? verbs[i].aliases : "" };
    err = out_json("verbs", &row_desc, rows, verbs_count);
    for (size_t i = 0; i < verbs_count; ++i)
        free(rows[i].options.at);
    free(rows);
    return err;
}

enum pm_err verb_help(struct ctl *ctl)
{
    const struct verb *verb = ctl->words.n > 0 ? verb_find(ctl->words.at[0]) : NULL;

    if (ctl->set.json)
        return print_rows();
    if (ctl->words.n > 0 && !verb)
        return ctl_misuse(ctl, "there is no verb \"%s\"", ctl->words.at[0]);
    if (verb)
        help_verb(verb);
    else
        help_general();
    return PM_OK;
}
