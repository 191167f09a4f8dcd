/* What was freed between what lives on goes back to the system. */
#include <procman/spare.h>

#include <criterion/criterion.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CROWDS = 4, BLOCKS = 4096, BLOCK = 4096, EVERY = 64, MIB = 1 << 20 };

static size_t resident(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;

    cr_assert_not_null(file);
    cr_assert_eq(fscanf(file, "%*u %lu", &pages), 1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* 16 MiB. */
static void given_a_crowd(char *blocks[BLOCKS])
{
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(BLOCK);
        cr_assert_not_null(blocks[i]);
        memset(blocks[i], 1, BLOCK);
    }
}

/* One block in 64 lives on. */
static void when_it_has_passed(char *blocks[BLOCKS])
{
    for (size_t i = 0; i < BLOCKS; i++)
        if (i % EVERY != 0) {
            free(blocks[i]);
            blocks[i] = NULL;
        }
}

static void forget(char *blocks[BLOCKS])
{
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[i]);
}

/* Whenever the look falls into the midst of a crowd, too. */
Test(spare, what_a_crowd_has_left_goes_back_each_time)
{
    static char *blocks[CROWDS][BLOCKS];
    struct pm_spare spare = { 0 };
    size_t before = resident();

    if (mallinfo2().arena == 0)
        cr_skip_test("a sanitizer's allocator keeps its own counsel");
    for (int crowd = 0; crowd < CROWDS; crowd++) {
        given_a_crowd(blocks[crowd]);
        if (crowd % 2 != 0)
            pm_spare_look(&spare);
        when_it_has_passed(blocks[crowd]);
        cr_assert_gt(resident(), before + 12 * MIB);
        pm_spare_look(&spare);
        cr_assert_lt(resident(), before + 4 * MIB, "crowd %d", crowd);
    }
    for (int crowd = 0; crowd < CROWDS; crowd++)
        forget(blocks[crowd]);
}
