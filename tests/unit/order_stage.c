#include "order_stage.h"

#include "sheriffd/inside.h"

#include <criterion/criterion.h>
#include <procman/process.h>
#include <procman/spec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what deputies do ----------------------------------------------------------------- */

static void note(struct order_stage *o, char sign, const struct actor *actor)
{
    size_t n = strlen(o->order);

    snprintf(o->order + n, sizeof o->order - n, "%c%s ", sign, actor->name);
}

static void enter(struct actor *actor, enum pm_state state, const char *reason)
{
    actor->state = state;
    actor->changed = true;
    snprintf(actor->reason, sizeof actor->reason, "%s", reason);
}

static void begin_life(struct order_stage *o, struct actor *actor)
{
    cr_assert(!pm_state_alive(actor->state), "%s would run twice", actor->name);
    actor->run++;
    actor->again = false;
    actor->since = o->stage.now.mono.ms;
    enter(actor, PM_STATE_STARTING, "ordered up");
    note(o, '+', actor);
}

static void obey(struct order_stage *o, struct actor *actor, const struct pm_want *want)
{
    bool higher = want->order > actor->order;

    if (want->order < actor->order)
        return;
    if (want->up && (higher || !actor->up)) {
        actor->up = true;
        actor->order = want->order;
        actor->changed = true;
        if (o->told_up != NULL)
            o->told_up(o, actor);
        if (!pm_state_alive(actor->state)) {
            begin_life(o, actor);
        } else {
            actor->again = true;
            enter(actor, PM_STATE_STOPPING, "ordered into a new run");
        }
    } else if (!want->up && (higher || actor->up)) {
        actor->up = actor->again = false;
        actor->order = want->order;
        actor->changed = true;
        if (pm_state_alive(actor->state))
            enter(actor, PM_STATE_STOPPING, "ordered down");
        else if (actor->state == PM_STATE_BACKOFF)
            enter(actor, PM_STATE_STOPPED, "ordered down");
    }
}

static void take_specs(struct host *host, const struct pm_specs *specs)
{
    for (size_t i = 0; i < host->n; i++)
        host->actors[i].removed = true;
    for (size_t i = 0; i < specs->specs.n; i++) {
        const struct pm_spec *spec = &specs->specs.at[i];
        size_t at = 0;

        while (at < host->n && strcmp(host->actors[at].name, spec->name) != 0)
            at++;
        if (at == host->n) {
            cr_assert_lt(host->n, PROCS);
            host->actors[host->n++] = (struct actor){ .state = PM_STATE_STOPPED, .changed = true };
            snprintf(host->actors[at].name, sizeof host->actors[at].name, "%s", spec->name);
        }
        host->actors[at].id = spec->id;
        host->actors[at].removed = false;
    }
    for (size_t i = 0; i < host->n; i++) {
        struct actor *actor = &host->actors[i];

        if (!actor->removed)
            continue;
        actor->up = actor->again = false;
        actor->order = 0; /* it counts from the beginning when it comes back */
        if (pm_state_alive(actor->state))
            enter(actor, PM_STATE_STOPPING, "being removed");
    }
}

static void take_wants(struct order_stage *o, struct host *host, const struct pm_wants *wants)
{
    for (size_t i = 0; i < wants->wants.n; i++)
        for (size_t k = 0; k < host->n; k++)
            if (host->actors[k].id == wants->wants.at[i].id && !host->actors[k].removed)
                obey(o, &host->actors[k], &wants->wants.at[i]);
}

static struct pm_status_row row_of(const struct order_stage *o, const struct actor *actor)
{
    uint64_t age = (uint64_t)(o->stage.now.mono.ms - actor->since);

    return (struct pm_status_row){
        .id = actor->id, .group = "", .name = actor->name, .state = actor->state,
        .order = actor->order, .run = actor->run, .reason = actor->reason,
        .pid = pm_state_alive(actor->state) ? 4321 : 0, .run_age_ms = age,
    };
}

