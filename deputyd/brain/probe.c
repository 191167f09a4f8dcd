/* When to look, what a look means, and when it is enough.
 *
 * Until it is ready a life is looked at soon after its beginning and then ever more rarely, up to
 * the interval: what starts fast shall be ready fast, and what starts slowly is not to be
 * pestered. Once it is ready its health is looked at from interval to interval; so many bad looks
 * in a row are a verdict. A look that takes too long is a bad one.
 *
 * Beside looks there are signs of life: output, and the watchdog's. Their absence is found by
 * glancing at the clock, never by waking at each sign.
 *
 * There is one verdict of each kind: after UNREADY or UNHEALTHY this machine is silent.
 */
#include "brain/probe.h"

#include <procman/checksum.h>
#include <procman/probe.h>
#include <procman/text.h>

#include <stdio.h>
#include <string.h>

#define FIRST_PAUSE_MS 20   /* a program is there within about that */
#define READY_LOOK_MS  5000 /* one look at what is not ready yet: it may hang, and be well later */
#define INTERVAL_MS    1000 /* where a spec says nothing */
#define LEAST_PAUSE_MS 10   /* of any interval: looks cost */
#define PUT_OFF_MS     100  /* until a look that could not be begun is tried again */
#define GLANCES        8    /* within the time of a silence */
#define FAT_SAMPLES    2    /* in a row */
#define LATE_MS        1000 /* of us: then the absence of a sign proves nothing */

bool probe_wanted(const struct pm_spec *spec)
{
    return spec->ready.kind != PM_PROBE_KIND_NONE || spec->health.kind != PM_PROBE_KIND_NONE
        || spec->health_silence_ms != 0 || spec->watchdog_ms != 0
        || spec->restart_max_memory != 0;
}

static uint64_t sum_of(uint64_t sum, const struct pm_probe *probe)
{
    const uint64_t numbers[] = { (uint64_t)probe->kind, probe->port, probe->delay_ms,
                                 probe->timeout_ms, probe->interval_ms, probe->failures };
    const char *text = probe->text != NULL ? probe->text : "";

    return pm_checksum(pm_checksum(sum, numbers, sizeof numbers), text, strlen(text) + 1);
}

uint64_t probe_rules(const struct pm_spec *spec)
{
    const uint64_t numbers[] = { spec->health_silence_ms, spec->watchdog_ms,
                                 spec->restart_max_memory };
    uint64_t sum = sum_of(sum_of(PM_CHECKSUM_BASIS, &spec->ready), &spec->health);

    return pm_checksum(sum, numbers, sizeof numbers);
}

const struct pm_probe *probe_rule(const struct probe *p, const struct pm_spec *spec)
{
    return p->ready ? &spec->health : &spec->ready;
}

static bool needs_looks(const struct pm_probe *rule)
{
    return rule->kind == PM_PROBE_KIND_TCP || rule->kind == PM_PROBE_KIND_HTTP
        || rule->kind == PM_PROBE_KIND_EXEC;
}

static int64_t interval_of(const struct pm_probe *rule)
{
    int64_t interval = rule->interval_ms != 0 ? (int64_t)rule->interval_ms : INTERVAL_MS;

    return interval > LEAST_PAUSE_MS ? interval : LEAST_PAUSE_MS;
}

static int64_t glance_of(const struct pm_spec *spec)
{
    int64_t glance = (int64_t)spec->health_silence_ms / GLANCES;

    return glance > LEAST_PAUSE_MS ? glance : LEAST_PAUSE_MS;
}

/* ---- beginning ---------------------------------------------------------------------- */

/* Signs of life count from here on. */
static void begin_health(struct probe *p, const struct pm_spec *spec, struct pm_mono now)
{
    p->ready = true;
    p->bad = 0;
    p->look_by.ms = p->wait_by.ms = 0;
    p->ready_by.ms = 0;
    p->word[0] = '\0';
    p->wrote = p->barked = now;
    p->look_at.ms = 0;
    if (needs_looks(&spec->health))
        p->look_at = pm_mono_after(now, interval_of(&spec->health));
    if (spec->health_silence_ms != 0)
        p->silence_at = pm_mono_after(now, glance_of(spec));
}

