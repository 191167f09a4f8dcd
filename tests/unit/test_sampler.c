/* Numbers out of /proc's texts: real ones, hostile ones, cut ones. */
#include "brain/sampler.h"

#include <criterion/criterion.h>

#include <string.h>

#define STAT(name) "4242 (" name ") S 1 4242 4242 0 -1 4194304 100 0 0 0 70 30 0 0 20 0 3 0 " \
    "987654 12345678 250 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n"

static bool parse(const char *text, struct sample_process *out)
{
    return sample_process(text, strlen(text), out);
}

Test(sampler, a_process_is_read_whatever_its_name)
{
    static const char *const texts[] = { STAT("cam"), STAT("a) R 1 (b"), STAT(""), STAT(")))"),
                                         STAT("new\nline 1 2 3") };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct sample_process sample = { 0 };
        cr_assert(parse(texts[i], &sample));
        cr_assert_eq(sample.cpu_ticks, 100);
        cr_assert_eq(sample.threads, 3);
        cr_assert_eq(sample.rss_pages, 250);
        cr_assert_eq(sample.start_ticks, 987654);
    }
}

Test(sampler, negative_fields_do_not_shift_the_others)
{
    struct sample_process sample;

    cr_assert(parse("1 (x) S 1 -1 -1 0 -1 0 0 0 0 0 5 6 -7 -8 -20 -19 2 0 99 4096 11 0\n",
                    &sample));
    cr_assert_eq(sample.cpu_ticks, 11);
    cr_assert_eq(sample.threads, 2);
    cr_assert_eq(sample.start_ticks, 99);
    cr_assert_eq(sample.rss_pages, 11);
}

Test(sampler, cut_texts_are_refused_at_every_length)
{
    const char *text = STAT("cam");
    struct sample_process sample;
    size_t whole = (size_t)(strstr(text, " 250 ") - text) + 2;

    for (size_t n = 0; n < whole; n++)
        cr_assert_not(sample_process(text, n, &sample), "at %zu", n);
    cr_assert(sample_process(text, strlen(text), &sample));
}

Test(sampler, the_share_of_a_core_is_ticks_over_time)
{
    static const struct { uint64_t before, now; double ms, pct; } rows[] = {
        { 100, 150, 1000, 50 }, { 100, 300, 1000, 200 }, { 100, 100, 1000, 0 },
        { 100, 50, 1000, 0 },   { 0, 1, 1000, 1 },       { 0, 50, 2000, 25 },
        { 0, 5, 0, 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_assert_float_eq(sample_cpu_pct(rows[i].before, rows[i].now, rows[i].ms, 100),
                           rows[i].pct, 0.01, "row %zu", i);
}

Test(sampler, the_machine_is_busy_but_for_idle_and_waiting)
{
    const char *before = "cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 1 2 3\n";
    const char *after = "cpu  150 10 120 900 20 0 0 0 0 0\ncpu0 1 2 3\n";
    struct sample_cpu one, other;

    cr_assert(sample_cpu(before, strlen(before), &one));
    cr_assert(sample_cpu(after, strlen(after), &other));
    cr_assert_float_eq(sample_busy_pct(&one, &other), 40, 0.01);
    cr_assert_float_eq(sample_busy_pct(&other, &one), 0, 0.01);
    cr_assert_not(sample_cpu("intr 1", 6, &one));
    cr_assert_not(sample_cpu("cpu ", 4, &one));
}

Test(sampler, used_memory_is_what_is_not_available)
{
    const char *text = "MemTotal:       1000 kB\nMemFree:   10 kB\nMemAvailable:    400 kB\n";
    uint64_t used = 0, total = 0;

    cr_assert(sample_memory(text, strlen(text), &used, &total));
    cr_assert_eq(used, 600 * 1024);
    cr_assert_eq(total, 1000 * 1024);
    cr_assert_not(sample_memory(text, 20, &used, &total));
}

Test(sampler, the_load_is_the_first_number)
{
    double load = 0;

    cr_assert(sample_load("1.25 0.50 0.10 1/100 4242\n", 26, &load));
    cr_assert_float_eq(load, 1.25, 0.001);
    cr_assert_not(sample_load("x", 1, &load));
    cr_assert_not(sample_load("", 0, &load));
}

Test(sampler, only_what_differs_noticeably_is_told)
{
    const struct pm_usage told = { .id = 1, .cpu_pct = 2.0, .rss_bytes = 1000000, .threads = 3,
                                   .output_end = 77 };
    static const struct { struct pm_usage now; bool changed; } rows[] = {
        { { 1, 2.0, 1000000, 3, 77 }, false }, { { 1, 2.0, 1009000, 3, 77 }, false },
        { { 1, 2.0, 1020000, 3, 77 }, true },  { { 1, 2.1, 1000000, 3, 77 }, true },
        { { 1, 2.0, 1000000, 4, 77 }, true },  { { 1, 2.0, 1000000, 3, 78 }, true },
        { { 2, 2.0, 1000000, 3, 77 }, true },  { { 1, 0, 0, 0, 77 }, true },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_assert_eq(sample_changed(&told, &rows[i].now), rows[i].changed, "row %zu", i);
}