static bool report(struct order_stage *o, struct host *host, bool full)
{
    struct pm_status_row rows[PROCS];
    size_t n = 0, kept = 0;
    bool gone = false;

    for (size_t i = 0; i < host->n; i++) { /* what is removed and over is forgotten */
        if (host->actors[i].removed && !pm_state_alive(host->actors[i].state))
            gone = true;
        else
            host->actors[kept++] = host->actors[i];
    }
    host->n = kept;
    for (size_t i = 0; i < host->n; i++) {
        if (full || gone || host->actors[i].changed)
            rows[n++] = row_of(o, &host->actors[i]);
        host->actors[i].changed = false;
    }
    if (n > 0 || full || gone)
        deputy_status(&o->stage, &host->link, full || gone, rows, n);
    return n > 0 || gone;
}

/* ---- who hears what ------------------------------------------------------------------- */

static struct host *host_of(struct order_stage *o, uint64_t peer)
{
    return peer >= 1 && peer <= HOSTS ? &o->hosts[peer - 1] : NULL;
}

static void hear(struct order_stage *o, const struct said *said)
{
    struct host *host = said->to == TO_DEPUTY ? host_of(o, said->peer) : NULL;

    if (host != NULL && !host->connected)
        return;
    if (said->kind == PM_MSG_SPECS)
        take_specs(host, said->msg);
    if (said->kind == PM_MSG_WANTS)
        take_wants(o, host, said->msg);
    if (said->kind == PM_MSG_OUTCOMES) {
        const struct pm_outcomes *outcomes = said->msg;

        snprintf(o->outcome, sizeof o->outcome, "%s",
                 outcomes->outcomes.at[outcomes->outcomes.n - 1].text);
        snprintf(o->outcome_error, sizeof o->outcome_error, "%s",
                 outcomes->outcomes.at[outcomes->outcomes.n - 1].error);
    }
    if (said->kind == PM_MSG_REPLY &&
        ((const struct pm_reply *)said->msg)->request == o->asked) {
        const struct pm_reply *reply = said->msg;

        snprintf(o->reply, sizeof o->reply, "%s", reply->text);
        snprintf(o->reply_error, sizeof o->reply_error, "%s", reply->error);
        o->replied = true;
    }
}

void pump(struct order_stage *o)
{
    bool more = true;

    while (more) {
        struct said said[STAGE_SAID];
        size_t n;

        settle(&o->stage);
        n = o->stage.n_said;
        memcpy(said, o->stage.said, n * sizeof *said);
        o->stage.n_said = 0; /* what comes of it is heard in the next round */
        for (size_t i = 0; i < n; i++) {
            hear(o, &said[i]);
            pm_arena_fini(&said[i].arena);
            free(said[i].msg);
        }
        more = false;
        for (int i = 0; i < HOSTS; i++)
            if (o->hosts[i].connected)
                more |= report(o, &o->hosts[i], false);
    }
    forget_said(&o->stage);
}

/* ---- the world ------------------------------------------------------------------------ */

static void name_hosts(struct order_stage *o)
{
    for (int i = 0; i < HOSTS; i++) {
        snprintf(o->hosts[i].name, sizeof o->hosts[i].name, "rig%d", i);
        o->hosts[i].link.peer = (uint64_t)i + 1;
    }
}

void order_begin(struct order_stage *o)
{
    memset(o, 0, sizeof *o);
    name_hosts(o);
    stage_begin(&o->stage, NULL, false);
    for (int i = 0; i < HOSTS; i++)
        connect_host(o, i);
}

void order_end(struct order_stage *o)
{
    stage_end(&o->stage);
}

