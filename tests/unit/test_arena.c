/* The memory of one message, and bytes that grow. */
#include <procman/codec.h>
#include <procman/limits.h>

#include <criterion/criterion.h>
#include <string.h>

static struct pm_arena arena;

static void clean(void)
{
    pm_arena_fini(&arena);
}

TestSuite(arena, .fini = clean);

Test(arena, takes_no_memory_before_its_first_use)
{
    pm_arena_init(&arena, 0);
    cr_assert_null(arena.blocks);
    cr_assert_eq(arena.used, 0);
}

Test(arena, everything_it_gives_is_zero_aligned_and_apart)
{
    unsigned char *before = NULL;

    for (size_t n = 1; n < 500; n++) {
        unsigned char *at = pm_arena_get(&arena, n);

        cr_assert_eq((uintptr_t)at % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < n; i++)
            cr_assert_eq(at[i], 0);
        memset(at, 0xff, n);
        if (before)
            cr_assert_eq(before[n - 2], 0xff);
        before = at;
    }
}

Test(arena, strings_are_terminated_copies)
{
    const char *text = pm_arena_str(&arena, "camera", 3);

    cr_assert_str_eq(text, "cam");
    cr_assert_str_empty(pm_arena_str(&arena, NULL, 0));
}

Test(arena, gives_something_larger_than_a_block)
{
    char *at = pm_arena_get(&arena, 3 << 20);

    cr_assert_not_null(at);
    at[(3 << 20) - 1] = 1;
    cr_assert_not_null(pm_arena_get(&arena, 1));
}

Test(arena, refuses_what_is_over_its_limit_and_goes_on)
{
    pm_arena_init(&arena, 100);
    cr_assert_not_null(pm_arena_get(&arena, 60));
    cr_assert_null(pm_arena_get(&arena, 41));
    cr_assert_null(pm_arena_get(&arena, SIZE_MAX));
    cr_assert_not_null(pm_arena_get(&arena, 40));
    cr_assert_null(pm_arena_get(&arena, 1));
}

Test(arena, has_the_protocols_limit_when_none_is_given)
{
    cr_assert_null(pm_arena_get(&arena, (size_t)PM_LIMIT_DECODED + 1));
}

Test(arena, may_be_used_again_after_it_was_freed)
{
    pm_arena_init(&arena, 100);
    cr_assert_not_null(pm_arena_get(&arena, 100));
    pm_arena_fini(&arena);
    cr_assert_not_null(pm_arena_get(&arena, 100));
    cr_assert_null(pm_arena_get(&arena, 1), "the limit is still there");
}

Test(buf, grows_and_keeps_what_was_there)
{
    struct pm_buf buf = { 0 };

    cr_assert_eq(pm_buf_add(&buf, NULL, 0), PM_OK);
    for (unsigned i = 0; i < 10000; i++) {
        uint8_t byte = (uint8_t)i;
        cr_assert_eq(pm_buf_add(&buf, &byte, 1), PM_OK);
    }
    cr_assert_eq(buf.n, 10000);
    for (unsigned i = 0; i < 10000; i++)
        cr_assert_eq(buf.at[i], (uint8_t)i);
    pm_buf_fini(&buf);
    cr_assert_null(buf.at);
    cr_assert_eq(buf.n, 0);
}
