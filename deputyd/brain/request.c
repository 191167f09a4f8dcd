/* What the sheriff asks for at once: a signal now, bytes of output, to follow it, an upgrade, a
 * look for strays. Each question gets an answer that says why not, when not.
 */
#include "brain/inside.h"

#include <procman/text.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* Linux has 64 signals; 0 only asks whether somebody is there. */
#define LAST_SIGNAL 64

static void answer(struct brain *b, uint64_t request, enum pm_err err, const char *text)
{
    struct pm_done done = { .session = b->link.session, .request = request,
                            .error = pm_err_word(err), .text = text };

    (void)b->port->to_sheriff(b->self, PM_MSG_DONE, &done); /* the asker has a deadline */
}

void request_signal(struct brain *b, const struct pm_signal *ask)
{
    struct proc *proc = roster_by_id(&b->roster, ask->id);
    char text[160];

    if (proc == NULL) {
        answer(b, ask->request, PM_NOT_FOUND, "this deputy does not have that process");
    } else if (ask->signal < 0 || ask->signal > LAST_SIGNAL) {
        answer(b, ask->request, PM_USAGE, "there is no signal of that number");
    } else if (proc->pid == 0) {
        snprintf(text, sizeof text, "it is %s; nothing is there to get %s",
                 pm_state_word(proc->life.state), pm_signal_name(ask->signal));
        answer(b, ask->request, PM_NOT_RUNNING, text);
    } else {
        struct pm_kill kill = { .slot = proc->slot, .run = proc->life.run,
                                .signal = ask->signal };
        brain_tell_keeper(b, PM_MSG_KILL, &kill);
        proc->killed = proc->killed || ask->signal == SIGKILL;
        answer(b, ask->request, PM_OK, "");
    }
}

void request_read(struct brain *b, const struct pm_read *ask)
{
    struct proc *proc = roster_by_id(&b->roster, ask->id);
    struct pm_bytes none = { .request = ask->request, .id = ask->id,
                             .error = pm_err_word(PM_NOT_FOUND),
                             .text = "this deputy does not have that process" };

    if (proc != NULL)
        b->port->read(b->self, proc->output, ask);
    else
        brain_on_bytes(b, &none);
}

void brain_on_bytes(struct brain *b, struct pm_bytes *bytes)
{
    bytes->session = b->link.session;
    if (b->link.state == LINK_WELCOMED)
        (void)b->port->to_sheriff(b->self, PM_MSG_BYTES, bytes); /* the asker has a deadline */
}

/* ---- following -------------------------------------------------------------------- */

/* Numbers that are followed, whether or not a process has them yet: subscriptions may come
 * before the specs that name it. */
static size_t place_of(const struct follows *follows, uint64_t id)
{
    size_t i = 0;

    while (i < follows->n && follows->ids[i] != id)
        i++;
    return i;
}

static bool remember(struct follows *follows, uint64_t id)
{
    if (place_of(follows, id) < follows->n)
        return true;
    if (follows->n == PM_LIMIT_SLOTS)
        return false;
    if (follows->n == follows->cap) {
        follows->cap = follows->cap ? 2 * follows->cap : 8;
        follows->ids = pm_resize(follows->ids, follows->cap, sizeof *follows->ids);
    }
    follows->ids[follows->n++] = id;
    return true;
}

static void forget(struct follows *follows, uint64_t id)
{
    size_t place = place_of(follows, id);

    if (place < follows->n)
        follows->ids[place] = follows->ids[--follows->n];
}

void brain_on_follow(struct brain *b, uint64_t id, bool on)
{
    struct proc *proc = roster_by_id(&b->roster, id);

    if (!on)
        forget(&b->follows, id);
    else if (!remember(&b->follows, id))
        return;
    if (proc != NULL)
        b->port->follow(b->self, proc->output, id, on);
}

void request_follow_as(struct brain *b, struct proc *proc, uint64_t id_before)
{
    if (proc->id == id_before)
        return;
    if (place_of(&b->follows, id_before) < b->follows.n)
        b->port->follow(b->self, proc->output, id_before, false);
    if (place_of(&b->follows, proc->id) < b->follows.n)
        b->port->follow(b->self, proc->output, proc->id, true);
}

/* ---- of the whole deputy ------------------------------------------------------------ */

void request_upgrade(struct brain *b, const struct pm_upgrade *ask)
{
    struct pm_upgrade upgrade = { .request = ask->request };

    if (b->ending)
        answer(b, ask->request, PM_BUSY, "this deputy is ending");
    else
        brain_tell_keeper(b, PM_MSG_UPGRADE, &upgrade);
}

void request_done(struct brain *b, const struct pm_done *done)
{
    answer(b, done->request, pm_err_from_word(done->error), done->text);
}

void request_sweep(struct brain *b, const struct pm_sweep *ask)
{
    b->port->sweep(b->self, ask->request, ask->kill);
}

void brain_on_swept(struct brain *b, uint64_t request, const struct pm_stray_list *found)
{
    struct pm_strays strays = { .session = b->link.session, .request = request, .host = b->name,
                                .strays = *found };

    (void)b->port->to_sheriff(b->self, PM_MSG_STRAYS, &strays);
}
