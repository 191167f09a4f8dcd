/* Order under chance: operators, processes, hosts and sheriffs do what they like.
 *
 * At every step: no process runs twice, and none is told to come up before what it depends on is
 * there. When nothing goes wrong any more every wish is fulfilled, or it is said what it waits for
 * and that is so. */
#include "order_stage.h"

#include "sheriffd/inside.h"

#include <criterion/criterion.h>
#include <procman/process.h>
#include <stdio.h>
#include <string.h>

#define SEEDS 40
#define STEPS 120
#define N 8               /* processes; each may depend on those before it */

static struct order_stage o;
static uint64_t dice;
static bool unbound[N];   /* its next run waits for nothing: an operator wants it so */
static int seed;

static unsigned chance(unsigned n)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (unsigned)(dice % n);
}

static const char *name_of(size_t i)
{
    static const char *const names[N] = { "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7" };

    return names[i];
}

static size_t index_of(const char *name)
{
    return (size_t)(name[1] - '0');
}

static int host_of(size_t i)
{
    return (int)(i % HOSTS);
}

static struct wish *wish_of(size_t i)
{
    return desired_find(&o.stage.sheriff->desired, o.hosts[host_of(i)].name, "", name_of(i));
}

/* ---- the truth ------------------------------------------------------------------------ */

static const struct actor *actor_of(size_t i)
{
    const struct host *host = &o.hosts[host_of(i)];

    for (size_t k = 0; k < host->n; k++)
        if (strcmp(host->actors[k].name, name_of(i)) == 0)
            return &host->actors[k];
    return NULL;
}

/* Also for want of what it needs, while an old life of it may be ending still. */
static bool has_failed(const struct wish *wish)
{
    return view_state(wish) == PM_STATE_FAILED ||
           (wish->node != NULL && wish->node->gate.hold == GATE_FAILED);
}

static bool is_met(const struct pm_dependency *on)
{
    size_t i = index_of(on->process);
    const struct actor *other = actor_of(i);
    bool obeyed = other != NULL && other->order >= wish_of(i)->order;
    enum pm_state state = obeyed ? other->state : PM_STATE_NOWHERE;

    if (state == PM_STATE_EXITED && on->when == PM_DEPENDENCY_WHEN_EXITED)
        return true;
    if (!wish_of(i)->up)
        return false;
    if (state == PM_STATE_EXITED)
        return true;
    if (on->on_failure == PM_DEPENDENCY_FAILURE_IGNORE && has_failed(wish_of(i)))
        return true;
    if (on->when == PM_DEPENDENCY_WHEN_STARTED && state == PM_STATE_STARTING)
        return true;
    return on->when != PM_DEPENDENCY_WHEN_EXITED && state == PM_STATE_RUNNING;
}

static bool all_met(size_t i)
{
    for (size_t k = 0; k < o.specs[i].depends_on.n; k++)
        if (!is_met(&o.specs[i].depends_on.at[k]))
            return false;
    return true;
}

static void may_come_up(struct order_stage *stage, const struct actor *it)
{
    size_t i = index_of(it->name);

    (void)stage;
    cr_assert(unbound[i] || all_met(i), "seed %d: %s is told to come up too early", seed,
              it->name);
    unbound[i] = false;
}

/* ---- what happens --------------------------------------------------------------------- */

static void define_one(size_t i)
{
    char on[100] = "";
    size_t n = 0;

    for (size_t k = 0; k < i && n < 3; k++) {
        static const char *const whens[] = { "ready", "started", "exited", "ready?", "exited?",
                                             "ready+r", "ready+s", "started+r+s" };
        char one[40];

        if (chance(3) != 0)
            continue;
        snprintf(one, sizeof one, " %s:%s@%d", whens[chance(8)], name_of(k), host_of(k));
        strcat(on, one);
        n++;
    }
    define(&o, name_of(i), host_of(i), on);
}

static void someone_orders(void)
{
    static const enum pm_verb verbs[] = { PM_VERB_START, PM_VERB_START, PM_VERB_STOP,
                                          PM_VERB_RESTART };
    enum pm_verb verb = verbs[chance(4)];
    size_t i = chance(N), k = chance(N);
    bool alone = verb == PM_VERB_START && chance(6) == 0;
    char words[40];

    snprintf(words, sizeof words, "%s %s", name_of(i), chance(2) == 0 ? name_of(k) : "");
    if (alone)
        snprintf(words, sizeof words, "%s", name_of(i));
    else if (chance(4) == 0)
        snprintf(words, sizeof words, "all");
    unbound[i] |= alone;
    order(&o, verb, words, alone);
    if (alone && wish_of(i)->seen != NULL && wish_of(i)->seen->row.order >= wish_of(i)->order)
        unbound[i] = false; /* it was up */
}

