/* Stories of looks: when they come, and what they lead to. */
#include <criterion/criterion.h>

#include "brain/probe.h"

#include <stdio.h>
#include <string.h>

static struct probe p;
static struct pm_spec spec;
static struct probe_seen seen;
static struct pm_mono now;
static char said[4096]; /* "200 look" … : what the machine said, and how long after the beginning */

static const char *const words[] = { "", "look", "away", "ready", "unready", "unhealthy" };

static void note(enum probe_act act)
{
    size_t n = strlen(said);

    if (act != PROBE_NOTHING)
        snprintf(said + n, sizeof said - n, "%lld %s\n", (long long)now.ms - 100000, words[act]);
}

static void turn(void)
{
    enum probe_act act;

    for (int i = 0; (act = probe_turn(&p, &spec, &seen, now)) != PROBE_NOTHING; i++) {
        cr_assert_lt(i, 5, "it does not spin");
        note(act);
    }
}

/* As time does: whenever the machine asked to be called. */
static void when_time_passes(int64_t ms)
{
    int64_t end = now.ms + ms;

    for (struct pm_mono next = probe_next(&p, &spec); next.ms != 0 && next.ms <= end;
         next = probe_next(&p, &spec)) {
        cr_assert_gt(next.ms, now.ms, "it does not spin");
        now.ms = next.ms;
        turn();
    }
    now.ms = end;
}

/* As above; every look finds the same, at once. */
static void when_looks_find(bool good, const char *why, int64_t ms)
{
    for (int64_t end = now.ms + ms; now.ms < end; ) {
        struct pm_mono next = probe_next(&p, &spec);
        if (next.ms == 0 || next.ms > end) {
            now.ms = end;
            return;
        }
        now = next;
        turn();
        note(probe_looked(&p, &spec, good, why, now));
    }
}

static void setup(void)
{
    now.ms = 100000;
    said[0] = '\0';
    seen = (struct probe_seen){ 0 };
    spec = (struct pm_spec){ 0 };
}

TestSuite(probe, .init = setup);

static void given_ready_probe(enum pm_probe_kind kind)
{
    spec.ready = (struct pm_probe){ .kind = kind, .text = "", .port = 7000, .timeout_ms = 2000,
                                    .interval_ms = 500, .delay_ms = 300 };
    probe_begin(&p, &spec, now, false, &seen, now);
}

static void given_health(void)
{
    spec.health = (struct pm_probe){ .kind = PM_PROBE_KIND_TCP, .text = "", .port = 7000,
                                     .timeout_ms = 1000, .interval_ms = 5000, .failures = 3 };
    probe_begin(&p, &spec, now, true, &seen, now);
}

#define then_said(expected) \
    do { \
        cr_assert_str_eq(said, expected, "said:\n%sexpected:\n%s", said, expected); \
        said[0] = '\0'; \
    } while (0)

/* ---- readiness ---------------------------------------------------------------------- */

Test(probe, nothing_is_wanted_of_a_plain_process)
{
    cr_assert_not(probe_wanted(&spec));
    spec.watchdog_ms = 1;
    cr_assert(probe_wanted(&spec));
}

Test(probe, what_starts_is_looked_at_soon_and_then_more_rarely)
{
    given_ready_probe(PM_PROBE_KIND_TCP);
    when_looks_find(false, "connection refused", 1999);
    then_said("20 look\n60 look\n140 look\n300 look\n620 look\n1120 look\n1620 look\n");
}

Test(probe, the_first_good_look_makes_it_ready)
{
    given_ready_probe(PM_PROBE_KIND_TCP);
    when_looks_find(false, "connection refused", 100);
    when_looks_find(true, NULL, 10000);
    then_said("20 look\n60 look\n140 look\n140 ready\n");
    cr_assert_eq(probe_next(&p, &spec).ms, 0, "there is nothing more to look at");
}

Test(probe, too_late_is_said_with_the_last_reason)
{
    given_ready_probe(PM_PROBE_KIND_TCP);
    when_looks_find(false, "connection refused", 1700);
    said[0] = '\0';
    when_looks_find(false, "connection refused", 5000);
    then_said("2000 unready\n");
    cr_assert_str_eq(p.sentence, "not ready within 2s: tcp 7000: connection refused");
}

