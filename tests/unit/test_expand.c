/* Which variable is meant, and what a spec becomes on this machine. */
#include "brain/expand.h"
#include "brain/inside.h"

#include <criterion/criterion.h>
#include <procman/spec.h>

#include <stdio.h>
#include <string.h>

static const char *file_text; /* NULL: there is none */

static const char *read_file(void *self, const char *path, struct pm_arena *arena, char **out,
                             size_t *out_n, char *text, size_t size)
{
    (void)self;
    (void)text;
    (void)size;
    if (file_text == NULL || strcmp(path, "/etc/cam.env") != 0)
        return "No such file or directory";
    *out_n = strlen(file_text);
    *out = pm_arena_get(arena, *out_n + 1);
    memcpy(*out, file_text, *out_n + 1);
    return NULL;
}

static const char *variable(void *self, const char *name)
{
    (void)self;
    return strcmp(name, "PATH") == 0 ? "/bin" : strcmp(name, "HOME") == 0 ? "/root" : NULL;
}

static const struct brain_port port = { .read_file = read_file, .variable = variable };
static char name[] = "rig";
static struct brain brain = { .name = name, .port = &port };
static struct pm_arena arena;
static char why[160];

static struct pm_spec given(struct pm_var *env, size_t n)
{
    struct pm_spec spec;

    pm_arena_init(&arena, 0);
    pm_spec_init(&spec);
    spec.name = "cam";
    spec.env = (struct pm_var_list){ env, n };
    return spec;
}

static const char *expand(const struct pm_spec *spec, struct pm_spec *out)
{
    struct brain_ids ids = { .name = "robot", .home = "/home/robot", .shell = "/bin/sh" };

    return expand_spec(&brain, spec, &ids, &arena, out, why, sizeof why);
}

static const char *value_of(const struct pm_spec *spec, const char *wanted)
{
    for (size_t i = spec->env.n; i-- > 0;)
        if (strcmp(spec->env.at[i].name, wanted) == 0)
            return spec->env.at[i].value;
    return "(none)";
}

Test(expand, variables_name_each_other_in_any_order)
{
    struct pm_var env[] = { { "A", "a${B}" }, { "B", "b${C}${HOME}" }, { "C", "c" },
                            { "PATH", "/opt:${PATH}" } };
    struct pm_spec spec = given(env, PM_COUNT(env)), here;

    cr_assert_null(expand(&spec, &here), "%s", why);
    cr_expect_str_eq(value_of(&here, "A"), "abc/home/robot");
    cr_expect_str_eq(value_of(&here, "PATH"), "/opt:/bin");
    cr_expect_str_eq(value_of(&here, "USER"), "robot");
    pm_arena_fini(&arena);
}

Test(expand, a_circle_ends_outside)
{
    struct pm_var env[] = { { "A", "a${B}" }, { "B", "b${A}" }, { "C", "${C:-none}" } };
    struct pm_spec spec = given(env, PM_COUNT(env)), here;

    spec.env_file = "/etc/cam.env";
    file_text = "A=1\n";
    cr_assert_null(expand(&spec, &here), "%s", why);
    cr_expect_str_eq(value_of(&here, "A"), "ab1");
    cr_expect_str_eq(value_of(&here, "C"), "none");
    pm_arena_fini(&arena);
}

Test(expand, a_long_chain_is_refused)
{
    static char names[1000][8], values[1000][16];
    static struct pm_var env[1000];

    for (int i = 0; i < 1000; i++) {
        snprintf(names[i], sizeof names[i], "V%03d", i);
        snprintf(values[i], sizeof values[i], "${V%03d}", i + 1);
        env[i] = (struct pm_var){ names[i], values[i] };
    }
    struct pm_spec spec = given(env, PM_COUNT(env)), here;
    const char *fault = expand(&spec, &here);

    cr_assert_not_null(fault);
    cr_expect_str_eq(fault, "its variables name each other too deeply");
    pm_arena_fini(&arena);
}

/* Each twice the one before: 2^30 bytes, if they were made. */
Test(expand, what_grows_and_grows_is_refused)
{
    static char names[30][8], values[30][24];
    static struct pm_var env[30];

    for (int i = 0; i < 30; i++) {
        snprintf(names[i], sizeof names[i], "V%03d", i);
        snprintf(values[i], sizeof values[i], "${V%03d}${V%03d}", i + 1, i + 1);
        env[i] = (struct pm_var){ names[i], values[i] };
    }
    env[29].value = "xx";
    struct pm_spec spec = given(env, PM_COUNT(env)), here;
    const char *fault = expand(&spec, &here);

    cr_assert_not_null(fault);
    cr_expect_str_eq(fault, "filled in it is longer than 65536 bytes");
    pm_arena_fini(&arena);
}

Test(expand, a_file_that_is_not_there_is_told)
{
    struct pm_spec spec = given(NULL, 0), here;

    spec.env_file = "/etc/{name}.env";
    file_text = NULL;
    cr_expect_str_eq(expand(&spec, &here), "env_file /etc/cam.env: No such file or directory");
    file_text = "A=1\n\nB";
    cr_expect_str_eq(expand(&spec, &here), "env_file /etc/cam.env:3: not a line NAME=VALUE");
    file_text = "A=1";
    cr_assert_null(expand(&spec, &here), "%s", why);
    cr_expect_str_eq(value_of(&here, "A"), "1");
    pm_arena_fini(&arena);
}
