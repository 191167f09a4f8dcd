/* One process and one event: the machine decides, this file does what it says.
 *
 * The order of what leaves for the keeper is what makes the brain's death harmless: a life
 * begins together with the note that says so (one message), and any other change is noted
 * before the next message about that slot. So a new brain that reads the notes knows exactly
 * what this one knew.
 */
#include "brain/expand.h"
#include "brain/inside.h"

#include <procman/marks.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char TOO_LONG[] = "its command and environment are too long";

static struct proc *proc_of(struct deadline *deadline)
{
    return (struct proc *)((char *)deadline - offsetof(struct proc, deadline));
}

void life_limit_output(struct brain *b, struct proc *proc)
{
    b->port->limits(b->self, proc->output, proc->spec->output_max_bytes, proc->spec->output_keep);
}

struct proc *life_new(struct brain *b, struct specs *specs, const struct pm_spec *spec,
                      struct pm_mono now)
{
    struct proc *proc = roster_add(&b->roster, specs, spec, now);

    if (!slots_take_back(b, proc))
        proc->output = b->port->file(b->self, proc->group, proc->name);
    if (specs == b->wish.specs) /* of a plain one nobody knows how much is to be kept */
        life_limit_output(b, proc);
    request_follow_as(b, proc, 0);
    link_touch(b, proc);
    return proc;
}

/* ---- the note --------------------------------------------------------------------- */

static enum pm_err write_note(const struct proc *proc, struct pm_buf *out)
{
    struct pm_slot_note note = { .id = proc->id, .group = proc->group, .name = proc->name,
                                 .spec_hash = proc->life_hash,
                                 .token = proc->token };

    pm_process_save(&proc->life, &note);
    return pm_encode(&pm_slot_note_desc, &note, out);
}

static void send_note(struct brain *b, const struct proc *proc)
{
    PM_CLEANUP(pm_buf_fini) struct pm_buf buf = { 0 };

    if (proc->slot == NO_SLOT)
        return;
    if (write_note(proc, &buf) != PM_OK || buf.n > PM_LIMIT_NOTE) {
        brain_say(b, PM_LOG_ERROR, "the note of %s does not fit; a new brain would not know it",
                  proc->name);
        return;
    }
    struct pm_note note = { .slot = proc->slot, .note = { buf.at, buf.n } };
    brain_tell_keeper(b, PM_MSG_NOTE, &note);
}

/* ---- beginning a life ------------------------------------------------------------- */

/* A sentence of ours in place of the ending's; the verdict behind the last ';' stays. */
static void explain(struct proc *proc)
{
    char *reason = proc->life.reason;
    PM_CLEANUP(pm_free) char *verdict = pm_strdup(strrchr(reason, ';'));
    size_t room = sizeof proc->life.reason - strlen(verdict) - 1;

    snprintf(reason, sizeof proc->life.reason, "%.*s%s", (int)room, proc->why, verdict);
    proc->why = NULL;
}

static void fail(struct brain *b, struct proc *proc, enum pm_stage stage, int64_t error,
                 const char *why, struct pm_mono now)
{
    struct pm_input in = { .event = PM_EVENT_SPAWN_FAILED, .now = now,
                           .ending = { .stage = stage, .error = error } };

    proc->why = why;
    life_step(b, proc, in);
}

#define OWN_VARIABLES 4

/* Who shall say how it is, is told where, and how often. */
static size_t notify_variables(const struct brain *b, const struct pm_spec *spec,
                               struct pm_arena *arena, struct pm_var *at)
{
    enum { DIGITS = 24 };
    char *period = spec->watchdog_ms != 0 ? pm_arena_get(arena, DIGITS) : NULL;
    size_t n = 0;

    if (b->notify_path == NULL
        || (spec->ready.kind != PM_PROBE_KIND_NOTIFY && spec->watchdog_ms == 0))
        return 0;
    at[n++] = (struct pm_var){ "NOTIFY_SOCKET", b->notify_path };
    if (period == NULL)
        return n;
    snprintf(period, DIGITS, "%llu", (unsigned long long)spec->watchdog_ms * 1000);
    at[n++] = (struct pm_var){ "WATCHDOG_USEC", period };
    return n;
}

static struct pm_var_list environment(const struct brain *b, const struct proc *proc,
                                      const struct pm_spec *spec, struct pm_arena *arena)
{
    const struct pm_var_list *given = &spec->env;
    struct pm_var *at = pm_arena_get(arena, (given->n + OWN_VARIABLES) * sizeof *at);
    size_t n = given->n;

    if (at == NULL)
        return (struct pm_var_list){ 0 };
    if (given->n > 0)
        memcpy(at, given->at, given->n * sizeof *at);
    at[n++] = (struct pm_var){ PM_MARK_GROUP, proc->group };
    at[n++] = (struct pm_var){ PM_MARK_NAME, proc->name };
    n += notify_variables(b, spec, arena, at + n);
    return (struct pm_var_list){ at, n };
}