void order_restart(struct order_stage *o, bool lone_ranger)
{
    const struct desired *d = &o->stage.sheriff->desired;
    struct image image = { .sheriff_id = 4711, .generation = d->committed,
                           .last_id = d->last_id, .last_order = d->last_order };
    struct pm_spec specs[PROCS];
    struct batch_want wants[PROCS];
    struct stage before = o->stage;

    for (uint64_t id = 1; id <= d->last_id; id++) {
        const struct wish *wish = desired_by_id(d, id);

        if (wish == NULL || wish->removing)
            continue;
        specs[image.n] = wish->spec;
        wants[image.n++] = (struct batch_want){ .id = id, .order = wish->order, .up = wish->up,
                                                .held = wish->held, .by = wish->by };
    }
    image.specs = specs;
    image.wants = wants;
    stage_begin(&o->stage, &image, lone_ranger);
    o->stage.request = before.request;
    o->stage.random = before.random;
    o->stage.now = before.now;
    stage_end(&before);
    for (int i = 0; i < HOSTS; i++)
        o->hosts[i].connected = false;
}

void connect_host(struct order_stage *o, int host)
{
    struct host *h = &o->hosts[host];

    h->connected = true;
    deputy_hello(&o->stage, &h->link, h->name, STAGE_EPOCH, 4711);
    (void)report(o, h, true);
    pump(o);
}

void live(struct order_stage *o, int64_t ms)
{
    for (; ms > 0; ms -= 500) {
        int64_t step = ms < 500 ? ms : 500;

        o->stage.now.mono.ms += step;
        o->stage.now.wall.ms += step;
        for (int i = 0; i < HOSTS; i++) {
            struct pm_beat beat = { .session = o->hosts[i].link.session };

            if (o->hosts[i].connected)
                deputy_says(&o->stage, &o->hosts[i].link, PM_MSG_BEAT, &beat);
        }
        pump(o);
    }
}

void lose_host(struct order_stage *o, int host)
{
    o->hosts[host].connected = false;
    live(o, 4500);
}

/* ---- what operators do ---------------------------------------------------------------- */

static const char *add_dependency(struct order_stage *o, struct pm_dependency *on,
                                  const char *word)
{
    static char names[64][16];
    static size_t n_names;
    char when[16], name[16], host[8];
    int n = 0;

    cr_assert_eq(sscanf(word, " %15[^:]:%15[^@]@%7s%n", when, name, host, &n), 3, "%s", word);
    (void)o;
    char *kept = names[n_names++ % 64];

    memcpy(kept, name, sizeof name);
    *on = (struct pm_dependency){ .group = "", .process = kept };
    on->host = host[0] == '0' ? "rig0" : host[0] == '1' ? "rig1" : "rig2";
    on->when = when[0] == 'e' ? PM_DEPENDENCY_WHEN_EXITED
               : when[0] == 's' ? PM_DEPENDENCY_WHEN_STARTED : PM_DEPENDENCY_WHEN_READY;
    on->on_failure = strchr(when, '?') != NULL ? PM_DEPENDENCY_FAILURE_IGNORE
                                               : PM_DEPENDENCY_FAILURE_FAIL;
    on->restart_with = strstr(when, "+r") != NULL;
    on->stop_with = strstr(when, "+s") != NULL;
    return word + n;
}

struct pm_spec *define(struct order_stage *o, const char *name, int host, const char *on)
{
    size_t at = 0;

    while (at < o->n_specs && strcmp(o->names[at], name) != 0)
        at++;
    if (at == o->n_specs)
        cr_assert_lt(o->n_specs++, PROCS);
    snprintf(o->names[at], sizeof o->names[at], "%s", name);
    o->specs[at] = spec(o->names[at], o->hosts[host].name, "sleep 1");
    o->specs[at].depends_on.at = o->on[at];
    for (const char *word = on; *word != '\0';)
        word = add_dependency(o, &o->on[at][o->specs[at].depends_on.n++], word);
    return &o->specs[at];
}

