/* Imports, from inside: how each tool's command lines are taken apart and put together again, and
 * who waits for whom. Whole files are in tests/e2e/import. */
#include "procmanctl/import/kinds.h"
#include "procmanctl/import/words.h"

#include <criterion/criterion.h>
#include <procman/spec.h>

#include <stdlib.h>
#include <string.h>

static const char *content;
static struct import *im;

static char *read_content(const char *path, size_t *n, char **directory, char **why)
{
    (void)path;
    (void)why;
    *n = strlen(content);
    *directory = pm_strdup("/srv");
    return pm_strdup(content);
}

static char *match_itself(const char *pattern)
{
    return pm_strdup(pattern);
}

static const struct import_files files = { read_content, match_itself };

static void begin(void)
{
    im = pm_alloc(sizeof(*im));
    import_init(im, &files);
}

static void end(void)
{
    import_fini(im);
    free(im);
}

TestSuite(import, .init = begin, .fini = end);

static void given_file(const char *kind, const char *name, const char *text)
{
    content = text;
    struct source *source = import_open(im, name, NULL);
    const struct kind *found = kind_find(kind);
    cr_assert(source != NULL && found != NULL);
    cr_assert(found->read(im, source), "%s", im->fault);
}

static void when_finished(void)
{
    for (size_t i = 0; i < kinds_n; i++)
        if (kinds[i].finish != NULL)
            kinds[i].finish(im);
    import_finish(im);
}

static const struct pm_spec *spec_of(const char *name)
{
    size_t i = 0;

    while (i < im->processes_n && strcmp(im->processes[i]->spec.name, name) != 0)
        i++;
    cr_assert_lt(i, im->processes_n, "%s is not there", name);
    return &im->processes[i]->spec;
}

static bool is_left(const char *what)
{
    for (size_t i = 0; i < im->left_n; i++)
        if (strstr(im->left[i].text, what) != NULL)
            return true;
    return false;
}

/* ---- words ---- */

/* The words with a '|' after each; a variable loose is <X>, tight is [X]. */
static const char *split(const char *line, enum quoting quoting)
{
    struct words words = { 0 };
    struct text text = { 0 };
    const char *fault = words_split(im, line, quoting, &words);

    for (size_t i = 0; fault == NULL && i < words.n; i++)
        text_print(&text, "%s|", words.at[i]);
    free(words.at);
    for (char *at = text.at; at != NULL && *at != '\0'; at++) {
        char mark = *at;
        *at = mark == VARIABLE_LOOSE ? '<' : mark == VARIABLE_TIGHT ? '[' :
              mark == VARIABLE_END ? '>' : mark;
    }
    const char *kept = fault != NULL ? fault : import_str(im, text_get(&text), text.n);
    free(text.at);
    return kept;
}