static void begin_readiness(struct probe *p, const struct pm_spec *spec, struct pm_mono began,
                            struct pm_mono now)
{
    const struct pm_probe *rule = &spec->ready;
    int64_t limit = rule->kind == PM_PROBE_KIND_AFTER ? (int64_t)rule->delay_ms
                                                      : (int64_t)rule->timeout_ms;

    p->pause_ms = FIRST_PAUSE_MS;
    if (needs_looks(rule))
        p->look_at = pm_mono_after(now, p->pause_ms);
    if (limit > 0 || rule->kind == PM_PROBE_KIND_AFTER)
        p->ready_by = pm_mono_after(began, limit);
}

void probe_begin(struct probe *p, const struct pm_spec *spec, struct pm_mono began, bool ready,
                 const struct probe_seen *seen, struct pm_mono now)
{
    *p = (struct probe){ .written = seen->written, .lean = now };
    if (ready)
        begin_health(p, spec, now);
    else
        begin_readiness(p, spec, began, now);
}

/* ---- verdicts ----------------------------------------------------------------------- */

static enum probe_act pronounce_ready(struct probe *p, const struct pm_spec *spec,
                                      struct pm_mono now)
{
    begin_health(p, spec, now);
    return PROBE_READY;
}

static enum probe_act pronounce(struct probe *p, enum probe_act act, struct pm_mono well)
{
    p->over = true;
    p->well = well;
    return act;
}

const char *probe_waits(const struct probe *p, const struct pm_spec *spec, char *text, size_t size)
{
    char name[PROBE_WORD_BYTES];

    pm_probe_text(&spec->ready, name, sizeof name);
    if (p->word[0] != '\0')
        snprintf(text, size, "%s: %s", name, p->word);
    else if (spec->ready.kind == PM_PROBE_KIND_LOG)
        snprintf(text, size, "it has not written %s", name);
    else if (spec->ready.kind == PM_PROBE_KIND_NOTIFY)
        snprintf(text, size, "it has not said %s", name);
    else if (needs_looks(&spec->ready))
        snprintf(text, size, "%s: no answer yet", name);
    else
        snprintf(text, size, "%s", name);
    return text;
}

static enum probe_act pronounce_unready(struct probe *p, const struct pm_spec *spec)
{
    char within[PM_TEXT_SIZE], what[2 * PROBE_WORD_BYTES];

    snprintf(p->sentence, sizeof p->sentence, "not ready within %s: %s",
             pm_text_duration(spec->ready.timeout_ms, within),
             probe_waits(p, spec, what, sizeof what));
    return pronounce(p, PROBE_UNREADY, (struct pm_mono){ 0 });
}

static enum probe_act pronounce_silent(struct probe *p, const char *of_what, uint64_t ms,
                                       struct pm_mono well)
{
    char period[PM_TEXT_SIZE];

    snprintf(p->sentence, sizeof p->sentence, "unhealthy: no %s for %s", of_what,
             pm_text_duration(ms, period));
    return pronounce(p, PROBE_UNHEALTHY, well);
}

/* ---- looks -------------------------------------------------------------------------- */

static void plan_look(struct probe *p, const struct pm_spec *spec, struct pm_mono now)
{
    int64_t interval = interval_of(probe_rule(p, spec));

    if (!p->ready && p->pause_ms < interval) {
        p->pause_ms = 2 * p->pause_ms < interval ? 2 * p->pause_ms : interval;
        interval = p->pause_ms;
    }
    p->look_at = pm_mono_after(p->looked, interval);
    if (p->look_at.ms <= now.ms) /* it took longer than that */
        p->look_at = pm_mono_after(now, LEAST_PAUSE_MS);
}

static enum probe_act judge_bad(struct probe *p, const struct pm_spec *spec)
{
    uint64_t most = spec->health.failures > 0 ? spec->health.failures : 1;
    char name[PROBE_WORD_BYTES], times[32] = "";

