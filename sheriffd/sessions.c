/* Deputies come, are believed while their session lasts, and go.
 *
 * A session is (peer, number); what carries another number is dropped, so nothing a former
 * connection left behind can do harm. A deputy is told its wishes only after it has said all it
 * knows, and only what is committed.
 */
#include "sheriffd/sessions.h"

#include "sheriffd/adopt.h"
#include "sheriffd/ends.h"
#include "sheriffd/errands.h"
#include "sheriffd/essential.h"
#include "sheriffd/gate.h"
#include "sheriffd/gates.h"
#include "sheriffd/hello.h"
#include "sheriffd/orders.h"
#include "sheriffd/sweeps.h"
#include "sheriffd/upgrades.h"

#include <procman/limits.h>
#include <procman/process.h>
#include <procman/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AROUND_SPECS 64 /* bytes of their message around them */
#define MISMATCHES 2 /* beats in a row that disagree before we heal: one may cross an order */

void sessions_note(struct sheriff *s, const char *name, const char *what, const char *text)
{
    journal_add(&s->journal, s->now.wall, (struct journal_about){ .host = name }, what, "", "%s",
                text);
    sheriff_log(s, strcmp(what, "deputy-up") == 0 ? PM_LOG_INFO : PM_LOG_WARNING, "%s", text);
}

void sessions_look(struct sheriff *s, struct deputy *deputy)
{
    struct post *post = deputy->post;

    sheriff_touch_post(s, post);
    for (size_t i = 0; i < post->n; i++) {
        gates_touch(s, post->wishes[i]);
        orders_look(s, post->wishes[i]);
    }
}

void sessions_lose(struct sheriff *s, struct deputy *deputy, const char *why)
{
    char text[400];

    snprintf(text, sizeof text, "deputy %s is lost: %s; its processes keep running",
             deputy->name, why);
    sessions_note(s, deputy->name, "deputy-lost", text);
    deputy->link = PM_LINK_LOST;
    deputy->away = s->now.mono;
    sessions_look(s, deputy);
}

/* A connection that is gone is no lost deputy yet: its brain may be back in a moment. */
bool sessions_send(struct sheriff *s, struct deputy *deputy, enum pm_msg kind, const void *msg)
{
    if (deputy->session == 0)
        return false;
    if (s->port->to_deputy(s->self, deputy->peer, kind, msg))
        return true;
    fleet_end(&s->fleet, deputy, deputy->link);
    return false;
}

/* ---- what it says ----------------------------------------------------------------- */

static void on_row(void *self, struct seen *seen, const struct pm_status_row *before, bool gone)
{
    struct sheriff *s = self;
    struct deputy *deputy = seen->deputy;
    struct wish *wish = seen->wish;

    view_touch_post(&s->view, deputy->post);
    if (wish != NULL)
        gates_touch(s, wish);
    else
        gates_stray(s, seen);
    if (gone) {
        if (wish != NULL)
            view_touch(&s->view, wish);
        if (wish != NULL && wish->removing)
            ids_add(&s->ended, wish->spec.id);
        return;
    }
    /* What a deputy tells first after we began is no news. */
    if (before != NULL || deputy->known)
        journal_row(&s->journal, s->now.wall, deputy->name, &seen->row, before);
    if (wish == NULL)
        return;
    view_touch(&s->view, wish);
    if (seen->row.order > wish->order)
        ids_add(&s->raises, wish->spec.id);
    orders_look(s, wish);
    essential_look(s, wish);
}

/* After a full status everything of a removed wish that is left is in it. */
static void end_removed(struct sheriff *s, const struct post *post)
{
    for (size_t i = 0; i < post->n; i++)
        if (post->wishes[i]->removing && post->wishes[i]->seen == NULL)
            ids_add(&s->ended, post->wishes[i]->spec.id);
}

static void on_status(struct sheriff *s, struct deputy *deputy, const struct pm_status *status)
{
    bool first = status->full && !deputy->refreshed;

    fleet_status(&s->fleet, &s->desired, deputy, status, s->now.mono, on_row, s);
    if (status->full)
        end_removed(s, deputy->post);
    if (!first)
        return;
    deputy->post->specs_due = deputy->post->wants_due = true;
    sheriff_due(s, deputy->post);
    gates_learn(s, deputy->post);
    sessions_look(s, deputy);
    upgrades_on_full(s, deputy);
}

