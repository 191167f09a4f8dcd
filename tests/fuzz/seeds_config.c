/* Where the fuzzer of configurations begins: one file of each language that has every key, and
 * the keys and the marks of both languages as its dictionary.
 *
 *   seeds_config DIRECTORY DICTIONARY
 */
#include "libprocman/src/config/keys.h"

#include <procman/config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char fleet[] =
    "deputies: [a, {name: b}, 'http://c:8000']\n"
    "defaults: {working_dir: /tmp, env: {A: '1'}}\n"
    "groups: {g/h: {env: {B: x}, stop: {signal: INT, timeout: 1m30s}}}\n"
    "processes:\n"
    "  - name: p\n"
    "    group: g/h/i\n"
    "    host: a\n"
    "    command: \"echo 'a b' \\\"c\\\" $D\"\n"
    "    autostart: false\n"
    "    auto_restart: on-failure\n"
    "    restart: {delay: 20ms, max_delay: 2, factor: 1.5, jitter: 0.25, settle: 1h,\n"
    "              max_failures: 3, success_codes: [0, 3]}\n"
    "    run_as: {user: u, group: v}\n"
    "    output: {max_size: 64KiB, keep: 2, pty: true}\n"
    "    on_sheriff_loss: {stop_after: 30s}\n"
    "  - {name: q, exec: [sleep, \"5\", \"\\u00e4\"]}\n";

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

static void write_json(const char *directory)
{
    struct pm_config config;
    PM_CLEANUP(pm_free) char *errors = NULL;
    PM_CLEANUP(pm_free) char *text = NULL;

    pm_assert(pm_config_parse("fleet", fleet, strlen(fleet), &config, &errors) == PM_OK);
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
    write_seed(argv[1], "fleet.yaml", '0', fleet);
    write_json(argv[1]);
    write_dictionary(argv[2]);
    return 0;
}