Test(probe, a_look_that_hangs_is_ended_and_repeated)
{
    given_ready_probe(PM_PROBE_KIND_EXEC);
    spec.ready.timeout_ms = 20000;
    probe_begin(&p, &spec, now, false, &seen, now);
    when_time_passes(19000);
    then_said("20 look\n5020 away\n5030 look\n10030 away\n10040 look\n15040 away\n15050 look\n");
    when_time_passes(2000);
    then_said("20000 unready\n");
    cr_assert_str_eq(p.sentence, "not ready within 20s: exec : no answer within 5s");
}

Test(probe, what_a_look_says_after_its_end_is_not_heard)
{
    given_ready_probe(PM_PROBE_KIND_TCP);
    note(probe_looked(&p, &spec, true, NULL, now));
    then_said("");
}

Test(probe, a_line_or_a_word_makes_it_ready_if_that_was_asked_for)
{
    given_ready_probe(PM_PROBE_KIND_NOTIFY);
    note(probe_said_ready(&p, &spec, PM_PROBE_KIND_LOG, now));
    then_said("");
    note(probe_said_ready(&p, &spec, PM_PROBE_KIND_NOTIFY, now));
    note(probe_said_ready(&p, &spec, PM_PROBE_KIND_NOTIFY, now));
    then_said("0 ready\n");
}

Test(probe, silence_about_readiness_has_its_words)
{
    given_ready_probe(PM_PROBE_KIND_NOTIFY);
    when_time_passes(2000);
    then_said("2000 unready\n");
    cr_assert_str_eq(p.sentence, "not ready within 2s: it has not said READY=1");

    setup();
    given_ready_probe(PM_PROBE_KIND_LOG);
    spec.ready.text = "up";
    when_time_passes(2000);
    cr_assert_str_eq(p.sentence, "not ready within 2s: it has not written a line like /up/");
}

Test(probe, after_a_while_it_is_ready)
{
    given_ready_probe(PM_PROBE_KIND_AFTER);
    when_time_passes(1000);
    then_said("300 ready\n");
}

Test(probe, the_time_to_be_ready_counts_from_the_beginning_of_the_life)
{
    struct pm_mono began = now;

    now.ms += 1500;
    spec.ready = (struct pm_probe){ .kind = PM_PROBE_KIND_TCP, .timeout_ms = 2000 };
    probe_begin(&p, &spec, began, false, &seen, now);
    when_looks_find(false, "refused", 1000);
    cr_assert(strstr(said, "2000 unready") != NULL, "%s", said);
}

Test(probe, without_a_limit_it_may_take_for_ever)
{
    spec.ready = (struct pm_probe){ .kind = PM_PROBE_KIND_NOTIFY };
    probe_begin(&p, &spec, now, false, &seen, now);
    cr_assert_eq(probe_next(&p, &spec).ms, 0);
}

Test(probe, who_slept_himself_gives_a_little_more_time)
{
    given_ready_probe(PM_PROBE_KIND_NOTIFY);
    now.ms += 60000;
    turn();
    then_said("");
    when_time_passes(1000);
    then_said("61000 unready\n");
}

/* ---- health ------------------------------------------------------------------------- */

Test(probe, health_is_looked_at_only_once_it_is_ready)
{
    given_ready_probe(PM_PROBE_KIND_AFTER);
    spec.health = (struct pm_probe){ .kind = PM_PROBE_KIND_TCP, .interval_ms = 1000,
                                     .failures = 1 };
    when_looks_find(true, NULL, 2500);
    then_said("300 ready\n1300 look\n2300 look\n");
}

Test(probe, so_many_bad_looks_in_a_row_are_a_verdict)
{
    given_health();
    when_looks_find(false, "connection refused", 12000);
    when_looks_find(true, NULL, 5000);
    then_said("5000 look\n10000 look\n15000 look\n");
    when_looks_find(false, "connection refused", 20000);
    then_said("20000 look\n25000 look\n30000 look\n30000 unhealthy\n");
    cr_assert_str_eq(p.sentence, "unhealthy: tcp 7000: connection refused (3 times)");
    cr_assert_eq(p.well.ms, 115000, "it was well until the last good look");
}

