/* The connection with the sheriff.
 *
 * DOWN → hello → GREETED → welcome → WELCOMED. Everything after welcome carries the session's
 * number; what carries another is dropped. Loss heals by repetition: the first status of a
 * session is full, later ones say what changed since the last one sent; when the sheriff's beat
 * does not acknowledge what was sent before its last beat, the unacknowledged is said again; and
 * the digest in our beat tells the sheriff to ask for all of it.
 *
 * libzmq does not retry after a refusal and does not notice a sheriff that hangs: a sheriff not
 * heard for SILENCE_MS costs a new connection, never a process.
 */
#include "brain/inside.h"

#include <procman/limits.h>
#include <procman/status.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEAT_MS        1000
#define SILENCE_MS     10000
#define HELLO_AGAIN_MS 2000 /* no answer: the sheriff may be busy with others */
#define REFUSED_AGAIN_MS 1000 /* the reason may have gone: a former self is believed for 3 s */
#define NO_ONE_MS      1000 /* nobody took a hello; that somebody came is told, this is the belt */
#define NOT_TAKEN_MS   200  /* there was no room for a status */

/* Statuses leave at once, but not for ever: each costs PACE_MS, and BURST of them are on credit.
 * One start is told without delay; a thousand are told in bundles. */
#define PACE_MS 5
#define BURST   8

/* ---- rows ------------------------------------------------------------------------- */

static void fill_row(const struct proc *proc, struct pm_mono now, struct pm_status_row *row)
{
    const struct pm_process *life = &proc->life;
    bool alive = pm_state_alive(life->state);

    *row = (struct pm_status_row){
        .id = proc->id, .group = proc->group, .name = proc->name, .state = life->state,
        .pid = proc->pid, .run = life->run, .order = life->order, .restarts = life->restarts,
        .state_age_ms = (uint64_t)pm_mono_since(life->since, now),
        .run_age_ms = alive ? (uint64_t)pm_mono_since(life->started, now) : 0,
        .exit_code = life->ending.code, .exit_signal = life->ending.signal,
        .core_dumped = life->ending.core_dumped, .spec_hash = proc->life_hash,
        .reason = life->reason,
    };
    if (life->state == PM_STATE_BACKOFF)
        row->next_try_ms = (uint64_t)pm_mono_since(now, life->deadline);
}

/* What a process's output suffers from is told behind the reason for its state. */
static const char *whole_reason(const struct proc *proc, struct pm_arena *arena)
{
    size_t room = sizeof proc->life.reason + strlen(proc->trouble) + sizeof "; ";
    char *text = pm_arena_get(arena, room);

    if (text != NULL)
        snprintf(text, room, "%s; %s", proc->life.reason, proc->trouble);
    return text != NULL ? text : proc->life.reason;
}

static const char *what_it_says(const struct proc *proc, struct pm_arena *arena)
{
    char *text = pm_arena_get(arena, VIGIL_TEXT);

    return text != NULL ? vigil_says(proc, text, VIGIL_TEXT) : "";
}

void brain_on_trouble(struct brain *b, const char *group, const char *name, const char *trouble)
{
    struct proc *proc = roster_find(&b->roster, group, name);

    if (proc == NULL)
        return;
    free(proc->trouble);
    proc->trouble = trouble != NULL ? pm_strdup(trouble) : NULL;
    link_touch(b, proc);
}

void link_touch(struct brain *b, struct proc *proc)
{
    proc->touched = b->link.seq + 1;
    b->link.changed = true;
}

static struct pm_mono status_at(const struct link *link)
{
    return pm_mono_after(link->paid_until, -PACE_MS * BURST);
}

static void pay(struct link *link, struct pm_mono now)
{
    if (link->paid_until.ms < now.ms)
        link->paid_until = now;
    link->paid_until.ms += PACE_MS;
}

