/* Whatever is sent arrives: every kind of message, with values of every size. */
#include <procman/codec.h>
#include <procman/limits.h>

#include "tests/unit/sample.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static struct pm_arena arena;
static struct pm_buf buf;

static void clean(void)
{
    pm_arena_fini(&arena);
    pm_buf_fini(&buf);
}

TestSuite(codec, .fini = clean);

static void decodes(const struct pm_desc *desc, void *out)
{
    const char *why = "?";

    cr_assert_eq(pm_decode(desc, buf.at, buf.n, &arena, out, &why), PM_OK, "%s", why);
}

Test(codec, every_kind_of_message_arrives_as_it_was_sent)
{
    for (enum pm_msg kind = PM_MSG_NONE + 1; kind < PM_MSG_COUNT; kind++) {
        const struct pm_desc *desc = pm_msg_desc(kind);

        for (uint64_t seed = 0; seed < 20; seed++) {
            struct sample sample = { seed * 1000 + kind, &arena };
            void *sent = pm_arena_get(&arena, desc->size);
            void *got = pm_arena_get(&arena, desc->size);

            sample_part(&sample, desc, sent);
            buf.n = 0;
            cr_assert_eq(pm_encode(desc, sent, &buf), PM_OK);
            cr_assert_eq(pm_encoded_size(desc, sent), buf.n);
            decodes(desc, got);
            cr_assert(pm_same(desc, sent, got), "%s, seed %d", desc->name, (int)seed);
            pm_arena_fini(&arena);
        }
    }
}

Test(codec, an_empty_message_is_one_byte_and_comes_back_with_empty_strings)
{
    struct pm_status_row sent = { 0 }, got;

    cr_assert_eq(pm_encode(&pm_status_row_desc, &sent, &buf), PM_OK);
    cr_assert_eq(buf.n, 1);
    decodes(&pm_status_row_desc, &got);
    cr_assert_str_empty(got.name);
    cr_assert_str_empty(got.reason);
    cr_assert_eq(got.pid, 0);
    cr_assert_eq(got.state, PM_STATE_NOWHERE);
}

Test(codec, an_empty_string_inside_a_part_is_never_null)
{
    struct pm_happened sent = { 0 }, got;

    cr_assert_eq(pm_encode(&pm_happened_desc, &sent, &buf), PM_OK);
    decodes(&pm_happened_desc, &got);
    cr_assert_str_empty(got.event.text);
}

Test(codec, numbers_at_the_ends_of_their_ranges_survive)
{
    struct pm_i64s codes = { (int64_t[]){ INT64_MIN, -1, 0, INT64_MAX }, 4 };
    struct pm_spec sent = { .id = UINT64_MAX, .stop_signal = INT64_MIN, .restart_factor = -0.1,
                            .success_codes = codes }, got;

    cr_assert_eq(pm_encode(&pm_spec_desc, &sent, &buf), PM_OK);
    decodes(&pm_spec_desc, &got);
    cr_assert(pm_same(&pm_spec_desc, &sent, &got));
    cr_assert_eq(got.success_codes.at[0], INT64_MIN);
}

Test(codec, what_is_no_number_is_left_out)
{
    struct pm_usage sent = { .id = 1, .cpu_pct = NAN }, got;

    cr_assert_eq(pm_encode(&pm_usage_desc, &sent, &buf), PM_OK);
    decodes(&pm_usage_desc, &got);
    cr_assert_eq(got.cpu_pct, 0);
}

Test(codec, text_cut_inside_a_character_is_mended_rather_than_refused_by_the_other_side)
{
    struct pm_status_row sent = { .reason = "no such directory /n\xc3" }, got;

    cr_assert_eq(pm_encode(&pm_status_row_desc, &sent, &buf), PM_OK);
    decodes(&pm_status_row_desc, &got);
    cr_assert_str_eq(got.reason, "no such directory /n\xef\xbf\xbd");
}

