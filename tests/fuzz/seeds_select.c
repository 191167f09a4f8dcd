/* Where the fuzzer of selectors begins: words of each kind, and their marks and states as its
 * dictionary.
 *
 *   seeds_select DIRECTORY DICTIONARY
 */
#include <procman/schema.h>

#include <stdio.h>
#include <stdlib.h>

static FILE *open_for(const char *path)
{
    FILE *file = fopen(path, "w");

    if (file == NULL) {
        perror(path);
        exit(1);
    }
    return file;
}

static void end(FILE *file, const char *path)
{
    if (fclose(file) != 0)
        perror(path);
}

static void write_seeds(const char *directory)
{
    static const char *const seeds[] = {
        "cam\ndrivers/left camera\ndrivers/\n!a\\[b\\]\\*\n", "cam*@rig*\n@robot?\n%failed\nall\n",
        "d?/[a-c]*\n[!x]y\ndrivers/%running@rig08\n", "!drivers/\n!%stopped\n", "a\\*b\\\\c\n",
    };

    for (size_t i = 0; i < PM_COUNT(seeds); i++) {
        PM_CLEANUP(pm_free) char *path = pm_printf("%s/words%zu", directory, i);
        FILE *file = open_for(path);

        fputs(seeds[i], file);
        end(file, path);
    }
}

static void write_dictionary(const char *path)
{
    static const char *const marks[] = { "*", "?", "[", "]", "[!", "!", "%", "@", "/", "\\\\",
                                         "-", "\\x0a", "all", "drivers", "cam", "rig08" };
    FILE *file = open_for(path);

    for (size_t i = 0; i < PM_COUNT(marks); i++)
        fprintf(file, "\"%s\"\n", marks[i]);
    for (int state = PM_STATE_NOWHERE + 1; state < PM_STATE_COUNT; state++)
        fprintf(file, "\"%%%s\"\n", pm_word(&pm_state_words, state));
    end(file, path);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: seeds_select DIRECTORY DICTIONARY\n");
        return 2;
    }
    write_seeds(argv[1]);
    write_dictionary(argv[2]);
    return 0;
}
