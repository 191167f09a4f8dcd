/* Prints PROTOCOL.md from the schema, so that what is written down is what is spoken.
 *
 *   protocol_doc               the text on stdout
 *   protocol_doc --check FILE  does FILE hold that text? Exit status 1 and a hint when not
 */
#include <procman/error.h>
#include <procman/limits.h>
#include <procman/schema.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char introduction[] =
    "# The protocol of ProcMan, version %d\n"
    "\n"
    "Printed from `messages.def`, `enums.def`, `states.def` and `errors.def` by `protocol_doc`; do "
    "not edit.\n"
    "How to change it: [README.md](README.md).\n"
    "\n"
    "## Envelope\n"
    "\n"
    "A message over ZeroMQ is two frames: the **envelope**, which is the word of its kind, such as "
    "`status`,\n"
    "and the **body**, one msgpack map whose keys are the names of the fields. On streams (PUB, "
    "XPUB) the\n"
    "topic stands in the place of the envelope. More than %d frames after the routing id are "
    "dropped and\n"
    "counted. Between keeper and brain a message is one packet of a Unix seqpacket socket: one "
    "byte, the\n"
    "length of the word; the word; the body.\n"
    "\n"
    "## Conventions\n"
    "\n"
    "- A missing key means zero, false, the empty string, the empty list, the first word of a "
    "vocabulary.\n"
    "  Senders leave such fields out.\n"
    "- An unknown key is skipped. So a new field needs no new version.\n"
    "- A body is refused whole for: a key given twice, a wrong type, a number out of range, a "
    "string with NUL\n"
    "  in it or not in UTF-8, an unknown word, an extension type, nil, a key that is no string, a "
    "byte after\n"
    "  the end, or anything over a limit.\n"
    "- `uint` and `int` are whole numbers of 64 bits in any of msgpack's widths; `float` may also "
    "be written as a\n"
    "  whole number, and is finite; `bin` is msgpack's binary, `str` its string; a `word` is a "
    "`str`.\n"
    "- Keys may come in any order; those of the tables are in the order in which ProcMan writes "
    "them.\n"
    "- Names that end in `_ms` are milliseconds, `_bytes` bytes, `_pct` percent.\n"
    "- `version`, where a message has it, must be %d; otherwise the answer is the error "
    "`version`.\n";

/* ---- limits ---- */

static const struct { const char *of; unsigned most; } limits[] = {
    { "bytes of one body", PM_LIMIT_FRAME },
    { "frames after the routing id", PM_LIMIT_FRAMES },
    { "nesting of maps and lists, the body itself included", PM_LIMIT_DEPTH },
    { "elements of one list", PM_LIMIT_LIST },
    { "keys of one map, known or not", PM_LIMIT_KEYS },
    { "bytes of one string", PM_LIMIT_STRING },
    { "bytes of one binary", PM_LIMIT_BLOB },
    { "bytes of memory one message may take when decoded", PM_LIMIT_DECODED },
    { "bytes of a process's or deputy's name", PM_LIMIT_NAME },
    { "bytes of a group path", PM_LIMIT_GROUP },
    { "processes on one deputy", PM_LIMIT_SLOTS },
    { "bytes of the brain's note on a process", PM_LIMIT_NOTE },
    { "bytes of one message between keeper and brain", PM_LIMIT_SPAWN },
    { "bytes of output in one answer", PM_LIMIT_READ },
};

static void print_limits(FILE *to)
{
    fputs("\n## Limits\n\n| most | of |\n|---:|---|\n", to);
    for (size_t i = 0; i < PM_COUNT(limits); i++)
        fprintf(to, "| %u | %s |\n", limits[i].most, limits[i].of);
}

/* ---- messages and their parts ---- */

static void print_type(FILE *to, const struct pm_field *field)
{
    switch (field->kind) {
    case PM_KIND_U64:  fputs("uint", to); break;
    case PM_KIND_I64:  fputs("int", to); break;
    case PM_KIND_F64:  fputs("float", to); break;
    case PM_KIND_BOOL: fputs("bool", to); break;
    case PM_KIND_STR:  fputs("str", to); break;
    case PM_KIND_BIN:  fputs("bin", to); break;
    case PM_KIND_STRS: fputs("list of str", to); break;
    case PM_KIND_I64S: fputs("list of int", to); break;
    case PM_KIND_ENUM: fprintf(to, "word of [%s](#%s)", field->words->name, field->words->name);
        break;
    case PM_KIND_ONE:  fprintf(to, "[%s](#%s)", field->part->name, field->part->name); break;
    case PM_KIND_LIST: fprintf(to, "list of [%s](#%s)", field->part->name, field->part->name);
        break;
    }
}

static void print_desc(FILE *to, const struct pm_desc *desc)
{
    fprintf(to, "\n### %s\n\n%s.\n\n| key | type | meaning |\n|---|---|---|\n", desc->name,
            desc->meaning);
    for (size_t i = 0; i < desc->n; i++) {
        fprintf(to, "| `%s` | ", desc->fields[i].key);
        print_type(to, &desc->fields[i]);
        fprintf(to, " | %s |\n", desc->fields[i].meaning);
    }
}