    p->bad++;
    if (!p->ready || p->bad < most)
        return PROBE_NOTHING;
    if (most > 1)
        snprintf(times, sizeof times, " (%llu times)", (unsigned long long)p->bad);
    pm_probe_text(&spec->health, name, sizeof name);
    snprintf(p->sentence, sizeof p->sentence, "unhealthy: %.*s: %.*s%s", 50, name,
             (int)(sizeof p->sentence - 16 - 50 - strlen(times)), p->word, times);
    return pronounce(p, PROBE_UNHEALTHY, p->good);
}

enum probe_act probe_looked(struct probe *p, const struct pm_spec *spec, bool good,
                            const char *why, struct pm_mono now)
{
    if (p->over || p->look_by.ms == 0)
        return PROBE_NOTHING;
    p->look_by.ms = p->wait_by.ms = 0;
    plan_look(p, spec, now);
    if (!good) {
        snprintf(p->word, sizeof p->word, "%s", why);
        return judge_bad(p, spec);
    }
    p->bad = 0;
    p->good = now;
    return p->ready ? PROBE_NOTHING : pronounce_ready(p, spec, now);
}

static enum probe_act begin_look(struct probe *p, const struct pm_spec *spec, struct pm_mono now)
{
    const struct pm_probe *rule = probe_rule(p, spec);
    int64_t patience = p->ready && rule->timeout_ms != 0 ? (int64_t)rule->timeout_ms
                                                         : READY_LOOK_MS;

    p->looked = now;
    p->look_at.ms = 0;
    p->look_by = pm_mono_after(now, patience);
    return PROBE_LOOK;
}

/* All that it is put off it has the patience of one look; once begun, it has its own. */
void probe_put_off(struct probe *p, const char *why, struct pm_mono now)
{
    if (p->wait_by.ms == 0)
        p->wait_by = p->look_by;
    p->look_by = p->wait_by;
    p->look_at = pm_mono_after(now, PUT_OFF_MS);
    snprintf(p->word, sizeof p->word, "%s", why);
}

/* What it means is told by the next turn. */
static enum probe_act end_look(struct probe *p, const struct pm_spec *spec, struct pm_mono now)
{
    bool begun = p->look_by.ms != p->wait_by.ms;
    char patience[PM_TEXT_SIZE];

    if (begun)
        snprintf(p->word, sizeof p->word, "no answer within %s",
                 pm_text_duration((uint64_t)pm_mono_since(p->looked, p->look_by), patience));
    p->look_by.ms = p->wait_by.ms = 0;
    p->unjudged = true;
    plan_look(p, spec, now);
    return PROBE_LOOK_AWAY;
}

/* ---- signs of life ------------------------------------------------------------------ */

/* Who looks that late was stopped himself, or the machine slept: it may have spoken meanwhile. */
static bool is_late(struct pm_mono due, struct pm_mono now)
{
    return pm_mono_since(due, now) >= LATE_MS;
}

static enum probe_act glance(struct probe *p, const struct pm_spec *spec,
                             const struct probe_seen *seen, struct pm_mono now)
{
    if (seen->written != p->written || seen->unwritable || is_late(p->silence_at, now))
        p->wrote = now;
    p->written = seen->written;
    p->silence_at = pm_mono_after(now, glance_of(spec));
    if (pm_mono_since(p->wrote, now) < (int64_t)spec->health_silence_ms)
        return PROBE_NOTHING;
    return pronounce_silent(p, "output", spec->health_silence_ms, p->wrote);
}

static struct pm_mono watchdog_at(const struct probe *p, const struct pm_spec *spec)
{
    return p->ready && spec->watchdog_ms != 0
               ? pm_mono_after(p->barked, (int64_t)spec->watchdog_ms) : (struct pm_mono){ 0 };
}

static enum probe_act miss_watchdog(struct probe *p, const struct pm_spec *spec,
                                    struct pm_mono now)
{
    if (!is_late(watchdog_at(p, spec), now))
        return pronounce_silent(p, "WATCHDOG=1", spec->watchdog_ms, p->barked);
    p->barked = now;
    return PROBE_NOTHING;
}

