/* Any bytes as a configuration: the first one says whether the rest is JSON or YAML. Keys that
 * nothing heeds yet are read, too.
 *
 * Nothing may crash; every refusal is a report whose first error has a place in the file; and
 * what loads must be sane, and load to the same specs after it was written in either language.
 */
#include "libprocman/src/config/compile.h"

#include <procman/spec.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static enum pm_err parse(const char *name, const void *text, size_t n, struct pm_config *out,
                         char **errors)
{
    struct pm_compile what = { .name = name, .early = true, .file = { .n = n } };

    what.file.text = (char *)(uintptr_t)text;
    return pm_config_compile(&what, out, errors);
}

static void then_located(const char *name, const char *errors)
{
    size_t line = 0, column = 0;
    char error[8] = "";

    pm_assert(strncmp(errors, name, strlen(name)) == 0);
    pm_assert(sscanf(errors + strlen(name), ":%zu:%zu: %6s", &line, &column, error) == 3);
    pm_assert(line > 0 && column > 0 && strcmp(error, "error:") == 0);
}

static void then_comes_back(const struct pm_config *config, bool json)
{
    struct pm_config again = { 0 };
    char *text = NULL, *errors = NULL;

    pm_assert(pm_config_write(config->specs.at, config->specs.n, json, &text) == PM_OK);
    enum pm_err err = parse(json ? "x.json" : "x.yaml", text, strlen(text), &again, &errors);
    pm_assert(err == PM_OK);
    pm_assert(again.specs.n == config->specs.n);
    for (size_t i = 0; i < again.specs.n; i++)
        pm_assert(pm_spec_hash(&again.specs.at[i]) == pm_spec_hash(&config->specs.at[i]));
    pm_config_fini(&again);
    free(text);
}

static void then_runnable(const struct pm_spec *spec)
{
    struct pm_arena arena;
    struct pm_strs words = { 0 };

    pm_assert(pm_spec_fault(spec) == NULL);
    pm_arena_init(&arena, 0);
    pm_assert(pm_spec_argv(spec, &arena, &words) == PM_OK && words.n > 0);
    pm_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const char *name = n > 0 && (bytes[0] & 1) != 0 ? "f.json" : "f.yaml";
    struct pm_config config = { 0 };
    char *errors = NULL;

    if (n == 0)
        return 0;
    if (parse(name, bytes + 1, n - 1, &config, &errors) != PM_OK) {
        then_located(name, errors);
        free(errors);
        return 0;
    }
    for (size_t i = 0; i < config.specs.n; i++)
        then_runnable(&config.specs.at[i]);
    then_comes_back(&config, false);
    then_comes_back(&config, true);
    pm_config_fini(&config);
    return 0;
}
