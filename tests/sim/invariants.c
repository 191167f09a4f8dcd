/* At every moment: numbers never go back, and nobody acts on a message of another session. (That
 * no process lives twice is seen where lives begin, keeper_model.c; that none ends unordered in
 * operator.c.)
 *
 * In the end: every deputy is up; what the sheriff shows is what lives; what is wanted lives
 * exactly once, unless its own policy let it end; what the operator was promised has happened.
 */
#include "sim/invariants.h"

#include "sim/graves.h"
#include "sim/operator.h"
#include "sim/site.h"
#include "sim/ward.h"

#include <procman/process.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct known_id {
    const struct ward *ward;
    uint64_t order;              /* the highest ever sent */
    uint64_t session;            /* in which that was */
    uint64_t removed;            /* the session in which it was removed since */
    uint64_t specs;              /* generation of the last ones it was in */
};

struct said {
    uint64_t order;              /* that it obeys */
    bool lived;                  /* in this session: to be up is no news to it */
};

struct sent {
    uint64_t session;            /* the last one */
    uint64_t specs, wants;       /* generations */
};

struct checks {
    struct known_id *ids;        /* by id */
    size_t n;
    struct sent *sent;           /* by site */
    struct said *said;           /* by ward: what its deputy says in this session */
    uint64_t generation;         /* of the whole wish, as clients saw it */
};

/* ---- at every moment --------------------------------------------------------------- */

static struct checks *checks_of(struct world *w)
{
    if (w->checks == NULL) {
        w->checks = pm_alloc(sizeof *w->checks);
        w->checks->sent = pm_alloc(w->n_sites * sizeof *w->checks->sent);
        w->checks->said = pm_alloc(w->operator->n * sizeof *w->checks->said);
    }
    return w->checks;
}

void checks_forget(struct world *w)
{
    checks_fini(w);
}

void checks_fini(struct world *w)
{
    if (w->checks == NULL)
        return;
    free(w->checks->ids);
    free(w->checks->sent);
    free(w->checks->said);
    free(w->checks);
    w->checks = NULL;
}

static struct known_id *known(struct checks *checks, uint64_t id)
{
    if (id >= checks->n) {
        checks->ids = pm_resize(checks->ids, id + 1, sizeof *checks->ids);
        memset(checks->ids + checks->n, 0, (id + 1 - checks->n) * sizeof *checks->ids);
        checks->n = id + 1;
    }
    return &checks->ids[id];
}

static void check_generation(struct world *w, const struct site *site, uint64_t *last,
                             uint64_t generation)
{
    if (generation < *last)
        wrong(w, "%s is sent generation %llu after %llu", site->name,
              (unsigned long long)generation, (unsigned long long)*last);
    *last = generation;
}

static void check_spec(struct world *w, const struct pm_spec *spec, uint64_t generation)
{
    struct known_id *id = known(checks_of(w), spec->id);
    const struct ward *ward = operator_find(w, spec->host, spec->group, spec->name);

    if (id->ward != NULL && id->ward != ward)
        wrong(w, "id %llu was %s@%s and is %s@%s now", (unsigned long long)spec->id,
              id->ward->name, id->ward->site->name, spec->name, spec->host);
    id->ward = ward;
    id->specs = generation;
}

/* Whoever is removed forgets its orders, whether it comes back or not. */
static void take_back(struct world *w, const struct site *site, const struct pm_specs *specs)
{
    struct checks *checks = checks_of(w);

    for (size_t i = 0; i < checks->n; i++) {
        struct known_id *id = &checks->ids[i];
        if (id->ward != NULL && id->ward->site == site && id->specs != specs->generation)
            id->removed = specs->session;
    }
}

/* An order may be lost with its session, and have to wait in the next one. Until then the deputy is
 * told what it says itself that it obeys, and nothing is to begin by that. Who was removed may come
 * back, and wait: it has no order. */
