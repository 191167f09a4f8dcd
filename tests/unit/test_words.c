/* A command line to its words: what sh would merely split we split, the rest is for sh. */
#include "core/words.h"

#include <criterion/criterion.h>
#include <procman/spec.h>

#include <string.h>

/* The words as "<a><b>". */
static void then_words(const char *command, const char *expected)
{
    struct pm_spec spec = { .command = command };
    struct pm_arena arena;
    struct pm_strs words;
    char text[512] = "";

    pm_arena_init(&arena, 0);
    cr_assert_eq(pm_spec_argv(&spec, &arena, &words), PM_OK);
    for (size_t i = 0; i < words.n; i++) {
        strcat(text, "<");
        strcat(text, words.at[i]);
        strcat(text, ">");
    }
    cr_expect_str_eq(text, expected, "%s gives %s, not %s", command, text, expected);
    pm_arena_fini(&arena);
}

static void then_shell(const char *command)
{
    struct pm_spec spec = { .command = command };
    struct pm_arena arena;
    struct pm_strs words;

    pm_arena_init(&arena, 0);
    cr_assert_eq(pm_spec_argv(&spec, &arena, &words), PM_OK);
    cr_assert_eq(words.n, 3, "%s is not left to sh", command);
    cr_expect_str_eq(words.at[0], "/bin/sh");
    cr_expect_str_eq(words.at[1], "-c");
    cr_expect_str_eq(words.at[2], command);
    pm_arena_fini(&arena);
}

Test(words, are_split_at_blanks)
{
    then_words("camd", "<camd>");
    then_words("camd -p 7000", "<camd><-p><7000>");
    then_words("  camd \t -p  7000  ", "<camd><-p><7000>");
    then_words("/opt/a/b --rate=5 x=y", "</opt/a/b><--rate=5><x=y>");
}

Test(words, keep_what_quotes_hold)
{
    then_words("echo 'a  b'", "<echo><a  b>");
    then_words("echo \"a  b\"", "<echo><a  b>");
    then_words("echo a'b'\"c\"d", "<echo><abcd>");
    then_words("echo '' \"\"", "<echo><><>");
    then_words("echo '$HOME `x` \\ \"'", "<echo><$HOME `x` \\ \">");
    then_words("echo \"it's\"", "<echo><it's>");
    then_words("echo 'a\nb'", "<echo><a\nb>");
    then_words("echo '|&;<>()*?[#~{}!'", "<echo><|&;<>()*?[#~{}!>");
}

Test(words, know_the_backslash_of_sh)
{
    then_words("echo a\\ b", "<echo><a b>");
    then_words("echo \\$HOME \\'", "<echo><$HOME><'>");
    then_words("echo \\\\", "<echo><\\>");
    then_words("echo \"\\$ \\` \\\" \\\\ \\n\"", "<echo><$ ` \" \\ \\n>");
    then_words("echo \"a\\\nb\"", "<echo><ab>");
    then_words("echo '\\n'", "<echo><\\n>");
}

Test(words, of_the_original_file_need_no_second_shell)
{
    then_words("sh -c 'while true; do echo \"hello\"; sleep 1; done'",
               "<sh><-c><while true; do echo \"hello\"; sleep 1; done>");
}

Test(words, with_a_meaning_to_sh_go_to_sh)
{
    static const char *const commands[] = {
        "a | b", "a & b", "a; b", "a < b", "a > b", "(a)", "echo $HOME", "echo `date`", "ls *",
        "ls ?", "ls [ab]", "a # b", "ls ~", "a\nb", "{ a; }", "! a", "echo \"$HOME\"",
        "echo \"`date`\"", "A=1 camd", "_x9=1 camd", "LD= camd", "a\\\nb", "a\\",
    };

    for (size_t i = 0; i < PM_COUNT(commands); i++)
        then_shell(commands[i]);
}

Test(words, that_are_the_shells_own_go_to_sh)
{
    then_shell("exec camd -p 7000");
    then_shell("cd /tmp");
    then_shell(". /etc/profile");
    then_shell("ulimit -n 4096");
    then_words("executor", "<executor>");
    then_words("test -f x", "<test><-f><x>");
}

Test(words, of_an_assignment_count_only_when_first)
{
    then_words("env A=1 camd", "<env><A=1><camd>");
    then_words("9=1 camd", "<9=1><camd>");
    then_words("=1 camd", "<=1><camd>");
}

Test(words, of_exec_are_taken_as_they_are)
{
    const char *given[] = { "a b", "$HOME", "" };
    struct pm_spec spec = { .exec = { .at = given, .n = 3 } };
    struct pm_arena arena;
    struct pm_strs words;

    pm_arena_init(&arena, 0);
    cr_assert_eq(pm_spec_argv(&spec, &arena, &words), PM_OK);
    cr_assert_eq(words.n, 3);
    cr_expect_str_eq(words.at[1], "$HOME");
    pm_arena_fini(&arena);
}

Test(words, without_room_are_refused)
{
    struct pm_spec spec = { .command = "camd -p 7000" };
    struct pm_arena arena;
    struct pm_strs words;

    pm_arena_init(&arena, 8);
    cr_expect_eq(pm_spec_argv(&spec, &arena, &words), PM_NO_MEMORY);
    pm_arena_fini(&arena);
}

Test(words, have_faults_that_need_no_shell_to_see)
{
    cr_expect_null(pm_command_fault("camd 'a b'"));
    cr_expect_null(pm_command_fault("cat <<E\nit's\nE\n"), "only sh knows");
    cr_expect_not_null(pm_command_fault(""));
    cr_expect_not_null(pm_command_fault(" \t\n"));
    cr_expect_not_null(pm_command_fault("camd 'a b"));
    cr_expect_not_null(pm_command_fault("camd \"a b"));
    then_shell("camd 'a b"); /* whoever runs it all the same hears it from sh */
}
