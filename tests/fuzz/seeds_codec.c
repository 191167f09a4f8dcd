/* Where the fuzzer of the codec begins: one well-formed message of each kind, and all keys and
 * words of the protocol as its dictionary.
 *
 *   seeds_codec DIRECTORY DICTIONARY
 */
#include <procman/codec.h>

#include "tests/unit/sample.h"

#include <stdio.h>
#include <stdlib.h>

static void write_seed(const char *directory, enum pm_msg kind)
{
    const struct pm_desc *desc = pm_msg_desc(kind);
    PM_CLEANUP(pm_free) char *path = pm_printf("%s/%s", directory, desc->name);
    PM_CLEANUP(pm_arena_fini) struct pm_arena arena = { 0 };
    PM_CLEANUP(pm_buf_fini) struct pm_buf bytes = { 0 };
    struct sample sample = { kind, &arena };
    uint8_t chooser = (uint8_t)(kind - 1);
    void *message = pm_arena_get(&arena, desc->size);

    sample_part(&sample, desc, message);
    pm_assert(pm_buf_add(&bytes, &chooser, 1) == PM_OK);
    pm_assert(pm_encode(desc, message, &bytes) == PM_OK);

    FILE *file = fopen(path, "w");
    if (!file || fwrite(bytes.at, 1, bytes.n, file) != bytes.n || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

static void write_word(FILE *to, const char *word)
{
    fprintf(to, "\"\\x%02x%s\"\n", 0xa0 + (unsigned)strlen(word), word); /* a msgpack fixstr */
}

static void write_words(FILE *to, const struct pm_desc *desc)
{
    for (size_t i = 0; i < desc->n; i++) {
        const struct pm_field *field = &desc->fields[i];

        write_word(to, field->key);
        for (size_t j = 0; field->words && j < field->words->n; j++)
            write_word(to, field->words->at[j].word);
        if (field->part)
            write_words(to, field->part);
    }
}

int main(int argc, char **argv)
{
    FILE *dictionary = argc == 3 ? fopen(argv[2], "w") : NULL;

    if (!dictionary) {
        fputs("usage: seeds_codec DIRECTORY DICTIONARY\n", stderr);
        return 2;
    }
    for (enum pm_msg kind = PM_MSG_NONE + 1; kind < PM_MSG_COUNT; kind++) {
        write_seed(argv[1], kind);
        write_words(dictionary, pm_msg_desc(kind));
    }
    return fclose(dictionary) == 0 ? 0 : 1;
}
