#include "sheriffd/desired.h"

#include <criterion/criterion.h>
#include <procman/spec.h>
#include <stdio.h>
#include <string.h>

static struct desired d;

static void begin(void)
{
    desired_init(&d, "hq");
    d.generation = 1;
}

static void end(void)
{
    desired_fini(&d);
}

TestSuite(desired, .init = begin, .fini = end);

static struct pm_spec spec(const char *name, const char *host)
{
    struct pm_spec made;

    pm_spec_init(&made);
    made.name = name;
    made.host = host;
    made.command = "true";
    return made;
}

static struct wish *added(const char *name, const char *host)
{
    struct pm_spec one = spec(name, host);
    struct wish *wish;

    desired_begin(&d);
    wish = desired_add(&d, &one);
    desired_commit(&d);
    return wish;
}

Test(desired, reads_localhost_as_the_sheriffs_own_machine)
{
    static const char *const own[] = { "", "localhost", "127.0.0.1", "::1" };

    for (size_t i = 0; i < PM_COUNT(own); i++)
        cr_assert_str_eq(desired_host(&d, own[i]), "hq");
    cr_assert_str_eq(desired_host(&d, "k9"), "k9");
    cr_assert_eq(added("cam", "localhost"), desired_find(&d, "hq", "", "cam"));
}

Test(desired, owns_what_it_was_given)
{
    char name[] = "cam";
    struct wish *wish = added(name, "k9");

    memset(name, 'x', sizeof name - 1);
    cr_assert_str_eq(wish->spec.name, "cam");
    cr_assert_eq(desired_by_id(&d, wish->spec.id), wish);
}

Test(desired, gives_numbers_that_are_never_used_again)
{
    struct wish *wish = added("cam", "k9");
    uint64_t id = wish->spec.id;

    desired_begin(&d);
    desired_remove(&d, wish, "ann");
    desired_commit(&d);
    desired_forget(&d, &wish);
    cr_assert_null(wish);
    cr_assert_gt(added("cam", "k9")->spec.id, id);
}

Test(desired, marks_only_wants_when_only_wants_changed)
{
    struct wish *wish = added("cam", "k9");
    uint64_t specs = wish->post->specs_generation, wants = wish->post->wants_generation;

    wish->post->specs_due = wish->post->wants_due = false;
    desired_begin(&d);
    desired_order(&d, wish, true, "ann");
    desired_commit(&d);
    cr_assert_not(wish->post->specs_due);
    cr_assert(wish->post->wants_due);
    cr_assert_eq(wish->post->specs_generation, specs);
    cr_assert_gt(wish->post->wants_generation, wants);
    cr_assert_str_eq(wish->by, "ann");
}

Test(desired, goes_back_to_what_was_when_a_transaction_is_aborted)
{
    struct wish *wish = added("cam", "k9");
    struct pm_spec changed = spec("cam", "k9"), fresh = spec("new", "k8");
    uint64_t order = wish->order;

    changed.command = "false";
    desired_begin(&d);
    desired_change(&d, wish, &changed);
    desired_order(&d, wish, true, "ann");
    desired_hold(&d, wish, true);
    desired_remove(&d, wish, "ann");
    desired_add(&d, &fresh);
    desired_abort(&d);

    cr_assert_str_eq(wish->spec.command, "true");
    cr_assert_not(wish->up || wish->held || wish->removing);
    cr_assert_eq(wish->order, order);
    cr_assert_str_eq(wish->by, "");
    cr_assert_null(desired_find(&d, "k8", "", "new"));
    cr_assert_eq(d.n, 1);
}

Test(desired, does_not_reuse_numbers_of_an_aborted_transaction)
{
    struct wish *wish = added("cam", "k9");
    uint64_t aborted;

    desired_begin(&d);
    desired_order(&d, wish, true, "");
    aborted = wish->order;
    uint64_t generation = d.generation;
    desired_abort(&d);
    desired_begin(&d);
    desired_order(&d, wish, true, "");
    desired_commit(&d);
    cr_assert_gt(wish->order, aborted);
    cr_assert_gt(wish->post->wants_generation, generation);
}

Test(desired, counts_no_generation_for_nothing)
{
    uint64_t before = d.generation;

    desired_begin(&d);
    desired_commit(&d);
    cr_assert_eq(d.generation, before);
}

Test(desired, revives_what_is_still_being_removed)
{
    struct wish *wish = added("cam", "k9");
    struct pm_spec again = spec("cam", "k9");

    desired_begin(&d);
    desired_remove(&d, wish, "ann");
    desired_commit(&d);
    again.command = "false";
    desired_begin(&d);
    cr_assert_eq(desired_add(&d, &again), wish);
    desired_commit(&d);
    cr_assert_not(wish->removing);
    cr_assert_str_eq(wish->spec.command, "false");
}

Test(desired, keeps_each_deputys_wishes_sorted_by_number)
{
    static const char *const names[] = { "e", "a", "c", "b", "d" };

    for (size_t i = 0; i < PM_COUNT(names); i++)
        added(names[i], "k9");
    struct wish *third = desired_find(&d, "k9", "", "c");
    struct post *post = third->post;
    desired_begin(&d);
    desired_remove(&d, third, "ann");
    desired_commit(&d);
    desired_forget(&d, &third);
    cr_assert_eq(post->n, 4);
    for (size_t i = 1; i < post->n; i++)
        cr_assert_lt(post->wishes[i - 1]->spec.id, post->wishes[i]->spec.id);
}

Test(desired, finds_each_of_twenty_thousand)
{
    char name[32], host[32];
    size_t n;

    desired_begin(&d);
    for (int i = 0; i < 20000; i++) {
        struct pm_spec one;

        snprintf(name, sizeof name, "p%d", i);
        snprintf(host, sizeof host, "h%d", i % 1000);
        one = spec(name, host);
        desired_add(&d, &one);
    }
    desired_commit(&d);
    cr_assert_eq(d.n_posts, 1001);
    struct wish **sorted = desired_sorted(&d, &n);
    for (size_t i = 1; i < n; i++)
        cr_assert_lt(pm_spec_order(&sorted[i - 1]->spec, &sorted[i]->spec), 0);
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "p%d", i);
        snprintf(host, sizeof host, "h%d", i % 1000);
        cr_assert_str_eq(desired_find(&d, host, "", name)->spec.name, name);
    }
}
