/* Files with variables, as they are written for systemd, docker compose and sh. */
#include "brain/env_file.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The variables as "<A=b><C=d>", or "line 3: what is wrong". */
static void then_read(const char *text, const char *expected)
{
    char *copy = pm_strdup(text), got[4096] = "";
    struct pm_var_list list = { 0 };
    struct pm_arena arena;
    unsigned line;

    pm_arena_init(&arena, 0);
    const char *fault = env_file_parse(copy, strlen(copy), &arena, &list, &line);
    for (size_t i = 0; i < list.n && fault == NULL; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "<%s=%s>", list.at[i].name,
                 list.at[i].value);
    if (fault != NULL)
        snprintf(got, sizeof got, "%u: %s", line, fault);
    cr_expect_str_eq(got, expected, "%s\ngives %s, not %s", text, got, expected);
    pm_arena_fini(&arena);
    free(copy);
}

Test(env_file, plain_lines)
{
    then_read("", "");
    then_read("A=b", "<A=b>");
    then_read("A=b\nC=d e\n", "<A=b><C=d e>");
    then_read("A=\nB=  x y \t\r\n", "<A=><B=x y>");
    then_read("export A=b\nexport=c\nexported=d", "<A=b><export=c><exported=d>");
    then_read("  A_1.x-y=b=c\n", "<A_1.x-y=b=c>");
    then_read("A=1\nA=2", "<A=1><A=2>");
    then_read("\xef\xbb\xbf""A=b", "<A=b>");
    then_read("P=$HOME ${X} `y` \\n {name}", "<P=$HOME ${X} `y` \\n {name}>");
}

Test(env_file, comments)
{
    then_read("# A=b\n; C=d\n\n   \n  # x\nE=f", "<E=f>");
    then_read("A=b # c\nD=#e\nF=g#h\nI=j\t#k", "<A=b><D=><F=g#h><I=j>");
    then_read("A='b # c' # d", "<A=b # c>");
}

Test(env_file, quotes)
{
    then_read("A='b c'\nD=\"e f\"  \n", "<A=b c><D=e f>");
    then_read("A='\\n$x\"'", "<A=\\n$x\">");
    then_read("A=\"\\n\\t\\\"\\\\\\$\\`\\x\"", "<A=\n\t\"\\$`\\x>");
    then_read("A='one\ntwo'\nB=\"x\ny\\\nz\"\nC=d", "<A=one\ntwo><B=x\nyz><C=d>");
    then_read("A=it's", "<A=it's>");
    then_read("A=\"\"\nB=''", "<A=><B=>");
}

Test(env_file, what_is_wrong_has_its_line)
{
    then_read("A=b\nC", "2: not a line NAME=VALUE");
    then_read("A =b", "1: not a line NAME=VALUE");
    then_read("=b", "1: not a line NAME=VALUE");
    then_read("1A=b", "1: not a line NAME=VALUE");
    then_read("set A=b", "1: not a line NAME=VALUE");
    then_read("A='one\ntwo'\n\nB=\"x", "4: a quote is opened and never closed");
    then_read("A=\"x\\", "1: a quote is opened and never closed");
    then_read("A=b\nC='d'e", "2: something follows the closing quote");
    then_read("A=\xff", "1: it is not text in UTF-8");
}

/* No byte behind its end is read: the sanitizers would say so. */
Test(env_file, every_beginning_of_one_gives_an_answer)
{
    static const char all[] = "\xef\xbb\xbf# a\nexport A=b # c\r\nD=\"e\\\nf\\n\\x\" #\n;\n"
                              "G='h\ni'\n";

    for (size_t n = 0; n < sizeof all; n++) {
        char *text = pm_alloc(n + 1);
        struct pm_var_list list;
        struct pm_arena arena;
        unsigned line;
        memcpy(text, all, n);
        pm_arena_init(&arena, 0);
        const char *fault = env_file_parse(text, n, &arena, &list, &line);
        cr_expect(line >= 1 && line <= 8, "%zu bytes: line %u", n, line);
        cr_expect(fault != NULL || list.n <= 3, "%zu bytes", n);
        pm_arena_fini(&arena);
        free(text);
    }
}
