/* A set that only grows. */
#include "brain/tokens.h"

#include <criterion/criterion.h>

enum { MANY = 10000 };

/* Spread over all bits; the last of them are alike for many, as a poor chance would make them. */
static uint64_t token(uint64_t i)
{
    return i * 0x9e3779b97f4a7c15u << (i % 2 ? 0 : 8) | 1;
}

Test(tokens, what_was_added_is_in_it_and_nothing_else)
{
    struct tokens tokens = { 0 };

    cr_assert_not(tokens_has(&tokens, 7));
    for (uint64_t i = 1; i <= MANY; i++) {
        cr_assert_not(tokens_has(&tokens, token(i)), "%lu", (unsigned long)i);
        tokens_add(&tokens, token(i));
    }
    for (uint64_t i = 1; i <= MANY; i++)
        cr_assert(tokens_has(&tokens, token(i)));
    cr_assert_not(tokens_has(&tokens, 2));
    cr_assert_eq(tokens.n, MANY);
    cr_assert_leq(tokens.cap, 4 * MANY);
    tokens_fini(&tokens);
}

Test(tokens, twice_is_once_and_none_is_never_in_it)
{
    struct tokens tokens = { 0 };

    tokens_add(&tokens, 0);
    cr_assert_not(tokens_has(&tokens, 0));
    tokens_add(&tokens, UINT64_MAX);
    tokens_add(&tokens, UINT64_MAX);
    cr_assert_eq(tokens.n, 1);
    cr_assert(tokens_has(&tokens, UINT64_MAX));
    cr_assert_not(tokens_has(&tokens, 0));
    tokens_fini(&tokens);
}
