/* The deputy's brain: what is told by the keeper and the sheriff, and by time, made into orders to
 * the keeper and a picture for the sheriff.
 *
 * Level-triggered throughout. The truth about what runs is the keeper's, the truth about what
 * shall run is the sheriff's; between two turns they are brought together process by process
 * (life.c). Whoever of the three dies and returns says all he knows, and repetition changes
 * nothing.
 *
 *   slots.c  what the keeper says       wish.c     what shall run
 *   life.c   one process, one event     link.c     the session with the sheriff
 *   roster.c who is who                 request.c  questions about one process
 *   past.c   how lives ended            vigil.c    who looks whether they are well
 *                                       errand.c   with commands
 */
#include "brain/inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void brain_open(const struct brain_setup *setup, struct pm_mono now, struct brain **out)
{
    struct brain *b = pm_alloc(sizeof *b);

    b->name = pm_strdup(setup->name);
    b->hostname = pm_strdup(setup->hostname);
    b->boot_id = pm_strdup(setup->boot_id);
    b->notify_path = setup->notify_path != NULL ? pm_strdup(setup->notify_path) : NULL;
    b->port = setup->port;
    b->self = setup->self;
    roster_init(&b->roster);
    pm_arena_init(&b->wish.wants_arena, 0);
    pm_arena_init(&b->wish.pending_arena, 0);
    b->link.hello_at = now;
    *out = b;
}

void brain_close(struct brain **brain)
{
    struct brain *b = *brain;

    *brain = NULL;
    if (b == NULL)
        return;
    wish_keep(b, b->wish.kept);
    for (size_t i = 0; i < b->roster.n; i++)
        b->port->drop(b->self, b->roster.at[i]->output);
    vigil_fini(b);
    roster_fini(&b->roster);
    slots_fini(b);
    deadlines_fini(&b->deadlines);
    wish_fini(&b->wish);
    past_fini(&b->past);
    free(b->follows.ids);
    free(b->name);
    free(b->hostname);
    free(b->boot_id);
    free(b->notify_path);
    free(b);
}

void brain_say(struct brain *b, enum pm_log_level level, const char *format, ...)
{
    char text[800];
    int n = snprintf(text, sizeof text, "deputy %s: ", b->name);
    va_list values;

    va_start(values, format);
    vsnprintf(text + n, sizeof text - (size_t)n, format, values);
    va_end(values);
    b->port->log(b->self, level, text);
}

/* ---- ending ----------------------------------------------------------------------- */

static void begin_to_end(struct brain *b, bool leave_running, struct pm_mono now)
{
    if (b->ending)
        return;
    b->ending = true;
    b->leave_running = leave_running;
    for (size_t i = 0; i < b->roster.n && leave_running; i++)
        vigil_drop(b, b->roster.at[i]);
    if (!b->leave_running)
        life_end_all(b, now);
}

static bool all_is_over(const struct brain *b)
{
    for (size_t i = 0; i < b->roster.n; i++)
        if (pm_state_alive(b->roster.at[i]->life.state))
            return false;
    return true;
}

/* Notes of the dead are not left behind: the deputy that begins next shall begin afresh what is
 * wanted up, and not find an order to stop that only meant this end. */
static void end_when_over(struct brain *b, struct pm_mono now)
{
    struct pm_finished finished = { .leave_running = b->leave_running };

    if (!b->ready || !b->ending || b->finished || !(b->leave_running || all_is_over(b))
        || b->errands.n > 0)
        return;
    b->finished = true;
    if (b->retired && !b->leave_running)
        wish_forget(b);
    else
        wish_keep(b, now);
    if (!b->leave_running)
        slots_finish(b);
    past_bye(b, now);
    link_bye(b);
    brain_tell_keeper(b, PM_MSG_FINISHED, &finished);
}

/* ---- what comes in ---------------------------------------------------------------- */

void brain_on_keeper(struct brain *b, enum pm_msg kind, const void *msg, struct pm_mono now)
{
    switch (kind) {
    case PM_MSG_HELD:
        slots_on_held(b, msg, now);
        break;
    case PM_MSG_READY:
        slots_on_ready(b, msg, now);
        break;
    case PM_MSG_OWED:
        slots_on_owed(b, msg);
        break;
    case PM_MSG_SPAWNED:
        slots_on_spawned(b, msg, now);
        break;
    case PM_MSG_ENDED:
        slots_on_ended(b, msg, now);
        break;
    case PM_MSG_DONE:
        request_done(b, msg);
        break;
    case PM_MSG_AWAKE:
        brain_tell_keeper(b, kind, msg);
        break;
    case PM_MSG_STOPPING:
        begin_to_end(b, ((const struct pm_stopping *)msg)->leave_running, now);
        break;
    default:
        brain_say(b, PM_LOG_WARNING, "the keeper said something only others may say");
    }
}