void apply(struct order_stage *o)
{
    o->asked = o->stage.request + 1;
    client_applies(&o->stage, PM_APPLY_MODE_MERGE, true, o->specs, o->n_specs);
    pump(o);
    cr_assert_str_eq(o->reply_error, "ok", "%s", o->reply);
}

const char *apply_refused(struct order_stage *o, enum pm_apply_mode mode, bool prune)
{
    o->asked = o->stage.request + 1;
    client_applies(&o->stage, mode, prune, o->specs, o->n_specs);
    pump(o);
    cr_assert_str_eq(o->reply_error, "bad-config");
    return o->reply;
}

void order(struct order_stage *o, enum pm_verb verb, const char *words, bool no_deps)
{
    char copy[200];
    const char *select[PROCS];
    struct pm_order ask = { .request = ++o->stage.request, .version = PM_PROTOCOL_VERSION,
                            .verb = verb, .select = { .at = select }, .wait = true,
                            .timeout_ms = 20000, .no_deps = no_deps, .client = "test" };

    snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        select[ask.select.n++] = word;
    o->asked = ask.request;
    o->replied = false;
    o->outcome[0] = o->outcome_error[0] = '\0';
    client_asks(&o->stage, &operator, PM_MSG_ORDER, &ask);
    pump(o);
}

/* ---- what processes do ---------------------------------------------------------------- */

struct actor *actor(struct order_stage *o, const char *name)
{
    struct actor *found = NULL;

    for (int i = 0; i < HOSTS; i++)
        for (size_t k = 0; k < o->hosts[i].n; k++)
            if (strcmp(o->hosts[i].actors[k].name, name) == 0 &&
                (found == NULL || !pm_state_alive(found->state)))
                found = &o->hosts[i].actors[k];
    cr_assert_not_null(found, "no deputy knows %s", name);
    return found;
}

void becomes_ready(struct order_stage *o, const char *name)
{
    cr_assert_eq(actor(o, name)->state, PM_STATE_STARTING, "%s", name);
    enter(actor(o, name), PM_STATE_RUNNING, "ready");
    pump(o);
}

void ends(struct order_stage *o, const char *name)
{
    struct actor *it = actor(o, name);

    cr_assert_eq(it->state, PM_STATE_STOPPING, "%s", name);
    note(o, '-', it);
    enter(it, PM_STATE_STOPPED, "stopped as ordered");
    if (it->again)
        begin_life(o, it);
    pump(o);
}

void exits(struct order_stage *o, const char *name, int code)
{
    struct actor *it = actor(o, name);

    note(o, '-', it);
    enter(it, code == 0 ? PM_STATE_EXITED : PM_STATE_FAILED, "");
    snprintf(it->reason, sizeof it->reason, "exit code %d; not to be restarted", code);
    pump(o);
}

void backs_off(struct order_stage *o, const char *name)
{
    note(o, '-', actor(o, name));
    enter(actor(o, name), PM_STATE_BACKOFF, "exit code 1; will be restarted");
    pump(o);
}

void comes_back(struct order_stage *o, const char *name)
{
    cr_assert_eq(actor(o, name)->state, PM_STATE_BACKOFF, "%s", name);
    begin_life(o, actor(o, name));
    pump(o);
}

/* ---- what is seen --------------------------------------------------------------------- */

const struct pm_proc *shown(struct order_stage *o, const char *name)
{
    forget_said(&o->stage);
    return seen_by_client(&o->stage, name);
}

void then_state(struct order_stage *o, const char *name, enum pm_state state, const char *reason)
{
    const struct pm_proc *proc = shown(o, name);

    cr_assert_not_null(proc, "%s is not shown", name);
    cr_assert_eq(proc->state, state, "%s is %s: %s", name, pm_state_word(proc->state),
                 proc->reason);
    if (reason != NULL)
        cr_assert_str_eq(proc->reason, reason);
}

void then_order(struct order_stage *o, const char *expected)
{
    cr_assert_str_eq(o->order, expected);
    o->order[0] = '\0';
}