static void on_beat(struct sheriff *s, struct deputy *deputy, const struct pm_beat *beat)
{
    struct post *post = deputy->post;
    bool wishes = beat->generation == deputy->sent_generation &&
                  beat->specs_generation == deputy->sent_specs_generation;
    bool rows = beat->seq == deputy->seq && beat->digest == deputy->digest;

    if (!deputy->refreshed || (wishes && rows)) {
        deputy->mismatches = 0;
        return;
    }
    if (++deputy->mismatches < MISMATCHES)
        return;
    deputy->mismatches = 0;
    if (!rows)
        (void)sessions_send(s, deputy, PM_MSG_RESYNC,
                            &(struct pm_resync){ .session = deputy->session });
    if (!wishes) {
        post->specs_due = post->wants_due = true;
        sheriff_due(s, post);
    }
}

static void on_bye(struct sheriff *s, struct deputy *deputy, const struct pm_bye *bye)
{
    char text[200];

    deputy->left_running = bye->left_running;
    fleet_end(&s->fleet, deputy, PM_LINK_GONE);
    deputy->away = s->now.mono;
    snprintf(text, sizeof text, "deputy %s has ended; its processes %s", deputy->name,
             bye->left_running ? "are left running" : "are stopped");
    sessions_note(s, deputy->name, "deputy-gone", text);
    sessions_look(s, deputy);
}

static void on_done(struct sheriff *s, const struct deputy *deputy, const struct pm_done *done)
{
    if (!upgrades_on_done(s, deputy, done))
        errands_on_done(s, deputy, done);
}

static uint64_t session_of(enum pm_msg kind, const void *msg)
{
    switch (kind) {
    case PM_MSG_STATUS:  return ((const struct pm_status *)msg)->session;
    case PM_MSG_BEAT:    return ((const struct pm_beat *)msg)->session;
    case PM_MSG_DONE:    return ((const struct pm_done *)msg)->session;
    case PM_MSG_BYTES:   return ((const struct pm_bytes *)msg)->session;
    case PM_MSG_STRAYS:  return ((const struct pm_strays *)msg)->session;
    case PM_MSG_ENDINGS: return ((const struct pm_endings *)msg)->session;
    case PM_MSG_HOLDING: return ((const struct pm_holding *)msg)->session;
    case PM_MSG_BYE:     return ((const struct pm_bye *)msg)->session;
    default:             return 0;
    }
}

static void heard(struct sheriff *s, struct deputy *deputy)
{
    char text[200], age[PM_TEXT_SIZE];
    int64_t silent = pm_mono_since(deputy->heard, s->now.mono);

    deputy->heard = s->now.mono;
    if (deputy->link == PM_LINK_UP)
        return;
    deputy->link = PM_LINK_UP;
    snprintf(text, sizeof text, "deputy %s is back after %s", deputy->name,
             pm_text_age((uint64_t)silent, age));
    sessions_note(s, deputy->name, "deputy-up", text);
    sessions_look(s, deputy);
}

void sessions_on_message(struct sheriff *s, uint64_t peer, const char *address, enum pm_msg kind,
                         const void *msg)
{
    struct deputy *deputy = fleet_by_peer(&s->fleet, peer);

    if (kind == PM_MSG_HELLO) {
        hello_take(s, peer, address, msg);
        return;
    }
    if (deputy == NULL || session_of(kind, msg) != deputy->session) {
        s->bad_messages++;
        return;
    }
    heard(s, deputy);
    switch (kind) {
    case PM_MSG_STATUS:  on_status(s, deputy, msg); break;
    case PM_MSG_BEAT:    on_beat(s, deputy, msg); break;
    case PM_MSG_DONE:    on_done(s, deputy, msg); break;
    case PM_MSG_BYTES:   errands_on_bytes(s, deputy, msg); break;
    case PM_MSG_STRAYS:  sweeps_on_strays(s, deputy, msg); break;
    case PM_MSG_ENDINGS: ends_take(s, deputy, msg); break;
    case PM_MSG_HOLDING: adopt_take(s, deputy, msg); break;
    case PM_MSG_BYE:     on_bye(s, deputy, msg); break;
    default: break;
    }
}

