#include <procman/status.h>

#include <criterion/criterion.h>

static struct pm_status_row row(const char *group, const char *name)
{
    return (struct pm_status_row){ .group = group, .name = name, .state = PM_STATE_RUNNING,
                                   .pid = 7, .run = 2, .order = 3 };
}

Test(status, does_not_care_for_the_order_of_rows)
{
    struct pm_status_row rows[] = { row("", "a"), row("g", "b") };
    struct pm_status_row turned[] = { rows[1], rows[0] };

    cr_assert_eq(pm_status_digest(rows, 2), pm_status_digest(turned, 2));
    cr_assert_eq(pm_status_digest(NULL, 0), 0);
    cr_assert_eq(pm_status_digest(rows, 2),
                 pm_status_row_digest(&rows[0]) ^ pm_status_row_digest(&rows[1]));
}

Test(status, differs_for_everything_that_could_be_missed)
{
    struct pm_status_row first = row("ab", "c"), rows[7];

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        rows[i] = first;
    rows[0].group = "a";
    rows[0].name = "bc";
    rows[1].name = "d";
    rows[2].state = PM_STATE_EXITED;
    rows[3].pid = 8;
    rows[4].run = 9;
    rows[5].order = 4;
    rows[6].group = "x";
    for (size_t i = 0; i < PM_COUNT(rows); i++)
        cr_assert_neq(pm_status_row_digest(&rows[i]), pm_status_row_digest(&first), "%zu", i);
}

Test(status, does_not_differ_for_ages_and_reasons)
{
    struct pm_status_row first = row("g", "a"), later = first;

    later.state_age_ms = 5000;
    later.reason = "because";
    later.id = 44;
    cr_assert_eq(pm_status_row_digest(&first), pm_status_row_digest(&later));
}