Test(codec, messages_are_appended_one_after_another)
{
    struct pm_resync one = { .session = 1 };

    cr_assert_eq(pm_encode(&pm_resync_desc, &one, &buf), PM_OK);
    size_t n = buf.n;
    cr_assert_eq(pm_encode(&pm_resync_desc, &one, &buf), PM_OK);
    cr_assert_eq(buf.n, 2 * n);
    cr_assert_eq(memcmp(buf.at, buf.at + n, n), 0);
}

Test(codec, what_the_other_side_would_refuse_is_not_sent)
{
    char *text = pm_alloc(PM_LIMIT_STRING + 2);
    struct pm_want *wants = pm_alloc((PM_LIMIT_LIST + 1) * sizeof *wants);
    struct pm_reply reply = { .text = text };
    struct pm_wants many = { .wants = { wants, PM_LIMIT_LIST + 1 } };
    struct pm_chunk chunk = { .data = { (const uint8_t *)text, PM_LIMIT_BLOB + 1 } };

    memset(text, 'x', PM_LIMIT_STRING + 1);
    cr_assert_eq(pm_buf_add(&buf, "before", 6), PM_OK);
    cr_expect_eq(pm_encode(&pm_reply_desc, &reply, &buf), PM_LIMIT);
    cr_expect_eq(pm_encode(&pm_wants_desc, &many, &buf), PM_LIMIT);
    cr_expect_eq(pm_encode(&pm_chunk_desc, &chunk, &buf), PM_LIMIT);
    cr_assert_eq(buf.n, 6, "what stood there before is untouched");

    text[PM_LIMIT_STRING] = '\0';
    cr_assert_eq(pm_encode(&pm_reply_desc, &reply, &buf), PM_OK, "the limit itself is allowed");
    free(text);
    free(wants);
}

Test(codec, a_copy_lives_on_when_its_original_is_gone)
{
    struct pm_arena first = { 0 };
    struct sample sample = { 42, &first };
    struct pm_apply sent, copy, again;

    sample_part(&sample, &pm_apply_desc, &sent);
    cr_assert_eq(pm_copy(&pm_apply_desc, &sent, &arena, &copy), PM_OK);
    cr_assert(pm_same(&pm_apply_desc, &sent, &copy));
    cr_assert_eq(pm_encode(&pm_apply_desc, &sent, &buf), PM_OK);
    pm_arena_fini(&first);

    decodes(&pm_apply_desc, &again);
    cr_assert(pm_same(&pm_apply_desc, &again, &copy));
}

Test(codec, a_copy_into_too_small_an_arena_is_refused_whole)
{
    struct pm_reply reply = { .text = "sixteen letters!" }, copy = { .request = 7 };

    pm_arena_init(&arena, 8);
    cr_assert_eq(pm_copy(&pm_reply_desc, &reply, &arena, &copy), PM_NO_MEMORY);
    cr_assert_null(copy.text);
    cr_assert_eq(copy.request, 0);
}

Test(codec, one_different_field_makes_two_messages_different)
{
    for (enum pm_msg kind = PM_MSG_NONE + 1; kind < PM_MSG_COUNT; kind++) {
        const struct pm_desc *desc = pm_msg_desc(kind);
        void *a = pm_arena_get(&arena, desc->size), *b = pm_arena_get(&arena, desc->size);

        for (size_t i = 0; i < desc->n; i++) {
            const struct pm_field *field = &desc->fields[i];
            struct sample sample = { kind, &arena };
            char *member = (char *)b + field->offset;

            memset(b, 0, desc->size);
            do
                sample_field(&sample, field, member);
            while (pm_same(desc, a, b)); /* until it is not empty */
            buf.n = 0;
            cr_assert_eq(pm_encode(desc, b, &buf), PM_OK);
            cr_assert_gt(buf.n, 1, "%s.%s", desc->name, field->key);
        }
    }
}
