#include "sheriffd/table.h"

#include <criterion/criterion.h>
#include <string.h>

static bool same(const void *item, const void *key)
{
    return *(const uint64_t *)item == *(const uint64_t *)key;
}

Test(table, finds_everything_that_is_in_it_and_nothing_else)
{
    static uint64_t items[5000];
    struct table table = { 0 };
    uint64_t missing = 99999;
    size_t at = 0, n = 0;

    for (size_t i = 0; i < PM_COUNT(items); i++) {
        items[i] = i;
        table_put(&table, table_hash_number(i), &items[i]);
    }
    for (size_t i = 0; i < PM_COUNT(items); i += 3)
        table_drop(&table, table_hash_number(i), &items[i]);
    for (size_t i = 0; i < PM_COUNT(items); i++)
        cr_assert_eq(table_find(&table, table_hash_number(i), same, &items[i]),
                     i % 3 == 0 ? NULL : &items[i]);
    cr_assert_null(table_find(&table, table_hash_number(missing), same, &missing));
    while (table_next(&table, &at) != NULL)
        n++;
    cr_assert_eq(n, table.n);
    table_fini(&table);
}

Test(table, keeps_items_of_one_hash_apart)
{
    uint64_t items[] = { 1, 2, 3, 4 };
    struct table table = { 0 };

    for (size_t i = 0; i < PM_COUNT(items); i++)
        table_put(&table, 7, &items[i]);
    table_drop(&table, 7, &items[1]);
    cr_assert_eq(table_find(&table, 7, same, &items[3]), &items[3]);
    cr_assert_null(table_find(&table, 7, same, &items[1]));
    table_fini(&table);
}

Test(table, tells_texts_apart_where_they_join)
{
    cr_assert_neq(table_hash_text(table_hash_text(0, "a"), "bc"),
                  table_hash_text(table_hash_text(0, "ab"), "c"));
}