const char *life_spawn(struct brain *b, const struct proc *proc, const struct pm_spec *spec,
                       struct pm_arena *arena, struct pm_spawn *out, char *text, size_t size)
{
    bool run_as = *spec->run_as_user || *spec->run_as_group;
    struct brain_ids ids = { 0 };
    struct pm_strs argv = { 0 };
    struct pm_spec here;
    const char *why = NULL;

    if (run_as)
        why = b->port->resolve(b->self, spec, arena, &ids, text, size);
    if (why == NULL)
        why = expand_spec(b, spec, &ids, arena, &here, text, size);
    if (why != NULL)
        return why;
    if (pm_spec_argv(&here, arena, &argv) != PM_OK || argv.n == 0)
        return TOO_LONG;
    *out = (struct pm_spawn){
        .argv = argv, .dir = here.working_dir, .env = environment(b, proc, &here, arena),
        .run_as = run_as && !ids.is_self, .pty = spec->output_pty, .umask = spec->umask,
        .nice = spec->nice, .limits = spec->limits, .memory_max = spec->memory_max,
        .cpu_max = spec->cpu_max, .pids_max = spec->pids_max,
    };
    if (out->run_as) {
        out->uid = ids.uid;
        out->gid = ids.gid;
        out->groups = ids.groups;
    }
    return NULL;
}

/* false: it is too long for the keeper. */
static bool send_spawn(struct brain *b, struct proc *proc, struct pm_spawn *spawn)
{
    PM_CLEANUP(pm_buf_fini) struct pm_buf note = { 0 };

    proc->life_hash = pm_spec_hash(proc->spec);
    if (write_note(proc, &note) != PM_OK)
        brain_say(b, PM_LOG_ERROR, "the note of %s does not fit", proc->name);
    spawn->slot = proc->slot;
    spawn->run = proc->life.run;
    spawn->note = (struct pm_blob){ note.at, note.n };
    return b->port->to_keeper(b->self, PM_MSG_SPAWN, spawn);
}

static void full_table(struct brain *b, struct proc *proc, struct pm_mono now)
{
    char why[100];

    snprintf(why, sizeof why, "the deputy's table of %zu processes is full", b->roster.n_slots);
    fail(b, proc, PM_STAGE_SLOT, ENOSPC, why, now);
}

static void begin(struct brain *b, struct proc *proc, struct pm_mono now)
{
    PM_CLEANUP(pm_arena_fini) struct pm_arena arena;
    struct pm_spawn spawn;
    char text[sizeof proc->life.reason];
    const char *why;

    pm_arena_init(&arena, 0);
    proc->token = past_token(b, proc, now);
    proc->cpu_ms = proc->peak_bytes = 0;
    proc->killed = proc->adopted = false;
    if (proc->slot == NO_SLOT && !roster_take_any_slot(&b->roster, proc)) {
        full_table(b, proc, now);
        return;
    }
    why = life_spawn(b, proc, proc->spec, &arena, &spawn, text, sizeof text);
    if (why != NULL && why != TOO_LONG)
        fail(b, proc, PM_STAGE_USER, 0, why, now);
    else if (why != NULL || !send_spawn(b, proc, &spawn))
        fail(b, proc, PM_STAGE_EXEC, E2BIG, TOO_LONG, now);
}

/* ---- a step ----------------------------------------------------------------------- */

static void send_kill(struct brain *b, struct proc *proc, int64_t signal)
{
    struct pm_kill kill = { .slot = proc->slot, .run = proc->life.run, .signal = signal };

    if (proc->slot != NO_SLOT)
        brain_tell_keeper(b, PM_MSG_KILL, &kill);
    proc->killed = proc->killed || signal == SIGKILL;
}

static void forget(struct brain *b, struct proc *proc)
{
    vigil_drop(b, proc);
    if (slots_give_up(b, proc))
        send_note(b, proc);
    deadlines_set(&b->deadlines, &proc->deadline, (struct pm_mono){ 0 });
    if (proc->output != NULL)
        b->port->drop(b->self, proc->output);
    roster_remove(&b->roster, proc);
    b->link.full = true; /* only a full status can say that something is no more */
}