Test(probe, looks_that_hang_count_too)
{
    given_health();
    when_time_passes(60000);
    then_said("5000 look\n6000 away\n10000 look\n11000 away\n15000 look\n16000 away\n"
              "16000 unhealthy\n");
    cr_assert_str_eq(p.sentence, "unhealthy: tcp 7000: no answer within 1s (3 times)");
    cr_assert_eq(p.well.ms, 0, "it never was well");
}

Test(probe, after_a_verdict_it_is_silent)
{
    given_health();
    when_looks_find(false, "connection refused", 16000);
    said[0] = '\0';
    when_time_passes(60000);
    note(probe_weighed(&p, &spec, UINT64_MAX, now));
    then_said("");
}

Test(probe, output_is_a_sign_of_life_and_its_absence_a_verdict)
{
    spec.health_silence_ms = 8000;
    probe_begin(&p, &spec, now, true, &seen, now);
    for (int i = 0; i < 5; i++) {
        when_time_passes(5000);
        seen.written += 10;
    }
    then_said("");
    when_time_passes(30000);
    then_said("34000 unhealthy\n"); /* seen at 26000: within an eighth */
    cr_assert_str_eq(p.sentence, "unhealthy: no output for 8s");
}

Test(probe, output_that_cannot_be_written_is_no_silence)
{
    spec.health_silence_ms = 8000;
    probe_begin(&p, &spec, now, true, &seen, now);
    seen.unwritable = true;
    when_time_passes(60000);
    then_said("");
}

Test(probe, a_watchdog_that_no_longer_barks_is_a_verdict)
{
    spec.watchdog_ms = 1000;
    probe_begin(&p, &spec, now, true, &seen, now);
    for (int i = 0; i < 5; i++) {
        when_time_passes(900);
        note(probe_barked(&p, &spec, false, now));
    }
    then_said("");
    when_time_passes(5000);
    then_said("5500 unhealthy\n");
    cr_assert_str_eq(p.sentence, "unhealthy: no WATCHDOG=1 for 1s");
    cr_assert_eq(p.well.ms, 104500);
}

Test(probe, a_watchdog_that_barks_for_help_is_heard)
{
    spec.watchdog_ms = 1000;
    probe_begin(&p, &spec, now, true, &seen, now);
    note(probe_barked(&p, &spec, true, now));
    then_said("0 unhealthy\n");
}

Test(probe, a_watchdog_is_not_missed_by_who_slept_himself)
{
    spec.watchdog_ms = 1000;
    probe_begin(&p, &spec, now, true, &seen, now);
    now.ms += 3600000;
    turn();
    then_said("");
    when_time_passes(1000);
    then_said("3601000 unhealthy\n");
}

/* ---- memory ------------------------------------------------------------------------- */

Test(probe, memory_counts_when_two_samples_in_a_row_are_over)
{
    const uint64_t mib = 1 << 20;

    spec.restart_max_memory = 800 * mib;
    probe_begin(&p, &spec, now, true, &seen, now);
    note(probe_weighed(&p, &spec, 801 * mib, now));
    note(probe_weighed(&p, &spec, 800 * mib, now));
    note(probe_weighed(&p, &spec, 801 * mib, now));
    then_said("");
    note(probe_weighed(&p, &spec, 812 * mib, now));
    then_said("0 unhealthy\n");
    cr_assert_str_eq(p.sentence, "memory 812 MiB over restart.max_memory 800 MiB");
}

/* ---- rules -------------------------------------------------------------------------- */

Test(probe, rules_are_told_apart)
{
    struct pm_spec other = { .ready = { .kind = PM_PROBE_KIND_TCP, .text = "" } };

    cr_assert_eq(probe_rules(&spec), probe_rules(&(struct pm_spec){ .name = "x" }));
    cr_assert_neq(probe_rules(&spec), probe_rules(&other));
    spec = other;
    spec.ready.text = NULL;
    cr_assert_eq(probe_rules(&spec), probe_rules(&other));
}
