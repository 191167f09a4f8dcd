/* The life of one process, as a table.
 *
 * A step has three parts. refine() weighs a raw event against the wish and the policy, and makes
 * it one the table knows, or NOTHING. The table says the next state, what to do and why. enter()
 * keeps the books: numbers, times, the deadline, the sentence.
 *
 * What holds between steps:
 *   - at most one life: SPAWN is only ever asked in a step that leaves no life behind it;
 *   - no wish is lost: an order that finds a life in its way stops it and is remembered in
 *     `again` until that life is over;
 *   - nothing waits for ever: STOPPING and BACKOFF have a deadline, and after SIGKILL it is
 *     set anew, so a lost signal is sent again;
 *   - who is being stopped because it is not well is still wished up: any order overrules that,
 *     and without one its end is judged as a death;
 *   - what was stopped because the sheriff was not heard is down though it is wished up, and a
 *     repeated wish does not change that: only a higher order does.
 */
#include <procman/process.h>

#include <procman/text.h>

#include <stdio.h>
#include <string.h>

/* Of a sentence about an ailment: the verdict comes behind it, and all of it is a reason. */
#define AILMENT_BYTES 120

/* SIGKILL cannot be refused; it is repeated in case the order was lost on its way. */
#define KILL_AGAIN_MS 5000

struct edge {
    enum pm_state next; /* NOWHERE: this event cannot come in this state */
    unsigned todo;
    const char *reason;
};

