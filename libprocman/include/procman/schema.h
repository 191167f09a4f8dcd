/* The messages of proto/messages.def as C structs, and the descriptors that describe them.
 *
 * A struct that was decoded borrows from the arena it was decoded into and from the bytes it
 * was decoded from. A string is never NULL after decoding; NULL counts as "" when encoding. */
#ifndef PROCMAN_SCHEMA_H
#define PROCMAN_SCHEMA_H

#include <procman/base.h>

PM_BEGIN

struct pm_blob { const uint8_t *at; size_t n; };
struct pm_strs { const char **at; size_t n; };
struct pm_i64s { int64_t *at; size_t n; };

/* ---- vocabularies ---- */

enum pm_state {
#define STATE(name, word, meaning) PM_STATE_##name,
#include <procman/states.def>
    PM_STATE_COUNT
};

#define WORDS(name, meaning) enum pm_##name {
#define WORD(name, value, word, meaning) PM_##name##_##value,
#define END_WORDS(name) pm_##name##_count };
#include <procman/enums.def>
#undef WORDS
#undef WORD
#undef END_WORDS

struct pm_word { const char *word, *meaning; };
struct pm_words {               /* one vocabulary */
    const char *name, *meaning;
    const struct pm_word *at;
    size_t n;
};

extern PM_API const struct pm_words pm_state_words;
#define WORDS(name, meaning) extern PM_API const struct pm_words pm_##name##_words;
#define WORD(name, value, word, meaning)
#define END_WORDS(name)
#include <procman/enums.def>
#undef WORDS
#undef WORD
#undef END_WORDS

PM_API const char *pm_word(const struct pm_words *words, int value); /* "?" out of range */
PM_API int pm_word_value(const struct pm_words *words, const char *word); /* -1: none such */

static inline const char *pm_state_word(enum pm_state state)
{
    return pm_word(&pm_state_words, (int)state);
}

/* ---- structs ---- */

#define PART(name, meaning)            struct pm_##name {
#define MSG(kind, name, meaning)       struct pm_##name {
#define U64(in, name, meaning)         uint64_t name;
#define I64(in, name, meaning)         int64_t name;
#define F64(in, name, meaning)         double name;
#define BOOL(in, name, meaning)        bool name;
#define STR(in, name, meaning)         const char *name;
#define BIN(in, name, meaning)         struct pm_blob name;
#define STRS(in, name, meaning)        struct pm_strs name;
#define I64S(in, name, meaning)        struct pm_i64s name;
#define ENUM(in, words, name, meaning) enum pm_##words name;
#define ONE(in, part, name, meaning)   struct pm_##part name;
#define LIST(in, part, name, meaning)  struct pm_##part##_list name;
#define END(name) }; \
    struct pm_##name##_list { struct pm_##name *at; size_t n; };
#include <procman/messages.def>
#include <procman/undef.def>

/* ---- descriptors ---- */

enum pm_kind { PM_KIND_U64, PM_KIND_I64, PM_KIND_F64, PM_KIND_BOOL, PM_KIND_STR, PM_KIND_BIN,
               PM_KIND_STRS, PM_KIND_I64S, PM_KIND_ENUM, PM_KIND_ONE, PM_KIND_LIST };

struct pm_field {
    const char *key;
    enum pm_kind kind;
    size_t offset;                 /* of the member in its struct */
    const struct pm_words *words;  /* ENUM */
    const struct pm_desc *part;    /* ONE, LIST */
    const char *meaning;
};

struct pm_desc {
    const char *name, *meaning;    /* a message's name is the word in its envelope frame */
    bool is_message;
    size_t size;                   /* of the struct */
    const struct pm_field *fields;
    size_t n;
};

#define PART(name, meaning)       extern PM_API const struct pm_desc pm_##name##_desc;
#define MSG(kind, name, meaning)  extern PM_API const struct pm_desc pm_##name##_desc;
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

/* Kinds of message, for switches. */
enum pm_msg {
    PM_MSG_NONE,
#define PART(name, meaning)
#define MSG(kind, name, meaning)       PM_MSG_##kind,
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
    PM_MSG_COUNT
};

PM_API const struct pm_desc *pm_msg_desc(enum pm_msg kind);  /* NULL for NONE */
PM_API enum pm_msg pm_msg_from_word(const void *word, size_t n); /* NONE: no such message */

PM_END
#endif
