/* What all output takes is known, whatever others do to it, and what goes is the oldest of it.
 */
#include "log_stage.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(output_keep, .init = stage_setup, .fini = stage_teardown, .timeout = 120);

static struct output_log *given_log(const char *name)
{
    PM_CLEANUP(pm_free) char *path = pm_printf("%s/%s.log", t.dir, name);

    return store_use(&t.store, path);
}

/* It has been gone for a while, and wrote n bytes at that second of the epoch. */
static void given_gone(const char *name, size_t n, time_t second)
{
    PM_CLEANUP(pm_free) char *path = pm_printf("%s/%s.log", t.dir, name);
    struct output_log *log = given_log(name), *before = t.log;

    t.log = log;
    given_written(n);
    when_moved();
    t.log = before;
    cr_assert_eq(utimensat(AT_FDCWD, path, (struct timespec[]){ { second, 0 }, { second, 0 } }, 0),
                 0);
    store_leave(log);
    store_write_fresh(&t.store, (struct pm_mono){ INT64_MAX });
    t.store.gone_from.ms = 0;
}

static bool is_there(const char *name)
{
    PM_CLEANUP(pm_free) char *path = pm_printf("%s/%s", t.dir, name);

    return access(path, F_OK) == 0;
}

/* Turn after turn, until nothing changes any more. */
static void when_kept_below(uint64_t budget)
{
    t.store.budget = budget;
    t.store.counted.ms = 0;
    for (int i = 0; i < 100; i++)
        store_keep_budget(&t.store);
}

Test(output_keep, of_who_is_gone_everything_may_go_the_oldest_first)
{
    given_100_bytes();
    given_gone("young", 50, 2000);
    given_gone("old", 50, 1000);
    cr_assert_eq(t.store.n, 3);
    when_kept_below(t.store.used - 1);
    cr_assert_not(is_there("old.log"));
    cr_assert_not(is_there(".old.log.0.index"), "nor what was beside it");
    cr_assert(is_there("young.log"));
    cr_assert_eq(t.store.n, 2);
    cr_assert_eq(t.store.used, bytes_in(t.dir));
    when_kept_below(1);
    cr_assert_not(is_there("young.log"));
    cr_assert(is_there("cam.log"), "whoever is there keeps his file");
    cr_assert(t.store.tight);
    cr_assert_eq(t.store.used, bytes_in(t.dir));
}

Test(output_keep, a_segment_of_the_living_may_be_older_than_a_file_of_the_dead)
{
    log_limits(t.log, 100, 99);
    given_100_bytes();
    cr_assert_gt(t.log->segments.n, 0);
    t.log->segments.at[0].written_ms = 500 * 1000;
    given_gone("old", 50, 1000);
    when_kept_below(t.store.used - 1);
    cr_assert_eq(t.log->segments.n, 0);
    cr_assert(is_there("old.log"));
}

Test(output_keep, nobody_is_gone_at_our_beginning)
{
    given_gone("old", 50, 1000);
    forget_store();
    open_store();
    when_kept_below(1);
    cr_assert(is_there("old.log"), "its process may be opened in the next moment");
    t.store.gone_from.ms = 0; /* a minute later */
    when_kept_below(1);
    cr_assert_not(is_there("old.log"));
}

Test(output_keep, who_comes_back_is_not_gone)
{
    given_gone("old", 50, 1000);
    struct output_log *log = given_log("old");
    cr_assert_eq(log->end, 50);
    when_kept_below(1);
    cr_assert(is_there("old.log"));
}

static void given_segments(void)
{
    log_limits(t.log, 100, 99);
    for (int i = 0; i < 6; i++) {
        given_written(60);
        when_moved();
    }
    cr_assert_geq(t.log->segments.n, 4);
}

static void when_somebody_cuts(const struct segment *segment, off_t size)
{
    PM_CLEANUP(pm_free) char *path = output_segment_path(t.path, segment->begin);

    cr_assert_eq(size > 0 ? truncate(path, size) : unlink(path), 0);
}

Test(output_keep, what_others_removed_is_not_removed_once_more)
{
    given_segments();
    uint64_t before = t.store.used, oldest = t.log->segments.at[0].begin;
    struct segment newest = t.log->segments.at[t.log->segments.n - 1];
    when_somebody_cuts(&newest, 0);
    when_somebody_cuts(&t.log->segments.at[1], 10);
    when_kept_below(before - 1);
    cr_assert_eq(t.log->segments.at[0].begin, oldest, "there was room enough");
    cr_assert_eq(t.store.used, bytes_in(t.dir));
    cr_assert_lt(t.store.used, before);
    then_reads_as_written(newest.begin + newest.size);
    given_written(10);
    when_moved();
    forget_store();
    open_store();
    cr_assert_eq(t.log->end, t.n_all, "addresses go on, and after our death too");
}

Test(output_keep, a_live_file_that_was_removed_is_not_counted)
{
    given_segments();
    given_written(10);
    when_moved();
    log_write_index(t.log);
    uint64_t before = t.store.used;
    cr_assert_gt(t.log->size, 0);
    cr_assert_eq(unlink(t.path), 0);
    when_kept_below(before - 1);
    cr_assert_eq(t.store.used, bytes_in(t.dir));
    cr_assert_lt(t.log->fd, 0, "its place on the disk is free");
    given_written(10);
    when_moved();
    cr_assert_eq(t.log->end, t.n_all);
    then_reads_as_written(t.n_all - 10);
}

Test(output_keep, who_is_gone_and_whose_files_others_removed_is_forgotten)
{
    given_100_bytes();
    given_gone("old", 50, 1000);
    PM_CLEANUP(pm_free) char *path = pm_printf("%s/old.log", t.dir);
    cr_assert_eq(unlink(path), 0);
    when_kept_below(t.store.used - 1);
    cr_assert_eq(t.store.n, 1);
    cr_assert_not(is_there(".old.log.0.index"));
    cr_assert_not(is_there(".old.log.50.index"));
    cr_assert_eq(t.store.used, bytes_in(t.dir));
}

Test(output_keep, all_is_counted_a_little_at_a_time_and_not_again_at_once)
{
    enum { LOGS = 100 };

    for (int i = 0; i < LOGS; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%d", i);
        given_gone(name, 10, 1000 + i);
    }
    t.store.budget = t.store.used - 1;
    store_keep_budget(&t.store);
    cr_assert(t.store.counting, "others wait");
    cr_assert_eq(t.store.n, LOGS + 1);
    while (t.store.counting)
        store_keep_budget(&t.store);
    cr_assert_eq(t.store.n, LOGS, "one went");
    t.store.budget = t.store.used - 1;
    store_keep_budget(&t.store);
    cr_assert_eq(t.store.n, LOGS - 1, "the count is still good");
}
