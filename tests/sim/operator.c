/* The operator's memory: what was asked, what was answered, and what that means.
 */
#include "sim/operator.h"

#include "sim/invariants.h"
#include "sim/office.h"
#include "sim/orders.h"
#include "sim/site.h"
#include "sim/ward.h"

#include <procman/limits.h>
#include <procman/spec.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void operator_open(struct world *w)
{
    static const char *const groups[] = { "", "a", "a/b" };
    struct operator *o = w->operator = pm_alloc(sizeof *o);

    o->n = w->n_sites * w->procs;
    o->wards = pm_alloc(o->n * sizeof *o->wards);
    for (size_t i = 0; i < o->n; i++) {
        struct ward *ward = &o->wards[i];
        ward->site = &w->sites[i / w->procs];
        ward->number = i % w->procs;
        ward->sure = true;
        snprintf(ward->name, sizeof ward->name, "p%02u", (unsigned)ward->number);
        snprintf(ward->group, sizeof ward->group, "%s", groups[ward->number % PM_COUNT(groups)]);
    }
}

void operator_close(struct world *w)
{
    struct operator *o = w->operator;

    while (o->requests != NULL) {
        struct request *request = o->requests;
        o->requests = request->next;
        request_free(request);
    }
    pm_arena_fini(&o->arena);
    free(o->wards);
    free(o);
}

struct ward *operator_find(const struct world *w, const char *host, const char *group,
                           const char *name)
{
    for (size_t i = 0; i < w->operator->n; i++) {
        struct ward *ward = &w->operator->wards[i];
        if (strcmp(ward->site->name, host) == 0 && strcmp(ward->group, group) == 0
            && strcmp(ward->name, name) == 0)
            return ward;
    }
    return NULL;
}

/* ---- whose order was it ------------------------------------------------------------ */

void operator_on_stop(struct site *site, const struct slot *slot)
{
    struct ward *ward = operator_find(site->w, site->name, slot->group, slot->name);

    pm_assert(ward != NULL);
    if (ward_is_attended(ward) && site->w->now_ms - site->heard_ms >= ATTENDED_MS)
        return; /* nobody had to */
    if (++ward->stops > ward->requests)
        wrong(site->w, "%s: %s is stopped, and nobody ordered that", site->name, slot->name);
}

void operator_pardon(struct site *site)
{
    for (size_t i = 0; i < site->w->operator->n; i++)
        if (site->w->operator->wards[i].site == site)
            site->w->operator->wards[i].requests++;
}

/* ---- answers ------------------------------------------------------------------------ */

static struct request **find_request(struct operator *o, uint64_t number)
{
    struct request **at = &o->requests;

    while (*at != NULL && (*at)->number != number)
        at = &(*at)->next;
    return at;
}

static bool named_by(const struct request *request, const struct ward *ward, size_t *out)
{
    for (size_t i = 0; i < request->n; i++)
        if (request->wards[i] == ward) {
            *out = i;
            return true;
        }
    *out = request->n;
    return request_speaks_of(request, ward);
}

/* What it asked for has happened, has not, or nobody knows. */
enum fate { FATE_DONE, FATE_NOTHING, FATE_UNKNOWN };

/* What moves is as it was before, which is about to be no more. */
static void look_back(struct request *request)
{
    for (size_t i = 0; i < request->n; i++) {
        struct draft *draft = &request->drafts[i];
        const struct ward *from = draft->from;

        if (from == NULL)
            continue;
        draft->from_sure = from->sure && !from->held_unknown;
        draft->up = from->up;
        draft->held = from->held;
    }
}

static void settle(struct world *w, struct request *request, enum fate fate)
{
    struct operator *o = w->operator;
    size_t at;

    look_back(request);
    for (size_t i = 0; i < o->n; i++) {
        struct ward *ward = &o->wards[i];
        if (!named_by(request, ward, &at))
            continue;
        ward->open--;
        if (fate == FATE_UNKNOWN || request->crossed)
            ward->sure = false;
        else if (fate == FATE_DONE && ward->sure)
            ward_obey(w, ward, request, at);
        if (!ward->sure)
            ward->anew_ms = 0;
    }
    request_free(request);
}

/* Is every ward of it for certain as the answer says it is not? */
static bool contradicts(const struct request *request, enum pm_err err)
{
    for (size_t i = 0; i < request->n; i++)
        if (!request->wards[i]->sure || request->wards[i]->exists != (err == PM_NOT_FOUND))
            return false;
    return request->n > 0 && !request->crossed;
}

static enum fate fate_of(struct world *w, const struct request *request, enum pm_err err)
{
    switch (err) {
    case PM_OK:
        return FATE_DONE;
    case PM_IO:
        return FATE_NOTHING;
    case PM_NOT_FOUND:
    case PM_EXISTS:
        if (contradicts(request, err))
            wrong(w, "request %llu: the sheriff says %s of what he promised",
                  (unsigned long long)request->number, pm_err_word(err));
        return FATE_NOTHING;
    default:
        if (!request->wait && err != PM_TIMEOUT)
            wrong(w, "request %llu is answered with %s", (unsigned long long)request->number,
                  pm_err_word(err));
        return FATE_UNKNOWN; /* ordered, and the outcome was a bad one */
    }
}

