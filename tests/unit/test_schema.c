/* The rows that the .def files become: complete, and within what the codec relies on. */
#include <procman/error.h>
#include <procman/limits.h>
#include <procman/schema.h>

#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

static bool is_key(const char *text)
{
    for (const char *at = text; *at; at++)
        if (!islower((unsigned char)*at) && !isdigit((unsigned char)*at) && *at != '_')
            return false;
    return *text != '\0';
}

Test(schema, every_message_is_found_by_its_word)
{
    cr_expect_null(pm_msg_desc(PM_MSG_NONE));
    cr_expect_null(pm_msg_desc(PM_MSG_COUNT));
    for (enum pm_msg kind = PM_MSG_NONE + 1; kind < PM_MSG_COUNT; kind++) {
        const struct pm_desc *desc = pm_msg_desc(kind);

        cr_assert_not_null(desc);
        cr_expect(desc->is_message);
        cr_expect_eq(pm_msg_from_word(desc->name, strlen(desc->name)), kind, "%s", desc->name);
    }
    cr_expect_eq(pm_msg_from_word("statu", 5), PM_MSG_NONE);
    cr_expect_eq(pm_msg_from_word("status!", 7), PM_MSG_NONE);
    cr_expect_eq(pm_msg_from_word("", 0), PM_MSG_NONE);
}

static size_t depth_of(const struct pm_desc *desc)
{
    size_t deepest = 0;

    cr_assert_leq(desc->n, 64, "%s: the codec has one bit each", desc->name);
    for (size_t i = 0; i < desc->n; i++) {
        const struct pm_field *field = &desc->fields[i];
        size_t depth = 0;

        cr_expect(is_key(field->key), "%s.%s", desc->name, field->key);
        cr_expect_leq(strlen(field->key), 31, "%s: a fixstr", field->key);
        cr_expect_lt(field->offset, desc->size);
        cr_expect_eq(field->kind == PM_KIND_ENUM, field->words != NULL, "%s", field->key);
        for (size_t j = 0; j < i; j++)
            cr_expect_str_neq(field->key, desc->fields[j].key);
        if (field->part)
            depth = depth_of(field->part) + (field->kind == PM_KIND_LIST);
        else if (field->kind == PM_KIND_STRS || field->kind == PM_KIND_I64S)
            depth = 1;
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

Test(schema, every_message_is_within_the_limits_of_the_wire)
{
    for (enum pm_msg kind = PM_MSG_NONE + 1; kind < PM_MSG_COUNT; kind++)
        cr_expect_leq(depth_of(pm_msg_desc(kind)), PM_LIMIT_DEPTH, "%s", pm_msg_desc(kind)->name);
}

static void words_are_sound(const struct pm_words *words)
{
    cr_assert_gt(words->n, 1, "%s", words->name);
    for (size_t i = 0; i < words->n; i++) {
        cr_assert_not_null(words->at[i].word, "%s[%zu]", words->name, i);
        cr_expect_eq(pm_word_value(words, words->at[i].word), (int)i);
        cr_expect_str_eq(pm_word(words, (int)i), words->at[i].word);
    }
    cr_expect_str_eq(pm_word(words, -1), "?");
    cr_expect_str_eq(pm_word(words, (int)words->n), "?");
    cr_expect_eq(pm_word_value(words, "no such word"), -1);
    cr_expect_eq(pm_word_value(words, NULL), -1);
}

Test(schema, every_word_has_one_value_and_back)
{
    words_are_sound(&pm_state_words);
#define WORDS(name, meaning) words_are_sound(&pm_##name##_words);
#define WORD(name, value, word, meaning)
#define END_WORDS(name)
#include <procman/enums.def>
#undef WORDS
#undef WORD
#undef END_WORDS
    cr_expect_str_eq(pm_state_word(PM_STATE_BACKOFF), "backoff");
}

Test(schema, every_error_has_a_word_a_sentence_and_an_exit_status)
{
    for (enum pm_err err = PM_OK; err < PM_ERR_COUNT; err++) {
        cr_expect_eq(pm_err_from_word(pm_err_word(err)), err, "%s", pm_err_word(err));
        cr_expect_gt(strlen(pm_err_sentence(err)), 3);
        cr_expect_eq(pm_err_exit(err) == 0, err == PM_OK, "%s", pm_err_word(err));
    }
    cr_expect_eq(pm_err_from_word(""), PM_OK);
    cr_expect_eq(pm_err_from_word(NULL), PM_OK);
    cr_expect_eq(pm_err_from_word("a word of the future"), PM_FAILED);
    cr_expect_str_eq(pm_err_word(PM_ERR_COUNT), "failed", "out of range is a failure too");
}