/* ---- what it is told -------------------------------------------------------------- */

static void check_silence(struct sheriff *s, struct deputy *deputy)
{
    uint64_t silent = (uint64_t)pm_mono_since(deputy->heard, s->now.mono);
    char why[64], age[PM_TEXT_SIZE];

    if (deputy->link != PM_LINK_UP || silent <= LOST_AFTER_MS)
        return;
    snprintf(why, sizeof why, "not heard for %s", pm_text_age(silent, age));
    sessions_lose(s, deputy, why);
}

void sessions_beat(struct sheriff *s)
{
    for (size_t i = 0; i < s->fleet.n; i++) {
        struct deputy *deputy = s->fleet.deputies[i];
        struct pm_beat beat = {
            .session = deputy->session, .seq = deputy->seq,
            .generation = deputy->sent_generation,
            .specs_generation = deputy->sent_specs_generation,
        };

        check_silence(s, deputy);
        hello_check(s, deputy);
        if (deputy->session != 0)
            (void)sessions_send(s, deputy, PM_MSG_BEAT, &beat);
    }
}

/* Nothing is planned or adopted that would lead here. It is told nothing then, wants neither: they
 * would wait for these specs. */
static bool is_too_much(struct sheriff *s, struct post *post)
{
    size_t bytes = desired_bytes(post);

    if (bytes <= PM_LIMIT_FRAME - AROUND_SPECS)
        return false;
    if (post->untold != post->specs_generation)
        sheriff_log(s, PM_LOG_ERROR, "deputy %s: what defines its processes is %zu bytes, more "
                    "than one message holds; it goes on with what it has until some are removed "
                    "or put on another host", post->name, bytes);
    post->untold = post->specs_generation;
    return true;
}

static void send_specs(struct sheriff *s, struct deputy *deputy)
{
    struct post *post = deputy->post;
    struct pm_spec *specs = pm_alloc((post->n + 1) * sizeof *specs);
    struct pm_specs message = { .session = deputy->session,
                                .generation = post->specs_generation, .specs = { .at = specs } };

    for (size_t i = 0; i < post->n; i++)
        if (!post->wishes[i]->removing || gate_keeps(post->wishes[i]))
            specs[message.specs.n++] = post->wishes[i]->spec;
    if (sessions_send(s, deputy, PM_MSG_SPECS, &message))
        deputy->sent_specs_generation = post->specs_generation;
    free(specs);
}

static void send_wants(struct sheriff *s, struct deputy *deputy)
{
    struct post *post = deputy->post;
    struct pm_want *wants = pm_alloc((post->n + 1) * sizeof *wants);
    struct pm_wants message = {
        .session = deputy->session, .generation = post->wants_generation,
        .specs_generation = post->specs_generation, .wants = { .at = wants },
    };

    for (size_t i = 0; i < post->n; i++) {
        struct wish *wish = post->wishes[i];

        if (!wish->removing || gate_keeps(wish))
            wants[message.wants.n++] = wish->told = gate_want(wish);
        else /* it forgets its orders */
            wish->told = (struct pm_want){ .id = wish->spec.id };
    }
    if (sessions_send(s, deputy, PM_MSG_WANTS, &message))
        deputy->sent_generation = post->wants_generation;
    free(wants);
}

/* Returns whether it has to stay due. */
static bool send_to(struct sheriff *s, struct post *post)
{
    struct deputy *deputy = post->deputy;

    if (deputy == NULL || deputy->session == 0 || !deputy->refreshed)
        return false; /* its first status of the next session makes all of it due */
    if (deputy->adopting)
        return true;
    bool too_much = is_too_much(s, post);

    if (post->specs_due && !too_much)
        send_specs(s, deputy);
    if (post->wants_due && !too_much && deputy->session != 0)
        send_wants(s, deputy);
    post->specs_due = post->wants_due = post->specs_fresh = post->wants_fresh = false;
    return false;
}

void sessions_send_due(struct sheriff *s)
{
    size_t kept = 0;

    if (s->desired.changing)
        return;
    for (size_t i = 0; i < s->n_due; i++) {
        s->due[i]->due = send_to(s, s->due[i]);
        if (s->due[i]->due)
            s->due[kept++] = s->due[i];
    }
    s->n_due = kept;
}
