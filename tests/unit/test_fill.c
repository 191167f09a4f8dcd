/* What is put in place of variables and placeholders, and what is left as it stands. */
#include <procman/fill.h>

#include <criterion/criterion.h>
#include <procman/limits.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum pm_err variable(void *self, const char *name, const char **out)
{
    static const char *const all[][2] = {
        { "PORT", "7000" }, { "EMPTY", "" }, { "WORDS", "two words" }, { "MONEY", "$PORT ${PORT}" },
        { "name", "a variable" },
    };

    (void)self;
    *out = NULL;
    for (size_t i = 0; i < PM_COUNT(all); i++)
        if (strcmp(all[i][0], name) == 0)
            *out = all[i][1];
    return PM_OK;
}

static char why[160];

static struct pm_fill given(const char *name, const char *group)
{
    why[0] = '\0';
    return (struct pm_fill){ .name = name, .host = "rig1", .group = group, .index = 3,
                             .variable = variable, .why = why, .size = sizeof why };
}

static void then_text(const char *text, const char *expected)
{
    struct pm_fill fill = given("cam:3", "drivers/cameras");
    struct pm_arena arena;
    const char *got = "";

    pm_arena_init(&arena, 0);
    cr_expect_eq(pm_fill_text(&fill, text, &arena, &got), PM_OK, "%s: %s", text, why);
    cr_expect_str_eq(got, expected, "%s gives %s, not %s", text, got, expected);
    cr_expect_null(pm_fill_fault(text), "%s", text);
    pm_arena_fini(&arena);
}

static void then_refused(const char *text, const char *sentence, bool beforehand)
{
    struct pm_fill fill = given("cam", "");
    struct pm_arena arena;
    const char *got;

    pm_arena_init(&arena, 0);
    cr_expect_eq(pm_fill_text(&fill, text, &arena, &got), PM_USAGE, "%s", text);
    cr_expect_str_eq(why, sentence);
    cr_expect_eq(pm_fill_fault(text) != NULL, beforehand, "%s", text);
    pm_arena_fini(&arena);
}

static void then_line(const char *name, const char *line, const char *expected)
{
    struct pm_fill fill = given(name, "");
    struct pm_arena arena;
    const char *got = "";

    pm_arena_init(&arena, 0);
    cr_expect_eq(pm_fill_line(&fill, line, &arena, &got), PM_OK, "%s: %s", line, why);
    cr_expect_str_eq(got, expected, "%s gives %s, not %s", line, got, expected);
    pm_arena_fini(&arena);
}

Test(fill, variables)
{
    then_text("", "");
    then_text("-p", "-p");
    then_text("${PORT}", "7000");
    then_text("tcp://x:${PORT}/${PORT}", "tcp://x:7000/7000");
    then_text("${WORDS}!", "two words!");
    then_text("a${NONE}b${EMPTY}c", "abc");
    then_text("${name}", "a variable");
    then_text("${MONEY}", "$PORT ${PORT}"); /* what is filled in is not looked at again */
}

Test(fill, variables_that_may_be_missing)
{
    then_text("${PORT:-1}", "7000");
    then_text("${NONE:-1}${EMPTY:-2}", "12");
    then_text("${NONE:-}", "");
    then_text("${NONE:-${PORT}}", "7000");
    then_text("${NONE:-${EMPTY:-a${PORT}b}}c", "a7000bc");
    then_text("${NONE:-{name}}", "cam:3");
    then_text("${NONE:-{\"a\": {\"b\": 1}}}", "{\"a\": {\"b\": 1}}");
    then_text("${PORT:?which}", "7000");
    then_refused("${NONE:?which port?}", "NONE is not set: which port?", false);
    then_refused("x${EMPTY:?}", "EMPTY is not set", false);
    then_refused("${NONE:-${EMPTY:?deep}}", "EMPTY is not set: deep", false);
}

Test(fill, dollars_that_are_none_of_these)
{
    then_text("$5 $PORT $ $(x) a$", "$5 $PORT $ $(x) a$");
    then_text("$$", "$");
    then_text("$$PORT $${PORT} $$$${PORT}", "$PORT ${PORT} $${PORT}");
    then_text("$$$PORT", "$$PORT");
    then_text("$${name}", "${name}");
}