static void send_status(struct brain *b, struct pm_mono now)
{
    PM_CLEANUP(pm_arena_fini) struct pm_arena reasons;
    struct link *link = &b->link;
    struct pm_status_row *rows = pm_resize(NULL, b->roster.n + 1, sizeof *rows);
    struct pm_status status = {
        .session = link->session, .seq = link->seq + 1, .full = link->full,
        .generation = b->wish.generation, .specs_generation = b->wish.specs_generation,
        .procs = { .at = rows },
    };

    pm_arena_init(&reasons, 0);
    for (size_t i = 0; i < b->roster.n; i++) {
        const struct proc *proc = b->roster.at[i];
        if (!link->full && proc->touched <= link->seq)
            continue;
        fill_row(proc, now, &rows[status.procs.n]);
        if (proc->trouble != NULL)
            rows[status.procs.n].reason = whole_reason(proc, &reasons);
        else if (proc->vigil != NULL)
            rows[status.procs.n].says = what_it_says(proc, &reasons);
        status.procs.n++;
    }
    if (b->port->to_sheriff(b->self, PM_MSG_STATUS, &status)) {
        link->seq++;
        link->full = link->changed = false;
        pay(link, now);
    } else {
        link->paid_until = pm_mono_after(now, PACE_MS * BURST + NOT_TAKEN_MS);
    }
    free(rows);
}

/* ---- hello ------------------------------------------------------------------------ */

static void lose(struct brain *b, struct pm_mono hello_at)
{
    b->link.state = LINK_DOWN;
    b->link.session = 0;
    b->link.hello_at = hello_at;
}

static void send_hello(struct brain *b, struct pm_mono now)
{
    struct pm_hello hello = {
        .version = PM_PROTOCOL_VERSION, .name = b->name, .hostname = b->hostname,
        .software = PROCMAN_VERSION, .epoch = b->epoch, .sheriff_id = b->wish.sheriff_id,
        .boot_id = b->boot_id,
    };
    bool taken = b->port->to_sheriff(b->self, PM_MSG_HELLO, &hello);

    if (taken)
        b->link.state = LINK_GREETED;
    b->link.hello_at = pm_mono_after(now, taken ? HELLO_AGAIN_MS : NO_ONE_MS);
}

/* A hello is only taken when there is a connection: one under way is on the connection whose
 * making is told here, for the loss of the one before was told first. */
void brain_on_link(struct brain *b, bool connected, struct pm_mono now)
{
    if (connected && b->link.state != LINK_DOWN)
        return;
    lose(b, now);
    if (connected)
        b->link.silent_at = pm_mono_after(now, SILENCE_MS);
}

static void send_holding(struct brain *b)
{
    struct pm_holding holding = { .session = b->link.session,
                                  .specs = specs_list(b->wish.specs),
                                  .wants = b->wish.wants.wants };

    if (holding.specs.n > 0 && !b->port->to_sheriff(b->self, PM_MSG_HOLDING, &holding))
        brain_say(b, PM_LOG_WARNING, "the new sheriff did not take what the former one said");
}

/* Said once, until it changes. */
static void log_refusal(struct brain *b, const char *text)
{
    if (strcmp(b->link.refusal, text) == 0)
        return;
    snprintf(b->link.refusal, sizeof b->link.refusal, "%s", text);
    brain_say(b, PM_LOG_ERROR, "the sheriff refuses us: %s", b->link.refusal);
}

/* Also when there is a session already: a repeated hello gets a second welcome, which counts. */
void link_on_welcome(struct brain *b, const struct pm_welcome *welcome, struct pm_mono now)
{
    struct link *link = &b->link;
    char text[sizeof link->refusal];

    if (link->state == LINK_DOWN || welcome->session == 0) {
        link->dropped++;
        return;
    }
    if (welcome->version != PM_PROTOCOL_VERSION) {
        snprintf(text, sizeof text, "it speaks version %llu of the protocol, this deputy %d",
                 (unsigned long long)welcome->version, PM_PROTOCOL_VERSION);
        log_refusal(b, text);
        lose(b, pm_mono_after(now, HELLO_AGAIN_MS));
        return;
    }
    link->state = LINK_WELCOMED;
    link->session = welcome->session;
    link->sheriff_id = welcome->sheriff_id;
    link->refusal[0] = '\0';
    link->seq = link->seq_at_beat = 0;
    link->specs_told = link->wants_told = 0;
    link->full = true;
    link->beat_at = pm_mono_after(now, BEAT_MS);
    link->silent_at = pm_mono_after(now, SILENCE_MS);
    b->wish.pending = (struct pm_wants){ 0 };
    past_welcome(b, now);
    if (b->wish.sheriff_id != 0 && b->wish.sheriff_id != welcome->sheriff_id)
        send_holding(b);
}