static bool is_as_said(struct world *w, const struct known_id *id, uint64_t session,
                       const struct pm_want *want)
{
    const struct said *said = id->ward != NULL
        ? &checks_of(w)->said[id->ward - w->operator->wards] : NULL;

    if (id->removed == session)
        return want->order == 0 && !want->up;
    return said != NULL && id->session != session && want->order == said->order &&
           (said->lived || !want->up);
}

static void check_want(struct world *w, uint64_t session, const struct pm_want *want)
{
    struct known_id *id = known(checks_of(w), want->id);

    if (want->order < id->order) {
        if (!is_as_said(w, id, session, want))
            wrong(w, "order %llu is sent after %llu", (unsigned long long)want->order,
                  (unsigned long long)id->order);
        return;
    }
    id->order = want->order;
    id->session = session;
    id->removed = 0;
}

static void forget_said(struct world *w, const struct site *site, bool all)
{
    for (size_t i = 0; i < w->operator->n; i++) {
        struct said *said = &checks_of(w)->said[i];
        if (w->operator->wards[i].site == site)
            *said = (struct said){ .lived = said->lived && !all };
    }
}

void check_sent(struct world *w, struct site *site, enum pm_msg kind, const void *msg)
{
    struct sent *sent = &checks_of(w)->sent[site - w->sites];

    if (kind == PM_MSG_WELCOME) {
        sent->session = ((const struct pm_welcome *)msg)->session;
        forget_said(w, site, true);
    } else if (kind == PM_MSG_SPECS) {
        const struct pm_specs *specs = msg;
        check_generation(w, site, &sent->specs, specs->generation);
        for (size_t i = 0; i < specs->specs.n; i++)
            check_spec(w, &specs->specs.at[i], specs->generation);
        take_back(w, site, specs);
    } else if (kind == PM_MSG_WANTS) {
        const struct pm_wants *wants = msg;
        check_generation(w, site, &sent->wants, wants->generation);
        for (size_t i = 0; i < wants->wants.n; i++)
            check_want(w, wants->session, &wants->wants.at[i]);
    }
}

static void learn_said(struct said *said, const struct pm_status_row *row)
{
    said->order = row->order;
    said->lived |= pm_state_alive(row->state) || row->state == PM_STATE_BACKOFF;
}

void check_said(struct world *w, const struct site *site, enum pm_msg kind, const void *msg)
{
    const struct pm_status *status = msg;

    if (kind != PM_MSG_STATUS || status->session != checks_of(w)->sent[site - w->sites].session)
        return;
    if (status->full)
        forget_said(w, site, false);
    for (size_t i = 0; i < status->procs.n; i++) {
        const struct pm_status_row *row = &status->procs.at[i];
        const struct ward *ward = operator_find(w, site->name, row->group, row->name);
        if (ward != NULL)
            learn_said(&checks_of(w)->said[ward - w->operator->wards], row);
    }
}

void check_obeyed(const struct site *site, uint64_t session, enum pm_msg kind, const void *msg)
{
    uint64_t said = kind == PM_MSG_SPECS   ? ((const struct pm_specs *)msg)->session
                    : kind == PM_MSG_WANTS ? ((const struct pm_wants *)msg)->session
                                           : 0;

    if (said == 0 || said != session)
        wrong(site->w, "%s acts on a %s of another session", site->name,
              pm_msg_desc(kind)->name);
}

/* Beyond its own time: a brain that died before it noticed the silence, a keeper that was away, the
 * last signal. And a new brain has a moment to get there. */
#define ATTENDED_GRACE_MS 9000
#define NEW_BRAIN_MS      3000

void check_attended(struct site *site)
{
    struct world *w = site->w;
    int64_t silent_ms = w->now_ms - site->told_ms;

    if (silent_ms < ATTENDED_MS + ATTENDED_GRACE_MS || w->now_ms - site->born_ms < NEW_BRAIN_MS)
        return;
    for (size_t i = 0; i < SIM_SLOTS; i++) {
        const struct slot *slot = &site->keeper.slots[i];
        const struct ward *ward = slot_lives(slot) && !slot->forgotten
                                ? operator_find(w, site->name, slot->group, slot->name) : NULL;
        if (ward != NULL && ward_is_attended(ward))
            wrong(w, "%s@%s lives, and the sheriff was not heard for %lld ms", ward->name,
                  site->name, (long long)silent_ms);
    }
}