static const struct pm_desc *const descs[] = {
#define PART(name, meaning)       &pm_##name##_desc,
#define MSG(kind, name, meaning)  &pm_##name##_desc,
#define U64(in, name, meaning)
#define I64(in, name, meaning)
#define F64(in, name, meaning)
#define BOOL(in, name, meaning)
#define STR(in, name, meaning)
#define BIN(in, name, meaning)
#define STRS(in, name, meaning)
#define I64S(in, name, meaning)
#define ENUM(in, words, name, meaning)
#define ONE(in, part, name, meaning)
#define LIST(in, part, name, meaning)
#define END(name)
#include <procman/messages.def>
#include <procman/undef.def>
};

static void print_descs(FILE *to, const char *title, bool messages)
{
    fprintf(to, "\n## %s\n", title);
    for (size_t i = 0; i < PM_COUNT(descs); i++)
        if (descs[i]->is_message == messages)
            print_desc(to, descs[i]);
}

/* ---- vocabularies ---- */

static void print_words(FILE *to, const struct pm_words *words)
{
    fprintf(to, "\n### %s\n\n%c%s.\n\n| word | meaning |\n|---|---|\n", words->name,
            toupper((unsigned char)*words->meaning), words->meaning + 1);
    for (size_t i = 0; i < words->n; i++)
        fprintf(to, "| `%s` | %s |\n", words->at[i].word, words->at[i].meaning);
}

static void print_vocabularies(FILE *to)
{
    fputs("\n## Vocabularies\n", to);
    print_words(to, &pm_state_words);
#define WORDS(name, meaning) print_words(to, &pm_##name##_words);
#define WORD(name, value, word, meaning)
#define END_WORDS(name)
#include <procman/enums.def>
#undef WORDS
#undef WORD
#undef END_WORDS
}

/* ---- the life of a process ---- */

static void print_name(FILE *to, const char *name)
{
    for (; *name; name++)
        fputc(*name == '_' ? ' ' : tolower((unsigned char)*name), to);
}

static void print_event(FILE *to, const char *name, const char *meaning)
{
    fputs("| ", to);
    print_name(to, name);
    fprintf(to, " | %s |\n", meaning);
}

static void print_edge(FILE *to, enum pm_state from, const char *event, enum pm_state next,
                       const char *reason)
{
    fprintf(to, "| `%s` | ", pm_state_word(from));
    print_name(to, event);
    fprintf(to, " | `%s` | %s |\n", pm_state_word(next), reason);
}

static void print_life(FILE *to)
{
    fputs("\n## The life of a process\n\nOn its deputy it goes from [state](#state) to state along "
          "these edges and no others.\n\n| event | meaning |\n|---|---|\n", to);
#define EVENT(name, meaning) print_event(to, #name, meaning);
#include <procman/states.def>
    fputs("\n| in | when | then | because |\n|---|---|---|---|\n", to);
#define EDGE(state, event, next, todo, reason) \
    print_edge(to, PM_STATE_##state, #event, PM_STATE_##next, reason);
#include <procman/states.def>
}

static void print_errors(FILE *to)
{
    fputs("\n## Errors\n\nThe word stands in `error`, a sentence about the very case beside it in "
          "`text`. The number is the\nexit status of `procmanctl`.\n\n"
          "| word | exit status | meaning |\n|---|---:|---|\n", to);
    for (enum pm_err err = PM_OK; err < PM_ERR_COUNT; err++)
        fprintf(to, "| `%s` | %d | %s |\n", pm_err_word(err), pm_err_exit(err),
                pm_err_sentence(err));
}

static void print_all(FILE *to)
{
    fprintf(to, introduction, PM_PROTOCOL_VERSION, PM_LIMIT_FRAMES, PM_PROTOCOL_VERSION);
    print_limits(to);
    print_descs(to, "Messages", true);
    print_descs(to, "Parts of messages", false);
    print_vocabularies(to);
    print_life(to);
    print_errors(to);
}

static bool holds(const char *path, const char *text, size_t n)
{
    FILE *file = fopen(path, "r");
    char *found = pm_alloc(n + 1);
    size_t found_n = file ? fread(found, 1, n + 1, file) : 0;

    if (file)
        fclose(file);
    bool same = found_n == n && memcmp(found, text, n) == 0;
    free(found);
    return same;
}

int main(int argc, char **argv)
{
    char *text = NULL;
    size_t n = 0;
    FILE *memory = open_memstream(&text, &n);

    if (!memory)
        return 1;
    print_all(memory);
    fclose(memory);
    bool fine = true;
    if (argc == 3 && strcmp(argv[1], "--check") == 0)
        fine = holds(argv[2], text, n);
    else
        fputs(text, stdout);
    if (!fine)
        fprintf(stderr, "%s is stale: run `cmake --build BUILD --target protocol` and commit it\n",
                argv[2]);
    free(text);
    return fine ? 0 : 1;
}
