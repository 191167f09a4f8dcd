/* Where the fuzzer of configurations begins: one file of each language that has every key, and
 * the keys and the marks of both languages as its dictionary.
 *
 *   seeds_config DIRECTORY DICTIONARY
 */
#include "libprocman/src/config/compile.h"
#include "libprocman/src/config/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *open_for(const char *path)
{
    FILE *file = fopen(path, "w");

    if (file == NULL) {
        perror(path);
        exit(1);
    }
    return file;
}

static void write_seed(const char *directory, const char *name, char chooser, const char *text)
{
    PM_CLEANUP(pm_free) char *path = pm_printf("%s/%s", directory, name);
    FILE *file = open_for(path);

    fputc(chooser, file);
    fputs(text, file);
    if (fclose(file) != 0)
        perror(path);
}

static char *read_example(void)
{
    static const char path[] = SOURCE_DIR "/tests/data/language.yaml";
    char *text = pm_alloc(1 << 16);
    FILE *file = fopen(path, "r");

    if (file == NULL || fread(text, 1, (1 << 16) - 1, file) == 0) {
        perror(path);
        exit(1);
    }
    fclose(file);
    return text;
}

static void write_json(const char *directory, char *fleet)
{
    struct pm_compile what = { .name = "fleet", .early = true,
                               .file = { .text = fleet, .n = strlen(fleet) } };
    struct pm_config config;
    PM_CLEANUP(pm_free) char *errors = NULL;
    PM_CLEANUP(pm_free) char *text = NULL;

    pm_assert(pm_config_compile(&what, &config, &errors) == PM_OK);
    pm_assert(pm_config_write(config.specs.at, config.specs.n, true, &text) == PM_OK);
    write_seed(directory, "fleet.json", '1', text);
    pm_config_fini(&config);
}

static void write_dictionary(const char *path)
{
    static const char *const marks[] = {
        "[", "]", "{", "}", ": ", "- ", ", ", "\\\"", "'", "|\\x0a", "#", "&", "*", "!", "---",
        "\\x0a", "true", "false", "null", "~", "\\\\u", "ms", "http://", "localhost",
    };
    FILE *file = open_for(path);

    for (size_t i = 0; i < PM_COUNT(marks); i++)
        fprintf(file, "\"%s\"\n", marks[i]);
    for (size_t i = 0; i < pm_keys_n; i++) {
        const char *dot = strchr(pm_keys[i].name, '.');
        fprintf(file, "\"%s\"\n", dot != NULL ? dot + 1 : pm_keys[i].name);
    }
    if (fclose(file) != 0)
        perror(path);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: seeds_config DIRECTORY DICTIONARY\n");
        return 2;
    }
    PM_CLEANUP(pm_free) char *fleet = read_example();
    write_seed(argv[1], "fleet.yaml", '0', fleet);
    write_json(argv[1], fleet);
    write_dictionary(argv[2]);
    return 0;
}