static void something_happens_to(const struct actor *it)
{
    const char *name = it->name;

    switch (it->state) {
    case PM_STATE_STARTING:
        if (chance(3) != 0) {
            becomes_ready(&o, name);
            break;
        }
        /* fall through */
    case PM_STATE_RUNNING:
        if (chance(3) == 0)
            backs_off(&o, name);
        else
            exits(&o, name, chance(2) == 0 ? 0 : 3);
        break;
    case PM_STATE_STOPPING:
        ends(&o, name);
        break;
    case PM_STATE_BACKOFF:
        comes_back(&o, name);
        break;
    default:
        break;
    }
}

static void connect_all(void)
{
    for (int i = 0; i < HOSTS; i++)
        if (!o.hosts[i].connected)
            connect_host(&o, i);
}

static void step(void)
{
    const struct actor *it = actor_of(chance(N));
    int host = (int)chance(HOSTS);

    switch (chance(24)) {
    case 0:
        if (o.hosts[host].connected)
            lose_host(&o, host);
        break;
    case 1: case 2:
        if (!o.hosts[host].connected)
            connect_host(&o, host);
        break;
    case 3:
        order_restart(&o, false);
        for (int i = 0; i < HOSTS; i++)
            if (chance(3) != 0)
                connect_host(&o, i);
        break;
    case 4:
        define_one(chance(N));
        apply(&o);
        break;
    case 5:
        live(&o, 500 + 500 * (int64_t)chance(40));
        break;
    case 6: case 7: case 8: case 9: case 10: case 11:
        someone_orders();
        break;
    default:
        if (it != NULL)
            something_happens_to(it);
    }
}

/* ---- in the end ----------------------------------------------------------------------- */

static bool heal(void)
{
    bool busy = false;

    for (size_t i = 0; i < N; i++) {
        const struct actor *it = actor_of(i);

        if (it == NULL || !(pm_state_alive(it->state) || it->state == PM_STATE_BACKOFF) ||
            it->state == PM_STATE_RUNNING)
            continue;
        busy = true;
        if (it->state == PM_STATE_STARTING)
            becomes_ready(&o, it->name);
        else
            something_happens_to(it);
    }
    live(&o, 1000);
    return busy;
}

static void then_it_is_as_wished(size_t i)
{
    const struct wish *wish = wish_of(i);
    const struct actor *it = actor_of(i);
    const struct pm_proc *proc = shown(&o, name_of(i));

    cr_assert_not_null(wish);
    cr_assert_not_null(it, "seed %d: %s is unknown to its deputy", seed, name_of(i));
    if (!wish->up) {
        cr_assert(!pm_state_alive(it->state), "seed %d: %s lives, unwanted", seed, it->name);
        return;
    }
    if (it->order >= wish->order) {
        cr_assert(it->up, "seed %d: %s was told down", seed, it->name);
        return;
    }
    cr_assert(!all_met(i), "seed %d: %s is not let up: %s", seed, it->name, proc->reason);
    cr_assert(proc->state == PM_STATE_WAITING || proc->state == PM_STATE_FAILED ||
              pm_state_alive(proc->state), "seed %d: %s is %s", seed, it->name,
              pm_state_word(proc->state));
    cr_assert(strstr(proc->reason, "for p") != NULL || strstr(proc->reason, "dependency p") !=
              NULL, "seed %d: %s says: %s", seed, it->name, proc->reason);
}

static void live_through(void)
{
    dice = (uint64_t)seed * 0x9e3779b97f4a7c15u;
    memset(unbound, 0, sizeof unbound);
    order_begin(&o);
    o.told_up = may_come_up;
    for (size_t i = 0; i < N; i++)
        define_one(i);
    apply(&o);
    for (int i = 0; i < STEPS; i++)
        step();
    connect_all();
    for (int rounds = 0; heal(); rounds++)
        cr_assert_lt(rounds, 60, "seed %d: no end in sight", seed);
    live(&o, 5000);
    for (size_t i = 0; i < N; i++)
        then_it_is_as_wished(i);
    order_end(&o);
}

Test(gates_chance, every_wish_is_fulfilled_or_says_what_it_waits_for, .timeout = 100)
{
    for (seed = 1; seed <= SEEDS; seed++)
        live_through();
}