static const struct edge edges[PM_STATE_COUNT][PM_EVENT_COUNT] = {
#define EDGE(state, event, to, todo_bits, why) \
    [PM_STATE_##state][PM_EVENT_##event] = { PM_STATE_##to, todo_bits, why },
#include <procman/states.def>
};

bool pm_state_alive(enum pm_state state)
{
    return state == PM_STATE_STARTING || state == PM_STATE_RUNNING || state == PM_STATE_STOPPING;
}

static bool has_deadline(enum pm_state state)
{
    return state == PM_STATE_STOPPING || state == PM_STATE_BACKOFF;
}

void pm_process_init(struct pm_process *p, struct pm_mono now)
{
    *p = (struct pm_process){ .state = PM_STATE_STOPPED, .since = now };
    snprintf(p->reason, sizeof p->reason, "never run");
}

/* ---- raw event → the table's event ------------------------------------------------ */

static enum pm_process_event refine_want(struct pm_process *p, const struct pm_want *want)
{
    bool higher = want->order > p->order;

    p->removing = false;
    if (want->order < p->order)
        return PM_EVENT_NOTHING; /* an old wish that was late */
    /* Down without an order: its deputy was ending, was killed over it, and is back. */
    if (want->up)
        return higher || !p->up ? PM_EVENT_WANT_UP : PM_EVENT_NOTHING;
    return higher || p->up ? PM_EVENT_WANT_DOWN : PM_EVENT_NOTHING;
}

/* Who was not well for an hour has not lived well for an hour. */
static int64_t lived_ms(const struct pm_process *p, struct pm_mono now)
{
    if (p->ailment == PM_AILMENT_NONE)
        return pm_mono_since(p->started, now);
    return p->well.ms != 0 ? pm_mono_since(p->started, p->well) : 0;
}

static enum pm_process_event refine_end(struct pm_process *p, const struct pm_input *in,
                                        struct pm_verdict *verdict)
{
    struct pm_ending ending = in->ending;

    if (!pm_state_alive(p->state))
        return PM_EVENT_NOTHING;
    if (p->state == PM_STATE_STOPPING && p->alone)
        return PM_EVENT_LEFT_ALONE;
    if (p->state == PM_STATE_STOPPING && p->ailment == PM_AILMENT_NONE)
        return p->again ? PM_EVENT_OBEYED_AGAIN : PM_EVENT_OBEYED;

    ending.ailment = p->ailment;
    *verdict = pm_restart_judge(in->spec, &p->deaths, &ending, lived_ms(p, in->now), in->chance);
    if (verdict->again)
        return verdict->wait_ms > 0 ? PM_EVENT_COMES_BACK : PM_EVENT_COMES_BACK_NOW;
    if (verdict->gave_up)
        return PM_EVENT_GAVE_UP;
    return verdict->success ? PM_EVENT_DIED_WELL : PM_EVENT_DIED_BADLY;
}

/* Told again by a new brain, or when its spec has changed: then perhaps without a ready probe. */
static enum pm_process_event refine_spawned(const struct pm_process *p, const struct pm_spec *spec)
{
    if (p->state != PM_STATE_STARTING)
        return PM_EVENT_NOTHING;
    if (spec->ready.kind == PM_PROBE_KIND_NONE)
        return PM_EVENT_SPAWNED;
    return p->born ? PM_EVENT_NOTHING : PM_EVENT_BORN;
}

/* What a probe has found. */
static enum pm_process_event refine_finding(const struct pm_process *p, enum pm_process_event event)
{
    bool starting = p->state == PM_STATE_STARTING && p->born;

    return starting || (event == PM_EVENT_UNHEALTHY && p->state == PM_STATE_RUNNING)
               ? event : PM_EVENT_NOTHING;
}

/* Does it live, or would it live again, as it is wished to? */
static bool has_a_future(const struct pm_process *p)
{
    bool alive = pm_state_alive(p->state);

    return p->up && !p->alone
        && (alive || p->state == PM_STATE_BACKOFF || p->state == PM_STATE_WAITING);
}

static enum pm_process_event refine(struct pm_process *p, const struct pm_input *in,
                                    struct pm_verdict *verdict)
{
    switch (in->event) {
    case PM_EVENT_WANT:
        return refine_want(p, &in->want);
    case PM_EVENT_REMOVE:
        return p->removing && p->state == PM_STATE_STOPPING ? PM_EVENT_NOTHING : PM_EVENT_REMOVE;
    case PM_EVENT_SPAWNED:
        return refine_spawned(p, in->spec);
    case PM_EVENT_READY:
    case PM_EVENT_UNREADY:
    case PM_EVENT_UNHEALTHY:
        return refine_finding(p, in->event);
    case PM_EVENT_SPAWN_FAILED:
    case PM_EVENT_ENDED:
        return refine_end(p, in, verdict);
    case PM_EVENT_TIMER:
        return has_deadline(p->state) && in->now.ms >= p->deadline.ms ? PM_EVENT_OVERDUE
                                                                     : PM_EVENT_NOTHING;
    case PM_EVENT_SHERIFF_LOST:
        return has_a_future(p) ? PM_EVENT_SHERIFF_LOST : PM_EVENT_NOTHING;
    default:
        return PM_EVENT_NOTHING;
    }
}

/* ---- keeping the books ------------------------------------------------------------- */

static void note_wish(struct pm_process *p, enum pm_process_event event, uint64_t order)
{
    bool is_wish = event == PM_EVENT_WANT_UP || event == PM_EVENT_WANT_DOWN
                || event == PM_EVENT_REMOVE || event == PM_EVENT_SHERIFF_LOST;

    if (is_wish)
        p->ailment = PM_AILMENT_NONE;
    switch (event) {
    case PM_EVENT_WANT_UP:
        p->up = true;
        p->order = order;
        p->restarts = 0;
        p->deaths = (struct pm_deaths){ 0 };
        p->again = pm_state_alive(p->state);
        p->alone = false;
        break;
    case PM_EVENT_WANT_DOWN:
        p->up = p->again = p->alone = false;
        p->order = order;
        break;
    case PM_EVENT_REMOVE: /* whoever comes back under this name counts orders from the beginning */
        p->up = p->again = p->alone = false;
        p->order = 0;
        p->removing = true;
        break;
    case PM_EVENT_SHERIFF_LOST: /* the wish stays what it was */
        p->again = false;
        p->alone = pm_state_alive(p->state);
        break;
    case PM_EVENT_LEFT_ALONE:
        p->alone = false;
        break;
    default:
        break;
    }
}

static void begin_life(struct pm_process *p, enum pm_process_event event, struct pm_mono now)
{
    p->run++;
    p->started = now;
    p->again = p->born = false;
    if (event == PM_EVENT_OVERDUE || event == PM_EVENT_COMES_BACK_NOW)
        p->restarts++;
}

/* A life has a pid, or is found to be unwell. */
static void note_life(struct pm_process *p, enum pm_process_event event,
                      const struct pm_input *in)
{
    if ((event == PM_EVENT_SPAWNED || event == PM_EVENT_BORN) && !p->born) {
        p->started = in->now;
        p->born = true;
    }
    if (event == PM_EVENT_UNREADY || event == PM_EVENT_UNHEALTHY) {
        p->ailment = event == PM_EVENT_UNREADY ? PM_AILMENT_UNREADY : PM_AILMENT_UNHEALTHY;
        p->well = event == PM_EVENT_UNREADY ? (struct pm_mono){ 0 } : in->well;
    }
}

/* The ailment, which is the reason already, in place of how it ended at our hands. */
static void explain_ailing(struct pm_process *p, const struct pm_input *in, const char *why)
{
    size_t n = strlen(p->reason);

    if (in->event == PM_EVENT_TIMER)
        return;
    if (in->event == PM_EVENT_ENDED)
        snprintf(p->reason + n, sizeof p->reason - n, "; %s", why);
    else
        snprintf(p->reason, AILMENT_BYTES, "%s", in->reason != NULL ? in->reason : why);
}

static void explain(struct pm_process *p, const struct pm_input *in, const char *why)
{
    size_t room = sizeof p->reason - strlen("; ") - strlen(why);
    size_t n;

    if (*why == '\0')
        return;
    if (in->event != PM_EVENT_ENDED && in->event != PM_EVENT_SPAWN_FAILED) {
        snprintf(p->reason, sizeof p->reason, "%s", why);
        return;
    }
    /* The ending may name a long directory; the verdict behind it must not be cut off. */
    n = strlen(pm_ending_text(&in->ending, in->spec, p->reason, room));
    snprintf(p->reason + n, sizeof p->reason - n, "; %s", why);
}

/* The edge's reason; where it is about a time, with that time. */
static const char *reason_of(const struct edge *edge, enum pm_process_event event,
                             const struct pm_spec *spec, char *text, size_t size)
{
    bool timed = event == PM_EVENT_SHERIFF_LOST || event == PM_EVENT_LEFT_ALONE;
    char loss[PM_TEXT_SIZE];

    if (!timed || spec->sheriff_loss_ms == 0)
        return edge->reason;
    snprintf(text, size, "%s for %s", edge->reason,
             pm_text_duration(spec->sheriff_loss_ms, loss));
    return text;
}

static struct pm_mono next_deadline(const struct pm_process *p, enum pm_process_event event,
                                    const struct pm_input *in, const struct pm_verdict *verdict)
{
    switch (p->state) {
    case PM_STATE_BACKOFF:
        return pm_mono_after(in->now, verdict->wait_ms);
    case PM_STATE_STOPPING:
        if (event == PM_EVENT_OVERDUE)
            return pm_mono_after(in->now, KILL_AGAIN_MS);
        if (p->deadline.ms != 0)
            return p->deadline; /* more orders do not prolong a stop */
        return pm_mono_after(in->now, (int64_t)in->spec->stop_timeout_ms);
    default:
        return (struct pm_mono){ 0 };
    }
}

unsigned pm_process_step(struct pm_process *p, const struct pm_input *in)
{
    struct pm_verdict verdict = { 0 };
    enum pm_process_event event = refine(p, in, &verdict);
    struct pm_mono before = p->deadline;
    const struct edge *edge = &edges[p->state][event];
    char why[64];
    unsigned todo;
    bool ailing;

    if (event == PM_EVENT_NOTHING)
        return PM_DO_NOTHING;
    pm_assert(edge->next != PM_STATE_NOWHERE);

    todo = edge->todo | PM_DO_REPORT;
    note_wish(p, event, in->want.order);
    if (in->event == PM_EVENT_ENDED || in->event == PM_EVENT_SPAWN_FAILED) {
        p->ending = in->ending;
        p->ending.detail = NULL; /* borrowed for this step */
    }
    if (todo & PM_DO_SPAWN)
        begin_life(p, event, in->now);
    note_life(p, event, in);
    if (edge->next != p->state)
        p->since = in->now;
    p->state = edge->next;
    ailing = p->ailment != PM_AILMENT_NONE;
    if (p->state != PM_STATE_STOPPING)
        p->ailment = PM_AILMENT_NONE;
    (ailing ? explain_ailing : explain)(p, in, reason_of(edge, event, in->spec, why, sizeof why));
    p->deadline = next_deadline(p, event, in, &verdict);
    if (p->deadline.ms != before.ms)
        todo |= PM_DO_TIMER;
    if (p->removing && !pm_state_alive(p->state))
        todo |= PM_DO_FORGET;
    return todo;
}

/* ---- over a brain's death ---------------------------------------------------------- */

void pm_process_save(const struct pm_process *p, struct pm_slot_note *out)
{
    out->state = p->state;
    out->up = p->up;
    out->again = p->again;
    out->removing = p->removing;
    out->order = p->order;
    out->restarts = p->restarts;
    out->alone = p->alone;
    out->born = p->born;
    out->ailment = p->ailment;
    out->well_ms = p->well.ms;
    out->quick = p->deaths.quick;
    out->failures = p->deaths.failures;
    out->since_ms = p->since.ms;
    out->started_ms = p->started.ms;
    out->deadline_ms = p->deadline.ms;
    out->exit_code = p->ending.code;
    out->exit_signal = p->ending.signal;
    out->core_dumped = p->ending.core_dumped;
    out->reason = p->reason;
}

void pm_process_load(struct pm_process *p, const struct pm_slot_note *note)
{
    if (note->state != PM_STATE_NOWHERE && note->state != PM_STATE_LOST)
        p->state = note->state;
    p->up = note->up;
    p->again = note->again;
    p->removing = note->removing;
    p->order = note->order;
    p->restarts = note->restarts;
    p->alone = note->alone;
    p->born = note->born;
    p->ailment = note->ailment <= PM_AILMENT_UNHEALTHY ? (enum pm_ailment)note->ailment
                                                       : PM_AILMENT_NONE;
    p->well.ms = note->well_ms;
    p->deaths = (struct pm_deaths){ .quick = (unsigned)note->quick,
                                    .failures = (unsigned)note->failures };
    p->since.ms = note->since_ms;
    p->started.ms = note->started_ms;
    p->deadline.ms = note->deadline_ms;
    p->ending = (struct pm_ending){ .code = note->exit_code, .signal = note->exit_signal,
                                    .core_dumped = note->core_dumped };
    snprintf(p->reason, sizeof p->reason, "%s", note->reason ? note->reason : "");
}
