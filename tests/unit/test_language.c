/* The whole language in one file: it reads, it is written, and what is written reads the same;
 * and wherever it is cut off, what is left is read or refused with a place. */
#include "config/keys.h"
#include "language.h"

#include <procman/limits.h>
#include <procman/spec.h>

#include <stdio.h>

/* tests/data/language.yaml: every key there is. */
static char *given_fleet(void)
{
    static const char path[] = SOURCE_DIR "/tests/data/language.yaml";
    char *text = pm_alloc(1 << 16);
    FILE *file = fopen(path, "r");

    cr_assert_not_null(file, "%s", path);
    cr_assert_gt(fread(text, 1, (1 << 16) - 1, file), 1000);
    fclose(file);
    return text;
}

static void then_comes_back(const struct pm_config *config, bool json)
{
    struct pm_config again = { 0 };
    char *text = NULL, *errors = NULL;

    cr_assert_eq(pm_config_write(config->specs.at, config->specs.n, json, &text), PM_OK);
    struct pm_compile what = { .name = json ? "x.json" : "x.yaml", .early = true,
                               .file = { .text = text, .n = strlen(text) } };
    cr_assert_eq(pm_config_compile(&what, &again, &errors), PM_OK, "%s\n%s", errors, text);
    cr_assert_eq(again.specs.n, config->specs.n);
    for (size_t i = 0; i < again.specs.n; i++)
        cr_expect_eq(pm_spec_hash(&again.specs.at[i]), pm_spec_hash(&config->specs.at[i]),
                     "%s:\n%s", config->specs.at[i].name, text);
    pm_config_fini(&again);
    free(text);
}

/* No key is forgotten: at the begin of a line, in a map, or in its section. */
Test(language, is_all_in_the_example)
{
    char *fleet PM_CLEANUP(pm_free) = given_fleet();

    for (size_t i = 0; i < pm_keys_n; i++) {
        const char *dot = strchr(pm_keys[i].name, '.');
        char *word = pm_printf("%s:", dot != NULL ? dot + 1 : pm_keys[i].name);
        cr_expect(strstr(fleet, word) != NULL || strcmp(word, "include:") == 0, "%s is not in "
                  "tests/data/language.yaml", pm_keys[i].name);
        free(word);
    }
}

Test(language, what_is_written_reads_the_same)
{
    char *fleet PM_CLEANUP(pm_free) = given_fleet();
    struct pm_config config = given(fleet);

    cr_assert_eq(config.specs.n, 10);
    cr_assert_eq(config.scripts.n, 2);
    for (size_t i = 0; i < config.specs.n; i++)
        cr_expect_null(pm_spec_fault(&config.specs.at[i]), "%s: %s", config.specs.at[i].name,
                       pm_spec_fault(&config.specs.at[i]));
    then_comes_back(&config, false);
    then_comes_back(&config, true);
    pm_config_fini(&config);
}

/* "f:LINE:COLUMN: error: …" first, and a count last. */
static void then_located(const char *errors, const char *text)
{
    size_t line = 0, column = 0;
    char error[8] = "";

    cr_assert_eq(sscanf(errors, "f:%zu:%zu: %6s", &line, &column, error), 3, "%s\n%s", errors,
                 text);
    cr_expect(line > 0 && column > 0 && strcmp(error, "error:") == 0, "%s", errors);
}

static void then_read_or_refused(const char *text)
{
    struct pm_config config = { 0 };
    char *errors = NULL;

    if (compile(text, &config, &errors) == PM_OK) {
        pm_config_fini(&config);
        return;
    }
    then_located(errors, text);
    free(errors);
}

Test(language, cut_off_at_any_byte_is_read_or_refused_with_a_place)
{
    char *text PM_CLEANUP(pm_free) = given_fleet();

    for (size_t n = strlen(text) - 1; n > 0; n--) {
        text[n] = '\0';
        then_read_or_refused(text);
    }
}

Test(language, with_any_byte_wrong_is_read_or_refused_with_a_place)
{
    static const char wrong[] = "[{:,'\"\t-#&*!|%@`\n\x7f\x80" "0";
    char *text PM_CLEANUP(pm_free) = given_fleet();

    for (size_t i = 0; text[i] != '\0'; i++) {
        char right = text[i];
        text[i] = wrong[i % (sizeof(wrong) - 1)];
        then_read_or_refused(text);
        text[i] = right;
    }
}

Test(language, can_be_set_key_by_key)
{
    static const struct { const char *key, *value; } rows[] = {
        { "restart.delay", "20ms" }, { "limits", "{nofile: 10}" }, { "labels", "{a: b}" },
        { "labels", "{c: d}" }, { "depends_on", "[a, g/b@r1]" }, { "nice", "-5" },
        { "nice", "" }, { "ready", "{tcp: 7000}" }, { "ready.timeout", "5s" },
        { "umask", "022" }, { "umask", "" },
    };
    struct pm_arena arena;
    struct pm_spec spec;

    pm_arena_init(&arena, 0);
    pm_spec_init(&spec);
    spec.name = "p";
    spec.group = "own";
    spec.command = "x";
    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        char *why = NULL;
        enum pm_err err = pm_config_set(&spec, rows[i].key, rows[i].value, &arena, &why);
        bool later = err != PM_OK && strstr(why, "is not supported by this version") != NULL;
        cr_expect(err == PM_OK || later, "%s: %s", rows[i].key, why);
        free(why);
    }
    cr_expect_eq(spec.restart_delay_ms, 20);
    cr_expect_null(pm_spec_fault(&spec), "%s", pm_spec_fault(&spec));
    pm_arena_fini(&arena);
}

Test(language, has_room_for_so_many_keys_and_values)
{
    size_t n = 0, size = 4 << 20;
    char *text PM_CLEANUP(pm_free) = pm_alloc(size);

    for (size_t i = 0; i <= PM_LIMIT_LIST; i++)
        n += (size_t)snprintf(text + n, size - n, "k%zu: 1\n", i);
    then_refused(text, "32769:1: this is one key too many for a map; the limit is 32768");
    n = (size_t)snprintf(text, size, "processes: [");
    for (size_t i = 0; i < PM_LIMIT_CONFIG_NODES; i++)
        n += (size_t)snprintf(text + n, size - n, "[],");
    then_refused(text, "1:900007: the file says too much: more than 300000 values are not read");
}