Test(import, takes_words_apart_as_each_tool_does)
{
    static const struct { enum quoting quoting; const char *line, *words; } rows[] = {
        { QUOTING_SHELL, "", "" },
        { QUOTING_SHELL, "  a \t b\n", "a|b|" },
        { QUOTING_SHELL, "a'b c'd \"e f\"", "ab cd|e f|" },
        { QUOTING_SHELL, "'' \"\"", "||" },
        { QUOTING_SHELL, "a\\ b 'c\\d' \"e\\\"f\\g\\\\\"", "a b|c\\d|e\"f\\g\\|" },
        { QUOTING_SHELL, "end\\", "end\\|" },
        { QUOTING_SHELL, "a | b > c", "a|||b|>|c|" },
        { QUOTING_SHELL, "\x01X\x02 \"\x01Y\x02\"", "<X>|[Y>|" },
        { QUOTING_SHELL, "'open", "a quote is not closed" },
        { QUOTING_SYSTEMD, "a'b c'd", "a'b|c'd|" },
        { QUOTING_SYSTEMD, "'a b' \"c 'd\"", "a b|c 'd|" },
        { QUOTING_SYSTEMD, "a\\x20b \\101 '\\t' \\q \\s", "a b|A|\t|\\q| |" },
        { QUOTING_SYSTEMD, "\\x01 \\xff \\x2", "\\x01|\\xff|\\x2|" },
        { QUOTING_SYSTEMD, "\"open", "a quote is not closed" },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        cr_expect_str_eq(split(rows[i].line, rows[i].quoting), rows[i].words, "row %zu", i);
}

static const struct pm_spec *run(const char *line)
{
    content = "";
    struct source *source = import_open(im, "file", NULL);
    struct setting at = { .source = source, .line = 1, .name = "exec", .value = line };
    struct process *process = import_process(im, &at, "p");
    struct words words = { 0 };

    cr_assert_null(words_split(im, line, QUOTING_SHELL, &words));
    words_run(im, process, &at, &words);
    free(words.at);
    return &process->spec;
}

Test(import, writes_a_line_only_where_it_means_the_same_words)
{
    static const char *const lines[] = { "sleep 5", "/bin/x --a=b c:d", "true" };
    static const char *const lists[] = { "echo 'a b'", "echo \\*", "cd /tmp", "A=1 b", "echo ~",
                                         "if x", "echo ''", "echo a\\|b", "exec x" };

    for (size_t i = 0; i < PM_COUNT(lines); i++)
        cr_expect_str_eq(run(lines[i])->command, lines[i]);
    for (size_t i = 0; i < PM_COUNT(lists); i++) {
        const struct pm_spec *spec = run(lists[i]);
        cr_expect(*spec->command == '\0' && spec->exec.n > 0, "%s", lists[i]);
    }
}

Test(import, takes_a_shell_only_where_a_value_is_split)
{
    static const struct { const char *words, *line; } rows[] = {
        { "a \x01X\x02", "exec a ${X}" },
        { "a '*' \x01X\x02/e 'f g'\x01Y\x02", "exec a '*' ${X}/e 'f g'${Y}" },
        { "a 'it'\"'\"'s' \x01X\x02", "exec a 'it'\\''s' ${X}" },
        { "\x01X\x02\"\x01Y\x02 z\"", "exec ${X}\"${Y}\"' z'" },
        { "a \"\x01X\x02 \\$b\" \x01Y\x02", "exec a \"${X} \\$b\" ${Y}" },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        cr_expect_str_eq(run(rows[i].words)->command, rows[i].line, "row %zu: %s", i,
                         im->processes[i]->spec.command);
}

Test(import, has_the_deputy_fill_in_the_other_variables_and_nothing_else)
{
    static const struct { const char *words, *word; } rows[] = {
        { "a '\x01X\x02'", "${X}" },
        { "a \"$b `c` \x01X\x02\"", "$b `c` ${X}" },
        { "a '$$ ${X} $5 $'", "$$$ $${X} $5 $" },
        { "a '$$${X}'", "$$$$$${X}" },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        const struct pm_spec *spec = run(rows[i].words);
        cr_assert_eq(spec->exec.n, 2);
        cr_expect_str_eq(spec->exec.at[1], rows[i].word, "row %zu", i);
    }
}

/* ---- order ---- */

static void given_chain(size_t n, bool closed)
{
    struct text text = { 0 };

    text_str(&text, "processes:\n");
    for (size_t i = 0; i < n; i++) {
        text_print(&text, "  p%zu: {command: x", i);
        if (i > 0 || closed)
            text_print(&text, ", depends_on: {p%zu: {condition: process_started}}",
                       i > 0 ? i - 1 : n - 1);
        text_str(&text, "}\n");
    }
    given_file("process-compose", "chain.yaml", text.at);
    free(text.at);
}

Test(import, breaks_a_circle_at_one_edge)
{
    given_chain(5, true);
    when_finished();
    size_t broken = 0;
    for (size_t i = 0; i < im->left_n; i++)
        broken += strstr(im->left[i].text, "already waits for") != NULL;
    cr_expect_eq(broken, 1);
}

Test(import, follows_a_long_chain, .timeout = 30)
{
    given_chain(20000, false);
    when_finished();
    cr_expect_eq(im->processes_n, 20000);
    cr_expect_not(is_left("already waits for"));
}

/* ---- files ---- */

Test(import, gives_up_where_files_include_one_another)
{
    content = "[circus]\ninclude = a.ini\n[watcher:w]\ncmd = x\n";
    struct source *source = import_open(im, "a.ini", NULL);

    cr_expect_not(circus_read(im, source));
    cr_expect_not_null(strstr(im->fault, "do they include one another?"));
}

Test(import, keeps_the_first_of_two_with_one_name)
{
    given_file("procfile", "Procfile", "a: first\n");
    given_file("procfile", "Procfile.more", "a: second\n");
    when_finished();
    cr_expect_eq(im->processes_n, 1);
    cr_expect_str_eq(spec_of("a")->command, "first");
    cr_expect(is_left("Procfile.more:1: process a: the command = second is not carried over: "
                      "there is one of that name already, from Procfile:1"));
}

Test(import, lists_what_the_language_refuses_with_its_own_words)
{
    given_file("supervisord", "s.conf", "[program:a]\ncommand=a\nstopsignal=LOUD\n");
    when_finished();
    cr_expect(is_left("s.conf:3: program a: stopsignal = LOUD is not carried over: "));
    cr_expect_eq(spec_of("a")->stop_signal, 15);
}

Test(import, leaves_who_cannot_be_many)
{
    given_file("supervisord", "s.conf",
               "[program:a23456789012345678901234567890123456789012345678901234567890"
               "123456789012345678]\ncommand=a\nnumprocs=3\n[program:b]\ncommand=b\nnumprocs=3\n");
    when_finished();
    cr_expect_eq(im->processes_n, 1);
    cr_expect_eq(spec_of("b")->instances, 3);
    cr_expect(is_left("its name is too long for instances"));
}
