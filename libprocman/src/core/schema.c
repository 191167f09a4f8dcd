/* The .def files a second time: here they become the rows that codec, JSON and PROTOCOL.md
 * walk. Nothing in this file is written by hand per message or per word.
 */
#include <procman/schema.h>

#include <string.h>

/* ---- vocabularies ---- */

static const struct pm_word state_rows[] = {
#define STATE(name, word, meaning) [PM_STATE_##name] = { word, meaning },
#include <procman/states.def>
};
const struct pm_words pm_state_words = {
    "state", "what a process is doing", state_rows, PM_STATE_COUNT,
};

#define WORDS(name, meaning) \
    static const char name##_words_meaning[] = meaning; \
    static const struct pm_word name##_rows[] = {
#define WORD(name, value, word, meaning) [PM_##name##_##value] = { word, meaning },
#define END_WORDS(name) }; \
    const struct pm_words pm_##name##_words = { \
        #name, name##_words_meaning, name##_rows, pm_##name##_count, \
    };
#include <procman/enums.def>
#undef WORDS
#undef WORD
#undef END_WORDS

const char *pm_word(const struct pm_words *words, int value)
{
    return value >= 0 && (size_t)value < words->n ? words->at[value].word : "?";
}

int pm_word_value(const struct pm_words *words, const char *word)
{
    for (size_t i = 0; word && i < words->n; i++)
        if (strcmp(words->at[i].word, word) == 0)
            return (int)i;
    return -1;
}

/* ---- descriptors ---- */

#define BEGIN(name, meaning, message) \
    enum { name##_is_message = message }; \
    static const char name##_meaning[] = meaning; \
    static const struct pm_field name##_fields[] = {
#define FIELD(in, kind, name, words, part, meaning) \
    { #name, PM_KIND_##kind, offsetof(struct pm_##in, name), words, part, meaning },

#define PART(name, meaning)            BEGIN(name, meaning, false)
#define MSG(kind, name, meaning)       BEGIN(name, meaning, true)
#define U64(in, name, meaning)         FIELD(in, U64, name, NULL, NULL, meaning)
#define I64(in, name, meaning)         FIELD(in, I64, name, NULL, NULL, meaning)
#define F64(in, name, meaning)         FIELD(in, F64, name, NULL, NULL, meaning)
#define BOOL(in, name, meaning)        FIELD(in, BOOL, name, NULL, NULL, meaning)
#define STR(in, name, meaning)         FIELD(in, STR, name, NULL, NULL, meaning)
#define BIN(in, name, meaning)         FIELD(in, BIN, name, NULL, NULL, meaning)
#define STRS(in, name, meaning)        FIELD(in, STRS, name, NULL, NULL, meaning)
#define I64S(in, name, meaning)        FIELD(in, I64S, name, NULL, NULL, meaning)
#define ENUM(in, words, name, meaning) FIELD(in, ENUM, name, &pm_##words##_words, NULL, meaning)
#define ONE(in, part, name, meaning)   FIELD(in, ONE, name, NULL, &pm_##part##_desc, meaning)
#define LIST(in, part, name, meaning)  FIELD(in, LIST, name, NULL, &pm_##part##_desc, meaning)
#define END(name) }; \
    const struct pm_desc pm_##name##_desc = { \
        #name, name##_meaning, name##_is_message, sizeof(struct pm_##name), name##_fields, \
        PM_COUNT(name##_fields), \
    };
#include <procman/messages.def>
#include <procman/undef.def>

/* ---- kinds of message ---- */

static const struct pm_desc *const messages[PM_MSG_COUNT] = {
#define PART(name, meaning)
#define MSG(kind, name, meaning) [PM_MSG_##kind] = &pm_##name##_desc,
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

const struct pm_desc *pm_msg_desc(enum pm_msg kind)
{
    return (unsigned)kind < PM_MSG_COUNT ? messages[kind] : NULL;
}

enum pm_msg pm_msg_from_word(const void *word, size_t n)
{
    for (enum pm_msg kind = PM_MSG_NONE + 1; kind < PM_MSG_COUNT; kind++)
        if (strlen(messages[kind]->name) == n && memcmp(messages[kind]->name, word, n) == 0)
            return kind;
    return PM_MSG_NONE;
}