/* ---- in the end -------------------------------------------------------------------- */

struct look { struct world *w; char *why; size_t size; };

PM_PRINTF(2, 3) static bool no(struct look *look, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    vsnprintf(look->why, look->size, format, values);
    va_end(values);
    return false;
}

static bool deputies_are_up(struct look *look)
{
    const struct pm_snapshot *snapshot = &look->w->operator->snapshot;
    size_t up = 0;

    for (size_t i = 0; i < look->w->n_sites; i++)
        if (look->w->sites[i].brain == NULL)
            return no(look, "%s has no brain", look->w->sites[i].name);
    for (size_t i = 0; i < snapshot->deputies.n; i++)
        if (snapshot->deputies.at[i].state == PM_LINK_UP)
            up++;
        else
            no(look, "deputy %s is not up", snapshot->deputies.at[i].name);
    return up == look->w->n_sites;
}

static bool may_rest(const struct ward *ward, const struct pm_proc *proc)
{
    unsigned policy = ward->number % WARD_POLICIES;

    switch (proc->state) {
    case PM_STATE_STOPPED:
        return !proc->wanted || (policy == WARD_ATTENDED
                                 && strstr(proc->reason, "the sheriff was not heard") != NULL);
    case PM_STATE_EXITED:
        return !proc->wanted || policy == WARD_ON_FAILURE || policy == WARD_NEVER;
    case PM_STATE_FAILED:
        return !proc->wanted || policy == WARD_FEW || policy == WARD_NEVER;
    default:
        return false;
    }
}

static bool rests(struct look *look, const struct ward *ward, const struct pm_proc *proc)
{
    const char *host = ward->site->name, *state = pm_state_word(proc->state);

    if (keeper_find(ward->site, ward->group, ward->name) != NULL)
        return no(look, "%s@%s lives, and is shown as %s", ward->name, host, state);
    if (!may_rest(ward, proc))
        return no(look, "%s@%s is %s, wanted %s: %s", ward->name, host, state,
                  proc->wanted ? "up" : "down", proc->reason);
    return true;
}

static bool runs(struct look *look, const struct ward *ward, const struct pm_proc *proc)
{
    const struct slot *slot = keeper_find(ward->site, ward->group, ward->name);
    const char *host = ward->site->name;

    if (slot == NULL || slot->pid != proc->pid || slot->run != proc->run)
        return no(look, "%s@%s is shown with pid %lld, and %s", ward->name, host,
                  (long long)proc->pid, slot == NULL ? "does not live" : "lives with another");
    if (!proc->wanted)
        return no(look, "%s@%s runs, and is not wanted", ward->name, host);
    return true;
}

static bool is_true(struct look *look, const struct ward *ward, const struct pm_proc *proc)
{
    if (proc->removing || !proc->settled)
        return no(look, "%s@%s (%s) is %s", ward->name, ward->site->name,
                  pm_state_word(proc->state), proc->removing ? "being removed" : "not settled");
    return proc->state == PM_STATE_RUNNING ? runs(look, ward, proc) : rests(look, ward, proc);
}

static unsigned version_of(const struct pm_spec *spec)
{
    return (unsigned)strtoul(spec->command + strlen("run v"), NULL, 10);
}