static void log_bad_end(struct brain *b, const struct proc *proc, struct pm_mono now)
{
    const struct pm_process *life = &proc->life;
    char next[40] = "";

    if (life->state == PM_STATE_BACKOFF)
        snprintf(next, sizeof next, " in %lld ms", (long long)pm_mono_since(now, life->deadline));
    else if (life->state != PM_STATE_FAILED)
        return;
    brain_say(b, PM_LOG_WARNING, "%s%s%s: run %llu: %s%s", proc->group, *proc->group ? "/" : "",
              proc->name, (unsigned long long)life->run, life->reason, next);
}

static void act(struct brain *b, struct proc *proc, unsigned todo, struct pm_mono now)
{
    int64_t stop_signal = proc->spec->stop_signal ? proc->spec->stop_signal : SIGTERM;

    if (todo & PM_DO_TIMER)
        deadlines_set(&b->deadlines, &proc->deadline, proc->life.deadline);
    if (todo & PM_DO_REPORT)
        link_touch(b, proc);
    if (todo & PM_DO_FORGET) {
        forget(b, proc);
        return;
    }
    if (todo & PM_DO_SPAWN)
        begin(b, proc, now); /* notes it too, with the spawn or with its failure */
    else if (todo & PM_DO_REPORT)
        send_note(b, proc);
    if (todo & PM_DO_STOP)
        send_kill(b, proc, stop_signal);
    if (todo & PM_DO_KILL)
        send_kill(b, proc, SIGKILL);
}

void life_step(struct brain *b, struct proc *proc, struct pm_input in)
{
    struct pm_process before = proc->life;
    bool end = in.event == PM_EVENT_ENDED || in.event == PM_EVENT_SPAWN_FAILED;
    unsigned todo;

    in.spec = proc->spec;
    in.chance = b->port->chance(b->self);
    todo = pm_process_step(&proc->life, &in);
    if (end)
        proc->pid = 0;
    if (proc->why != NULL)
        explain(proc);
    if (proc->life.state != before.state)
        log_bad_end(b, proc, in.now);
    if (end && pm_state_alive(before.state)) /* before the keeper hears anything of it */
        past_end(b, proc, &before, &in);
    act(b, proc, todo, in.now);
    if (!(todo & PM_DO_FORGET))
        vigil_follow(b, proc, in.now);
}

/* A process whose history we do not know (another sheriff's orders, or a lost note) takes the
 * first wish as the one it has obeyed, if it is as wished; otherwise as the next order. */
static void learn_order(struct proc *proc, const struct pm_want *want)
{
    if (want->up == proc->life.up)
        proc->life.order = want->order;
    else
        proc->life.order = want->order > 0 ? want->order - 1 : 0;
    proc->order_unknown = false;
}

void life_want(struct brain *b, struct proc *proc, const struct pm_want *want,
               struct pm_mono now)
{
    struct pm_input in = { .event = PM_EVENT_WANT, .now = now, .want = *want };

    if (proc->order_unknown) {
        learn_order(proc, want);
        link_touch(b, proc);
        send_note(b, proc);
    }
    life_step(b, proc, in);
}

void life_due(struct brain *b, struct pm_mono now)
{
    struct deadline *first;

    while ((first = deadlines_first(&b->deadlines)) != NULL && first->at.ms <= now.ms) {
        struct pm_input in = { .event = PM_EVENT_TIMER, .now = now };
        struct proc *proc = proc_of(first);
        deadlines_set(&b->deadlines, first, (struct pm_mono){ 0 });
        if (!proc->plain || proc->life.state != PM_STATE_BACKOFF) /* it is set anew with the spec */
            life_step(b, proc, in);
    }
}

/* ---- the end of all --------------------------------------------------------------- */

static int youngest_first(const void *a, const void *b)
{
    const struct proc *one = *(struct proc *const *)a, *other = *(struct proc *const *)b;
    int64_t difference = other->life.started.ms - one->life.started.ms;

    if (difference == 0)
        return (other->slot > one->slot) - (other->slot < one->slot);
    return difference > 0 ? 1 : -1;
}

void life_end_all(struct brain *b, struct pm_mono now)
{
    size_t n = b->roster.n;
    struct proc **order = pm_resize(NULL, n + 1, sizeof(struct proc *));

    if (n > 0) {
        memcpy(order, b->roster.at, n * sizeof *order);
        qsort(order, n, sizeof *order, youngest_first);
    }
    for (size_t i = 0; i < n; i++) {
        struct pm_input in = { .event = PM_EVENT_WANT, .now = now,
                               .want = { .order = order[i]->life.order } };
        bool removing = order[i]->life.removing;
        life_step(b, order[i], in);
        order[i]->life.removing = removing;
        if (order[i]->over)
            slots_take_up(b, order[i], now);
    }
    free(order);
}