Test(fill, what_cannot_be_understood_is_said_beforehand)
{
    static const char known[] = "after '${' comes VAR}, VAR:-text} or VAR:?text}; write $$ for a "
                                "'$' itself";
    static const char open[] = "a '${' is never closed with '}'; write $$ for a '$' itself";

    then_refused("${}", known, true);
    then_refused("${1}", known, true);
    then_refused("${PORT%7}", known, true);
    then_refused("${PORT-7}", known, true);
    then_refused("${PORT:+7}", known, true);
    then_refused("${a b}", known, true);
    then_refused("${PORT", open, true);
    then_refused("a ${PORT:-b", open, true);
    then_refused("${NONE:-${PORT}", open, true);
    then_refused("${NONE:-${PORT%}}", known, true);
}

Test(fill, placeholders_and_all_other_braces)
{
    then_text("{name}@{host} {group} {index}", "cam:3@rig1 drivers/cameras 3");
    then_text("{{name}} {names} {Name} { name } {} { }", "{{name}} {names} {Name} { name } {} { }");
    then_text("{\"name\": \"{name}\"}", "{\"name\": \"cam:3\"}");
    then_text("{{.Names}} {%x%} {0}", "{{.Names}} {%x%} {0}");
}

Test(fill, nesting_and_length_are_bounded)
{
    struct pm_fill fill = given("cam", "");
    static char text[PM_LIMIT_STRING * 2];
    struct pm_arena arena;
    const char *got;

    pm_arena_init(&arena, 0);
    for (int i = 0; i < 20; i++)
        strcat(text, "${NONE:-");
    for (int i = 0; i < 20; i++)
        strcat(text, "}");
    cr_expect_eq(pm_fill_text(&fill, text, &arena, &got), PM_USAGE);
    cr_expect_str_eq(why, "'${' is nested too deeply");
    memset(text, '{', sizeof text - 1);
    cr_expect_eq(pm_fill_text(&fill, text, &arena, &got), PM_LIMIT);
    cr_expect_str_eq(why, "filled in it is longer than 65536 bytes");
    pm_arena_fini(&arena);
}

Test(fill, a_line_for_sh_keeps_every_dollar)
{
    then_line("cam", "LD=1 camd -p ${CAM_PORT}", "LD=1 camd -p ${CAM_PORT}");
    then_line("cam", "echo $$ ${name} $${x} ${a%b} {x}", "echo $$ ${name} $${x} ${a%b} {x}");
    then_line("cam", "camd --name {name} -n{index}", "camd --name cam -n3");
    then_line("cam", "echo '{\"name\": 1}' {{name}}", "echo '{\"name\": 1}' {{name}}");
}

Test(fill, what_comes_into_a_line_is_one_word_there)
{
    then_line("left cam", "camd {name}", "camd 'left cam'");
    then_line("left cam", "camd '{name}' \"{name}\"", "camd 'left cam' \"left cam\"");
    then_line("it's", "a {name} '{name}' \"{name}\"", "a 'it'\\''s' 'it'\\''s' \"it's\"");
    then_line("$(x) `y` \"\\", "a '{name}'", "a '$(x) `y` \"\\'");
    then_line("$(x) `y` \"\\", "a \"{name}\"", "a \"\\$(x) \\`y\\` \\\"\\\\\"");
    then_line("a b", "echo \\' {name} \\\" {name}", "echo \\' 'a b' \\\" 'a b'");
    then_line("a b", "echo \"\\\"\" {name} '\\' {name}", "echo \"\\\"\" 'a b' '\\' 'a b'");
    then_line("cam", "x --group={group}", "x --group=''");
}

/* No byte behind its end is read: the sanitizers would say so. */
Test(fill, every_beginning_of_a_text_gives_an_answer)
{
    static const char all[] = "a$$b$${c}${PORT}{name}{{x}}${NONE:-${EMPTY:-{index}}}"
                              "${NONE:?no}'\\\"{group}";
    struct pm_fill fill = given("it's", "a b");

    for (size_t n = 0; n < sizeof all; n++) {
        char *text = pm_alloc(n + 1);
        struct pm_arena arena;
        const char *got, *fault;
        memcpy(text, all, n);
        pm_arena_init(&arena, 0);
        fault = pm_fill_fault(text);
        cr_expect(fault == NULL || pm_fill_text(&fill, text, &arena, &got) == PM_USAGE, "%s", text);
        cr_expect_eq(pm_fill_line(&fill, text, &arena, &got), PM_OK, "%s", text);
        pm_arena_fini(&arena);
        free(text);
    }
}
