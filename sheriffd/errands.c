/* Errands.
 *
 * The sheriff has neither the output of a process nor a hand on it; it passes the question on
 * under a number of its own and the answer back under the client's. Who does not answer in time
 * is answered for.
 */
#include "sheriffd/errands.h"

#include "sheriffd/api.h"
#include "sheriffd/commit.h"
#include "sheriffd/orders.h"
#include "sheriffd/sessions.h"

#include <stdlib.h>

struct errand {
    struct errand *next;
    enum pm_msg kind;           /* READ, SIGNAL, HISTORY, PAST, REVISIONS */
    uint64_t number;
    uint64_t session;           /* of the deputy asked; 0: the store */
    uint64_t peer, request;     /* all but SIGNAL: who wants to know */
    struct target *target;      /* SIGNAL */
    struct pm_mono deadline;
};

static struct errand *add(struct sheriff *s, enum pm_msg kind)
{
    struct errand *errand = pm_alloc(sizeof *errand);
    bool of_store = kind != PM_MSG_READ && kind != PM_MSG_SIGNAL;

    errand->kind = kind;
    errand->number = ++s->last_errand;
    errand->deadline = pm_mono_after(s->now.mono, of_store ? STORE_MS : ERRAND_MS);
    errand->next = s->errands;
    s->errands = errand;
    s->n_errands++;
    return errand;
}

/* Out of the list; the caller frees it. */
static struct errand *take(struct sheriff *s, enum pm_msg kind, uint64_t number, uint64_t session)
{
    for (struct errand **at = &s->errands; *at != NULL; at = &(*at)->next) {
        struct errand *errand = *at;

        if (errand->number != number || errand->kind != kind || errand->session != session)
            continue;
        *at = errand->next;
        s->n_errands--;
        return errand;
    }
    return NULL;
}

static bool too_many(struct sheriff *s, const struct sheriff_client *client, uint64_t request)
{
    if (s->n_errands < ERRANDS_MOST)
        return false;
    api_reply(s, client->peer, request, PM_BUSY, "too many questions are under way; try again");
    return true;
}

static bool in_touch(const struct deputy *deputy)
{
    return deputy != NULL && deputy->link == PM_LINK_UP && deputy->session != 0;
}

/* ---- asking ----------------------------------------------------------------------- */

void errands_read(struct sheriff *s, const struct sheriff_client *client,
                  const struct pm_read *ask)
{
    struct wish *wish = desired_by_id(&s->desired, ask->id);
    struct pm_read read = *ask;
    struct deputy *deputy;

    if (too_many(s, client, ask->request))
        return;
    if (wish == NULL) {
        api_reply(s, client->peer, ask->request, PM_NOT_FOUND, "there is no process number %llu",
                  (unsigned long long)ask->id);
        return;
    }
    deputy = wish->post->deputy;
    if (!in_touch(deputy)) {
        api_reply(s, client->peer, ask->request, PM_LOST, "deputy %s, which has its output, is "
                  "not connected", wish->post->name);
        return;
    }
    struct errand *errand = add(s, PM_MSG_READ);

    errand->peer = client->peer;
    errand->request = ask->request;
    errand->session = deputy->session;
    read.session = deputy->session;
    read.request = errand->number;
    (void)sessions_send(s, deputy, PM_MSG_READ, &read);
}

/* The errand of asking the store, or NULL: it is refused. */
static struct errand *ask_store(struct sheriff *s, const struct sheriff_client *client,
                                enum pm_msg kind, uint64_t request)
{
    struct errand *errand;

    if (too_many(s, client, request))
        return NULL;
    if (s->n_histories >= HISTORIES_MOST) {
        api_reply(s, client->peer, request, PM_BUSY,
                  "too many read the past at this moment; try again");
        return NULL;
    }
    s->n_histories++;
    errand = add(s, kind);
    errand->peer = client->peer;
    errand->request = request;
    commit_events(s);
    return errand;
}

void errands_history(struct sheriff *s, const struct sheriff_client *client,
                     const struct pm_history *ask)
{
    const struct errand *errand = ask_store(s, client, PM_MSG_HISTORY, ask->request);

    if (errand != NULL)
        s->port->ask_history(s->self, history_open(errand->number, ask));
}

void errands_past(struct sheriff *s, const struct sheriff_client *client,
                  const struct pm_past *ask)
{
    const struct errand *errand = ask_store(s, client, PM_MSG_PAST, ask->request);

    if (errand != NULL)
        s->port->ask_history(s->self, history_open_lives(errand->number, ask));
}