enum probe_act probe_barked(struct probe *p, const struct pm_spec *spec, bool trigger,
                            struct pm_mono now)
{
    struct pm_mono well = p->barked;

    if (p->over || !p->ready || spec->watchdog_ms == 0)
        return PROBE_NOTHING;
    p->barked = now;
    if (!trigger)
        return PROBE_NOTHING;
    snprintf(p->sentence, sizeof p->sentence, "unhealthy: it said WATCHDOG=trigger");
    return pronounce(p, PROBE_UNHEALTHY, well);
}

enum probe_act probe_said_ready(struct probe *p, const struct pm_spec *spec,
                                enum pm_probe_kind kind, struct pm_mono now)
{
    if (p->over || p->ready || spec->ready.kind != kind)
        return PROBE_NOTHING;
    return pronounce_ready(p, spec, now);
}

/* ---- memory ------------------------------------------------------------------------- */

static void memory_text(uint64_t bytes, char *text, size_t size)
{
    double mib = (double)bytes / (1 << 20);

    if (mib >= 10)
        snprintf(text, size, "%.0f MiB", mib);
    else
        snprintf(text, size, "%.1f MiB", mib);
}

enum probe_act probe_weighed(struct probe *p, const struct pm_spec *spec, uint64_t bytes,
                             struct pm_mono now)
{
    char used[32], limit[32];

    if (p->over || spec->restart_max_memory == 0)
        return PROBE_NOTHING;
    if (bytes <= spec->restart_max_memory) {
        p->fat = 0;
        p->lean = now;
        return PROBE_NOTHING;
    }
    if (++p->fat < FAT_SAMPLES)
        return PROBE_NOTHING;
    memory_text(bytes, used, sizeof used);
    memory_text(spec->restart_max_memory, limit, sizeof limit);
    snprintf(p->sentence, sizeof p->sentence, "memory %s over restart.max_memory %s", used, limit);
    return pronounce(p, PROBE_UNHEALTHY, p->lean);
}

/* ---- time --------------------------------------------------------------------------- */

static bool passed(struct pm_mono when, struct pm_mono now)
{
    return when.ms != 0 && now.ms >= when.ms;
}

static enum probe_act be_ready_or_not(struct probe *p, const struct pm_spec *spec,
                                      struct pm_mono now)
{
    if (spec->ready.kind == PM_PROBE_KIND_AFTER)
        return pronounce_ready(p, spec, now);
    if (!is_late(p->ready_by, now))
        return pronounce_unready(p, spec);
    p->ready_by = pm_mono_after(now, LATE_MS);
    return PROBE_NOTHING;
}

enum probe_act probe_turn(struct probe *p, const struct pm_spec *spec,
                          const struct probe_seen *seen, struct pm_mono now)
{
    enum probe_act act = p->unjudged && !p->over ? judge_bad(p, spec) : PROBE_NOTHING;

    p->unjudged = false;
    if (p->over || act != PROBE_NOTHING)
        return act;
    if (passed(p->look_by, now))
        return end_look(p, spec, now);
    if (passed(p->ready_by, now))
        return be_ready_or_not(p, spec, now);
    if (passed(watchdog_at(p, spec), now))
        return miss_watchdog(p, spec, now);
    if (passed(p->look_at, now))
        return begin_look(p, spec, now);
    return passed(p->silence_at, now) ? glance(p, spec, seen, now) : PROBE_NOTHING;
}

static void sooner(struct pm_mono *next, struct pm_mono when)
{
    if (when.ms != 0 && (next->ms == 0 || when.ms < next->ms))
        *next = when;
}

struct pm_mono probe_next(const struct probe *p, const struct pm_spec *spec)
{
    struct pm_mono next = { 0 };

    if (p->over)
        return next;
    sooner(&next, p->look_by);
    sooner(&next, p->ready_by);
    sooner(&next, watchdog_at(p, spec));
    sooner(&next, p->look_at);
    sooner(&next, p->silence_at);
    return next;
}