static enum pm_err err_of(const char *word)
{
    for (int err = PM_OK; err < PM_ERR_COUNT; err++)
        if (strcmp(pm_err_word((enum pm_err)err), word) == 0)
            return (enum pm_err)err;
    return PM_BAD_MESSAGE;
}

static void on_reply(struct world *w, const struct pm_reply *reply)
{
    struct operator *o = w->operator;
    struct request **at = find_request(o, reply->request), *request = *at;

    if (request == NULL)
        return; /* asked of another sheriff, or a question */
    tell(w, "request %llu: %s %s", (unsigned long long)reply->request, reply->error, reply->text);
    *at = request->next;
    o->answered++;
    settle(w, request, fate_of(w, request, err_of(reply->error)));
}

static void note_change(struct world *w, struct request *request, const struct pm_change *change)
{
    struct ward *wards = w->operator->wards;
    const struct ward *ward = operator_find(w, change->host, change->group, change->name);
    const struct ward *from = operator_find(w, change->from, change->group, change->name);
    size_t at;

    if (!named_by(request, ward, &at)) {
        wrong(w, "request %llu did not speak of %s@%s", (unsigned long long)request->number,
              change->name, change->host);
        return;
    }
    if (change->action == PM_ACTION_REMOVE)
        request->gone[ward - wards] = true;
    if (change->action == PM_ACTION_LIVE && at < request->n)
        request->drafts[at].live = true;
    if (change->action != PM_ACTION_MOVE || at == request->n)
        return;
    pm_assert(from != NULL);
    request->drafts[at].from = from;
    request->gone[from - wards] = true;
}

/* Which of the changed ones go on with the life they have, and which move, or end? */
static void on_plan(struct world *w, const struct pm_plan *plan)
{
    struct request *request = *find_request(w->operator, plan->request);

    for (size_t i = 0; request != NULL && i < plan->changes.n; i++)
        note_change(w, request, &plan->changes.at[i]);
}

static void keep(struct operator *o, enum pm_msg kind, const void *msg, void *to)
{
    enum pm_err err = pm_copy(pm_msg_desc(kind), msg, &o->arena, to);

    pm_assert(err == PM_OK);
}

void operator_hear(struct world *w, enum pm_msg kind, const void *msg)
{
    struct operator *o = w->operator;

    if (kind == PM_MSG_REPLY)
        on_reply(w, msg);
    else if (kind == PM_MSG_PLAN)
        on_plan(w, msg);
    else if (kind == PM_MSG_SNAPSHOT)
        keep(o, kind, msg, &o->snapshot);
    else if (kind == PM_MSG_EXPORTED)
        keep(o, kind, msg, &o->exported);
}

void operator_look(struct world *w)
{
    struct operator *o = w->operator;
    struct pm_ask ask = { .request = ++o->last_request, .version = PM_PROTOCOL_VERSION };
    struct pm_export export = { .request = ++o->last_request, .version = PM_PROTOCOL_VERSION };

    pm_arena_fini(&o->arena);
    o->snapshot = (struct pm_snapshot){ 0 };
    o->exported = (struct pm_exported){ 0 };
    office_on_client(w, PM_MSG_ASK, &ask);
    office_on_client(w, PM_MSG_EXPORT, &export);
    if (o->snapshot.epoch == 0)
        wrong(w, "the sheriff does not say what it sees");
}

void operator_sheriff_died(struct world *w, bool store_lost)
{
    struct operator *o = w->operator;

    while (o->requests != NULL) {
        struct request *request = o->requests;
        o->requests = request->next;
        settle(w, request, FATE_UNKNOWN);
    }
    if (!store_lost)
        return;
    checks_forget(w);
    for (size_t i = 0; i < w->n_sites; i++)
        for (size_t k = 0; k < SIM_SLOTS; k++)
            w->sites[i].keeper.slots[k].forgotten = true;
    for (size_t i = 0; i < o->n; i++) {
        o->wards[i].sure = false;
        o->wards[i].anew_ms = 0;
        if (o->wards[i].site->wish.n == 0) /* nobody at all knows that it shall live */
            o->wards[i].requests++;
    }
}

/* ---- giving orders ------------------------------------------------------------------ */

static void give_order(struct world *w, void *subject, uint64_t tag)
{
    if (w->calm)
        return;
    if (office_is_open(w))
        orders_give(w);
    later(w, between(w, 20, 1200), give_order, subject, tag);
}

void operator_begin(struct world *w)
{
    later(w, 10, give_order, w->operator, 0);
}