static bool is_promised(struct look *look, const struct ward *ward, const struct pm_proc *proc,
                        const struct pm_spec *spec)
{
    const struct slot *slot = keeper_find(ward->site, ward->group, ward->name);
    const char *host = ward->site->name, *name = ward->name;

    if (!ward->sure)
        return true;
    if (!ward->exists)
        return no(look, "%s@%s was removed, and is there", name, host);
    if (ward->up != proc->wanted)
        return no(look, "%s@%s was ordered %s, and is wanted %s", name, host,
                  ward->up ? "up" : "down", proc->wanted ? "up" : "down");
    if (ward->version != version_of(spec) || ward->autostart != spec->autostart)
        return no(look, "%s@%s was to have version %u, and has %u", name, host, ward->version,
                  version_of(spec));
    if (slot == NULL || slot->forgotten)
        return true;
    if (slot->version != ward->version && !ward->any_version)
        return no(look, "%s@%s was to run version %u, and runs %u", name, host, ward->version,
                  slot->version);
    if (slot->born_ms < ward->anew_ms)
        return no(look, "%s@%s was restarted, and still lives the life before", name, host);
    return true;
}

static size_t shown_at(const struct operator *o, const struct ward *ward)
{
    size_t at = 0;

    while (at < o->snapshot.procs.n
           && (strcmp(o->snapshot.procs.at[at].name, ward->name) != 0
               || strcmp(o->snapshot.procs.at[at].host, ward->site->name) != 0))
        at++;
    return at;
}

static bool all_are_shown(struct look *look)
{
    const struct operator *o = look->w->operator;

    for (size_t i = 0; i < o->n; i++) {
        const struct ward *ward = &o->wards[i];
        const char *host = ward->site->name, *name = ward->name;
        if (shown_at(o, ward) < o->snapshot.procs.n)
            continue;
        if (keeper_find(ward->site, ward->group, name) != NULL)
            return no(look, "%s@%s lives, and is not shown", name, host);
        if (ward->sure && ward->exists)
            return no(look, "%s@%s was promised, and is not shown", name, host);
    }
    return true;
}

/* And nothing is left that waits to be. */
static bool all_ends_are_stored(struct look *look)
{
    const char *open = graves_open(look->w);

    if (open != NULL)
        return no(look, "%s", open);
    for (size_t i = 0; i < look->w->n_sites; i++)
        if (look->w->sites[i].n_past > 0)
            return no(look, "%s waits for ends to be noted", look->w->sites[i].name);
    return true;
}

bool has_converged(struct world *w, char *why, size_t size)
{
    struct operator *o = w->operator;
    struct look look = { .w = w, .why = why, .size = size };

    if (o->requests != NULL)
        return no(&look, "a request is not answered");
    operator_look(w);
    if (o->snapshot.generation < checks_of(w)->generation)
        wrong(w, "the generation has gone back");
    checks_of(w)->generation = o->snapshot.generation;
    if (!deputies_are_up(&look))
        return false;
    for (size_t i = 0; i < o->snapshot.procs.n; i++) {
        const struct pm_proc *proc = &o->snapshot.procs.at[i];
        struct ward *ward = operator_find(w, proc->host, proc->group, proc->name);
        if (ward == NULL)
            wrong(w, "nobody knows of %s@%s", proc->name, proc->host);
        if (!is_true(&look, ward, proc)
            || !is_promised(&look, ward, proc, &o->exported.specs.at[i]))
            return false;
    }
    return all_are_shown(&look) && all_ends_are_stored(&look);
}

static void learn(struct ward *ward, const struct pm_proc *proc, const struct pm_spec *spec)
{
    ward->exists = true;
    ward->up = proc->wanted;
    ward->held = false;
    ward->held_unknown = !proc->wanted;
    ward->version = version_of(spec);
    ward->autostart = spec->autostart;
    ward->any_version = true;
}

void learn_what_is(struct world *w)
{
    struct operator *o = w->operator;

    for (size_t i = 0; i < o->n; i++) {
        struct ward *ward = &o->wards[i];
        size_t at = shown_at(o, ward);
        if (ward->sure)
            continue;
        ward->sure = true;
        ward->anew_ms = 0;
        ward->exists = ward->up = false;
        if (at < o->snapshot.procs.n)
            learn(ward, &o->snapshot.procs.at[at], &o->exported.specs.at[at]);
    }
}
