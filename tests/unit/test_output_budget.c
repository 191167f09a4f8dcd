/* How much output there may be, and what goes. */
#include "brain/output_budget.h"

#include <criterion/criterion.h>

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

Test(output_budget, a_tenth_of_the_disk_but_no_more_than_4_gib)
{
    static const struct { uint64_t disk, budget; } rows[] = {
        { 0, 4 * GIB }, { 20 * GIB, 2 * GIB }, { 40 * GIB, 4 * GIB }, { 4096 * GIB, 4 * GIB },
        { MIB, 16 * MIB }, { 320 * MIB, 32 * MIB },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        cr_assert_eq(budget_of_disk(rows[i].disk), rows[i].budget, "row %zu", i);
}

Test(output_budget, live_files_are_rotated_early_when_together_they_are_too_much)
{
    cr_assert_eq(budget_live(0, UINT64_MAX, 1000), 10 * MIB);
    cr_assert_eq(budget_live(100, UINT64_MAX, 1000), 100);
    cr_assert_eq(budget_live(0, 4 * GIB, 1024), 2 * MIB);
    cr_assert_eq(budget_live(0, 4 * GIB, 1), 10 * MIB);
    cr_assert_eq(budget_live(0, MIB, 100000), MIB / 16);
}

Test(output_budget, the_oldest_goes_first_and_of_two_as_old_the_larger)
{
    struct segment old = { .written_ms = 1, .size = 5 }, large = { .written_ms = 2, .size = 9 },
                   small = { .written_ms = 2, .size = 3 };

    cr_assert(budget_goes_before(&old, &large));
    cr_assert_not(budget_goes_before(&large, &old));
    cr_assert(budget_goes_before(&large, &small));
    cr_assert_not(budget_goes_before(&small, &large));
}

Test(output_budget, a_pipe_is_relieved_before_it_can_be_full)
{
    cr_assert_not(budget_must_drop(0, 65536));
    cr_assert_not(budget_must_drop(28671, 65536));
    cr_assert(budget_must_drop(28672, 65536));
    cr_assert(budget_must_drop(65536, 65536));
    cr_assert_not(budget_must_drop(0, 4096));
    cr_assert(budget_must_drop(2048, 4096));
}