void errands_revisions(struct sheriff *s, const struct sheriff_client *client,
                       const struct pm_revisions *ask)
{
    const struct errand *errand;

    if (ask->number != 0 && !client->may_change) {
        api_reply(s, client->peer, ask->request, PM_FORBIDDEN, "what was applied has the values of "
                  "environment variables; they are told over the control socket only");
        return;
    }
    errand = ask_store(s, client, PM_MSG_REVISIONS, ask->request);
    if (errand != NULL)
        s->port->ask_history(s->self, history_open_revisions(errand->number, ask->number));
}

void errands_signal(struct sheriff *s, struct target *target, const struct wish *wish,
                    int64_t signal)
{
    struct deputy *deputy = wish->post->deputy;
    struct errand *errand;

    if (s->n_errands >= ERRANDS_MOST) {
        orders_signalled(s, target, PM_BUSY, "too many questions are under way; try again");
        return;
    }
    errand = add(s, PM_MSG_SIGNAL);
    errand->target = target;
    errand->session = deputy->session;
    (void)sessions_send(s, deputy, PM_MSG_SIGNAL, &(struct pm_signal){
        .session = deputy->session, .request = errand->number, .id = wish->spec.id,
        .signal = signal });
}

void errands_forget(struct sheriff *s, const struct target *target)
{
    for (struct errand *errand = s->errands; errand != NULL; errand = errand->next)
        if (errand->target == target)
            errand->target = NULL;
}

/* ---- answers ---------------------------------------------------------------------- */

void errands_on_bytes(struct sheriff *s, const struct deputy *deputy, const struct pm_bytes *msg)
{
    struct errand *errand = take(s, PM_MSG_READ, msg->request, deputy->session);
    struct pm_bytes bytes = *msg;

    if (errand == NULL)
        return;
    bytes.session = 0;
    bytes.request = errand->request;
    api_answer(s, errand->peer, PM_MSG_BYTES, &bytes);
    free(errand);
}

void errands_on_done(struct sheriff *s, const struct deputy *deputy, const struct pm_done *msg)
{
    struct errand *errand = take(s, PM_MSG_SIGNAL, msg->request, deputy->session);

    if (errand == NULL)
        return;
    if (errand->target != NULL)
        orders_signalled(s, errand->target, pm_err_from_word(msg->error), msg->text);
    free(errand);
}

void errands_on_history(struct sheriff *s, const struct history *answer)
{
    enum pm_msg kind = answer->of_revisions ? PM_MSG_REVISIONS
                       : answer->of_lives   ? PM_MSG_PAST : PM_MSG_HISTORY;
    struct errand *errand = take(s, kind, answer->number, 0);
    struct pm_events events = { .events = answer->events };
    struct pm_endings endings = { .past = answer->lives };
    struct pm_revised revised = answer->revised;

    s->n_histories--;
    if (errand == NULL)
        return;
    events.request = endings.request = revised.request = errand->request;
    if (answer->err != PM_OK)
        api_reply(s, errand->peer, errand->request, answer->err, "%s", answer->text);
    else if (answer->of_revisions)
        api_answer(s, errand->peer, PM_MSG_REVISED, &revised);
    else if (answer->of_lives)
        api_answer(s, errand->peer, PM_MSG_ENDINGS, &endings);
    else
        api_answer(s, errand->peer, PM_MSG_EVENTS, &events);
    free(errand);
}

static void give_up(struct sheriff *s, const struct errand *errand)
{
    const char *store = "the store does not answer", *deputy = "its deputy does not answer";

    if (errand->kind == PM_MSG_SIGNAL && errand->target != NULL)
        orders_signalled(s, errand->target, PM_TIMEOUT, deputy);
    if (errand->kind != PM_MSG_SIGNAL)
        api_reply(s, errand->peer, errand->request, PM_TIMEOUT, "%s",
                  errand->kind == PM_MSG_READ ? deputy : store);
}

void errands_check(struct sheriff *s)
{
    struct errand **at = &s->errands;

    while (*at != NULL) {
        struct errand *errand = *at;

        if (s->now.mono.ms < errand->deadline.ms) {
            at = &errand->next;
            continue;
        }
        *at = errand->next;
        s->n_errands--;
        give_up(s, errand);
        free(errand);
    }
}

void errands_fini(struct sheriff *s)
{
    while (s->errands != NULL) {
        struct errand *errand = s->errands;

        s->errands = errand->next;
        if (errand->kind != PM_MSG_SIGNAL)
            api_reply(s, errand->peer, errand->request, PM_GONE, SHERIFF_ENDS);
        free(errand);
    }
}
