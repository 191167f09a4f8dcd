/* The file a brain leaves to the next one: whole, private, and never believed when damaged. */
#include "brain/wish_io.h"

#include <criterion/criterion.h>
#include <procman/spec.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    char dir[64];
    char *path;
    struct pm_arena arena;
} t;

static void setup(void)
{
    snprintf(t.dir, sizeof t.dir, "/tmp/pm-wish-XXXXXX");
    cr_assert_not_null(mkdtemp(t.dir));
    t.path = pm_printf("%s/wish", t.dir);
    pm_arena_init(&t.arena, 0);
}

static void teardown(void)
{
    unlink(t.path);
    rmdir(t.dir); /* fails, and leaves a trace, when anything was left beside the file */
    pm_arena_fini(&t.arena);
    free(t.path);
}

TestSuite(wish_io, .init = setup, .fini = teardown);

static void given_kept(uint64_t generation)
{
    struct pm_spec spec;
    struct pm_want want = { 3, true, 8 };
    struct pm_wish wish = { .sheriff_id = 5, .generation = generation, .specs_generation = 2,
                            .specs = { &spec, 1 }, .wants = { &want, 1 } };

    pm_spec_init(&spec);
    spec.id = 3;
    spec.name = "cam";
    spec.command = "camd";
    cr_assert_eq(wish_save(t.path, &wish), PM_OK);
}

static void flip_bit(off_t offset, unsigned bit)
{
    FILE *file = fopen(t.path, "r+");
    int byte;

    cr_assert_not_null(file);
    cr_assert_eq(fseek(file, offset, SEEK_SET), 0);
    byte = fgetc(file);
    cr_assert_eq(fseek(file, offset, SEEK_SET), 0);
    cr_assert_neq(fputc(byte ^ 1 << bit, file), EOF);
    fclose(file);
}

Test(wish_io, what_is_kept_comes_back)
{
    struct pm_wish wish;
    struct stat stat_now;

    given_kept(6);
    given_kept(7);
    cr_assert_eq(wish_load(t.path, &t.arena, &wish, NULL), PM_OK);
    cr_assert_eq(wish.sheriff_id, 5);
    cr_assert_eq(wish.generation, 7);
    cr_assert_eq(wish.specs.n, 1);
    cr_assert_str_eq(wish.specs.at[0].name, "cam");
    cr_assert_eq(wish.wants.at[0].order, 8);
    cr_assert_eq(stat(t.path, &stat_now), 0);
    cr_assert_eq(stat_now.st_mode & 0777, 0600, "environments may hold secrets");
}

Test(wish_io, no_file_is_no_wish)
{
    struct pm_wish wish;

    cr_assert_eq(wish_load(t.path, &t.arena, &wish, NULL), PM_NOT_FOUND);
}

Test(wish_io, a_file_cut_anywhere_is_not_believed)
{
    struct stat stat_now;
    struct pm_wish wish;

    given_kept(7);
    cr_assert_eq(stat(t.path, &stat_now), 0);
    for (off_t n = stat_now.st_size - 1; n >= 0; n--) {
        const char *why = NULL;
        cr_assert_eq(truncate(t.path, n), 0);
        cr_assert_eq(wish_load(t.path, &t.arena, &wish, &why), PM_BAD_MESSAGE, "at %d", (int)n);
        cr_assert_not_null(why);
    }
}

Test(wish_io, a_file_with_any_bit_flipped_is_not_believed)
{
    struct stat stat_now;
    struct pm_wish wish;

    given_kept(7);
    cr_assert_eq(stat(t.path, &stat_now), 0);
    for (off_t i = 0; i < stat_now.st_size; i++) {
        const char *why = NULL;
        flip_bit(i, (unsigned)i % 8);
        cr_assert_eq(wish_load(t.path, &t.arena, &wish, &why), PM_BAD_MESSAGE, "at %d", (int)i);
        cr_assert_not_null(why);
        flip_bit(i, (unsigned)i % 8);
    }
    cr_assert_eq(wish_load(t.path, &t.arena, &wish, NULL), PM_OK);
}

Test(wish_io, what_cannot_be_written_leaves_the_former)
{
    PM_CLEANUP(pm_free) char *nowhere = pm_printf("%s/no/wish", t.dir);
    struct pm_wish wish = { .generation = 9 };

    given_kept(7);
    cr_assert_eq(wish_save(nowhere, &wish), PM_IO);
    cr_assert_eq(wish_load(t.path, &t.arena, &wish, NULL), PM_OK);
    cr_assert_eq(wish.generation, 7);
}
