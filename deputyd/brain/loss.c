/* What must not run without the sheriff.
 *
 * A process with on_sheriff_loss is stopped when no message of a session has come for that long.
 * The machine (process.c) then holds it down until a higher order comes; here is only the time.
 *
 * The time of the last sign of the sheriff goes into the kept wish as soon as the silence is
 * noticed, and when a brain begins that finds none there: brains that die over and over do not
 * begin to count anew. While the sheriff is heard nothing is written. Nor does a wish of our
 * former life begin such a process (wish.c): that takes the sheriff's own word.
 */
#include "brain/inside.h"

#include <procman/text.h>

#define NOTICED_MS 2500 /* two beats are missing */

/* A brain that could not move for so long, and perhaps lost its connection over it, has first to
 * hear whether the sheriff was there all the time. */
#define ASLEEP_MS  4000
#define LISTEN_MS  4000

/* The shortest silence, longer than this one, that is too long for a process. */
static uint64_t next_after(const struct brain *b, uint64_t silent_ms)
{
    uint64_t next = 0;

    for (size_t i = 0; i < b->roster.n; i++) {
        uint64_t most = b->roster.at[i]->spec->sheriff_loss_ms;
        if (most > silent_ms && (next == 0 || most < next))
            next = most;
    }
    return next;
}

static void note(struct brain *b, bool silent, struct pm_mono now)
{
    b->loss.noted = silent;
    wish_keep_soon(b, now);
}

void loss_begin(struct brain *b, bool warm, struct pm_mono now)
{
    struct loss *loss = &b->loss;

    loss->next_ms = next_after(b, 0);
    loss->turned = now;
    /* What an earlier deputy kept may be of a boot before this one. */
    if (!warm || loss->heard.ms == 0 || loss->heard.ms > now.ms)
        loss->heard = now;
    if (loss->next_ms != 0)
        note(b, true, now);
}

void loss_heard(struct brain *b, struct pm_mono now)
{
    b->loss.heard = now;
    if (!b->loss.noted)
        return;
    note(b, false, now);
    loss_count(b);
}

void loss_count(struct brain *b)
{
    b->loss.next_ms = next_after(b, 0);
}

static void stop_all_of(struct brain *b, uint64_t silent_ms, struct pm_mono now)
{
    struct pm_input in = { .event = PM_EVENT_SHERIFF_LOST, .now = now };
    char age[PM_TEXT_SIZE];
    size_t stopped = 0;

    for (size_t i = b->roster.n; i-- > 0; ) {
        struct proc *proc = b->roster.at[i];
        enum pm_state before = proc->life.state;
        if (proc->spec->sheriff_loss_ms == 0 || proc->spec->sheriff_loss_ms > silent_ms)
            continue;
        life_step(b, proc, in);
        stopped += proc->life.state != before;
    }
    if (stopped > 0)
        brain_say(b, PM_LOG_WARNING, "the sheriff was not heard for %s: %zu %s stopped",
                  pm_text_age(silent_ms, age), stopped,
                  stopped == 1 ? "process is" : "processes are");
}

void loss_turn(struct brain *b, struct pm_mono now)
{
    struct loss *loss = &b->loss;
    uint64_t silent_ms = (uint64_t)pm_mono_since(loss->heard, now);

    if (pm_mono_since(loss->turned, now) > ASLEEP_MS)
        loss->listen_until = pm_mono_after(now, LISTEN_MS);
    loss->turned = now;
    if (loss->next_ms == 0 || b->ending)
        return;
    if (!loss->noted && silent_ms >= NOTICED_MS)
        note(b, true, now);
    if (silent_ms < loss->next_ms || now.ms < loss->listen_until.ms)
        return;
    loss->next_ms = next_after(b, silent_ms);
    stop_all_of(b, silent_ms, now);
}

struct pm_mono loss_next(const struct brain *b)
{
    const struct loss *loss = &b->loss;
    struct pm_mono next = pm_mono_after(loss->heard, (int64_t)loss->next_ms);

    if (loss->next_ms == 0 || b->ending)
        return (struct pm_mono){ 0 };
    if (!loss->noted)
        return pm_mono_after(loss->heard, NOTICED_MS);
    return next.ms > loss->listen_until.ms ? next : loss->listen_until;
}
