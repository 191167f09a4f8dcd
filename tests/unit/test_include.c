/* One configuration in many files: what `include` finds, and the words for what goes wrong,
 * each with the place in the file where it stands. */
#include <criterion/criterion.h>
#include <procman/config.h>
#include <procman/limits.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char room[] = "/tmp/procman-include-XXXXXX";

static void given_file(const char *name, const char *text)
{
    char *path PM_CLEANUP(pm_free) = pm_printf("%s/%s", room, name);
    FILE *file = fopen(path, "w");

    cr_assert_not_null(file, "%s", path);
    fputs(text, file);
    cr_assert_eq(fclose(file), 0);
}

static void given_room(void)
{
    cr_assert_not_null(mkdtemp(room));
    cr_assert_eq(chdir(room), 0);
    cr_assert_eq(mkdir("conf.d", 0700), 0);
}

static void clear_room(void)
{
    char *command PM_CLEANUP(pm_free) = pm_printf("rm -r '%s'", room);

    cr_assert_eq(chdir("/"), 0);
    cr_assert_eq(system(command), 0);
}

TestSuite(include, .init = given_room, .fini = clear_room);

static struct pm_config loaded(const char *path)
{
    struct pm_config config = { 0 };
    char *errors = NULL;

    cr_assert_eq(pm_config_load(path, &config, &errors), PM_OK, "%s", errors);
    return config;
}

static void then_refused(const char *path, const char *report)
{
    struct pm_config config;
    char *errors PM_CLEANUP(pm_free) = NULL;

    cr_assert_eq(pm_config_load(path, &config, &errors), PM_BAD_CONFIG);
    cr_expect_str_eq(errors, report);
}

static const struct pm_spec *named(const struct pm_config *config, const char *name)
{
    for (size_t i = 0; i < config->specs.n; i++)
        if (strcmp(config->specs.at[i].name, name) == 0)
            return &config->specs.at[i];
    cr_assert_fail("%s", name);
    return NULL;
}

Test(include, all_files_are_one)
{
    given_file("fleet.yaml", "include: [conf.d/*.yaml, more.json]\n"
                             "defaults: {working_dir: /opt}\n"
                             "processes:\n  - {name: a, command: x}\n");
    given_file("conf.d/20.yaml", "deputies: [r2]\nprocesses: [{name: c, group: g, command: x}]\n");
    given_file("conf.d/10.yaml", "deputies: [r1]\ngroups: {g: {stop: {signal: INT}}}\n");
    given_file("more.json", "{\"include\": [\"conf.d/deep/*.yaml\"],\n"
                            " \"processes\": [{\"name\": \"b\", \"command\": \"x\"}]}\n");
    struct pm_config config = loaded("fleet.yaml");

    cr_assert_eq(config.specs.n, 3);
    cr_expect_str_eq(named(&config, "b")->working_dir, "/opt");
    cr_expect_eq(named(&config, "c")->stop_signal, 2);
    cr_expect_str_eq(named(&config, "a")->origin, "fleet.yaml:4");
    cr_expect_str_eq(named(&config, "c")->origin, "conf.d/20.yaml:2");
    cr_assert_eq(config.deputies.n, 2);
    cr_expect_str_eq(config.deputies.at[0], "r1", "in the order of the files' names");
    pm_config_fini(&config);
}

Test(include, is_relative_to_the_file_in_which_it_stands)
{
    char *path PM_CLEANUP(pm_free) = pm_printf("%s/fleet.yaml", room);

    given_file("fleet.yaml", "include: [conf.d/one.yaml]\nprocesses: []\n");
    given_file("conf.d/one.yaml", "include: [two.yaml]\n");
    given_file("conf.d/two.yaml", "processes: [{name: a, command: x}]\n");
    cr_assert_eq(chdir("/"), 0);
    struct pm_config config = loaded(path);
    cr_expect_eq(config.specs.n, 1);
    pm_config_fini(&config);
}