void link_on_refused(struct brain *b, const struct pm_refused *refused, struct pm_mono now)
{
    log_refusal(b, *refused->text ? refused->text : refused->error);
    lose(b, pm_mono_after(now, REFUSED_AGAIN_MS));
    b->link.silent_at = pm_mono_after(now, SILENCE_MS);
}

/* ---- beats ------------------------------------------------------------------------ */

/* What the sheriff ought to know by now and does not, is said again. */
static void repeat_unacknowledged(struct brain *b, uint64_t acknowledged)
{
    for (size_t i = 0; i < b->roster.n; i++)
        if (b->roster.at[i]->touched > acknowledged)
            link_touch(b, b->roster.at[i]);
    b->link.changed = true;
}

void link_on_beat(struct brain *b, const struct pm_beat *beat, struct pm_mono now)
{
    struct link *link = &b->link;

    link->silent_at = pm_mono_after(now, SILENCE_MS);
    if (beat->seq < link->seq_at_beat) {
        if (beat->seq == 0)
            link->full = true;
        repeat_unacknowledged(b, beat->seq);
    }
    link->seq_at_beat = link->seq;
}

static void send_beat(struct brain *b, struct pm_mono now)
{
    struct pm_beat beat = { .session = b->link.session, .generation = b->wish.generation,
                            .specs_generation = b->wish.specs_generation, .seq = b->link.seq };
    struct pm_status_row row;

    for (size_t i = 0; i < b->roster.n; i++) {
        fill_row(b->roster.at[i], now, &row);
        beat.digest ^= pm_status_row_digest(&row);
    }
    (void)b->port->to_sheriff(b->self, PM_MSG_BEAT, &beat); /* the next one comes in a second */
    b->link.beat_at = pm_mono_after(now, BEAT_MS);
}

void link_bye(struct brain *b)
{
    struct pm_bye bye = { .session = b->link.session, .left_running = b->leave_running };

    if (b->link.state == LINK_WELCOMED)
        (void)b->port->to_sheriff(b->self, PM_MSG_BYE, &bye);
}

/* ---- turn ------------------------------------------------------------------------- */

void link_turn(struct brain *b, struct pm_mono now)
{
    struct link *link = &b->link;

    if (!b->ready || b->finished)
        return;
    if (link->silent_at.ms == 0)
        link->silent_at = pm_mono_after(now, SILENCE_MS);
    if (now.ms >= link->silent_at.ms) {
        lose(b, pm_mono_after(now, NO_ONE_MS)); /* not into what is being closed */
        link->silent_at = pm_mono_after(now, SILENCE_MS);
        b->port->reconnect(b->self);
    }
    if (link->state != LINK_WELCOMED) {
        if (now.ms >= link->hello_at.ms)
            send_hello(b, now);
        return;
    }
    if ((link->full || link->changed) && (b->ending || now.ms >= status_at(link).ms))
        send_status(b, now);
    if (now.ms >= link->beat_at.ms)
        send_beat(b, now);
}

static struct pm_mono earlier(struct pm_mono a, struct pm_mono b)
{
    return a.ms < b.ms ? a : b;
}

struct pm_mono link_next(const struct brain *b)
{
    const struct link *link = &b->link;
    struct pm_mono next;

    if (link->state != LINK_WELCOMED)
        return earlier(link->hello_at, link->silent_at);
    next = earlier(link->beat_at, link->silent_at);
    return link->full || link->changed ? earlier(next, status_at(link)) : next;
}
