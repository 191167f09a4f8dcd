/* Code points: out of UTF-8, into it, and how they look. */
#include "core/codepoint.h"

#include <criterion/criterion.h>

#include <string.h>

Test(codepoint, goes_through_utf8_and_back)
{
    static const uint32_t codes[] = { 1, 'a', 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfffd,
                                      0x10000, 0x10ffff };

    for (size_t i = 0; i < PM_COUNT(codes); i++) {
        char bytes[4];
        uint32_t code = 0;
        size_t n = pm_code_put(codes[i], bytes);
        cr_expect_eq(pm_code_next(bytes, n, &code), n);
        cr_expect_eq(code, codes[i]);
        cr_expect_eq(pm_code_next(bytes, n - 1, &code), 0, "a part of it is nothing");
    }
}

Test(codepoint, fault_is_where_utf8_ends)
{
    cr_expect_eq(pm_code_fault("aä→😀", 10), 10);
    cr_expect_eq(pm_code_fault("ab\xff" "c", 4), 2);
    cr_expect_eq(pm_code_fault("a\xc0\x80", 3), 1, "overlong");
    cr_expect_eq(pm_code_fault("\xed\xa0\x80", 3), 0, "surrogate");
    cr_expect_eq(pm_code_fault("a\xf4\x90\x80\x80", 5), 1, "beyond the last");
    cr_expect_eq(pm_code_fault("", 0), 0);
}

Test(codepoint, has_a_width_and_may_be_unfit_for_a_line)
{
    cr_expect_eq(pm_code_width('a'), 1);
    cr_expect_eq(pm_code_width(0xe4), 1);
    cr_expect_eq(pm_code_width(0x76f8), 2, "ideograph");
    cr_expect_eq(pm_code_width(0x1f600), 2, "emoji");
    cr_expect_eq(pm_code_width(0x301), 0, "combining acute");
    cr_expect(pm_code_unprintable('\n'));
    cr_expect(pm_code_unprintable(0x1b));
    cr_expect(pm_code_unprintable(0x9b), "C1");
    cr_expect(pm_code_unprintable(0x202e), "override");
    cr_expect_not(pm_code_unprintable(0xa0));
    cr_expect_not(pm_code_unprintable(0x2027));
}