Test(include, of_what_is_not_there_is_told)
{
    given_file("fleet.yaml", "include:\n  - none.yaml\n  - conf.d/none*.yaml\n  - conf.d\n  - []\n"
                             "processes: []\n");
    then_refused("fleet.yaml",
                 "fleet.yaml:2:5: error: include 'none.yaml': there is no such file\n"
                 "      - none.yaml\n        ^\n"
                 "fleet.yaml:4:5: error: include 'conf.d' cannot be read: it is not a file\n"
                 "      - conf.d\n        ^\n"
                 "fleet.yaml:5:5: error: include is a list; expected a file or a pattern such as "
                 "conf.d/*.yaml\n      - []\n        ^\n"
                 "fleet.yaml: 3 errors\n");
}

Test(include, of_itself_is_told_with_the_way)
{
    given_file("a.yaml", "include: [b.yaml]\nprocesses: []\n");
    given_file("b.yaml", "include: [./a.yaml]\n");
    then_refused("a.yaml", "b.yaml:1:11: error: a file cannot include itself: "
                           "a.yaml → b.yaml → a.yaml\n    include: [./a.yaml]\n              ^\n"
                           "a.yaml: 1 error\n");
}

Test(include, of_one_file_in_two_ways_is_told)
{
    given_file("a.yaml", "include: [b.yaml, conf.d/../b.yaml]\nprocesses: []\n");
    given_file("b.yaml", "deputies: [r1]\n");
    then_refused("a.yaml", "a.yaml:1:19: error: include of 'b.yaml' is there twice; the first is "
                           "on line 1\n    include: [b.yaml, conf.d/../b.yaml]\n"
                           "                      ^\na.yaml: 1 error\n");
}

Test(include, errors_stand_in_the_file_in_which_they_are)
{
    given_file("a.yaml", "include: [b.yaml, c.json]\ndefaults: {autostart: maybe}\n"
                         "processes:\n  - {name: p, command: x}\n");
    given_file("b.yaml", "\ndefaults: {}\nprocesses:\n  - {name: p, command: x, colour: red}\n");
    given_file("c.json", "{\"processes\": [}\n");
    then_refused("a.yaml",
                 "c.json:1:16: error: this is not JSON: expected a value: text in double quotes, a "
                 "decimal number, true, false, null, [ or {\n    {\"processes\": [}\n"
                 "                   ^\na.yaml: 1 error\n");
    given_file("c.json", "{}");
    then_refused("a.yaml",
                 "a.yaml:2:23: error: autostart of defaults is 'maybe': not a boolean; write true "
                 "or false\n    defaults: {autostart: maybe}\n                          ^\n"
                 "b.yaml:2:1: error: key 'defaults' is there twice; the first is at a.yaml:2\n"
                 "    defaults: {}\n    ^\n"
                 "b.yaml:4:5: error: process 'p' is there twice; the first is at a.yaml:4\n"
                 "      - {name: p, command: x, colour: red}\n        ^\n"
                 "b.yaml:4:27: error: unknown key 'colour' in process 'p'\n"
                 "      - {name: p, command: x, colour: red}\n"
                 "                              ^\n"
                 "a.yaml: 4 errors\n");
}

Test(include, is_bounded_as_one_file_is)
{
    char *large PM_CLEANUP(pm_free) = pm_alloc((3 << 20) + 1);
    char *report PM_CLEANUP(pm_free) = pm_printf(
        "a.yaml:1:19: error: all files together have more than %d bytes, or are more than %d\n"
        "    include: [b.yaml, c.yaml]\n                      ^\na.yaml: 1 error\n",
        PM_LIMIT_CONFIG_FILE, PM_LIMIT_CONFIG_FILES);

    memset(large, '#', 3 << 20);
    memcpy(large, "{}\n", 3);
    given_file("a.yaml", "include: [b.yaml, c.yaml]\nprocesses: []\n");
    given_file("b.yaml", large);
    given_file("c.yaml", large);
    then_refused("a.yaml", report);
}

Test(include, needs_a_file_to_stand_in)
{
    static const char text[] = "include: [a.yaml]\nprocesses: []\n";
    struct pm_config config;
    char *errors PM_CLEANUP(pm_free) = NULL;

    cr_assert_eq(pm_config_parse("f", text, strlen(text), &config, &errors), PM_BAD_CONFIG);
    cr_expect_not_null(strstr(errors, "f:1:11: error: include 'a.yaml': only a file can include "
                                      "files\n"), "%s", errors);
}
