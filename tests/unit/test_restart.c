/* Should a dead process come back, and when? Rows of policy, ending and verdict. */
#include <criterion/criterion.h>

#include <procman/restart.h>

#include <errno.h>

static struct pm_spec given_a_policy(enum pm_auto_restart policy)
{
    return (struct pm_spec){ .auto_restart = policy, .restart_delay_ms = 10,
                             .restart_max_delay_ms = 1000, .restart_factor = 2,
                             .restart_settle_ms = 5000 };
}

static struct pm_verdict judge(const struct pm_spec *spec, struct pm_deaths *seen,
                               struct pm_ending ending, int64_t lived_ms)
{
    return pm_restart_judge(spec, seen, &ending, lived_ms, 0);
}

Test(restart, each_policy_judges_each_ending)
{
    static const struct {
        const char *what;
        struct pm_ending ending;
        bool success, no, on_failure, always; /* comes back under … */
    } rows[] = {
        { "exit 0",         { .code = 0 },                         true,  false, false, true },
        { "exit 3",         { .code = 3 },                         false, false, true,  true },
        { "a signal",       { .signal = 15 },                      false, false, true,  true },
        { "unknown",        { .unknown = true },                   false, false, true,  true },
        { "no program",     { .stage = PM_STAGE_EXEC, .error = ENOENT }, false, false, true, true },
        { "fork EAGAIN",    { .stage = PM_STAGE_FORK, .error = EAGAIN }, false, true, true, true },
        { "fork ENOMEM",    { .stage = PM_STAGE_FORK, .error = ENOMEM }, false, true, true, true },
        { "no descriptors", { .stage = PM_STAGE_PIPE, .error = EMFILE }, false, true, true, true },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        for (int policy = 0; policy < pm_auto_restart_count; policy++) {
            struct pm_spec spec = given_a_policy((enum pm_auto_restart)policy);
            struct pm_deaths seen = { 0 };
            struct pm_verdict verdict = judge(&spec, &seen, rows[i].ending, 100);
            bool expected = policy == PM_AUTO_RESTART_NO ? rows[i].no
                          : policy == PM_AUTO_RESTART_ALWAYS ? rows[i].always : rows[i].on_failure;
            cr_expect_eq(verdict.again, expected, "%s under %s", rows[i].what,
                         pm_word(&pm_auto_restart_words, policy));
            cr_expect_eq(verdict.success, rows[i].success, "%s", rows[i].what);
        }
}

Test(restart, listed_codes_are_successes_and_0_only_if_listed)
{
    struct pm_spec spec = given_a_policy(PM_AUTO_RESTART_ON_FAILURE);
    int64_t codes[] = { 3, 143 };
    struct pm_deaths seen = { 0 };

    spec.success_codes = (struct pm_i64s){ codes, PM_COUNT(codes) };
    cr_expect(!judge(&spec, &seen, (struct pm_ending){ .code = 3 }, 0).again);
    cr_expect(!judge(&spec, &seen, (struct pm_ending){ .code = 143 }, 0).again);
    cr_expect(judge(&spec, &seen, (struct pm_ending){ .code = 0 }, 0).again);
}

Test(restart, the_pause_grows_to_its_longest)
{
    static const struct {
        uint64_t delay, longest;
        double factor;
        int64_t pauses[6];
    } rows[] = {
        { 10,  1000, 2,   { 10, 20, 40, 80, 160, 320 } },
        { 100, 250,  2,   { 100, 200, 250, 250, 250, 250 } },
        { 100, 1000, 1,   { 100, 100, 100, 100, 100, 100 } },
        { 100, 1000, 0,   { 100, 100, 100, 100, 100, 100 } },
        { 100, 1000, 1.5, { 100, 150, 225, 338, 506, 759 } },
        { 0,   1000, 2,   { 0, 2, 4, 8, 16, 32 } },
        { 500, 100,  2,   { 100, 100, 100, 100, 100, 100 } },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        struct pm_spec spec = given_a_policy(PM_AUTO_RESTART_ALWAYS);
        struct pm_deaths seen = { 0 };
        spec.restart_delay_ms = rows[i].delay;
        spec.restart_max_delay_ms = rows[i].longest;
        spec.restart_factor = rows[i].factor;
        for (size_t j = 0; j < PM_COUNT(rows[i].pauses); j++)
            cr_expect_eq(judge(&spec, &seen, (struct pm_ending){ .code = 1 }, 0).wait_ms,
                         rows[i].pauses[j], "row %zu, death %zu", i, j + 1);
    }
}

Test(restart, jitter_leaves_its_share_of_the_pause_to_chance)
{
    struct pm_spec spec = given_a_policy(PM_AUTO_RESTART_ALWAYS);
    struct pm_ending ending = { .code = 1 };

    spec.restart_delay_ms = 1000;
    spec.restart_jitter = 0.5;
    for (int i = 0; i < 10; i++) {
        struct pm_deaths seen = { 0 };
        int64_t wait = pm_restart_judge(&spec, &seen, &ending, 0, i / 10.0).wait_ms;
        cr_expect_eq(wait, 1000 - i * 50);
    }
}

Test(restart, a_settled_life_forgives_all_earlier_deaths)
{
    struct pm_spec spec = given_a_policy(PM_AUTO_RESTART_ALWAYS);
    struct pm_deaths seen = { .quick = 7 };

    cr_expect_eq(judge(&spec, &seen, (struct pm_ending){ .code = 1 }, 4999).wait_ms, 1000);
    cr_expect_eq(judge(&spec, &seen, (struct pm_ending){ .code = 1 }, 5000).wait_ms, 10);
    cr_expect_eq(seen.quick, 1);
}

Test(restart, a_spawn_that_fails_never_settles)
{
    struct pm_spec spec = given_a_policy(PM_AUTO_RESTART_ALWAYS);
    struct pm_deaths seen = { .quick = 3 };

    spec.restart_settle_ms = 0;
    (void)judge(&spec, &seen, (struct pm_ending){ .stage = PM_STAGE_EXEC, .error = ENOENT }, 0);
    cr_expect_eq(seen.quick, 4);
}

Test(restart, it_gives_up_at_max_failures_but_not_over_a_shortage)
{
    struct pm_spec spec = given_a_policy(PM_AUTO_RESTART_ALWAYS);
    struct pm_deaths seen = { 0 };
    struct pm_ending crash = { .signal = 11 };
    struct pm_verdict verdict;

    spec.restart_max_failures = 3;
    cr_expect(judge(&spec, &seen, crash, 0).again);
    cr_expect(judge(&spec, &seen, crash, 0).again);
    verdict = judge(&spec, &seen, crash, 0);
    cr_expect(verdict.gave_up && !verdict.again);
    verdict = judge(&spec, &seen, (struct pm_ending){ .stage = PM_STAGE_FORK, .error = EAGAIN }, 0);
    cr_expect(verdict.again && !verdict.gave_up);
}

/* Only what the program did wrong counts, in a row; the pause grows with every quick death. */
Test(restart, only_failures_bring_the_end_nearer)
{
    static const struct pm_ending crash = { .signal = 11 }, well = { .code = 0 },
                                  shortage = { .stage = PM_STAGE_FORK, .error = EAGAIN },
                                  broken = { .stage = PM_STAGE_EXEC, .error = ENOENT },
                                  dark = { .unknown = true };
    static const struct {
        const char *what;
        struct pm_ending endings[5];
        unsigned failures; /* after those; the third is final */
    } rows[] = {
        { "crashes",            { crash, crash, crash }, 3 },
        { "every kind",         { crash, broken, dark }, 3 },
        { "quick successes",    { well, well, well, well, well }, 0 },
        { "shortages",          { shortage, shortage, shortage, shortage, shortage }, 0 },
        { "shortages between",  { crash, shortage, crash, shortage, crash }, 3 },
        { "a success between",  { crash, crash, well, crash, crash }, 2 },
        { "shortages at first", { shortage, shortage, shortage, shortage, crash }, 1 },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        size_t n = i < 2 ? 3 : PM_COUNT(rows[i].endings);
        struct pm_spec spec = given_a_policy(PM_AUTO_RESTART_ALWAYS);
        struct pm_deaths seen = { 0 };
        spec.restart_max_failures = 3;
        for (size_t j = 0; j < n; j++) {
            struct pm_verdict verdict = judge(&spec, &seen, rows[i].endings[j], 0);
            bool last = rows[i].failures == 3 && j == n - 1;
            cr_expect_eq(verdict.gave_up, last, "%s, death %zu", rows[i].what, j);
            if (verdict.again)
                cr_expect_eq(verdict.wait_ms, 10 << j, "%s, death %zu", rows[i].what, j);
        }
        cr_expect_eq(seen.failures, rows[i].failures, "%s", rows[i].what);
        cr_expect_eq(seen.quick, n, "%s", rows[i].what);
    }
}

Test(restart, a_settled_life_begins_the_row_anew)
{
    struct pm_spec spec = given_a_policy(PM_AUTO_RESTART_ALWAYS);
    struct pm_deaths seen = { .quick = 2, .failures = 2 };

    spec.restart_max_failures = 3;
    cr_expect(judge(&spec, &seen, (struct pm_ending){ .code = 1 }, 5000).again);
    cr_expect_eq(seen.failures, 1);
}

Test(restart, endings_have_words)
{
    static const char *argv[] = { "camd", "-p" };
    struct pm_spec spec = { .working_dir = "/nope", .run_as_user = "bob", .exec = { argv, 2 } };
    static const struct {
        struct pm_ending ending;
        const char *text;
    } rows[] = {
        { { .code = 3 }, "exit code 3" },
        { { .signal = 6, .core_dumped = true }, "killed by SIGABRT (core dumped)" },
        { { .unknown = true }, "ended while no deputy was its parent, how is not known" },
        { { .stage = PM_STAGE_DIRECTORY, .error = ENOENT },
          "working directory /nope: No such file or directory" },
        { { .stage = PM_STAGE_LIMIT, .error = EPERM, .detail = "nofile to 4096" },
          "cannot set limit nofile to 4096: Operation not permitted; raise deputyd's own limit "
          "first" },
        { { .stage = PM_STAGE_LIMIT, .error = EINVAL, .detail = "" },
          "setting its resource limits: Invalid argument" },
        { { .stage = PM_STAGE_CGROUP, .error = ENOENT, .detail = "memory" },
          "this host has no cgroup v2 memory controller for deputyd; see Control groups in "
          "deputyd(8)" },
        { { .stage = PM_STAGE_CGROUP, .error = EBUSY, .detail = "pids" },
          "other processes are in deputyd's control group, so pids cannot be limited; see Control "
          "groups in deputyd(8)" },
        { { .stage = PM_STAGE_CGROUP, .error = EACCES, .detail = "cpu" },
          "cannot limit cpu of its control group: Permission denied; see Control groups in "
          "deputyd(8)" },
        { { .stage = PM_STAGE_CGROUP, .error = EAGAIN, .detail = "" },
          "limiting its control group: Resource temporarily unavailable" },
        { { .stage = PM_STAGE_NICE, .error = EPERM, .detail = "-5" },
          "cannot be nice -5: Operation not permitted; only a deputyd that root runs can go below "
          "its own" },
        { { .stage = PM_STAGE_USER, .error = EPERM }, "run as user bob: Operation not permitted" },
        { { .stage = PM_STAGE_EXEC, .error = EACCES }, "cannot execute camd: Permission denied" },
        { { .stage = PM_STAGE_FORK, .error = EAGAIN },
          "making the process: Resource temporarily unavailable" },
    };
    char text[200];

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        cr_expect_str_eq(pm_ending_text(&rows[i].ending, &spec, text, sizeof text), rows[i].text);
}

/* delay 0 and max_delay 0: what cannot begin would be tried again for ever, in one step. */
Test(restart, only_the_first_return_may_be_at_once)
{
    static const struct { uint64_t delay_ms, most_ms; double jitter, chance; } rows[] = {
        { 0, 0, 0, 0 }, { 0, 0, 1, 0.99 }, { 0, 1000, 1, 0.99 }, { 10, 10, 1, 0.99 },
    };
    struct pm_ending broken = { .stage = PM_STAGE_USER };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        struct pm_spec spec = given_a_policy(PM_AUTO_RESTART_ALWAYS);
        struct pm_deaths seen = { 0 };

        spec.restart_delay_ms = rows[i].delay_ms;
        spec.restart_max_delay_ms = rows[i].most_ms;
        spec.restart_jitter = rows[i].jitter;
        for (int quick = 1; quick < 5; quick++) {
            struct pm_verdict verdict = pm_restart_judge(&spec, &seen, &broken, 0, rows[i].chance);
            cr_expect(verdict.wait_ms >= 1 || quick == 1, "row %zu, death %d", i, quick);
        }
    }
}