/* Every message but the first two of a connection begins with its session. */
static uint64_t session_of(enum pm_msg kind, const void *msg)
{
    switch (kind) {
    case PM_MSG_SPECS:
        return ((const struct pm_specs *)msg)->session;
    case PM_MSG_WANTS:
        return ((const struct pm_wants *)msg)->session;
    case PM_MSG_BEAT:
        return ((const struct pm_beat *)msg)->session;
    case PM_MSG_RESYNC:
        return ((const struct pm_resync *)msg)->session;
    case PM_MSG_SIGNAL:
        return ((const struct pm_signal *)msg)->session;
    case PM_MSG_READ:
        return ((const struct pm_read *)msg)->session;
    case PM_MSG_UPGRADE:
        return ((const struct pm_upgrade *)msg)->session;
    case PM_MSG_SWEEP:
        return ((const struct pm_sweep *)msg)->session;
    case PM_MSG_NOTED:
        return ((const struct pm_noted *)msg)->session;
    case PM_MSG_RETIRE:
        return ((const struct pm_retire *)msg)->session;
    default:
        return 0;
    }
}

static void in_session(struct brain *b, enum pm_msg kind, const void *msg, struct pm_mono now)
{
    switch (kind) {
    case PM_MSG_SPECS:
        wish_take_specs(b, msg, now);
        break;
    case PM_MSG_WANTS:
        wish_take_wants(b, msg, now);
        break;
    case PM_MSG_BEAT:
        link_on_beat(b, msg, now);
        break;
    case PM_MSG_RESYNC:
        b->link.full = true;
        break;
    case PM_MSG_SIGNAL:
        request_signal(b, msg);
        break;
    case PM_MSG_READ:
        request_read(b, msg);
        break;
    case PM_MSG_UPGRADE:
        request_upgrade(b, msg);
        break;
    case PM_MSG_SWEEP:
        request_sweep(b, msg);
        break;
    case PM_MSG_NOTED:
        past_on_noted(b, msg, now);
        break;
    case PM_MSG_RETIRE:
        b->retired = true;
        begin_to_end(b, false, now);
        break;
    default:
        break;
    }
}

void brain_on_sheriff(struct brain *b, enum pm_msg kind, const void *msg, struct pm_mono now)
{
    uint64_t session;

    if (!b->ready)
        return;
    if (kind == PM_MSG_WELCOME) {
        link_on_welcome(b, msg, now);
        return;
    }
    if (kind == PM_MSG_REFUSED) {
        link_on_refused(b, msg, now);
        return;
    }
    session = session_of(kind, msg);
    if (b->link.state != LINK_WELCOMED || session == 0 || session != b->link.session) {
        b->link.dropped++;
        return;
    }
    loss_heard(b, now);
    in_session(b, kind, msg, now);
}

/* ---- turn ------------------------------------------------------------------------- */

static bool passed(struct pm_mono when, struct pm_mono now)
{
    return when.ms != 0 && now.ms >= when.ms;
}

void brain_turn(struct brain *b, struct pm_mono now)
{
    if (b->ready) {
        loss_turn(b, now);
        life_due(b, now);
        vigil_due(b, now);
    }
    if (passed(b->wish.obey_at, now))
        wish_obey_loaded(b, now);
    link_turn(b, now);
    past_turn(b, now);
    end_when_over(b, now);
    if (passed(b->wish.keep_at, now))
        wish_keep(b, now);
}

static void sooner(struct pm_mono *next, struct pm_mono when)
{
    if (when.ms != 0 && when.ms < next->ms)
        next->ms = when.ms;
}

struct pm_mono brain_next(const struct brain *b)
{
    const struct deadline *first = deadlines_first(&b->deadlines);
    struct pm_mono next = { .ms = INT64_MAX };

    if (!b->ready || b->finished)
        return next;
    sooner(&next, link_next(b));
    sooner(&next, loss_next(b));
    sooner(&next, b->wish.obey_at);
    sooner(&next, b->wish.keep_at);
    sooner(&next, past_next(b));
    sooner(&next, vigil_next(b));
    if (first != NULL)
        sooner(&next, first->at);
    return next;
}

/* ---- for the sampler -------------------------------------------------------------- */

uint64_t brain_session(const struct brain *b)
{
    return b->link.session;
}

size_t brain_count(const struct brain *b)
{
    return b->roster.n;
}

struct brain_life brain_life(const struct brain *b, size_t index)
{
    const struct proc *proc = b->roster.at[index];

    return (struct brain_life){ .id = proc->id, .slot = proc->slot, .run = proc->life.run,
                                .pid = proc->pid, .alive = pm_state_alive(proc->life.state),
                                .weighed = proc->vigil && proc->spec->restart_max_memory != 0,
                                .output = proc->output };
}

bool brain_has_errand(const struct brain *b, uint64_t slot, uint64_t run)
{
    for (size_t i = 0; i < b->errands.n; i++)
        if (b->errands.at[i].slot == slot && b->errands.at[i].run == run)
            return true;
    return false;
}
