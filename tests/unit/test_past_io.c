/* The file of ends: it gives back what was whole, and goes on behind it. */
#include "brain/past_io.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    char dir[64];
    char *path;
    struct past_file *file;
    uint64_t tokens[64]; /* of the ends it gave back */
    size_t n, lost_bytes;
} t;

static void setup(void)
{
    memset(&t, 0, sizeof t);
    snprintf(t.dir, sizeof t.dir, "/tmp/pm-past-XXXXXX");
    cr_assert_not_null(mkdtemp(t.dir));
    t.path = pm_printf("%s/past", t.dir);
}

static void teardown(void)
{
    past_file_close(&t.file);
    unlink(t.path);
    cr_assert_eq(rmdir(t.dir), 0, "nothing is left beside the file");
    free(t.path);
}

TestSuite(past_io, .init = setup, .fini = teardown);

static void take(void *self, const struct pm_kept_end *kept)
{
    (void)self;
    cr_assert_str_eq(kept->boot_id, "boot");
    cr_assert_str_eq(kept->life.reason, "exit code 3; will be restarted");
    t.tokens[t.n++] = kept->life.token;
}

static void when_opened(void)
{
    past_file_close(&t.file);
    t.n = 0;
    cr_assert_eq(past_file_open(t.path, take, NULL, &t.file, &t.lost_bytes), PM_OK);
}

static struct pm_kept_end an_end(uint64_t token)
{
    return (struct pm_kept_end){ .boot_id = "boot", .mono_ms = 5,
                                 .life = { .token = token, .name = "cam",
                                           .reason = "exit code 3; will be restarted" } };
}

static void given_ends(uint64_t first, uint64_t last)
{
    for (uint64_t token = first; token <= last; token++) {
        struct pm_kept_end kept = an_end(token);
        cr_assert_eq(past_file_add(t.file, &kept, 1), PM_OK);
    }
}

static void then_ends(uint64_t first, uint64_t last)
{
    cr_assert_eq(t.n, last + 1 - first, "%zu ends", t.n);
    for (size_t i = 0; i < t.n; i++)
        cr_assert_eq(t.tokens[i], first + i);
}

static off_t size(void)
{
    struct stat stat_of;

    cr_assert_eq(stat(t.path, &stat_of), 0);
    return stat_of.st_size;
}

Test(past_io, what_was_added_comes_back_in_order)
{
    when_opened();
    cr_assert_eq(t.n, 0);
    given_ends(1, 3);
    when_opened();
    then_ends(1, 3);
    given_ends(4, 5);
    when_opened();
    then_ends(1, 5);
}

Test(past_io, what_is_replaced_is_all_there_is)
{
    struct pm_kept_end ends[2] = { an_end(8), an_end(9) };

    when_opened();
    given_ends(1, 7);
    cr_assert_eq(past_file_replace(t.file, ends, 2), PM_OK);
    given_ends(10, 10);
    when_opened();
    then_ends(8, 10);
    cr_assert_eq(past_file_replace(t.file, NULL, 0), PM_OK);
    cr_assert_eq(size(), 0);
    given_ends(11, 11);
    when_opened();
    then_ends(11, 11);
}

Test(past_io, cut_at_any_byte_it_gives_what_is_whole_and_goes_on)
{
    off_t one, all;

    when_opened();
    given_ends(1, 1);
    one = size();
    given_ends(2, 3);
    all = size();
    for (off_t cut = all - 1; cut >= 0; cut--) {
        cr_assert_eq(truncate(t.path, cut), 0);
        when_opened();
        then_ends(1, (uint64_t)(cut / one));
        cr_assert_eq(t.lost_bytes, (size_t)(cut % one));
        given_ends(t.n + 1, 3);
        cr_assert_eq(size(), all);
    }
}

Test(past_io, no_flipped_bit_is_believed)
{
    off_t one, all;

    when_opened();
    given_ends(1, 1);
    one = size();
    given_ends(2, 2);
    all = size();
    for (off_t at = 0; at < all; at++) {
        int fd = open(t.path, O_RDWR | O_CLOEXEC);
        uint8_t byte;

        cr_assert_eq(pread(fd, &byte, 1, at), 1);
        byte ^= (uint8_t)(1 << at % 8);
        cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
        close(fd);
        when_opened();
        then_ends(1, at < one ? 0 : 1);
        cr_assert_gt(t.lost_bytes, 0);
        given_ends(t.n + 1, 2);
    }
}

Test(past_io, a_place_that_cannot_be_written_is_said)
{
    struct past_file *other = NULL;
    size_t lost_bytes;

    cr_assert_eq(past_file_open("/nope/past", take, NULL, &other, &lost_bytes), PM_IO);
    cr_assert_null(other);
}
