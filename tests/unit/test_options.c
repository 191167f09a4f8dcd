/* Command line options: exact, before and after words, with a suggestion after a typo. */
#include <procman/options.h>

#include <criterion/criterion.h>
#include <stdlib.h>

struct settings { bool follow, all; const char *lines, *run_dir; struct pm_strs set; };

static const struct pm_option options[] = {
    { "follow", 'f', NULL, "go on as output arrives", PM_INTO(struct settings, follow) },
    { "all", 'a', NULL, "everything", PM_INTO(struct settings, all) },
    { "lines", 'n', "LINES", "the last so many", PM_INTO(struct settings, lines) },
    { "run-dir", 0, "DIR", "where the sheriff's sockets are", PM_INTO(struct settings, run_dir) },
    { "set", 0, "KEY=VALUE", "set a key", PM_INTO(struct settings, set) },
    { 0 },
};

static const struct pm_program program = { "demo", "[OPTIONS] [WORD]...", "Shows.", options };

static struct settings got;
static struct pm_args args;
static char *why;

static void clean(void)
{
    free(args.words.at);
    free(got.set.at);
    free(why);
}

TestSuite(options, .fini = clean);

#define PARSE(...) parse((char *[]){ (char *)"demo", __VA_ARGS__, NULL })
#define W(word) (char *)(uintptr_t)word

static enum pm_err parse(char **argv)
{
    int argc = 0;

    while (argv[argc])
        argc++;
    return pm_options_parse(&program, argc, argv, &got, &args, &why);
}

Test(options, stand_before_and_after_words)
{
    cr_assert_eq(PARSE(W("-f"), W("one"), W("--lines"), W("5"), W("two"), W("--run-dir=/x")),
                 PM_OK);
    cr_expect(got.follow);
    cr_expect_not(got.all);
    cr_expect_str_eq(got.lines, "5");
    cr_expect_str_eq(got.run_dir, "/x");
    cr_expect_eq(args.words.n, 2);
    cr_expect_str_eq(args.words.at[1], "two");
    cr_expect_eq(args.before, 2);
    cr_expect_eq(args.given, 1 << 0 | 1 << 2 | 1 << 3);
}

Test(options, letters_may_be_joined_and_take_their_argument_with_them)
{
    cr_assert_eq(PARSE(W("-afn5")), PM_OK);
    cr_expect(got.follow && got.all);
    cr_expect_str_eq(got.lines, "5");
}

Test(options, the_last_of_a_text_counts_and_all_of_a_list)
{
    cr_assert_eq(PARSE(W("-n1"), W("-n"), W("2"), W("--set"), W("a=1"), W("--set=b=2")), PM_OK);
    cr_expect_str_eq(got.lines, "2");
    cr_expect_eq(got.set.n, 2);
    cr_expect_str_eq(got.set.at[0], "a=1");
    cr_expect_str_eq(got.set.at[1], "b=2");
}

Test(options, end_at_two_dashes)
{
    cr_assert_eq(PARSE(W("name"), W("--"), W("sleep"), W("-f"), W("--"), W("--nope")), PM_OK);
    cr_expect_not(got.follow);
    cr_expect_eq(args.before, 1);
    cr_expect_eq(args.words.n, 5);
    cr_expect_str_eq(args.words.at[3], "--");
}

Test(options, a_single_dash_is_a_word_and_an_empty_one_too)
{
    cr_assert_eq(PARSE(W("-"), W("")), PM_OK);
    cr_expect_eq(args.words.n, 2);
}

Test(options, help_and_version_are_always_there)
{
    cr_assert_eq(PARSE(W("--version"), W("-h")), PM_OK);
    cr_expect(args.help && args.version);
    cr_expect_eq(args.given, 0);
}

static void refused(char *word, const char *sentence)
{
    cr_assert_eq(PARSE(word), PM_USAGE);
    cr_expect_str_eq(why, sentence, "%s", why);
    pm_free(&why);
}

Test(options, mistakes_are_named)
{
    refused(W("--folow"), "unknown option --folow; did you mean --follow?");
    refused(W("--foll"), "unknown option --foll");
    refused(W("--zzz=1"), "unknown option --zzz");
    refused(W("--vresion"), "unknown option --vresion; did you mean --version?");
    refused(W("-x"), "unknown option -x");
    refused(W("-fx"), "unknown option -x");
    refused(W("--follow=1"), "option --follow takes no argument");
    refused(W("--lines"), "option --lines needs an argument: LINES");
    refused(W("-n"), "option -n needs an argument: LINES");
}

Test(options, help_is_made_of_the_rows)
{
    PM_CLEANUP(pm_free) char *help = pm_options_help(&program);

    cr_expect_str_eq(help,
        "Usage: demo [OPTIONS] [WORD]...\n"
        "Shows.\n"
        "\n"
        "Options:\n"
        "  -f, --follow              go on as output arrives\n"
        "  -a, --all                 everything\n"
        "  -n, --lines LINES         the last so many\n"
        "      --run-dir DIR         where the sheriff's sockets are\n"
        "      --set KEY=VALUE       set a key\n"
        "  -h, --help                show this and end\n"
        "      --version             show the version and end\n", "%s", help);
}

Test(options, some_rows_can_be_shown_alone)
{
    PM_CLEANUP(pm_free) char *rows = pm_options_rows(options, 1 << 1 | 1 << 4);

    cr_expect_str_eq(rows, "  -a, --all                 everything\n"
                           "      --set KEY=VALUE       set a key\n");
}
